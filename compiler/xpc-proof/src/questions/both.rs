//! No role, no principal can use both in one run.
//!
//! A question about the whole run: two live maps that agree on what no loop resets (sound), or a run that shows it.
//! One use that is both counts as both. A role has one principal for the run; a principal may play all roles that are
//! not separate.

use xp_artifact::question::Uses;
use xp_artifact::workflow::RoleId;
use xp_diagnostics::{Diagnostic, codes};
use xpc_model::{Place, ProofObligation, Verdict};

use super::uses;
use super::{Context, Granted, MOST, possible};
use crate::answer;
use crate::facts::GrantAt;
use crate::history::Chain;
use crate::map::Map;
use crate::need::{Goal, Need};
use crate::plan::{self, Act};
use crate::refute::Setting;
use crate::told;
use crate::violation::Violation;

/// Reopenings tried between the two uses.
const REOPENINGS: usize = 3;

pub(crate) fn no_role(
    context: &Context<'_, '_>,
    obligation: &ProofObligation,
    a: &Uses,
    b: &Uses,
) -> Verdict {
    ask(context, obligation, a, b, Who::Role)
}

pub(crate) fn no_principal(
    context: &Context<'_, '_>,
    obligation: &ProofObligation,
    a: &Uses,
    b: &Uses,
) -> Verdict {
    ask(context, obligation, a, b, Who::Principal)
}

#[derive(Clone, Copy, PartialEq)]
enum Who {
    Role,
    Principal,
}

