//! Addresses, URLs and headers by the public interface; what is sent is recorded by a server.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests are tests too"
)]

mod addresses;
mod clients;
mod composed;
mod recorder;
mod sent;
