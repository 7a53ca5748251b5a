//! No cycles between the modules of a crate. (Cargo excludes cycles between crates, but not these.)
//!
//! Checked at every level: of two sibling modules at most one may use the other, directly or indirectly. Uses
//! between a module and its parent are not counted.

use std::collections::{BTreeMap, BTreeSet};

use super::files::{self, File};
use super::packages;
use super::paths::{self, Module};
use super::rust_text;

/// Edges between the modules of one folder, each with a file in which it occurs.
type Level<'a> = BTreeMap<(&'a str, &'a str), &'a str>;

/// The cycles in a crate with sources below `folder`.
fn cycles(folder: &str, files: &[File]) -> Vec<String> {
    let modules = read(folder, files);
    let names = paths::Names::of(&modules);
    let homes: Vec<Vec<paths::Path>> =
        modules.iter().map(|module| module.uses.iter().map(|used| names.home(used)).collect()).collect();
    let mut levels: BTreeMap<&[String], Level> = BTreeMap::new();
    for (module, homes) in modules.iter().zip(&homes) {
        for home in homes {
            let common = module.path.iter().zip(home).take_while(|(a, b)| a == b).count();
            if let (Some(from), Some(to)) = (module.path.get(common), home.get(common)) {
                levels.entry(&module.path[..common]).or_default().entry((from, to)).or_insert(&module.file);
            }
        }
    }
    levels.iter().flat_map(|(parent, edges)| in_level(folder, parent, edges)).collect()
}

/// Edges on a cycle, that is, whose target reaches their source.
fn in_level(folder: &str, parent: &[String], edges: &Level) -> Vec<String> {
    let mut found = Vec::new();
    for ((from, to), file) in edges {
        let mut open = vec![*to];
        let mut seen = BTreeSet::from([*to]);
        while let Some(node) = open.pop() {
            for (_, next) in edges.keys().filter(|(start, _)| *start == node) {
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        if seen.contains(from) {
            let place = parent.iter().fold(folder.to_owned(), |place, name| format!("{place}::{name}"));
            found.push(format!("{place}: `{from}` uses `{to}` ({file}), which uses `{from}` again"));
        }
    }
    found
}

/// All modules of a crate, except those compiled for tests only and those of further binaries.
fn read(folder: &str, files: &[File]) -> Vec<Module> {
    let sources = format!("{folder}/src/");
    let mut for_tests: Vec<Vec<String>> = Vec::new();
    let mut modules = Vec::new();
    for file in files.iter().filter(|file| file.is("rs")) {
        let Some(inside) = file.path.strip_prefix(&sources) else { continue };
        let path = module_path(inside);
        let text = file.text.as_deref().unwrap_or_default();
        for name in rust_text::test_modules(text) {
            for_tests.push(path.iter().cloned().chain([name]).collect());
        }
        if !inside.starts_with("bin/") {
            modules.extend(paths::read(&file.path, path, &rust_text::code(text)));
        }
    }
    modules.retain(|module| !for_tests.iter().any(|test| module.path.starts_with(test)));
    modules
}

fn module_path(inside: &str) -> Vec<String> {
    let mut path: Vec<String> = inside.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    let last = path.last().map(String::as_str);
    if last == Some("mod") || (path.len() == 1 && matches!(last, Some("lib" | "main"))) {
        path.pop();
    }
    path
}

#[test]
fn no_crate_has_a_module_cycle() {
    let found: Vec<String> = packages::all()
        .ours()
        .flat_map(|package| cycles(package.folder.as_deref().unwrap_or_default(), files::all()))
        .collect();
    super::none(&found);
}

#[cfg(test)]
mod made {
    use super::*;

    fn of(sources: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<File> =
            sources.iter().map(|(path, text)| File::made(&format!("x/src/{path}"), text)).collect();
        cycles("x", &files)
    }

    #[test]
    fn two_modules_that_use_each_other_are_seen() {
        let found = of(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "fn f() { crate::a::g() }"),
        ]);
        super::super::seen(&found, "x: `a` uses `b` (x/src/a.rs)");
        super::super::seen(&found, "x: `b` uses `a` (x/src/b.rs)");
    }

    #[test]
    fn a_longer_way_round_is_seen() {
        let found = of(&[
            ("a.rs", "use crate::{b::{self, X as Y}, other};"),
            ("b/mod.rs", "mod c;"),
            ("b/c.rs", "use super::super::d::D;"),
            ("d.rs", "mod inline { fn f() { super::super::a::g(); } }"),
            ("other.rs", ""),
        ]);
        assert_eq!(found.len(), 3, "{found:?}");
    }

    #[test]
    fn a_name_passed_on_by_the_root_is_followed() {
        let found = of(&[
            ("lib.rs", "mod a; mod b; pub use b::Thing; pub use a::*;"),
            ("a.rs", "pub struct A; use crate::Thing;"),
            ("b.rs", "use crate::a::A;"),
        ]);
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn modules_within_a_folder_count_too() {
        let found = of(&[
            ("a.rs", "mod b; mod c;"),
            ("a/b.rs", "use super::c::C;"),
            ("a/c.rs", "use crate::a::b::B;"),
        ]);
        super::super::seen(&found, "x::a: `b` uses `c`");
    }

    #[test]
    fn what_is_no_cycle_is_not_called_one() {
        let found = of(&[
            ("lib.rs", "mod a; mod b; #[cfg(test)] mod checks; pub struct Root;"),
            (
                "a.rs",
                "use crate::b::B; use crate::Root; // crate::c\n#[cfg(test)] mod tests { use crate::c::C; }",
            ),
            ("b.rs", "use std::fmt; use crate::Root; fn f() { \"crate::a::x\"; }"),
            ("c.rs", "use crate::a::A; use crate::b;"),
            ("checks.rs", "use crate::c; use crate::a;"),
            ("bin/other.rs", "use crate::a;"),
        ]);
        super::super::none(&found);
    }
}
