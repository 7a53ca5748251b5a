//! The repository's files according to git: tracked files, and untracked ones that are not ignored.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// A file: its path from the root, separated by `/`, and its text (`None` if not UTF-8).
pub struct File {
    pub path: String,
    pub text: Option<String>,
}

impl File {
    /// A synthetic file, for testing a check.
    pub fn made(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: Some(text.to_owned()) }
    }

    pub fn is(&self, extension: &str) -> bool {
        self.path.ends_with(&format!(".{extension}"))
    }
}

/// All files, read once.
pub fn all() -> &'static [File] {
    static FILES: OnceLock<Vec<File>> = OnceLock::new();
    FILES.get_or_init(read)
}

fn read() -> Vec<File> {
    let root: PathBuf = xp_tests::root();
    let output = Command::new("git")
        .current_dir(&root)
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()
        .expect("git lists the files");
    assert!(output.status.success(), "git ls-files: {}", String::from_utf8_lossy(&output.stderr));
    let mut paths: Vec<String> = String::from_utf8(output.stdout)
        .expect("paths are UTF-8")
        .split_terminator('\0')
        .map(str::to_owned)
        .collect();
    paths.sort();
    paths.dedup();
    let files: Vec<File> = paths
        .into_iter()
        .filter_map(|path| {
            // A file that was deleted without a commit is still listed.
            let bytes = std::fs::read(root.join(&path)).ok()?;
            Some(File { path, text: String::from_utf8(bytes).ok() })
        })
        .collect();
    assert!(files.iter().any(|file| file.path == "Cargo.toml"), "git lists another repository");
    files
}