fn ask(context: &Context<'_, '_>, obligation: &ProofObligation, a: &Uses, b: &Uses, who: Who) -> Verdict {
    let facts = context.facts;
    let (first, second) = match (possible(&context.session, a), possible(&context.session, b)) {
        (Ok(first), Ok(second)) => (first, second),
        (Err(why), _) | (_, Err(why)) => return answer::unknown(why),
    };
    let Some((_, witness)) = first.first() else { return uses::never_used(context, obligation, a) };
    if second.is_empty() {
        return uses::never_used(context, obligation, b);
    }
    let role = |granted: &Granted<'_>| facts.step(granted.at.0).role;
    let roles = |found: &[(Granted<'_>, Map)]| {
        let mut roles: Vec<RoleId> = found.iter().map(|(granted, _)| role(granted)).collect();
        roles.sort_unstable();
        roles.dedup();
        roles
    };
    let of = |found: &[(Granted<'_>, Map)], wanted: RoleId| -> Vec<GrantAt> {
        found.iter().filter(|(granted, _)| role(granted) == wanted).map(|(granted, _)| granted.at).collect()
    };
    let mut failures = Vec::new();
    for one in roles(&first) {
        for other in roles(&second) {
            let same = match who {
                Who::Role => one == other,
                Who::Principal => !facts.separate(one, other),
            };
            if !same || failures.len() >= MOST {
                continue;
            }
            let pair = Pair { obligation, who, one, other, a: of(&first, one), b: of(&second, other) };
            match pair.ask(context) {
                Ok(None) => {}
                Ok(Some(failure)) => failures.push(failure),
                Err(why) => return answer::unknown(why),
            }
        }
    }
    if !failures.is_empty() {
        return answer::refuted(failures);
    }
    let mut because: Vec<Place> = Vec::new();
    if who == Who::Principal {
        for (index, rule) in (0_u32..).zip(&facts.w.separations) {
            let apart = |x: RoleId, y: RoleId| x != y && rule.roles.contains(&x) && rule.roles.contains(&y);
            if roles(&first).iter().any(|x| roles(&second).iter().any(|y| apart(*x, *y))) {
                because.push(Place::Separation(index));
            }
        }
    }
    answer::proved_by(because, Some(witness.in_order(facts)))
}

struct Pair<'a> {
    obligation: &'a ProofObligation,
    who: Who,
    one: RoleId,
    other: RoleId,
    a: Vec<GrantAt>,
    b: Vec<GrantAt>,
}

impl Pair<'_> {
    fn ask(&self, context: &Context<'_, '_>) -> Result<Option<Diagnostic>, String> {
        let session = &context.session;
        let now = |list: &[GrantAt]| -> Vec<Goal> { list.iter().map(|at| vec![Need::Use(*at)]).collect() };
        let so_far =
            |list: &[GrantAt]| -> Vec<Goal> { list.iter().map(|at| vec![Need::Used(*at)]).collect() };
        let fireable = &context.cover().fireable;
        // One map that has both behind it, then maps with reopenings between.
        let (a, b) = (so_far(&self.a), so_far(&self.b));
        let mut why_not = None;
        if let Some(chain) = uses::answer(session.chain(&a, &b, fireable, 0))? {
            match self.failure(context, &chain, false) {
                Ok(failure) => return Ok(Some(failure)),
                Err(why) => why_not = Some(why),
            }
        }
        let apart = |first: &[Goal], last: &[Goal]| uses::answer(session.never_then(first, last, fireable));
        let open =
            [apart(&now(&self.a), &now(&self.b))?.is_some(), apart(&now(&self.b), &now(&self.a))?.is_some()];
        for reopenings in 1..=REOPENINGS {
            for swapped in [false, true] {
                let (first, last) = if swapped { (&b, &a) } else { (&a, &b) };
                if !open.get(usize::from(swapped)).copied().unwrap_or(true) {
                    continue;
                }
                let Some(chain) = uses::answer(session.chain(first, last, fireable, reopenings))? else {
                    continue;
                };
                match self.failure(context, &chain, swapped) {
                    Ok(failure) => return Ok(Some(failure)),
                    Err(why) => why_not = why_not.or(Some(why)),
                }
            }
        }
        if open == [false, false] {
            return Ok(None);
        }
        let found = context.stage.search(&self.violation(), &self.setting(), self.ends_in(context, None));
        match (found, why_not) {
            (Ok(trace), _) => {
                let used = |list: &[GrantAt]| {
                    let mut made = trace.events.iter().filter_map(|event| told::used(context.facts, event));
                    made.find(|at| list.contains(at))
                };
                let (Some(x), Some(y)) = (used(&self.a), used(&self.b)) else {
                    return Err("the example names no grants".to_owned());
                };
                Ok(Some(self.words(context, x, y).trace(trace)))
            }
            (Err(_), Some(why)) => {
                Err(format!("an example was found that does not replay on the machine: {why}"))
            }
            (Err(_), None) => {
                Err(format!("neither shown impossible nor found with up to {REOPENINGS} reopenings"))
            }
        }
    }

    fn setting<'m>(&self) -> Setting<'m> {
        match self.who {
            Who::Principal if self.one != self.other => {
                Setting { shared: vec![self.one, self.other], ..Setting::default() }
            }
            _ => Setting::default(),
        }
    }

    fn violation(&self) -> Violation {
        Violation::Both(self.a.clone(), self.b.clone())
    }

    fn ends_in(&self, context: &Context<'_, '_>, both: Option<(&str, &str)>) -> String {
        let what = both.map_or("both".to_owned(), |(x, y)| format!("`{x}` and `{y}`"));
        match self.who {
            Who::Role => format!("`{}` has used {what} in one run", context.facts.role_name(self.one)),
            Who::Principal => format!("one principal has used {what} in one run"),
        }
    }

    fn failure(&self, context: &Context<'_, '_>, chain: &Chain, swapped: bool) -> Result<Diagnostic, String> {
        let facts = context.facts;
        let (first, last) = if swapped { (&self.b, &self.a) } else { (&self.a, &self.b) };
        let (Some(early), Some(late)) = (first.get(chain.first), last.get(chain.last)) else {
            return Err("the example names no grants".to_owned());
        };
        let (x, y) = (facts.action_name(*early), facts.action_name(*late));
        let (before, after) = if early == late {
            (vec![Act::using(*early)], Vec::new())
        } else {
            (vec![Act::using(*early)], vec![Act::using(*late)])
        };
        let acts = if chain.fired.is_empty() {
            let uses: Vec<Act> = before.into_iter().chain(after).collect();
            plan::to_map(facts, chain.maps.first().unwrap_or(&Map::default()), &uses)
        } else {
            plan::along(facts, chain, &before, &after)
        };
        let acts = acts.ok_or(plan::TOO_LONG)?;
        let ends_in = self.ends_in(context, Some((&x, &y)));
        let trace = context.stage.trace(&acts, &self.violation(), &self.setting(), ends_in)?;
        Ok(self.words(context, *early, *late).trace(trace))
    }

    fn words(&self, context: &Context<'_, '_>, early: GrantAt, late: GrantAt) -> Diagnostic {
        let facts = context.facts;
        let span = |at: GrantAt| context.span(Place::Grant(at.0, at.1));
        let (x, y) = (facts.action_name(early), facts.action_name(late));
        let (one, other) = (facts.role_name(self.one), facts.role_name(self.other));
        match self.who {
            Who::Role => {
                Diagnostic::error(codes::NO_ROLE, format!("role `{one}` can use `{x}` and `{y}` in one run"))
                    .at(span(early))
                    .label(span(late), format!("also granted to `{one}`"))
                    .label(self.obligation.span, "excluded here")
                    .help("grant one of the two to another role")
            }
            Who::Principal if self.one == self.other => Diagnostic::error(
                codes::NO_PRINCIPAL,
                format!("the principal of `{one}` can use `{x}` and `{y}` in one run"),
            )
            .at(span(early))
            .label(span(late), format!("also granted to `{one}`"))
            .label(self.obligation.span, "excluded here")
            .help("grant one of the two to another role"),
            Who::Principal => Diagnostic::error(
                codes::NO_PRINCIPAL,
                format!("one principal can play `{one}` and `{other}` and so use `{x}` and `{y}` in one run"),
            )
            .at(self.obligation.span)
            .label(span(early), format!("granted to `{}`", facts.role_name(facts.step(early.0).role)))
            .label(span(late), format!("granted to `{}`", facts.role_name(facts.step(late.0).role)))
            .help(format!("add `separate roles {one}, {other}`")),
        }
    }
}
