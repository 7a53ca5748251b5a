//! `xpd doubts`: what a person must look at.

use std::process::ExitCode;

use reqwest::Method;
use serde_json::{Value, json};

use super::Done;
use crate::client::Client;
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
                println!(
                    "{} run {} step {} {} at {} by {}, waits for a {}",
                    part("jti"),
                    part("run"),
                    part("step"),
                    part("action"),
                    part("instance"),
                    part("principal"),
                    part("waits_for")
                );
            }
        }
        Doubts::Resolve { jti, result } => {
            let body = match result {
                None => json!({}),
                Some(text) => {
                    let result: Value = serde_json::from_str(&text)
                        .map_err(|error| Failure::Input(format!("--result: {error}")))?;
                    json!({ "result": result })
                }
            };
            client.send(Method::POST, &format!("/v1/doubts/{jti}"), Some(&body)).await?;
            println!("resolved: {jti}");
        }
    }
    Ok(ExitCode::SUCCESS)
}
