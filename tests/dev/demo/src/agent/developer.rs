//! The `developer` role: reads, proposes, writes, tests, opens the pull request.

use serde_json::{Value, json};

use super::Agent;
use super::offer::Offer;
use crate::Done;
use crate::api::token;

const READ: &str = "github.issues.read";
const COMMENT: &str = "github.issues.comment";
const WRITE: &str = "github.contents.write";
const RUN: &str = "sandbox.run";
const REVIEW: &str = "github.pulls.review";

pub fn analyse(agent: &mut Agent<'_>, offer: &Offer) -> Done {
    let (step, session) = (offer.step(), agent.session);
    let comment = json!({ "body": agent.thought("proposal")? });
    let early =
        agent.request("grants", "propose", COMMENT, &comment, json!({ "when": "before analyse.done" }));
    agent.refused("comment_early", &early, || session.grant("propose", COMMENT, &comment))?;

    // The offer withholds what the run has made: this controller could still take a separate role. Arguments with one possible
    // value are left out.
    let args = json!({});
    let delete = "github.issues.delete";
    let request = agent.request("grants", step, delete, &args, json!({}));
    agent.refused("delete_issue", &request, || session.grant(step, delete, &args))?;
    let granted = session.grant(step, READ, &args)?;
    agent.twin("delete_issue", &agent.request("grants", step, READ, &args, json!({})), &granted)?;
    let read = session.act(token(&granted)?, None)?;
    let paths = read.ok()?["result"]["body"]["paths"].as_array().cloned().unwrap_or_default();

    let code = |path: &&Value| {
        path.as_str().is_some_and(|path| path.starts_with("src/") || path.starts_with("tests/"))
    };
    let paths: Vec<Value> = paths.iter().filter(code).cloned().collect();
    for path in &paths {
        session.carry_out(step, "github.contents.read", &json!({ "path": path }))?;
    }
    agent.say(format!("reads the issue and the files it names: {}", json!(paths)));
    agent.remember("paths", json!(paths));
    session.judge(step, "done", None).map(drop)
}

pub fn propose(agent: &mut Agent<'_>, offer: &Offer) -> Done {
    let (step, session) = (offer.step(), agent.session);
    let args = json!({ "body": agent.thought("proposal")? });
    let granted = session.grant(step, COMMENT, &args)?;
    let asked = |more: Value| agent.request("grants", step, COMMENT, &args, more);
    agent.twin("comment_early", &asked(json!({ "when": "after analyse.done" })), &granted)?;
    agent.twin("comment_twice", &asked(json!({ "comment": "the first" })), &granted)?;
    let grant = token(&granted)?;

    let other = json!({ "body": format!("{} And more.", args["body"].as_str().unwrap_or_default()) });
    let use_of = |args: &Value| agent.request("actions", step, COMMENT, args, json!({}));
    agent.refused("other_arguments", &use_of(&other), || session.act(grant, Some(&other)))?;
    // Publishes the token, as if it had been read from a log.
    agent.link.ask(&json!({ "kind": "loot", "grant": grant, "request": use_of(&args), "args": args }))?;
    let right = use_of(&args);
    let twins = [("other_arguments", &right), ("other_agent", &right)];
    agent.allowed(&twins, || session.act(grant, Some(&args)))?;

    let second = agent.request("grants", step, COMMENT, &args, json!({ "comment": "the second" }));
    agent.refused("comment_twice", &second, || session.grant(step, COMMENT, &args))?;
    let plan = agent.brain["plan"].clone();
    session.submit(step, "files", &plan)?;
    agent.say(format!("proposes to change {plan}"));
    session.judge(step, "proposed", None).map(drop)
}

pub fn start(agent: &mut Agent<'_>, offer: &Offer) -> Done {
    let branch = agent.session.carry_out(offer.step(), "github.branches.create", &json!({}))?;
    agent.say(format!("makes branch {branch}"));
    Ok(())
}

/// A file to write, with its complete text.
struct Draft {
    path: String,
    text: String,
}

