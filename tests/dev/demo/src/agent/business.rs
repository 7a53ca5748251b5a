//! The `business` role: reports the bug, agrees to the plan, and starts the run, as the roster permits.

use std::time::Duration;

use serde_json::{Value, json};

use super::offer::Offer;
use super::{Agent, Link};
use crate::Done;
use crate::api::{Api, now_ms, token};

const CREATE: &str = "github.issues.create";
/// Lifetime of a grant, in milliseconds.
const TOKEN_MS: u64 = 60_000;

/// A grant obtained at the start, in a second run whose step stays open.
pub struct Aside {
    run: String,
    grant: String,
    cut: u64,
    args: Value,
}

/// Starts the run. If `aside`, first starts a second one and obtains a grant in it that is left to expire.
pub fn start(api: &Api, link: &Link, brain: &Value, aside: bool) -> Done<(String, Option<Aside>)> {
    let body = json!({ "artifact": "bug_fix", "params": { "repo": brain["repo"] } });
    let start = || -> Done<String> {
        let reply = api.send("POST", "/v1/runs", None, Some(&body))?;
        Ok(reply.ok()?["run"].as_str().unwrap_or_default().to_owned())
    };
    let mut kept = None;
    if aside {
        let run = start()?;
        let session = api.join(&run)?;
        let args = json!({ "title": brain["title"], "body": brain["body"] });
        let granted = session.grant("triage", CREATE, &args)?;
        let grant = token(&granted)?.to_owned();
        link.tell(&json!({ "kind": "say", "text": "cut a token and lays it aside: it is to run out" }));
        kept = Some(Aside { run, grant, cut: now_ms(), args });
    }
    let run = start()?;
    let other = kept.as_ref().map(|aside| aside.run.clone());
    link.ask(&json!({ "kind": "run", "run": run, "aside": other }))?;
    Ok((run, kept))
}

pub fn triage(agent: &mut Agent<'_>, offer: &Offer) -> Done {
    let found = agent.session.carry_out(offer.step(), "github.issues.search", &json!({}))?;
    let found = found["issues"].as_array().map_or(0, Vec::len);
    agent.say(format!("finds {found} open issues of that priority, none of them this one"));
    let args = json!({ "title": agent.thought("title")?, "body": agent.thought("body")? });
    let ticket = agent.session.carry_out(offer.step(), CREATE, &args)?;
    agent.say(format!("opens issue #{}: {}", ticket["number"], ticket["title"].as_str().unwrap_or_default()));
    Ok(())
}

pub fn approve_plan(agent: &mut Agent<'_>, offer: &Offer) -> Done {
    let step = offer.step();
    agent.session.carry_out(step, "github.issues.read", &json!({}))?;
    let files = agent.session.view(step, "propose.files")?;
    let body = json!({ "body": agent.thought("approval")? });
    agent.session.carry_out(step, "github.issues.comment", &body)?;
    agent.session.judge(step, "approved", None)?;
    agent.say(format!("approves the plan over {files}"));
    Ok(())
}

/// Uses the expired grant, then a new one.
pub fn late(agent: &Agent<'_>, api: &Api, aside: &Aside) -> Done {
    let session = api.join(&aside.run)?;
    let until = aside.cut + TOKEN_MS + 1_000;
    if now_ms() < until {
        agent.say(format!("waits {} s more for its token to run out", (until - now_ms()).div_ceil(1_000)));
    }
    while now_ms() < until {
        std::thread::sleep(Duration::from_millis(100));
    }
    let request =
        |age: &str| agent.request("actions", "triage", CREATE, &aside.args, json!({ "token": age }));
    let age = (now_ms() - aside.cut) / 1_000;
    agent.refused("expired", &request(&format!("{age} s old")), || {
        session.act(&aside.grant, Some(&aside.args))
    })?;
    let granted = session.grant("triage", CREATE, &aside.args)?;
    let fresh = request("fresh");
    agent.allowed(&[("expired", &fresh)], || session.act(token(&granted)?, Some(&aside.args))).map(drop)
}
