//! `xpd kill`: effective at the next claim.

use std::process::ExitCode;

use reqwest::Method;
use serde_json::json;

use super::Done;
use crate::client::Client;
use crate::out::print;
use crate::{Scope, Server};

pub async fn run(scope: Scope, reason: String, server: Server) -> Done {
    let (scope, text) = match scope {
        Scope::Everything => (json!("everything"), "everything".to_owned()),
        Scope::Run { run } => (json!({ "run": run }), format!("run {run}")),
        Scope::Principal { name } => (json!({ "principal": name }), format!("principal {name}")),
    };
    let body = json!({ "scope": scope, "reason": reason });
    Client::new(&server)?.send(Method::POST, "/v1/kill", Some(&body)).await?;
    print(&format!("stopped: {text}\n"))?;
    Ok(ExitCode::SUCCESS)
}
