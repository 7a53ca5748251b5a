//! The edges into data, minds and uses.

use xp_artifact::content::{MayName, may_name};
use xp_artifact::declaration::{FieldPath, Source, ThingExpr};
use xp_artifact::order::Moment;
use xp_artifact::passing::{Passing, choosing, followed, looked_at, named, passing, pinned};
use xp_artifact::workflow::{Action, Datum, Grant, RoleId, Root, StepId, Workflow};
use xp_scope::Type;
use xp_scope::thing::{Class, Term};

use super::edge::{Edge, Node, Told};
use super::graph::Graph;
use super::leaving::Leaving;
use super::shown::{Shown, Untold};
use super::stranger::{is_strangers, passes_on, taken_in};
use crate::fact::GrantAt;

impl Graph<'_> {
    /// The edges into a node. What alters a thing is told once for each search (by term and entry), and so is what a mind is shown: with who is shown
    /// it, where it can be told to others if this edge is refused.
    pub(super) fn edges(
        &mut self,
        node: &Node,
        worth: Class,
        untold: &mut Untold,
        things: &mut Told,
    ) -> Vec<(Option<RoleId>, Edge)> {
        let found = match node {
            Node::Mind(role, step) => return self.edges_of_mind(node, *role, *step, untold),
            Node::Datum(datum) => self.edges_of_datum(node, datum),
            Node::Thing(term, reader) => self.edges_of_thing(node, (term, *reader, &[]), worth, things),
            Node::Changed(term, reader, since) => {
                self.edges_of_thing(node, (term, *reader, since), worth, things)
            }
            Node::Elsewhere(term, reader) => self.edges_of_elsewhere(node, (term, *reader), worth, things),
            // What is not among its copies goes nowhere.
            Node::Use(at) if self.narrowed && self.leaving(*at, worth) == Leaving::Copies => {
                self.edges_of_copy(node, *at)
            }
            Node::Use(at) => self.edges_of_use(node, *at),
            Node::Strangers(_) => Vec::new(),
        };
        found.into_iter().map(|edge| (None, edge)).collect()
    }

    fn edges_of_use(&mut self, node: &Node, at: GrantAt) -> Vec<Edge> {
        let Some((grant, action)) = self.workflow.granted(at) else { return Vec::new() };
        let mut found: Vec<Edge> = Vec::new();
        for (index, pin) in (0_u32..).zip(&grant.pins) {
            // What is made public is so whatever else it is for.
            let public = self.secret.is_some() && action.publishes;
            let Some(class) = taken_in(action, index).or(public.then_some(Class::Chosen)) else { continue };
            for passing in pinned(pin, &[]) {
                if !matches!(&passing, Passing::Datum(datum) if self.is_mere_name(datum)) {
                    found.extend(self.edge(node, at, passing, class));
                }
            }
        }
        if let Some(class) = passes_on(self.workflow, action) {
            found.extend(self.strangers(node, at, class));
        }
        // What it takes effect on: what it reads, and what it changes as it was.
        for expr in action.clauses.read() {
            if self.is_read_for_names(at, action, &expr) {
                continue;
            }
            let said = action.clauses.reads.is_some() || expr != ThingExpr::Anything;
            found.extend(self.sources(node, at, grant, [Source::Thing(expr)], worth_of(said)));
        }
        found
    }

    fn edges_of_datum(&mut self, node: &Node, datum: &Datum) -> Vec<Edge> {
        match datum.root {
            Root::Param(_) => Vec::new(),
            Root::Submission { step, .. } => {
                let mut found: Vec<Edge> = self.chosen(node, Moment::open(step), step).into_iter().collect();
                self.behind_name(node, datum, &mut found);
                found
            }
            Root::Result { step, grant } => {
                let at = (step, grant);
                let Some((declared, action)) = self.workflow.granted(at) else { return Vec::new() };
                let clauses = &action.clauses;
                let mut members = members(self.workflow, action, &datum.fields);
                if clauses.said_of(&datum.fields).is_none() && !members.is_empty() {
                    members.retain(|fields| {
                        !self.is_mere_name(&Datum { root: datum.root, fields: fields.clone() })
                    });
                    let part = |fields| self.edge(node, at, Passing::Field(fields), Class::Chosen);
                    return members.into_iter().filter_map(part).collect();
                }
                let class = worth_of(clauses.said_of(&datum.fields).is_some());
                let mut found = Vec::new();
                if is_strangers(self.workflow, action, &datum.fields) {
                    found.extend(self.strangers(node, at, Class::Chosen));
                }
                let sources = self.workflow.sources(action, &datum.fields);
                if self.may_name_what_is_made(at, &sources)
                    || may_be_spelled(self.workflow, declared, action, &sources)
                {
                    self.behind_name(node, datum, &mut found);
                }
                found.extend(self.sources(node, at, declared, sources, class));
                found
            }
        }
    }

    /// What a field comes from has, or may have, been altered in the run before.
    fn may_name_what_is_made(&mut self, at: GrantAt, sources: &[Source]) -> bool {
        sources.iter().any(|source| match source {
            Source::Thing(expr) => {
                let term = self.terms.term(at.0, at.1, expr);
                self.meeting(&term).into_iter().any(|(number, _)| {
                    let uses = self.altered.get(number).map(|(_, uses)| uses.clone()).unwrap_or_default();
                    uses.iter().any(|(by, ..)| self.order.may_follow(Moment::used(*by), at.0))
                })
            }
            Source::Argument { .. } | Source::Field(_) => false,
        })
    }

    /// What the datum may name, where names are derived from content. Where a use reads what it names, that passes as a thing; this is for
    /// uses that take the name alone.
    fn behind_name(&mut self, node: &Node, datum: &Datum, found: &mut Vec<Edge>) {
        // Its name tells nothing of what is in it to who does not read that.
        if self.follows_things() && !self.is_looked_up(node) {
            return;
        }
        let altered = self.altered.iter().map(|(term, _)| term);
        let Some(MayName { at, things, unsaid }) = may_name(self.workflow, &mut self.terms, datum, altered)
        else {
            return;
        };
        found.extend(things.into_iter().map(|term| Edge {
            from: Node::Thing(term, at.step),
            to: node.clone(),
            at,
            datum: None,
            looks: None,
            class: Class::Chosen,
        }));
        if unsaid {
            let unsaid = self.altered.iter().filter(|(made, _)| matches!(made, Term::Undescribed(_)));
            for (by, sources, _) in unsaid.flat_map(|(_, uses)| uses.clone()).collect::<Vec<_>>() {
                found.extend(self.put_in(node, by, sources, at.step, Class::Silent));
            }
        }
    }

    fn edges_of_mind(
        &mut self,
        node: &Node,
        role: RoleId,
        step: StepId,
        untold: &mut Untold,
    ) -> Vec<(Option<RoleId>, Edge)> {
        let told = untold.told(self.workflow, role, |at| self.order.may_follow(at, step));
        let carrying = told
            .into_iter()
            .filter(|(_, shown)| shown.datum.as_ref().is_none_or(|datum| !self.is_mere_name(datum)));
        carrying
            .map(|(shown_to, Shown { from, at, datum })| {
                (shown_to, Edge { from, to: node.clone(), at, datum, looks: None, class: Class::Chosen })
            })
            .collect()
    }

    pub(super) fn sources(
        &mut self,
        node: &Node,
        at: GrantAt,
        grant: &Grant,
        sources: impl IntoIterator<Item = Source>,
        class: Class,
    ) -> Vec<Edge> {
        let mut found = Vec::new();
        for source in sources {
            // What lies in a thing that passes as the datum which names it is read, too.
            if let Source::Thing(expr) = &source
                && let term = self.read(at, expr)
                && self.is_secret(&term, Class::Silent)
            {
                let datum = named(self.workflow, at, expr);
                let from = Node::Thing(term, at.0);
                found.push(Edge { from, to: node.clone(), at: Moment::used(at), datum, looks: None, class });
            }
            let action = self.workflow.granted(at).map(|(_, action)| action);
            if let (Some(expr), Some(action)) = (source.thing(), action) {
                for name in choosing(self.workflow, grant, action, expr) {
                    if !matches!(&name, Passing::Datum(datum) if self.is_mere_name(datum)) {
                        found.extend(self.edge(node, at, name, class));
                    }
                }
            }
            for passing in passing(self.workflow, grant, &source) {
                // A name that goes in as such tells nothing, unless it is taken out again to read what has it.
                if matches!((&source, &passing), (Source::Argument { .. }, Passing::Datum(datum))
                    if self.is_mere_name(datum) && !self.is_looked_up(node))
                {
                    continue;
                }
                let edge = self.edge(node, at, passing, class);
                found.extend(edge.as_ref().and_then(changed));
                found.extend(edge);
            }
        }
        found
    }

    pub(super) fn edge(&mut self, node: &Node, at: GrantAt, passing: Passing, class: Class) -> Option<Edge> {
        let moment = Moment::used(at);
        let mut looks = None;
        let (from, datum) = match passing {
            Passing::Datum(datum) => (Node::Datum(datum.clone()), Some(datum)),
            Passing::Field(fields) => {
                (Node::Datum(Datum { root: Root::Result { step: at.0, grant: at.1 }, fields }), None)
            }
            Passing::Thing(expr) => {
                let from = Node::Thing(self.read(at, &expr), at.0);
                let datum = named(self.workflow, at, &expr).or_else(|| {
                    let known = self.looked_at.entry((at, expr.clone()));
                    let (datum, steps) =
                        known.or_insert_with(|| looked_at(self.workflow, at, &expr)).clone()?;
                    looks = Some(steps);
                    Some(datum)
                });
                (from, datum)
            }
            Passing::Choice => {
                let chosen = self.chosen(node, moment, at.0)?;
                return Some(Edge { class, ..chosen });
            }
        };
        Some(Edge { from, to: node.clone(), at: moment, datum, looks, class })
    }

    pub(super) fn strangers(&self, node: &Node, at: GrantAt, class: Class) -> Option<Edge> {
        let (from, to) = (Node::Strangers(at), node.clone());
        self.secret.is_none().then(|| Edge {
            from,
            to,
            at: Moment::used(at),
            datum: None,
            looks: None,
            class,
        })
    }

    fn chosen(&self, node: &Node, at: Moment, step: StepId) -> Option<Edge> {
        let role = self.workflow.steps.get(step.index())?.role;
        Some(Edge {
            from: Node::Mind(role, step),
            to: node.clone(),
            at,
            datum: None,
            looks: None,
            class: Class::Chosen,
        })
    }
}

