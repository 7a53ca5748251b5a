//! Every action was granted for the same request, claimed under the same key, and carried out at most once.

use std::collections::BTreeMap;

use xp_artifact::workflow::StepId;
use xp_machine::{Accepted, Event};
use xp_scope::Digest;

use super::decisions::{Step, What};
use super::report::{Fault, Finding};
use crate::entry::Body;

/// Phase that a grant has reached.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Granted,
    Claimed,
    Started,
    InDoubt,
    Over,
}

struct Token<'a> {
    principal: &'a str,
    key: &'a str,
    step: StepId,
    opening: u32,
    req: Digest,
    phase: Phase,
}

/// Checks the life cycle of every grant. Returns the grants that were claimed and have no recorded end.
pub(super) fn check(steps: &[Step<'_>], findings: &mut Vec<Finding>) -> Vec<String> {
    let mut tokens = BTreeMap::new();
    for step in steps {
        if let Err(why) = advance(step, &mut tokens) {
            findings.push(Finding::at(Fault::Use, &step.read.name, why));
        }
    }
    let open = |token: &&Token<'_>| matches!(token.phase, Phase::Claimed | Phase::Started | Phase::InDoubt);
    tokens.iter().filter(|(_, token)| open(token)).map(|(jti, _)| (*jti).to_owned()).collect()
}

fn advance<'a>(step: &'a Step<'_>, tokens: &mut BTreeMap<&'a str, Token<'a>>) -> Result<(), String> {
    match &step.what {
        What::Other(Body::Started { jti, req, .. }) => {
            let token = held(tokens, jti, &[Phase::Claimed, Phase::Started, Phase::InDoubt])?;
            token.phase = Phase::Started;
            if token.req == *req {
                Ok(())
            } else {
                Err(format!("token `{jti}` was granted for other arguments"))
            }
        }
        What::Decided(input, result) => {
            let Ok(accepted) = result.as_ref() else { return Ok(()) };
            decided(&input.event, accepted, tokens)
        }
        What::Opened(_) | What::Other(_) => Ok(()),
    }
}

fn decided<'a>(
    event: &'a Event,
    accepted: &Accepted,
    tokens: &mut BTreeMap<&'a str, Token<'a>>,
) -> Result<(), String> {
    match (event, accepted) {
        (Event::Request { jti, actor, key, .. }, Accepted::Granted { step, opening, req, .. }) => {
            let principal = actor.principal.name.as_str();
            let (req, phase) = (req.clone(), Phase::Granted);
            let token = Token { principal, key, step: *step, opening: *opening, req, phase };
            match tokens.insert(jti, token) {
                None => Ok(()),
                Some(_) => Err(format!("token `{jti}` was granted before")),
            }
        }
        (Event::Request { .. }, _) => Err("a grant without a request digest".to_owned()),
        (Event::Claim { jti, actor, key, step, opening, req }, _) => {
            let token = held(tokens, jti, &[Phase::Granted])?;
            token.phase = Phase::Claimed;
            if token.req != *req {
                return Err(format!("token `{jti}` was granted for other arguments"));
            }
            if (token.key, token.principal) != (key.as_str(), actor.principal.name.as_str()) {
                return Err(format!("token `{jti}` was granted to another principal or key"));
            }
            if (token.step, token.opening) != (*step, *opening) {
                return Err(format!("token `{jti}` was granted for another step or opening"));
            }
            Ok(())
        }
        (Event::Complete { jti, .. }, _) => over(tokens, jti, &[Phase::Started]),
        (Event::Fail { jti, .. }, _) => over(tokens, jti, &[Phase::Claimed, Phase::Started]),
        (Event::Doubt { jti }, _) => {
            held(tokens, jti, &[Phase::Claimed, Phase::Started])?.phase = Phase::InDoubt;
            Ok(())
        }
        // A doubt may be resolved by repeating the action; `started` after `in_doubt` records the repetition.
        (Event::Resolve { jti, .. }, _) => over(tokens, jti, &[Phase::InDoubt, Phase::Started]),
        (Event::Expire { jti }, _) => over(tokens, jti, &[Phase::Granted]),
        _ => Ok(()),
    }
}

fn over(tokens: &mut BTreeMap<&str, Token<'_>>, jti: &str, from: &[Phase]) -> Result<(), String> {
    held(tokens, jti, from)?.phase = Phase::Over;
    Ok(())
}

fn held<'t, 'a>(
    tokens: &'t mut BTreeMap<&str, Token<'a>>,
    jti: &str,
    from: &[Phase],
) -> Result<&'t mut Token<'a>, String> {
    match tokens.get_mut(jti) {
        None => Err(format!("token `{jti}` was never granted")),
        Some(token) if from.contains(&token.phase) => Ok(token),
        Some(token) => Err(format!(
            "token `{jti}` {}",
            match token.phase {
                Phase::Granted => "was not claimed",
                Phase::Claimed => "was claimed and its action not started",
                Phase::Started => "was claimed and its action started already",
                Phase::InDoubt => "is in doubt",
                Phase::Over => "was used up before",
            }
        )),
    }
}
