//! At most so many uses in a run.
//!
//! Every use lies in an opening that is begun in the last live map or that a firing ended, and a firing ends exactly the
//! openings begun in its own map. So uses are weighed together on one live map, and again for each loop on a map in which it can
//! fire, so that ways that exclude each other do not add up. A limit per run bounds its grant besides.

use std::collections::BTreeMap;

use xp_artifact::question::Uses;
use xp_artifact::workflow::{Atom, LoopId, Per};
use xp_diagnostics::{Diagnostic, codes};
use xpc_model::{Place, ProofObligation, Verdict};
use z3::ast::Bool;

use super::uses;
use super::{Context, possible};
use crate::answer;
use crate::encode::{MapVars, Sink};
use crate::facts::GrantAt;
use crate::history::Chain;
use crate::map::Map;
use crate::need::Need;
use crate::plan::{self, Act, Plan};
use crate::refute::Setting;
use crate::session::{Answer, check};
use crate::support;
use crate::told;
use crate::violation::Violation;

pub(crate) fn ask(
    context: &Context<'_, '_>,
    obligation: &ProofObligation,
    what: &Uses,
    most: u32,
) -> Verdict {
    let facts = context.facts;
    let found = match possible(&context.session, what) {
        Ok(found) => found,
        Err(why) => return answer::unknown(why),
    };
    let Some((_, witness)) = found.first() else { return uses::never_used(context, obligation, what) };
    let witness = witness.in_order(facts);
    let mut total = 0_u64;
    let mut bounds: Vec<(u64, GrantAt)> = Vec::new();
    for (granted, _) in &found {
        let openings = context.openings().of(granted.at.0);
        let uses = u64::from(granted.grant.limit.uses);
        let bound = match granted.grant.limit.per {
            Per::Run => uses,
            Per::Opening => uses.saturating_mul(openings),
        };
        total = total.saturating_add(bound);
        bounds.push((bound, granted.at));
    }
    let because = || found.iter().map(|(granted, _)| Place::Limit(granted.at.0, granted.at.1)).collect();
    let proved = |bound: u64| {
        let mut verdict = answer::proved_by(because(), Some(witness.clone()));
        verdict.notes.push(format!("at most {bound} {} in a run", if bound == 1 { "use" } else { "uses" }));
        verdict
    };
    // The one that allows most is the one to look at.
    bounds.sort_by_key(|(bound, _)| std::cmp::Reverse(*bound));
    let grants: Vec<GrantAt> = bounds.into_iter().map(|(_, at)| at).collect();
    if total <= u64::from(most) {
        return proved(total);
    }
    match weighed(context, &grants, u64::from(most)) {
        Ok(Some(bound)) => return proved(bound),
        Ok(None) => {}
        Err(why) => return answer::unknown(why),
    }
    let refutation = Refutation { context, obligation, what, grants, most };
    match refutation.find() {
        Ok(failure) => answer::refuted(vec![failure]),
        Err(why) => answer::unknown(format!("the bound is {total} uses, but no such run was found: {why}")),
    }
}

/// A bound on the uses that is at most `most`, if weighing shows one.
fn weighed(context: &Context<'_, '_>, grants: &[GrantAt], most: u64) -> Result<Option<u64>, String> {
    let facts = context.facts;
    let limit = |at: &GrantAt| facts.grant(*at).map_or(0, |grant| grant.limit.uses);
    let loops = |at: &GrantAt| context.openings().loops(at.0);
    // What a limit per run bounds over several openings counts by that limit.
    let (counted, weights): (Vec<GrantAt>, Vec<GrantAt>) =
        grants.iter().partition(|at| facts.per_run(**at) && !loops(at).is_empty());
    let mut bound: u64 = counted.iter().map(|at| u64::from(limit(at))).sum();
    let weigh =
        |some: &[GrantAt]| -> Vec<(GrantAt, u32)> { some.iter().map(|at| (*at, limit(at))).collect() };
    let mut add = |weights: &[(GrantAt, u32)], needs: &[Need], times: u64| -> Result<bool, String> {
        let left = most.saturating_sub(bound) / times.max(1);
        match heaviest(context, weights, needs, left)? {
            Some(found) => {
                bound = bound.saturating_add(found.saturating_mul(times));
                Ok(bound <= most)
            }
            None => Ok(false),
        }
    };
    if !add(&weigh(&weights), &[], 1)? {
        return Ok(None);
    }
    for (by, declared) in facts.loops() {
        let reset: Vec<GrantAt> = weights.iter().copied().filter(|at| loops(at).contains(&by)).collect();
        let firing = Need::Enabled(Atom { step: declared.step, outcome: declared.outcome });
        if !reset.is_empty() && !add(&weigh(&reset), &[firing], u64::from(declared.max))? {
            return Ok(None);
        }
    }
    Ok(Some(bound))
}

