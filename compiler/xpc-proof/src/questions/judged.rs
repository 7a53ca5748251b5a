//! What has been judged of a final argument: itself, or all that it was made of.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::content::{Contents, altering};
use xp_artifact::declaration::{KeyExpr, Source, ThingExpr};
use xp_artifact::judgement::{Finals, filled_as, judgements, turned_into};
use xp_artifact::passing::is_made_as;
use xp_artifact::rests::needs_one_of;
use xp_artifact::workflow::{
    Action, Assumption, Atom, Datum, Expr, Formula, How, Pin, RoleId, Root, StepId, Then,
};
use xp_scope::thing::Immutable;

use super::expected::expects;
use super::things::{TermIx, Things};
use crate::facts::{Facts, GrantAt};

/// What a thing counts for in which somebody else may write, and that no use expects at a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outside {
    /// Nobody judged what is in it.
    Unknown,
    /// As if the operator gave what is in it.
    Given,
}

/// Which outcomes judge which datum.
pub(super) struct Judged<'f, 'm> {
    facts: &'f Facts<'m>,
    pub things: &'f Things<'f, 'm>,
    outside: Outside,
    /// Things that counted as given although somebody else may write there.
    pub seen: RefCell<Vec<(GrantAt, TermIx)>>,
    /// Assumptions that some thing is as it was.
    pub assumed: RefCell<Vec<&'m Assumption>>,
    by_datum: BTreeMap<Datum, Vec<Atom>>,
    /// Formulas of data with their sizes, once computed.
    known: RefCell<BTreeMap<(bool, Datum), (Formula, usize)>>,
    /// What is followed is the name of something, and nothing that was made under it counts.
    as_name: Cell<bool>,
    /// Uses that may have put in, or given, what their declaration does not say.
    pub unsaid: RefCell<Vec<GrantAt>>,
    pub finals: RefCell<Finals<'m>>,
    /// Data that are being followed: one that is made of itself adds nothing.
    followed: RefCell<BTreeSet<Datum>>,
}

/// Larger formulas are not asked: nobody reads such a provenance either.
const MAX_SIZE: usize = 20_000;

impl<'f, 'm> Judged<'f, 'm> {
    pub fn of(facts: &'f Facts<'m>, things: &'f Things<'f, 'm>, outside: Outside) -> Self {
        let mut by_datum: BTreeMap<Datum, Vec<Atom>> = BTreeMap::new();
        for (atom, datum) in judgements(facts.w) {
            if facts.outcome(atom).is_some_and(|outcome| outcome.then == Then::Settle) {
                by_datum.entry(datum.clone()).or_default().push(atom);
            }
        }
        let finals = RefCell::new(Finals::of(facts.w));
        Self {
            facts,
            things,
            outside,
            seen: RefCell::default(),
            assumed: RefCell::default(),
            by_datum,
            known: RefCell::default(),
            as_name: Cell::new(false),
            unsaid: RefCell::default(),
            finals,
            followed: RefCell::default(),
        }
    }

    /// When what an argument makes final has been judged; none where the author or the operator gave it. The name of a thing
    /// that other uses of the run make or change says nothing of what is in it: then a judgement counts that is of the thing.
    ///
    /// # Errors
    /// It was made in too many ways.
    pub fn argument(&self, at: GrantAt, number: u32, pin: &Pin) -> Result<Option<Formula>, String> {
        let filled = self.finals.borrow_mut().filled_by(at, number);
        let made = self.maker(pin);
        if filled.is_empty() {
            // The name of something says nothing of another thing that is called so.
            return self.named(at, number, pin);
        }
        let is_name = |datum: &Datum| self.finals.borrow_mut().is_name_of(datum, at, number);
        let judged = self.by_datum.iter().filter(|(datum, _)| is_name(datum));
        let mut ways: Vec<Formula> =
            judged.flat_map(|(_, atoms)| atoms).map(|atom| Formula::Is(*atom)).collect();
        // All that went into it was judged.
        let mut parts = Vec::new();
        for by in &filled {
            match made.as_ref().filter(|made| made.root == Root::Result { step: by.0, grant: by.1 }) {
                Some(made) => parts.push(Some(self.datum(made)?.0)),
                None => parts.push(self.put_in(*by)?),
            }
        }
        // Which of all there are it is must have been judged as well, or is as written.
        if let Some(mut parts) = parts.into_iter().collect::<Option<Vec<Formula>>>() {
            let is_made = made.is_some_and(|made| !self.finals.borrow_mut().names_another(&made, at, number));
            if !is_made {
                parts.extend(self.named(at, number, pin)?);
            }
            ways.push(Formula::All(parts));
        }
        Ok(Some(Formula::Any(ways)))
    }

