//! The state of the stand-in as JSON. Equal states give equal bytes.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::git::GitError;
use crate::world::{Issue, Pull, Repo, World};

/// The complete state.
///
/// # Errors
/// When git fails.
pub fn world(world: &World) -> Result<Value, GitError> {
    let mut repos = serde_json::Map::new();
    for (name, held) in &world.repos {
        repos.insert(name.clone(), repo(held)?);
    }
    Ok(json!({ "stand_in": true, "repos": repos, "effects": world.effects.len() }))
}

fn repo(repo: &Repo) -> Result<Value, GitError> {
    let refs: Vec<Value> = repo
        .git
        .refs("refs/")?
        .into_iter()
        .map(|(name, sha, kind)| json!({ "ref": name, "sha": sha, "type": kind }))
        .collect();
    let objects = repo.git.objects()?;
    let mut hash = Sha256::new();
    for id in &objects {
        hash.update(id.as_bytes());
    }
    let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let labels: Vec<Value> = repo
        .labels
        .values()
        .map(|label| json!({ "id": label.id, "name": label.name, "color": label.color, "description": label.description }))
        .collect();
    Ok(json!({
        "id": repo.id,
        "default_branch": repo.default_branch,
        "refs": refs,
        "objects": { "count": objects.len(), "sha256": hash },
        "labels": labels,
        "protections": format!("{:?}", repo.protections),
        "statuses": repo.statuses.values().flatten().map(|status| status.id).collect::<Vec<_>>(),
        "issues": repo.issues.values().map(issue).collect::<Vec<_>>(),
    }))
}

fn issue(issue: &Issue) -> Value {
    let comments: Vec<Value> = issue
        .comments
        .iter()
        .map(|comment| json!({ "id": comment.id, "author": comment.author, "body": comment.body, "created": comment.created }))
        .collect();
    json!({
        "id": issue.id,
        "number": issue.number,
        "title": issue.title,
        "body": issue.body,
        "author": issue.author,
        "labels": issue.labels,
        "created": issue.created,
        "updated": issue.updated,
        "closed": issue.closed.as_ref().map(|end| json!({ "at": end.at, "by": end.by, "reason": end.reason })),
        "comments": comments,
        "pull": issue.pull.as_ref().map(pull),
    })
}

fn pull(pull: &Pull) -> Value {
    let reviews: Vec<Value> = pull
        .reviews
        .iter()
        .map(|review| {
            json!({
                "id": review.id, "author": review.author, "state": review.state, "body": review.body,
                "commit": review.commit, "submitted": review.submitted,
            })
        })
        .collect();
    json!({
        "id": pull.id,
        "head": pull.head,
        "head_sha": pull.head_sha,
        "base": pull.base,
        "base_sha": pull.base_sha,
        "draft": pull.draft,
        "merged": pull.merged.as_ref().map(|merged| json!({ "at": merged.at, "by": merged.by, "sha": merged.sha })),
        "reviews": reviews,
    })
}
