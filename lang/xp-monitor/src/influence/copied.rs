//! Copies of containers, in which what is secret stays at its place.

use xp_artifact::declaration::{Source, ThingExpr};
use xp_artifact::order::Moment;
use xp_artifact::passing::{Passing, pinned};
use xp_artifact::workflow::{Datum, Root, StepId};
use xp_scope::thing::{Class, Level, Term, covers};

use super::edge::{Edge, Node, Told};
use super::graph::Graph;
use crate::fact::GrantAt;

impl Graph<'_> {
    /// What the use fills the thing from, if that is things of the same kind alone in which the secret lies, and nobody in the run
    /// chooses anything that goes in: what was secret there is so in the copy, since what lies in the copy at the same place is
    /// among the secret. None if it is no such copy, or copies count as any other use.
    pub(super) fn copied(
        &mut self,
        at: GrantAt,
        (place, from): (&Term, Option<&[Source]>),
    ) -> Option<Vec<Term>> {
        let secret = self.secret.clone().filter(|_| self.narrowed)?;
        let (granted, action) = self.workflow.granted(at)?;
        let from = from?;
        let given = |passing: Passing| matches!(passing, Passing::Datum(Datum { root: Root::Param(_), .. }));
        let (Term::Path(copy), Term::Path(secret_levels)) = (place, &secret) else { return None };
        let kinds = &self.workflow.kinds;
        let is_given = granted.pins.iter().all(|pin| pinned(pin, &[]).into_iter().all(given));
        if action.clauses.reads.is_none() || !is_given || from.is_empty() {
            return None;
        }
        from.iter()
            .map(|source| {
                let Source::Thing(expr @ ThingExpr::Path(_)) = source else { return None };
                let term = self.read(at, expr);
                let Term::Path(whole) = &term else { return None };
                let same =
                    |other: &[Level]| whole.iter().zip(other).all(|(one, other)| one.kind == other.kind);
                let rest = secret_levels.get(whole.len()..).filter(|rest| !rest.is_empty())?;
                let inner: Vec<Level> = copy.iter().chain(rest).cloned().collect();
                let stays = whole.len() == copy.len()
                    && same(copy)
                    && same(secret_levels)
                    && covers(kinds, &secret, &Term::Path(inner));
                stays.then_some(term)
            })
            .collect()
    }

    /// What reaches a use of which nothing leaves but by copies: what is elsewhere in the things that are copied.
    pub(super) fn edges_of_copy(&mut self, node: &Node, at: GrantAt) -> Vec<Edge> {
        let Some((_, action)) = self.workflow.granted(at) else { return Vec::new() };
        let (clauses, params) = (&action.clauses, action.params.len());
        let changed = clauses
            .changes
            .iter()
            .map(|expr| (expr, clauses.says_what_is_put_into(expr).then(|| clauses.put_into(params, expr))));
        let made = clauses.makes.iter().map(|making| (&making.thing, making.from.clone()));
        let mut found = Vec::new();
        for (expr, from) in changed.chain(made) {
            let place = self.terms.term(at.0, at.1, expr);
            let copied = self.copied(at, (&place, from.as_deref())).unwrap_or_default();
            found.extend(copied.into_iter().map(|term| copying(node, at, term, Class::Chosen)));
        }
        found
    }

    /// What was put into a thing that is copied, but for what is secret there as well.
    pub(super) fn edges_of_elsewhere(
        &mut self,
        node: &Node,
        (term, reader): (&Term, StepId),
        worth: Class,
        things: &mut Told,
    ) -> Vec<Edge> {
        let mut found = Vec::new();
        for altering in self.alterations(term, reader, worth) {
            let kinds = &self.workflow.kinds;
            if self.secret.as_ref().is_some_and(|secret| covers(kinds, secret, &altering.altered)) {
                continue;
            }
            let (at, class) = (altering.at, altering.class);
            match self.copied(at, (&altering.altered, altering.said.then_some(altering.sources.as_slice()))) {
                Some(copied) => found.extend(copied.into_iter().map(|from| copying(node, at, from, class))),
                None => found.extend(self.edges_of_altering(node, (term, reader), altering, worth, things)),
            }
        }
        found
    }
}

fn copying(node: &Node, at: GrantAt, from: Term, class: Class) -> Edge {
    let (from, to) = (Node::Elsewhere(from, at.0), node.clone());
    Edge { from, to, at: Moment::used(at), datum: None, looks: None, class }
}
