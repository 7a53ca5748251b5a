//! Differences between commits.

use super::{Git, GitError};

/// The change of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// Path after the change; for a removed file, before it.
    pub path: String,
    /// Previous path of a renamed file.
    pub before: Option<String>,
    /// GitHub's term: `added`, `removed`, `modified`, `renamed`, `changed`.
    pub status: &'static str,
    /// Blob after the change; for a removed file, before it.
    pub sha: String,
    /// Lines added.
    pub additions: u64,
    /// Lines removed.
    pub deletions: u64,
    /// The hunks; `None` for a binary file.
    pub patch: Option<String>,
}

const PLAIN: [&str; 5] = ["diff", "--no-color", "--no-ext-diff", "--no-textconv", "--find-renames"];

impl Git {
    /// The difference as text.
    ///
    /// # Errors
    /// When git fails.
    pub fn diff(&self, from: &str, to: &str) -> Result<String, GitError> {
        let mut args = PLAIN.to_vec();
        args.extend([from, to, "--"]);
        self.text(&args)
    }

    /// The difference file by file, in order of the paths.
    ///
    /// # Errors
    /// When git fails.
    pub fn changes(&self, from: &str, to: &str) -> Result<Vec<FileChange>, GitError> {
        let mut args = PLAIN.to_vec();
        args.extend(["--raw", "--no-abbrev", "-z", from, to, "--"]);
        let out = self.text(&args)?;
        let mut fields = out.split('\0');
        let mut changes = Vec::new();
        while let Some(change) = raw(&mut fields) {
            changes.push(change);
        }
        for change in &mut changes {
            let mut paths: Vec<&str> = change.before.as_deref().into_iter().collect();
            paths.push(&change.path);
            let literal: Vec<String> = paths.iter().map(|path| format!(":(literal){path}")).collect();
            let mut args = PLAIN.to_vec();
            args.extend([from, to, "--"]);
            args.extend(literal.iter().map(String::as_str));
            let text = self.text(&args)?;
            let hunks = text.find("\n@@ ").and_then(|at| text.get(at + 1..)).map(str::trim_end);
            if let Some(hunks) = hunks {
                change.additions = count(hunks, '+');
                change.deletions = count(hunks, '-');
                change.patch = Some(hunks.to_owned());
            }
        }
        Ok(changes)
    }
}

/// The number of lines that start with the sign.
fn count(hunks: &str, sign: char) -> u64 {
    hunks.lines().filter(|line| line.starts_with(sign)).count() as u64
}

/// Parses the next file of `git diff --raw -z`.
fn raw<'a>(fields: &mut impl Iterator<Item = &'a str>) -> Option<FileChange> {
    let head = fields.next()?.strip_prefix(':')?;
    let words: Vec<&str> = head.split(' ').collect();
    let [_, _, before, after, letter] = words.as_slice() else { return None };
    let first = fields.next()?.to_owned();
    let (status, renamed) = match letter.chars().next()? {
        'A' => ("added", false),
        'D' => ("removed", false),
        'R' => ("renamed", true),
        'T' => ("changed", false),
        _ => ("modified", false),
    };
    let (path, old) = if renamed { (fields.next()?.to_owned(), Some(first)) } else { (first, None) };
    let sha = if status == "removed" { before } else { after };
    Some(FileChange {
        path,
        before: old,
        status,
        sha: (*sha).to_owned(),
        additions: 0,
        deletions: 0,
        patch: None,
    })
}
