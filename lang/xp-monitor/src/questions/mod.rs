//! One file a question: its monitor, and the builder of its obligation where it has one.

pub(crate) mod at_most;
pub mod both;
pub mod fresh;
pub(crate) mod never;
pub(crate) mod once;
pub(crate) mod requires;
pub mod through;
pub(crate) mod within;
