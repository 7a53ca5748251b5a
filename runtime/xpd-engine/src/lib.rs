//! Decides and grants, records both, and has what was granted carried out.

pub mod clock;
mod evidence;
pub mod fault;
pub mod keys;
pub mod orchestrator;
pub mod proxy;
pub mod registry;
pub mod roster;
mod store;

pub use store::{LogKey, Nodes, Store, StoreError, View, check_store, store_is_new};
