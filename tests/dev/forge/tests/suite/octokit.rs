//! The same operations through an unmodified Octokit.

use std::path::Path;
use std::process::Command;

use crate::client::{forge, git, sound};

#[test]
fn octokit_drives_it() {
    let forge = forge();
    let room = Path::new(env!("CARGO_MANIFEST_DIR"));
    let installed = room.join("../../../.xp/octokit");
    assert!(
        installed.join("node_modules/@octokit/rest").is_dir(),
        "Octokit is missing: run `cargo dev setup`"
    );
    let done = Command::new("node")
        .arg(room.join("octokit/drive.mjs"))
        .arg(&forge.url)
        .env("XP_OCTOKIT", &installed)
        .output()
        .expect("node starts");
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{out}{err}\n{:#?}", forge.violations());
    assert!(out.contains("steps passed"), "{out}");
    // The results are in the repository.
    assert_eq!(
        git(&forge, &["log", "-2", "--first-parent", "--format=%s", "main"]).lines().last(),
        Some("Squash it")
    );
    assert_eq!(git(&forge, &["show", "main:src/octo.rs"]), "two");
    sound(&forge);
}
