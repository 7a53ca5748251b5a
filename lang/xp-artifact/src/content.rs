//! Who may have had a hand in content: the closure of content edges, backwards from a datum.
//!
//! Content passes from arguments into results and things, as declarations say, and from things into what reads them. A role
//! made what it chose: an argument whose pin leaves a choice, and what it handed in. What others showed it, and what it then
//! chose for that reason, is knowledge and not followed here.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use xp_scope::Type;
use xp_scope::thing::{Chooser, Immutable, Key, KeyDecl, Kind, Kinds, Level, Term, relate};

use crate::declaration::{KeyExpr, Source, ThingExpr};
use crate::filled::is_filled_by;
use crate::order::{Moment, Order};
use crate::passing::{
    Passing, choosing, followed, has_known_origin, identity, naming_argument, parts, passing, picks,
};
use crate::things::Terms;
use crate::workflow::{Action, Datum, Expr, Grant, GrantIx, Pin, RoleId, Root, StepId, Workflow};

/// Identities followed from one datum at most; a checked workflow has no circle.
const MAX_FOLLOWED: usize = 64;

/// A grant of a step.
type GrantAt = (StepId, GrantIx);

/// Uses of grants, with the clauses that mean a thing and what goes into it there.
type Uses<'w> = Vec<(GrantAt, &'w ThingExpr, Vec<Source>)>;

/// Content of one workflow.
#[derive(Debug)]
pub struct Contents<'w> {
    workflow: &'w Workflow,
    terms: Terms<'w>,
    /// Every distinct term that some grant changes or makes, with the grants and what goes into it there.
    altered: Vec<(Term, Uses<'w>)>,
    /// What grants remove.
    removed: Vec<(Term, GrantAt, &'w ThingExpr)>,
    /// What decides is followed, and not only what content is made of: whoever picks what is read, or removes some of it, decides.
    decides: bool,
    order: Order<'w>,
    /// By term that is read: the altered ones that it may meet.
    met: HashMap<Term, Vec<usize>>,
    /// Parameters met in the closure that was asked for last.
    given: BTreeSet<Datum>,
}

/// Something content is in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Place {
    Datum(Datum),
    /// A thing, as a use in the step reads it.
    Thing(Term, StepId),
    /// Whatever those uses made by the step that alter what no declaration describes.
    Unsaid(usize, StepId),
}

