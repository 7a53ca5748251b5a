//! What happens in the act: the shop's files, the issue, the fix that a model would have written, and what the issue asks for besides.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::Done;
use crate::shared::root;

/// The story.
pub struct Story {
    pub about: String,
    pub owner: String,
    pub name: String,
    /// The file with the bug.
    pub file: String,
    pub test: String,
    /// The content that the file is to have.
    pub fixed: String,
    /// The files of the shop, by name.
    pub files: BTreeMap<String, Vec<u8>>,
    texts: Value,
}

/// The folder with the workflow and the other files of this act.
pub fn fixture() -> PathBuf {
    root().join("tests/dev/demo/fixtures/second")
}

impl Story {
    /// Reads it.
    pub fn read() -> Done<Self> {
        let path = fixture().join("fixture.json");
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let texts: Value =
            serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        let part = |name: &str| texts[name].as_str().map(str::to_owned).ok_or_else(|| format!("no `{name}`"));
        Ok(Self {
            about: part("about")?,
            owner: part("owner")?,
            name: part("name")?,
            file: part("file")?,
            test: part("test_command")?,
            fixed: part("fixed")?,
            files: files(&fixture().join("shop"))?,
            texts,
        })
    }

    /// `owner/name`.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// A text, by its JSON pointer.
    pub fn text(&self, pointer: &str) -> &str {
        self.texts.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }
}

/// The files in a folder, by name.
pub fn files(folder: &Path) -> Done<BTreeMap<String, Vec<u8>>> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_file() {
            let bytes = std::fs::read(entry.path()).map_err(failed)?;
            found.insert(entry.file_name().to_string_lossy().into_owned(), bytes);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Exit code and output of `xpc`.
    fn xpc(args: &[&str], workflow: &Path) -> (Option<i32>, String) {
        let mut command = Command::new(xp_tests::program("xpc"));
        let done = command.current_dir(fixture()).args(args).arg(workflow).output().unwrap();
        let said = [done.stdout, done.stderr].concat();
        (done.status.code(), String::from_utf8_lossy(&said).into_owned())
    }

    #[test]
    fn the_workflow_is_proved_whole_and_not_without_the_approval() {
        let check = ["check", "--deny", "warnings", "--roster", "roster.toml"];
        let workflow = fixture().join("fix.xp");
        let (code, said) = xpc(&check, &workflow);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("18 proved in"), "{said}");
        let (code, said) = xpc(&["fmt", "--check"], &workflow);
        assert_eq!(code, Some(0), "{said}");

        let folder = tempfile::tempdir().unwrap();
        let text = std::fs::read_to_string(&workflow).unwrap();
        let hasty = folder.path().join("fix.xp");
        std::fs::write(&hasty, text.replace("after review.approved", "after propose.proposed")).unwrap();
        let (code, said) = xpc(&check, &hasty);
        assert_eq!(code, Some(3), "{said}");
        for line in [
            "refuted     nothing is made final before somebody judged it",
            "refuted     prove effect write requires review.approved",
            "refuted     prove untrusted text reaches effect write only through unexposed maintainer",
        ] {
            assert!(said.contains(line), "{line}: {said}");
        }
    }

    #[test]
    fn the_fix_and_what_the_issue_asks_for_are_changes() {
        let story = Story::read().unwrap();
        let old = |name: &str| String::from_utf8_lossy(&story.files[name]).into_owned();
        assert_ne!(old(&story.file), story.fixed);
        let asked = story.text("/asked_for/file");
        assert_ne!(asked, story.file);
        assert_ne!(old(asked), story.text("/asked_for/text"));
    }
}
