//! Names that grants give to what they make, and when such a name may be taken already: the machine refuses a second thing of
//! a name that the run made and has not removed.

use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::declaration::{KeyExpr, Making, ThingExpr};
use xp_artifact::depends::Resets;
use xp_artifact::filled::is_filled;
use xp_artifact::things::Terms;
use xp_artifact::workflow::{Action, Datum, Grant, GrantIx, LoopId, Pin, Root, StepId, Workflow};
use xp_scope::Type;
use xp_scope::thing::{Key, Term, relate};

use crate::naming;

type GrantAt = (StepId, GrantIx);

/// What is known of the names that grants give.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// Grants that may give the same name again, in another use.
    again: BTreeMap<GrantAt, Names>,
    /// For a grant whose user cannot choose another name: the other grants that may have given it.
    rivals: BTreeMap<GrantAt, BTreeSet<GrantAt>>,
}

/// How many things of other names a grant can make.
#[derive(Clone, Copy, Debug)]
struct Names {
    /// In one opening at least, if no name is taken.
    in_opening: u32,
    /// In a run at most, where that is known.
    in_run: Option<u32>,
}

/// A grant with something that it makes.
struct Maker<'w> {
    at: GrantAt,
    grant: &'w Grant,
    action: &'w Action,
    making: &'w Making,
    term: Term,
    /// It says the name itself. What the upstream names, it names anew each time; but a name that is said may be one of those.
    named: bool,
}

impl Taken {
    pub fn of(w: &Workflow, resets: &Resets) -> Self {
        let mut terms = Terms::of(w);
        let (mut makers, mut unnamed) = (Vec::new(), Vec::new());
        for (number, step) in w.steps.iter().enumerate() {
            for (index, grant) in step.grants.iter().enumerate() {
                let at = (StepId::of(number), GrantIx::of(index));
                let Some(action) = w.actions.get(grant.action.index()) else { continue };
                // Equal content has one name, and is made as often as it is.
                for making in action.clauses.makes.iter().filter(|making| is_filled(w, &making.thing)) {
                    if is_named(action, making) {
                        let term = by_name(terms.term(at.0, at.1, &making.thing));
                        makers.push(Maker { at, grant, action, making, term, named: true });
                    } else {
                        unnamed.push((at, grant, action, making));
                    }
                }
            }
        }
        // Names that are given upstream matter only beside one that its user cannot choose otherwise.
        if makers.iter().all(|maker| maker.is_chosen(w)) {
            return Self::default();
        }
        makers.extend(unnamed.into_iter().map(|(at, grant, action, making)| {
            let term = terms.made(at.0, at.1, making);
            Maker { at, grant, action, making, term, named: false }
        }));
        let loops = (0..w.loops.len()).map(LoopId::of);
        let reopened: BTreeSet<StepId> = resets.by_any(loops).into_iter().collect();
        let mut taken = Self::default();
        for maker in makers.iter().filter(|maker| maker.named && !maker.is_chosen(w)) {
            if !maker.changes(w, resets, &mut terms) {
                let names = maker.names(w, resets, &terms);
                let known = taken.again.entry(maker.at).or_insert(names);
                known.in_opening = known.in_opening.min(names.in_opening);
                known.in_run = known.in_run.into_iter().chain(names.in_run).min();
            }
            // The other may have given it in an earlier opening, with other values.
            let own = terms.at_another_time(&maker.term, &reopened);
            let meets =
                |other: &&Maker<'_>| other.at != maker.at && !relate(&w.kinds, &own, &other.term).is_apart();
            let rivals: BTreeSet<GrantAt> = makers.iter().filter(meets).map(|other| other.at).collect();
            if !rivals.is_empty() {
                taken.rivals.entry(maker.at).or_default().extend(rivals);
            }
        }
        taken
    }

    /// A later use may find its name taken by an earlier one.
    pub fn again(&self, at: GrantAt) -> bool {
        self.again.contains_key(&at)
    }

