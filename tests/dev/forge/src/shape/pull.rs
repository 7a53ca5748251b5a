//! Pull requests, their files and reviews.

use serde_json::{Value, json};

use super::issue::{association, label};
use super::repo::minimal;
use super::user::user;
use crate::clock;
use crate::git::{FileChange, GitError};
use crate::world::{Issue, Pull, Repo, Review, World};

/// A `pull-request-simple`.
#[must_use]
pub fn pull_simple(world: &World, repo: &Repo, issue: &Issue, pull: &Pull) -> Value {
    let repository = format!("{}/repos/{}", world.url, repo.full_name());
    let url = format!("{repository}/pulls/{}", issue.number);
    let as_issue = format!("{repository}/issues/{}", issue.number);
    let html = format!("{}/{}/pull/{}", world.url, repo.full_name(), issue.number);
    let statuses = format!("{repository}/statuses/{}", pull.head_sha);
    let labels: Vec<Value> = issue
        .labels
        .iter()
        .filter_map(|name| repo.labels.get(name))
        .map(|known| label(world, repo, known))
        .collect();
    let side = |branch: &str, sha: &str| {
        json!({
            "label": format!("{}:{branch}", repo.owner),
            "ref": branch,
            "sha": sha,
            "user": user(world, &repo.owner),
            "repo": minimal(world, repo),
        })
    };
    json!({
        "url": url,
        "id": pull.id,
        "node_id": format!("PR_{}", pull.id),
        "html_url": html,
        "diff_url": format!("{html}.diff"),
        "patch_url": format!("{html}.patch"),
        "issue_url": as_issue,
        "number": issue.number,
        "state": if issue.closed.is_some() { "closed" } else { "open" },
        "locked": false,
        "title": issue.title,
        "user": user(world, &issue.author),
        "body": issue.body,
        "created_at": clock::text(issue.created),
        "updated_at": clock::text(issue.updated),
        "closed_at": issue.closed.as_ref().map(|closed| clock::text(closed.at)),
        "merged_at": pull.merged.as_ref().map(|merged| clock::text(merged.at)),
        "merge_commit_sha": pull.merged.as_ref().map(|merged| merged.sha.clone()),
        "assignee": null,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "labels": labels,
        "milestone": null,
        "draft": pull.draft,
        "commits_url": format!("{url}/commits"),
        "review_comments_url": format!("{url}/comments"),
        "review_comment_url": format!("{repository}/pulls/comments{{/number}}"),
        "comments_url": format!("{as_issue}/comments"),
        "statuses_url": statuses,
        "head": side(&pull.head, &pull.head_sha),
        "base": side(&pull.base, &pull.base_sha),
        "_links": {
            "self": { "href": url },
            "html": { "href": html },
            "issue": { "href": as_issue },
            "comments": { "href": format!("{as_issue}/comments") },
            "review_comments": { "href": format!("{url}/comments") },
            "review_comment": { "href": format!("{repository}/pulls/comments{{/number}}") },
            "commits": { "href": format!("{url}/commits") },
            "statuses": { "href": statuses },
        },
        "author_association": association(repo, &issue.author),
        "auto_merge": null,
        "active_lock_reason": null,
    })
}

/// A `pull-request`.
///
/// # Errors
/// When git fails.
pub fn pull(world: &World, repo: &Repo, issue: &Issue, pull: &Pull) -> Result<Value, GitError> {
    let mut shape = pull_simple(world, repo, issue, pull);
    let base = repo.git.merge_base(&pull.base_sha, &pull.head_sha)?;
    let changes = match &base {
        Some(base) => repo.git.changes(base, &pull.head_sha)?,
        None => Vec::new(),
    };
    let (_, commits) = repo.git.apart(&pull.base_sha, &pull.head_sha)?;
    let mergeable = if issue.closed.is_some() { None } else { Some(mergeable(repo, pull)?) };
    // For a user without the right to bypass the rules.
    let state = match mergeable {
        None => "unknown",
        Some(false) => "dirty",
        Some(true) if pull.draft => "draft",
        Some(true) => match repo.forbids_merge(issue, pull, "", "squash")? {
            Some(why) if why.starts_with("Head branch is out of date") => "behind",
            Some(_) => "blocked",
            None => "clean",
        },
    };
    if let Some(fields) = shape.as_object_mut() {
        let more = json!({
            "merged": pull.merged.is_some(),
            "mergeable": mergeable,
            "rebaseable": null,
            "mergeable_state": state,
            "merged_by": pull.merged.as_ref().map(|merged| user(world, &merged.by)),
            "comments": issue.comments.len(),
            "review_comments": 0,
            "maintainer_can_modify": false,
            "commits": commits,
            "additions": changes.iter().map(|change| change.additions).sum::<u64>(),
            "deletions": changes.iter().map(|change| change.deletions).sum::<u64>(),
            "changed_files": changes.len(),
        });
        fields.extend(more.as_object().cloned().unwrap_or_default());
    }
    Ok(shape)
}

/// Whether git can merge it at present. The objects made for this are discarded, so that a read changes
/// nothing.
fn mergeable(repo: &Repo, pull: &Pull) -> Result<bool, GitError> {
    let Some(base) = repo.branch(&pull.base)? else { return Ok(false) };
    let scratch = tempfile::tempdir()
        .map_err(|error| GitError { command: "scratch objects".to_owned(), detail: error.to_string() })?;
    Ok(repo.git.writing_to(scratch.path()).merge_tree(&base, &pull.head_sha)?.is_some())
}

/// A `diff-entry`.
#[must_use]
pub fn changed_file(world: &World, repo: &Repo, at: &str, change: &FileChange) -> Value {
    let html = format!("{}/{}", world.url, repo.full_name());
    let path = change.path.replace(' ', "%20");
    let mut shape = json!({
        "sha": change.sha,
        "filename": change.path,
        "status": change.status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
        "blob_url": format!("{html}/blob/{at}/{path}"),
        "raw_url": format!("{html}/raw/{at}/{path}"),
        "contents_url": format!("{}/repos/{}/contents/{path}?ref={at}", world.url, repo.full_name()),
    });
    if let Some(fields) = shape.as_object_mut() {
        if let Some(patch) = &change.patch {
            fields.insert("patch".to_owned(), patch.clone().into());
        }
        if let Some(before) = &change.before {
            fields.insert("previous_filename".to_owned(), before.clone().into());
        }
    }
    shape
}

/// A `pull-request-review`.
#[must_use]
pub fn review(world: &World, repo: &Repo, number: u64, review: &Review) -> Value {
    let html = format!("{}/{}/pull/{number}#pullrequestreview-{}", world.url, repo.full_name(), review.id);
    let api = format!("{}/repos/{}/pulls/{number}", world.url, repo.full_name());
    let mut shape = json!({
        "id": review.id,
        "node_id": format!("PRR_{}", review.id),
        "user": user(world, &review.author),
        "body": review.body,
        "state": review.state,
        "html_url": html,
        "pull_request_url": api,
        "author_association": association(repo, &review.author),
        "_links": { "html": { "href": html }, "pull_request": { "href": api } },
        "commit_id": review.commit,
    });
    if let (Some(at), Some(fields)) = (review.submitted, shape.as_object_mut()) {
        fields.insert("submitted_at".to_owned(), clock::text(at).into());
    }
    shape
}
