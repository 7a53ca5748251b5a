//! Nothing is deployed, or executed with a network, before somebody judged it.
//!
//! In every live map in which such a grant can be used, each commit it is pinned to has been judged by an outcome that is
//! `of` it, or of every commit it was made from. A grant without a commit needs some judgement `of` something. Automatic outcomes
//! judge nothing.

use std::collections::BTreeMap;

use xp_artifact::workflow::{Atom, Datum, Effect, Expr, Formula, Grant, How, Pin, Root, Then};
use xp_scope::{Type, Value};
use xpc_model::{Failure, Place, Verdict};

use super::{Context, MOST};
use crate::answer::{self, Extend};
use crate::codes;
use crate::facts::{Facts, GrantAt, pin_data};
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
            asked.push((at, number, judged.pin(facts, pin)));
        }
        if !any {
            let all = judged.by_datum.values().flatten().map(|atom| Formula::Is(*atom)).collect();
            asked.push((at, 0, Formula::Some(all)));
        }
    }
    let goals: Vec<Goal> =
        asked.iter().map(|(at, _, formula)| vec![Need::Use(*at), Need::Not(formula.clone())]).collect();
    let examples = match context.session.sort(&goals, Some(MOST)) {
        Ok(examples) => examples,
        Err(why) => return answer::unknown(why),
    };
    let failures: Vec<Result<Failure, String>> = asked
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
struct Judged {
    by_datum: BTreeMap<Datum, Vec<Atom>>,
}

impl Judged {
    fn of(facts: &Facts<'_>) -> Self {
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
        Self { by_datum }
    }

    fn pin(&self, facts: &Facts<'_>, pin: &Pin) -> Formula {
        match pin {
            Pin::Is(Expr::Datum(datum)) => self.datum(facts, datum),
            // Chosen freely, or by the author: nobody judged that.
            _ => Formula::Some(Vec::new()),
        }
    }

    /// When the datum has been judged: itself, or all the commits its maker was given.
    fn datum(&self, facts: &Facts<'_>, datum: &Datum) -> Formula {
        let direct = self.by_datum.get(datum).into_iter().flatten().map(|atom| Formula::Is(*atom));
        let mut ways: Vec<Formula> = direct.collect();
        if let Root::Result { step, grant } = datum.root
            && let Some(made_by) = facts.grant((step, grant))
        {
            let action = facts.action_of((step, grant));
            let given: Vec<&Datum> = pin_data(made_by)
                .filter(|(number, _)| {
                    // What an action changes is where the commit goes, not what it is made from.
                    !action.touches.contains(number)
                        && action.params.get(*number as usize).is_some_and(|param| param.ty == Type::Commit)
                })
                .map(|(_, datum)| datum)
                .collect();
            if !given.is_empty() {
                ways.push(Formula::All(given.into_iter().map(|datum| self.datum(facts, datum)).collect()));
            }
        }
        Formula::Some(ways)
    }
}

fn failure(
    context: &Context<'_, '_>,
    at: GrantAt,
    number: u32,
    formula: &Formula,
    map: &Map,
) -> Result<Failure, String> {
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
    Ok(answer::failure(
        codes::UNREVIEWED,
        format!("`{action}` can be used in step `{}` on content that nobody judged", facts.step(at.0).name),
        context.span(place),
    )
    .label(context.span(Place::After(at.0)), "this does not wait for a judgement of it")
    .help("wait for an outcome that says what it judges: `outcome approved of …`")
    .trace(trace))
}