impl<'w> Contents<'w> {
    /// Of a workflow.
    #[must_use]
    pub fn of(workflow: &'w Workflow) -> Self {
        let mut terms = Terms::of(workflow);
        let mut numbers: HashMap<Term, usize> = HashMap::new();
        let mut altered: Vec<(Term, Uses<'w>)> = Vec::new();
        let mut removed = Vec::new();
        for at in workflow.grants() {
            let Some((_, action)) = workflow.granted(at) else { continue };
            removed
                .extend(action.clauses.removes.iter().map(|expr| (terms.term(at.0, at.1, expr), at, expr)));
            for (expr, sources) in altering(action) {
                let term = terms.term(at.0, at.1, expr);
                let number = *numbers.entry(term.clone()).or_insert_with(|| {
                    altered.push((term, Vec::new()));
                    altered.len() - 1
                });
                if let Some((_, uses)) = altered.get_mut(number) {
                    uses.push((at, expr, sources));
                }
            }
        }
        Self {
            workflow,
            terms,
            altered,
            removed,
            decides: false,
            order: Order::of(workflow),
            met: HashMap::new(),
            given: BTreeSet::new(),
        }
    }

    /// The roles that may have made content of the datum, or of the thing it names, each with a step in which it chose some.
    /// Whoever may have changed that thing by the time of the step that looks at it is one of them.
    pub fn makers(&mut self, datum: &Datum, looks: StepId) -> BTreeMap<RoleId, StepId> {
        let (mut makers, mut open) = (BTreeMap::new(), vec![Place::Datum(datum.clone())]);
        for part in parts(self.workflow, datum) {
            self.made_under(part, looks, &mut makers, &mut open);
        }
        self.closure(open, makers)
    }

    /// Adds what uses made under the name that the datum is.
    fn made_under(
        &mut self,
        datum: Datum,
        looks: StepId,
        makers: &mut BTreeMap<RoleId, StepId>,
        open: &mut Vec<Place>,
    ) {
        let mut here = datum;
        for _ in 0..MAX_FOLLOWED {
            let Root::Result { step, grant } = here.root else { break };
            let Some((granted, action)) = self.workflow.granted((step, grant)) else { break };
            for making in action.clauses.all_made_as(&here.fields) {
                if !is_filled_by(self.workflow, action, making) {
                    continue;
                }
                for source in action.clauses.content_of(action.params.len(), making) {
                    self.source((step, grant), granted, source, makers, open);
                }
                open.push(Place::Thing(self.terms.term(step, grant, &making.thing), looks));
            }
            let argument = action.clauses.identity(&here.fields);
            let pinned =
                argument.and_then(|(index, fields)| Some((granted.pins.get(index as usize)?, fields)));
            let Some((Pin::Is(Expr::Datum(next)), fields)) = pinned else { break };
            here = followed(next, &fields);
        }
    }

    /// The parameters of which content of the datum, or of the thing it names, may be: as [`Self::makers`].
    pub fn params(&mut self, datum: &Datum, looks: StepId) -> BTreeSet<Datum> {
        self.given.clear();
        self.makers(datum, looks);
        std::mem::take(&mut self.given)
    }

    /// The roles that may have made content of a thing that a use of the grant reads, each with a step in which it chose some.
    pub fn makers_of(&mut self, at: GrantAt, expr: &ThingExpr) -> BTreeMap<RoleId, StepId> {
        let place = Place::Thing(self.terms.term(at.0, at.1, expr), at.0);
        self.closure(vec![place], BTreeMap::new())
    }

    /// The parameters of which content of a thing that a use of the grant reads may be: as [`Self::makers_of`].
    pub fn params_of(&mut self, at: GrantAt, expr: &ThingExpr) -> BTreeSet<Datum> {
        self.given.clear();
        self.makers_of(at, expr);
        std::mem::take(&mut self.given)
    }

    /// The roles that may have chosen what decides a field of a measurement of a grant besides its subject: what it is measured by,
    /// and what the field is said to be, or to come from, as well. Whoever picks what is read on the way there, or removes some of it, is
    /// one of them.
    pub fn deciders(
        &mut self,
        (step, grant): (StepId, GrantIx),
        field: &[String],
    ) -> BTreeMap<RoleId, StepId> {
        let (mut makers, mut open) = (BTreeMap::new(), Vec::new());
        self.decides = true;
        if let Some((granted, action)) = self.workflow.granted((step, grant)) {
            for source in measured_with(self.workflow, action, field) {
                self.source((step, grant), granted, source, &mut makers, &mut open);
            }
        }
        let deciders = self.closure(open, makers);
        self.decides = false;
        deciders
    }

    fn closure(
        &mut self,
        mut open: Vec<Place>,
        mut makers: BTreeMap<RoleId, StepId>,
    ) -> BTreeMap<RoleId, StepId> {
        let mut seen = BTreeSet::new();
        let mut seen_things: BTreeSet<(usize, StepId, usize)> = BTreeSet::new();
        let mut looked_at: HashSet<(Term, StepId)> = HashSet::new();
        while let Some(place) = open.pop() {
            match place {
                Place::Datum(datum) => {
                    if seen.insert(datum.clone()) {
                        self.behind_datum(&datum, &mut makers, &mut open);
                    }
                }
                Place::Thing(term, reader) => {
                    if !looked_at.insert((term.clone(), reader)) {
                        continue;
                    }
                    // Which thing it is decides, too.
                    let depth = if self.decides { 0 } else { depth(&term) };
                    self.behind_removals(&term, (reader, depth), &mut makers, &mut open);
                    for number in self.meeting(&term) {
                        if seen_things.insert((number, reader, depth)) {
                            self.behind_thing(number, (reader, depth), &mut makers, &mut open);
                        }
                    }
                }
                Place::Unsaid(number, reader) => {
                    if seen_things.insert((number, reader, 0)) {
                        self.behind_thing(number, (reader, 0), &mut makers, &mut open);
                    }
                }
            }
        }
        makers
    }

    fn behind_datum(&mut self, datum: &Datum, makers: &mut BTreeMap<RoleId, StepId>, open: &mut Vec<Place>) {
        self.behind_name(datum, open);
        match datum.root {
            Root::Param(_) => {
                self.given.insert(datum.clone());
            }
            Root::Submission { step, .. } => self.chosen(step, makers),
            Root::Result { step, grant } => {
                let Some((granted, action)) = self.workflow.granted((step, grant)) else { return };
                for source in self.workflow.sources(action, &datum.fields) {
                    self.source((step, grant), granted, source, makers, open);
                }
            }
        }
    }

    /// What the datum may name, where names are derived from content.
    fn behind_name(&mut self, datum: &Datum, open: &mut Vec<Place>) {
        let altered = self.altered.iter().map(|(term, _)| term);
        let Some(MayName { at, things, unsaid }) = may_name(self.workflow, &mut self.terms, datum, altered)
        else {
            return;
        };
        open.extend(things.into_iter().map(|term| Place::Thing(term, at.step)));
        if unsaid {
            let unsaid = (0..self.altered.len())
                .filter(|number| matches!(self.altered.get(*number), Some((Term::Undescribed(_), _))));
            open.extend(unsaid.map(|number| Place::Unsaid(number, at.step)));
        }
    }

    /// Whoever chose what went into a thing, and where in it.
    fn behind_thing(
        &mut self,
        number: usize,
        (reader, depth): (StepId, usize),
        makers: &mut BTreeMap<RoleId, StepId>,
        open: &mut Vec<Place>,
    ) {
        let Some((_, uses)) = self.altered.get(number) else { return };
        for (at, expr, sources) in uses.clone() {
            if !self.order.may_follow(Moment::used(at), reader) {
                continue;
            }
            let Some((granted, action)) = self.workflow.granted(at) else { continue };
            for source in placing(self.workflow, action, expr, depth).chain(sources) {
                self.source(at, granted, source, makers, open);
            }
        }
    }

    /// Whoever said which of what is in a thing was removed; where it decides, whoever removed some of it, too.
    fn behind_removals(
        &mut self,
        term: &Term,
        (reader, depth): (StepId, usize),
        makers: &mut BTreeMap<RoleId, StepId>,
        open: &mut Vec<Place>,
    ) {
        let read = self.terms.at_another_time(term, self.order.reopened());
        let kinds = &self.workflow.kinds;
        let met = self.removed.iter().filter(|(removed, ..)| !relate(kinds, &read, removed).is_apart());
        let met: Vec<(GrantAt, &ThingExpr)> = met.map(|(_, at, expr)| (*at, *expr)).collect();
        for (at, expr) in met {
            if !self.order.may_follow(Moment::used(at), reader) {
                continue;
            }
            let Some((granted, action)) = self.workflow.granted(at) else { continue };
            if self.decides {
                self.chosen(at.0, makers);
                self.passed(at, choosing(self.workflow, granted, action, expr), makers, open);
            }
            for source in placing(self.workflow, action, expr, depth) {
                self.source(at, granted, source, makers, open);
            }
        }
    }

    fn source(
        &mut self,
        at: GrantAt,
        granted: &Grant,
        source: Source,
        makers: &mut BTreeMap<RoleId, StepId>,
        open: &mut Vec<Place>,
    ) {
        self.passed(at, passing(self.workflow, granted, &source), makers, open);
    }

    fn passed(
        &mut self,
        at: GrantAt,
        from: Vec<Passing>,
        makers: &mut BTreeMap<RoleId, StepId>,
        open: &mut Vec<Place>,
    ) {
        for passing in from {
            match passing {
                Passing::Datum(datum) => open.push(Place::Datum(datum)),
                Passing::Field(fields) => {
                    open.push(Place::Datum(Datum { root: Root::Result { step: at.0, grant: at.1 }, fields }));
                }
                Passing::Choice => self.chosen(at.0, makers),
                Passing::Thing(expr) => {
                    open.push(Place::Thing(self.terms.term(at.0, at.1, &expr), at.0));
                    // Whoever picks what is read did not make it, but decides.
                    if self.decides
                        && let Some((granted, action)) = self.workflow.granted(at)
                    {
                        self.passed(at, choosing(self.workflow, granted, action, &expr), makers, open);
                    }
                }
            }
        }
    }

    fn chosen(&self, step: StepId, makers: &mut BTreeMap<RoleId, StepId>) {
        if let Some(declared) = self.workflow.steps.get(step.index()) {
            makers.entry(declared.role).or_insert(step);
        }
    }

    fn meeting(&mut self, term: &Term) -> Vec<usize> {
        if let Some(known) = self.met.get(term) {
            return known.clone();
        }
        let kinds = &self.workflow.kinds;
        // It may have been altered in an earlier opening, with other values.
        let read = self.terms.at_another_time(term, self.order.reopened());
        let altered = self.altered.iter().enumerate();
        let found: Vec<usize> = altered
            .filter(|(_, (other, _))| may_hold(kinds, &read, other))
            .map(|(number, _)| number)
            .collect();
        self.met.insert(term.clone(), found.clone());
        found
    }
}

/// What an action changes or makes, with the content that goes into it.
pub fn altering(action: &Action) -> impl Iterator<Item = (&ThingExpr, Vec<Source>)> {
    let clauses = &action.clauses;
    let changed = clauses.changes.iter().map(|expr| (expr, clauses.put_into(action.params.len(), expr)));
    changed.chain(
        clauses.makes.iter().map(|making| (&making.thing, clauses.content_of(action.params.len(), making))),
    )
}

/// How many levels say which one thing is meant: that inside of it something is chosen, further keys say.
#[must_use]
pub fn depth(term: &Term) -> usize {
    let Term::Path(levels) = term else { return 0 };
    let several = |level: &Level| level.keys.iter().any(|key| matches!(key, Key::Every(_)));
    levels.iter().position(several).unwrap_or(levels.len())
}

/// What says where, in a thing of so many levels, a clause alters something: whoever chose that chose content of the thing. A name that
/// the upstream gives comes from what its declaration says, as any other field of a result. Which of several is meant, no clause says:
/// everything that names nothing there may decide it, such as a filter, and all that is read.
pub fn placing(
    workflow: &Workflow,
    action: &Action,
    expr: &ThingExpr,
    depth: usize,
) -> impl Iterator<Item = Source> {
    let keys = expr.levels().iter().skip(depth).flat_map(|level| &level.keys);
    let within = if expr.is_whatever() { picking(workflow, action, expr) } else { Vec::new() };
    let named = keys.flat_map(|key| match (naming_argument(action, key), key) {
        (Some((index, fields)), _) => vec![Source::Argument { index, fields }],
        (None, KeyExpr::Field(fields)) => vec![Source::Field(fields.clone())],
        (None, KeyExpr::Every(_) | KeyExpr::Some) => picking(workflow, action, expr),
        (None, KeyExpr::Literal(_) | KeyExpr::Argument { .. }) => Vec::new(),
    });
    named.chain(within)
}

/// What may decide which of the several things that a clause stands for are meant: arguments, and all that is read.
fn picking(workflow: &Workflow, action: &Action, expr: &ThingExpr) -> Vec<Source> {
    let arguments = picks(workflow, action, expr).into_iter();
    let read = action.clauses.read().into_iter().map(Source::Thing);
    arguments.map(|(index, fields)| Source::Argument { index, fields }).chain(read).collect()
}

/// What a datum may name besides what its declaration says of it, where names are derived from content.
#[derive(Debug)]
pub struct MayName {
    /// When the name came into the run: what is made later is not meant.
    pub at: Moment,
    /// Things that the run makes, by that name.
    pub things: Vec<Term>,
    /// So may be what uses make whose declarations do not say what they alter.
    pub unsaid: bool,
}

/// What a datum may name, where names are derived from content. Whoever picks such a name, an agent or the world, and in whatever way
/// the declaration says that it came about, may pick that of anything of the kind which the run made by then; then what is in that comes
/// with the name. How the name relates to those things, the terms say. Nothing is picked where the origin is known
/// ([`has_known_origin`]), nor by a field that is another datum: that is followed itself.
pub fn may_name<'t>(
    workflow: &Workflow,
    terms: &mut Terms<'_>,
    datum: &Datum,
    altered: impl Iterator<Item = &'t Term>,
) -> Option<MayName> {
    let at = match datum.root {
        Root::Param(_) => return None,
        Root::Submission { step, .. } => Moment::open(step),
        Root::Result { step, grant } => Moment::used((step, grant)),
    };
    if identity(workflow, datum).is_some() {
        return None;
    }
    let ty = workflow.type_given(datum)?;
    let key = terms.datum(datum);
    let names = |part: &KeyDecl| holds(workflow, ty, &part.ty);
    let picked = |kind: &Kind| {
        kind.immutable == Some(Immutable::Content)
            && kind.key.iter().any(names)
            && !has_known_origin(workflow, datum, &kind.name)
    };
    let things = altered.flat_map(|term| under(&workflow.kinds, term, &key, (picked, names))).collect();
    let unsaid = workflow.kinds.iter().any(picked);
    Some(MayName { at, things, unsaid })
}

