//! Once the server answers: the artifact is deployed, a run is started unless one is open, people are invited, and the next commands are printed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use xp_wire::body::{InviteResponse, PasskeySummary, PersonRequest, StartRequest, StartResponse};

use super::roster::Roster;
use super::source::{Compiled, text, xpc};
use super::{ask, folder, runs};
use crate::client::Client;
use crate::out::print;
use crate::{Failure, Server};

const ADMIN_KEY: &str = "data/keys/admin.pem";

fn client(socket: &str, key: PathBuf) -> Result<Client, Failure> {
    Client::new(&Server { server: None, socket: Some(PathBuf::from(socket)), key })
}

fn unread(error: serde_json::Error) -> Failure {
    Failure::Failed(error.to_string())
}

/// Without a roster of this command, runs are started by whoever the operator's own names.
pub async fn tell(compiled: Compiled, roster: Option<Roster>, new_run: bool) -> Result<(), Failure> {
    let admin = client(folder::ADMIN_SOCKET, PathBuf::from(ADMIN_KEY))?;
    answers(&admin).await?;
    let (file, socket) = (compiled.artifact.clone(), format!("unix:{}", folder::ADMIN_SOCKET));
    let deployed = tokio::task::spawn_blocking(move || {
        xpc(&["deploy", text(&file)?, "--server", &socket, "--key", ADMIN_KEY]).map(drop)
    });
    deployed.await.map_err(|error| Failure::Failed(error.to_string()))??;
    let name = &compiled.workflow.name;
    print(&format!("log       {}\n", folder::LOG))?;
    print(&format!("deployed  {name}\n"))?;
    let artifact = &compiled.digest;
    let mut open = runs::all(&admin).await?;
    let taken = match &roster {
        Some(roster) if !new_run => runs::taken(&mut open, artifact, roster),
        _ => None,
    };
    runs::tell(&open)?;
    let Some(roster) = roster else {
        return print(&format!(
            "next      start a run with a key of your roster:\n            xpd agent start {name} --socket {} --key FILE --param NAME=VALUE\n",
            folder::SOCKET
        ));
    };
    let passkeys: Vec<PasskeySummary> =
        serde_json::from_slice(&admin.get(&["v1", "people"]).await?).map_err(unread)?;
    for person in &roster.people {
        // One that waits for its number is dropped after ten minutes; another link is no harm.
        if passkeys.iter().any(|one| one.person == *person && one.state != "waiting") {
            print(&format!("person    {person}: has a passkey\n"))?;
        } else {
            invite(&admin, person).await?;
        }
    }
    let (starter, _) = folder::key_files(&roster.starter);
    let run = if let Some(taken) = taken {
        print("taken     the run that is open; `xpd up --new-run` starts another one\n")?;
        print(&format!("run       {taken}\n"))?;
        taken
    } else if roster.can_start(&compiled.workflow) {
        let ask = StartRequest {
            artifact: name.clone(),
            params: roster.start_params(),
            staff: BTreeMap::new(),
            request_id: None,
        };
        let bytes = client(folder::SOCKET, starter)?.post(&["v1", "runs"], &ask).await?;
        let started: StartResponse = serde_json::from_slice(&bytes).map_err(unread)?;
        print(&format!("run       {}\n", started.run))?;
        started.run
    } else {
        print(&format!(
            "next      start a run, in another terminal:\n            xpd agent start {name} --socket {} --key {} --param NAME=VALUE\n",
            folder::SOCKET,
            starter.display()
        ))?;
        "RUN".to_owned()
    };
    let all = roster.agents.iter().map(|role| {
        let (key, _) = folder::key_files(role);
        format!("--run {run} --socket {} --key {}", folder::SOCKET, key.display())
    });
    let all: Vec<String> = all.collect();
    let offers: String = all.iter().map(|at| format!("            xpd agent offers {at}\n")).collect();
    let connect: String =
        all.iter().map(|at| format!("            xpd mcp {at} --print-config claude-code\n")).collect();
    print(&format!(
        "next      in another terminal, see what the agent of a role may do now:\n{offers}          or connect its MCP client:\n{connect}"
    ))
}

/// A link for a person, where somebody is at a terminal to read it; otherwise the command that makes one.
async fn invite(admin: &Client, person: &str) -> Result<(), Failure> {
    let quoted = if person.contains(' ') { format!("'{person}'") } else { person.to_owned() };
    if !ask::is_attended() {
        return print(&format!("person    {person}: xpd people invite {quoted}\n"));
    }
    let ask = PersonRequest { person: person.to_owned() };
    let bytes = admin.post(&["v1", "people", "invite"], &ask).await?;
    let InviteResponse { link, expires_in } = serde_json::from_slice(&bytes).map_err(unread)?;
    print(&format!(
        "person    {person}: open {link} within {} minutes, then: xpd people confirm {quoted} NUMBER\n",
        expires_in / 60
    ))
}

/// Waits until the server answers.
async fn answers(admin: &Client) -> Result<(), Failure> {
    for _ in 0..100 {
        if admin.get(&["v1", "people"]).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    admin.get(&["v1", "people"]).await.map(drop)
}
