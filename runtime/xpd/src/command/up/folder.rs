//! The files of the folder. Every one is made once and kept.

use std::path::{Path, PathBuf};

use xpd_engine::ConfigError;
use xpd_engine::keys::make_private_folder;

use super::CONFIG;
use crate::Failure;
use crate::command::agent;

/// Folder of the keys that this command makes.
pub const KEYS: &str = "keys";
/// The key that signs artifacts.
pub const SIGNER: &str = "keys/signer.pem";
/// Its public half.
pub const SIGNER_PUBLIC: &str = "keys/signer.pub.pem";
/// Tables of connector instances for a new configuration.
pub const CONNECTORS: &str = "connectors.toml";
/// The roster.
pub const ROSTER: &str = "roster.toml";
/// The agents' socket.
pub const SOCKET: &str = "xpd.sock";
/// The administrators' socket.
pub const ADMIN_SOCKET: &str = "data/admin.sock";
/// The server's own log.
pub const LOG: &str = "xpd.log";
/// Folder of what is compiled.
const MADE: &str = "build";
/// Where the people's door is, if nothing else is there.
const PEOPLE: u16 = 7_413;

fn failed(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::Failed(format!("{}: {error}", path.display()))
}

/// No server works in this folder. Asked before anything is written, since a running server reads changed files.
pub fn is_idle() -> Result<(), Failure> {
    match std::os::unix::net::UnixStream::connect(ADMIN_SOCKET) {
        Ok(_) => Err(Failure::Input(format!(
            "a server works in this folder already: {ADMIN_SOCKET} answers. Stop it, or use it; nothing was changed"
        ))),
        Err(_) => Ok(()),
    }
}

/// The place of a file that is made again at each start.
pub fn made(name: &str) -> Result<PathBuf, Failure> {
    config(make_private_folder(Path::new(MADE)))?;
    Ok(Path::new(MADE).join(name))
}

/// Writes a file for its owner, in place of another one.
pub fn write(path: &Path, text: &str) -> Result<(), Failure> {
    config(xpd::registered::write(path, text.as_bytes()))
}

fn config<T>(done: Result<T, ConfigError>) -> Result<T, Failure> {
    done.map_err(|error| Failure::Failed(error.to_string()))
}

/// A new key pair in two files, named for its holder.
pub fn key(name: &str) -> Result<(), Failure> {
    config(make_private_folder(Path::new(KEYS)))?;
    let (own, public) = key_files(name);
    let key = agent::new_key()?;
    if own.exists() {
        std::fs::remove_file(&own).map_err(|error| failed(&own, &error))?;
    }
    key.write_file(&own).map_err(|error| failed(&own, &error))?;
    write(&public, &key.public().to_pem().map_err(|error| failed(&public, &error))?)
}

/// The files of a key pair.
pub fn key_files(name: &str) -> (PathBuf, PathBuf) {
    let folder = Path::new(KEYS);
    (folder.join(format!("{name}.pem")), folder.join(format!("{name}.pub.pem")))
}

/// Makes the key that signs artifacts, if it is not there.
pub fn signer() -> Result<(), Failure> {
    match (Path::new(SIGNER).exists(), Path::new(SIGNER_PUBLIC).exists()) {
        (true, true) => Ok(()),
        (false, false) => key("signer"),
        _ => Err(Failure::Input(format!(
            "{SIGNER} and {SIGNER_PUBLIC} belong together, and one is missing: put it back, or remove the other"
        ))),
    }
}

/// Writes the configuration, if there is none; says what was made.
pub fn configuration(people: bool, bypass: bool) -> Result<Option<String>, Failure> {
    if Path::new(CONFIG).exists() {
        return Ok(None);
    }
    let also = if bypass { ", \"bypass\"" } else { "" };
    let mut text = format!(
        "# Written once by `xpd up`; change it as you like.\n\n[server]\nsocket = \"{SOCKET}\"\nsocket_mode = \"0600\"\ndata = \"data\"\n\
         roster = \"{}\"\n# Agents and server are one user of this host: every package of evidence says so. Remove it once they are not.\n\
         left_open = [\"same_user\"{also}]\n\n[artifacts]\ntrusted = [\"{SIGNER_PUBLIC}\"]\n",
        ROSTER
    );
    if people {
        text += &format!("\n[people]\nlisten = \"127.0.0.1:{}\"\n", port()?);
    }
    text += &instances()?;
    write(Path::new(CONFIG), &text)?;
    Ok(Some(CONFIG.to_owned()))
}

/// The usual port, or a free one.
fn port() -> Result<u16, Failure> {
    let bound = std::net::TcpListener::bind(("127.0.0.1", PEOPLE));
    let bound = bound.or_else(|_| std::net::TcpListener::bind(("127.0.0.1", 0)));
    let address = bound.and_then(|bound| bound.local_addr());
    address.map(|address| address.port()).map_err(|error| Failure::Failed(format!("127.0.0.1: {error}")))
}

/// The tables of [`CONNECTORS`]. What a command names in this folder is named by its absolute path, and a program is pinned as it is now.
fn instances() -> Result<String, Failure> {
    let path = Path::new(CONNECTORS);
    if !path.exists() {
        return Ok(String::new());
    }
    let wrong = |error: &dyn std::fmt::Display| Failure::Input(format!("{CONNECTORS}: {error}"));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
    let mut file: toml::Table = toml::from_str(&text).map_err(|error| wrong(&error.message()))?;
    if let Some(other) = file.keys().find(|key| *key != "connector") {
        return Err(wrong(&format!("`{other}` belongs into {CONFIG}; here are tables `[connector.NAME]`")));
    }
    let tables = file.get_mut("connector").and_then(toml::Value::as_table_mut);
    for (_, table) in tables.into_iter().flat_map(toml::Table::iter_mut) {
        if let Some(table) = table.as_table_mut() {
            pinned(table).map_err(|why| wrong(&why))?;
        }
    }
    let text = toml::to_string(&file).map_err(|error| wrong(&error))?;
    Ok(format!("\n{text}"))
}

fn pinned(table: &mut toml::Table) -> Result<(), String> {
    let Some(command) = table.get_mut("command").and_then(toml::Value::as_array_mut) else { return Ok(()) };
    let mut program = None;
    for word in command.iter_mut() {
        let Some(path) = word.as_str().map(Path::new) else { continue };
        if path.is_relative() && path.exists() {
            let absolute = std::path::absolute(path).map_err(|error| error.to_string())?;
            if path.is_file() {
                program = program.or_else(|| absolute.parent().map(Path::to_owned));
            }
            *word = toml::Value::String(absolute.display().to_string());
        }
    }
    if let (Some(folder), false) = (program, table.contains_key("program")) {
        let digest = xpd_connectors::program_digest(&folder)?;
        let mut pin = toml::Table::new();
        pin.insert("folder".to_owned(), toml::Value::String(folder.display().to_string()));
        pin.insert("digest".to_owned(), toml::Value::String(digest.to_string()));
        table.insert("program".to_owned(), toml::Value::Table(pin));
    }
    Ok(())
}
