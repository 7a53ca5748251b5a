//! Names that tell nothing of what is in the thing they name.

use std::collections::HashSet;

use xp_artifact::declaration::{FieldPath, KeyExpr, Source, ThingExpr};
use xp_artifact::order::Moment;
use xp_artifact::passing::{Passing, followed, identity, naming, passing, pinned};
use xp_artifact::workflow::{Action, Datum, Root, Workflow};
use xp_scope::Type;
use xp_scope::thing::{Immutable, Kind};

use super::graph::Graph;
use crate::fact::GrantAt;

/// Identities followed from one datum at most; a checked workflow has no circle.
const MAX_FOLLOWED: usize = 64;

/// What was looked at for one name.
#[derive(Default)]
struct Seen {
    data: HashSet<Datum>,
    alterations: HashSet<(usize, GrantAt)>,
}

impl Graph<'_> {
    /// A name that is derived from content tells nothing of it to whoever is shown the name or is handed it: what is in a thing
    /// passes on where the thing is read. What strangers wrote may be chosen so that its name says something. Commits and trees
    /// are such names by their type, unless somebody in the run may have put the value together; of every other type, those that
    /// a use gave to what it made.
    pub(super) fn is_mere_name(&mut self, datum: &Datum) -> bool {
        if !self.follows_things() {
            return false;
        }
        if let Some(known) = self.mere.get(datum) {
            return *known;
        }
        let mere = self.is_derived(datum, &mut Seen::default());
        self.mere.insert(datum.clone(), mere);
        mere
    }

    fn is_derived(&mut self, datum: &Datum, seen: &mut Seen) -> bool {
        // What somebody hands in they may have put together as they liked.
        if matches!(datum.root, Root::Submission { .. }) {
            return false;
        }
        let named_by_type = match type_of(self.workflow, datum) {
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
            return is_name_of_content(self.workflow, datum);
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
        if made.iter().any(|making| is_derived_kind(self.workflow, &making.thing)) {
            return true;
        }
        let sources = self.workflow.sources(action, fields);
        self.are_computed(at, &sources, seen)
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
                self.tell_nothing(at, naming(granted, action, expr), seen)
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
            writers.extend(uses.into_iter().map(|(by, sources, _)| (number, by, sources)));
        }
        writers.into_iter().all(|(number, by, sources)| {
            !self.order.may_follow(Moment::used(by), at.0)
                || !seen.alterations.insert((number, by))
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

fn of_result(at: GrantAt, fields: &FieldPath) -> Datum {
    followed(&Datum { root: Root::Result { step: at.0, grant: at.1 }, fields: Vec::new() }, fields)
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

fn is_name_of_content(workflow: &Workflow, datum: &Datum) -> bool {
    let mut here = datum.clone();
    for _ in 0..MAX_FOLLOWED {
        let Root::Result { step, grant } = here.root else { return false };
        let Some((_, action)) = workflow.granted((step, grant)) else { return false };
        // Whoever says how what is made is called can say something by that.
        if action.clauses.identity(&here.fields).is_none() {
            let made = action.clauses.made_as(&here.fields);
            return made.is_some_and(|making| is_derived_kind(workflow, &making.thing));
        }
        let Some(next) = identity(workflow, &here) else { return false };
        here = next;
    }
    false
}

/// The type of a datum, whether its grant has a binder or not.
fn type_of<'w>(workflow: &'w Workflow, datum: &Datum) -> Option<&'w Type> {
    let Root::Result { step, grant } = datum.root else { return workflow.type_of(datum) };
    let (_, action) = workflow.granted((step, grant))?;
    datum.fields.iter().try_fold(&action.result, |ty, field| workflow.field_type(ty, field))
}
