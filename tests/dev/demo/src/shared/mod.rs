//! What both acts need.

pub mod checks;
pub mod daemon;
pub mod forge;
pub mod ledger;
pub mod secret;
pub mod shell;

use std::path::{Path, PathBuf};

/// The repository's root.
pub fn root() -> PathBuf {
    match std::env::var_os("XP_ROOT") {
        Some(root) => PathBuf::from(root),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.."),
    }
}

/// Blanks behind a name, so that what stands behind it is in one column.
pub fn pad(name: &str) -> String {
    " ".repeat(12_usize.saturating_sub(name.len()))
}