/// A thing of such a kind that was made, under another name: that of a part of its key, beside any other parts.
fn under(
    kinds: &Kinds,
    made: &Term,
    name: &Key,
    (picked, names): (impl Fn(&Kind) -> bool, impl Fn(&KeyDecl) -> bool),
) -> Vec<Term> {
    let Term::Path(levels) = made else { return Vec::new() };
    let Some((own, outer)) = levels.split_last() else { return Vec::new() };
    let Some(kind) = kinds.get(own.kind).filter(|kind| picked(kind)) else { return Vec::new() };
    let named = kind.key.iter().enumerate().filter(|(_, part)| names(part));
    let under = named.map(|(named, _)| {
        let any = Key::Chosen { by: Chooser::World, within: None, given: false };
        let keys = (0..kind.key.len()).map(|part| if part == named { name.clone() } else { any.clone() });
        let own = Level { kind: own.kind, keys: keys.collect(), deep: own.deep };
        Term::Path(outer.iter().cloned().chain([own]).collect())
    });
    under.collect()
}

/// A value of the type stands where a text is wanted, and is written as names are.
fn is_name(ty: &Type) -> bool {
    matches!(ty, Type::Path | Type::Branch | Type::Commit | Type::Tree | Type::Url)
}

/// A value of the type is, or holds, one of the other, or one that stands where the other is wanted.
#[must_use]
pub fn holds(workflow: &Workflow, ty: &Type, wanted: &Type) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![ty]);
    while let Some(ty) = open.pop() {
        match ty {
            Type::List(element) | Type::Set(element) => open.push(element),
            Type::Record(name) if seen.insert(name) => {
                let fields = workflow.records.iter().filter(|record| record.name == *name);
                open.extend(fields.flat_map(|record| &record.fields).map(|field| &field.ty));
            }
            other if other == wanted || *wanted == Type::Text && is_name(other) => return true,
            _ => {}
        }
    }
    false
}

