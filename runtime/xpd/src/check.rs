//! The checks of `xpd doctor`: what the server reads at its start, without creating, writing or sending
//! anything.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use xpd_doors::socket;
use xpd_engine::keys::{check_private_folder, look};
use xpd_engine::{ConfigError, LogKey};
use xpd_store::{StoreError, sqlite};
use xpd_token::KeyPair;

use crate::config::Config;
use crate::folder::{begun, complete};
use crate::settled::rules;

/// A checked item with its state, or with the fault.
pub type Finding = (String, Result<String, String>);

/// Checks everything that the server reads at its start.
pub async fn check(config: &Config) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    let mut note = |what: &str, is: Result<String, String>| found.push((what.to_owned(), is));
    let wrong = |error: ConfigError| error.to_string();
    for (name, instance) in &config.connectors {
        let made = instance.make(name, &config.file);
        note(&format!("connector {name}"), made.map(|_| "can be made".to_owned()).map_err(wrong));
    }
    note("roster", rules(config).map(|_| "can be read".to_owned()).map_err(wrong));
    let new = sqlite::is_new(&config.data);
    note("data folder", folder(&config.data, new));
    note("keys folder", folder(&config.keys, new));
    for (name, is) in look(&config.keys, new) {
        note(name, is.map_err(wrong));
    }
    let key = KeyPair::read_file(&config.keys.join("log.pem")).ok();
    let key = key.and_then(|key| LogKey::new(&config.name, Arc::new(key)).ok());
    note("store", store(config, key.as_ref()).map_err(|error| error.to_string()));
    if let Some(path) = &config.socket {
        note("socket", place(path, &config.data).await);
    }
    note(
        "administrators' socket",
        match config.data.exists() {
            true => place(&config.admin_socket(), &config.data).await,
            false => Ok("made at the first start".to_owned()),
        },
    );
    if let Some(address) = config.listen.filter(|address| address.port() != 0) {
        note("listener", port(address, &config.data));
    }
    found
}

fn folder(path: &Path, new: bool) -> Result<String, String> {
    if new && !path.exists() {
        return Ok("made at the first start".to_owned());
    }
    check_private_folder(path).map(|()| "for its owner only".to_owned()).map_err(|error| error.to_string())
}

/// Checks the database and that its log belongs to this key.
fn store(config: &Config, key: Option<&LogKey>) -> Result<String, StoreError> {
    let key_file = config.keys.join("log.pem");
    match (sqlite::is_new(&config.data), key) {
        (true, _) if key_file.exists() => return Err(StoreError::Folder(begun(&key_file).to_string())),
        (false, Some(key)) => complete(config, key)?,
        _ => {}
    }
    sqlite::check(&config.data)
}

async fn place(path: &Path, data: &Path) -> Result<String, String> {
    use std::os::unix::fs::FileTypeExt as _;
    let at = path.display();
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() && !parent.is_dir() => {
                Err(format!("{at}: there is no folder for it"))
            }
            _ => Ok(format!("{at}: free")),
        },
        Err(error) => Err(format!("{at}: {error}")),
        Ok(found) if !found.file_type().is_socket() => Err(format!("{at}: something else stands there")),
        Ok(_) => match socket::answers(path).await {
            Ok(false) => Ok(format!("{at}: left behind, taken over at the next start")),
            Ok(true) => taken(&at.to_string(), data),
            Err(error) => Err(format!("{at}: {error}")),
        },
    }
}

fn port(address: SocketAddr, data: &Path) -> Result<String, String> {
    match TcpStream::connect_timeout(&address, Duration::from_secs(1)) {
        Ok(_) => taken(&address.to_string(), data),
        Err(_) => Ok(format!("{address}: free")),
    }
}

/// Reports that an address is in use, by this folder's server or by another.
fn taken(at: &str, data: &Path) -> Result<String, String> {
    if sqlite::is_taken(data) {
        Ok(format!("{at}: a server answers"))
    } else {
        Err(format!("{at}: another server answers there, and it is not the one of this data folder"))
    }
}