pub fn implement(agent: &mut Agent<'_>, offer: &Offer) -> Done {
    let (step, session) = (offer.step(), agent.session);
    for note in offer.notes() {
        agent.say(format!("was asked: {note}"));
    }
    let drafts = drafts(agent, offer)?;
    let first = drafts.first().ok_or("there is nothing to write")?;
    let (repo, branch) = (offer.pinned(WRITE, "repo")?, offer.pinned(WRITE, "branch")?);
    let args =
        |draft: &Draft| json!({ "repo": repo, "branch": branch, "path": draft.path, "text": draft.text });
    if offer.opening() > 1 {
        for draft in drafts.iter().skip(1) {
            session.carry_out(step, WRITE, &args(draft))?;
            agent.say(format!("writes {}", draft.path));
        }
        return in_flight(agent, step, &args(first));
    }

    let right = args(first);
    let asked = |args: &Value, more: Value| agent.request("grants", step, WRITE, args, more);
    let plan = agent.brain["plan"].as_array().cloned().unwrap_or_default();
    let paths = agent.recall("paths")?;
    let stranger = paths.as_array().into_iter().flatten().find(|path| !plan.contains(path));
    let mut outside = right.clone();
    outside["path"] = stranger.cloned().ok_or("the issue names no file outside the plan")?;
    agent.refused("outside_plan", &asked(&outside, json!({})), || session.grant(step, WRITE, &outside))?;
    let mut default = right.clone();
    default["branch"] = repo["default_branch"].clone();
    agent.refused("default_branch", &asked(&default, json!({})), || session.grant(step, WRITE, &default))?;

    let granted = session.grant(step, WRITE, &right)?;
    agent.twin("outside_plan", &asked(&right, json!({})), &granted)?;
    agent.twin("default_branch", &asked(&right, json!({})), &granted)?;
    agent.twin("write_after_tests", &asked(&right, json!({ "when": "before the tests" })), &granted)?;
    let kept = session.grant(step, WRITE, &right)?;
    let used = |more: Value| agent.request("actions", step, WRITE, &right, more);
    let (in_time, once) =
        (used(json!({ "arrives": "while the step is open" })), used(json!({ "use": "the first" })));
    let twins = [("write_late", &in_time), ("replayed", &once)];
    agent.allowed(&twins, || session.act(token(&granted)?, Some(&right)))?;
    agent.say(format!("writes {}", first.path));
    let again = used(json!({ "use": "the second" }));
    agent.refused("replayed", &again, || session.act(token(&granted)?, Some(&right)))?;
    for draft in drafts.iter().skip(1) {
        session.carry_out(step, WRITE, &args(draft))?;
        agent.say(format!("writes {}", draft.path));
    }
    session.judge(step, "ready", None)?;
    let late = used(json!({ "arrives": "after the step closed" }));
    agent.refused("write_late", &late, || session.act(token(&kept)?, Some(&right)))?;
    agent.remember("write", right);
    Ok(())
}

/// Claims a write that hangs at the stand-in, and declares the step ready. Closing the step waits for the
/// write, so no later step begins before it has been completed.
fn in_flight(agent: &Agent<'_>, step: &str, args: &Value) -> Done {
    let session = agent.session;
    let granted = session.grant(step, WRITE, args)?;
    let grant = token(&granted)?;
    agent.link.ask(&json!({ "kind": "moment", "name": "hold" }))?;
    let written = std::thread::scope(|scope| {
        let writing = scope.spawn(|| session.act(grant, None));
        let tried = tests_during(agent, step);
        // The write must be released on every path.
        let released = agent.link.ask(&json!({ "kind": "moment", "name": "release" }));
        let written = writing.join().map_err(|_| "the writing thread failed".to_owned())?;
        tried.and(released).and(written)
    })?;
    agent.say(format!("the write has landed: {}", written.ok()?["result"]["commit"]));
    Ok(())
}

fn tests_during(agent: &Agent<'_>, step: &str) -> Done {
    let session = agent.session;
    agent.link.ask(&json!({ "kind": "moment", "name": "held" }))?;
    let said = session.judge(step, "ready", None)?;
    if said["pending"] != json!(true) {
        return Err("the step closed over a write that had not landed".to_owned());
    }
    agent.say("calls the step ready while a write of its own hangs: closing waits");
    let early = agent.request("grants", "run_tests", RUN, &json!({}), json!({ "when": "the write hangs" }));
    agent.refused("write_in_flight", &early, || session.grant("run_tests", RUN, &json!({})))
}

