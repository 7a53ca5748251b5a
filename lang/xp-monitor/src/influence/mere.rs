//! Names that tell nothing of what is in the thing they name.

use std::collections::{BTreeMap, HashSet};

use xp_artifact::declaration::{KeyExpr, Making, Source, ThingExpr};
use xp_artifact::order::Moment;
use xp_artifact::passing::{Passing, choosing, identity, passing, pinned};
use xp_artifact::workflow::{Action, Datum, Root, Workflow};
use xp_scope::Type;
use xp_scope::thing::{Class, Immutable, Kind};

use super::edge::Node;
use super::edges::of_result;
use super::graph::{Graph, LookedUp};
use super::shown::Untold;
use super::stranger::altering;
use super::taint::things;
use crate::fact::GrantAt;

/// Identities followed from one datum at most; a checked workflow has no circle.
const MAX_FOLLOWED: usize = 64;

/// What was looked at for one name.
#[derive(Default)]
struct Seen {
    data: HashSet<Datum>,
    /// By term and entry.
    alterations: HashSet<(usize, usize)>,
}

impl Graph<'_> {
    /// A name that is derived from content tells nothing of it to whoever is shown the name or is handed it: what is in a thing
    /// passes on where the thing is read. What strangers wrote may be chosen so that its name says something. Commits and trees
    /// are such names by their type, unless somebody in the run may have put the value together; of every other type, those that
    /// a use gave to what it made.
    pub(super) fn is_mere_name(&mut self, datum: &Datum) -> bool {
        if !self.follows_things() || self.looked_up == LookedUp::Asking {
            return false;
        }
        if let Some(known) = self.mere.get(datum) {
            return *known;
        }
        let mere = self.is_derived(datum, &mut Seen::default());
        self.mere.insert(datum.clone(), mere);
        mere
    }

    /// All that is read there is said to go into nothing that the use makes or changes, and into such fields of its result alone as
    /// are mere names: the use tells nobody anything of it.
    pub(super) fn is_read_for_names(&mut self, at: GrantAt, action: &Action, read: &ThingExpr) -> bool {
        let clauses = &action.clauses;
        let mut altered = altering(action).peekable();
        if !self.follows_things() || !clauses.says_what_goes_in() || altered.peek().is_none() {
            return false;
        }
        // By way of a field it may be all that the result has.
        if altered.any(|(_, sources)| sources.iter().any(|source| !is_other(source, read))) {
            return false;
        }
        let mut fields = self.workflow.leaves(&action.result);
        fields.retain(|field| {
            self.workflow.sources(action, field).iter().any(|source| source.thing() == Some(read))
        });
        !fields.is_empty() && fields.iter().all(|field| self.is_mere_name(&of_result(at, field)))
    }

    /// What is at the node may come to be a name by which content is read: what is put there as a name is followed to that.
    pub(super) fn is_looked_up(&mut self, node: &Node) -> bool {
        if self.looked_up == LookedUp::Unasked {
            self.looked_up = LookedUp::Asking;
            self.looked_up = LookedUp::At(self.names_of_what_is_read());
        }
        match &self.looked_up {
            LookedUp::At(nodes) => nodes.contains(node),
            LookedUp::Asking | LookedUp::Unasked => true,
        }
    }

    /// Wherever names pass by which uses of the run read what has a name derived from its content. What somebody knows may be
    /// picked by them, which is followed as such.
    fn names_of_what_is_read(&mut self) -> HashSet<Node> {
        let workflow = self.workflow;
        let mut open: Vec<Node> = Vec::new();
        for at in workflow.grants() {
            let Some((granted, action)) = workflow.granted(at) else { continue };
            let read = things(workflow, action);
            let mut add = |names: Vec<Passing>| {
                open.extend(names.into_iter().filter_map(|name| match name {
                    Passing::Datum(datum) => Some(Node::Datum(datum)),
                    Passing::Field(fields) => Some(Node::Datum(of_result(at, &fields))),
                    Passing::Choice | Passing::Thing(_) => None,
                }));
            };
            // Where it is not said what is read, any argument may name it.
            if read.contains(&Source::Thing(ThingExpr::Anything)) {
                add(granted.pins.iter().flat_map(|pin| pinned(pin, &[])).collect());
            }
            for source in read {
                let Some(expr) = source.thing().filter(|expr| is_in_derived(workflow, expr)) else {
                    continue;
                };
                add(choosing(workflow, granted, action, expr));
                add(passing(workflow, granted, &source));
            }
        }
        let (mut found, mut told) = (HashSet::new(), HashSet::new());
        let mut untold = Untold::new(BTreeMap::new());
        while let Some(node) = open.pop() {
            if matches!(node, Node::Mind(..) | Node::Strangers(_)) || !found.insert(node.clone()) {
                continue;
            }
            let edges = self.edges(&node, Class::Silent, &mut untold, &mut told);
            open.extend(edges.into_iter().map(|(_, edge)| edge.from));
        }
        found
    }

    fn is_derived(&mut self, datum: &Datum, seen: &mut Seen) -> bool {
        // What somebody hands in they may have put together as they liked.
        if matches!(datum.root, Root::Submission { .. }) {
            return false;
        }
        let named_by_type = match self.workflow.type_given(datum) {
            None => return false,
            Some(Type::Tree) => true,
            Some(Type::Commit) => {
                let derived = |kind: &Kind| {
                    kind.immutable == Some(Immutable::Content)
                        && matches!(kind.key.as_slice(), [key] if key.ty == Type::Commit)
                };
                self.workflow.kinds.iter().any(derived)
            }
            Some(_) => false,
        };
        if !named_by_type {
            return self.is_name_of_content(datum, seen);
        }
        let Root::Result { step, grant } = datum.root else { return true };
        self.is_computed((step, grant), &datum.fields, seen)
    }

    /// The upstream computes the field of the result: nobody in the run has chosen the value, or some of it.
    fn is_computed(&mut self, at: GrantAt, fields: &[String], seen: &mut Seen) -> bool {
        let root = Root::Result { step: at.0, grant: at.1 };
        if !seen.data.insert(Datum { root, fields: fields.to_vec() }) {
            return true;
        }
        let Some((granted, action)) = self.workflow.granted(at) else { return false };
        // What is an argument is that, wherever else the argument goes.
        if let Some((index, of)) = action.clauses.identity(fields) {
            let pin = granted.pins.get(index as usize);
            return pin.is_some_and(|pin| self.tell_nothing(at, pinned(pin, &of), seen));
        }
        let made = action.clauses.all_made_as(fields);
        if let Some(making) = made.iter().find(|making| is_derived_kind(self.workflow, &making.thing)) {
            return self.is_derived_as(at, (action, making), fields, seen);
        }
        let sources = self.workflow.sources(action, fields);
        self.are_computed(at, &sources, seen)
    }

    /// The name of what the use makes is derived from its content alone, or from what nobody in the run has chosen.
    fn is_derived_as(
        &mut self,
        at: GrantAt,
        (action, making): (&Action, &Making),
        fields: &[String],
        seen: &mut Seen,
    ) -> bool {
        let content = action.clauses.content_of(action.params.len(), making);
        let mut besides = self.workflow.sources(action, fields);
        besides.retain(|source| !content.contains(source));
        self.are_computed(at, &besides, seen)
    }

    /// The use that gave the datum made something of a kind whose names are derived from content, and called it so.
    fn is_name_of_content(&mut self, datum: &Datum, seen: &mut Seen) -> bool {
        if !seen.data.insert(datum.clone()) {
            return true;
        }
        let mut here = datum.clone();
        for _ in 0..MAX_FOLLOWED {
            let Root::Result { step, grant } = here.root else { return false };
            let Some((_, action)) = self.workflow.granted((step, grant)) else { return false };
            // Whoever says how what is made is called can say something by that.
            if action.clauses.identity(&here.fields).is_none() {
                let made = action.clauses.made_as(&here.fields);
                return made.is_some_and(|making| {
                    is_derived_kind(self.workflow, &making.thing)
                        && self.is_derived_as((step, grant), (action, making), &here.fields, seen)
                });
            }
            let Some(next) = identity(self.workflow, &here) else { return false };
            here = next;
        }
        false
    }

    fn are_computed(&mut self, at: GrantAt, sources: &[Source], seen: &mut Seen) -> bool {
        let workflow = self.workflow;
        let Some((granted, action)) = workflow.granted(at) else { return false };
        sources.iter().all(|source| match source {
            // It is known by the name of what it goes into.
            Source::Argument { .. } if is_hashed(workflow, action, source) => true,
            Source::Argument { index, fields } => {
                let pin = granted.pins.get(*index as usize);
                pin.is_some_and(|pin| self.tell_nothing(at, pinned(pin, fields), seen))
            }
            Source::Field(fields) => self.tells_nothing(&of_result(at, fields), seen),
            Source::Thing(expr) => {
                self.tell_nothing(at, choosing(workflow, granted, action, expr), seen)
                    && passing(workflow, granted, source).into_iter().all(|passing| match passing {
                        Passing::Thing(expr) => self.holds_what_is_computed(at, &expr, seen),
                        Passing::Datum(_) | Passing::Field(_) | Passing::Choice => true,
                    })
            }
        })
    }

    /// Nothing that somebody has chosen was put into the thing before.
    fn holds_what_is_computed(&mut self, at: GrantAt, expr: &ThingExpr, seen: &mut Seen) -> bool {
        let term = self.terms.term(at.0, at.1, expr);
        let mut writers = Vec::new();
        for (number, _) in self.meeting(&term) {
            let uses = self.altered.get(number).map(|(_, uses)| uses.clone()).unwrap_or_default();
            let entries = uses.into_iter().enumerate();
            writers.extend(entries.map(|(entry, (by, sources, _))| ((number, entry), by, sources)));
        }
        writers.into_iter().all(|(entry, by, sources)| {
            !self.order.may_follow(Moment::used(by), at.0)
                || !seen.alterations.insert(entry)
                || self.are_computed(by, &sources, seen)
        })
    }

    fn tell_nothing(&mut self, at: GrantAt, from: Vec<Passing>, seen: &mut Seen) -> bool {
        from.into_iter().all(|passing| match passing {
            Passing::Datum(datum) => self.tells_nothing(&datum, seen),
            Passing::Field(fields) => self.tells_nothing(&of_result(at, &fields), seen),
            Passing::Choice | Passing::Thing(_) => false,
        })
    }

    fn tells_nothing(&mut self, datum: &Datum, seen: &mut Seen) -> bool {
        match datum.root {
            Root::Param(_) => true,
            Root::Submission { .. } => false,
            Root::Result { step, grant } => {
                let Some((granted, action)) = self.workflow.granted((step, grant)) else { return false };
                match action.clauses.identity(&datum.fields) {
                    Some((index, fields)) => {
                        let pin = granted.pins.get(index as usize);
                        pin.is_some_and(|pin| self.tell_nothing((step, grant), pinned(pin, &fields), seen))
                    }
                    None => {
                        self.workflow.sources(action, &datum.fields).is_empty()
                            || self.is_derived(datum, seen)
                    }
                }
            }
        }
    }
}

