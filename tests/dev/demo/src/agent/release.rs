//! The `release` role: merges reviewed code and deploys it to production.

use serde_json::{Value, json};

use super::Agent;
use super::offer::Offer;
use crate::Done;
use crate::api::token;

const MERGE: &str = "github.pulls.merge";
const STEP: &str = "merge_pr";

fn early(agent: &Agent<'_>, when: &str) -> Value {
    agent.request("grants", STEP, MERGE, &json!({}), json!({ "when": when }))
}

pub fn too_early(agent: &mut Agent<'_>) -> Done {
    let request = early(agent, "before review and validation");
    agent.refused("merge_early", &request, || agent.session.grant(STEP, MERGE, &json!({})))
}

pub fn merge_pr(agent: &mut Agent<'_>, offer: &Offer) -> Done {
    let (step, session) = (offer.step(), agent.session);
    let mut args = json!({});
    for name in ["repo", "number", "commit", "onto"] {
        args[name] = offer.pinned(MERGE, name)?;
    }
    let asked = |args: &Value| agent.request("grants", step, MERGE, args, json!({}));
    let mut other = args.clone();
    other["commit"] = args["onto"].clone();
    agent.refused("other_commit", &asked(&other), || session.grant(step, MERGE, &other))?;
    let granted = session.grant(step, MERGE, &json!({}))?;
    agent.twin("merge_early", &early(agent, "after both"), &granted)?;

    let used = |base: &str| agent.request("actions", step, MERGE, &args, json!({ "default branch": base }));
    agent.link.ask(&json!({ "kind": "moment", "name": "moves" }))?;
    agent.refused("base_moved", &used("one commit ahead"), || session.act(token(&granted)?, Some(&args)))?;
    agent.link.ask(&json!({ "kind": "moment", "name": "moves_back" }))?;
    let granted = session.grant(step, MERGE, &args)?;
    agent.twin("other_commit", &asked(&args), &granted)?;
    let tested = used("as it was tested");
    let merged = agent.allowed(&[("base_moved", &tested)], || session.act(token(&granted)?, Some(&args)))?;
    agent.say(format!("merges the pull request: {}", merged.ok()?["result"]["commit"]));
    Ok(())
}

pub fn ship(agent: &mut Agent<'_>, offer: &Offer) -> Done {
    let shipped = agent.session.carry_out(offer.step(), "deploy.production", &json!({}))?;
    agent.say(format!("production took it as {}", shipped["id"]));
    Ok(())
}
