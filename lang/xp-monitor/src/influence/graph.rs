//! The edges of a workflow along which content and knowledge travel, backwards.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use xp_artifact::content::{may_have_made, names_content, under};
use xp_artifact::declaration::{FieldPath, Source, ThingExpr};
use xp_artifact::order::{Moment, Order};
use xp_artifact::passing::{Passing, followed, looked_at, named, naming, passing, pinned};
use xp_artifact::question::Secret;
use xp_artifact::things::Terms;
use xp_artifact::workflow::{Action, Datum, Grant, RoleId, Root, StepId, Workflow};
use xp_scope::Type;
use xp_scope::thing::{Class, Key, Kind, KindIx, Kinds, Level, Term, audience_within, covers, relate};

use super::edge::{Edge, Node};
use super::listed::lists;
use super::named::ByName;
use super::shown::{Shown, Untold, shown};
use super::stranger::{carried, is_strangers, passes_on, taken_in};
use crate::fact::GrantAt;

/// Ways in which kinds lie in one thing that are looked at.
const MAX_INSIDE: usize = 256;

/// Where the ways begin that are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// What strangers may have written.
    Strangers,
    /// What is in these things, read or copied.
    Things(Secret),
}

/// Where names may be by which content is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LookedUp {
    Unasked,
    /// While it is asked, every name is followed.
    Asking,
    At(HashSet<Node>),
}

/// What of the things in which ways begin may leave by a use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaving {
    Nothing,
    /// What lies elsewhere than at its place in what is copied.
    Copies,
    Everything,
}

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

/// Uses of grants that alter a thing, with what goes into it there, and whether the declaration says so; one entry for each
/// clause, of which an action may have several about one thing.
type Alterations = Vec<(GrantAt, Vec<Source>, bool)>;

/// A datum, and the steps in which a judge of it can look at what it names.
type Looks = (Datum, Vec<StepId>);

/// The edges of one workflow, made as they are asked for.
#[derive(Debug)]
pub struct Graph<'w> {
    pub(super) workflow: &'w Workflow,
    /// The things in which ways begin; none where they begin with strangers.
    pub(super) secret: Option<Term>,
    /// Where something that the run makes may be one of them.
    by_name: ByName,
    /// Nobody outside of the run is a reader of them.
    pub(super) narrowed: bool,
    pub(super) terms: Terms<'w>,
    pub(super) order: Order<'w>,
    pub(super) altered: Vec<(Term, Alterations)>,
    /// By role: what it is shown, wherever.
    shown: BTreeMap<RoleId, Vec<Shown>>,
    /// Terms that were read so that the names of things are read, too.
    listed: HashSet<Term>,
    /// By term that is read: the altered ones that it may meet, with what that is worth.
    met: HashMap<Term, Vec<(usize, Class)>>,
    /// By datum: whether it is a mere name.
    pub(super) mere: HashMap<Datum, bool>,
    /// By what is read: the datum that names it, with the steps in which a judge of that can look at it.
    looked_at: HashMap<(GrantAt, ThingExpr), Option<Looks>>,
    /// Where names may be by which content is read, once that is asked.
    pub(super) looked_up: LookedUp,
}

impl<'w> Graph<'w> {
    /// Of a workflow, with where ways begin.
    #[must_use]
    pub fn of(workflow: &'w Workflow, origin: &Origin) -> Self {
        let mut terms = Terms::of(workflow);
        let mut numbers: HashMap<Term, usize> = HashMap::new();
        let mut altered: Vec<(Term, Alterations)> = Vec::new();
        for at in workflow.grants() {
            let Some((_, action)) = workflow.granted(at) else { continue };
            let made = action.clauses.makes.iter().map(|making| {
                let content = action.clauses.content_of(action.params.len(), making);
                (terms.made(at.0, at.1, making), content, making.from.is_some())
            });
            let mut all: Vec<(Term, Vec<Source>, bool)> = made.collect();
            for expr in &action.clauses.changes {
                let content = action.clauses.put_into(action.params.len(), expr);
                all.push((terms.term(at.0, at.1, expr), content, action.clauses.says_what_is_put_into(expr)));
            }
            for expr in &action.clauses.removes {
                // Unsaid, but nothing more can be said.
                all.push((
                    terms.term(at.0, at.1, expr),
                    action.clauses.everything(action.params.len()),
                    true,
                ));
            }
            for (term, sources, said) in all {
                let number = *numbers.entry(term.clone()).or_insert_with(|| {
                    altered.push((term, Vec::new()));
                    altered.len() - 1
                });
                if let Some((_, uses)) = altered.get_mut(number) {
                    uses.push((at, sources, said));
                }
            }
        }
        let order = Order::of(workflow);
        // By the names that all terms here have; what is read may be read in another opening, with other values.
        let (secret, by_name) = match origin {
            Origin::Strangers => (None, ByName::default()),
            Origin::Things(things) => {
                let secret = terms.written(&things.thing, &things.given);
                (Some(terms.at_another_time(&secret, order.reopened())), ByName::of(workflow, things))
            }
        };
        let shown = shown(workflow);
        Self {
            workflow,
            secret,
            by_name,
            narrowed: false,
            terms,
            order,
            altered,
            shown,
            listed: HashSet::new(),
            met: HashMap::new(),
            mere: HashMap::new(),
            looked_at: HashMap::new(),
            looked_up: LookedUp::Unasked,
        }
    }

