//! By tools of MCP servers: a notebook.

mod answers;
mod drift;
mod local;
mod server;