/// The source is an argument, or something else that is read.
fn is_other(source: &Source, read: &ThingExpr) -> bool {
    match source {
        Source::Argument { .. } => true,
        Source::Field(_) => false,
        Source::Thing(expr) => expr != read,
    }
}

/// The thing, or something that it lies in, has a name that is derived from content.
fn is_in_derived(workflow: &Workflow, expr: &ThingExpr) -> bool {
    expr.levels().iter().any(|level| {
        let kind = workflow.kinds.named(&level.kind).and_then(|kind| workflow.kinds.get(kind));
        kind.is_some_and(|kind| kind.immutable == Some(Immutable::Content))
    })
}

/// The source goes into something that the use makes, whose name the upstream derives from the content.
fn is_hashed(workflow: &Workflow, action: &Action, source: &Source) -> bool {
    action.clauses.makes.iter().any(|making| {
        let named =
            |key: &KeyExpr| matches!(key, KeyExpr::Field(field) if action.clauses.identity(field).is_none());
        is_derived_kind(workflow, &making.thing)
            && making.thing.own_keys().iter().all(named)
            && action.clauses.content_of(action.params.len(), making).contains(source)
    })
}

fn is_derived_kind(workflow: &Workflow, expr: &ThingExpr) -> bool {
    let kind = expr.levels().last().and_then(|own| workflow.kinds.named(&own.kind));
    kind.and_then(|kind| workflow.kinds.get(kind))
        .is_some_and(|kind| kind.immutable == Some(Immutable::Content) && kind.key.len() == 1)
}
