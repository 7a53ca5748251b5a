//! A server: its configuration, what is put together out of it, and the check of an installation.

mod admin;
pub mod check;
pub mod config;
mod export;
pub mod folder;
pub mod reload;
pub mod serve;
mod settled;
pub mod telemetry;
pub mod witness;

/// An error with its causes: the first alone often says nothing.
#[must_use]
pub fn whole(error: &dyn std::error::Error) -> String {
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