    /// With nobody outside of the run for a reader of the things in which ways begin.
    #[must_use]
    pub fn narrowed(mut self) -> Self {
        self.narrowed = true;
        self
    }

    /// The shortest way from the origin to one of the nodes, along edges of this worth at most that `passes` lets pass, in the
    /// order in which it is gone. None if there is no such way.
    ///
    /// # Errors
    /// Those of `passes`.
    pub fn way<E>(
        &mut self,
        to: impl IntoIterator<Item = Node>,
        worth: Class,
        mut passes: impl FnMut(&Edge) -> Result<bool, E>,
    ) -> Result<Option<Vec<Edge>>, E> {
        let mut seen: HashMap<Node, Option<Edge>> = HashMap::new();
        let mut open: VecDeque<Node> = VecDeque::new();
        for node in to {
            if seen.insert(node.clone(), None).is_none() {
                open.push_back(node);
            }
        }
        let mut untold = Untold::new(self.shown.clone());
        let mut things: HashSet<(usize, usize)> = HashSet::new();
        while let Some(here) = open.pop_front() {
            if self.begins(&here, worth) {
                return Ok(Some(back(&seen, here)));
            }
            for (shown_to, edge) in self.edges(&here, worth, &mut untold, &mut things) {
                if edge.class > worth || seen.contains_key(&edge.from) {
                    continue;
                }
                if passes(&edge)? {
                    open.push_back(edge.from.clone());
                    seen.insert(edge.from.clone(), Some(edge));
                } else if let (Some(shown_to), Node::Mind(role, _)) = (shown_to, &edge.to) {
                    untold.refuse(*role, shown_to, Shown { from: edge.from, at: edge.at, datum: edge.datum });
                }
            }
        }
        Ok(None)
    }

    /// A use of the grant publishes, or writes what somebody may read who is not shown to be a reader of the things in which ways
    /// begin, or of what is read inside of them; where they are narrowed, nobody is. What changes may be anything that lies in it.
    /// Only what is read to this worth counts.
    pub fn leaves(&mut self, at: GrantAt, worth: Class) -> bool {
        self.leaving(at, worth) != Leaving::Nothing
    }

    fn leaving(&mut self, at: GrantAt, worth: Class) -> Leaving {
        let (Some(secret), Some((_, action))) = (self.secret.clone(), self.workflow.granted(at)) else {
            return Leaving::Everything;
        };
        if action.publishes {
            return Leaving::Everything;
        }
        let (kinds, clauses) = (&self.workflow.kinds, &action.clauses);
        let params = action.params.len();
        let (mut places, mut copies) = (Vec::new(), Vec::new());
        let says = |term: &Term| worth == Class::Silent || says_who_reads(kinds, term);
        for expr in &clauses.changes {
            let changed = self.terms.term(at.0, at.1, expr);
            let from = clauses.says_what_is_put_into(expr).then(|| clauses.put_into(params, expr));
            let is_copy = self.copied(at, (&changed, from.as_deref())).is_some();
            let list = if is_copy { &mut copies } else { &mut places };
            list.extend(inside(kinds, &changed));
            list.push(changed);
        }
        for making in &clauses.makes {
            let made = self.terms.term(at.0, at.1, &making.thing);
            let is_copy = self.copied(at, (&made, making.from.as_deref())).is_some();
            let list = if is_copy { &mut copies } else { &mut places };
            // What it is made of is in what lies in it; what never changes stands for itself alone.
            let alone = own_kind(kinds, &made).is_some_and(|kind| kind.immutable.is_some());
            if !alone && making.from.as_ref().is_none_or(|from| !from.is_empty()) {
                list.extend(inside(kinds, &made).into_iter().filter(says));
            }
            list.push(made);
        }
        let narrow = self.narrowed.then_some(&secret);
        let mut sources = self.read_inside(&secret, worth);
        sources.push(secret.clone());
        let leave = |places: &[Term]| {
            places
                .iter()
                .any(|place| sources.iter().any(|source| !audience_within(kinds, place, source, narrow)))
        };
        match (leave(&places), leave(&copies)) {
            (true, _) => Leaving::Everything,
            (false, true) => Leaving::Copies,
            (false, false) => Leaving::Nothing,
        }
    }

