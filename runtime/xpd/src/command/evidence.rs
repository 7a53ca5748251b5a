//! `xpd evidence`: fetches the evidence package of a run into a file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::Done;
use crate::client::Client;
use crate::out::say;
use crate::{Failure, Server};

pub async fn run(run: String, output: PathBuf, transcript: bool, server: Server) -> Done {
    let client = Client::new(&server)?;
    let package = client.get(&["v1", "runs", &run, "evidence"]).await?;
    if transcript {
        let calls = xpd_audit::evidence::transcript(&package).map_err(Failure::Failed)?;
        return write(&output, calls.as_bytes()).map(|()| ExitCode::SUCCESS);
    }
    write(&output, &package)?;
    if xpd_audit::evidence::is_open(&package) {
        say(&format!(
            "{run} is still open: this package ends where the run stands now, and `xpd audit verify` will call it `incomplete`"
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a file for its owner: it holds every value of the run.
fn write(output: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let written = match std::fs::metadata(output) {
        // A device or a pipe is written to, and not replaced.
        Ok(there) if !there.is_file() => {
            std::fs::write(output, bytes).map_err(|error| format!("{}: {error}", output.display()))
        }
        _ => xpd::registered::write(output, bytes).map_err(|error| error.to_string()),
    };
    written.map_err(Failure::Input)
}
