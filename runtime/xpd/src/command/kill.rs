//! `xpd kill`: returns when no request of a stopped action can leave the server any more.

use std::process::ExitCode;

use xp_wire::body::{KillRequest, KillResponse};

use super::Done;
use crate::client::Client;
use crate::out::print;
use crate::{Failure, Scope, Server};

pub async fn run(scope: Scope, reason: String, server: Server) -> Done {
    let (scope, text) = scope.wire();
    let bytes = Client::new(&server)?.post(&["v1", "kill"], &KillRequest { scope, reason }).await?;
    let answer: KillResponse =
        serde_json::from_slice(&bytes).map_err(|error| Failure::Failed(error.to_string()))?;
    let requests: usize = answer.ended.iter().map(|ended| ended.requests.len()).sum();
    let mut said = format!("stopped: {text}");
    if !answer.ended.is_empty() {
        said += &match requests {
            0 => format!(
                "; {} under way, between requests:",
                count(answer.ended.len(), "action was", "actions were")
            ),
            _ => format!("; {} under way:", count(requests, "request was", "requests were")),
        };
    }
    for ended in &answer.ended {
        said += &format!("\n  {ended}");
    }
    print(&format!("{said}\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn count(number: usize, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}