    /// All the things in which ways begin are certainly among these.
    pub fn is_among(&mut self, things: &Secret) -> bool {
        let written = self.terms.written(&things.thing, &things.given);
        // Now and at another time, if that makes a difference.
        let whole = self.terms.at_another_time(&written, self.order.reopened());
        self.secret.as_ref().is_some_and(|secret| covers(&self.workflow.kinds, &whole, secret))
    }

    /// Some grant may read what is in the things in which ways begin.
    pub fn is_read(&mut self) -> bool {
        let workflow = self.workflow;
        workflow.grants().any(|at| {
            let read = workflow.granted(at).map(|(_, action)| action.clauses.read()).unwrap_or_default();
            read.iter().any(|expr| {
                let term = self.terms.term(at.0, at.1, expr);
                self.is_secret(&term, Class::Silent)
            })
        })
    }

    /// Things inside these that some use reads: who reads them need not be who reads what they lie in. Whoever reads a thing reads
    /// all that lies in it; where a kind does not say who reads it, that is worth no more than silence.
    fn read_inside(&mut self, secret: &Term, worth: Class) -> Vec<Term> {
        let (Term::Path(outer), kinds) = (secret, &self.workflow.kinds) else { return Vec::new() };
        let mut found = Vec::new();
        let mut add = |term: Term| {
            if !found.contains(&term) {
                found.push(term);
            }
        };
        for at in self.workflow.grants() {
            let Some((_, action)) = self.workflow.granted(at) else { continue };
            for expr in action.clauses.read() {
                let read = self.terms.term(at.0, at.1, &expr);
                if self.holds(&read, secret).is_none_or(|class| class > worth) {
                    continue;
                }
                let deeper = expr.levels().len() > outer.len();
                // What never changes stands for itself alone.
                let alone = own_kind(kinds, &read).is_some_and(|kind| kind.immutable.is_some());
                let within = match (alone, deeper) {
                    (true, _) => Vec::new(),
                    (false, true) => inside(kinds, &read),
                    (false, false) => inside(kinds, secret),
                };
                let says = |term: &Term| worth == Class::Silent || says_who_reads(kinds, term);
                within.into_iter().filter(says).for_each(&mut add);
                if deeper {
                    add(read);
                }
            }
        }
        found
    }

    fn begins(&self, node: &Node, worth: Class) -> bool {
        match node {
            Node::Strangers(_) => true,
            Node::Thing(term, _) | Node::Changed(term, ..) => self.is_secret(term, worth),
            Node::Datum(_) | Node::Mind(..) | Node::Use(_) | Node::Elsewhere(..) => false,
        }
    }

    fn is_secret(&self, term: &Term, worth: Class) -> bool {
        self.secret.as_ref().and_then(|secret| self.holds(term, secret)).is_some_and(|class| class <= worth)
    }

    /// What it is worth that something of these things is in what is read; none if nothing is. Where it is not said what is
    /// read, that can be what never changes, too; and `anything` is also what never changes.
    fn holds(&self, read: &Term, things: &Term) -> Option<Class> {
        match (read, things) {
            (Term::Undescribed(_), _) => Some(Class::Silent),
            (Term::Path(_), Term::Undescribed(_)) => Some(Class::Chosen),
            (Term::Path(levels), Term::Path(_)) => {
                relate(&self.workflow.kinds, &self.by_name.of_read(levels), things).class()
            }
        }
    }

    /// Ways begin in things.
    pub(super) fn follows_things(&self) -> bool {
        self.secret.is_some()
    }

