//! Connectors that a user declared, against a stand-in that counts effects.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests are tests too"
)]

mod http;
mod mcp;
mod world;
