//! Where a value, or what is in a thing, comes from: gathered until each source is a judged datum, a parameter, what the author wrote, or
//! what nobody in the run put there.

use xp_artifact::content::{Contents, altering};
use xp_artifact::declaration::{KeyExpr, Source, ThingExpr};
use xp_artifact::filled::filled_as;
use xp_artifact::order::Moment;
use xp_artifact::passing::{followed, is_made_as, picks};
use xp_artifact::rests::needs_one_of;
use xp_artifact::workflow::{Action, Atom, Datum, Pin, Root, StepId};
use xp_monitor::evidence;
use xp_scope::thing::{Immutable, Term};

use super::{Judged, Outside, TOO_LARGE, TermIx, Things};
use crate::evidence::surely_used;
use crate::facts::{Facts, GrantAt};
use crate::questions::expected::{expects, expects_as_put, is_reported_before, reports_as_put};
use crate::way::Way;

/// Sources that are looked at for one argument at most.
const MAX_SOURCES: usize = 200_000;

/// Whether a use expects a thing as uses of the run have put it.
type AsPut = fn(&Facts<'_>, &Things<'_, '_>, (GrantAt, TermIx), &[GrantAt], &dyn Fn(GrantAt) -> bool) -> bool;

/// Whether all was found, or why nothing is followed further.
pub(super) type Followed = Result<Option<()>, String>;

/// What uses put into a thing.
pub(super) struct PutIn {
    /// What has to hold so that nothing is in it that nobody judges.
    pub(super) unbegun: Vec<Way>,
    /// Of none of it is it certain that it was put in.
    pub(super) nothing_certain: bool,
}

/// Where something comes from.
#[derive(Default)]
pub(super) struct Origins {
    pub(super) made: Vec<Datum>,
    /// Names, of which only what they are called counts, with what they name.
    pub(super) names: Vec<(Datum, Term)>,
    /// What the run was given.
    pub(super) params: Vec<Datum>,
    /// What has to hold besides.
    pub(super) parts: Vec<Way>,
    /// What has to hold of what may have been put in: where it was not, only the rest is in it.
    pub(super) perhaps: Vec<Way>,
    /// Some of it the author wrote.
    pub(super) written: bool,
    /// Some of it was in things.
    pub(super) of_things: bool,
    /// Whose latest result, or only use, it is, while the sources of that are gathered.
    result_of: Option<GrantAt>,
}

impl Origins {
    /// Nobody in the run chose any of it.
    fn is_given(&self) -> bool {
        self.made.is_empty() && self.names.is_empty() && self.parts.is_empty()
    }

    /// It is not only what the run was given, or what was in things before.
    fn is_known(&self) -> bool {
        !self.is_given() || self.written && !self.of_things
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.made.extend(other.made);
        self.names.extend(other.names);
        self.params.extend(other.params);
        self.parts.extend(other.parts);
        self.perhaps.extend(other.perhaps);
        self.written |= other.written;
        self.of_things |= other.of_things;
    }
}

impl Judged<'_, '_> {
    /// Adds all that the grants put into a thing to what was in it before. A grant whose step has not begun put nothing in: where
    /// nobody judges what it puts in, that has to be so, and it is returned. None where something nobody judges may have been put in.
    pub(super) fn put_in(
        &self,
        filled: &[GrantAt],
        (reader, things): (StepId, &[TermIx]),
        made: Option<&Datum>,
        before: &mut Origins,
    ) -> Result<Option<PutIn>, String> {
        let (mut each, mut unbegun) = (Vec::new(), Vec::new());
        let mut nothing_certain = true;
        for by in filled {
            let mut own = Origins::default();
            match self.fill((*by, reader), things, made, &mut own)? {
                Some(()) => each.push((*by, own)),
                None if self.may_have_filled(*by, made) => return Ok(None),
                None => unbegun.push(Way::Unbegun(*by)),
            }
        }
        for (by, own) in each {
            let again = self.may_have_filled(by, made);
            if own.is_given() {
                before.extend(own);
                nothing_certain = false;
                continue;
            }
            before.written |= own.written;
            before.of_things |= own.of_things;
            let Some(judged) = self.all(own)?.map(Way::All) else { return Ok(None) };
            // What an earlier opening put in has to have been judged when it was put in.
            if again && !(self.whenever)(by, &judged)? {
                self.earlier.borrow_mut().insert(by);
                return Ok(None);
            }
            let way = Way::Any(vec![Way::Unbegun(by), judged]);
            let is_maker = made.is_some_and(|made| made.root == (Root::Result { step: by.0, grant: by.1 }));
            let is_one = |(expr, _): (&ThingExpr, Vec<Source>)| {
                let altered = self.things.term(by, expr);
                things.iter().any(|thing| self.things.is_shown_with(*thing, altered))
            };
            let certain = || altering(self.facts.action_of(by)).any(is_one);
            if is_maker || surely_used(self.facts, by, reader) && certain() {
                before.parts.push(way);
                nothing_certain = false;
            } else {
                before.perhaps.push(way);
            }
        }
        Ok(Some(PutIn { unbegun, nothing_certain }))
    }

    /// Adds all that uses of the grant put into things; none where that was chosen freely or is not known. The use that gave a name put into the thing what that stands for.
    /// Where in one of these things it is put goes in as well.
    fn fill(
        &self,
        (by, reader): (GrantAt, StepId),
        things: &[TermIx],
        made: Option<&Datum>,
        from: &mut Origins,
    ) -> Followed {
        if let Some(made) = made.filter(|made| made.root == (Root::Result { step: by.0, grant: by.1 })) {
            return self.gather(made, true, from);
        }
        // What was reported by then is known of all that the grant put in.
        from.result_of = is_reported_before(self.facts, by, reader).then_some(by);
        let action = self.facts.action_of(by);
        for (expr, _) in altering(action) {
            for source in self.things.placed_by(by, expr, things) {
                // What is in these things is asked about already.
                if source.thing().is_some_and(|read| {
                    let read = self.things.term(by, read);
                    things.iter().any(|thing| self.things.is_shown_with(*thing, read))
                }) {
                    continue;
                }
                let Some(()) = self.add(by, source, from)? else { return Ok(None) };
            }
        }
        let sources = altering(self.facts.action_of(by)).flat_map(|(_, sources)| sources);
        for source in sources {
            let Some(()) = self.put(by, source, from)? else { return Ok(None) };
        }
        from.result_of = None;
        Ok(Some(()))
    }

    /// When all of it was judged; none where nothing of it is known to be.
    pub(super) fn all(&self, from: Origins) -> Result<Option<Vec<Way>>, String> {
        let (is_given, is_known) = (from.is_given(), from.is_known());
        let Origins { made, names, params, parts, perhaps, .. } = from;
        if !is_known && params.is_empty() {
            return Ok(None);
        }
        let mut all = parts;
        all.extend(perhaps);
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

    /// Adds all that a datum was made from; none where some of it was chosen freely or is not known. What the run was given counts
    /// where there is nothing else. What was made under the name counts where that is what is asked about.
    pub(super) fn gather(&self, datum: &Datum, is_thing: bool, from: &mut Origins) -> Followed {
        let Root::Result { step, grant } = datum.root else { return Ok(None) };
        let action = self.facts.action_of((step, grant));
        let clauses = &action.clauses;
        let unsaid = clauses.said_of(&datum.fields).is_none();
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
        from.of_things |= !is_said;
        // All that the use made or changed under this name, in what has it, or in what that may lie in.
        let filling = named.iter().flat_map(|making| self.finals.borrow_mut().filling(at, making));
        let inside = altering(action)
            .filter(|(expr, _)| !named.is_empty() && is_in(action, expr, &datum.fields))
            .flat_map(|(_, sources)| sources);
        let content: Vec<Source> = filling.chain(inside).collect();
        let own = self.facts.w.sources(action, &datum.fields);
        let before = from.result_of.replace(at);
        for source in own.into_iter().chain(content) {
            let Some(()) = self.put(at, source, from)? else { return Ok(None) };
        }
        from.result_of = before;
        Ok(Some(()))
    }

    /// As [`Self::add`], of what goes in. An argument that is the version of the thing that it is compared with, as some use gave it,
    /// stands for what is in the thing.
    fn put(&self, at: GrantAt, source: Source, from: &mut Origins) -> Followed {
        let mut compared = compared_with(self.facts.action_of(at), &source);
        match compared.find(|thing| expects(self.facts, self.things, at, self.things.term(at, thing))) {
            Some(thing) => self.content(at, thing, from),
            None => self.add(at, source, from),
        }
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
            Source::Field(fields)
                if clauses.said_of(&fields).is_some_and(|said| said.is_empty())
                    && clauses.said_below(&fields).is_empty() => {}
            Source::Field(fields) => from.made.push(Datum { root, fields }),
            // A clause that is left out refutes nothing.
            Source::Thing(ThingExpr::Anything) if self.outside == Outside::Given => {
                from.of_things = true;
                self.unsaid.borrow_mut().push(at);
            }
            Source::Thing(thing) => return self.content(at, &thing, from),
        }
        Ok(Some(()))
    }

    /// Adds what is in a thing when a use of the grant reads it.
    fn content(&self, at: GrantAt, thing: &ThingExpr, from: &mut Origins) -> Followed {
        let workflow = self.facts.w;
        let own = thing.levels().last().and_then(|own| workflow.kinds.named(&own.kind));
        let Some(kind) = own.and_then(|kind| workflow.kinds.get(kind)) else { return Ok(None) };
        let Some((named, params)) = self.names_in(at, thing) else { return Ok(None) };
        let is_several = thing.keys().any(|key| matches!(key, KeyExpr::Every(_)));
        match kind.immutable {
            // There may come to be more of what never changes.
            _ if is_several => self.changing(at, thing, (&named, params), from),
            None => self.changing(at, thing, (&named, params), from),
            // A minted name says nothing of what is in it: whoever judges by it must not have had a hand in that.
            Some(Immutable::Minted) if named.iter().any(|datum| !self.is_by_others(datum, at, thing)) => {
                Ok(None)
            }
            // What is in it is all that its key says of it: what it is called counts, and not what another thing is made of that is
            // called so.
            Some(_) => {
                from.of_things |= named.is_empty();
                from.params.extend(params);
                let term = self.finals.borrow_mut().term(at, thing);
                for datum in named {
                    if !is_made_as(workflow, &datum, at, thing) {
                        from.of_things = true;
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
                let mut ways: Vec<Way> = judged.into_iter().map(Way::Is).collect();
                if let Some(own) = own {
                    ways.extend(self.all(own)?.map(Way::All));
                }
                from.parts.push(Way::Any(ways));
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
            self.finals.borrow_mut().is_of(*atom, std::slice::from_ref(&term))
                && !self.finals.borrow_mut().may_be_altered_after(at, thing, atom.step)
        });
        // One of them was in force when it was read.
        if !needs_one_of(workflow, at.0, &judged) {
            judged.clear();
        }
        let by = self.finals.borrow_mut().altered_by(at, thing);
        if !self.is_as_given(at, thing, from.result_of == Some(at)) {
            return Ok(None);
        }
        let others = named.iter().filter(|datum| Some(*datum) != made).cloned();
        let names: Vec<(Datum, Term)> = others.map(|datum| (datum, term.clone())).collect();
        // What was put into it is asked for already.
        let covered = self
            .filled
            .borrow()
            .iter()
            .any(|(filled, all)| *filled == term && by.iter().all(|one| all.contains(one)));
        if covered {
            self.is_cut.set(true);
            from.extend(Origins { params, names, ..Origins::default() });
            return Ok(Some(()));
        }
        // In what the run made there was nothing before.
        let mut own = Origins { params, names, of_things: made.is_none(), ..Origins::default() };
        self.filled.borrow_mut().push((term, by.clone()));
        let put_in = self.put_in(&by, (at.0, &[self.things.term(at, thing)]), made, &mut own);
        self.filled.borrow_mut().pop();
        // That something was not put in makes nothing else known: what was found there, and what the run was given, counts as it
        // does where no use could put it in.
        let own = put_in?.map(|put_in| {
            own.perhaps.extend(put_in.unbegun);
            own
        });
        self.either(judged, own, from)
    }

    /// The data and the parameters by which a use of the grant names a thing; none where it is one of several, or chosen freely.
    /// Of what it lies in, no name that the use gave which made that.
    fn names_in(&self, at: GrantAt, thing: &ThingExpr) -> Option<(Vec<Datum>, Vec<Datum>)> {
        let pins = &self.facts.grant(at)?.pins;
        let (mut named, mut params) = (Vec::new(), Vec::new());
        for (depth, level) in (1..).zip(thing.levels()) {
            let mut here = Vec::new();
            for key in &level.keys {
                match key {
                    KeyExpr::Literal(_) => {}
                    KeyExpr::Argument { index, fields } => {
                        given(pins.get(*index as usize)?, fields.clone(), &mut here, &mut params)?;
                    }
                    KeyExpr::Field(fields) => {
                        let root = Root::Result { step: at.0, grant: at.1 };
                        here.push(Datum { root, fields: fields.clone() });
                    }
                    // Of all of them, each is what the run put into it, and what was there before.
                    KeyExpr::Every(_) => {}
                    KeyExpr::Some => return None,
                }
            }
            if depth < thing.levels().len() {
                let outer = ThingExpr::Path(thing.levels().iter().take(depth).cloned().collect());
                here.retain(|datum| !is_made_as(self.facts.w, datum, at, &outer));
            }
            named.append(&mut here);
        }
        // What picks among several is chosen as a name is.
        for (index, fields) in picks(self.facts.w, self.facts.action_of(at), thing) {
            given(pins.get(index as usize)?, fields, &mut named, &mut params)?;
        }
        Some((named, params))
    }

    /// The use expects the thing at a version that says of all that uses of the run put in that it is in it still.
    pub fn expects_as_put(&self, at: GrantAt, thing: &ThingExpr) -> bool {
        self.is_as_put(at, thing, expects_as_put)
    }

    fn is_as_put(&self, at: GrantAt, thing: &ThingExpr, expects: AsPut) -> bool {
        let term = self.things.term(at, thing);
        let fillers = self.finals.borrow_mut().altered_by(at, thing);
        let all = self.evidence.get_or_init(|| evidence(self.facts.w));
        let is_judged = |by: GrantAt| {
            all.iter().filter(|one| one.is_said()).any(|one| {
                (one.by == by || one.renewed.iter().any(|(look, _)| *look == by))
                    && self.things.about(one).iter().any(|about| self.things.one(term, *about))
                    && needs_one_of(self.facts.w, at.0, &one.relying)
            })
        };
        expects(self.facts, self.things, (at, term), &fillers, &is_judged)
    }

    /// Nobody else writes in the thing, or the use expects it as it was; or, where its result is asked about, that says so.
    fn is_as_given(&self, at: GrantAt, thing: &ThingExpr, is_result: bool) -> bool {
        let term = self.things.term(at, thing);
        if !self.things.can_change(term)
            || !self.things.is_shared(term, Moment::used(at))
            || self.expects_as_put(at, thing)
            || is_result && self.is_as_put(at, thing, reports_as_put)
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

/// With the versions of which things the upstream compares the argument: of a record, the part that the clause names.
fn compared_with<'a>(action: &'a Action, source: &Source) -> impl Iterator<Item = &'a ThingExpr> + use<'a> {
    let argument = match source {
        Source::Argument { index, fields } => Some((*index, fields.clone())),
        Source::Field(_) | Source::Thing(_) => None,
    };
    let compared = action.clauses.expects.iter().filter(move |expectation| {
        matches!((&expectation.at, &argument), (Some(Source::Argument { index, fields }), Some((at, of)))
            if index == at && of.starts_with(fields))
    });
    compared.map(|expectation| &expectation.thing)
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
pub(super) fn given(
    pin: &Pin,
    fields: Vec<String>,
    found: &mut Vec<Datum>,
    params: &mut Vec<Datum>,
) -> Option<()> {
    let (Pin::Is(expr) | Pin::OneOf { set: expr, .. }) = pin else { return None };
    for datum in expr.data() {
        // A template has no fields.
        let list = if matches!(datum.root, Root::Param(_)) { &mut *params } else { &mut *found };
        list.push(followed(datum, &fields));
    }
    Some(())
}