    /// The edges into a node. What alters a thing is told once for each search (by term and entry), and so is what a mind is shown: with who is shown
    /// it, where it can be told to others if this edge is refused.
    pub(super) fn edges(
        &mut self,
        node: &Node,
        worth: Class,
        untold: &mut Untold,
        things: &mut HashSet<(usize, usize)>,
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
                self.behind_name(node, datum, Moment::open(step), &mut found);
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
                if clauses.identity(&datum.fields).is_none()
                    && clauses.made_as(&datum.fields).is_none()
                    && (self.may_name_what_is_made(at, &sources)
                        || may_be_spelled(self.workflow, declared, action, &sources))
                {
                    self.behind_name(node, datum, Moment::used(at), &mut found);
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

    /// A name that is derived from content, and that somebody picked, may be that of anything that the run made by then; also of
    /// what was made by a use whose declaration does not say what it alters.
    fn behind_name(&mut self, node: &Node, datum: &Datum, at: Moment, found: &mut Vec<Edge>) {
        let Some(ty) = self.workflow.type_of(datum) else { return };
        // Its name tells nothing of what is in it to who does not read that.
        if self.follows_things() && !self.is_looked_up(node) {
            return;
        }
        let key = self.terms.datum(datum);
        let named = self.altered.iter().filter_map(|(made, _)| under(self.workflow, made, &key, ty));
        found.extend(named.map(|term| Edge {
            from: Node::Thing(term, at.step),
            to: node.clone(),
            at,
            datum: None,
            looks: None,
            class: Class::Chosen,
        }));
        if names_content(self.workflow, ty) {
            let unsaid = self.altered.iter().filter(|(made, _)| matches!(made, Term::Undescribed(_)));
            for (by, sources, _) in unsaid.flat_map(|(_, uses)| uses.clone()).collect::<Vec<_>>() {
                found.extend(self.put_in(node, by, sources, at.step, Class::Silent));
            }
        }
    }

    /// What a use put into what it altered, where that was before the step.
    fn put_in(
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

    /// What a use put into what is read, once for each search, and what it is called.
    pub(super) fn edges_of_altering(
        &mut self,
        node: &Node,
        (term, reader): (&Term, StepId),
        altering: Altering,
        worth: Class,
        things: &mut HashSet<(usize, usize)>,
    ) -> Vec<Edge> {
        let Altering { place, altered, at, sources, said, class } = altering;
        let mut found = self.names_in(node, (term, &altered), at, class);
        let class = class.max(worth_of(said));
        if class <= worth && things.insert(place) {
            found.extend(self.put_in(node, at, sources, reader, class));
        }
        found
    }

    fn edges_of_thing(
        &mut self,
        node: &Node,
        (term, reader, since): (&Term, StepId, &[StepId]),
        worth: Class,
        things: &mut HashSet<(usize, usize)>,
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
        for name in action.clauses.changes.iter().chain(made).flat_map(|expr| naming(grant, action, expr)) {
            let tells = match &name {
                Passing::Datum(datum) => !self.is_mere_name(datum),
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

    fn sources(
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
                for name in naming(grant, action, expr) {
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

    /// What a clause of a use means where it is read.
    pub(super) fn read(&mut self, (step, grant): GrantAt, expr: &ThingExpr) -> Term {
        let term = self.terms.term(step, grant, expr);
        let action = self.workflow.granted((step, grant)).map(|(_, action)| action);
        if action.is_none_or(|action| lists(self.workflow, action, expr)) {
            self.listed.insert(term.clone());
        }
        term
    }

    fn edge(&mut self, node: &Node, at: GrantAt, passing: Passing, class: Class) -> Option<Edge> {
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

    fn strangers(&self, node: &Node, at: GrantAt, class: Class) -> Option<Edge> {
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

/// The kind of the thing says who reads it.
fn says_who_reads(kinds: &Kinds, term: &Term) -> bool {
    own_kind(kinds, term).is_some_and(|kind| kind.audience.is_some())
}

fn own_kind<'k>(kinds: &'k Kinds, term: &Term) -> Option<&'k Kind> {
    let Term::Path(levels) = term else { return None };
    kinds.get(levels.last()?.kind)
}

/// All that can lie in a thing, by kind.
fn inside(kinds: &Kinds, term: &Term) -> Vec<Term> {
    let Term::Path(levels) = term else { return Vec::new() };
    let all = || (0..kinds.iter().count()).filter_map(|at| u32::try_from(at).ok()).map(KindIx);
    let (mut found, mut open): (Vec<Term>, Vec<Vec<Level>>) = (Vec::new(), vec![levels.clone()]);
    let mut seen = BTreeSet::new();
    // Who reads a thing depends on its kind and on what it lies in: where a kind can be reached by several, each counts.
    while let Some(outer) = open.pop() {
        let Some(own) = outer.last().map(|level| level.kind) else { continue };
        for kind in all().filter(|kind| kinds.parents(*kind).contains(&own)) {
            let parts = kinds.get(kind).map_or(0, |declared| declared.key.len());
            let mut levels = outer.clone();
            levels.push(Level { kind, keys: vec![Key::Every(None); parts], deep: false });
            let way: Vec<KindIx> = levels.iter().map(|level| level.kind).collect();
            if seen.len() >= MAX_INSIDE {
                // Nobody is shown to read what is not looked at.
                return vec![Term::Undescribed("what lies in it".to_owned())];
            }
            if seen.insert(way) {
                found.push(Term::Path(levels.clone()));
                open.push(levels);
            }
        }
    }
    found
}

fn worth_of(said: bool) -> Class {
    if said { Class::Chosen } else { Class::Silent }
}

/// The way from a node to where the search began.
fn back(seen: &HashMap<Node, Option<Edge>>, from: Node) -> Vec<Edge> {
    let (mut way, mut here) = (Vec::new(), from);
    while let Some(Some(edge)) = seen.get(&here) {
        here = edge.to.clone();
        way.push(edge.clone());
    }
    way
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
