//! The connectors that users declared and an administrator accepted: a folder with their declarations, and a file that says
//! which of them were accepted, by whom, and with which digest.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xp_artifact::ConnectorFile;
use xp_artifact::Transport;
use xp_artifact::http::Method;
use xpd_connectors::declared::observed::Observed;
use xpd_connectors::{BUILT_IN, Declared};
use xpd_engine::ConfigError;

/// The file of acceptances in the folder.
const ACCEPTED: &str = "accepted.json";

/// Who accepted a declaration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// Digest of the declaration.
    pub digest: String,
    /// The name that was given.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
    /// Actions that change nothing although their method is another than GET.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub changes_nothing: BTreeSet<String>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    accepted: BTreeMap<String, Acceptance>,
}

/// The registered connectors of a folder.
#[derive(Clone, Debug, Default)]
pub struct Registered {
    folder: PathBuf,
    /// By name of the connector.
    pub connectors: BTreeMap<String, (Arc<ConnectorFile>, Acceptance)>,
}

impl Registered {
    /// Reads the accepted declarations of a folder; none if there is no such folder.
    ///
    /// # Errors
    /// A file cannot be read, or is not the one that was accepted.
    pub fn read(folder: &Path) -> Result<Self, ConfigError> {
        let file = read(folder)?;
        let mut connectors = BTreeMap::new();
        for (name, acceptance) in file.accepted {
            let path = declaration(folder, &name);
            let wrong = |what: &str| ConfigError::new(&path, what);
            let bytes = std::fs::read(&path).map_err(|error| ConfigError::new(&path, error))?;
            let declared = ConnectorFile::open(&bytes).map_err(|error| ConfigError::new(&path, error))?;
            let digest = declared.digest().map_err(|error| ConfigError::new(&path, error))?;
            if declared.name != name || digest.to_string() != acceptance.digest {
                return Err(wrong(
                    "is not the declaration that was accepted; accept it with `xpd connectors add`",
                ));
            }
            check(&declared, &acceptance.changes_nothing).map_err(|what| wrong(&what))?;
            connectors.insert(name, (Arc::new(declared), acceptance));
        }
        Ok(Self { folder: folder.to_owned(), connectors })
    }

    /// What an instance of a kind is made of, if the kind is registered here.
    ///
    /// # Errors
    /// The record of the instance's test cannot be read.
    pub fn declared(&self, kind: &str, instance: &str) -> Result<Option<Declared>, ConfigError> {
        let Some((file, _)) = self.connectors.get(kind) else { return Ok(None) };
        if instance.starts_with('.') || instance.contains(['/', '\\']) {
            let why = format!("`connector.{instance}`: a name has no `/`, `\\` and no `.` at its start");
            return Err(ConfigError::new(&self.folder, why));
        }
        let path = self.observed(instance);
        let observed = Observed::read(&path).map_err(|error| ConfigError::new(&path, error))?;
        Ok(Some(Declared { file: Arc::clone(file), observed }))
    }

    /// The file with what a test of an instance saw.
    #[must_use]
    pub fn observed(&self, instance: &str) -> PathBuf {
        self.folder.join(format!("{instance}.observed.json"))
    }

    /// The files that are read, for changes to be noticed.
    pub fn files(&self) -> impl Iterator<Item = PathBuf> {
        let own = self.connectors.keys().map(|name| declaration(&self.folder, name));
        own.chain([self.folder.join(ACCEPTED)])
    }

    /// Registers a declaration and records who accepted it.
    ///
    /// # Errors
    /// It cannot be registered so, or a file cannot be written.
    pub fn add(&self, file: &ConnectorFile, acceptance: Acceptance) -> Result<(), ConfigError> {
        let wrong = |what: &str| ConfigError::new(&self.folder, what);
        check(file, &acceptance.changes_nothing).map_err(|what| wrong(&what))?;
        let mut accepted = read(&self.folder)?;
        std::fs::create_dir_all(&self.folder).map_err(|error| ConfigError::new(&self.folder, error))?;
        let bytes = file.canonical().map_err(|error| wrong(&error.to_string()))?;
        write(&declaration(&self.folder, &file.name), &bytes)?;
        accepted.accepted.insert(file.name.clone(), acceptance);
        let text = serde_json::to_vec_pretty(&accepted).map_err(|error| wrong(&error.to_string()))?;
        write(&self.folder.join(ACCEPTED), &text)
    }
}

fn declaration(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.json"))
}

fn read(folder: &Path) -> Result<File, ConfigError> {
    let path = folder.join(ACCEPTED);
    let file: File = match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| ConfigError::new(&path, error))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(File { version: 1, ..File::default() });
        }
        Err(error) => return Err(ConfigError::new(&path, error)),
    };
    if file.version != 1 {
        return Err(ConfigError::new(&path, format!("`version` is {}, this program reads 1", file.version)));
    }
    Ok(file)
}

/// Replaces a file whole, so that a server that reads it meanwhile reads one of both.
///
/// # Errors
/// It cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), ConfigError> {
    use std::io::Write as _;
    let failed = |error: &dyn std::fmt::Display| ConfigError::new(path, error.to_string());
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|error| failed(&error))?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(|error| failed(&error))?;
    file.persist(path).map_err(|error| failed(&error))?;
    Ok(())
}

/// Whether a declaration can be registered.
fn check(file: &ConnectorFile, changes_nothing: &BTreeSet<String>) -> Result<(), String> {
    if BUILT_IN.contains(&file.name.as_str()) {
        return Err(format!("a connector `{}` is part of the server: give yours another name", file.name));
    }
    if file.name == "accepted" {
        return Err("a connector is not called `accepted`: the file of acceptances is".to_owned());
    }
    for name in unusual(file) {
        if !changes_nothing.contains(name) {
            return Err(format!(
                "`{name}` is declared to change nothing and is no GET: if that is so, add `--changes-nothing {name}`"
            ));
        }
    }
    Ok(())
}

/// The actions that are declared to leave everything as it was and are done by what can change something: by another method than
/// GET, or by a tool.
pub fn unusual(file: &ConnectorFile) -> impl Iterator<Item = &str> {
    file.actions.iter().filter_map(|action| match &action.transport {
        Some(Transport::Http(http)) if http.method == Method::Get => None,
        Some(_) if action.is_harmless() => Some(action.name.as_str()),
        _ => None,
    })
}
