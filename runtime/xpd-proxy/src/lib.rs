//! Acts, with the secrets that only it holds, and only on a permit.
//!
//! A [`Permit`] is made here and nowhere else, in the transaction that moves its grant from issued to claimed. What the
//! proxy needs of whoever decides is the [`Authority`] trait, so that it can stand on another host than the engine.

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
pub use fault::{Fault, Refused, Stop, insist, urge, write};
pub use line::{About, Cut, Line, Lines, Weight};
pub use permit::{Permit, Sought, Spent};
pub use proxy::Proxy;
pub use scrub::Scrubber;
pub use secret::{Secret, SecretError};
pub use warrant::Warrant;
