//! Orchestrator, proxy, connectors, store and the HTTP edge.

mod api;
pub mod check;
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
mod socket;
mod store;

pub use store::{LogKey, Store, StoreError};
