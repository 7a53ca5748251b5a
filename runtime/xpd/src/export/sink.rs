//! Destinations other than witnesses: a file and a URL.

use std::path::PathBuf;

use reqwest::Url;
use xpd_engine::checkpoint_file;

use super::destination;
use crate::config::LogConfig;

/// The destinations other than witnesses.
pub(super) struct Sinks {
    file: Option<PathBuf>,
    push: Option<(Url, reqwest::Client)>,
}

impl Sinks {
    /// # Errors
    /// No HTTP client can be created for the URL.
    pub fn new(config: &LogConfig) -> Result<Self, String> {
        let push = config.push.as_ref().map(|url| destination(url, &config.reach)).transpose()?;
        Ok(Self { file: config.export.clone(), push })
    }

    /// Writes a checkpoint to each. Returns a description of failures for the public health report; details
    /// go to the server's log.
    pub async fn put(&self, note: &[u8]) -> Option<String> {
        let mut failed = None;
        if let Some(file) = self.file.clone() {
            let note = note.to_vec();
            let written = tokio::task::spawn_blocking(move || checkpoint_file::write(&file, &note)).await;
            if let Err(error) = written.unwrap_or(Err(xpd_store::StoreError::Closed)) {
                tracing::warn!(%error, "the checkpoint cannot be exported to a file");
                failed = Some("the checkpoint cannot be written to the file it is exported to".to_owned());
            }
        }
        if let Some((url, http)) = &self.push
            && let Err(error) = push(url, http, note).await
        {
            tracing::warn!(%error, "the checkpoint cannot be pushed");
            failed = Some("the checkpoint cannot be pushed to where it is exported to".to_owned());
        }
        failed
    }
}

async fn push(url: &Url, http: &reqwest::Client, note: &[u8]) -> Result<(), String> {
    let request =
        http.post(url.clone()).header("content-type", "text/plain; charset=utf-8").body(note.to_vec());
    let answer = request.send().await.map_err(|error| crate::with_causes(&error.without_url()))?;
    if answer.status().is_success() { Ok(()) } else { Err(format!("status {}", answer.status().as_u16())) }
}
