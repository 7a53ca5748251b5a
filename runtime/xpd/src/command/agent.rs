//! `xpd agent`: makes an agent's key, whose lines an administrator adds to the roster, and starts runs by it.

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde_json::{Map, Value, json};
use xp_wire::body::{StartRequest, StartResponse};
use xpd_token::KeyPair;

use super::Done;
use crate::client::Client;
use crate::out::{print, say};
use crate::pin::Pin;
use crate::{Failure, Server};

/// A new key.
pub fn new_key() -> Result<KeyPair, Failure> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| Failure::Failed(error.to_string()))?;
    KeyPair::from_seed(seed).map_err(|error| Failure::Failed(error.to_string()))
}

/// Makes a key in the file that `door` names, for that door alone if its address is given.
pub async fn enrol(name: &str, controller: &str, roles: &[String], door: &Server) -> Done {
    let (key, output) = (new_key()?, door.key.as_path());
    let wrong = |error: &dyn std::fmt::Display| Failure::Input(format!("{}: {error}", output.display()));
    key.write_file(output).map_err(|error| wrong(&error))?;
    if door.server.is_some() || door.socket.is_some() {
        match pinned(door).await {
            Ok(pin) => say(&format!("the key is for the server {}", pin.described())),
            Err(failure) => {
                let _ = std::fs::remove_file(output);
                return Err(failure);
            }
        }
    }
    let jwks = json!(xpd_token::jwks([key.public()]));
    let members = jwks.pointer("/keys/0").and_then(Value::as_object).into_iter().flatten();
    let members: Vec<String> = members.map(|(name, value)| format!("{name} = {value}")).collect();
    // A JSON string or array of strings is one of TOML, too.
    print(&format!(
        "[[principal]]\nname = {}\ncontroller = {}\nroles = {}\nheld = \"file\"\nkey = {{ {} }}\n",
        json!(name),
        json!(controller),
        json!(roles),
        members.join(", ")
    ))?;
    say(&format!(
        "wrote {}; an administrator adds these lines to the roster after comparing the thumbprint {}",
        output.display(),
        key.kid()
    ));
    Ok(ExitCode::SUCCESS)
}

/// Asks a door who it is, and keeps the answer beside the key.
async fn pinned(door: &Server) -> Result<Pin, Failure> {
    let bytes = Client::new(door)?.get(&["v1", "server"]).await?;
    let answered = serde_json::from_slice(&bytes).map_err(|error| Failure::Failed(error.to_string()))?;
    let pin = Pin::new(door, answered)?;
    pin.write(&door.key)?;
    Ok(pin)
}

/// Starts a run and prints its id.
pub async fn start(artifact: String, params: &[String], server: &Server) -> Done {
    let params = parameters(params)?;
    let request_id = None;
    let ask = StartRequest { artifact, params, staff: BTreeMap::new(), request_id };
    let client = Client::of_agent(server)?;
    client.recognise().await?;
    let bytes = client.post(&["v1", "runs"], &ask).await?;
    let started: StartResponse =
        serde_json::from_slice(&bytes).map_err(|error| Failure::Failed(error.to_string()))?;
    print(&format!("{}\n", started.run))?;
    Ok(ExitCode::SUCCESS)
}

pub fn parameters(given: &[String]) -> Result<Map<String, Value>, Failure> {
    let mut params = Map::new();
    for text in given {
        let wrong = |why: &str| Failure::Input(format!("`--param {text}`: {why}"));
        let (name, value) = text.split_once('=').ok_or_else(|| wrong("write NAME=VALUE"))?;
        let (name, value) = match name.strip_suffix(':') {
            None => (name, Value::String(value.to_owned())),
            Some(name) => {
                (name, serde_json::from_str(value).map_err(|_| wrong("this is not JSON after `:=`"))?)
            }
        };
        if params.insert(name.to_owned(), value).is_some() {
            return Err(wrong("the parameter is given twice"));
        }
    }
    Ok(params)
}