    /// As [`Self::pin`], of an argument that names something: nothing counts that was made under the name, if it is another thing.
    fn named(&self, at: GrantAt, number: u32, pin: &Pin) -> Result<Option<Formula>, String> {
        let is_named = match pin {
            Pin::Is(Expr::Datum(datum)) => self.finals.borrow_mut().names_another(datum, at, number),
            _ => self.finals.borrow_mut().names_things(at, number),
        };
        self.as_name.set(is_named);
        let found = self.pin(pin);
        self.as_name.set(false);
        found
    }

    /// When all that uses of the grant put into things was judged; none where that is not known, or may have been something else in
    /// an earlier opening.
    fn put_in(&self, by: GrantAt) -> Result<Option<Formula>, String> {
        if self.may_have_been_used(by.0) {
            return Ok(None);
        }
        let mut from = Origins::default();
        for source in altering(self.facts.action_of(by)).flat_map(|(_, sources)| sources) {
            if self.add(by, source, &mut from).is_none() {
                return Ok(None);
            }
        }
        let Some(all) = from.all() else { return Ok(None) };
        let all: Result<Vec<Formula>, String> = all
            .iter()
            .map(|(is_name, one)| self.known_as(*is_name, one).map(|(formula, _)| formula))
            .collect();
        Ok(Some(Formula::All(all?)))
    }

    /// When the datum has been judged, or as a name.
    fn known_as(&self, is_name: bool, datum: &Datum) -> Result<(Formula, usize), String> {
        let before = self.as_name.get();
        self.as_name.set(before || is_name);
        let found = self.datum(datum);
        self.as_name.set(before);
        found
    }

    /// The step may have been open before, and uses of it done with other values: some loop that resets it can fire once it has
    /// begun. Where its source must have settled otherwise before the step begins, it cannot.
    fn may_have_been_used(&self, step: StepId) -> bool {
        let facts = self.facts;
        facts.loops().filter(|(id, _)| facts.resets(*id, step)).any(|(_, by)| {
            let settled: Vec<Atom> = facts
                .atoms(by.step)
                .filter(|(_, outcome)| outcome.then == Then::Settle)
                .map(|(atom, _)| atom)
                .collect();
            !needs_one_of(facts.w, step, &settled)
        })
    }

    /// Of the judgements of what the argument was made from, those by roles that made nothing of it: a name that passes
    /// through other types may name what its judge made. A judgement of the argument itself is held to that where it is written, as
    /// far as its type can name something; where the use itself turns it into a name, it is held to that here.
    pub fn by_others(&self, at: GrantAt, number: u32, pin: &Pin, formula: Formula) -> Formula {
        let Pin::Is(expr) = pin else { return formula };
        let data: Vec<&Datum> = expr.data().collect();
        let direct: Vec<Atom> =
            data.iter().filter_map(|datum| self.by_datum.get(datum)).flatten().copied().collect();
        let atoms = formula.atoms();
        let turned = turned_into(self.facts.w, self.facts.action_of(at), number);
        if turned.is_empty() && atoms.iter().all(|atom| direct.contains(atom)) {
            return formula;
        }
        let mut contents = Contents::of(self.facts.w);
        let of_turned: BTreeSet<RoleId> =
            turned.iter().flat_map(|expr| contents.makers_of(at, expr).into_keys()).collect();
        let mut makers: BTreeSet<RoleId> =
            data.iter().flat_map(|datum| contents.makers(datum, at.0).into_keys()).collect();
        makers.extend(&of_turned);
        let judges = |atom: &Atom| {
            matches!(self.facts.outcome(*atom).map(|one| &one.how), Some(How::Judged | How::JudgedIf(_)))
        };
        let own = |atom: Atom| {
            let role = self.facts.step(atom.step).role;
            let makers = if direct.contains(&atom) { &of_turned } else { &makers };
            atoms.contains(&atom)
                && judges(&atom)
                && !makers.iter().all(|maker| self.facts.w.are_separate(role, *maker))
        };
        without(&formula, &own)
    }

