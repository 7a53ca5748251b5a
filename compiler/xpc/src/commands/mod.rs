//! One file per subcommand.

pub mod address;
pub mod build;
pub mod check;
pub mod deploy;
pub mod draft;
pub mod explain;
pub mod fmt;
pub mod graph;
pub mod import;
pub mod init;
pub mod verify;
