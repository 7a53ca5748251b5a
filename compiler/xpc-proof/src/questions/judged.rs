//! What has been judged of a final argument: itself, or all that it was made of.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use xp_artifact::content::{Contents, altering};
use xp_artifact::declaration::{KeyExpr, Source, ThingExpr};
use xp_artifact::judgement::{Finals, filled_as, judgements, named_by, turned_into};
use xp_artifact::passing::{followed, identities, is_made_as};
use xp_artifact::rests::needs_one_of;
use xp_artifact::workflow::{
    Action, Assumption, Atom, Datum, Expr, Formula, How, Pin, RoleId, Root, StepId, Then,
};
use xp_monitor::{Evidence, evidence, shows};
use xp_scope::thing::{Immutable, Term};

use super::expected::expects;
use super::things::{TermIx, Things};
use crate::facts::{Facts, GrantAt, Shown};

/// What must hold when a final argument is used.
pub(super) struct Case {
    /// Where the step of this grant has begun, whose uses may put in what nobody judged.
    pub by: Option<GrantAt>,
    /// What has been judged.
    pub formula: Formula,
}

/// Somebody judged what it was shown.
struct Seen {
    atom: Atom,
    /// Grants whose uses may alter it afterwards.
    altered_by: Vec<GrantAt>,
}

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
    /// By datum, or what it is by the declarations that gave it.
    by_datum: BTreeMap<Datum, Vec<Atom>>,
    /// Formulas of data with their sizes, once computed.
    known: RefCell<HashMap<As, Sized>>,
    /// What is followed is the name of these things, and nothing that was made under it counts.
    names: RefCell<Option<Rc<[Term]>>>,
    /// Uses that may have put in, or given, what their declaration does not say.
    pub unsaid: RefCell<Vec<GrantAt>>,
    pub finals: RefCell<Finals<'m>>,
    evidence: OnceCell<Vec<Evidence>>,
    /// Data that are being followed: one that is made of itself adds nothing.
    followed: RefCell<BTreeSet<Datum>>,
    /// Things that are being followed, with the grants that fill them: what was in one before adds nothing.
    filled: RefCell<Vec<(Term, Vec<GrantAt>)>>,
    /// What was found last left out something that is being followed.
    is_cut: Cell<bool>,
    /// How many sources were looked at.
    looked_at: Cell<usize>,
}

/// A datum as the name of some things, or as what it is.
type As = (Option<Rc<[Term]>>, Datum);

/// A formula with its size.
type Sized = (Formula, usize);

/// Larger formulas are not asked: nobody reads such a provenance either.
const MAX_SIZE: usize = 20_000;

/// Sources that are looked at for one argument at most.
const MAX_SOURCES: usize = 200_000;

/// Data and things that are followed within each other at most.
const MAX_DEPTH: usize = 4_000;

const TOO_LARGE: &str = "what is made final was made in too many ways to follow";

