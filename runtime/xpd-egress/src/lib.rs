//! The outgoing HTTP of the server: HTTP clients that reach permitted addresses only, and URLs and header
//! values that arrive at the upstream exactly as they were given. No other crate of the server constructs an
//! HTTP client.

mod client;
mod compose;
mod encoding;
mod header;
mod reach;
mod resolve;
mod special;
mod unsendable;

pub use client::{CLEAR, EgressError, client, may_carry_secrets};
pub use compose::{check_segment, compose};
pub use encoding::encode;
pub use header::header_value;
pub use reach::Reach;
pub use resolve::{OutOfReach, out_of_reach};
pub use unsendable::{Fault, Unsendable};