/// The files on the branch with this opening's patch applied.
fn drafts(agent: &Agent<'_>, offer: &Offer) -> Done<Vec<Draft>> {
    let round = usize::try_from(offer.opening()).unwrap_or(1).saturating_sub(1);
    let edits = agent.brain["changes"][round].as_array().ok_or("the brain has no more changes")?;
    let mut drafts: Vec<Draft> = Vec::new();
    for edit in edits {
        let part = |name: &str| edit[name].as_str().ok_or_else(|| format!("an edit without `{name}`"));
        let (path, find, replace) = (part("path")?, part("find")?, part("replace")?);
        if !drafts.iter().any(|draft| draft.path == path) {
            let read =
                agent.session.carry_out(offer.step(), "github.contents.read", &json!({ "path": path }))?;
            let text = read["text"].as_str().unwrap_or_default().to_owned();
            drafts.push(Draft { path: path.to_owned(), text });
        }
        for draft in drafts.iter_mut().filter(|draft| draft.path == path) {
            if draft.text.matches(find).count() != 1 {
                return Err(format!("the text to replace is not in {path} exactly once"));
            }
            draft.text = draft.text.replace(find, replace);
        }
    }
    Ok(drafts)
}

pub fn run_tests(agent: &mut Agent<'_>, offer: &Offer) -> Done {
    let (step, session) = (offer.step(), agent.session);
    let args = if offer.opening() == 1 { json!({ "network": "none" }) } else { json!({}) };
    if offer.opening() == 1 {
        let open = json!({ "network": "host" });
        let asked = |args: &Value| agent.request("grants", step, RUN, args, json!({}));
        agent.refused("sandbox_network", &asked(&open), || session.grant(step, RUN, &open))?;
    }
    let granted = session.grant(step, RUN, &args)?;
    if offer.opening() == 1 {
        agent.twin("sandbox_network", &agent.request("grants", step, RUN, &args, json!({})), &granted)?;
    }
    if offer.opening() == 2 {
        let later = agent.request("grants", step, RUN, &args, json!({ "when": "the write has landed" }));
        agent.twin("write_in_flight", &later, &granted)?;
    }
    let ran = session.act(token(&granted)?, None)?;
    let result = &ran.ok()?["result"];
    agent.say(format!("runs the tests in the sandbox: passed {}, {} ms", result["passed"], result["millis"]));
    if result["passed"] == json!(true) {
        Ok(())
    } else {
        Err(format!("the tests failed:\n{}", result["output"].as_str().unwrap_or_default()))
    }
}

pub fn open_pr(agent: &mut Agent<'_>, offer: &Offer) -> Done {
    let session = agent.session;
    if offer.opening() == 1 {
        let args = agent.recall("write")?;
        let late = agent.request("grants", "implement", WRITE, &args, json!({ "when": "after the tests" }));
        agent.refused("write_after_tests", &late, || session.grant("implement", WRITE, &args))?;
    }
    let args = json!({ "title": agent.thought("pull_title")?, "body": agent.thought("pull_body")? });
    let pull = session.carry_out(offer.step(), "github.pulls.ensure", &args)?;
    let head: String = pull["head"].as_str().unwrap_or_default().chars().take(10).collect();
    agent.say(format!("pull request #{} is at {head}", pull["number"]));
    Ok(())
}

/// The roster also gives the developer the role `senior`, under the same controller, and no principal has
/// that role in this run yet.
pub fn own_plan(agent: &mut Agent<'_>) -> Done {
    let args = json!({ "body": agent.thought("plan_review")? });
    let request = agent.request("grants", "review_plan", COMMENT, &args, json!({}));
    agent.refused("own_plan", &request, || agent.session.grant("review_plan", COMMENT, &args))
}

/// By now another principal has the role `senior` in this run.
pub fn own_review(agent: &mut Agent<'_>) -> Done {
    let args = json!({ "body": agent.thought("review")? });
    let request = agent.request("grants", "review_code", REVIEW, &args, json!({}));
    agent.refused("own_review", &request, || agent.session.grant("review_code", REVIEW, &args))
}