    /// Uses of a grant in one opening that its names surely last for, if none is taken; none where names do not matter.
    pub fn lasts_for(&self, at: GrantAt) -> Option<u32> {
        self.again.get(&at).map(|names| names.in_opening)
    }

    /// Uses of a grant in a run that there are names for, at most.
    pub fn most_in_run(&self, at: GrantAt) -> Option<u32> {
        self.again.get(&at)?.in_run
    }

    /// Other grants that may have taken the name.
    pub fn rivals(&self, at: GrantAt) -> impl Iterator<Item = GrantAt> + '_ {
        self.rivals.get(&at).into_iter().flatten().copied()
    }

    /// Some name may be given by two grants.
    pub fn any(&self) -> bool {
        !self.rivals.is_empty()
    }

    /// Of the grants with results in a map, another may have taken the name.
    pub fn by_one_of(&self, at: GrantAt, bound: &BTreeSet<GrantAt>) -> bool {
        self.rivals(at).any(|rival| bound.contains(&rival))
    }

    /// Results of the map, or of the step, were made under names that others may have taken: that there is such a run is shown
    /// by a run only.
    pub fn needs_run(&self, bound: &BTreeSet<GrantAt>, step: Option<StepId>) -> bool {
        let contested = |at: &GrantAt| self.rivals.contains_key(at);
        bound.iter().any(contested) || self.rivals.keys().any(|at| Some(at.0) == step)
    }
}

impl Maker<'_> {
    /// Whoever uses the grant can always choose another name, or another place for it.
    fn is_chosen(&self, w: &Workflow) -> bool {
        matches!(self.term, Term::Undescribed(_))
            || self.making.thing.keys().any(|key| naming::is_free(w, (self.grant, self.action), key))
    }

    /// How many names there are where they are the same in each opening.
    fn names(&self, w: &Workflow, resets: &Resets, terms: &Terms<'_>) -> Names {
        let parts = naming::parts_of(w, (self.grant, self.action), self.making.thing.keys());
        let counted = parts.iter().try_fold(1_usize, |so_far, part| so_far.checked_mul(part.count()?));
        let counted = counted.and_then(|many| u32::try_from(many).ok());
        let own = own_loops(w, resets, self.at.0);
        let moves =
            |datum: &Datum| datum.root.step().is_some_and(|step| own.iter().any(|by| resets.has(*by, step)));
        let fixed = !parts.iter().flat_map(|part| part.pin.data()).any(moves);
        let said = |key: &KeyExpr| {
            matches!(key, KeyExpr::Literal(_)) || naming::pin_of(self.grant, self.action, key).is_some()
        };
        let fixed = fixed && self.making.thing.keys().all(said);
        let kind = self.making.thing.levels().last().and_then(|own| w.kinds.named(&own.kind));
        let lasting = kind.is_some_and(|kind| !terms.may_be_removed(kind));
        Names { in_opening: counted.unwrap_or(1), in_run: counted.filter(|_| fixed && lasting) }
    }

    /// In every later opening the name is another one: one thing that is new itself stands in it, and nothing else that may
    /// change.
    fn changes<'w>(&self, w: &'w Workflow, resets: &Resets, terms: &mut Terms<'w>) -> bool {
        let keys = self.making.thing.keys();
        let pins = keys.filter_map(|key| naming::pin_of(self.grant, self.action, key));
        let own = own_loops(w, resets, self.at.0);
        let moving: BTreeSet<&Datum> = pins
            .flat_map(Pin::data)
            .filter(|datum| datum.root.step().is_some_and(|step| own.iter().any(|by| resets.has(*by, step))))
            .collect();
        let [datum] = moving.into_iter().collect::<Vec<_>>()[..] else { return false };
        let Root::Result { step, grant } = datum.root else { return false };
        let reset: BTreeSet<StepId> = resets.by_any(own.iter().copied()).into_iter().collect();
        (!folds(w, &self.making.thing, false) || folds_alone(w, (step, grant), datum))
            && own.iter().all(|by| resets.has(*by, step))
            && is_new_each_time(w, terms, (step, grant), (datum, &reset))
    }
}