impl<'f, 'm> Judged<'f, 'm> {
    pub fn of(facts: &'f Facts<'m>, things: &'f Things<'f, 'm>, outside: Outside) -> Self {
        let mut by_datum: BTreeMap<Datum, Vec<Atom>> = BTreeMap::new();
        for (atom, datum) in judgements(facts.w) {
            if facts.outcome(atom).is_some_and(|outcome| outcome.then == Then::Settle) {
                for same in identities(facts.w, datum) {
                    by_datum.entry(same).or_default().push(atom);
                }
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
            names: RefCell::default(),
            unsaid: RefCell::default(),
            finals,
            evidence: OnceCell::new(),
            followed: RefCell::default(),
            filled: RefCell::default(),
            is_cut: Cell::new(false),
            looked_at: Cell::new(0),
        }
    }

    /// When what an argument makes final has been judged; nothing where the author or the operator gave it. The name of a thing
    /// that other uses of the run make or change says nothing of what is in it: then a judgement counts that is of the thing,
    /// or judgements of all that went in and, unless the run named it, of the name.
    ///
    /// # Errors
    /// It was made in too many ways.
    pub fn argument(&self, at: GrantAt, number: u32, pin: &Pin) -> Result<Vec<Case>, String> {
        self.looked_at.set(0);
        let filled = self.finals.borrow_mut().filled_by(at, number);
        if filled.is_empty() {
            // The name of something says nothing of another thing that is called so.
            let named = self.named(at, number, pin)?;
            return Ok(named.into_iter().map(|formula| Case { by: None, formula }).collect());
        }
        let is_name = |datum: &Datum| self.finals.borrow_mut().is_name_of(datum, at, number);
        let things = self.finals.borrow_mut().all_named(at, number);
        let mut judged: Vec<Atom> = self.judged_where(is_name).collect();
        judged.retain(|atom| self.finals.borrow_mut().is_of(*atom, &things));
        let judged: Vec<Formula> = judged.into_iter().map(Formula::Is).collect();
        let name = self.named(at, number, pin)?;
        let seen = self.shown(at, number);
        // With what nothing alters after the look, and with what some step may, as long as it has not begun.
        let looked = |which: &dyn Fn(&Seen) -> bool| {
            let parts = seen.iter().map(|thing| {
                let atoms = thing.iter().filter(|one| which(one)).map(|one| Formula::Is(one.atom));
                Formula::Any(atoms.collect())
            });
            let parts: Vec<Formula> = parts.chain(name.clone()).collect();
            (!seen.is_empty()).then_some(Formula::All(parts))
        };
        let ways = |which: &dyn Fn(&Seen) -> bool| -> Vec<Formula> {
            judged.iter().cloned().chain(looked(which)).collect()
        };
        let strict = ways(&|one| one.altered_by.is_empty());
        let late: BTreeSet<GrantAt> = seen.iter().flatten().flat_map(|one| one.altered_by.clone()).collect();
        let made = self.maker(pin);
        let (mut from, mut cases, mut is_known) = (Origins::default(), Vec::new(), true);
        let mut is_all_bad = true;
        for by in filled {
            let mut own = Origins::default();
            match self.fill(&[by], made.as_ref(), &mut own)? {
                Some(()) => {
                    is_all_bad = false;
                    from.extend(own);
                }
                // Where its step has not begun, it put nothing in.
                None if !self.may_have_been_used(by.0) => {
                    let formula = if late.contains(&by) { strict.clone() } else { ways(&|_| true) };
                    cases.push(Case { by: Some(by), formula: Formula::Any(formula) });
                }
                None => is_known = false,
            }
        }
        let mut put_in = None;
        // Where none of those has begun, it is as it was given.
        let parts = if is_all_bad { Some(Vec::new()) } else { self.all(from)? };
        if is_known && let Some(mut parts) = parts {
            // Which of all there are it is must have been judged as well, or is as written.
            let is_made = made.is_some_and(|made| !self.finals.borrow_mut().is_mere_name(&made, at, number));
            if !is_made {
                parts.extend(name.clone());
            }
            put_in = Some(Formula::All(parts));
        }
        // Where several have begun, each case has to hold: what was put in counts for one only if nothing else was.
        let is_all = cases.is_empty();
        let asked: BTreeSet<GrantAt> = cases.iter().filter_map(|case| case.by).collect();
        for by in late.difference(&asked) {
            let ways = strict.iter().cloned().chain(put_in.clone().filter(|_| is_all));
            cases.push(Case { by: Some(*by), formula: Formula::Any(ways.collect()) });
        }
        let all = ways(&|_| true).into_iter().chain(put_in);
        cases.push(Case { by: None, formula: Formula::Any(all.collect()) });
        Ok(cases)
    }

    /// As [`Self::pin`], of an argument: what was made under the value counts only if the argument names that.
    fn named(&self, at: GrantAt, number: u32, pin: &Pin) -> Result<Option<Formula>, String> {
        let is_name = match pin {
            Pin::Is(Expr::Datum(datum)) => {
                let parts = self.finals.borrow_mut().parts_that_name(at, number);
                if !parts.is_empty() {
                    return self.record(datum, parts).map(Some);
                }
                self.finals.borrow_mut().is_mere_name(datum, at, number)
            }
            _ => true,
        };
        let names = is_name.then(|| self.finals.borrow_mut().all_named(at, number));
        self.as_names(names, || self.pin(pin))
    }

    /// When a record was judged that names things by some of its parts: as what it is, and each such part as a name.
    fn record(&self, datum: &Datum, parts: BTreeMap<Vec<String>, Vec<Term>>) -> Result<Formula, String> {
        let mut all = vec![self.datum(datum)?.0];
        for (fields, things) in parts {
            let part = followed(datum, &fields);
            if self.finals.borrow_mut().is_mere_part(&part, &things) {
                all.push(self.as_names(Some(things), || self.datum(&part))?.0);
            }
        }
        Ok(Formula::All(all))
    }

    /// What is followed inside are names of these things, unless they are names of others already.
    fn as_names<T>(&self, things: Option<Vec<Term>>, inside: impl FnOnce() -> T) -> T {
        let before = self.names.borrow().clone();
        if before.is_none() {
            self.names.replace(things.map(Rc::from));
        }
        let found = inside();
        self.names.replace(before);
        found
    }

    /// The outcomes that judge a datum of which this is so.
    fn judged_where(&self, is_so: impl Fn(&Datum) -> bool) -> impl Iterator<Item = Atom> {
        let judged = self.by_datum.iter().filter(|(datum, _)| is_so(datum));
        let atoms: BTreeSet<Atom> = judged.flat_map(|(_, atoms)| atoms).copied().collect();
        atoms.into_iter()
    }

    /// Adds all that uses of these grants put into things; none where that was chosen freely, is not known, or may have been
    /// something else in an earlier opening. The use that gave a name put into the thing what that stands for.
    fn fill(&self, by: &[GrantAt], made: Option<&Datum>, from: &mut Origins) -> Followed {
        for by in by {
            match made.filter(|made| made.root == Root::Result { step: by.0, grant: by.1 }) {
                Some(made) => {
                    let Some(()) = self.gather(made, true, from)? else { return Ok(None) };
                }
                None if self.may_have_been_used(by.0) => return Ok(None),
                None => {
                    for source in altering(self.facts.action_of(*by)).flat_map(|(_, sources)| sources) {
                        let Some(()) = self.add(*by, source, from)? else { return Ok(None) };
                    }
                }
            }
        }
        Ok(Some(()))
    }

    /// When all of it was judged; none where nothing of it is known to be.
    fn all(&self, from: Origins) -> Result<Option<Vec<Formula>>, String> {
        let Origins { made, names, params, parts, written, of_things } = from;
        let is_given = made.is_empty() && names.is_empty() && parts.is_empty();
        if is_given && params.is_empty() && (!written || of_things) {
            return Ok(None);
        }
        let mut all = parts;
        for datum in made {
            all.push(self.datum(&datum)?.0);
        }
        for (datum, thing) in names {
            all.push(self.as_names(Some(vec![thing]), || self.datum(&datum))?.0);
        }
        // What the run was given counts where there is nothing else.
        for datum in params.iter().filter(|_| is_given) {
            all.push(self.datum(datum)?.0);
        }
        Ok(Some(all))
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
        let data: Vec<&Datum> = pin.data().collect();
        let direct: Vec<Atom> = data.iter().flat_map(|datum| self.directly(datum)).collect();
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
        let named = named_by(self.facts.w, self.facts.action_of(at), number);
        makers.extend(named.into_iter().flat_map(|expr| contents.makers_of(at, expr).into_keys()));
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
            // Whoever uses it chooses among what was judged.
            Pin::OneOf { set: Expr::Datum(datum), .. } => self.datum(datum).map(|(formula, _)| Some(formula)),
            Pin::OneOf { set: Expr::Literal(_), .. } => Ok(None),
            // Chosen freely: nobody judged that.
            Pin::OneOf { set: Expr::Template(_), .. } | Pin::Within(_) | Pin::Content { .. } | Pin::Any => {
                Ok(Some(Formula::Any(Vec::new())))
            }
        }
    }

