//! Every example is complete: workflow and explanation.

use std::collections::BTreeMap;

use super::files::{self, File};

fn incomplete(files: &[File]) -> Vec<String> {
    let mut examples: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut found = Vec::new();
    for file in files {
        let Some(inside) = file.path.strip_prefix("examples/") else { continue };
        match inside.split_once('/') {
            Some((name, rest)) => examples.entry(name).or_default().push(rest),
            None if inside == "README.md" => {}
            None => found.push(format!("examples/{inside} lies outside every example")),
        }
    }
    for (name, files) in examples {
        if !files.contains(&"README.md") {
            found.push(format!("examples/{name} has no README.md"));
        }
        if !files.iter().any(|file| file.ends_with(".xp")) {
            found.push(format!("examples/{name} has no workflow"));
        }
    }
    found
}

#[test]
fn examples_are_complete() {
    super::none(&incomplete(files::all()));
}

#[test]
fn an_example_without_its_parts_is_seen() {
    let made = [
        File::made("examples/a/README.md", ""),
        File::made("examples/b/workflow.xp", ""),
        File::made("examples/c.xp", ""),
        File::made("examples/d/README.md", ""),
        File::made("examples/d/workflow.xp", ""),
    ];
    let found = incomplete(&made);
    super::seen(&found, "a has no workflow");
    super::seen(&found, "b has no README");
    super::seen(&found, "c.xp");
    assert_eq!(found.len(), 3);
}
