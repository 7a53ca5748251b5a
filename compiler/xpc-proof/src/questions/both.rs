//! No role, no principal can use both in one run.
//!
//! A question about the whole run: the obligation over two live maps of `xp_monitor::questions::both`, or a run that shows it.
//! One use that is both counts as both. A role has one principal for the run; a principal may play all roles that are
//! not separate.

use std::collections::BTreeMap;

use xp_artifact::question::Uses;
use xp_artifact::workflow::{Expr, RoleId};
use xp_diagnostics::{Diagnostic, codes};
use xp_monitor::obligation::Obligation;
use xp_monitor::questions::both;
use xpc_model::{Place, ProofObligation, Verdict};

use super::uses;
use super::{Context, Granted, MOST, possible};
use crate::answer;
use crate::example::Example;
use crate::facts::GrantAt;
use crate::moments::{Asking, Moments};
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
    let roles = |found: &[(Granted<'_>, Example<'_, '_>)]| {
        let mut roles: Vec<RoleId> = found.iter().map(|(granted, _)| role(granted)).collect();
        roles.sort_unstable();
        roles.dedup();
        roles
    };
    let of = |found: &[(Granted<'_>, Example<'_, '_>)], wanted: RoleId| -> Vec<GrantAt> {
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
            let pair =
                Pair { obligation, uses: (a, b), who, one, other, a: of(&first, one), b: of(&second, other) };
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
    uses: (&'a Uses, &'a Uses),
    who: Who,
    one: RoleId,
    other: RoleId,
    a: Vec<GrantAt>,
    b: Vec<GrantAt>,
}

impl Pair<'_> {
    fn ask(&self, context: &Context<'_, '_>) -> Result<Option<Diagnostic>, String> {
        let facts = context.facts;
        let pairs = self.a.iter().flat_map(|a| self.b.iter().map(move |b| (*a, *b)));
        let pairs: Vec<both::Pair> =
            pairs.map(|(a, b)| both::Pair { a, b, at_once: self.at_once(context, a, b) }).collect();
        let obligation = both::obligation(facts.w, &pairs);
        let cases: Vec<usize> = (0..obligation.cases.len()).collect();
        let (limits, loops) = (context.session.limits, &context.cover().fireable);
        let all = Asking::all_runs(facts, limits, &obligation, loops);
        if uses::answer(all.ask(&cases))?.is_none() {
            return Ok(None);
        }
        let mut why_not = None;
        for firings in 0..=REOPENINGS {
            let Some(asking) = Asking::examples(facts, limits, &obligation, loops, firings) else { break };
            let Some(moments) = uses::answer(asking.ask(&cases))? else { continue };
            match self.failure(context, &obligation, &moments) {
                Ok(failure) => return Ok(Some(failure)),
                Err(why) => why_not = why_not.or(Some(why)),
            }
        }
        let mut setting = self.setting(context);
        setting.members.clear();
        match (context.stage.search(&Violation::Broken, &setting, self.ends_in(context, None)), why_not) {
            (Ok(trace), _) => {
                let used = |list: &[GrantAt]| {
                    let mut made = trace.events.iter().filter_map(|event| told::used(facts, event));
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

    /// One use of the grant can be both: what the two fix its arguments to can be one.
    fn at_once(&self, context: &Context<'_, '_>, a: GrantAt, b: GrantAt) -> bool {
        a == b && context.facts.grant(a).is_some() && {
            let (first, second) = (uses::arguments(self.uses.0), uses::arguments(self.uses.1));
            !first.iter().any(|(number, one)| {
                second.iter().any(|(other, value)| {
                    number == other && matches!((one, value), (Expr::Literal(x), Expr::Literal(y)) if x != y)
                })
            })
        }
    }

    fn setting<'m>(&self, context: &Context<'_, 'm>) -> Setting<'m> {
        let mut setting = uses::watched(context, &self.obligation.question);
        if self.who == Who::Principal && self.one != self.other {
            setting.shared = vec![self.one, self.other];
        }
        setting
    }

    fn ends_in(&self, context: &Context<'_, '_>, both: Option<(&str, &str)>) -> String {
        let what = both.map_or("both".to_owned(), |(x, y)| format!("`{x}` and `{y}`"));
        match self.who {
            Who::Role => format!("`{}` has used {what} in one run", context.facts.role_name(self.one)),
            Who::Principal => format!("one principal has used {what} in one run"),
        }
    }

    fn failure(
        &self,
        context: &Context<'_, '_>,
        obligation: &Obligation,
        moments: &Moments,
    ) -> Result<Diagnostic, String> {
        let facts = context.facts;
        let case = obligation.cases.get(moments.case).ok_or("there is no such case")?;
        let [(_, early), (_, late)] = case.label.uses.as_slice() else {
            return Err("the example names no grants".to_owned());
        };
        let mut setting = self.setting(context);
        // Which of the two is of the first kind: a grant may be of both.
        let first_is_a = self.a.contains(early) && self.b.contains(late);
        let (x, y) = if first_is_a { self.uses } else { (self.uses.1, self.uses.0) };
        let mut uses = Vec::new();
        let one_use = early == late && self.at_once(context, *early, *late);
        for (map, at, what) in [(0, *early, x), (1, *late, y)] {
            let grant = facts.grant(at).ok_or("the example names no grants")?;
            let args = uses::steered(context, what, grant, &mut setting)?;
            match uses.first_mut() {
                Some((_, Act::Use { args: given, .. })) if one_use => given.extend(args),
                _ => uses.push((map, Act::Use { at, fields: BTreeMap::new(), args })),
            }
        }
        let (x, y) = (facts.action_name(*early), facts.action_name(*late));
        let acts = plan::through(facts, moments, &uses, None).ok_or(plan::TOO_LONG)?;
        let ends_in = self.ends_in(context, Some((&x, &y)));
        let trace = context.stage.trace(&acts, &Violation::Broken, &setting, ends_in)?;
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
