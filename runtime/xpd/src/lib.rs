//! The server: configuration, construction from it, and the check of an installation.

mod admin;
mod chat;
pub mod check;
pub mod config;
mod export;
pub mod folder;
pub mod registered;
pub mod reload;
pub mod serve;
mod settled;
pub mod telemetry;
pub mod witness;

/// The messages of an error and its causes, joined.
#[must_use]
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
