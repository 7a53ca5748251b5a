//! Nothing is deployed, or executed with a network, before somebody judged it.
//!
//! In every live map in which such a grant can be used, each commit it is pinned to has been judged by an outcome that is
//! `of` it, or of every commit it was made from. A grant without a commit needs some judgement `of` something. Automatic outcomes
//! judge nothing.

use std::cell::RefCell;
use std::collections::BTreeMap;

use xp_artifact::workflow::{Atom, Datum, Effect, Expr, Formula, Grant, How, Pin, Root, Then};
use xp_diagnostics::{Diagnostic, codes};
use xp_scope::{Type, Value};
use xpc_model::{Place, Verdict};

use super::{Context, MOST};
use crate::answer;
use crate::facts::{Facts, GrantAt};
use crate::map::Map;
use crate::need::{Goal, Need};
use crate::plan::Act;
use crate::refute::Setting;
use crate::violation::Violation;

pub(crate) fn ask(context: &Context<'_, '_>) -> Verdict {
    let facts = context.facts;
    let judged = Judged::of(facts);
    let mut asked: Vec<(GrantAt, u32, Formula)> = Vec::new();
    for (at, grant) in facts.grants().filter(|(at, grant)| runs_content(facts, *at, grant)) {
        let action = facts.action_of(at);
        let commits = (0_u32..)
            .zip(action.params.iter().zip(&grant.pins))
            .filter(|(_, (param, _))| param.ty == Type::Commit);
        let mut any = false;
        for (number, (_, pin)) in commits {
            any = true;
            match judged.pin(pin) {
                Ok(formula) => asked.push((at, number, formula)),
                Err(why) => return answer::unknown(why),
            }
        }
        if !any {
            let all = judged.by_datum.values().flatten().map(|atom| Formula::Is(*atom)).collect();
            asked.push((at, 0, Formula::Any(all)));
        }
    }
    let goals: Vec<Goal> =
        asked.iter().map(|(at, _, formula)| vec![Need::Use(*at), Need::Not(formula.clone())]).collect();
    let examples = match context.session.sort(&goals, Some(MOST)) {
        Ok(examples) => examples,
        Err(why) => return answer::unknown(why),
    };
    let failures: Vec<Result<Diagnostic, String>> = asked
        .iter()
        .zip(examples)
        .filter_map(|((at, number, formula), map)| Some(failure(context, *at, *number, formula, &map?)))
        .collect();
    answer::from(failures)
}

/// Puts content into service, or runs it where it can reach others.
fn runs_content(facts: &Facts<'_>, at: GrantAt, grant: &Grant) -> bool {
    let action = facts.action_of(at);
    match action.effect {
        Effect::Deploy => true,
        Effect::Execute => {
            let network = action.params.iter().zip(&grant.pins).find(|(param, _)| param.name == "network");
            let none = Value::Text("none".to_owned());
            !network.is_some_and(|(_, pin)| *pin == Pin::Is(Expr::Literal(none)))
        }
        _ => false,
    }
}

/// Which outcomes judge which datum.
struct Judged<'f, 'm> {
    facts: &'f Facts<'m>,
    by_datum: BTreeMap<Datum, Vec<Atom>>,
    /// Formulas of data with their sizes, once computed.
    known: RefCell<BTreeMap<Datum, (Formula, usize)>>,
}

/// Larger formulas are not asked: nobody reads such a provenance either.
const MAX_SIZE: usize = 20_000;

impl<'f, 'm> Judged<'f, 'm> {
    fn of(facts: &'f Facts<'m>) -> Self {
        let mut by_datum: BTreeMap<Datum, Vec<Atom>> = BTreeMap::new();
        for step in facts.steps() {
            for (atom, outcome) in facts.atoms(step) {
                if let (How::Judged | How::JudgedIf(_), Then::Settle, Some(datum)) =
                    (&outcome.how, outcome.then, &outcome.of)
                {
                    by_datum.entry(datum.clone()).or_default().push(atom);
                }
            }
        }
        Self { facts, by_datum, known: RefCell::default() }
    }