    /// The judgements of the datum itself, of what it is, or of what that is a part of.
    fn directly(&self, datum: &Datum) -> Vec<Atom> {
        let mut found = BTreeSet::new();
        for length in 0..=datum.fields.len() {
            let fields = datum.fields.iter().take(length).cloned().collect();
            let judged = self.by_datum.get(&Datum { root: datum.root, fields });
            found.extend(judged.into_iter().flatten().copied());
        }
        found.into_iter().collect()
    }

    /// When the datum has been judged: itself, or all that it was made from.
    fn datum(&self, datum: &Datum) -> Result<Sized, String> {
        if self.followed.borrow().len() + self.filled.borrow().len() > MAX_DEPTH {
            return Err(TOO_LARGE.to_owned());
        }
        let names = self.names.borrow().clone();
        let key = (names.clone(), datum.clone());
        if let Some(known) = self.known.borrow().get(&key) {
            return Ok(known.clone());
        }
        let mut atoms = self.directly(datum);
        let things = names.as_deref().unwrap_or_default();
        atoms.retain(|atom| self.finals.borrow_mut().is_of(*atom, things));
        let mut ways: Vec<Formula> = atoms.into_iter().map(Formula::Is).collect();
        let before = self.is_cut.replace(false);
        if self.followed.borrow_mut().insert(datum.clone()) {
            let made = self.made_from(datum);
            self.followed.borrow_mut().remove(datum);
            let never = |part: &Formula| *part == Formula::Any(Vec::new());
            ways.extend(made?.filter(|all| !all.iter().any(never)).map(Formula::All));
        } else {
            self.is_cut.set(true);
        }
        let formula = Formula::Any(ways);
        let size = size(&formula);
        if size > MAX_SIZE {
            return Err(TOO_LARGE.to_owned());
        }
        let found = (formula, size);
        if !self.is_cut.get() {
            self.known.borrow_mut().insert(key, found.clone());
        }
        self.is_cut.set(before || self.is_cut.get());
        Ok(found)
    }

