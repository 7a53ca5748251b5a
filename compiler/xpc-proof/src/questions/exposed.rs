//! Whether a judge may have been shown more by strangers than the datum that it judges.

use std::collections::{BTreeSet, HashSet};
use std::convert::Infallible;

use xp_artifact::declaration::Source;
use xp_artifact::order::Moment;
use xp_artifact::passing::named;
use xp_artifact::workflow::{Atom, Datum, GrantIx, RoleId, Root, StepId, Workflow};
use xp_monitor::influence::{Edge, Graph, Node, judging};
use xp_scope::thing::Class;

use crate::facts::GrantAt;

/// A way by which text of strangers comes to the controller of the role that judges, before it takes this outcome, other than as
/// the datum that the outcome is of, or in a use of its own that reads what this datum names.
pub(super) fn way(
    workflow: &Workflow,
    graph: &mut Graph<'_>,
    (role, atom): (RoleId, Atom),
    worth: Class,
) -> Option<Vec<Edge>> {
    let judge = Judge { workflow, role, atom };
    let looks: BTreeSet<GrantAt> = workflow.grants().filter(|at| judge.looks(*at)).collect();
    let mut seen: Vec<Edge> = Vec::new();
    let mut searched: HashSet<Node> = HashSet::new();
    let mut open = vec![Node::Mind(role, atom.step)];
    while !open.is_empty() {
        searched.extend(open.iter().cloned());
        let first = searched.len() == open.len();
        let found = graph.way(open, worth, |edge| {
            if judge.is_looking(&looks, edge) {
                seen.push(edge.clone());
                return Ok::<bool, Infallible>(false);
            }
            // What it sees when it looks is the datum itself, however others came to know that.
            Ok(!judge.is_shown(edge) && (first || !judge.is_looked_at(&looks, edge)))
        });
        let Ok(found) = found;
        if let Some(mut way) = found {
            let end = way.last().map(|edge| edge.to.clone());
            way.extend(seen.into_iter().find(|edge| Some(&edge.from) == end.as_ref()));
            return Some(way);
        }
        let looked: HashSet<Node> = seen.iter().map(|edge| edge.from.clone()).collect();
        open = looked.difference(&searched).cloned().collect();
    }
    None
}

/// Who judges what.
struct Judge<'w> {
    workflow: &'w Workflow,
    role: RoleId,
    atom: Atom,
}

impl Judge<'_> {
    fn judges(&self, datum: &Datum) -> bool {
        judging(self.workflow, &|by| by == self.role, datum).contains(&self.atom)
    }

    /// The role may be played by the controller of the judge.
    fn is_of(&self, role: RoleId) -> bool {
        role == self.role || !self.workflow.are_separate(role, self.role)
    }

    /// In such uses the judge may look at what it judges.
    fn looks(&self, (step, grant): GrantAt) -> bool {
        let own = self.workflow.steps.get(step.index()).is_some_and(|step| self.is_of(step.role));
        let granted = self.workflow.granted((step, grant)).map(|(granted, _)| granted);
        own && granted.is_some_and(|granted| granted.data().any(|(_, datum)| self.judges(datum)))
    }

    /// The judge is shown the datum.
    fn is_shown(&self, edge: &Edge) -> bool {
        let own = matches!(edge.to, Node::Mind(role, _) if self.is_of(role));
        own && edge.datum.as_ref().is_some_and(|datum| self.judges(datum))
    }

    /// The judge is shown what a use gave in which it looked.
    fn is_looking(&self, looks: &BTreeSet<GrantAt>, edge: &Edge) -> bool {
        let own = matches!(edge.to, Node::Mind(role, _) if self.is_of(role));
        own && result_of(&edge.from).is_some_and(|at| looks.contains(&at))
    }

    /// The datum, or what it names, goes into the result of such a use.
    fn is_looked_at(&self, looks: &BTreeSet<GrantAt>, edge: &Edge) -> bool {
        let Some(at) = result_of(&edge.to).filter(|at| looks.contains(at) && edge.at == Moment::used(*at))
        else {
            return false;
        };
        match (&edge.from, &edge.to) {
            (Node::Strangers(_), Node::Datum(field)) => self.is_read_by_name(at, field),
            _ => {
                edge.is_cut_in(self.atom.step) && edge.datum.as_ref().is_some_and(|datum| self.judges(datum))
            }
        }
    }

    /// All that the field is read from is what the datum names.
    fn is_read_by_name(&self, at: (StepId, GrantIx), field: &Datum) -> bool {
        let Some((_, action)) = self.workflow.granted(at) else { return false };
        let sources = self.workflow.sources(action, &field.fields);
        let mut things = sources.iter().filter_map(Source::thing).peekable();
        let by_name = |expr| named(self.workflow, at, expr).is_some_and(|datum| self.judges(&datum));
        things.peek().is_some() && things.all(by_name)
    }
}

fn result_of(node: &Node) -> Option<GrantAt> {
    match node {
        Node::Datum(Datum { root: Root::Result { step, grant }, .. }) => Some((*step, *grant)),
        _ => None,
    }
}
