//! What uses alter, and the edges from there into the things that are read.

use xp_artifact::content::may_have_made;
use xp_artifact::declaration::{Source, ThingExpr};
use xp_artifact::order::Moment;
use xp_artifact::passing::{Passing, choosing};
use xp_artifact::workflow::{Action, Grant, StepId, Workflow};
use xp_scope::thing::{Class, Term, relate};

use super::edge::{Edge, Node, Told};
use super::edges::{of_result, worth_of};
use super::graph::Graph;
use super::listed::lists;
use super::stranger::carried;
use crate::fact::GrantAt;

/// A use that may have altered what is read.
pub(super) struct Altering {
    /// Number of the altered term, and of the use among those that alter it.
    place: (usize, usize),
    pub(super) altered: Term,
    pub(super) at: GrantAt,
    pub(super) sources: Vec<Source>,
    /// The declaration says what goes in.
    pub(super) said: bool,
    /// What the meeting is worth.
    pub(super) class: Class,
}

impl Graph<'_> {
    /// What a use put into what it altered, where that was before the step.
    pub(super) fn put_in(
        &mut self,
        node: &Node,
        by: GrantAt,
        sources: Vec<Source>,
        reader: StepId,
        class: Class,
    ) -> Vec<Edge> {
        let Some((grant, action)) = self.workflow.granted(by) else { return Vec::new() };
        if !self.order.may_follow(Moment::used(by), reader) {
            return Vec::new();
        }
        // What strangers wrote need not pass through the result.
        let carried = carried(self.workflow, action, &sources);
        let strangers = carried.and_then(|worth| self.strangers(node, by, class.max(worth)));
        let mut found: Vec<Edge> = strangers.into_iter().collect();
        found.extend(self.sources(node, by, grant, sources, class));
        found
    }

    /// What uses may have altered, before the step, of what is read there.
    pub(super) fn alterations(&mut self, term: &Term, reader: StepId, worth: Class) -> Vec<Altering> {
        let mut found = Vec::new();
        for (number, class) in self.meeting(term).into_iter().filter(|(_, class)| *class <= worth) {
            let Some((altered, uses)) = self.altered.get(number).cloned() else { continue };
            for (entry, (at, sources, said)) in uses.into_iter().enumerate() {
                if self.order.may_follow(Moment::used(at), reader) {
                    let place = (number, entry);
                    found.push(Altering { place, altered: altered.clone(), at, sources, said, class });
                }
            }
        }
        found
    }

    /// What a use put into what is read, once for each search (with names, and without), and what it is called.
    pub(super) fn edges_of_altering(
        &mut self,
        node: &Node,
        (term, reader): (&Term, StepId),
        altering: Altering,
        worth: Class,
        things: &mut Told,
    ) -> Vec<Edge> {
        let Altering { place, altered, at, sources, said, class } = altering;
        let mut found = self.names_in(node, (term, &altered), at, class);
        let class = class.max(worth_of(said));
        let names = self.follows_things() && self.is_looked_up(node);
        if class <= worth && things.insert((place, names)) {
            found.extend(self.put_in(node, at, sources, reader, class));
        }
        found
    }

    pub(super) fn edges_of_thing(
        &mut self,
        node: &Node,
        (term, reader, since): (&Term, StepId, &[StepId]),
        worth: Class,
        things: &mut Told,
    ) -> Vec<Edge> {
        let mut found = Vec::new();
        for altering in self.alterations(term, reader, worth) {
            if !self.is_before(altering.at, since) {
                found.extend(self.edges_of_altering(node, (term, reader), altering, worth, things));
            }
        }
        found
    }

    /// Whoever lists things, or reads what they lie in, reads their names.
    pub(super) fn names_in(
        &mut self,
        node: &Node,
        (read, altered): (&Term, &Term),
        at: GrantAt,
        class: Class,
    ) -> Vec<Edge> {
        let depth = |term: &Term| if let Term::Path(levels) = term { levels.len() } else { 0 };
        let is_named = self.listed.contains(read) || depth(read) < depth(altered);
        let Some((grant, action)) = self.workflow.granted(at).filter(|_| is_named) else {
            return Vec::new();
        };
        let made = action.clauses.makes.iter().map(|one| &one.thing);
        let mut found = Vec::new();
        let altered = action.clauses.changes.iter().chain(made);
        for name in altered.flat_map(|expr| picked(self.workflow, grant, action, expr)) {
            let tells = match &name {
                Passing::Datum(datum) => !self.is_mere_name(datum) || self.is_looked_up(node),
                Passing::Field(fields) => {
                    !self.is_mere_name(&of_result(at, fields)) || self.is_looked_up(node)
                }
                Passing::Choice | Passing::Thing(_) => true,
            };
            if tells {
                found.extend(self.edge(node, at, name, class));
            }
        }
        found
    }

    /// No use of the grant is under way while one of the steps is open, or settled.
    fn is_before(&mut self, at: GrantAt, steps: &[StepId]) -> bool {
        // While they are settled it is so, too: what opens its step again unsettles all that depend on it.
        !steps.is_empty() && steps.iter().all(|step| self.order.is_settled_at(Moment::open(*step), at.0))
    }

    /// What a clause of a use means where it is read.
    pub(super) fn read(&mut self, (step, grant): GrantAt, expr: &ThingExpr) -> Term {
        let term = self.terms.term(step, grant, expr);
        let action = self.workflow.granted((step, grant)).map(|(_, action)| action);
        if action.is_none_or(|action| lists(self.workflow, action, expr)) {
            self.listed.insert(term.clone());
        }
        term
    }

    pub(super) fn meeting(&mut self, term: &Term) -> Vec<(usize, Class)> {
        if let Some(known) = self.met.get(term) {
            return known.clone();
        }
        let kinds = &self.workflow.kinds;
        // It may have been altered in an earlier opening, with other values.
        let read = self.terms.at_another_time(term, self.order.reopened());
        // Where it is not said what is read, that can be what never changes, too.
        let unsaid = matches!(read, Term::Undescribed(_)).then_some(Class::Silent);
        let altered = self.altered.iter().enumerate();
        let found: Vec<(usize, Class)> = altered
            .filter_map(|(number, (other, _))| {
                let made = may_have_made(kinds, other, &read).then_some(Class::Silent);
                Some((number, relate(kinds, &read, other).class().or(unsaid).or(made)?))
            })
            .collect();
        self.met.insert(term.clone(), found.clone());
        found
    }
}

/// What decides which thing a clause alters: as [`choosing`], and all that is read, where it stands for several.
fn picked(workflow: &Workflow, grant: &Grant, action: &Action, expr: &ThingExpr) -> Vec<Passing> {
    let read = action.clauses.read().into_iter().filter(|_| expr.is_picked_from()).map(Passing::Thing);
    choosing(workflow, grant, action, expr).into_iter().chain(read).collect()
}
