//! Blobs and trees, written through a temporary index, without a working tree.

use super::{Git, GitError, ZERO};

/// The kind and content of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A regular file.
    File(Vec<u8>),
    /// An executable file.
    Executable(Vec<u8>),
    /// A symbolic link to this target.
    Symlink(String),
    /// A submodule at this commit.
    Gitlink(String),
}

impl From<&str> for Entry {
    fn from(text: &str) -> Self {
        Self::File(text.as_bytes().to_vec())
    }
}

impl From<String> for Entry {
    fn from(text: String) -> Self {
        Self::File(text.into_bytes())
    }
}

/// An entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// Path from the tree that was listed.
    pub path: String,
    /// Six octal digits.
    pub mode: String,
    /// `blob`, `tree` or `commit`.
    pub kind: String,
    /// Object id.
    pub sha: String,
    /// Size of a blob.
    pub size: Option<u64>,
}

/// A change to a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Path from the root.
    pub path: String,
    /// Mode and object id after the change; `None` removes the path.
    pub entry: Option<(String, String)>,
}

impl Git {
    /// Writes a blob.
    ///
    /// # Errors
    /// When git fails.
    pub fn write_blob(&self, bytes: &[u8]) -> Result<String, GitError> {
        let out = self.ask_with(&["hash-object", "-w", "-t", "blob", "--stdin"], bytes, &[])?;
        Ok(String::from_utf8_lossy(&out).trim().to_owned())
    }

    /// The bytes of a blob.
    ///
    /// # Errors
    /// When there is no such blob.
    pub fn read_blob(&self, sha: &str) -> Result<Vec<u8>, GitError> {
        self.ask(&["cat-file", "blob", sha])
    }

    /// The entries of a tree.
    ///
    /// # Errors
    /// When there is no such tree.
    pub fn list_tree(&self, tree: &str, recursive: bool) -> Result<Vec<TreeEntry>, GitError> {
        let mut args = vec!["ls-tree", "-z", "-l"];
        if recursive {
            args.extend(["-r", "-t"]);
        }
        args.push(tree);
        let out = self.text(&args)?;
        Ok(out.split('\0').filter_map(entry).collect())
    }

    /// The entry at a path.
    ///
    /// # Errors
    /// When there is no such tree.
    pub fn entry_at(&self, tree: &str, path: &str) -> Result<Option<TreeEntry>, GitError> {
        let mut at = TreeEntry {
            path: String::new(),
            mode: "040000".to_owned(),
            kind: "tree".to_owned(),
            sha: tree.to_owned(),
            size: None,
        };
        for segment in path.split('/') {
            if at.kind != "tree" {
                return Ok(None);
            }
            match self.list_tree(&at.sha, false)?.into_iter().find(|found| found.path == segment) {
                Some(found) => at = found,
                None => return Ok(None),
            }
        }
        path.clone_into(&mut at.path);
        Ok(Some(at))
    }

    /// The tree that results from applying changes to `base`.
    ///
    /// # Errors
    /// When git refuses a path, a mode or an object.
    pub fn write_tree(&self, base: Option<&str>, changes: &[Change]) -> Result<String, GitError> {
        let failed = |error: std::io::Error| GitError {
            command: "temporary index".to_owned(),
            detail: error.to_string(),
        };
        let scratch = tempfile::tempdir().map_err(failed)?;
        let index = scratch.path().join("index").display().to_string();
        let env = [("GIT_INDEX_FILE", index.as_str())];
        self.ask_with(&["read-tree", base.unwrap_or("--empty")], b"", &env)?;
        for change in changes {
            self.change(change, &env)?;
        }
        let out = self.ask_with(&["write-tree"], b"", &env)?;
        Ok(String::from_utf8_lossy(&out).trim().to_owned())
    }

    /// Applies one change to the temporary index.
    fn change(&self, change: &Change, env: &[(&str, &str)]) -> Result<(), GitError> {
        match &change.entry {
            None => self.remove(&change.path, env),
            Some((mode, sha)) if mode == "040000" => {
                self.remove(&change.path, env)?;
                let prefix = format!("--prefix={}/", change.path);
                self.ask_with(&["read-tree", &prefix, sha], b"", env).map(drop)
            }
            Some((mode, sha)) => {
                self.index(&format!("{mode} {sha}\t{}\0", change.path), env)?;
                // git may skip an invalid path with only a warning.
                if self.indexed(env)?.contains(&change.path) {
                    return Ok(());
                }
                let detail = format!("malformed path {}", change.path);
                Err(GitError { command: "update-index".to_owned(), detail })
            }
        }
    }

    /// Removes a path and everything below it from the temporary index.
    fn remove(&self, path: &str, env: &[(&str, &str)]) -> Result<(), GitError> {
        let below = format!("{path}/");
        let lines: String = self
            .indexed(env)?
            .into_iter()
            .filter(|found| found == path || found.starts_with(&below))
            .map(|found| format!("0 {ZERO}\t{found}\0"))
            .collect();
        self.index(&lines, env)
    }

    /// Adds entries to the temporary index.
    fn index(&self, lines: &str, env: &[(&str, &str)]) -> Result<(), GitError> {
        self.ask_with(&["update-index", "--replace", "-z", "--index-info"], lines.as_bytes(), env).map(drop)
    }

    /// Every path in the temporary index.
    fn indexed(&self, env: &[(&str, &str)]) -> Result<Vec<String>, GitError> {
        let out = self.ask_with(&["ls-files", "-z", "--cached"], b"", env)?;
        let text = String::from_utf8_lossy(&out).into_owned();
        Ok(text.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
    }
}

/// Parses a line of `git ls-tree -z -l`.
fn entry(line: &str) -> Option<TreeEntry> {
    let (head, path) = line.split_once('\t')?;
    let mut words = head.split_ascii_whitespace();
    Some(TreeEntry {
        mode: words.next()?.to_owned(),
        kind: words.next()?.to_owned(),
        sha: words.next()?.to_owned(),
        size: words.next().and_then(|size| size.parse().ok()),
        path: path.to_owned(),
    })
}
