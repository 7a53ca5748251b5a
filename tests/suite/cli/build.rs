//! `xpc build`: writes a complete artifact or nothing.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{Ran, edited, example, example_text, folder_with, run, unanswered};

/// A key pair, made with `openssl`.
pub fn keys(folder: &Path, name: &str) {
    let openssl = |arguments: &[&str]| {
        let output =
            Command::new("openssl").args(arguments).current_dir(folder).output().expect("openssl starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let (private, public) = (format!("{name}.pem"), format!("{name}.pub"));
    openssl(&["genpkey", "-algorithm", "ed25519", "-out", &private]);
    openssl(&["pkey", "-in", &private, "-pubout", "-out", &public]);
}

/// A folder with the example, a key, and the artifact built from it.
pub fn built() -> tempfile::TempDir {
    let folder = folder_with("bug_fix.xp", &example_text());
    keys(folder.path(), "key");
    run(folder.path(), &["build", "bug_fix.xp", "-o", "out.xpa", "--sign", "key.pem"]).exits(0);
    folder
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn two_builds_are_the_same_bytes_wherever_they_are_made() {
    let one = built();
    let bytes = std::fs::read(one.path().join("out.xpa")).expect("built");
    let ran = run(one.path(), &["build", "bug_fix.xp", "-o", "again.xpa", "--sign", "key.pem"]).exits(0);
    assert_eq!(std::fs::read(one.path().join("again.xpa")).expect("built"), bytes);
    let two = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(two.path().join("deep/er")).expect("made");
    let key = one.path().join("key.pem");
    let key = key.to_str().expect("a path");
    let file = example();
    let there =
        run(two.path(), &["build", file.to_str().expect("a path"), "-o", "deep/er/o.xpa", "--sign", key])
            .exits(0);
    assert_eq!(std::fs::read(two.path().join("deep/er/o.xpa")).expect("built"), bytes);
    assert_eq!(ran.out, there.out, "stdout is the digest");
    assert!(ran.out.starts_with("sha256:") && ran.out.lines().count() == 1, "{ran}");
    let here = one.path().to_str().expect("a path");
    assert!(!String::from_utf8_lossy(&bytes).contains(here), "the builder's disk is nobody's business");
}

/// Builds a workflow that is not proved, over an existing file, which must not change.
fn leaves_alone(source: &str, code: i32) {
    let folder = folder_with("workflow.xp", source);
    run(folder.path(), &["build", "workflow.xp", "-o", "new.xpa"]).exits(code);
    assert_eq!(names(folder.path()), ["workflow.xp"]);
    std::fs::write(folder.path().join("old.xpa"), "what was there").expect("written");
    run(folder.path(), &["build", "workflow.xp", "-o", "old.xpa"]).exits(code);
    assert_eq!(std::fs::read_to_string(folder.path().join("old.xpa")).expect("there"), "what was there");
    assert_eq!(names(folder.path()), ["old.xpa", "workflow.xp"]);
}

#[test]
fn nothing_is_written_unless_everything_holds() {
    leaves_alone(&edited("after open_pr.done {", "after open_pr.don {"), 2);
    leaves_alone(&edited("path: one of propose.files, text", "path: any, text"), 3);
    leaves_alone(&unanswered(), 4);
}

#[test]
fn a_build_that_writes_nothing_says_so() {
    let sources = [
        (edited("after open_pr.done {", "after open_pr.don {"), 2),
        (edited("path: one of propose.files, text", "path: any, text"), 3),
        (unanswered(), 4),
    ];
    for (source, code) in sources {
        let folder = folder_with("workflow.xp", &source);
        let build = ["build", "workflow.xp", "-o", "new.xpa"];
        run(folder.path(), &build).exits(code).says(&["nothing was written to `new.xpa`"]);
    }
    let folder = folder_with("workflow.xp", &example_text());
    let ran = run(folder.path(), &["build", "workflow.xp", "-o", "new.xpa"]).exits(0);
    assert!(!ran.talk.contains("nothing was written"), "{ran}");
}

#[test]
fn a_key_that_is_none_stops_it_before_anything_is_written() {
    let folder = folder_with("workflow.xp", &example_text());
    let rsa = ["genpkey", "-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "rsa.pem"];
    assert!(
        Command::new("openssl")
            .args(rsa)
            .current_dir(folder.path())
            .output()
            .expect("openssl")
            .status
            .success()
    );
    keys(folder.path(), "key");
    for key in ["rsa.pem", "workflow.xp", "key.pub", "gone.pem"] {
        let ran = run(folder.path(), &["build", "workflow.xp", "-o", "o.xpa", "--sign", key]).exits(2);
        assert!(ran.talk.contains(key), "{ran}");
        assert!(key == "gone.pem" || ran.talk.contains("XP0707"), "{ran}");
        assert!(!folder.path().join("o.xpa").exists());
    }
}

#[test]
fn an_unsigned_artifact_says_so() {
    let folder = folder_with("workflow.xp", &example_text());
    run(folder.path(), &["build", "workflow.xp", "-o", "o.xpa"]).exits(0).says(&["not signed", "--sign"]);
}

#[test]
fn a_place_where_no_file_can_be_is_a_bad_argument() {
    let folder = folder_with("workflow.xp", &example_text());
    for place in ["no/such/folder/o.xpa", "."] {
        run(folder.path(), &["build", "workflow.xp", "-o", place]).exits(2).says(&[place, "folder"]);
    }
    assert_eq!(names(folder.path()), ["workflow.xp"]);
}

/// In a mount namespace with a tmpfs of a few pages. Skipped where the kernel permits no such namespace.
#[test]
fn a_full_disk_leaves_no_half_file() {
    let folder = folder_with("workflow.xp", &example_text());
    let program = xp_tests::program("xpc");
    let script = r#"
        set -e
        mkdir disk
        mount -t tmpfs -o size=16k none disk 2>mount.txt || exit 99
        printf old > disk/o.xpa
        set +e
        "$XPC" build workflow.xp -o disk/o.xpa
        code=$?
        echo "names: $(ls -A disk | tr '\n' ' ')"
        echo "text: $(cat disk/o.xpa)"
        exit $code
    "#;
    let output = Command::new("unshare")
        .args(["-rm", "sh", "-c", script])
        .env("XPC", program)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output();
    let Ok(output) = output else { return };
    if output.status.code() == Some(99) || String::from_utf8_lossy(&output.stderr).starts_with("unshare") {
        eprintln!("no mount namespace here: {}", String::from_utf8_lossy(&output.stderr));
        return;
    }
    let ran = Ran::of(output).exits(1).says(&["cannot be written"]);
    assert_eq!(ran.out, "names: o.xpa \ntext: old\n");
}

/// A pipe or a device is written to and not replaced by a file.
#[test]
fn what_is_no_file_is_written_to_and_stays() {
    use std::os::unix::fs::FileTypeExt as _;
    let folder = built();
    let (pipe, link) = (folder.path().join("pipe"), folder.path().join("link"));
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    std::os::unix::fs::symlink(&pipe, &link).expect("a link");
    let reader = {
        let pipe = pipe.clone();
        std::thread::spawn(move || std::fs::read(pipe).expect("the pipe"))
    };
    run(folder.path(), &["build", "bug_fix.xp", "-o", "link", "--sign", "key.pem"]).exits(0);
    assert!(std::fs::symlink_metadata(&link).expect("the link").is_symlink());
    assert!(std::fs::symlink_metadata(&pipe).expect("the pipe").file_type().is_fifo());
    assert_eq!(reader.join().expect("read"), std::fs::read(folder.path().join("out.xpa")).expect("built"));
}

/// Writing the artifact over its source or a private key is refused, under every name of the file.
#[test]
fn the_output_is_none_of_the_inputs() {
    let folder = built();
    let here = folder.path();
    std::os::unix::fs::symlink("bug_fix.xp", here.join("soft.xp")).expect("a link");
    std::fs::hard_link(here.join("key.pem"), here.join("hard.pem")).expect("a link");
    let before = |name: &str| std::fs::read(here.join(name)).expect("there");
    let (source, key) = (before("bug_fix.xp"), before("key.pem"));
    for output in ["bug_fix.xp", "./bug_fix.xp", "soft.xp", "key.pem", "hard.pem"] {
        run(here, &["build", "bug_fix.xp", "-o", output, "--sign", "key.pem"]).exits(2).says(&[output, "-o"]);
        assert!(before("bug_fix.xp") == source && before("key.pem") == key, "{output}");
    }
    run(here, &["build", "bug_fix.xp", "-o", "-", "--sign", "key.pem"]).exits(2).says(&["name a file"]);
    assert!(!here.join("-").exists());
}
