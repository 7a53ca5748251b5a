//! `xpd doubts`: what a person must look at.

use std::process::ExitCode;

use reqwest::Method;
use serde_json::{Value, json};

use super::Done;
use crate::client::Client;
use crate::out::print;
use crate::{Doubts, Failure, Server};

pub async fn run(command: Doubts, server: Server) -> Done {
    let client = Client::new(&server)?;
    match command {
        Doubts::List => {
            let bytes = client.send(Method::GET, "/v1/doubts", None).await?;
            let doubts: Vec<Value> =
                serde_json::from_slice(&bytes).map_err(|error| Failure::Failed(error.to_string()))?;
            for doubt in doubts {
                let part = |name: &str| doubt.get(name).and_then(Value::as_str).unwrap_or("?");
                print(&format!(
                    "{} run {} step {} {} at {} by {}, waits for a {}\n",
                    part("jti"),
                    part("run"),
                    part("step"),
                    part("action"),
                    part("instance"),
                    part("principal"),
                    part("waits_for")
                ))?;
            }
        }
        Doubts::Resolve { jti, done, not_done: _ } => {
            // One of the two was given.
            let body = match done {
                None => json!({ "done": false }),
                Some(text) => json!({ "done": true, "result": result(&text)? }),
            };
            client.send(Method::POST, &format!("/v1/doubts/{jti}"), Some(&body)).await?;
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
