//! Uses that a property does not speak of only because a name is spelled otherwise.
//!
//! A property that fixes an argument speaks of uses with that value, and with every other spelling that the upstream takes for
//! one with it. Where the declaration does not say which spellings those are, that the property holds of the uses that it
//! speaks of says nothing of the others.

use xp_artifact::question::{Question, Status};
use xp_artifact::spelling::Spelling;
use xp_artifact::workflow::Pin;
use xpc_model::Verdict;

use super::granted;
use super::uses::arguments;
use crate::answer;
use crate::facts::{Facts, GrantAt};
use crate::pins::{can_meet, makes_what_is_given};

/// The verdict, unless it is a proof that some use escapes by its spelling.
pub(crate) fn or_conditional(facts: &Facts<'_>, question: &Question, verdict: Verdict) -> Verdict {
    if !matches!(verdict.status, Status::Proved | Status::Vacuous) {
        return verdict;
    }
    for uses in xp_monitor::spoken_of(question) {
        if arguments(uses).is_empty() {
            continue;
        }
        let escaping = granted(facts, uses).into_iter().find_map(|granted| {
            let mut apart = arguments(uses).iter().filter(|(number, expr)| {
                !can_meet(facts, granted.at, *number, expr)
                    || makes_what_is_given(facts, granted.at, *number, expr)
            });
            let first = apart.next()?;
            let loose = |number: u32| may_be_spelled_so(facts, granted.at, number);
            (loose(first.0) && apart.all(|(number, _)| loose(*number))).then_some((granted.at, first.0))
        });
        if let Some((at, number)) = escaping {
            let action = facts.action_of(at);
            let param =
                action.params.get(number as usize).map(|param| param.name.as_str()).unwrap_or_default();
            return answer::conditional(format!(
                "`{}` may be used in step `{}` with another spelling of `{param}` that the upstream takes for the same name: declare the key \
                 that it names `exact` where the upstream never does",
                facts.action_name(at),
                facts.step(at.0).name
            ));
        }
    }
    verdict
}

/// The argument has a value, and is part of a name of which other spellings may be known.
fn may_be_spelled_so(facts: &Facts<'_>, at: GrantAt, number: u32) -> bool {
    let pin = facts.grant(at).and_then(|grant| grant.pins.get(number as usize));
    !matches!(pin, Some(Pin::Absent)) && Spelling::of(facts.w, facts.action_of(at), number).is_inexact()
}
