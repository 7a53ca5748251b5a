//! The planted bugs: `tests/dev/mutations/*.json`, each file an array of
//! `{"name", "room": "machine" | "encoding", "file", "find", "replace"}`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path};

use serde_json::Value;

use crate::failure::Failure;

/// One bug: in `file`, the one place where `find` stands becomes `replace`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutation {
    pub name: String,
    pub room: String,
    pub file: String,
    find: String,
    replace: String,
}

impl Mutation {
    /// The text with the bug in it; a bug that no longer fits its place exactly once is an error.
    pub fn apply(&self, text: &str) -> Result<String, Failure> {
        match text.matches(&self.find).count() {
            1 => Ok(text.replacen(&self.find, &self.replace, 1)),
            n => Err(Failure::new(format!(
                "`{}`: what it replaces stands {n} times in {}, not once; mend the mutation",
                self.name, self.file
            ))),
        }
    }
}

/// All bugs, in the order of their files.
pub fn read(root: &Path) -> Result<Vec<Mutation>, Failure> {
    let folder = root.join("tests/dev/mutations");
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .map_err(Failure::io(folder.display()))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).map_err(Failure::io(path.display()))?;
        all.extend(parse(&text).map_err(|problem| Failure::new(format!("{}: {problem}", path.display())))?);
    }
    let mut names = BTreeSet::new();
    match all.iter().find(|mutation| !names.insert(&mutation.name)) {
        Some(twice) => Err(Failure::new(format!("two mutations are called `{}`", twice.name))),
        None => Ok(all),
    }
}

fn parse(text: &str) -> Result<Vec<Mutation>, String> {
    let json: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    json.as_array().ok_or("not an array")?.iter().map(one).collect()
}

fn one(json: &Value) -> Result<Mutation, String> {
    let object = json.as_object().ok_or("an entry is not an object")?;
    let known = ["name", "room", "file", "find", "replace"];
    if let Some(other) = object.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(format!("an entry has an unknown member `{other}`"));
    }
    let member = |name: &str| {
        object.get(name).and_then(Value::as_str).map(str::to_owned).ok_or(format!("an entry has no `{name}`"))
    };
    let mutation = Mutation {
        name: member("name")?,
        room: member("room")?,
        file: member("file")?,
        find: member("find")?,
        replace: member("replace")?,
    };
    let name = &mutation.name;
    if !["machine", "encoding"].contains(&mutation.room.as_str()) {
        return Err(format!("`{name}`: the room is `machine` or `encoding`"));
    }
    if mutation.find.is_empty() || mutation.find == mutation.replace {
        return Err(format!("`{name}`: replaces nothing"));
    }
    if !Path::new(&mutation.file).components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(format!("`{name}`: the file is not a path inside the repository"));
    }
    Ok(mutation)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"[{"name":"n","room":"machine","file":"a/b.rs","find":"<","replace":"<="}]"#;

    #[test]
    fn a_bug_fits_exactly_once() {
        let mutation = parse(GOOD).unwrap().remove(0);
        assert_eq!(mutation.apply("x < y").unwrap(), "x <= y");
        assert!(mutation.apply("x y").is_err());
        assert!(mutation.apply("x < y < z").is_err());
    }

    #[test]
    fn what_would_prove_nothing_is_refused() {
        for (from, to) in [
            ("machine", "cellar"),
            ("\"<=\"", "\"<\""),
            ("a/b.rs", "../b.rs"),
            ("\"find\"", "\"fund\""),
            ("[{", "{"),
        ] {
            assert!(parse(&GOOD.replace(from, to)).is_err(), "{from} -> {to}");
        }
    }
}
