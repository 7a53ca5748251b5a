//! The stand-in over HTTP, with results compared with git.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests are tests too"
)]

mod client;
mod faults;
mod git_data;
mod issues;
mod octokit;
mod program;
mod protection;
mod pulls;
mod recorded;
mod spec;
