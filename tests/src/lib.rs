//! Shared helpers of tests: the repository's root, the built programs, and requests to `xpd`.

pub mod client;

use std::env;
use std::path::{Path, PathBuf};

/// The repository's root folder.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// The path of a built program of the workspace. Cargo does not tell a package where another package's
/// programs are: `cargo dev` passes the paths (`XP_XPC`, `XP_XPC_PROVE`, `XP_XPD`, `XP_FORGE`); without them
/// the program is looked for above the running test.
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
