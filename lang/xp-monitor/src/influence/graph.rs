//! The edges of a workflow along which content and knowledge travel, backwards.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use xp_artifact::content::{may_have_made, names_content, under};
use xp_artifact::declaration::{Source, ThingExpr};
use xp_artifact::order::{Moment, Order};
use xp_artifact::passing::{Passing, identity, named, naming, passing, pinned};
use xp_artifact::question::Secret;
use xp_artifact::things::Terms;
use xp_artifact::workflow::{Action, Datum, Grant, GrantIx, RoleId, Root, StepId, Workflow};
use xp_scope::Type;
use xp_scope::thing::{
    Class, Immutable, Key, Kind, KindIx, Kinds, Level, Term, audience_within, covers, is_several, relate,
};

use super::stranger::{altering, carried, is_strangers};
use crate::fact::GrantAt;

/// Identities followed from one datum at most; a checked workflow has no circle.
const MAX_FOLLOWED: usize = 64;
/// Ways in which kinds lie in one thing that are looked at.
const MAX_INSIDE: usize = 256;

/// Where content or knowledge is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// In a datum of the run.
    Datum(Datum),
    /// In a thing, as uses in the step read it.
    Thing(Term, StepId),
    /// With whoever plays the role, when it acts in the step.
    Mind(RoleId, StepId),
    /// With strangers, who write what a use of the grant reads.
    Strangers(GrantAt),
    /// In a use itself: its arguments, and what it takes effect on.
    Use(GrantAt),
}

/// Where the ways begin that are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// What strangers may have written.
    Strangers,
    /// What is in these things, read or copied.
    Things(Secret),
}

/// Something passes from one place to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// From here.
    pub from: Node,
    /// To there.
    pub to: Node,
    /// When.
    pub at: Moment,
    /// The datum that passes, where it is one: it does not while a judgement of it that cuts this edge is in force.
    pub datum: Option<Datum>,
    /// What the edge is worth: it is declared or can be chosen, rests on how an upstream spells names, or is there only because a
    /// declaration is silent.
    pub class: Class,
}

/// Uses of grants that alter a thing, with what goes into it there, and whether the declaration says so.
type Alterations = Vec<(GrantAt, Vec<Source>, bool)>;

/// What somebody is shown.
#[derive(Clone, Debug)]
struct Shown {
    from: Node,
    at: Moment,
    datum: Option<Datum>,
}

