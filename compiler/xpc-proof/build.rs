//! Tells `xpc-prove` where libz3 is at run time: beside it when installed, in `lib/xpc/`, or in the provisioned folder. Puts
//! the provisioned one on the library path of tests and doctests too: cargo hands on only search paths below the target
//! folder, so the library is linked into `OUT_DIR`. A system Z3 (no override) needs nothing.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=Z3_LIBRARY_PATH_OVERRIDE");
    println!("cargo::rerun-if-env-changed=Z3_SYS_Z3_VERSION");
    if let Ok(version) = env::var("Z3_SYS_Z3_VERSION") {
        println!("cargo::rustc-env=XP_Z3_VERSION={version}");
    }
    let linux = env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux");
    if linux {
        println!("cargo::rustc-link-arg-bins=-Wl,-rpath,$ORIGIN");
    }
    let Some(provisioned) = env::var_os("Z3_LIBRARY_PATH_OVERRIDE") else { return Ok(()) };
    println!("cargo::rerun-if-changed={}", Path::new(&provisioned).display());
    if linux {
        let folder = fs::canonicalize(&provisioned)
            .map_err(|e| format!("{}: {e}; run `cargo dev setup`", Path::new(&provisioned).display()))?;
        println!("cargo::rustc-link-arg-bins=-Wl,-rpath,{}", folder.display());
    }
    let out = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    let mut linked = 0;
    for entry in fs::read_dir(&provisioned).map_err(|e| format!("{}: {e}", provisioned.display()))? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with("libz3.") {
            continue;
        }
        link(&fs::canonicalize(entry.path())?, &Path::new(&out).join(entry.file_name()))?;
        linked += 1;
    }
    if linked == 0 {
        return Err(format!("no libz3 in {}: run `cargo dev setup`", provisioned.display()).into());
    }
    println!("cargo::rustc-link-search=native={}", Path::new(&out).display());
    Ok(())
}

/// A link where the platform has one, a copy elsewhere; an old one is replaced.
fn link(from: &Path, to: &Path) -> std::io::Result<()> {
    if to.symlink_metadata().is_ok() {
        fs::remove_file(to)?;
    }
    #[cfg(unix)]
    return std::os::unix::fs::symlink(from, to);
    #[cfg(not(unix))]
    return fs::copy(from, to).map(|_| ());
}