pub(super) fn of_result(at: GrantAt, fields: &FieldPath) -> Datum {
    followed(&Datum { root: Root::Result { step: at.0, grant: at.1 }, fields: Vec::new() }, fields)
}

/// What was put into the thing when it may already have been looked at and judged.
fn changed(edge: &Edge) -> Option<Edge> {
    let (Node::Thing(term, reader), Some(looks)) = (&edge.from, &edge.looks) else { return None };
    let from = Node::Changed(term.clone(), *reader, looks.clone());
    Some(Edge { from, datum: None, looks: None, ..edge.clone() })
}

/// The members of a field of the result that is a record.
fn members(workflow: &Workflow, action: &Action, field: &[String]) -> Vec<Vec<String>> {
    let ty = field.iter().try_fold(&action.result, |ty, field| workflow.field_type(ty, field));
    let Some(Type::Record(name)) = ty else { return Vec::new() };
    let record = workflow.records.iter().find(|record| record.name == *name);
    let fields = record.into_iter().flat_map(|record| &record.fields);
    fields.map(|member| field.iter().chain([&member.name]).cloned().collect()).collect()
}

pub(super) fn worth_of(said: bool) -> Class {
    if said { Class::Chosen } else { Class::Silent }
}

/// Somebody chose a text that the use turns into the field: it may spell any name.
fn may_be_spelled(workflow: &Workflow, grant: &Grant, action: &Action, sources: &[Source]) -> bool {
    sources.iter().any(|source| {
        let Source::Argument { index, fields } = source else { return false };
        let param = action.params.get(*index as usize).map(|param| &param.ty);
        let ty = param.and_then(|ty| fields.iter().try_fold(ty, |ty, field| workflow.field_type(ty, field)));
        let chosen = |passing: &Passing| match passing {
            Passing::Choice => true,
            Passing::Datum(datum) => !matches!(datum.root, Root::Param(_)),
            Passing::Field(_) | Passing::Thing(_) => false,
        };
        // A name of git is followed as what it is.
        !matches!(ty, Some(Type::Commit | Type::Tree | Type::Bool))
            && grant.pins.get(*index as usize).is_some_and(|pin| pinned(pin, fields).iter().any(chosen))
    })
}