    /// When all that a datum was made from was judged, where that is known and none of it was chosen freely.
    fn made_from(&self, datum: &Datum) -> Result<Option<Vec<Formula>>, String> {
        let mut from = Origins::default();
        match self.gather(datum, false, &mut from)? {
            Some(()) => self.all(from),
            None => Ok(None),
        }
    }

    /// Adds all that a datum was made from; none where some of it was chosen freely or is not known. What the run was given counts
    /// where there is nothing else; what a branch must still be at is compared and goes nowhere. What was made under the name counts
    /// where that is what is asked about.
    fn gather(&self, datum: &Datum, is_thing: bool, from: &mut Origins) -> Followed {
        let Root::Result { step, grant } = datum.root else { return Ok(None) };
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
        // What is in a thing goes with its name, unless the name is derived from it. What has the name is another thing than what was
        // made under it: then only where the name itself comes from counts, which the upstream generates where nothing is said.
        let is_name =
            !is_thing && self.names.borrow().is_some() && !clauses.all_made_as(&datum.fields).is_empty();
        if is_name && unsaid {
            return Ok(None);
        }
        let named = if is_name { Vec::new() } else { filled_as(self.facts.w, action, &datum.fields) };
        // Arguments that the author wrote, and nothing else, known or unknown.
        let is_said =
            clauses.said_of(&datum.fields).is_some() && named.iter().all(|made| made.from.is_some());
        from.of_things |= clauses.reads.is_none() && !is_said;
        // All that the use made or changed under this name, in what has it, or in what that may lie in.
        let filling = named.iter().flat_map(|making| self.finals.borrow_mut().filling(at, making));
        let inside = altering(action)
            .filter(|(expr, _)| !named.is_empty() && is_in(action, expr, &datum.fields))
            .flat_map(|(_, sources)| sources);
        let content: Vec<Source> = filling.chain(inside).collect();
        for source in self.facts.w.sources(action, &datum.fields).into_iter().chain(content) {
            match source {
                Source::Argument { index, fields } if compared(index, &fields) => {}
                source => {
                    let Some(()) = self.add(at, source, from)? else { return Ok(None) };
                }
            }
        }
        Ok(Some(()))
    }

