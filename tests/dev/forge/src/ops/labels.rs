//! Labels of a repository and of an issue.

use serde_json::Value;

use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::shape;
use crate::world::{Label, Repo, World};

/// `GET /repos/{owner}/{repo}/labels`.
pub fn list(world: &mut World, call: &Call) -> Answer {
    let repo = call.repo(world)?;
    let labels = repo.labels.values().map(|label| shape::label(world, repo, label)).collect();
    Ok(call.page(world, labels))
}

/// `POST /repos/{owner}/{repo}/labels`.
pub fn create(world: &mut World, call: &Call) -> Answer {
    let repo = call.repo(world)?;
    let name = call.needed("Label", "name")?;
    if repo.labels.contains_key(name) {
        return Err(Reply::field("Label", "already_exists", "name"));
    }
    let color = call.text("color").unwrap_or("ededed");
    if color.len() != 6 || !color.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Reply::field("Label", "invalid", "color"));
    }
    let (name, color) = (name.to_owned(), color.to_owned());
    let description = call.text("description").map(str::to_owned);
    let id = world.fresh_id();
    let label = Label { id, name: name.clone(), color, description };
    call.repo_mut(world)?.labels.insert(name.clone(), label.clone());
    world.tick();
    world.effect("issues/create-label", &call.login, format!("{} label {name}", call.full_name()));
    Ok(Reply::created(shape::label(world, call.repo(world)?, &label)))
}

/// `GET /repos/{owner}/{repo}/issues/{issue_number}/labels`.
pub fn of_issue(world: &mut World, call: &Call) -> Answer {
    let (repo, issue) = call.issue(world)?;
    let labels = issue.labels.iter().filter_map(|name| repo.labels.get(name));
    Ok(call.page(world, labels.map(|label| shape::label(world, repo, label)).collect()))
}

/// `POST /repos/{owner}/{repo}/issues/{issue_number}/labels`.
pub fn add(world: &mut World, call: &Call) -> Answer {
    let number = call.issue(world)?.1.number;
    let names = names(call.body.get("labels").unwrap_or(&call.body));
    if names.is_empty() {
        return Err(Reply::field("Label", "missing_field", "name"));
    }
    ensure(world, call, &names)?;
    let at = world.tick();
    if let Some(issue) = call.repo_mut(world)?.issues.get_mut(&number) {
        for name in names {
            if !issue.labels.contains(&name) {
                issue.labels.push(name);
            }
        }
        issue.updated = at;
    }
    world.effect("issues/add-labels", &call.login, format!("{}#{number}", call.full_name()));
    let (repo, issue) = call.issue(world)?;
    let labels: Vec<Value> = issue
        .labels
        .iter()
        .filter_map(|name| repo.labels.get(name))
        .map(|label| shape::label(world, repo, label))
        .collect();
    Ok(Reply::ok(labels.into()))
}

/// The names in a list of names or of objects with a name.
pub(super) fn names(list: &Value) -> Vec<String> {
    let items = list.as_array().cloned().unwrap_or_default();
    items
        .iter()
        .filter_map(|item| item.as_str().or_else(|| item.get("name").and_then(Value::as_str)))
        .map(str::to_owned)
        .collect()
}

/// Creates missing labels, as GitHub does for users with push access.
pub(super) fn ensure(world: &mut World, call: &Call, names: &[String]) -> Result<(), Reply> {
    for name in names {
        let known = |repo: &Repo| repo.labels.contains_key(name);
        if !known(call.repo(world)?) {
            let id = world.fresh_id();
            let label = Label { id, name: name.clone(), color: "ededed".to_owned(), description: None };
            call.repo_mut(world)?.labels.insert(name.clone(), label);
        }
    }
    Ok(())
}