/// The most uses in or behind one live map in which all of this holds; none if they are more than `most`.
fn heaviest(
    context: &Context<'_, '_>,
    weights: &[(GrantAt, u32)],
    needs: &[Need],
    most: u64,
) -> Result<Option<u64>, String> {
    // By halves: what is asked is always whether there are more.
    let sum: u64 = weights.iter().map(|(_, uses)| u64::from(*uses)).sum();
    let (mut low, mut high) = (0, most.min(sum));
    if sum > most && uses::answer(heavy(context, weights, needs, most + 1))?.is_some() {
        return Ok(None);
    }
    while low < high {
        let middle = low + (high - low) / 2;
        match uses::answer(heavy(context, weights, needs, middle + 1))? {
            Some(_) => low = middle + 1,
            None => high = middle,
        }
    }
    Ok(Some(low))
}

/// A live map in which all of this holds, with at least so many uses in it or behind it, each grant weighing its limit.
fn heavy(context: &Context<'_, '_>, weights: &[(GrantAt, u32)], needs: &[Need], least: u64) -> Answer<Map> {
    let facts = context.facts;
    let sink = Sink::new(context.session.limits, false);
    let named = needs.iter().flat_map(|need| need.steps().unwrap_or_default());
    let copy =
        MapVars::new(&sink, facts, facts.cone(weights.iter().map(|((step, _), _)| *step).chain(named)));
    for (_, part) in needs.iter().flat_map(|need| need.encode(&sink, &copy)) {
        sink.solver.assert(&part);
    }
    // The solver adds weights up in 32 bits.
    let sum: u64 = weights.iter().map(|(_, uses)| u64::from(*uses).min(least)).sum();
    let (Ok(least), true) = (i32::try_from(least), i32::try_from(sum).is_ok()) else {
        return Answer::Unknown("the bound is too large".to_owned());
    };
    let used: Vec<(Bool, i32)> = weights
        .iter()
        .map(|(at, uses)| {
            let parts: Vec<Bool> =
                Need::Used(*at).encode(&sink, &copy).into_iter().map(|(_, part)| part).collect();
            // No weight above what is asked for, so sums stay small.
            (copy.all(&parts), i32::try_from(*uses).unwrap_or(least).min(least))
        })
        .collect();
    let terms: Vec<(&Bool, i32)> = used.iter().map(|(used, weight)| (used, *weight)).collect();
    sink.solver.assert(Bool::pb_ge(&terms, least));
    match check(&sink) {
        Answer::No => Answer::No,
        Answer::Unknown(why) => Answer::Unknown(why),
        Answer::Yes(model) => {
            let map = copy.read(&sink, &model);
            let used = weights.iter().map(|(at, _)| Need::Used(*at)).filter(|need| need.holds(facts, &map));
            let all: Vec<Need> = used.chain(needs.iter().cloned()).collect();
            Answer::Yes(support::shrink(facts, &map, &[&all]))
        }
    }
}

struct Refutation<'a, 'f, 'm> {
    context: &'a Context<'f, 'm>,
    obligation: &'a ProofObligation,
    what: &'a Uses,
    /// Those that allow most first.
    grants: Vec<GrantAt>,
    most: u32,
}

impl<'m> Refutation<'_, '_, 'm> {
    fn find(&self) -> Result<Diagnostic, String> {
        let facts = self.context.facts;
        if usize::try_from(self.most).is_ok_and(|most| most >= plan::MAX_ACTS) {
            return Err(plan::TOO_LONG.to_owned());
        }
        let weights: Vec<(GrantAt, u32)> = self.grants.iter().map(|at| (*at, self.limit(*at))).collect();
        let mut why = "none was found with one loop".to_owned();
        if let Answer::Yes(map) = heavy(self.context, &weights, &[], u64::from(self.most) + 1) {
            let mut left = u64::from(self.most) + 1;
            let mut uses = Vec::new();
            for (at, limit) in weights {
                if Need::Used(at).holds(facts, &map) {
                    let times = left.min(u64::from(limit));
                    left -= times;
                    plan::repeat(&mut uses, &self.act(at)?, times).ok_or(plan::TOO_LONG)?;
                }
            }
            let acts = plan::to_map(facts, &map, &uses).ok_or(plan::TOO_LONG)?;
            match self.failure(&acts, uses.first()) {
                Ok(failure) => return Ok(failure),
                Err(reason) => why = reason,
            }
        }
        for at in &self.grants {
            for by in self.context.openings().loops(at.0).iter() {
                match self.rounds(*at, *by) {
                    Ok(acts) => match self.failure(&acts, Some(&Act::using(*at))) {
                        Ok(failure) => return Ok(failure),
                        Err(reason) => why = reason,
                    },
                    Err(reason) => why = reason,
                }
            }
        }
        let trace = self.context.stage.search(&Violation::Broken, &self.setting()?, self.ends_in());
        match (trace, self.grants.first()) {
            (Ok(trace), Some(at)) => {
                let last = trace.events.last().and_then(|event| told::used(self.context.facts, event));
                Ok(self.words(last.unwrap_or(*at)).trace(trace))
            }
            _ => Err(why),
        }
    }