    /// Adds where a source of a use comes from; none where it was chosen freely, or is not known.
    fn add(&self, at: GrantAt, source: Source, from: &mut Origins) -> Followed {
        self.looked_at.set(self.looked_at.get() + 1);
        if self.looked_at.get() > MAX_SOURCES {
            return Err(TOO_LARGE.to_owned());
        }
        let clauses = &self.facts.action_of(at).clauses;
        let root = Root::Result { step: at.0, grant: at.1 };
        match source {
            Source::Argument { index, fields } => {
                let pin = self.facts.grant(at).and_then(|grant| grant.pins.get(index as usize));
                let Some(()) = pin.and_then(|pin| given(pin, fields, &mut from.made, &mut from.params))
                else {
                    return Ok(None);
                };
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
            Source::Thing(thing) => {
                from.of_things = true;
                return self.content(at, &thing, from);
            }
        }
        Ok(Some(()))
    }

    /// Adds what is in a thing when a use of the grant reads it.
    fn content(&self, at: GrantAt, thing: &ThingExpr, from: &mut Origins) -> Followed {
        let workflow = self.facts.w;
        let own = thing.levels().last().and_then(|own| workflow.kinds.named(&own.kind));
        let Some(kind) = own.and_then(|kind| workflow.kinds.get(kind)) else { return Ok(None) };
        let Some((named, params)) = self.names_in(at, thing) else { return Ok(None) };
        match kind.immutable {
            None => self.changing(at, thing, (&named, params), from),
            // A minted name says nothing of what is in it: whoever judges by it must not have had a hand in that.
            Some(Immutable::Minted) if named.iter().any(|datum| !self.is_by_others(datum, at, thing)) => {
                Ok(None)
            }
            // What is in it is all that its key says of it: what it is called counts, and not what another thing is made of that is
            // called so.
            Some(_) => {
                from.params.extend(params);
                let term = self.finals.borrow_mut().term(at, thing);
                for datum in named {
                    if !is_made_as(workflow, &datum, at, thing) {
                        from.names.push((datum, term.clone()));
                        continue;
                    }
                    let mut judged = self.directly(&datum);
                    judged.retain(|atom| self.finals.borrow_mut().is_of(*atom, std::slice::from_ref(&term)));
                    let mut own = Origins::default();
                    let gathered = self.gather(&datum, true, &mut own)?.map(|()| own);
                    let Some(()) = self.either(judged, gathered, from)? else { return Ok(None) };
                }
                Ok(Some(()))
            }
        }
    }

    /// Adds that one of the outcomes judged it, or else where it comes from.
    fn either(&self, judged: Vec<Atom>, own: Option<Origins>, from: &mut Origins) -> Followed {
        match (own, judged.is_empty()) {
            (None, true) => return Ok(None),
            (Some(own), true) => from.extend(own),
            (own, false) => {
                let mut ways: Vec<Formula> = judged.into_iter().map(Formula::Is).collect();
                if let Some(own) = own {
                    ways.extend(self.all(own)?.map(Formula::All));
                }
                from.parts.push(Formula::Any(ways));
            }
        }
        Ok(Some(()))
    }

    /// As [`Self::content`], of a thing that changes: what the run put into it, and what was in it before, which is given to whoever
    /// may say which one it is. Of one that the run made, the judgement of its name is one of what was in it, where nothing alters it
    /// afterwards and it is read afterwards.
    fn changing(
        &self,
        at: GrantAt,
        thing: &ThingExpr,
        (named, params): (&[Datum], Vec<Datum>),
        from: &mut Origins,
    ) -> Followed {
        let workflow = self.facts.w;
        let term = self.finals.borrow_mut().term(at, thing);
        let made = named.iter().find(|datum| is_made_as(workflow, datum, at, thing));
        let is_name = |datum: &Datum| self.finals.borrow_mut().is_name_of_thing(datum, at, thing);
        let mut judged: Vec<Atom> = self.judged_where(is_name).collect();
        judged.retain(|atom| {
            needs_one_of(workflow, at.0, &[*atom])
                && self.finals.borrow_mut().is_of(*atom, std::slice::from_ref(&term))
                && !self.finals.borrow_mut().may_be_altered_after(at, thing, atom.step)
        });
        let by = self.finals.borrow_mut().altered_by(at, thing);
        // What was in it is asked for already.
        let covered = self
            .filled
            .borrow()
            .iter()
            .any(|(filled, all)| *filled == term && by.iter().all(|one| all.contains(one)));
        if covered {
            self.is_cut.set(true);
            return Ok(Some(()));
        }
        if !self.is_as_given(at, thing) {
            return Ok(None);
        }
        let others = named.iter().filter(|datum| Some(*datum) != made).cloned();
        let names = others.map(|datum| (datum, term.clone())).collect();
        let mut own = Origins { params, names, of_things: true, ..Origins::default() };
        self.filled.borrow_mut().push((term, by.clone()));
        let filled = self.fill(&by, made, &mut own);
        self.filled.borrow_mut().pop();
        let own = filled?.map(|()| own);
        self.either(judged, own, from)
    }

    /// For all that the argument names, who judged what is in it: was shown it, judged it by its name, and put nothing in; with the
    /// grants that may alter it once that step has begun, of steps that have not begun before. Nothing where nobody can.
    fn shown(&self, at: GrantAt, number: u32) -> Vec<Vec<Seen>> {
        let workflow = self.facts.w;
        let named = named_by(workflow, self.facts.action_of(at), number);
        let mut contents = Contents::of(workflow);
        let mut all = Vec::new();
        for thing in named {
            let makers = contents.makers_of(at, thing);
            let judges = self.judged_where(|_| true).filter(|atom| {
                let judge = self.facts.step(atom.step).role;
                makers.keys().all(|maker| workflow.are_separate(judge, *maker))
                    && self.is_shown(*atom, at, thing)
            });
            let seen = judges.filter_map(|atom| {
                let altered_by = self.finals.borrow_mut().altered_after(at, thing, atom.step);
                let again = altered_by.iter().any(|by| self.may_have_been_used(by.0));
                (!again).then_some(Seen { atom, altered_by })
            });
            let seen: Vec<Seen> = seen.collect();
            if seen.is_empty() {
                return Vec::new();
            }
            all.push(seen);
        }
        all
    }

    /// Whoever takes the outcome was shown what the name that it judges names, and that is the thing.
    fn is_shown(&self, atom: Atom, at: GrantAt, thing: &ThingExpr) -> bool {
        let Some(datum) = self.facts.judged_datum(atom) else { return false };
        let term = self.things.term(at, thing);
        let evidence = self.evidence.get_or_init(|| evidence(self.facts.w));
        let of_step = evidence.iter().filter(|one| {
            one.step == atom.step
                && one.by.0 == atom.step
                && one.relying.contains(&atom)
                && one.looked.is_some()
                && one.about.iter().any(|(by, expr)| *by == one.by && shows(self.facts.w, *by, expr))
        });
        let (mut looks, mut always) = (Vec::new(), Vec::new());
        for one in of_step {
            let is_seen = |seen: TermIx| self.things.is_shown_with(seen, term);
            if let Some(looked) = one.looked.as_ref()
                && self.things.about(one).into_iter().any(is_seen)
            {
                looks.push((one.by, looked));
            }
            // Whatever the arguments of the use are, it looks at the thing.
            if one.about.iter().any(|(by, expr)| *by == one.by && is_seen(self.things.term(*by, expr))) {
                always.push(one.by.1);
            }
        }
        // The outcome asks for the look, or nothing else shows what is judged.
        if let Some(How::JudgedIf(condition)) = self.facts.outcome(atom).map(|outcome| &outcome.how)
            && !condition.holds(&|literal| !always.contains(&literal.grant))
        {
            return true;
        }
        let ways = self.facts.ways_to_see(atom.step, datum);
        // What was shown is the name by which the use looked.
        let is_look = |way: &Shown| {
            let Shown::Use(grant, field) = way else { return false };
            always.contains(grant)
                || looks.iter().any(|(by, looked)| {
                    let identity = self.facts.action_of(*by).clauses.identity(std::slice::from_ref(field));
                    by.1 == *grant
                        && identity.is_some_and(|(index, of)| index == looked.argument && of == looked.fields)
                })
        };
        !ways.is_empty() && ways.iter().all(is_look)
    }

    /// The data and the parameters by which a use of the grant names a thing; none where it is one of several, or chosen freely.
    fn names_in(&self, at: GrantAt, thing: &ThingExpr) -> Option<(Vec<Datum>, Vec<Datum>)> {
        let pins = &self.facts.grant(at)?.pins;
        let (mut named, mut params) = (Vec::new(), Vec::new());
        for key in thing.keys() {
            match key {
                KeyExpr::Literal(_) => {}
                KeyExpr::Argument { index, fields } => {
                    given(pins.get(*index as usize)?, fields.clone(), &mut named, &mut params)?;
                }
                KeyExpr::Field(fields) => {
                    let root = Root::Result { step: at.0, grant: at.1 };
                    named.push(Datum { root, fields: fields.clone() });
                }
                KeyExpr::Every(_) | KeyExpr::Some => return None,
            }
        }
        Some((named, params))
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
        let judges = self.directly(datum);
        if judges.is_empty() {
            // The use that gave the name made the very thing: what went into it is followed.
            return is_made_as(self.facts.w, datum, at, thing);
        }
        let makers = Contents::of(self.facts.w).makers_of(at, thing);
        judges.iter().all(|atom| {
            let judge = self.facts.step(atom.step).role;
            !self.finals.borrow_mut().may_be_altered_after(at, thing, atom.step)
                && makers.keys().all(|maker| self.facts.w.are_separate(judge, *maker))
        })
    }
}

/// Whether all was found, or why nothing is followed further.
type Followed = Result<Option<()>, String>;

/// Where something comes from.
#[derive(Default)]
struct Origins {
    made: Vec<Datum>,
    /// Names, of which only what they are called counts, with what they name.
    names: Vec<(Datum, Term)>,
    /// What the run was given.
    params: Vec<Datum>,
    /// What has to hold besides.
    parts: Vec<Formula>,
    /// Some of it the author wrote.
    written: bool,
    /// Some of it was in things.
    of_things: bool,
}

impl Origins {
    fn extend(&mut self, other: Self) {
        self.made.extend(other.made);
        self.names.extend(other.names);
        self.params.extend(other.params);
        self.parts.extend(other.parts);
        self.written |= other.written;
        self.of_things |= other.of_things;
    }
}

/// How many parts a formula has.
fn size(formula: &Formula) -> usize {
    match formula {
        Formula::Is(_) => 1,
        Formula::All(parts) | Formula::Any(parts) => 1 + parts.iter().map(size).sum::<usize>(),
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
    let (Pin::Is(expr) | Pin::OneOf { set: expr, .. }) = pin else { return None };
    for datum in expr.data() {
        // A template has no fields.
        let fields = datum.fields.iter().chain(&fields).cloned().collect();
        let list = if matches!(datum.root, Root::Param(_)) { &mut *params } else { &mut *found };
        list.push(Datum { root: datum.root, fields });
    }
    Some(())
}
