//! The `senior` role: views and judges the plan and the code.

use serde_json::{Value, json};

use super::Agent;
use super::offer::Offer;
use crate::Done;
use crate::api::token;

const COMMENT: &str = "github.issues.comment";
const REVIEW: &str = "github.pulls.review";

pub fn review_plan(agent: &mut Agent<'_>, offer: &Offer) -> Done {
    let step = offer.step();
    agent.session.carry_out(step, "github.issues.read", &json!({}))?;
    let files = agent.session.view(step, "propose.files")?;
    let args = json!({ "body": agent.thought("plan_review")? });
    let granted = agent.session.grant(step, COMMENT, &args)?;
    agent.twin("own_plan", &agent.request("grants", step, COMMENT, &args, json!({})), &granted)?;
    agent.session.act(token(&granted)?, None)?.ok()?;
    agent.session.judge(step, "agreed", None)?;
    agent.say(format!("agrees to the plan over {files}"));
    Ok(())
}

pub fn review_code(agent: &mut Agent<'_>, offer: &Offer) -> Done {
    let (step, session) = (offer.step(), agent.session);
    let pull = session.carry_out(step, "github.pulls.read", &json!({}))?;
    let diff = pull["diff"].as_str().unwrap_or_default();
    let args = json!({ "body": agent.thought("review")? });
    let granted = session.grant(step, REVIEW, &args)?;
    if offer.opening() == 1 {
        agent.twin("own_review", &agent.request("grants", step, REVIEW, &args, json!({})), &granted)?;
    }
    session.act(token(&granted)?, None)?.ok()?;
    let added = diff.lines().filter(|line| line.starts_with('+')).count();
    if diff.contains(&agent.thought("looks_for")?) {
        session.judge(step, "approved", None)?;
        agent.say(format!("approves {added} added lines at {}", pull["head"]));
    } else {
        let notes = agent.thought("asks_for")?;
        session.judge(step, "changes", Some(&notes))?;
        agent.say(format!("sends it back: {notes}"));
    }
    Ok(())
}

/// Uses a token issued to another agent.
pub fn steal(agent: &mut Agent<'_>, loot: &Value) -> Done {
    let grant = loot["grant"].as_str().ok_or("no loot")?;
    let mut request = loot["request"].clone();
    request["by"] = json!(agent.name);
    agent.refused("other_agent", &request, || agent.session.act(grant, Some(&loot["args"])))
}
