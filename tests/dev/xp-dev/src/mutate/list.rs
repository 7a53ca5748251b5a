//! The list of mutations: `tests/dev/mutations/*.json`, each an array of `{"name", "room": "machine" |
//! "encoding" | "runtime", "file", "find", "replace", "tests"}`. `tests` names the tests that must fail, as
//! `cargo nextest list` prints them: `PACKAGE::TARGET NAME`, or `PACKAGE NAME` for a test in a library.
//! Without `tests`, all tests of machine and encoding are run.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path};

use serde_json::Value;

use crate::failure::Failure;

/// A mutation: in `file`, the single occurrence of `find` is replaced by `replace`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutation {
    pub name: String,
    pub room: String,
    pub file: String,
    find: String,
    replace: String,
    /// The tests of which one must fail, if stated.
    pub tests: Vec<Named>,
}

/// A named test.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    pub package: String,
    /// Test target; `None` for tests in the library.
    pub target: Option<String>,
    /// Name with its modules.
    pub name: String,
}

impl Named {
    fn parse(text: &str) -> Option<Self> {
        let (place, name) = text.split_once(' ')?;
        let (package, target) = match place.split_once("::") {
            Some((package, target)) => (package, Some(target)),
            None => (place, None),
        };
        let word =
            |text: &str| !text.is_empty() && !text.contains(char::is_whitespace) && !text.starts_with('-');
        let whole = word(package) && target.is_none_or(word) && word(name);
        let target = target.map(str::to_owned);
        whole.then(|| Self { package: package.to_owned(), target, name: name.to_owned() })
    }
}

impl Mutation {
    /// Applies the mutation. An error if `find` does not occur exactly once.
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

/// All mutations, in the order of their files.
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
    let known = ["name", "room", "file", "find", "replace", "tests"];
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
        tests: tests(object.get("tests"))?,
    };
    let name = &mutation.name;
    if !["machine", "encoding", "runtime"].contains(&mutation.room.as_str()) {
        return Err(format!("`{name}`: the room is `machine`, `encoding` or `runtime`"));
    }
    if mutation.room == "runtime" && mutation.tests.is_empty() {
        return Err(format!("`{name}`: a bug of the runtime names the tests that must fail"));
    }
    if mutation.find.is_empty() || mutation.find == mutation.replace {
        return Err(format!("`{name}`: replaces nothing"));
    }
    if !Path::new(&mutation.file).components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(format!("`{name}`: the file is not a path inside the repository"));
    }
    Ok(mutation)
}

fn tests(json: Option<&Value>) -> Result<Vec<Named>, String> {
    let Some(json) = json else { return Ok(Vec::new()) };
    let names = json.as_array().ok_or("`tests` is not an array")?;
    let named = |name: &Value| {
        let found = name.as_str().and_then(Named::parse);
        found.ok_or_else(|| format!("{name} is not `PACKAGE::TARGET NAME` or `PACKAGE NAME`"))
    };
    names.iter().map(named).collect()
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
    fn malformed_mutations_are_refused() {
        for (from, to) in [
            ("machine", "cellar"),
            ("\"<=\"", "\"<\""),
            ("a/b.rs", "../b.rs"),
            ("\"find\"", "\"fund\""),
            ("[{", "{"),
            ("machine", "runtime"),
            ("\"<=\"", "\"<=\",\"tests\":[\"p::t\"]"),
            ("\"<=\"", "\"<=\",\"tests\":[\"p::t --help\"]"),
        ] {
            assert!(parse(&GOOD.replace(from, to)).is_err(), "{from} -> {to}");
        }
    }

    #[test]
    fn tests_are_named_as_they_are_listed() {
        let text = GOOD.replace("machine", "runtime").replace("[{", r#"[{"tests":["p::t a::b","q c"],"#);
        let named = |package: &str, target: Option<&str>, name: &str| Named {
            package: package.to_owned(),
            target: target.map(str::to_owned),
            name: name.to_owned(),
        };
        let wanted = [named("p", Some("t"), "a::b"), named("q", None, "c")];
        assert_eq!(parse(&text).unwrap().remove(0).tests, wanted);
    }
}
