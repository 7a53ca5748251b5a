//! From arguments to texts: folders are searched, sorted; what cannot be read is a diagnostic.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use xp_diagnostics::{Code, Diagnostic, codes};

use crate::world::{Kind, World};

/// Deepest folder searched.
const MAX_DEPTH: usize = 64;

/// A file that was named, or found below a folder that was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// As given; below a folder, the folder's path as given with the rest.
    pub path: String,
    /// Its text, or why there is none. The fault is in no file yet.
    pub text: Result<String, Box<Diagnostic>>,
}

/// Reads files and folders, each file once, in the order given; no argument means the current folder.
#[must_use]
pub fn files(world: &dyn World, arguments: &[PathBuf]) -> Vec<Named> {
    let here = [PathBuf::from(".")];
    let arguments = if arguments.is_empty() { &here[..] } else { arguments };
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for argument in arguments {
        match expand(world, argument) {
            Ok(paths) => {
                let new = paths.into_iter().filter(|path| seen.insert(world.identity(path)));
                found.extend(new.map(|path| read(world, &path)));
            }
            Err(fault) => found.push(fault),
        }
    }
    found
}

/// A file stands for itself; a folder for every `.xp` below it.
fn expand(world: &dyn World, argument: &Path) -> Result<Vec<PathBuf>, Named> {
    if world.kind(argument) != Kind::Folder {
        return Ok(vec![argument.to_path_buf()]);
    }
    let mut found = Vec::new();
    walk(world, argument, 0, &mut found).map_err(|(path, error)| {
        fault(&path, codes::UNREADABLE, format!("the folder cannot be read: {error}"))
    })?;
    found.sort();
    if found.is_empty() {
        let message = format!("there is no `.xp` file below `{}`", shown(argument));
        return Err(fault(argument, codes::NO_SOURCES, message));
    }
    Ok(found)
}

fn walk(
    world: &dyn World,
    folder: &Path,
    depth: usize,
    found: &mut Vec<PathBuf>,
) -> Result<(), (PathBuf, io::Error)> {
    for entry in world.list(folder).map_err(|error| (folder.to_path_buf(), error))? {
        let name = entry.path.file_name().unwrap_or_default().to_string_lossy();
        let hidden = name.starts_with('.');
        // Links are not followed: a folder must not reach outside itself, or into itself.
        match entry.kind {
            Kind::Folder if !hidden && depth < MAX_DEPTH => walk(world, &entry.path, depth + 1, found)?,
            Kind::File if entry.path.extension().is_some_and(|extension| extension == "xp") => {
                found.push(strip_here(entry.path));
            }
            Kind::Folder | Kind::File | Kind::Other => {}
        }
    }
    Ok(())
}

/// `./a.xp` is printed as `a.xp`.
fn strip_here(path: PathBuf) -> PathBuf {
    path.strip_prefix(".").map(Path::to_path_buf).unwrap_or(path)
}

fn read(world: &dyn World, path: &Path) -> Named {
    match world.read(path, xp_syntax::MAX_BYTES + 1) {
        Err(error) => {
            let why = match error.kind() {
                io::ErrorKind::NotFound => "it does not exist".to_owned(),
                _ => error.to_string(),
            };
            fault(path, codes::UNREADABLE, format!("`{}` cannot be read: {why}", shown(path)))
        }
        // Cut off, perhaps within a character: the parser refuses it for its size.
        Ok(bytes) if bytes.len() > xp_syntax::MAX_BYTES => {
            Named { path: shown(path), text: Ok(String::from_utf8_lossy(&bytes).into_owned()) }
        }
        Ok(bytes) => Named { path: shown(path), text: xp_syntax::decode(&bytes) },
    }
}

fn fault(path: &Path, code: Code, message: String) -> Named {
    Named { path: shown(path), text: Err(Box::new(Diagnostic::error(code, message))) }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