    /// The result that names the thing that its use made, as the pin admits it.
    fn maker(&self, pin: &Pin) -> Option<Datum> {
        let Pin::Is(Expr::Datum(datum)) = pin else { return None };
        let Root::Result { step, grant } = datum.root else { return None };
        self.facts.action_of((step, grant)).clauses.made_as(&datum.fields).map(|_| datum.clone())
    }

    /// When what the pin admits has been judged; none where the author or the operator gave it.
    ///
    /// # Errors
    /// It was made in too many ways.
    fn pin(&self, pin: &Pin) -> Result<Option<Formula>, String> {
        match pin {
            Pin::Is(Expr::Literal(_)) => Ok(None),
            Pin::Is(Expr::Datum(datum)) => self.datum(datum).map(|(formula, _)| Some(formula)),
            // Text by the author around data: what they are says it all.
            Pin::Is(Expr::Template(_)) => {
                let (mut made, mut params) = (Vec::new(), Vec::new());
                given(pin, Vec::new(), &mut made, &mut params);
                let data = if made.is_empty() { params } else { made };
                let all: Result<Vec<Formula>, String> =
                    data.iter().map(|datum| self.datum(datum).map(|(formula, _)| formula)).collect();
                Ok(Some(Formula::All(all?)).filter(|_| !data.is_empty()))
            }
            // Chosen freely: nobody judged that.
            _ => Ok(Some(Formula::Any(Vec::new()))),
        }
    }

