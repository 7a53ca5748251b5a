//! A program with a bug: its files, its test command, and what models would have produced for it.

use std::path::Path;

use serde_json::{Value, json};

use crate::Done;
use crate::shared::root;

/// A fixture.
pub struct Fixture {
    pub about: String,
    pub owner: String,
    pub name: String,
    pub branch: String,
    pub test: String,
    /// Path and content of each file of the first commit.
    pub files: Vec<(String, Vec<u8>)>,
    texts: Value,
}

impl Fixture {
    /// Reads fixture `1` or `2`.
    pub fn read(number: &str) -> Done<Self> {
        let name = match number {
            "1" => "orders",
            "2" => "calendar",
            _ => return Err(format!("there is no fixture `{number}`")),
        };
        let folder = root().join("tests/dev/demo/fixtures").join(name);
        let path = folder.join("fixture.json");
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let texts: Value =
            serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        let part = |name: &str| texts[name].as_str().map(str::to_owned).ok_or_else(|| format!("no `{name}`"));
        let mut files = Vec::new();
        collect(&folder.join("repo"), "", &mut files).map_err(|error| error.to_string())?;
        Ok(Self {
            about: part("about")?,
            owner: part("owner")?,
            name: part("name")?,
            branch: part("default_branch")?,
            test: part("test_command")?,
            files,
            texts,
        })
    }

    /// `owner/name`.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// The value of the workflow's parameter.
    pub fn repo(&self) -> Value {
        json!({
            "owner": self.owner, "name": self.name, "default_branch": self.branch, "test_command": self.test,
        })
    }

    /// What the model of a role would have produced.
    pub fn brain(&self, role: &str) -> Value {
        let mut brain = self.texts["everybody"].clone();
        for (name, thought) in self.texts[role].as_object().into_iter().flatten() {
            brain[name.as_str()] = thought.clone();
        }
        if role == "business" {
            brain["repo"] = self.repo();
        }
        brain
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, Vec<u8>)>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{name}/"), files)?;
        } else {
            files.push((name, std::fs::read(entry.path())?));
        }
    }
    files.sort();
    Ok(())
}
