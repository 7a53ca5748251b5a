//! `xpd doctor`: checks an installation and reports all faults.

use std::path::PathBuf;
use std::process::ExitCode;

use reqwest::Url;
use xpd::config::{Config, Instance};
use xpd_connectors::sandbox;

use super::Done;
use crate::Failure;
use crate::out::{print, with_causes};

pub async fn run(path: PathBuf) -> Done {
    let config = Config::read(&path).map_err(|error| Failure::Input(error.to_string()))?;
    let mut findings = Findings::default();
    findings.note("git", program("git", &["--version"]).await.and_then(|text| recent_git(&text)))?;
    if config.connectors.values().any(|instance| instance.kind == "sandbox") {
        findings.note("bubblewrap", sandbox::available().await.map(|()| "makes containers".to_owned()))?;
    }
    for (what, found) in xpd::check::check(&config).await {
        findings.note(&what, found)?;
    }
    for open in &config.left_open {
        print(&format!("open   {}: {}\n", open.name(), open.text()))?;
    }
    for (name, instance) in &config.connectors {
        // A refused address is not shown, since it may contain a secret.
        if let Some(url) = address(instance).filter(|_| instance.make(name, &config.file).is_ok()) {
            findings.note(&format!("connector {name}"), reach(url, instance).await)?;
        }
    }
    Ok(findings.end())
}

#[derive(Default)]
struct Findings {
    wrong: u32,
}

impl Findings {
    fn note(&mut self, what: &str, found: Result<String, String>) -> Result<(), Failure> {
        match found {
            Ok(text) => print(&format!("ok     {what}: {text}\n")),
            Err(text) => {
                self.wrong += 1;
                print(&format!("wrong  {what}: {text}\n"))
            }
        }
    }

    fn end(self) -> ExitCode {
        if self.wrong == 0 { ExitCode::SUCCESS } else { ExitCode::from(3) }
    }
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

/// `merge-tree --write-tree` needs version 2.38.
fn recent_git(text: &str) -> Result<String, String> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse::<u32>().ok());
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if version >= (2, 38) { Ok(text.to_owned()) } else { Err(format!("{text}: the sandbox needs 2.38")) }
}

/// An address to which a request may be sent. A hook is not one, since any request to it may have an effect.
fn address(instance: &Instance) -> Option<&str> {
    instance.table.get("base_url").and_then(|url| url.as_str())
}

async fn reach(url: &str, instance: &Instance) -> Result<String, String> {
    let wrong = |why: &dyn std::fmt::Display| format!("{url}: {why}");
    let base = Url::parse(url).map_err(|error| wrong(&error))?;
    let reach = xpd_connectors::reach(&instance.table).map_err(|error| wrong(&error))?;
    let client = xpd_egress::client(&base, &reach)
        .map_err(|error| wrong(&error))?
        .timeout(std::time::Duration::from_secs(10))
        .build()
        .map_err(|error| with_causes(&error))?;
    let answer = client.get(base).send().await.map_err(|error| wrong(&with_causes(&error.without_url())))?;
    Ok(format!("{url} answers with status {}", answer.status().as_u16()))
}
