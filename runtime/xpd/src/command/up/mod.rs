//! `xpd up`: makes what a server of one person needs in the current folder, once, and serves it. Keys, configuration and roster are
//! files that can be read and changed; what is there is kept.

mod ask;
mod clients;
mod declare;
mod folder;
mod next;
mod people;
mod roster;
mod runs;
mod source;
mod wrap;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use xpd::config::Config;

use super::{Done, serve};
use crate::Failure;
use crate::out::{print, say};

pub const CONFIG: &str = "xpd.toml";

/// What the command was given.
pub struct Up {
    /// The workflow; without it the only one of the folder.
    pub file: Option<PathBuf>,
    /// Values with which runs may be started.
    pub params: Vec<String>,
    /// People for its roles of people.
    pub persons: Vec<String>,
    /// Declarations are registered without a question.
    pub accept: bool,
    /// Another run is started, although one is open.
    pub new_run: bool,
    /// The configuration of a client whose servers are wrapped.
    pub from: Option<PathBuf>,
    /// Tools that only read, at the operator's word.
    pub reads: Vec<String>,
}

pub async fn run(up: Up) -> Done {
    folder::is_idle()?;
    let params = super::agent::parameters(&up.params)?;
    let file = match &up.from {
        Some(from) => wrap::wrap(from, up.accept, &up.reads).await?,
        None => source::find(up.file.as_deref())?,
    };
    folder::signer()?;
    let compiled = source::build(&file)?;
    let enforced = match compiled.held.1 {
        0 => String::new(),
        some => format!(", {some} enforced"),
    };
    print(&format!("proved    {} properties of {}{enforced}\n", compiled.held.0, compiled.workflow.name))?;
    let workflow = &compiled.workflow;
    let roster = if roster::is_kept() {
        print(&format!(
            "kept      {}: it is yours, so --param and --person are not applied\n",
            folder::ROSTER
        ))?;
        None
    } else {
        let roster = roster::Roster::of(workflow, people::named(workflow, &up.persons)?, params);
        roster.is_whole(workflow)?;
        print(&format!("made      {}\n", roster.write()?))?;
        Some(roster)
    };
    if let Some(made) = folder::configuration(people::needed(workflow) > 0, up.from.is_some())? {
        print(&format!("made      {made}\n"))?;
    }
    declare::all(&file, workflow, up.accept)?;
    let config = Config::read(Path::new(CONFIG)).map_err(|error| Failure::Input(error.to_string()))?;
    has_instances(&config, workflow)?;
    for (what, found) in xpd::check::check(&config).await {
        if let Err(why) = found {
            return Err(Failure::Input(format!("{what}: {why}")));
        }
    }
    for open in &config.left_open {
        print(&format!("open      {}: {}\n", open.name(), open.text()))?;
    }
    xpd::telemetry::begin_in(Path::new(folder::LOG)).map_err(|error| Failure::Failed(error.to_string()))?;
    let done = serve::serve(config, next::tell(compiled, roster, up.new_run)).await;
    if done.is_ok() {
        say("stopped; `xpd up` goes on where it was");
    }
    done.map(|_| ExitCode::SUCCESS)
}

/// Every connector of the workflow has an instance.
fn has_instances(config: &Config, workflow: &xp_artifact::workflow::Workflow) -> Result<(), Failure> {
    for action in &workflow.actions {
        let kind = &action.connector;
        if !config.connectors.values().any(|instance| instance.kind == *kind) {
            return Err(Failure::Input(format!(
                "nothing serves the connector `{kind}`: add a table `[connector.{kind}]` to {CONFIG}, or to {} before the first `xpd up`",
                folder::CONNECTORS
            )));
        }
    }
    Ok(())
}