/// The edges of one workflow, made as they are asked for.
#[derive(Debug)]
pub struct Graph<'w> {
    workflow: &'w Workflow,
    /// The things in which ways begin; none where they begin with strangers.
    secret: Option<Term>,
    terms: Terms<'w>,
    order: Order<'w>,
    altered: Vec<(Term, Alterations)>,
    /// By role: what it is shown, wherever.
    shown: HashMap<RoleId, Vec<Shown>>,
    /// By term that is read: the altered ones that it may meet, with what that is worth.
    met: HashMap<Term, Vec<(usize, Class)>>,
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
        let secret = match origin {
            Origin::Strangers => None,
            Origin::Things(Secret { thing, given, .. }) => {
                let secret = terms.written(thing, given);
                Some(terms.at_another_time(&secret, order.reopened()))
            }
        };
        let shown = shown(workflow);
        Self { workflow, secret, terms, order, altered, shown, met: HashMap::new() }
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
        let mut unknown: HashMap<RoleId, Vec<Shown>> = self.shown.clone();
        let mut things: HashSet<(usize, GrantAt)> = HashSet::new();
        while let Some(here) = open.pop_front() {
            if self.begins(&here, worth) {
                return Ok(Some(back(&seen, here)));
            }
            for edge in self.edges(&here, worth, &mut unknown, &mut things) {
                if edge.class <= worth && !seen.contains_key(&edge.from) && passes(&edge)? {
                    open.push_back(edge.from.clone());
                    seen.insert(edge.from.clone(), Some(edge));
                }
            }
        }
        Ok(None)
    }

    /// A use of the grant publishes, or writes what somebody may read who is not shown to be a reader of the things in which ways
    /// begin, or of what is read inside of them; where they are `narrowed`, nobody is. What changes may be anything that lies in it.
    pub fn leaves(&mut self, at: GrantAt, narrowed: bool) -> bool {
        let (Some(secret), Some((_, action))) = (self.secret.clone(), self.workflow.granted(at)) else {
            return true;
        };
        if action.publishes {
            return true;
        }
        let (kinds, clauses) = (&self.workflow.kinds, &action.clauses);
        let mut places = Vec::new();
        for expr in &clauses.changes {
            let changed = self.terms.term(at.0, at.1, expr);
            places.extend(inside(kinds, &changed));
            places.push(changed);
        }
        places.extend(clauses.makes.iter().map(|making| self.terms.term(at.0, at.1, &making.thing)));
        let narrow = narrowed.then_some(&secret);
        let mut sources = self.read_inside(&secret);
        sources.push(secret.clone());
        places.iter().any(|place| sources.iter().any(|source| !audience_within(kinds, place, source, narrow)))
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

    /// Things inside these that some use reads: who reads them need not be who reads what they lie in.
    fn read_inside(&mut self, secret: &Term) -> Vec<Term> {
        let Term::Path(outer) = secret else { return Vec::new() };
        let mut found = Vec::new();
        for at in self.workflow.grants() {
            let Some((_, action)) = self.workflow.granted(at) else { continue };
            for expr in action.clauses.read().iter().filter(|expr| expr.levels().len() > outer.len()) {
                let read = self.terms.term(at.0, at.1, expr);
                if self.holds(&read, secret).is_some() && !found.contains(&read) {
                    found.push(read);
                }
            }
        }
        found
    }

    fn begins(&self, node: &Node, worth: Class) -> bool {
        match node {
            Node::Strangers(_) => true,
            Node::Thing(term, _) => self.is_secret(term, worth),
            Node::Datum(_) | Node::Mind(..) | Node::Use(_) => false,
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
            (Term::Path(_), Term::Path(_)) => relate(&self.workflow.kinds, read, things).class(),
        }
    }

    /// A name that is derived from content tells nothing of it to whoever is shown the name or is handed it: what is in a thing
    /// passes on where the thing is read. What strangers wrote may be chosen so that its name says something. Commits and trees
    /// are such names by their type; of every other type, those that a use gave to what it made.
    fn is_mere_name(&self, datum: &Datum) -> bool {
        // What somebody hands in they may have put together as they liked.
        if self.secret.is_none() || matches!(datum.root, Root::Submission { .. }) {
            return false;
        }
        match type_of(self.workflow, datum) {
            None => false,
            Some(Type::Tree) => true,
            Some(Type::Commit) => {
                let derived = |kind: &Kind| {
                    kind.immutable == Some(Immutable::Content)
                        && matches!(kind.key.as_slice(), [key] if key.ty == Type::Commit)
                };
                self.workflow.kinds.iter().any(derived)
            }
            Some(_) => self.is_name_of_content(datum),
        }
    }

    fn is_name_of_content(&self, datum: &Datum) -> bool {
        let mut here = datum.clone();
        for _ in 0..MAX_FOLLOWED {
            let Root::Result { step, grant } = here.root else { return false };
            let Some((_, action)) = self.workflow.granted((step, grant)) else { return false };
            // Whoever says how what is made is called can say something by that.
            if action.clauses.identity(&here.fields).is_none() {
                let made =
                    action.clauses.made_as(&here.fields).and_then(|making| making.thing.levels().last());
                let kind = made.filter(|own| own.keys.len() == 1);
                let kind =
                    kind.and_then(|own| self.workflow.kinds.get(self.workflow.kinds.named(&own.kind)?));
                return kind.is_some_and(|kind| kind.immutable == Some(Immutable::Content));
            }
            let Some(next) = identity(self.workflow, &here) else { return false };
            here = next;
        }
        false
    }

    /// The edges into a node. What a mind is shown and what alters a thing is told once for each search.
    fn edges(
        &mut self,
        node: &Node,
        worth: Class,
        unknown: &mut HashMap<RoleId, Vec<Shown>>,
        things: &mut HashSet<(usize, GrantAt)>,
    ) -> Vec<Edge> {
        match node {
            Node::Datum(datum) => self.edges_of_datum(node, datum),
            Node::Thing(term, reader) => self.edges_of_thing(node, term, *reader, worth, things),
            Node::Mind(role, step) => self.edges_of_mind(node, *role, *step, unknown),
            Node::Use(at) => self.edges_of_use(node, *at),
            Node::Strangers(_) => Vec::new(),
        }
    }

    fn edges_of_use(&mut self, node: &Node, at: GrantAt) -> Vec<Edge> {
        let Some((grant, action)) = self.workflow.granted(at) else { return Vec::new() };
        let mut found: Vec<Edge> = Vec::new();
        for pin in &grant.pins {
            for passing in pinned(pin, &[]) {
                if !matches!(&passing, Passing::Datum(datum) if self.is_mere_name(datum)) {
                    found.extend(self.edge(node, at, passing, Class::Chosen));
                }
            }
        }
        // What strangers wrote, put by the use itself into what it alters.
        if let Some(class) = altering(action).filter_map(|(_, sources)| carried(action, &sources)).min() {
            found.extend(self.strangers(node, at, class));
        }
        // What it takes effect on: what it reads, and what it changes as it was.
        for expr in action.clauses.read() {
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
                    && self.may_name_what_is_made(at, &sources)
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
        let key = self.terms.datum(datum);
        let named = self.altered.iter().filter_map(|(made, _)| under(self.workflow, made, &key, ty));
        found.extend(named.map(|term| Edge {
            from: Node::Thing(term, at.step),
            to: node.clone(),
            at,
            datum: None,
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
        let carried = carried(action, &sources);
        let strangers = carried.and_then(|worth| self.strangers(node, by, class.max(worth)));
        let mut found: Vec<Edge> = strangers.into_iter().collect();
        found.extend(self.sources(node, by, grant, sources, class));
        found
    }

    fn edges_of_thing(
        &mut self,
        node: &Node,
        term: &Term,
        reader: StepId,
        worth: Class,
        things: &mut HashSet<(usize, GrantAt)>,
    ) -> Vec<Edge> {
        let mut found = Vec::new();
        for (number, class) in self.meeting(term) {
            let Some((altered, uses)) = self.altered.get(number).cloned() else { continue };
            let lists = lists(term, &altered);
            for (at, sources, said) in uses {
                // Whoever lists things reads their names.
                if lists
                    && class <= worth
                    && self.order.may_follow(Moment::used(at), reader)
                    && let Some((grant, action)) = self.workflow.granted(at)
                {
                    let exprs = action
                        .clauses
                        .changes
                        .iter()
                        .chain(action.clauses.makes.iter().map(|one| &one.thing));
                    for name in exprs.flat_map(|expr| naming(grant, action, expr)) {
                        if !matches!(&name, Passing::Datum(datum) if self.is_mere_name(datum)) {
                            found.extend(self.edge(node, at, name, class));
                        }
                    }
                }
                let class = class.max(worth_of(said));
                let follows = class <= worth && self.order.may_follow(Moment::used(at), reader);
                if follows && things.insert((number, at)) {
                    found.extend(self.put_in(node, at, sources, reader, class));
                }
            }
        }
        found
    }

    fn edges_of_mind(
        &mut self,
        node: &Node,
        role: RoleId,
        step: StepId,
        unknown: &mut HashMap<RoleId, Vec<Shown>>,
    ) -> Vec<Edge> {
        let mut found = Vec::new();
        for (other, list) in unknown.iter_mut() {
            if self.workflow.are_separate(*other, role) {
                continue;
            }
            let (told, rest): (Vec<Shown>, Vec<Shown>) =
                std::mem::take(list).into_iter().partition(|shown| self.order.may_follow(shown.at, step));
            *list = rest;
            let carrying = told
                .into_iter()
                .filter(|shown| shown.datum.as_ref().is_none_or(|datum| !self.is_mere_name(datum)));
            found.extend(carrying.map(|Shown { from, at, datum }| Edge {
                from,
                to: node.clone(),
                at,
                datum,
                class: Class::Chosen,
            }));
        }
        found
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
                && let term = self.terms.term(at.0, at.1, expr)
                && self.is_secret(&term, Class::Silent)
            {
                let datum = named(self.workflow, at, expr);
                let from = Node::Thing(term, at.0);
                found.push(Edge { from, to: node.clone(), at: Moment::used(at), datum, class });
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
                found.extend(self.edge(node, at, passing, class));
            }
        }
        found
    }

    fn edge(&mut self, node: &Node, at: GrantAt, passing: Passing, class: Class) -> Option<Edge> {
        let moment = Moment::used(at);
        let (from, datum) = match passing {
            Passing::Datum(datum) => (Node::Datum(datum.clone()), Some(datum)),
            Passing::Field(fields) => {
                (Node::Datum(Datum { root: Root::Result { step: at.0, grant: at.1 }, fields }), None)
            }
            Passing::Thing(expr) => {
                (Node::Thing(self.terms.term(at.0, at.1, &expr), at.0), named(self.workflow, at, &expr))
            }
            Passing::Choice => {
                let chosen = self.chosen(node, moment, at.0)?;
                return Some(Edge { class, ..chosen });
            }
        };
        Some(Edge { from, to: node.clone(), at: moment, datum, class })
    }

    fn strangers(&self, node: &Node, at: GrantAt, class: Class) -> Option<Edge> {
        let (from, to) = (Node::Strangers(at), node.clone());
        self.secret.is_none().then(|| Edge { from, to, at: Moment::used(at), datum: None, class })
    }

    fn chosen(&self, node: &Node, at: Moment, step: StepId) -> Option<Edge> {
        let role = self.workflow.steps.get(step.index())?.role;
        Some(Edge { from: Node::Mind(role, step), to: node.clone(), at, datum: None, class: Class::Chosen })
    }

    fn meeting(&mut self, term: &Term) -> Vec<(usize, Class)> {
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

/// What is read are things of one kind, or what they lie in: what these are called is read, too.
fn lists(read: &Term, altered: &Term) -> bool {
    let (Term::Path(read), Term::Path(altered)) = (read, altered) else { return false };
    read.len() < altered.len() || is_several(read)
}

/// What each role is shown: results of its own uses, what its steps name, notes of judges.
fn shown(workflow: &Workflow) -> HashMap<RoleId, Vec<Shown>> {
    let mut found: HashMap<RoleId, Vec<Shown>> = HashMap::new();
    for (index, step) in workflow.steps.iter().enumerate() {
        let id = StepId::of(index);
        let list = found.entry(step.role).or_default();
        for number in 0..step.grants.len() {
            let at = (id, GrantIx::of(number));
            if workflow.granted(at).is_some_and(|(_, action)| tells(workflow, action)) {
                let root = Root::Result { step: id, grant: at.1 };
                let from = Node::Datum(Datum { root, fields: Vec::new() });
                list.push(Shown { from, at: Moment::used(at), datum: None });
            }
        }
        let named: BTreeSet<&Datum> = step.data().collect();
        list.extend(named.into_iter().map(|datum| Shown {
            from: Node::Datum(datum.clone()),
            at: Moment::open(id),
            datum: Some(datum.clone()),
        }));
    }
    for by in workflow.loops.iter().filter(|by| by.notes) {
        let role = |step: StepId| workflow.steps.get(step.index()).map(|step| step.role);
        let (Some(judge), Some(reader)) = (role(by.step), role(by.target)) else { continue };
        let note = Shown { from: Node::Mind(judge, by.step), at: Moment::open(by.step), datum: None };
        found.entry(reader).or_default().push(note);
    }
    found
}

/// The members of a field of the result that is a record.
fn members(workflow: &Workflow, action: &Action, field: &[String]) -> Vec<Vec<String>> {
    let ty = field.iter().try_fold(&action.result, |ty, field| workflow.field_type(ty, field));
    let Some(Type::Record(name)) = ty else { return Vec::new() };
    let record = workflow.records.iter().find(|record| record.name == *name);
    let fields = record.into_iter().flat_map(|record| &record.fields);
    fields.map(|member| field.iter().chain([&member.name]).cloned().collect()).collect()
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
            levels.push(Level { kind, keys: vec![Key::Every(None); parts] });
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

/// The type of a datum, whether its grant has a binder or not.
fn type_of<'w>(workflow: &'w Workflow, datum: &Datum) -> Option<&'w Type> {
    let Root::Result { step, grant } = datum.root else { return workflow.type_of(datum) };
    let (_, action) = workflow.granted((step, grant))?;
    datum.fields.iter().try_fold(&action.result, |ty, field| workflow.field_type(ty, field))
}

/// The result says something.
fn tells(workflow: &Workflow, action: &Action) -> bool {
    match &action.result {
        Type::Record(name) => workflow
            .records
            .iter()
            .find(|record| record.name == *name)
            .is_none_or(|record| !record.fields.is_empty()),
        _ => true,
    }
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
