//! What has been judged of a final argument: itself, or all that it was made of.

mod shown;
mod sources;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use xp_artifact::content::Contents;
use xp_artifact::filled::is_filled;
use xp_artifact::judgement::{Finals, judgements};
use xp_artifact::named::{named_by, turned_into};
use xp_artifact::passing::{followed, identities};
use xp_artifact::rests::needs_one_of;
use xp_artifact::workflow::{Assumption, Atom, Datum, Expr, How, Pin, RoleId, Root, Then};
use xp_monitor::Evidence;
use xp_scope::thing::Term;

use super::things::{TermIx, Things};
use crate::facts::{Facts, GrantAt};
use crate::way::Way;
use sources::{Origins, PutIn, given};

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
    whenever: &'f Whenever<'f>,
    outside: Outside,
    /// Looks of which it is not said what their results are from count as if they showed all that they read.
    silent_looks: bool,
    /// Those that counted so.
    pub looks: RefCell<Vec<GrantAt>>,
    /// Things that counted as given although somebody else may write there.
    pub seen: RefCell<Vec<(GrantAt, TermIx)>>,
    /// Assumptions that some thing is as it was.
    pub assumed: RefCell<Vec<&'m Assumption>>,
    /// By datum, or what it is by the declarations that gave it.
    by_datum: BTreeMap<Datum, Vec<Atom>>,
    /// Ways of data with their sizes, once computed.
    known: RefCell<HashMap<As, Sized>>,
    /// What is followed is the name of these things, and nothing that was made under it counts.
    names: RefCell<Option<Rc<[Term]>>>,
    /// Uses that may have put in, or given, what their declaration does not say.
    pub unsaid: RefCell<Vec<GrantAt>>,
    /// Uses that may have put in, in an earlier opening, what nobody judged then.
    pub earlier: RefCell<BTreeSet<GrantAt>>,
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

/// Whenever a grant can be used, it has been judged in this way.
pub(super) type Whenever<'a> = dyn Fn(GrantAt, &Way) -> Result<bool, String> + 'a;

/// A datum as the name of some things, or as what it is.
type As = (Option<Rc<[Term]>>, Datum);

/// A way with its size.
type Sized = (Way, usize);

/// Larger formulas are not asked: nobody reads such a provenance either.
const MAX_SIZE: usize = 20_000;

/// Data and things that are followed within each other at most.
const MAX_DEPTH: usize = 4_000;

const TOO_LARGE: &str = "what is made final was made in too many ways to follow";

