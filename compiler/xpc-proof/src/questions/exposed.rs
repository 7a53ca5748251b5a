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
    // A person is no reader that text steers.
    if workflow.is_human(role) {
        return None;
    }
    let judge = Judge { workflow, role, atom };
    let looks: BTreeSet<GrantAt> = workflow.grants().filter(|at| judge.looks(*at)).collect();
    // What it sees when it looks, and what goes into that.
    let (mut seen, mut entering): (Vec<Edge>, Vec<Edge>) = (Vec::new(), Vec::new());
    let mut open = vec![Node::Mind(role, atom.step)];
    let mut searched: HashSet<Node> = open.iter().cloned().collect();
    while !open.is_empty() {
        let found = graph.way(open, worth, |edge| {
            if judge.is_looking(&looks, edge) {
                seen.push(edge.clone());
                return Ok::<bool, Infallible>(false);
            }
            Ok(!judge.is_shown(edge))
        });
        let Ok(found) = found;
        if let Some(way) = found {
            return Some(continued(way, &seen, &entering));
        }
        let results: HashSet<Node> = seen.iter().map(|edge| edge.from.clone()).collect();
        let results: Vec<Node> = results.difference(&searched).cloned().collect();
        searched.extend(results.iter().cloned());
        // What it sees when it looks is the datum itself, however others came to know that; whatever else goes into what it sees
        // is followed, by the datum as well where others had that in between.
        let found = graph.way(results, worth, |edge| {
            if judge.is_looked_at(&looks, edge) {
                return Ok::<bool, Infallible>(false);
            }
            let direct = matches!(edge.from, Node::Strangers(_)) || is_result(&looks, &edge.from);
            entering.push(edge.clone());
            Ok(direct)
        });
        let Ok(found) = found;
        if let Some(way) = found {
            return Some(continued(way, &seen, &entering));
        }
        open = entering.iter().map(|edge| edge.from.clone()).collect();
        open.retain(|node| !is_result(&looks, node));
        open.retain(|node| searched.insert(node.clone()));
    }
    None
}

/// A way, with how it goes on from its end into what the judge sees when it looks.
fn continued(mut way: Vec<Edge>, seen: &[Edge], entering: &[Edge]) -> Vec<Edge> {
    let mut passed: HashSet<Node> = HashSet::new();
    while let Some(end) = way.last().map(|edge| edge.to.clone())
        && passed.insert(end.clone())
    {
        if let Some(last) = seen.iter().find(|edge| edge.from == end) {
            way.push(last.clone());
            break;
        }
        way.extend(entering.iter().find(|edge| edge.from == end).cloned());
    }
    way
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
        own && is_result(looks, &edge.from)
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

fn is_result(looks: &BTreeSet<GrantAt>, node: &Node) -> bool {
    result_of(node).is_some_and(|at| looks.contains(&at))
}
