//! `xpd evidence`: fetches the evidence package of a run into a file.

use std::path::PathBuf;
use std::process::ExitCode;

use super::Done;
use crate::client::Client;
use crate::out::say;
use crate::{Failure, Server};

pub async fn run(run: String, output: PathBuf, server: Server) -> Done {
    let client = Client::new(&server)?;
    let package = client.get(&["v1", "runs", &run, "evidence"]).await?;
    // It holds every value of the run: the file is its owner's.
    let written = match std::fs::metadata(&output) {
        // A device or a pipe is written to, and not replaced.
        Ok(there) if !there.is_file() => {
            std::fs::write(&output, &package).map_err(|error| format!("{}: {error}", output.display()))
        }
        _ => xpd::registered::write(&output, &package).map_err(|error| error.to_string()),
    };
    written.map_err(Failure::Input)?;
    if xpd_audit::evidence::is_open(&package) {
        say(&format!(
            "{run} is still open: this package ends where the run stands now, and `xpd audit verify` will call it `incomplete`"
        ));
    }
    Ok(ExitCode::SUCCESS)
}