impl<'f, 'm> Judged<'f, 'm> {
    pub fn of(
        facts: &'f Facts<'m>,
        things: &'f Things<'f, 'm>,
        whenever: &'f Whenever<'f>,
        outside: Outside,
    ) -> Self {
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
            whenever,
            outside,
            silent_looks: false,
            looks: RefCell::default(),
            seen: RefCell::default(),
            assumed: RefCell::default(),
            by_datum,
            known: RefCell::default(),
            names: RefCell::default(),
            unsaid: RefCell::default(),
            earlier: RefCell::default(),
            finals,
            evidence: OnceCell::new(),
            followed: RefCell::default(),
            filled: RefCell::default(),
            is_cut: Cell::new(false),
            looked_at: Cell::new(0),
        }
    }

    /// A look of which it is not said what its result is from counts as if it showed all that it reads.
    #[must_use]
    pub fn with_silent_looks(mut self) -> Self {
        self.silent_looks = true;
        self
    }

    /// When what an argument makes final has been judged; none where the author or the operator gave it. The name of a thing
    /// that other uses of the run make or change says nothing of what is in it: then a judgement counts that is of the thing,
    /// or judgements of all that went in and, unless the run named it, of the name.
    ///
    /// # Errors
    /// It was made in too many ways.
    pub fn argument(&self, at: GrantAt, number: u32, pin: &Pin) -> Result<Option<Way>, String> {
        self.looked_at.set(0);
        self.earlier.borrow_mut().clear();
        let filled = self.finals.borrow_mut().filled_by(at, number);
        if filled.is_empty() {
            // The name of something says nothing of another thing that is called so.
            return self.named(at, number, pin);
        }
        let is_name = |datum: &Datum| self.finals.borrow_mut().is_name_of(datum, at, number);
        let things = self.finals.borrow_mut().all_named(at, number);
        let mut judged: Vec<Atom> = self.judged_where(is_name).collect();
        judged.retain(|atom| self.finals.borrow_mut().is_of(*atom, &things));
        let name = self.named(at, number, pin)?;
        let mut ways: Vec<Way> = judged.into_iter().map(Way::Is).collect();
        let seen = self.shown(at, number);
        if !seen.is_empty() {
            ways.push(Way::All(seen.into_iter().chain(name.clone()).collect()));
        }
        let made = self.maker(pin);
        let mut own = Origins::default();
        let named = named_by(self.facts.w, self.facts.action_of(at), number);
        let things: Vec<TermIx> = named.into_iter().map(|expr| self.things.term(at, expr)).collect();
        if let Some(PutIn { unbegun, nothing_certain }) =
            self.put_in(&filled, (at.0, &things), made.as_ref(), &mut own)?
            // Where nothing need have been put in, it is as it was given.
            && let Some(mut put_in) = if nothing_certain { Some(own.perhaps) } else { self.all(own)? }
        {
            put_in.extend(unbegun);
            // Which of all there are it is must have been judged as well, or is as written.
            let is_made = made.is_some_and(|made| !self.finals.borrow_mut().is_mere_name(&made, at, number));
            if !is_made {
                put_in.extend(name);
            }
            ways.push(Way::All(put_in));
        }
        Ok(Some(Way::Any(ways)))
    }

    /// As [`Self::pin`], of an argument: what was made under the value counts only if the argument names that.
    fn named(&self, at: GrantAt, number: u32, pin: &Pin) -> Result<Option<Way>, String> {
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
    fn record(&self, datum: &Datum, parts: BTreeMap<Vec<String>, Vec<Term>>) -> Result<Way, String> {
        let mut all = vec![self.datum(datum)?.0];
        for (fields, things) in parts {
            let part = followed(datum, &fields);
            if self.finals.borrow_mut().is_mere_part(&part, &things) {
                all.push(self.as_names(Some(things), || self.datum(&part))?.0);
            }
        }
        Ok(Way::All(all))
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

    /// A use of the grant in an earlier opening of its step, with other values, may have filled the thing: some loop that resets the
    /// step can fire once that has begun, which it cannot where its source must have settled otherwise before. Not, if whatever resets
    /// the step also resets that of the use which gives the thing its name, since what is made then has another one.
    fn may_have_filled(&self, by: GrantAt, made: Option<&Datum>) -> bool {
        let facts = self.facts;
        // Equal content has one name.
        let is_new = |made: &&Datum| {
            let Root::Result { step, grant } = made.root else { return false };
            let making = facts.action_of((step, grant)).clauses.made_as(&made.fields);
            making.is_some_and(|making| is_filled(facts.w, &making.thing))
        };
        let maker = made.filter(is_new).and_then(|made| made.root.step());
        let mut loops = facts.loops().filter(|(id, _)| {
            facts.resets(*id, by.0) && !maker.is_some_and(|maker| facts.resets(*id, maker))
        });
        loops.any(|(_, back)| {
            let settled: Vec<Atom> = facts
                .atoms(back.step)
                .filter(|(_, outcome)| outcome.then == Then::Settle)
                .map(|(atom, _)| atom)
                .collect();
            !needs_one_of(facts.w, by.0, &settled)
        })
    }

    /// Of the judgements of what the argument was made from, those by roles that made nothing of it: a name that passes
    /// through other types may name what its judge made. A judgement of the argument itself is held to that where it is written, as
    /// far as its type can name something; where the use itself turns it into a name, it is held to that here.
    pub fn by_others(&self, at: GrantAt, number: u32, pin: &Pin, way: Way) -> Way {
        let data: Vec<&Datum> = pin.data().collect();
        let direct: Vec<Atom> = data.iter().flat_map(|datum| self.directly(datum)).collect();
        let atoms = way.atoms();
        let turned = turned_into(self.facts.w, self.facts.action_of(at), number);
        if turned.is_empty() && atoms.iter().all(|atom| direct.contains(atom)) {
            return way;
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
        way.without(&own)
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
    fn pin(&self, pin: &Pin) -> Result<Option<Way>, String> {
        match pin {
            Pin::Is(Expr::Literal(_)) | Pin::Absent => Ok(None),
            Pin::Is(Expr::Datum(datum)) => self.datum(datum).map(|(way, _)| Some(way)),
            // Text by the author around data: what they are says it all.
            Pin::Is(Expr::Template(_)) => {
                let (mut made, mut params) = (Vec::new(), Vec::new());
                given(pin, Vec::new(), &mut made, &mut params);
                let data = if made.is_empty() { params } else { made };
                let all: Result<Vec<Way>, String> =
                    data.iter().map(|datum| self.datum(datum).map(|(way, _)| way)).collect();
                Ok(Some(Way::All(all?)).filter(|_| !data.is_empty()))
            }
            // Whoever uses it chooses among what was judged.
            Pin::OneOf { set: Expr::Datum(datum), .. } => self.datum(datum).map(|(way, _)| Some(way)),
            Pin::OneOf { set: Expr::Literal(_), .. } => Ok(None),
            // Chosen freely: nobody judged that.
            Pin::OneOf { set: Expr::Template(_), .. } | Pin::Within(_) | Pin::Content { .. } | Pin::Any => {
                Ok(Some(Way::NEVER))
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
        let mut ways: Vec<Way> = atoms.into_iter().map(Way::Is).collect();
        let before = self.is_cut.replace(false);
        if self.followed.borrow_mut().insert(datum.clone()) {
            let made = self.made_from(datum);
            self.followed.borrow_mut().remove(datum);
            ways.extend(made?.filter(|all| !all.contains(&Way::NEVER)).map(Way::All));
        } else {
            self.is_cut.set(true);
        }
        let way = Way::Any(ways);
        let size = way.size();
        if size > MAX_SIZE {
            return Err(TOO_LARGE.to_owned());
        }
        let found = (way, size);
        if !self.is_cut.get() {
            self.known.borrow_mut().insert(key, found.clone());
        }
        self.is_cut.set(before || self.is_cut.get());
        Ok(found)
    }

    /// When all that a datum was made from was judged, where that is known and none of it was chosen freely.
    fn made_from(&self, datum: &Datum) -> Result<Option<Vec<Way>>, String> {
        let mut from = Origins::default();
        match self.gather(datum, false, &mut from)? {
            Some(()) => self.all(from),
            None => Ok(None),
        }
    }
}