    /// The judgements of the datum itself.
    fn directly(&self, datum: &Datum) -> impl Iterator<Item = Formula> + '_ {
        self.by_datum.get(datum).into_iter().flatten().map(|atom| Formula::Is(*atom))
    }

    /// When the datum has been judged: itself, or all that it was made from.
    fn datum(&self, datum: &Datum) -> Result<(Formula, usize), String> {
        let key = (self.as_name.get(), datum.clone());
        if let Some(known) = self.known.borrow().get(&key) {
            return Ok(known.clone());
        }
        let mut ways: Vec<Formula> = self.directly(datum).collect();
        let mut size = ways.len() + 1;
        let first = self.followed.borrow_mut().insert(datum.clone());
        if first && let Some(given) = self.made_from(datum) {
            let (mut all, mut way) = (Vec::new(), 0_usize);
            let mut never = false;
            for (is_name, one) in given {
                let (formula, of) = self.known_as(is_name, &one)?;
                never |= formula == Formula::Any(Vec::new());
                way = way.saturating_add(of);
                all.push(formula);
            }
            if !never {
                size = size.saturating_add(way);
                ways.push(Formula::All(all));
            }
        }
        if first {
            self.followed.borrow_mut().remove(datum);
        }
        if size > MAX_SIZE {
            return Err("what is deployed was made in too many ways to follow".to_owned());
        }
        let found = (Formula::Any(ways), size);
        self.known.borrow_mut().insert(key, found.clone());
        Ok(found)
    }

    /// All that a datum was made from, where that is known and none of it was chosen freely: nothing where that was written by the
    /// author. What the run was given counts where there is nothing else; what a branch must still be at is compared and goes
    /// nowhere.
    fn made_from(&self, datum: &Datum) -> Option<Vec<(bool, Datum)>> {
        let Root::Result { step, grant } = datum.root else { return None };
        let action = self.facts.action_of((step, grant));
        let clauses = &action.clauses;
        // Of a record, what is compared is the part that the clause names. Where a clause says that it goes into the result, it
        // must be the version that some use gave.
        let unsaid = clauses.said_of(&datum.fields).is_none();
        let compared = |index: u32, fields: &[String]| {
            clauses.expects.iter().any(|expectation| {
                matches!(&expectation.at, Some(Source::Argument { index: at, fields: of })
                    if *at == index && fields.starts_with(of))
                    && (unsaid || {
                        let term = self.things.term((step, grant), &expectation.thing);
                        expects(self.facts, self.things, (step, grant), term)
                    })
            })
        };
        let at = (step, grant);
        let mut from = Origins::default();
        // What is in a thing goes with its name, unless the name is derived from it.
        let named = filled_as(self.facts.w, action, &datum.fields);
        // What has the name is another thing than what was made under it: then only a judgement of the name itself counts.
        if self.as_name.get() && !clauses.all_made_as(&datum.fields).is_empty() {
            return None;
        }
        // Arguments that the author wrote, and nothing else, known or unknown.
        let is_said =
            clauses.said_of(&datum.fields).is_some() && named.iter().all(|made| made.from.is_some());
        from.of_things = clauses.reads.is_none() && !is_said;
        // All that the use made or changed under this name, in what has it, or in what that may lie in.
        let filling = named.iter().flat_map(|making| self.finals.borrow_mut().filling(at, making));
        let inside = altering(action)
            .filter(|(expr, _)| !named.is_empty() && is_in(action, expr, &datum.fields))
            .flat_map(|(_, sources)| sources);
        let content: Vec<Source> = filling.chain(inside).collect();
        for source in self.facts.w.sources(action, &datum.fields).into_iter().chain(content) {
            match source {
                Source::Argument { index, fields } if compared(index, &fields) => {}
                source => self.add(at, source, &mut from)?,
            }
        }
        from.all()
    }

    /// Adds where a source of a use comes from; none where it was chosen freely, or is not known.
    fn add(&self, at: GrantAt, source: Source, from: &mut Origins) -> Option<()> {
        let action = self.facts.action_of(at);
        let clauses = &action.clauses;
        let pins = &self.facts.grant(at)?.pins;
        let root = Root::Result { step: at.0, grant: at.1 };
        match source {
            Source::Argument { index, fields } => {
                given(pins.get(index as usize)?, fields, &mut from.made, &mut from.params)?;
                from.written = true;
            }
            // What the upstream generates nobody chose.
            Source::Field(fields) if clauses.said_of(&fields).is_some_and(|said| said.is_empty()) => {}
            Source::Field(fields) => from.made.push(Datum { root, fields }),
            // A clause that is left out refutes nothing.
            Source::Thing(ThingExpr::Anything) if self.outside == Outside::Given => {
                from.of_things = true;
                self.unsaid.borrow_mut().push(at);
            }
            // What is in a thing is all that its key says of it: where that is the content itself, or the operator's.
            Source::Thing(thing) => {
                from.of_things = true;
                let kind = self.facts.w.kinds.named(&thing.levels().last()?.kind)?;
                let immutable = self.facts.w.kinds.get(kind)?.immutable;
                let content = immutable.is_some();
                // What other uses of the run alter is not what it was when it was given.
                if !content
                    && (self.finals.borrow_mut().is_altered_besides(at, &thing)
                        || !self.is_as_given(at, &thing))
                {
                    return None;
                }
                let mut named = Vec::new();
                for key in thing.keys() {
                    match key {
                        KeyExpr::Literal(_) => {}
                        KeyExpr::Argument { index, fields } => {
                            given(pins.get(*index as usize)?, fields.clone(), &mut named, &mut from.params)?;
                        }
                        KeyExpr::Field(fields) => named.push(Datum { root, fields: fields.clone() }),
                        KeyExpr::Every(_) | KeyExpr::Some => return None,
                    }
                }
                if !named.is_empty() && !content {
                    return None;
                }
                // A minted name says nothing of what is in it: whoever judges by it must not have had a hand in that.
                if immutable == Some(Immutable::Minted)
                    && named.iter().any(|datum| !self.is_by_others(datum, at, &thing))
                {
                    return None;
                }
                // Of content, what it is called like counts, and not what another thing is made of that is called so.
                for datum in named {
                    let other = content && !is_made_as(self.facts.w, &datum, at, &thing);
                    if other { from.names.push(datum) } else { from.made.push(datum) }
                }
            }
        }
        Some(())
    }

    /// Nobody else writes in the thing, or the use expects it as it was.
    fn is_as_given(&self, at: GrantAt, thing: &ThingExpr) -> bool {
        let term = self.things.term(at, thing);
        if !self.things.can_change(term)
            || !self.things.is_shared(term)
            || expects(self.facts, self.things, at, term)
        {
            return true;
        }
        if let Some(assumption) = self.things.assumed(term) {
            self.assumed.borrow_mut().push(assumption);
            return true;
        }
        self.seen.borrow_mut().push((at, term));
        self.outside == Outside::Given
    }

    /// Nobody who judges the datum, or may be of one controller with a judge, made any of what is in the thing that it names.
    fn is_by_others(&self, datum: &Datum, at: GrantAt, thing: &ThingExpr) -> bool {
        let Some(judges) = self.by_datum.get(datum) else {
            // The use that gave the name made the very thing: what went into it is followed.
            return is_made_as(self.facts.w, datum, at, thing);
        };
        let makers = Contents::of(self.facts.w).makers_of(at, thing);
        judges.iter().all(|atom| {
            let judge = self.facts.step(atom.step).role;
            !self.finals.borrow_mut().may_be_altered_after(at, thing, atom.step)
                && makers.keys().all(|maker| self.facts.w.are_separate(judge, *maker))
        })
    }
}

