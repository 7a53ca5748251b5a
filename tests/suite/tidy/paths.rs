//! The paths named in a module's code, and the module in which the named item is defined.

use std::collections::{BTreeMap, BTreeSet};

/// A path from the crate's root.
pub type Path = Vec<String>;

/// A module, in a file of its own or inline.
#[derive(Debug, Default)]
pub struct Module {
    pub path: Path,
    pub file: String,
    /// Paths named in the code.
    pub uses: Vec<Path>,
    /// Names introduced by `use` (`*` for a glob), with their paths.
    names: Vec<(String, Path)>,
    /// Names of items defined here.
    items: BTreeSet<String>,
}

const ITEMS: [&str; 8] = ["struct", "enum", "trait", "type", "fn", "const", "static", "union"];

/// Reads the code of one file (without comments, strings and tests). An inline module is a module of its own.
pub fn read(file: &str, path: Path, code: &str) -> Vec<Module> {
    let tokens = tokens(code);
    let token = |at: usize| tokens.get(at).copied().unwrap_or_default();
    let new = |path: Path| Module { path, file: file.to_owned(), ..Module::default() };
    let mut modules = vec![new(path)];
    // The enclosing modules, innermost last, each with the brace depth at which it ends.
    let mut around: Vec<(usize, usize)> = vec![(0, 0)];
    let (mut depth, mut at) = (0_usize, 0);
    while at < tokens.len() {
        let current = around.last().map_or(0, |(module, _)| *module);
        let start = at;
        match token(at) {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                if around.len() > 1 && around.last().is_some_and(|(_, end)| *end == depth) {
                    around.pop();
                }
            }
            "mod" if token(at + 2) == "{" => {
                let path = modules[current].path.iter().cloned().chain([token(at + 1).to_owned()]).collect();
                around.push((modules.len(), depth));
                modules.push(new(path));
                depth += 1;
                at += 3;
            }
            "use" => {
                let mut leaves = Vec::new();
                at = tree(&tokens, at + 1, &[], &mut leaves);
                let module = &mut modules[current];
                for (name, path) in leaves {
                    let path = from_root(&module.path, &path);
                    module.uses.push(path.clone());
                    module.names.push((name, path));
                }
            }
            "crate" | "super" | "self" if token(at + 1) == "::" => {
                let mut leaves = Vec::new();
                at = tree(&tokens, at, &[], &mut leaves);
                let module = &mut modules[current];
                for (_, path) in leaves {
                    module.uses.push(from_root(&module.path, &path));
                }
            }
            word if ITEMS.contains(&word) => {
                modules[current].items.insert(token(at + 1).to_owned());
            }
            _ => {}
        }
        at = at.max(start + 1);
    }
    modules
}

/// Splits code into words, `::` and single characters.
fn tokens(code: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            ':' if rest.starts_with("::") => 2,
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}

/// Parses a path with groups, as in `use`. Reports each leaf with the name it introduces, and returns the
/// position after it.
fn tree(tokens: &[&str], start: usize, before: &[String], leaves: &mut Vec<(String, Path)>) -> usize {
    let token = |at: usize| tokens.get(at).copied().unwrap_or_default();
    let mut path = before.to_vec();
    let mut at = start;
    loop {
        match token(at) {
            "::" => at += 1,
            "*" => {
                leaves.push(("*".to_owned(), path));
                return at + 1;
            }
            "{" => {
                at += 1;
                while at < tokens.len() && token(at) != "}" {
                    at = tree(tokens, at, &path, leaves).max(at + 1);
                    at += usize::from(token(at) == ",");
                }
                return at + 1;
            }
            word if word.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                if word != "self" || path.is_empty() {
                    path.push(word.to_owned());
                }
                at += 1;
                if token(at) != "::" {
                    let mut name = path.last().cloned().unwrap_or_default();
                    if token(at) == "as" {
                        name = token(at + 1).to_owned();
                        at += 2;
                    }
                    leaves.push((name, path));
                    return at;
                }
            }
            // In `crate::a::f::<T>` the path ends before the angle bracket.
            _ => {
                if path.len() > before.len() {
                    leaves.push((String::new(), path));
                }
                return at;
            }
        }
    }
}

/// Resolves a path written in `module` to one from the crate's root. The name of another crate is treated
/// like one of the module's own.
fn from_root(module: &[String], written: &[String]) -> Path {
    let mut base = module.to_vec();
    let mut rest = written;
    match rest.first().map(String::as_str) {
        Some("crate") => {
            base.clear();
            rest = &rest[1..];
        }
        Some("self") => rest = &rest[1..],
        _ => {}
    }
    while rest.first().is_some_and(|word| word == "super") {
        base.pop();
        rest = &rest[1..];
    }
    base.extend_from_slice(rest);
    base
}

/// The names defined and imported by all modules of a crate.
pub struct Names<'a> {
    modules: BTreeMap<&'a [String], &'a Module>,
}

impl<'a> Names<'a> {
    pub fn of(modules: &'a [Module]) -> Self {
        Self { modules: modules.iter().map(|module| (module.path.as_slice(), module)).collect() }
    }

    /// The module that defines the item that a path names, following re-exports.
    pub fn home(&self, path: &[String]) -> Path {
        self.follow(path, 0)
    }

    fn follow(&self, path: &[String], hops: usize) -> Path {
        for length in 0..path.len() {
            if self.modules.contains_key(&path[..=length]) {
                continue;
            }
            let here = &path[..length];
            // Stops at a name that resolves to itself, such as another crate's, and after eight re-exports.
            if hops < 8
                && let Some(elsewhere) = self.passed_on(here, &path[length])
                && elsewhere != path[..=length]
            {
                let whole: Path = elsewhere.into_iter().chain(path[length + 1..].iter().cloned()).collect();
                return self.follow(&whole, hops + 1);
            }
            return here.to_vec();
        }
        path.to_vec()
    }

    /// The path for which a `use` of the module introduces a name.
    fn passed_on(&self, here: &[String], name: &str) -> Option<Path> {
        let module = self.modules.get(here)?;
        if module.items.contains(name) {
            return None;
        }
        if let Some((_, path)) = module.names.iter().find(|(known, _)| known == name) {
            return Some(path.clone());
        }
        let mut all_of = module.names.iter().filter(|(known, _)| known == "*").map(|(_, path)| path);
        let source = all_of.find(|path| {
            self.modules.get(path.as_slice()).is_some_and(|module| module.items.contains(name))
        })?;
        Some(source.iter().cloned().chain([name.to_owned()]).collect())
    }
}
