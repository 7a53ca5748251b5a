//! Issues, comments and labels.

use serde_json::{Value, json};

use super::user::user;
use crate::clock;
use crate::world::{Comment, Issue, Label, Repo, World};

/// A `label`.
#[must_use]
pub fn label(world: &World, repo: &Repo, label: &Label) -> Value {
    json!({
        "id": label.id,
        "node_id": format!("LA_{}", label.id),
        "url": format!("{}/repos/{}/labels/{}", world.url, repo.full_name(), encoded(&label.name)),
        "name": label.name,
        "color": label.color,
        "default": false,
        "description": label.description,
    })
}

/// An `issue`.
#[must_use]
pub fn issue(world: &World, repo: &Repo, issue: &Issue) -> Value {
    let repository = format!("{}/repos/{}", world.url, repo.full_name());
    let url = format!("{repository}/issues/{}", issue.number);
    let page = if issue.pull.is_some() { "pull" } else { "issues" };
    let html = format!("{}/{}/{page}/{}", world.url, repo.full_name(), issue.number);
    let labels: Vec<Value> = issue
        .labels
        .iter()
        .filter_map(|name| repo.labels.get(name))
        .map(|known| label(world, repo, known))
        .collect();
    let state = if issue.closed.is_some() { "closed" } else { "open" };
    let mut shape = json!({
        "url": url,
        "repository_url": repository,
        "labels_url": format!("{url}/labels{{/name}}"),
        "comments_url": format!("{url}/comments"),
        "events_url": format!("{url}/events"),
        "html_url": html,
        "id": issue.id,
        "node_id": format!("I_{}", issue.id),
        "number": issue.number,
        "title": issue.title,
        "user": user(world, &issue.author),
        "labels": labels,
        "state": state,
        "locked": false,
        "assignee": null,
        "assignees": [],
        "milestone": null,
        "comments": issue.comments.len(),
        "created_at": clock::text(issue.created),
        "updated_at": clock::text(issue.updated),
        "closed_at": issue.closed.as_ref().map(|closed| clock::text(closed.at)),
        "author_association": association(repo, &issue.author),
        "active_lock_reason": null,
        "body": issue.body,
        "closed_by": issue.closed.as_ref().map(|closed| user(world, &closed.by)),
        "timeline_url": format!("{url}/timeline"),
        "performed_via_github_app": null,
        "state_reason": issue.closed.as_ref().map(|closed| closed.reason.clone()),
    });
    if let (Some(pull), Some(fields)) = (&issue.pull, shape.as_object_mut()) {
        let api = format!("{repository}/pulls/{}", issue.number);
        let part = json!({
            "url": api,
            "html_url": html,
            "diff_url": format!("{html}.diff"),
            "patch_url": format!("{html}.patch"),
            "merged_at": pull.merged.as_ref().map(|merged| clock::text(merged.at)),
        });
        fields.insert("pull_request".to_owned(), part);
        fields.insert("draft".to_owned(), pull.draft.into());
    }
    shape
}

/// An `issue-search-result-item`.
#[must_use]
pub fn search_item(world: &World, repo: &Repo, found: &Issue) -> Value {
    let mut shape = issue(world, repo, found);
    if let Some(fields) = shape.as_object_mut() {
        fields.remove("closed_by");
        fields.insert("score".to_owned(), json!(1.0));
    }
    shape
}

/// An `issue-comment`.
#[must_use]
pub fn comment(world: &World, repo: &Repo, number: u64, comment: &Comment) -> Value {
    let repository = format!("{}/repos/{}", world.url, repo.full_name());
    json!({
        "url": format!("{repository}/issues/comments/{}", comment.id),
        "html_url": format!("{}/{}/issues/{number}#issuecomment-{}", world.url, repo.full_name(), comment.id),
        "issue_url": format!("{repository}/issues/{number}"),
        "id": comment.id,
        "node_id": format!("IC_{}", comment.id),
        "user": user(world, &comment.author),
        "created_at": clock::text(comment.created),
        "updated_at": clock::text(comment.created),
        "author_association": association(repo, &comment.author),
        "body": comment.body,
        "performed_via_github_app": null,
    })
}

/// The association of a user with a repository.
pub(super) fn association(repo: &Repo, login: &str) -> &'static str {
    if repo.owner == login { "OWNER" } else { "COLLABORATOR" }
}

/// A text encoded as one segment of a URL.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
