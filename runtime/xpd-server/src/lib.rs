//! Orchestrator, proxy, connectors, store and the HTTP edge.

pub mod connectors;
