//! `xpd audit verify`: verifies a package offline.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use xp_artifact::VerifyingKey;
use xpd_audit::note::Policy;
use xpd_audit::verify::{Trust, Verdict, verify_package};
use xpd_engine::{PRIVATE_KEY, is_private_key};

use super::Done;
use crate::out::print;
use crate::{Failure, Format};

/// The package and what the verifier knows independently of it.
pub struct Ask<'a> {
    pub file: &'a Path,
    pub log_key: Option<&'a str>,
    pub artifact_keys: &'a [PathBuf],
    pub policy: Option<&'a Path>,
}

pub fn verify(ask: &Ask<'_>, format: Format) -> Done {
    let Ask { file, log_key, artifact_keys, policy } = *ask;
    let input =
        |path: &Path, error: &dyn std::fmt::Display| Failure::Input(format!("{}: {error}", path.display()));
    let package = std::fs::read(file).map_err(|error| input(file, &error))?;
    let mut trust = Trust::default();
    if let Some(given) = log_key {
        // The argument is a key or the path of a file with one.
        let text = if given.contains('+') && !Path::new(given).exists() {
            given.to_owned()
        } else {
            std::fs::read_to_string(given).map_err(|error| input(Path::new(given), &error))?
        };
        let key = text.trim().parse();
        trust.log_key = Some(
            key.map_err(|error: xpd_audit::note::VkeyError| Failure::Input(format!("log key: {error}")))?,
        );
    }
    for path in artifact_keys {
        let pem = std::fs::read_to_string(path).map_err(|error| input(path, &error))?;
        trust.artifact_keys.push(VerifyingKey::from_pem(&pem).map_err(|error| {
            if is_private_key(&pem) { input(path, &PRIVATE_KEY) } else { input(path, &error) }
        })?);
    }
    if let Some(path) = policy {
        let text = std::fs::read_to_string(path).map_err(|error| input(path, &error))?;
        trust.policy = Some(Policy::parse(&text).map_err(|error| input(path, &error))?);
    }
    let report = verify_package(&package, &trust);
    match format {
        Format::Human => print(&report.to_string())?,
        Format::Json => {
            let text =
                serde_json::to_string_pretty(&report).map_err(|error| Failure::Failed(error.to_string()))?;
            print(&format!("{text}\n"))?;
        }
    }
    Ok(ExitCode::from(match report.verdict {
        Verdict::Verified => 0,
        Verdict::Shadow => 5,
        Verdict::Failed | Verdict::Incomplete => 3,
        Verdict::SelfConsistent => 4,
    }))
}
