//! What controllers are shown, and what of it a search has told their minds.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use xp_artifact::order::Moment;
use xp_artifact::workflow::{Action, Datum, GrantIx, RoleId, Root, StepId, Workflow};
use xp_scope::Type;

use super::edge::Node;

/// What somebody is shown.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub from: Node,
    pub at: Moment,
    pub datum: Option<Datum>,
}

/// What is still to be told in a search. It is told once, to the first mind that may know it; where that edge is refused, once
/// more to a mind of each other role, since who refuses it may do so for the sake of the role.
#[derive(Debug)]
pub(super) struct Untold {
    /// By role that is shown it.
    unknown: BTreeMap<RoleId, Vec<Shown>>,
    /// Refused: to a mind of which role, and who is shown it.
    refused: Vec<(RoleId, RoleId, Shown)>,
    /// By role: how many of the refused it has been offered, and those of them that come too late for the minds so far.
    offered: HashMap<RoleId, (usize, Vec<Shown>)>,
}

impl Untold {
    pub fn new(unknown: BTreeMap<RoleId, Vec<Shown>>) -> Self {
        Self { unknown, refused: Vec::new(), offered: HashMap::new() }
    }

    /// What a mind of the role is told now, of what `comes_before` its step: each with who is shown it, unless that was refused
    /// before.
    pub fn told(
        &mut self,
        workflow: &Workflow,
        role: RoleId,
        mut comes_before: impl FnMut(Moment) -> bool,
    ) -> Vec<(Option<RoleId>, Shown)> {
        let mut found = Vec::new();
        for (other, list) in &mut self.unknown {
            if workflow.are_separate(*other, role) {
                continue;
            }
            let (told, rest): (Vec<Shown>, Vec<Shown>) =
                std::mem::take(list).into_iter().partition(|shown| comes_before(shown.at));
            *list = rest;
            found.extend(told.into_iter().map(|shown| (Some(*other), shown)));
        }
        let (offered, late) = self.offered.entry(role).or_default();
        let more = self.refused.iter().skip(*offered);
        late.extend(
            more.filter(|(by, other, _)| *by != role && !workflow.are_separate(*other, role))
                .map(|(.., shown)| shown.clone()),
        );
        *offered = self.refused.len();
        let (told, rest): (Vec<Shown>, Vec<Shown>) =
            std::mem::take(late).into_iter().partition(|shown| comes_before(shown.at));
        *late = rest;
        found.extend(told.into_iter().map(|shown| (None, shown)));
        found
    }

    /// What was told first to a mind of the role did not pass there.
    pub fn refuse(&mut self, role: RoleId, shown_to: RoleId, shown: Shown) {
        self.refused.push((role, shown_to, shown));
    }
}

/// What each role is shown: results of its own uses, what its steps name, notes of judges.
pub(super) fn shown(workflow: &Workflow) -> BTreeMap<RoleId, Vec<Shown>> {
    let mut found: BTreeMap<RoleId, Vec<Shown>> = BTreeMap::new();
    for (index, step) in workflow.steps.iter().enumerate() {
        let id = StepId::of(index);
        let list = found.entry(step.role).or_default();
        for number in 0..step.grants.len() {
            let at = (id, GrantIx::of(number));
            if workflow.granted(at).is_some_and(|(_, action)| tells(workflow, action)) {
                let root = Root::Result { step: id, grant: at.1 };
                let from = Node::Datum(Datum { root, fields: Vec::new() });
                list.push(Shown { from, at: Moment::used(at), datum: None });
            }
        }
        let named: BTreeSet<&Datum> = step.data().collect();
        list.extend(named.into_iter().map(|datum| Shown {
            from: Node::Datum(datum.clone()),
            at: Moment::open(id),
            datum: Some(datum.clone()),
        }));
    }
    for by in workflow.loops.iter().filter(|by| by.notes) {
        let role = |step: StepId| workflow.steps.get(step.index()).map(|step| step.role);
        let (Some(judge), Some(reader)) = (role(by.step), role(by.target)) else { continue };
        let note = Shown { from: Node::Mind(judge, by.step), at: Moment::open(by.step), datum: None };
        found.entry(reader).or_default().push(note);
    }
    found
}

/// The result says something.
fn tells(workflow: &Workflow, action: &Action) -> bool {
    match &action.result {
        Type::Record(name) => workflow
            .records
            .iter()
            .find(|record| record.name == *name)
            .is_none_or(|record| !record.fields.is_empty()),
        _ => true,
    }
}
