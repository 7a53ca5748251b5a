//! `xpd serve` in a folder, until it is dropped.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use super::shell;
use crate::Done;

/// `xpd serve`.
pub struct Daemon {
    child: Child,
    /// Address of its listener for agents, if it has one.
    pub address: String,
    /// The log's public key.
    pub log_key: String,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Daemon {
    /// Starts the server with the configuration `xpd.toml` of a folder.
    pub fn start(folder: &Path) -> Done<Self> {
        let log = File::create(folder.join("xpd.log")).map_err(|error| error.to_string())?;
        // The server ends with this process, however it ends.
        let mut command = shell::program("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(shell::ours("XP_XPD", "xpd")?);
        command.current_dir(folder).args(["serve", "--config", "xpd.toml"]);
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn();
        let mut child = spawned.map_err(|error| format!("xpd cannot be run: {error}"))?;
        let output = child.stdout.take().ok_or("xpd does not talk")?;
        let mut daemon = Self { child, address: String::new(), log_key: String::new() };
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some(address) = line.strip_prefix("listening on http://") {
                daemon.address = format!("http://{address}");
            } else if let Some(key) = line.strip_prefix("log key ") {
                daemon.log_key = key.to_owned();
                return Ok(daemon);
            }
        }
        let said = std::fs::read_to_string(folder.join("xpd.log")).unwrap_or_default();
        Err(format!("xpd did not start\n{said}"))
    }
}
