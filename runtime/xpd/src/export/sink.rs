//! Destinations other than witnesses: a file and a URL.

use std::path::PathBuf;

use xpd_engine::checkpoint_file;

use crate::config::LogConfig;

/// The destinations other than witnesses.
pub(super) struct Sinks {
    file: Option<PathBuf>,
    push: Option<String>,
    http: reqwest::Client,
}

impl Sinks {
    pub fn new(config: &LogConfig, http: reqwest::Client) -> Self {
        Self { file: config.export.clone(), push: config.push.clone(), http }
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
        if let Some(url) = &self.push
            && let Err(error) = self.push(url, note).await
        {
            tracing::warn!(%error, "the checkpoint cannot be pushed");
            failed = Some("the checkpoint cannot be pushed to where it is exported to".to_owned());
        }
        failed
    }

    async fn push(&self, url: &str, note: &[u8]) -> Result<(), String> {
        let request =
            self.http.post(url).header("content-type", "text/plain; charset=utf-8").body(note.to_vec());
        let answer = request.send().await.map_err(|error| error.without_url().to_string())?;
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(format!("status {}", answer.status().as_u16()))
        }
    }
}
