//! `xpd doubts`: lists actions in doubt, and resolves those that need a person.

use std::process::ExitCode;

use serde_json::Value;
use xp_wire::body::{Doubtful, ResolveRequest};

use super::Done;
use crate::client::Client;
use crate::out::print;
use crate::{Doubts, Failure, Server};

pub async fn run(command: Doubts, server: Server) -> Done {
    let client = Client::new(&server)?;
    match command {
        Doubts::List => {
            let bytes = client.get(&["v1", "doubts"]).await?;
            let doubts: Vec<Doubtful> =
                serde_json::from_slice(&bytes).map_err(|error| Failure::Failed(error.to_string()))?;
            for doubt in doubts {
                let Doubtful { jti, run, step, action, instance, principal, waits_for } = doubt;
                print(&format!(
                    "{jti} run {run} step {step} {action} at {instance} by {principal}, waits for a {waits_for}\n"
                ))?;
            }
        }
        Doubts::Resolve { jti, done, not_done: _ } => {
            // clap ensures that one of the two options is given.
            let result = done.as_deref().map(result).transpose()?;
            let word = ResolveRequest { done: result.is_some(), result };
            client.post(&["v1", "doubts", &jti], &word).await?;
            print(&format!("resolved: {jti}\n"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn result(text: &str) -> Result<Value, Failure> {
    let wrong = |why: String| Failure::Input(format!("--done: {why}"));
    match serde_json::from_str(text).map_err(|error| wrong(error.to_string()))? {
        Value::Null => Err(wrong(
            "null says neither: `--done '{}'` for an action that gives nothing back, `--not-done` for one not carried out"
                .to_owned(),
        )),
        result => Ok(result),
    }
}
