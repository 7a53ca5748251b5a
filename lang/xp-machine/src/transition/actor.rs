//! Who may act: the roster's roles, one principal per role and run, separate controllers.

use xp_artifact::workflow::{RoleId, RoleKind, Step, StepId};
use xp_wire::RefusalCode;

use crate::event::{Actor, Principal};
use crate::machine::Machine;
use crate::refusal::{Clause, Refusal};
use crate::state::State;

/// The actor may play the role of the step in this run.
pub(crate) fn may_play(
    machine: &Machine,
    state: &State,
    id: StepId,
    step: &Step,
    actor: &Actor,
) -> Result<(), Refusal> {
    let principal = &actor.principal;
    if state.barred.contains(&principal.name) {
        return Err(Refusal::of(
            RefusalCode::Killed,
            format!("`{}` is barred from this run", principal.name),
        ));
    }
    let role = machine.workflow.roles.get(step.role.index()).ok_or_else(Refusal::broken)?;
    if !actor.roles.contains(&role.name) {
        let reason = format!(
            "step `{}` is done by `{}`, which `{}` does not play",
            step.name, role.name, principal.name
        );
        return Err(Refusal::by(RefusalCode::WrongRole, Clause::Role(id), reason));
    }
    match (role.kind, principal.person) {
        (RoleKind::Human, false) => {
            let reason = format!("step `{}` waits for a person", step.name);
            return Err(Refusal::by(RefusalCode::NeedsHuman, Clause::Role(id), reason));
        }
        (RoleKind::Agent, true) => {
            let reason = format!("`{}` is a person, and an agent does step `{}`", principal.name, step.name);
            return Err(Refusal::by(RefusalCode::NeedsAgent, Clause::Role(id), reason));
        }
        (RoleKind::Human, true) => return eligible(machine, state, id, step, principal),
        (RoleKind::Agent, false) => {}
    }
    match state.staff.get(step.role.index()).ok_or_else(Refusal::broken)? {
        Some(fixed) if fixed == principal => Ok(()),
        Some(_) => {
            let reason = format!("`{}` is played by another principal in this run", role.name);
            Err(Refusal::by(RefusalCode::WrongRole, Clause::Role(id), reason))
        }
        None => separate(machine, state, step.role, principal),
    }
}

/// The person neither started the run nor acts where a judge must not.
fn eligible(
    machine: &Machine,
    state: &State,
    id: StepId,
    step: &Step,
    person: &Principal,
) -> Result<(), Refusal> {
    if state.starter.as_ref().is_some_and(|starter| starter.controller == person.controller) {
        let reason = format!("the run was started under the controller of `{}`", person.name);
        return Err(Refusal::by(RefusalCode::NotSeparate, Clause::Role(id), reason));
    }
    separate(machine, state, step.role, person)
}

/// No role that must be separate from `role` is played under the same controller.
pub(crate) fn separate(
    machine: &Machine,
    state: &State,
    role: RoleId,
    principal: &Principal,
) -> Result<(), Refusal> {
    for (index, separation) in machine.workflow.separations.iter().enumerate() {
        if !separation.roles.contains(&role) {
            continue;
        }
        for other in separation.roles.iter().filter(|other| **other != role) {
            let taken = state.staff.get(other.index()).and_then(Option::as_ref);
            let people = state.people.get(other.index()).into_iter().flatten();
            if taken.into_iter().chain(people).any(|taken| taken.controller == principal.controller) {
                let name = machine.workflow.roles.get(other.index()).map(|role| role.name.as_str());
                let reason = format!(
                    "`{}` and the principal of `{}` are under one controller",
                    principal.name,
                    name.unwrap_or_default()
                );
                let clause = Clause::Separation(u32::try_from(index).unwrap_or(u32::MAX));
                return Err(Refusal::by(RefusalCode::NotSeparate, clause, reason));
            }
        }
    }
    Ok(())
}

/// From its first act on, the principal plays the role; in a role of people, it is one of those who do.
pub(crate) fn fix(state: &mut State, role: RoleId, actor: &Actor) {
    if actor.principal.person {
        if let Some(people) = state.people.get_mut(role.index()) {
            people.insert(actor.principal.clone());
        }
        return;
    }
    if let Some(place @ None) = state.staff.get_mut(role.index()) {
        *place = Some(actor.principal.clone());
    }
}
