//! The proxy: performs actions under permits, with credentials that no other part holds.
//!
//! Only this crate can make a [`Permit`], in the transaction that moves its grant from issued to claimed.
//! Decisions are requested through the [`Authority`] trait, so that the proxy can run on another host than
//! the engine.

mod authority;
mod call;
mod claim;
mod connector;
mod doubt;
mod ending;
mod failure;
mod fault;
mod flights;
pub mod hooks;
mod line;
mod permit;
mod proxy;
mod scrub;
mod secret;
mod warrant;

pub use authority::{Authority, Decision, Use};
pub use call::Call;
pub use connector::Connector;
pub use doubt::Resolution;
pub use ending::{Answer, Ending, Failure};
pub use failure::ActError;
pub use fault::{Fault, Refused, Stop, write, write_past_reserve, write_urgent};
pub use line::{About, Cut, Impact, Line, Lines};
pub use permit::{Permit, Sought, Spent};
pub use proxy::Proxy;
pub use scrub::Scrubber;
pub use secret::{Secret, SecretError};
pub use warrant::Warrant;
