//! The door at which a key was enrolled: its address, the server's name and the key of its log, beside the file of the key.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use xp_wire::body::ServerResponse;

use crate::{Failure, Server};

/// Bytes of the file.
const MAX_PIN: u64 = 64 * 1024;

/// The door at which a key was enrolled.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    server: Option<String>,
    socket: Option<PathBuf>,
    name: String,
    log_key: String,
}

/// The file beside that of a key.
fn beside(key: &Path) -> PathBuf {
    let mut name = key.as_os_str().to_owned();
    name.push(".door");
    name.into()
}

fn wrong(file: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::Input(format!("{}: {why}", file.display()))
}

impl Pin {
    /// The door that answered at an address.
    pub fn new(at: &Server, answered: ServerResponse) -> Result<Self, Failure> {
        let ServerResponse { name, log_key, .. } = answered;
        let socket = at.socket.as_deref().map(std::path::absolute).transpose();
        let socket = socket.map_err(|error| Failure::Failed(error.to_string()))?;
        Ok(Self { server: at.server.clone(), socket, name, log_key })
    }

    /// Writes it beside a key, with mode 0600. Fails if there is one.
    pub fn write(&self, key: &Path) -> Result<(), Failure> {
        let file = beside(key);
        let text = serde_json::to_vec(self).map_err(|error| wrong(&file, &error))?;
        let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file);
        let written = created.and_then(|mut open| open.write_all(&text).and_then(|()| open.sync_all()));
        written.map_err(|error| wrong(&file, &error))
    }

    /// That of a key, if it was enrolled at a door.
    pub fn of(key: &Path) -> Result<Option<Self>, Failure> {
        use std::io::Read as _;
        let file = beside(key);
        let open = match std::fs::File::open(&file) {
            Ok(open) => open,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(wrong(&file, &error)),
        };
        let mut bytes = Vec::new();
        open.take(MAX_PIN).read_to_end(&mut bytes).map_err(|error| wrong(&file, &error))?;
        serde_json::from_slice(&bytes).map(Some).map_err(|error| wrong(&file, &error))
    }

    /// The address of the door, which a command may repeat and not change.
    pub fn address(&self, asked: &Server) -> Result<Server, Failure> {
        let plain = |url: &str| url.trim_end_matches('/').to_owned();
        let url = asked
            .server
            .as_deref()
            .is_none_or(|url| self.server.as_deref().is_some_and(|own| plain(own) == plain(url)));
        let socket = asked.socket.as_deref().is_none_or(|path| std::path::absolute(path).ok() == self.socket);
        if !url || !socket {
            return Err(Failure::Input(format!(
                "this key is enrolled at another door: {}; leave the address out, or enrol another key there",
                self.place()
            )));
        }
        Ok(Server { server: self.server.clone(), socket: self.socket.clone(), key: asked.key.clone() })
    }

    /// Compares what answered at the address.
    pub fn compare(&self, answered: &ServerResponse) -> Result<(), Failure> {
        if answered.name == self.name && answered.log_key == self.log_key {
            return Ok(());
        }
        Err(Failure::Refused(format!(
            "what answers at {} is not the server at which this key was enrolled: it has another name or another key of \
             its log; ask an administrator, and enrol a new key if the server is a new one",
            self.place()
        )))
    }

    /// The door, for people.
    pub fn described(&self) -> String {
        format!("`{}` at {} with the log key {}", self.name, self.place(), self.log_key)
    }

    fn place(&self) -> String {
        let socket = self.socket.as_deref().map(|path| path.display().to_string());
        self.server.clone().or(socket).unwrap_or_default()
    }
}