    /// In which the arguments of every grant are those that the property speaks of.
    fn setting(&self) -> Result<Setting<'m>, String> {
        let mut setting = uses::watched(self.context, &self.obligation.question);
        for at in &self.grants {
            if let Some(grant) = self.context.facts.grant(*at) {
                uses::steered(self.context, self.what, grant, &mut setting)?;
            }
        }
        Ok(setting)
    }

    /// A use that the property speaks of.
    fn act(&self, at: GrantAt) -> Result<Act, String> {
        let grant = self.context.facts.grant(at).ok_or("nothing is used")?;
        let args = uses::steered(self.context, self.what, grant, &mut Setting::default())?;
        Ok(Act::Use { at, fields: BTreeMap::new(), args })
    }

    fn ends_in(&self) -> String {
        format!("this is use number {}", u64::from(self.most) + 1)
    }

    fn limit(&self, at: GrantAt) -> u32 {
        self.context.facts.grant(at).map_or(0, |grant| grant.limit.uses)
    }

    /// Uses in each opening that one loop allows.
    fn rounds(&self, at: GrantAt, by: LoopId) -> Result<Vec<Act>, String> {
        let facts = self.context.facts;
        let l = facts.the_loop(by).ok_or_else(|| "there is no such loop".to_owned())?;
        if facts.per_run(at) {
            return Err("the limit is per run".to_owned());
        }
        let again = vec![Need::Used(at), Need::Enabled(Atom { step: l.step, outcome: l.outcome })];
        let chain: Chain = uses::answer(self.context.session.chain(
            std::slice::from_ref(&again),
            std::slice::from_ref(&again),
            &[by],
            1,
        ))?
        .ok_or_else(|| "the loop cannot be taken twice".to_owned())?;
        let (Some(start), Some(next)) = (chain.maps.first(), chain.maps.last()) else {
            return Err(plan::TOO_LONG.to_owned());
        };
        let limit = self.limit(at);
        let mut plan = Plan::new(facts);
        let mut left = u64::from(self.most) + 1;
        let mut round = 0;
        loop {
            let times = left.min(u64::from(limit));
            left -= times;
            plan::repeat(&mut plan.wanted, &self.act(at)?, times).ok_or(plan::TOO_LONG)?;
            plan.reach(if round == 0 { start } else { next }).ok_or(plan::TOO_LONG)?;
            plan.finish().ok_or(plan::TOO_LONG)?;
            if left == 0 {
                return Ok(plan.acts);
            }
            if round == l.max {
                return Err("one loop is not enough".to_owned());
            }
            plan.reopen(by).ok_or(plan::TOO_LONG)?;
            round += 1;
        }
    }

    fn failure(&self, acts: &[Act], used: Option<&Act>) -> Result<Diagnostic, String> {
        let stage = &self.context.stage;
        let trace = stage.trace(acts, &Violation::Broken, &self.setting()?, self.ends_in())?;
        match used {
            Some(Act::Use { at, .. }) => Ok(self.words(*at).trace(trace)),
            _ => Err("nothing is used".to_owned()),
        }
    }

    fn words(&self, at: GrantAt) -> Diagnostic {
        let context = self.context;
        let others: Vec<GrantAt> = self.grants.iter().copied().filter(|other| *other != at).collect();
        // Of several grants, none need allow so many alone.
        let what = match (self.what, others.is_empty()) {
            (Uses::Effect(_), false) => uses::words(self.what),
            _ => context.facts.action_name(at),
        };
        let mut failure = Diagnostic::error(
            codes::AT_MOST,
            match self.most {
                0 => format!("`{what}` can be used in a run"),
                1 => format!("`{what}` can be used more than once in a run"),
                most => format!("`{what}` can be used more than {most} times in a run"),
            },
        )
        .at(context.span(Place::Limit(at.0, at.1)))
        .label(self.obligation.span, "limited here");
        for by in context.openings().loops(at.0).iter().take(3) {
            failure = failure.label(context.span(Place::Loop(*by)), "this opens the step again");
        }
        for other in others.iter().take(3) {
            failure = failure.label(context.span(Place::Limit(other.0, other.1)), "this counts too");
        }
        // A limit of 0 is none that can be written.
        let limited = context.facts.grant(at).is_some_and(|grant| {
            grant.limit.per == Per::Run && u64::from(grant.limit.uses) <= u64::from(self.most)
        });
        failure.help(match self.most {
            most if most > 0 && limited && !others.is_empty() => {
                "the uses of all these grants count together: take one of them away, or allow as many as they come to"
                    .to_owned()
            }
            0 => "take the grant away, or allow more than 0".to_owned(),
            most => format!("limit it to `max {most} per run`"),
        })
    }
}
