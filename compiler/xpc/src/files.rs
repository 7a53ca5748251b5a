//! From arguments to sources: folders are searched, sorted; what cannot be read is a diagnostic.

use std::path::{Path, PathBuf};

use xp_diagnostics::{Diagnostic, SourceId, Sources, codes};

/// Deepest folder searched.
const MAX_DEPTH: usize = 64;

/// What was found.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Every source, faulty ones with empty text.
    pub sources: Sources,
    /// Those that could be read, in order.
    pub readable: Vec<SourceId>,
    /// What was wrong with the others.
    pub diagnostics: Vec<Diagnostic>,
}

/// Loads files and folders; no argument means the current folder.
pub fn load(arguments: &[PathBuf]) -> Loaded {
    let mut loaded = Loaded::default();
    let here = [PathBuf::from(".")];
    let arguments = if arguments.is_empty() { &here[..] } else { arguments };
    let mut seen = std::collections::HashSet::new();
    for argument in arguments {
        for path in expand(argument, &mut loaded) {
            let same = path.canonicalize().unwrap_or_else(|_| path.clone());
            if seen.insert(same) {
                read(&path, &mut loaded);
            }
        }
    }
    loaded
}

/// A file stands for itself; a folder for every `.xp` below it.
fn expand(argument: &Path, loaded: &mut Loaded) -> Vec<PathBuf> {
    if !argument.is_dir() {
        return vec![argument.to_path_buf()];
    }
    let mut found = Vec::new();
    if let Err((path, error)) = walk(argument, 0, &mut found) {
        fault(loaded, &path, codes::UNREADABLE, format!("the folder cannot be read: {error}"));
        return Vec::new();
    }
    found.sort();
    if found.is_empty() {
        let message = format!("there is no `.xp` file below `{}`", shown(argument));
        fault(loaded, argument, codes::NO_SOURCES, message);
    }
    found
}

fn walk(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), (PathBuf, std::io::Error)> {
    let at = |error| (folder.to_path_buf(), error);
    for entry in std::fs::read_dir(folder).map_err(at)? {
        let entry = entry.map_err(at)?;
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        // Links are not followed: a folder must not reach outside itself, or into itself.
        let kind = entry.file_type().map_err(at)?;
        if kind.is_dir() && !hidden && depth < MAX_DEPTH {
            walk(&path, depth + 1, found)?;
        } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "xp") {
            found.push(strip_here(path));
        }
    }
    Ok(())
}

/// `./a.xp` is printed as `a.xp`.
fn strip_here(path: PathBuf) -> PathBuf {
    path.strip_prefix(".").map(Path::to_path_buf).unwrap_or(path)
}

fn read(path: &Path, loaded: &mut Loaded) {
    match std::fs::read(path) {
        Err(error) => {
            let why = match error.kind() {
                std::io::ErrorKind::NotFound => "it does not exist".to_owned(),
                _ => error.to_string(),
            };
            fault(loaded, path, codes::UNREADABLE, format!("`{}` cannot be read: {why}", shown(path)));
        }
        Ok(bytes) => match xp_syntax::decode(&bytes) {
            Ok(text) => {
                let id = loaded.sources.add(shown(path), text);
                loaded.readable.push(id);
            }
            Err(diagnostic) => {
                let id = loaded.sources.add(shown(path), String::new());
                loaded.diagnostics.push(diagnostic.in_file(id));
            }
        },
    }
}

fn fault(loaded: &mut Loaded, path: &Path, code: xp_diagnostics::Code, message: String) {
    let id = loaded.sources.add(shown(path), String::new());
    loaded.diagnostics.push(Diagnostic::error(code, message).in_file(id));
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Writes a file beside the target and renames it, so that a full disk or a kill leaves what was there. What is no
/// regular file (a pipe, a device) is written to: it must not be put out of the way.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    // Behind a link lies what is meant.
    let meant = std::fs::canonicalize(path);
    let path = meant.as_deref().unwrap_or(path);
    if std::fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        let mut open = std::fs::OpenOptions::new().write(true).open(path)?;
        return open.write_all(bytes).and_then(|()| open.flush());
    }
    let folder =
        path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = folder.join(name);
    let written = (|| {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(&beside)?;
        if let Ok(old) = std::fs::metadata(path) {
            file.set_permissions(old.permissions())?;
        }
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    })();
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}

/// Both paths lead to one file, by links of any kind too. What is no regular file is never the same: nothing is lost there.
pub fn same(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (std::fs::metadata(one), std::fs::metadata(other)) {
        (Ok(one), Ok(other)) => one.is_file() && (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}