/// Where something comes from.
#[derive(Default)]
struct Origins {
    made: Vec<Datum>,
    /// Names, of which only what they are called counts.
    names: Vec<Datum>,
    /// What the run was given.
    params: Vec<Datum>,
    /// Some of it the author wrote.
    written: bool,
    /// Some of it was in things.
    of_things: bool,
}

impl Origins {
    /// What has to be judged of it, each with whether it is a name only. What the run was given counts where there is nothing else;
    /// none where nothing is known to be judged.
    fn all(self) -> Option<Vec<(bool, Datum)>> {
        let made = self.made.into_iter().map(|datum| (false, datum));
        let mut found: Vec<(bool, Datum)> =
            made.chain(self.names.into_iter().map(|datum| (true, datum))).collect();
        if found.is_empty() {
            found.extend(self.params.into_iter().map(|datum| (false, datum)));
        }
        (!found.is_empty() || self.written && !self.of_things).then_some(found)
    }
}

/// The formula where these outcomes are never taken.
fn without(formula: &Formula, never: &dyn Fn(Atom) -> bool) -> Formula {
    match formula {
        Formula::Is(atom) if never(*atom) => Formula::Any(Vec::new()),
        Formula::Is(atom) => Formula::Is(*atom),
        Formula::All(parts) => Formula::All(parts.iter().map(|part| without(part, never)).collect()),
        Formula::Any(parts) => Formula::Any(parts.iter().map(|part| without(part, never)).collect()),
    }
}

/// The thing has the name that the field says, or lies in what has it.
fn is_in(action: &Action, expr: &ThingExpr, field: &[String]) -> bool {
    let identity = action.clauses.identity(field);
    expr.keys().any(|key| match key {
        KeyExpr::Field(of) => field.starts_with(of) || of.starts_with(field),
        KeyExpr::Argument { index, .. } => identity.as_ref().is_some_and(|(argument, _)| argument == index),
        KeyExpr::Literal(_) | KeyExpr::Every(_) | KeyExpr::Some => false,
    })
}

/// Adds what a pin names, unless the author gave it, with parameters of the run aside; none where it is chosen freely.
fn given(pin: &Pin, fields: Vec<String>, found: &mut Vec<Datum>, params: &mut Vec<Datum>) -> Option<()> {
    let Pin::Is(expr) = pin else { return None };
    for datum in expr.data() {
        // A template has no fields.
        let fields = datum.fields.iter().chain(&fields).cloned().collect();
        let list = if matches!(datum.root, Root::Param(_)) { &mut *params } else { &mut *found };
        list.push(Datum { root: datum.root, fields });
    }
    Some(())
}
