//! The solver: a suitable system libz3 if installed, else the library from the pinned wheel.
//!
//! Debian 12 has 4.8.12, which links but lacks functions at run time, so it must not be used. For the choice
//! of a wheel see `lang/decisions/0004-z3.md`.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Part, expect_digest, put, say, tools};
use crate::failure::Failure;
use crate::place::{Place, write_atomically};
use crate::shell;

const WHEEL: &str = "z3-solver==5.4.1.0";
const SHA256: &str = "e680ce083683abca5d07c3e55c2f620ff9a29cb91c548eeeea27ae29e8060522";
const SONAME: &str = "libz3.so.5.4";
/// The oldest accepted minor version. `z3-sys` 0.14 requires 4.13.3.
const OLDEST: (u32, u32) = (4, 14);

const CONFIG: &str = r#"# Written by `cargo dev setup`: the solver comes from the pinned wheel, not from pkg-config.
[env]
Z3_NO_PKG_CONFIG = "1"
Z3_LIBRARY_PATH_OVERRIDE = { value = ".xp/z3/lib", relative = true }
Z3_SYS_Z3_VERSION = "5.4.1"
"#;

/// A quick check whether [`ensure`] has work to do.
pub fn missing(place: &Place) -> bool {
    let by_wheel = stamped(place) && configured(place);
    // The second check starts a program.
    !by_wheel && (place.z3_config().exists() || !good_system())
}

/// Provides the solver; returns whether it was missing.
pub fn ensure(place: &Place) -> Result<bool, Failure> {
    if !missing(place) {
        return Ok(false);
    }
    if !stamped(place) && good_system() {
        say("z3: the system's libz3 is good");
        fs::remove_file(place.z3_config()).map_err(Failure::io(place.z3_config().display()))?;
        return Ok(true);
    }
    if !stamped(place) {
        take_wheel(place)?;
    }
    // Written last, since with this file cargo uses only the fetched library.
    write_atomically(&place.z3_config(), CONFIG)?;
    Ok(true)
}

fn stamped(place: &Place) -> bool {
    let folder = place.private().join("z3");
    fs::read_to_string(folder.join("wheel.sha256")).is_ok_and(|stamp| stamp.trim() == SHA256)
        && folder.join("lib").join(SONAME).is_file()
}

fn configured(place: &Place) -> bool {
    fs::read_to_string(place.z3_config()).is_ok_and(|text| text == CONFIG)
}

fn good_system() -> bool {
    shell::capture(Command::new("pkg-config").args(["--modversion", "z3"]), "pkg-config")
        .is_ok_and(|text| tools::version(&text).is_some_and(|found| found >= OLDEST))
}

fn take_wheel(place: &Place) -> Result<(), Failure> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")) {
        return Err(Failure::new(format!(
            "no Z3 is pinned for this platform: install libz3 {}.{} or newer with its pkg-config file",
            OLDEST.0, OLDEST.1
        )));
    }
    tools::ensure_pip()?;
    say(&format!("z3: fetching {WHEEL} (39 MB)"));
    let part = Part::new(place, "z3")?;
    let wheel = download(&part.folder)?;
    let bytes = fs::read(&wheel).map_err(Failure::io(wheel.display()))?;
    expect_digest(WHEEL, &bytes, SHA256)?;

    let unpacked = part.folder.join("unpacked");
    let mut unzip = Command::new("python3");
    unzip.args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&unpacked);
    shell::quietly(&mut unzip, "unpacking the wheel")?;
    let whole = part.folder.join("whole");
    arrange(&unpacked, &whole)?;
    put(&whole, &place.private().join("z3"))
}

fn download(folder: &Path) -> Result<std::path::PathBuf, Failure> {
    let pinned = folder.join("requirements.txt");
    fs::write(&pinned, format!("{WHEEL} --hash=sha256:{SHA256}\n")).map_err(Failure::io(pinned.display()))?;
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"])
        .args(["--only-binary=:all:", "--require-hashes", "--requirement"])
        .arg(&pinned)
        .arg("--dest")
        .arg(folder);
    shell::quietly(&mut pip, "pip download")?;
    fs::read_dir(folder)
        .map_err(Failure::io(folder.display()))?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .ok_or_else(|| Failure::new("pip download left no wheel"))
}

/// Arranges the library under both names, the headers, and a stamp that names the wheel.
fn arrange(unpacked: &Path, whole: &Path) -> Result<(), Failure> {
    let library = whole.join("lib");
    fs::create_dir_all(&library).map_err(Failure::io(library.display()))?;
    let rename = |from: &str, to: std::path::PathBuf| {
        fs::rename(unpacked.join(from), &to).map_err(Failure::io(to.display()))
    };
    rename("z3/lib/libz3.so", library.join(SONAME))?;
    rename("z3/include", whole.join("include"))?;
    fs::hard_link(library.join(SONAME), library.join("libz3.so")).map_err(Failure::io(library.display()))?;
    let stamp = whole.join("wheel.sha256");
    fs::write(&stamp, format!("{SHA256}\n")).map_err(Failure::io(stamp.display()))
}
