//! The `github` connector against the stand-in, both held to GitHub's own OpenAPI description.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests are tests too"
)]

mod contents;
mod doubt;
mod golden;
mod history;
mod issues;
mod merge;
mod pulls;
mod upstream;
mod world;
