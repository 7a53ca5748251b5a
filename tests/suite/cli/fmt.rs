//! `xpc fmt`: normal form, with comments preserved.

use super::{edited, example_text, folder_with, run};

fn read(folder: &tempfile::TempDir, name: &str) -> String {
    std::fs::read_to_string(folder.path().join(name)).expect("there")
}

#[test]
fn what_is_shipped_is_formatted() {
    let ran = run(&xp_tests::root(), &["fmt", "--check", "examples", "stdlib"]).exits(0);
    assert!(ran.out.is_empty() && ran.talk.is_empty(), "{ran}");
}

#[test]
fn puts_right_once_and_for_all() {
    let mut source = String::new();
    for line in example_text().lines() {
        source.push_str(line.trim_start());
        source.push_str("  \n\n\n");
    }
    let folder = folder_with("a.xp", &source);
    std::fs::write(folder.path().join("b.xp"), example_text()).expect("written");
    let asked = run(folder.path(), &["fmt", "--check"]).exits(2).says(&["1 file(s) are not formatted"]);
    assert_eq!(asked.out, "a.xp\n", "only what is not formatted");
    assert_eq!(read(&folder, "a.xp"), source, "--check changes nothing");
    run(folder.path(), &["fmt"]).exits(0).says(&["formatted a.xp"]);
    let once = read(&folder, "a.xp");
    assert_eq!(read(&folder, "b.xp"), example_text());
    for comment in
        ["// made once;", "// nothing can be written any more", "// the branch moved", "/// Fix one"]
    {
        assert!(once.contains(comment), "{comment:?} is lost:\n{once}");
    }
    let again = run(folder.path(), &["fmt"]).exits(0);
    assert!(again.talk.is_empty(), "{again}");
    assert_eq!(read(&folder, "a.xp"), once);
    run(folder.path(), &["fmt", "--check"]).exits(0);
    run(folder.path(), &["check", "a.xp"]).exits(0);
}

#[test]
fn what_cannot_be_read_stays_as_it_is() {
    let broken = edited("step propose by developer", "step propose developer");
    let folder = folder_with("a.xp", &broken);
    for arguments in [vec!["fmt"], vec!["fmt", "--check"]] {
        run(folder.path(), &arguments).exits(2).says(&["error[XP01", "a.xp:22"]);
        assert_eq!(read(&folder, "a.xp"), broken);
    }
}

#[test]
fn a_file_that_cannot_be_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("in");
    std::fs::create_dir(&place).expect("made");
    std::fs::write(place.join("a.xp"), example_text().replace("  step", " step")).expect("written");
    let shut = std::process::Command::new("unshare")
        .args([
            "-rm",
            "sh",
            "-c",
            "mount --bind in in && mount -o remount,ro,bind in && exec \"$XPC\" fmt in",
        ])
        .env("XPC", xp_tests::program("xpc"))
        .current_dir(folder.path())
        .output();
    let Ok(output) = shut else { return };
    let talk = String::from_utf8_lossy(&output.stderr);
    if talk.starts_with("unshare") || talk.starts_with("mount") {
        return;
    }
    super::Ran::of(output).exits(1).says(&["in/a.xp", "cannot be written"]);
}

/// A broken file among others: the others are formatted and listed, and symbolic links are followed.
#[test]
fn beside_a_broken_file() {
    let folder = folder_with("a.xp", &edited("step propose by developer", "step propose developer"));
    std::fs::write(folder.path().join("b.xp"), example_text().replace("  step", " step")).expect("written");
    let ran = run(folder.path(), &["fmt", "--check"]).exits(2).says(&["error[XP01", "not formatted"]);
    assert_eq!(ran.out, "b.xp\n");
    std::os::unix::fs::symlink("b.xp", folder.path().join("link.xp")).expect("a link");
    run(folder.path(), &["fmt", "a.xp", "link.xp"]).exits(2).says(&["error[XP01", "formatted link.xp"]);
    assert!(folder.path().join("link.xp").is_symlink());
    assert_eq!(read(&folder, "b.xp"), example_text());
}
