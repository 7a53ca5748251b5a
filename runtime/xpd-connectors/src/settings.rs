//! Reading of an instance's table: errors, secrets, addresses.

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use xpd_egress::Reach;
use xpd_proxy::Secret;

/// An error in the table of an instance, or in the file of a secret that it names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct MakeError {
    /// The file of the secret; `None` if the error is in the table.
    pub file: Option<PathBuf>,
    /// Key and description.
    pub what: String,
}

/// The location of a secret: an environment variable, or a file that only its owner may read.
#[derive(Deserialize)]
#[serde(try_from = "toml::Value")]
pub struct Kept {
    env: Option<String>,
    file: Option<String>,
}

impl TryFrom<toml::Value> for Kept {
    type Error = &'static str;

    /// A custom conversion, since a derived one would print the value, which is the secret itself if it was
    /// put in the wrong place.
    fn try_from(value: toml::Value) -> Result<Self, Self::Error> {
        let wrong = "a secret is `{ env = \"NAME\" }` or `{ file = \"PATH\" }`, never the secret itself";
        let toml::Value::Table(mut table) = value else { return Err(wrong) };
        let mut text = |name: &str| match table.remove(name) {
            None => Ok(None),
            Some(toml::Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong),
        };
        let kept = Self { env: text("env")?, file: text("file")? };
        if table.is_empty() { Ok(kept) } else { Err(wrong) }
    }
}

/// The addresses that the operator names in `reach`.
#[derive(Default, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub(crate) struct Named(pub(crate) Reach);

impl TryFrom<Vec<String>> for Named {
    type Error = String;

    fn try_from(named: Vec<String>) -> Result<Self, Self::Error> {
        Reach::parse(&named).map(Self).map_err(|why| format!("`reach`: {why}"))
    }
}

/// A parser's message without the text it quotes, which may be a misplaced secret.
#[must_use]
pub fn without_value(message: &str) -> String {
    // A word in the place of a table is a secret as likely as a misspelt kind.
    if let (true, Some((_, expected))) =
        (message.starts_with("unknown variant"), message.rsplit_once(", expected "))
    {
        return format!("unknown kind, expected {expected}");
    }
    let words = ["invalid type: string", "invalid value: string"];
    match (words.iter().find(|words| message.starts_with(**words)), message.rsplit_once(", expected ")) {
        (Some(words), Some((_, expected))) => format!("{words}, expected {expected}"),
        (Some(words), None) => (*words).to_owned(),
        (None, _) => message.to_owned(),
    }
}

/// An instance's table with its name, and the folder to which paths in it are relative.
pub(crate) struct Settings<'a> {
    pub name: &'a str,
    pub table: &'a toml::Table,
    pub folder: &'a Path,
}

impl<'a> Settings<'a> {
    pub fn new(name: &'a str, table: &'a toml::Table, folder: &'a Path) -> Self {
        Self { name, table, folder }
    }

    pub fn wrong(&self, what: impl ToString) -> MakeError {
        MakeError { file: None, what: format!("`connector.{}`: {}", self.name, what.to_string()) }
    }

    pub fn table<T: DeserializeOwned>(&self) -> Result<T, MakeError> {
        self.read(toml::Value::Table(self.table.clone()))
    }

    pub fn read<T: DeserializeOwned>(&self, value: toml::Value) -> Result<T, MakeError> {
        T::deserialize(value).map_err(|error| self.wrong(without_value(error.message())))
    }

    /// Reads the secret of a key. Messages call it `what`.
    pub fn secret(&self, key: &str, what: &str, kept: &Kept) -> Result<Secret, MakeError> {
        kept.read(key, what, self.folder).map_err(|error| match error.file {
            None => self.wrong(error.what),
            Some(_) => error,
        })
    }
}

impl Kept {
    /// Reads the secret of a key, which messages call `what`. Paths are relative to `folder`.
    ///
    /// # Errors
    /// The variable is not set, the file cannot be read or others may read it, or the secret is not valid.
    pub fn read(&self, key: &str, what: &str, folder: &Path) -> Result<Secret, MakeError> {
        let wrong = |what: String| MakeError { file: None, what };
        let text = match (&self.env, &self.file) {
            (Some(name), None) => std::env::var(name)
                .map(Zeroizing::new)
                .map_err(|_| wrong(format!("`{key}`: the variable `{name}` is not set")))?,
            (None, Some(name)) => {
                let path = folder.join(name);
                read_private(&path)
                    .map_err(|why| MakeError { file: Some(path), what: format!("`{key}`: {why}") })?
            }
            _ => return Err(wrong(format!("`{key}` needs either `env` or `file`"))),
        };
        Secret::new(&text).map_err(|error| wrong(format!("`{what}`: {error}")))
    }
}

/// Upper bound on the size of a secret's file, in bytes.
const MAX_SECRET: u64 = 64 * 1024;

/// Reads a file that only its owner may read.
fn read_private(path: &Path) -> Result<Zeroizing<String>, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let found = file.metadata().map_err(|error| error.to_string())?;
    let mode = found.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(format!("has mode {mode:03o}, must be 600 or stricter"));
    }
    // Reserves the full size: growing the buffer would leave an unwiped copy of the secret in freed memory.
    let room = usize::try_from(found.len().min(MAX_SECRET)).unwrap_or_default();
    let mut text = Zeroizing::new(String::with_capacity(room + 1));
    file.take(MAX_SECRET).read_to_string(&mut text).map_err(|error| error.to_string())?;
    Ok(text)
}
