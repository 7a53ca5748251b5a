//! Acts with the secrets that only it holds; the trait that connectors implement.

mod connector;
pub mod hooks;
mod scrub;
mod secret;

pub use connector::{ActError, Call, Connector};
pub use scrub::Scrubber;
pub use secret::{Secret, SecretError};
