//! The people for the roles that people take.

use std::collections::BTreeSet;

use xp_artifact::workflow::Workflow;

use crate::Failure;

/// Those who were named, or the user of this program. Empty for a workflow without such roles.
pub fn named(workflow: &Workflow, given: &[String]) -> Result<Vec<String>, Failure> {
    let needed = needed(workflow);
    if needed == 0 {
        return match given.first() {
            None => Ok(Vec::new()),
            Some(name) => {
                Err(Failure::Input(format!("`--person {name}`: the workflow has no role of people")))
            }
        };
    }
    let own = || std::env::var("USER").ok().filter(|name| xpd_token::is_principal_name(name));
    let people = match given {
        [] => vec![own().unwrap_or_else(|| "me".to_owned())],
        given => given.to_vec(),
    };
    if let Some(wrong) = people.iter().find(|name| !xpd_token::is_principal_name(name)) {
        return Err(Failure::Input(format!("`--person {wrong}`: this is no name")));
    }
    let distinct = people.iter().collect::<BTreeSet<_>>().len();
    if distinct != people.len() {
        return Err(Failure::Input("`--person`: somebody is named twice".to_owned()));
    }
    if distinct < needed {
        let more = " --person NAME".repeat(needed - distinct);
        let names: String = people.iter().map(|name| format!(" --person {name}")).collect();
        return Err(Failure::Input(format!(
            "an outcome of this workflow needs {needed} people: xpd up{names}{more}"
        )));
    }
    Ok(people)
}

/// How many people the workflow needs at once.
pub fn needed(workflow: &Workflow) -> usize {
    workflow
        .steps
        .iter()
        .filter_map(|step| workflow.people_needed(step))
        .max()
        .map_or(0, |most| usize::try_from(most).unwrap_or(usize::MAX))
}
