//! `xpd unkill`: asks to lift a kill. It is lifted by a second administrator or by the holder of the recovery
//! key.

use std::process::ExitCode;

use xp_wire::body::{LiftRequest, LiftResponse, StopInForce};

use super::Done;
use crate::client::Client;
use crate::out::print;
use crate::{Failure, Scope, Server};

pub async fn run(scope: Option<Scope>, reason: String, server: Server) -> Done {
    let client = Client::new(&server)?;
    let failed = |error: serde_json::Error| Failure::Failed(error.to_string());
    let Some(scope) = scope else {
        let stops: Vec<StopInForce> =
            serde_json::from_slice(&client.get(&["v1", "stops"]).await?).map_err(failed)?;
        for StopInForce { scope, reason, by, asked_by, .. } in stops {
            let asked = asked_by.map(|who| format!("; {who} asks that it be lifted")).unwrap_or_default();
            print(&format!("{scope}, by {by}: {reason}{asked}\n"))?;
        }
        return Ok(ExitCode::SUCCESS);
    };
    let (scope, text) = scope.wire();
    let bytes = client.post(&["v1", "lift"], &LiftRequest { scope, reason }).await?;
    let answer: LiftResponse = serde_json::from_slice(&bytes).map_err(failed)?;
    print(&match answer.lifted {
        true => format!("lifted: {text}; what was granted before stays void\n"),
        false => {
            format!("asked: {text} stays stopped until another administrator asks the same, within a day\n")
        }
    })?;
    Ok(ExitCode::SUCCESS)
}
