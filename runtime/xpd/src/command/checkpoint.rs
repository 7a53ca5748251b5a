//! `xpd checkpoint restore`: works offline on the folder of a stopped server.

use std::path::PathBuf;
use std::process::ExitCode;

use xpd::config::Config;
use xpd::serve::ServeError;

use super::Done;
use crate::Failure;
use crate::out::print;

pub async fn restore(config: PathBuf, file: Option<PathBuf>) -> Done {
    let config = Config::read(&config).map_err(|error| Failure::Input(error.to_string()))?;
    let read = |file: PathBuf| {
        std::fs::read(&file).map_err(|error| Failure::Input(format!("{}: {error}", file.display())))
    };
    let note = file.map(read).transpose()?;
    let size = xpd::folder::restore(&config, note).await.map_err(|error| match error {
        ServeError::Config(_) => Failure::Input(error.to_string()),
        other => Failure::Refused(other.to_string()),
    })?;
    print(&format!("restored the checkpoint of {size} entries\n"))?;
    Ok(ExitCode::SUCCESS)
}
