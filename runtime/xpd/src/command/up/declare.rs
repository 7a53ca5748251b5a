//! Registration of the connectors that the workflow's file declares.

use std::collections::BTreeSet;
use std::path::Path;

use xp_artifact::ConnectorFile;
use xp_artifact::workflow::Workflow;
use xpd::config::Config;
use xpd::registered::unusual;

use super::source::{text, xpc};
use super::{CONFIG, ask, folder};
use crate::Failure;
use crate::command::connectors;
use crate::out::print;

/// Registers every declared connector of the workflow whose declaration is not registered yet, once it was shown and accepted.
pub fn all(file: &Path, workflow: &Workflow, accept: bool) -> Result<(), Failure> {
    let declared = workflow.actions.iter().filter(|action| action.transport.is_some());
    let names: BTreeSet<&str> = declared.map(|action| action.connector.as_str()).collect();
    for name in names {
        one(file, name, accept)?;
    }
    Ok(())
}

fn one(file: &Path, name: &str, accept: bool) -> Result<(), Failure> {
    let to = folder::made(&format!("{name}.json"))?;
    xpc(&["build", text(file)?, "--connector", name, "-o", text(&to)?])?;
    let wrong = |error: &dyn std::fmt::Display| Failure::Failed(format!("{}: {error}", to.display()));
    let bytes = std::fs::read(&to).map_err(|error| wrong(&error))?;
    let declared = ConnectorFile::open(&bytes).map_err(|error| wrong(&error))?;
    let digest = declared.digest().map_err(|error| wrong(&error))?.to_string();
    let config = Config::read(Path::new(CONFIG)).map_err(|error| Failure::Input(error.to_string()))?;
    if config.registered.connectors.get(name).is_some_and(|(_, known)| known.digest == digest) {
        return Ok(());
    }
    print(&connectors::shown(&declared, &digest))?;
    let quiet: BTreeSet<String> = unusual(&declared).map(str::to_owned).collect();
    for action in &quiet {
        print(&format!("  {action} is declared to change nothing, although it could\n"))?;
    }
    let is_accepted = accept || (ask::is_attended() && ask::yes("Register this declaration?")?);
    if !is_accepted {
        return Err(Failure::Refused(format!(
            "the connector `{name}` is not registered; `xpd up --accept` registers what is shown above"
        )));
    }
    let by = std::env::var("USER").unwrap_or_else(|_| "xpd up".to_owned());
    connectors::register(&config, &declared, digest, &by, quiet)
}
