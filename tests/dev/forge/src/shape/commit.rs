//! Commits and refs.

use serde_json::{Value, json};

use super::user::user;
use crate::git::{CommitInfo, Person};
use crate::world::{Repo, World};

/// A `git-ref`.
#[must_use]
pub fn reference(world: &World, repo: &Repo, name: &str, sha: &str, kind: &str) -> Value {
    let repository = format!("{}/repos/{}", world.url, repo.full_name());
    json!({
        "ref": name,
        "node_id": format!("REF_{}_{name}", repo.id),
        "url": format!("{repository}/git/{name}"),
        "object": { "sha": sha, "type": kind, "url": format!("{repository}/git/{kind}s/{sha}") },
    })
}

/// A `git-commit`.
#[must_use]
pub fn git_commit(world: &World, repo: &Repo, info: &CommitInfo) -> Value {
    let api = format!("{}/repos/{}/git", world.url, repo.full_name());
    let html = format!("{}/{}/commit", world.url, repo.full_name());
    let parents: Vec<Value> = info
        .parents
        .iter()
        .map(|sha| json!({ "sha": sha, "url": format!("{api}/commits/{sha}"), "html_url": format!("{html}/{sha}") }))
        .collect();
    json!({
        "sha": info.sha,
        "node_id": format!("C_{}", info.sha),
        "url": format!("{api}/commits/{}", info.sha),
        "html_url": format!("{html}/{}", info.sha),
        "author": person(&info.author),
        "committer": person(&info.committer),
        "tree": { "sha": info.tree, "url": format!("{api}/trees/{}", info.tree) },
        "message": info.message,
        "parents": parents,
        "verification": unsigned(),
    })
}

/// A `commit`.
#[must_use]
pub fn commit(world: &World, repo: &Repo, info: &CommitInfo) -> Value {
    let repository = format!("{}/repos/{}", world.url, repo.full_name());
    let html = format!("{}/{}/commit", world.url, repo.full_name());
    let parents: Vec<Value> = info
        .parents
        .iter()
        .map(|sha| {
            json!({ "sha": sha, "url": format!("{repository}/commits/{sha}"), "html_url": format!("{html}/{sha}") })
        })
        .collect();
    let known = |person: &Person| {
        world.logins.iter().find(|login| **login == person.name).map(|login| user(world, login))
    };
    json!({
        "sha": info.sha,
        "node_id": format!("C_{}", info.sha),
        "commit": {
            "author": person(&info.author),
            "committer": person(&info.committer),
            "message": info.message,
            "tree": { "sha": info.tree, "url": format!("{repository}/git/trees/{}", info.tree) },
            "url": format!("{repository}/git/commits/{}", info.sha),
            "comment_count": 0,
            "verification": unsigned(),
        },
        "url": format!("{repository}/commits/{}", info.sha),
        "html_url": format!("{html}/{}", info.sha),
        "comments_url": format!("{repository}/commits/{}/comments", info.sha),
        "author": known(&info.author),
        "committer": known(&info.committer),
        "parents": parents,
    })
}

/// A `git-user`.
fn person(person: &Person) -> Value {
    json!({ "name": person.name, "email": person.email, "date": person.date })
}

/// The verification of a commit without a signature.
fn unsigned() -> Value {
    json!({ "verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null })
}