/// The loops that open the step again.
fn own_loops(w: &Workflow, resets: &Resets, step: StepId) -> Vec<LoopId> {
    (0..w.loops.len()).map(LoopId::of).filter(|by| resets.has(*by, step)).collect()
}

/// What the datum names is made in each opening of its step, and never called like what was made in an earlier one. The upstream,
/// or the machine, sees to that only beside the same values in all other parts of the key, and of what the run has not removed;
/// equal content has one name.
fn is_new_each_time<'w>(
    w: &'w Workflow,
    terms: &mut Terms<'w>,
    (step, grant): GrantAt,
    (datum, reset): (&Datum, &BTreeSet<StepId>),
) -> bool {
    let Some(making) = made_as(w, (step, grant), datum).filter(|making| is_filled(w, &making.thing)) else {
        return false;
    };
    let term = terms.term(step, grant, &making.thing);
    let (Term::Path(now), Term::Path(later)) = (&term, terms.at_another_time(&term, reset)) else {
        return false;
    };
    let own = now.len().saturating_sub(1);
    let keys = now.iter().zip(&later).zip(making.thing.levels()).enumerate().flat_map(|(at, levels)| {
        let ((now, later), said) = levels;
        now.keys.iter().zip(&later.keys).zip(&said.keys).map(move |keys| (at, keys))
    });
    keys.into_iter().all(|(at, ((now, later), said))| match said {
        KeyExpr::Field(fields) if at == own && *fields == datum.fields => {
            matches!(now, Key::Minted { again: false, .. })
        }
        _ => now == later && !matches!(now, Key::Chosen { .. } | Key::Every(_)),
    })
}

/// What a result names that its use made, where the upstream says how it is called.
fn made_as<'w>(w: &'w Workflow, at: GrantAt, datum: &Datum) -> Option<&'w Making> {
    let (_, action) = w.granted(at)?;
    let clauses = &action.clauses;
    clauses.identity(&datum.fields).is_none().then(|| clauses.made_as(&datum.fields)).flatten()
}

/// Names of what the datum names differ in more than upper and lower case.
fn folds_alone(w: &Workflow, at: GrantAt, datum: &Datum) -> bool {
    made_as(w, at, datum).is_some_and(|making| folds(w, &making.thing, true))
}

/// Names that differ in nothing but upper and lower case are one: in some part of a thing's key, or in all of its own.
fn folds(w: &Workflow, thing: &ThingExpr, all: bool) -> bool {
    let decls = |kind: &str| {
        let kind = w.kinds.named(kind).and_then(|kind| w.kinds.get(kind));
        kind.map(|kind| kind.key.as_slice()).unwrap_or_default()
    };
    match (all, thing.levels()) {
        (false, levels) => levels.iter().any(|level| decls(&level.kind).iter().any(|part| part.fold)),
        // Numbers and object ids have no other case.
        (true, [.., own]) => decls(&own.kind)
            .iter()
            .all(|part| part.fold || matches!(part.ty, Type::Int | Type::Commit | Type::Tree)),
        (true, []) => false,
    }
}

/// The thing by the name that it is given, be that new or not: whether it is, is what is asked.
pub(crate) fn by_name(term: Term) -> Term {
    let Term::Path(mut levels) = term else { return term };
    if let Some(own) = levels.last_mut() {
        for key in &mut own.keys {
            if let Key::Minted { name: Some(name), .. } = key {
                *key = (**name).clone();
            }
        }
    }
    Term::Path(levels)
}

/// The name is an argument of the use.
fn is_named(action: &Action, making: &Making) -> bool {
    making.thing.own_keys().iter().all(|key| match key {
        KeyExpr::Field(fields) => action.clauses.identity(fields).is_some(),
        _ => true,
    })
}
