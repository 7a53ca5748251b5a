//! `xpd doctor`: what is wrong with this installation, all of it at once.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use xpd_server::config::Config;
use xpd_server::{connectors, roster};

use super::Done;
use crate::Failure;

pub async fn run(path: PathBuf) -> Done {
    let config = Config::read(&path).map_err(|error| Failure::Input(error.to_string()))?;
    let mut findings = Findings::default();
    findings.note("git", program("git", &["--version"]).await.and_then(|text| recent_git(&text)));
    if config.connectors.values().any(|instance| instance.kind == "sandbox") {
        findings.note(
            "bubblewrap",
            connectors::sandbox::available().await.map(|()| "makes containers".to_owned()),
        );
        if rustix::process::geteuid().is_root() {
            println!("note   process limit: this is root, whose processes the kernel does not count");
        }
    }
    findings.note("roster", roster::Roster::read(&config.roster).map(ok).map_err(|error| error.to_string()));
    findings.note("data folder", private(&config.data, 0o700));
    findings.note("keys folder", private(&config.keys, 0o700));
    for name in ["grant.pem", "session.pem", "log.pem", "admin.pem", "marker.pem"] {
        findings.note(name, private(&config.keys.join(name), 0o600));
    }
    findings.note("store", xpd_server::check_store(&config.data).map_err(|error| error.to_string()));
    for (name, instance) in &config.connectors {
        if let Some(url) = instance.table.get("base_url").and_then(|url| url.as_str()) {
            findings.note(&format!("connector {name}"), reach(url).await);
        }
    }
    Ok(findings.end())
}

#[derive(Default)]
struct Findings {
    wrong: u32,
}

impl Findings {
    fn note(&mut self, what: &str, found: Result<String, String>) {
        match found {
            Ok(text) => println!("ok     {what}: {text}"),
            Err(text) => {
                self.wrong += 1;
                println!("wrong  {what}: {text}");
            }
        }
    }

    fn end(self) -> ExitCode {
        if self.wrong == 0 { ExitCode::SUCCESS } else { ExitCode::from(3) }
    }
}

fn ok<T>(_: T) -> String {
    "can be read".to_owned()
}

async fn program(name: &str, args: &[&str]) -> Result<String, String> {
    let output =
        tokio::process::Command::new(name).args(args).output().await.map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        Err(format!("ended with {}", output.status))
    }
}

/// `merge-tree --write-tree` came with 2.38.
fn recent_git(text: &str) -> Result<String, String> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse::<u32>().ok());
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if version >= (2, 38) { Ok(text.to_owned()) } else { Err(format!("{text}: the sandbox needs 2.38")) }
}

fn private(path: &Path, mode: u32) -> Result<String, String> {
    use std::os::unix::fs::PermissionsExt as _;
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Ok("made at the first start".to_owned())
        }
        Err(error) => Err(error.to_string()),
        Ok(metadata) => {
            let found = metadata.permissions().mode() & 0o777;
            if found & !mode == 0 {
                Ok(format!("mode {found:03o}"))
            } else {
                Err(format!("mode {found:03o}, must be {mode:03o}"))
            }
        }
    }
}

async fn reach(url: &str) -> Result<String, String> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(std::time::Duration::from_secs(10))
        .build()
        .map_err(|error| error.to_string())?;
    let answer = client.get(url).send().await.map_err(|error| error.to_string())?;
    Ok(format!("{url} answers with status {}", answer.status().as_u16()))
}
