//! Issues.

use serde_json::Value;

use super::labels;
use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::shape;
use crate::world::{Closed, Issue, World};

/// `GET /repos/{owner}/{repo}/issues`.
pub fn list(world: &mut World, call: &Call) -> Answer {
    let repo = call.repo(world)?;
    let wanted: Vec<&str> = call.query("labels").map(|names| names.split(',').collect()).unwrap_or_default();
    let fits = |issue: &&Issue| {
        let state = match call.query("state").unwrap_or("open") {
            "all" => true,
            "closed" => issue.closed.is_some(),
            _ => issue.closed.is_none(),
        };
        let author = call.query("creator").is_none_or(|login| issue.author == login);
        state && author && wanted.iter().all(|name| issue.labels.iter().any(|known| known == name))
    };
    let mut issues: Vec<Value> =
        repo.issues.values().filter(fits).map(|issue| shape::issue(world, repo, issue)).collect();
    if call.query("direction") != Some("asc") {
        issues.reverse();
    }
    Ok(call.page(world, issues))
}

/// `GET /repos/{owner}/{repo}/issues/{issue_number}`.
pub fn get(world: &mut World, call: &Call) -> Answer {
    let (repo, issue) = call.issue(world)?;
    Ok(Reply::ok(shape::issue(world, repo, issue)))
}

/// `POST /repos/{owner}/{repo}/issues`.
pub fn create(world: &mut World, call: &Call) -> Answer {
    let number = call.repo(world)?.next_number();
    let title = title(call).ok_or_else(|| Reply::field("Issue", "missing_field", "title"))?;
    if title.trim().is_empty() {
        return Err(Reply::field("Issue", "missing_field", "title"));
    }
    let labels = call.body.get("labels").map(labels::names).unwrap_or_default();
    labels::ensure(world, call, &labels)?;
    let (id, at) = (world.fresh_id(), world.tick());
    let issue = Issue {
        id,
        number,
        title,
        body: call.text("body").map(str::to_owned),
        author: call.login.clone(),
        labels,
        created: at,
        updated: at,
        closed: None,
        comments: Vec::new(),
        pull: None,
    };
    call.repo_mut(world)?.issues.insert(number, issue.clone());
    world.effect("issues/create", &call.login, format!("{}#{number}", call.full_name()));
    Ok(Reply::created(shape::issue(world, call.repo(world)?, &issue)))
}

/// `PATCH /repos/{owner}/{repo}/issues/{issue_number}`.
pub fn update(world: &mut World, call: &Call) -> Answer {
    let number = call.issue(world)?.1.number;
    let labels = call.body.get("labels").map(labels::names);
    labels::ensure(world, call, labels.as_deref().unwrap_or_default())?;
    let at = world.tick();
    if let Some(issue) = call.repo_mut(world)?.issues.get_mut(&number) {
        edit(issue, call, at);
        if let Some(labels) = labels {
            issue.labels = labels;
        }
    }
    world.effect("issues/update", &call.login, format!("{}#{number}", call.full_name()));
    get(world, call)
}

/// The common part of updating an issue and a pull request.
pub(super) fn edit(issue: &mut Issue, call: &Call, at: u64) {
    if let Some(title) = title(call) {
        issue.title = title;
    }
    if let Some(body) = call.text("body") {
        issue.body = Some(body.to_owned());
    }
    match call.text("state") {
        Some("closed") if issue.closed.is_none() => {
            let reason = call.text("state_reason").unwrap_or("completed").to_owned();
            issue.closed = Some(Closed { at, by: call.login.clone(), reason });
        }
        Some("open") => issue.closed = None,
        _ => {}
    }
    issue.updated = at;
}

/// The title. GitHub also accepts a number.
fn title(call: &Call) -> Option<String> {
    match call.body.get("title")? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