/// What is read may hold what was altered. Where it is not said what is read, that can be what never changes, too.
pub(crate) fn may_hold(kinds: &Kinds, read: &Term, altered: &Term) -> bool {
    may_fill(kinds, read, altered) || may_have_made(kinds, altered, read)
}

/// What was altered may be in what is read, and the name of what is read does not say so: as [`may_hold`], but for what a use may have made
/// that has a name derived from its content.
pub(crate) fn may_fill(kinds: &Kinds, read: &Term, altered: &Term) -> bool {
    matches!(read, Term::Undescribed(_))
        || !relate(kinds, read, altered).is_apart()
        || immutable(kinds, read) == Some(Immutable::Minted) && may_have_made(kinds, altered, read)
}

/// A use that may alter anything changes nothing that never changes, but may have made what somebody then names: its name was
/// not given before.
#[must_use]
pub fn may_have_made(kinds: &Kinds, altered: &Term, read: &Term) -> bool {
    let (Term::Undescribed(_), Term::Path(levels)) = (altered, read) else { return false };
    let known = |key: &Key| match key {
        Key::Value(_) | Key::Minted { .. } => true,
        Key::Symbol(symbol) => symbol.given,
        Key::Chosen { .. } | Key::Template(_) | Key::Every(_) => false,
    };
    immutable(kinds, read).is_some() && !levels.last().is_some_and(|own| own.keys.iter().all(known))
}

/// Why the thing never changes, if that is so.
fn immutable(kinds: &Kinds, term: &Term) -> Option<Immutable> {
    let Term::Path(levels) = term else { return None };
    kinds.get(levels.last()?.kind)?.immutable
}

/// What decides a measurement besides its subjects: what it is measured by, and what the field is said to be or to come from.
pub(crate) fn measured_with(workflow: &Workflow, action: &Action, field: &[String]) -> Vec<Source> {
    let clauses = &action.clauses;
    let names_subject = |index: u32| {
        clauses.subjects_of(field).any(|subject| {
            subject.keys().any(|key| naming_argument(action, key).is_some_and(|(at, _)| at == index))
        })
    };
    let from = workflow.sources(action, field).into_iter().filter(|source| match source {
        Source::Argument { index, .. } => !names_subject(*index),
        Source::Field(_) => true,
        // The subject itself is what is measured.
        Source::Thing(thing) => !clauses.subjects_of(field).any(|subject| subject == thing),
    });
    clauses.instrument(action.params.len()).into_iter().chain(from).collect()
}
