//! What tests of two rooms need: where the repository is, where the built programs are, and requests to `xpd`.

pub mod client;

use std::env;
use std::path::{Path, PathBuf};

/// The repository's root folder.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// A built program of the workspace. Cargo tells no package where another one's programs are: `cargo dev` passes the
/// path (`XP_XPC`, `XP_XPC_PROVE`, `XP_XPD`, `XP_FORGE`), and under plain `cargo test` it lies above the running test.
pub fn program(name: &str) -> PathBuf {
    let variable =
        format!("XP_{}", name.strip_prefix("xp-").unwrap_or(name).to_uppercase().replace('-', "_"));
    if let Some(path) = env::var_os(variable) {
        return PathBuf::from(path);
    }
    let test = env::current_exe().unwrap_or_default();
    let folder = test.ancestors().nth(2).unwrap_or(&test);
    folder.join(format!("{name}{}", env::consts::EXE_SUFFIX))
}
