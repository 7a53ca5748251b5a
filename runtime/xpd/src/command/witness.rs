//! `xpd witness`: cosigns checkpoints of other servers, until SIGINT or SIGTERM.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use xpd::witness::Witness;
use xpd_audit::note::Vkey;
use xpd_doors::{api, witness};
use xpd_store::SystemClock;

use super::Done;
use super::serve::EndSignals;
use crate::Failure;
use crate::out::print;

/// Limits of its listener.
const BUDGET: api::Budget = api::Budget { connections: 256, head: Duration::from_secs(10) };

pub async fn run(name: String, listen: std::net::SocketAddr, data: PathBuf, logs: Vec<String>) -> Done {
    xpd::telemetry::begin();
    let logs = logs.iter().map(|log| {
        log.parse()
            .map_err(|error: xpd_audit::note::VkeyError| Failure::Input(format!("--log: `{log}`: {error}")))
    });
    let logs = logs.collect::<Result<Vec<Vkey>, Failure>>()?;
    let opened = Witness::open(&data, &name, &logs, SystemClock::shared());
    let cosigner = Arc::new(opened.map_err(|error| Failure::Input(error.to_string()))?);
    let failed = |error: std::io::Error| Failure::Failed(format!("{listen}: {error}"));
    let listener = TcpListener::bind(listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let mut ends = EndSignals::new().map_err(failed)?;
    print(&format!("listening on http://{address}\nwitness key {}\n", cosigner.key()))?;
    let (stopping, stopped) = watch::channel(false);
    tokio::spawn(async move {
        ends.one().await;
        let _ = stopping.send(true);
    });
    api::serve(listener, witness::router(cosigner), BUDGET, stopped).await;
    Ok(ExitCode::SUCCESS)
}
