//! `xpd kill`: effective at the next claim.

use std::process::ExitCode;

use xp_wire::body::{KillRequest, KillScope};

use super::Done;
use crate::client::Client;
use crate::out::print;
use crate::{Scope, Server};

pub async fn run(scope: Scope, reason: String, server: Server) -> Done {
    let (scope, text) = match scope {
        Scope::Everything => (KillScope::Everything, "everything".to_owned()),
        Scope::Run { run } => (KillScope::Run(run.clone()), format!("run {run}")),
        Scope::Principal { name } => (KillScope::Principal(name.clone()), format!("principal {name}")),
    };
    Client::new(&server)?.post("/v1/kill", &KillRequest { scope, reason }).await?;
    print(&format!("stopped: {text}\n"))?;
    Ok(ExitCode::SUCCESS)
}
