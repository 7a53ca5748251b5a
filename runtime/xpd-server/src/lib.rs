//! Orchestrator, proxy, connectors, store and the HTTP edge.

mod api;
pub mod clock;
pub mod config;
pub mod connectors;
mod evidence;
pub mod fault;
pub mod hooks;
pub mod keys;
pub mod orchestrator;
pub mod proxy;
pub mod registry;
pub mod roster;
pub mod serve;
mod store;

pub use store::{LogKey, Store, StoreError, check_store};