    /// # Errors
    /// It was made in too many ways.
    fn pin(&self, pin: &Pin) -> Result<Formula, String> {
        match pin {
            Pin::Is(Expr::Datum(datum)) => self.datum(datum).map(|(formula, _)| formula),
            // Chosen freely, or by the author: nobody judged that.
            _ => Ok(Formula::Any(Vec::new())),
        }
    }

    /// When the datum has been judged: itself, or all that it was made from.
    fn datum(&self, datum: &Datum) -> Result<(Formula, usize), String> {
        if let Some(known) = self.known.borrow().get(datum) {
            return Ok(known.clone());
        }
        let direct = self.by_datum.get(datum).into_iter().flatten().map(|atom| Formula::Is(*atom));
        let mut ways: Vec<Formula> = direct.collect();
        let mut size = ways.len() + 1;
        if let Some(given) = self.made_from(datum) {
            let mut all = Vec::new();
            for one in given {
                let (formula, of) = self.datum(one)?;
                size = size.saturating_add(of);
                all.push(formula);
            }
            ways.push(Formula::All(all));
        }
        if size > MAX_SIZE {
            return Err("what is deployed was made in too many ways to follow".to_owned());
        }
        let found = (Formula::Any(ways), size);
        self.known.borrow_mut().insert(datum.clone(), found.clone());
        Ok(found)
    }

    /// All that a commit holds, where that is known: it is called like a commit its maker was given, so it is that one or
    /// made from it; every other commit given went into it as well; and where it was put, nothing else was.
    fn made_from(&self, datum: &Datum) -> Option<Vec<&'m Datum>> {
        let Root::Result { step, grant } = datum.root else { return None };
        let [field] = datum.fields.as_slice() else { return None };
        let action = self.facts.action_of((step, grant));
        let pins = &self.facts.grant((step, grant))?.pins;
        let mut given = Vec::new();
        let mut named = false;
        for (number, (param, pin)) in (0_u32..).zip(action.params.iter().zip(pins)) {
            let touched = action.touches.contains(&number);
            match (&param.ty, pin) {
                // What a branch must still be at is where the commit goes, not what it is made from.
                (Type::Commit, _) if touched => {}
                (Type::Commit, Pin::Is(Expr::Datum(datum))) => {
                    given.push(datum);
                    named |= param.name == *field;
                }
                // Chosen freely, or by the author: nobody judged that.
                (Type::Commit, _) => return None,
                // What the run was given is the operator's; what the run made holds what the run wrote.
                (_, Pin::Is(Expr::Datum(Datum { root: Root::Param(_), .. }))) => {}
                _ if touched => return None,
                _ => {}
            }
        }
        named.then_some(given)
    }
}

fn failure(
    context: &Context<'_, '_>,
    at: GrantAt,
    number: u32,
    formula: &Formula,
    map: &Map,
) -> Result<Diagnostic, String> {
    let facts = context.facts;
    let action = facts.action_name(at);
    let violation = Violation::UseWithout(at, formula.clone());
    let ends_in = format!("`{action}` has run what nobody judged");
    let trace = context.trace(map, &[Act::using(at)], &violation, &Setting::default(), ends_in)?;
    let place = if facts.action_of(at).params.is_empty() {
        Place::Grant(at.0, at.1)
    } else {
        Place::Pin(at.0, at.1, number)
    };
    Ok(Diagnostic::error(
        codes::UNREVIEWED,
        format!("`{action}` can be used in step `{}` on content that nobody judged", facts.step(at.0).name),
    )
    .at(context.span(place))
    .label(context.span(Place::After(at.0)), "this does not wait for a judgement of it")
    .help("wait for an outcome that says what it judges: `outcome approved of …`")
    .trace(trace))
}
