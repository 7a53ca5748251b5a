//! The `github` connector against the stand-in; the traffic is validated against GitHub's OpenAPI
//! description.
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
mod segments;
mod upstream;
mod world;
