//! Tells `xpc` where libz3 is at run time: beside the installed binary, or in the provisioned folder.

use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=Z3_LIBRARY_PATH_OVERRIDE");
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo::rustc-link-arg-bins=-Wl,-rpath,$ORIGIN/../lib/xpc");
        if let Some(provisioned) = env::var_os("Z3_LIBRARY_PATH_OVERRIDE") {
            let folder = fs::canonicalize(provisioned)?;
            println!("cargo::rustc-link-arg-bins=-Wl,-rpath,{}", folder.display());
        }
    }
    Ok(())
}
