//! Branch protection and commit statuses.

use serde_json::{Value, json};

use super::user::user;
use crate::clock;
use crate::rules::{Protection, Status};
use crate::world::{Repo, World};

/// A `protected-branch`, which is a `branch-protection` too.
#[must_use]
pub fn protection(world: &World, repo: &Repo, branch: &str, rules: &Protection) -> Value {
    let url = format!("{}/repos/{}/branches/{branch}/protection", world.url, repo.full_name());
    let mut shape = json!({
        "url": url,
        "required_signatures": { "url": format!("{url}/required_signatures"), "enabled": false },
        "enforce_admins": { "url": format!("{url}/enforce_admins"), "enabled": rules.admins },
        "required_linear_history": { "enabled": rules.linear },
        "allow_force_pushes": { "enabled": rules.force_pushes },
        "allow_deletions": { "enabled": rules.deletions },
        "block_creations": { "enabled": false },
        "required_conversation_resolution": { "enabled": false },
    });
    let Some(fields) = shape.as_object_mut() else { return shape };
    if let Some(checks) = &rules.checks {
        let url = format!("{url}/required_status_checks");
        let each: Vec<Value> =
            checks.contexts.iter().map(|name| json!({ "context": name, "app_id": null })).collect();
        let part = json!({
            "url": url,
            "strict": checks.strict,
            "contexts": checks.contexts,
            "contexts_url": format!("{url}/contexts"),
            "checks": each,
        });
        fields.insert("required_status_checks".to_owned(), part);
    }
    if let Some(reviews) = &rules.reviews {
        let part = json!({
            "url": format!("{url}/required_pull_request_reviews"),
            "dismiss_stale_reviews": reviews.dismiss_stale,
            "require_code_owner_reviews": false,
            "require_last_push_approval": false,
            "required_approving_review_count": reviews.count,
        });
        fields.insert("required_pull_request_reviews".to_owned(), part);
    }
    shape
}

/// A `simple-commit-status`.
#[must_use]
pub fn simple_status(world: &World, repo: &Repo, sha: &str, status: &Status) -> Value {
    json!({
        "url": format!("{}/repos/{}/statuses/{sha}", world.url, repo.full_name()),
        "avatar_url": user(world, &status.by).get("avatar_url"),
        "id": status.id,
        "node_id": format!("SC_{}", status.id),
        "state": status.state,
        "description": status.description,
        "target_url": status.target,
        "context": status.context,
        "created_at": clock::text(status.at),
        "updated_at": clock::text(status.at),
    })
}

/// A `status`.
#[must_use]
pub fn status(world: &World, repo: &Repo, sha: &str, status: &Status) -> Value {
    let mut shape = simple_status(world, repo, sha, status);
    if let Some(fields) = shape.as_object_mut() {
        fields.insert("creator".to_owned(), user(world, &status.by));
    }
    shape
}
