//! `xpd people`: links for people, confirmation and withdrawal of their passkeys.

use std::process::ExitCode;

use xp_wire::body::{ConfirmRequest, InviteResponse, PasskeySummary, PersonRequest};

use super::Done;
use crate::client::Client;
use crate::out::{print, say};
use crate::{Failure, People, Server};

pub async fn run(command: People, server: Server) -> Done {
    let client = Client::new(&server)?;
    let unread = |error: serde_json::Error| Failure::Failed(error.to_string());
    match command {
        People::Invite { name } => {
            let bytes =
                client.post(&["v1", "people", "invite"], &PersonRequest { person: name.clone() }).await?;
            let InviteResponse { link, expires_in } = serde_json::from_slice(&bytes).map_err(unread)?;
            print(&format!("{link}\n"))?;
            say(&format!(
                "the link is for {name} alone and works once, for {} minutes; then: xpd people confirm {name} NUMBER",
                expires_in / 60
            ));
        }
        People::Confirm { name, number } => {
            let ask = ConfirmRequest { person: name.clone(), number };
            client.post(&["v1", "people", "confirm"], &ask).await?;
            print(&format!("confirmed: the passkey of {name}\n"))?;
        }
        People::Revoke { name } => {
            client.post(&["v1", "people", "revoke"], &PersonRequest { person: name.clone() }).await?;
            print(&format!("withdrawn: passkeys, links and sessions of {name}\n"))?;
        }
        People::List => {
            let bytes = client.get(&["v1", "people"]).await?;
            let all: Vec<PasskeySummary> = serde_json::from_slice(&bytes).map_err(unread)?;
            for PasskeySummary { person, passkey, state } in all {
                print(&format!("{person} {state} {passkey}\n"))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
