//! Git commits, trees and blobs.

use base64::Engine;
use serde_json::{Value, json};

use crate::call::Call;
use crate::git::{Change, Person, TreeEntry};
use crate::reply::{Answer, Reply};
use crate::shape;
use crate::world::{Repo, World};

/// `GET /repos/{owner}/{repo}/git/commits/{commit_sha}`.
pub fn get_commit(world: &mut World, call: &Call) -> Answer {
    let repo = call.repo(world)?;
    let sha = call.param("commit_sha");
    if repo.git.kind(sha)?.as_deref() != Some("commit") {
        return Err(Reply::not_found());
    }
    let info = repo.git.commit(sha)?;
    Ok(Reply::ok(shape::git_commit(world, repo, &info)))
}

/// `POST /repos/{owner}/{repo}/git/commits`.
pub fn create_commit(world: &mut World, call: &Call) -> Answer {
    let repo = call.repo(world)?;
    let message = call.needed("Commit", "message")?;
    let tree = call.needed("Commit", "tree")?;
    if repo.git.kind(tree)?.as_deref() != Some("tree") {
        return Err(Reply::error(422, "Tree SHA does not exist"));
    }
    let mut parents = Vec::new();
    for parent in call.body.get("parents").and_then(Value::as_array).into_iter().flatten() {
        let parent = parent.as_str().unwrap_or_default();
        if repo.git.kind(parent)?.as_deref() != Some("commit") {
            return Err(Reply::error(422, "Parent SHA does not exist or is not a commit object"));
        }
        parents.push(parent.to_owned());
    }
    let now = World::person(&call.login, world.now());
    let author = person(call.body.get("author"), &now)?;
    let committer = person(call.body.get("committer"), &author)?;
    let sha = repo
        .git
        .write_commit(tree, &parents, message, &author, &committer)
        .map_err(|error| Reply::error(422, &error.detail))?;
    let info = repo.git.commit(&sha)?;
    Ok(Reply::created(shape::git_commit(world, repo, &info)))
}

/// `GET /repos/{owner}/{repo}/git/trees/{tree_sha}`.
pub fn get_tree(world: &mut World, call: &Call) -> Answer {
    let repo = call.repo(world)?;
    let name = call.param("tree_sha");
    let sha = match repo.git.kind(name)?.as_deref() {
        Some("tree") => name.to_owned(),
        Some("commit") => repo.git.commit(name)?.tree,
        Some(_) => return Err(Reply::error(422, "Object is not a tree")),
        None => match repo.resolve(Some(name))? {
            Some(commit) => repo.git.commit(&commit)?.tree,
            None => return Err(Reply::not_found()),
        },
    };
    let entries = repo.git.list_tree(&sha, call.query("recursive").is_some())?;
    Ok(Reply::ok(tree(world, repo, &sha, &entries)))
}

/// `POST /repos/{owner}/{repo}/git/trees`.
pub fn create_tree(world: &mut World, call: &Call) -> Answer {
    let repo = call.repo(world)?;
    let base = match call.text("base_tree") {
        None => None,
        Some(name) => match repo.git.kind(name)?.as_deref() {
            Some("tree") => Some(name.to_owned()),
            Some("commit") => Some(repo.git.commit(name)?.tree),
            _ => return Err(Reply::error(422, "base_tree is not a tree")),
        },
    };
    let lines = call.body.get("tree").and_then(Value::as_array);
    let lines = lines.ok_or_else(|| Reply::error(422, "Invalid request.\n\n\"tree\" wasn't supplied."))?;
    if lines.is_empty() {
        return Err(Reply::error(422, "Invalid tree info"));
    }
    let mut changes = Vec::new();
    for line in lines {
        changes.push(change(repo, line)?);
    }
    let sha = repo
        .git
        .write_tree(base.as_deref(), &changes)
        .map_err(|_| Reply::error(422, "tree.path contains a malformed path component"))?;
    let entries = repo.git.list_tree(&sha, false)?;
    Ok(Reply::created(tree(world, repo, &sha, &entries)))
}

/// `GET /repos/{owner}/{repo}/git/blobs/{file_sha}`.
pub fn get_blob(world: &mut World, call: &Call) -> Answer {
    let repo = call.repo(world)?;
    let sha = call.param("file_sha");
    if repo.git.kind(sha)?.as_deref() != Some("blob") {
        return Err(Reply::not_found());
    }
    let bytes = repo.git.read_blob(sha)?;
    Ok(Reply::ok(json!({
        "sha": sha,
        "node_id": format!("B_{sha}"),
        "size": bytes.len(),
        "url": format!("{}/repos/{}/git/blobs/{sha}", world.url, repo.full_name()),
        "content": shape::wrapped(&bytes),
        "encoding": "base64",
    })))
}

/// `POST /repos/{owner}/{repo}/git/blobs`.
pub fn create_blob(world: &mut World, call: &Call) -> Answer {
    let repo = call.repo(world)?;
    let content = call.needed("Blob", "content")?;
    let bytes = match call.text("encoding").unwrap_or("utf-8") {
        "base64" => decoded(content).ok_or_else(|| Reply::error(422, "content is not valid Base64"))?,
        "utf-8" => content.as_bytes().to_vec(),
        _ => return Err(Reply::error(422, "encoding must be utf-8 or base64")),
    };
    let sha = repo.git.write_blob(&bytes)?;
    let url = format!("{}/repos/{}/git/blobs/{sha}", world.url, repo.full_name());
    Ok(Reply::created(json!({ "url": url, "sha": sha })))
}

/// Base64 with or without line breaks.
pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    let packed: String = text.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
    base64::engine::general_purpose::STANDARD.decode(packed).ok()
}

/// A `git-tree`.
fn tree(world: &World, repo: &Repo, sha: &str, entries: &[TreeEntry]) -> Value {
    let api = format!("{}/repos/{}/git", world.url, repo.full_name());
    let lines: Vec<Value> = entries
        .iter()
        .map(|entry| {
            let mut line =
                json!({ "path": entry.path, "mode": entry.mode, "type": entry.kind, "sha": entry.sha });
            if let Some(fields) = line.as_object_mut() {
                if let Some(size) = entry.size {
                    fields.insert("size".to_owned(), size.into());
                }
                if entry.kind != "commit" {
                    fields.insert("url".to_owned(), format!("{api}/{}s/{}", entry.kind, entry.sha).into());
                }
            }
            line
        })
        .collect();
    json!({ "sha": sha, "url": format!("{api}/trees/{sha}"), "tree": lines, "truncated": false })
}

/// Parses an entry of a tree to be created.
fn change(repo: &Repo, line: &Value) -> Result<Change, Reply> {
    let text = |name: &str| line.get(name).and_then(Value::as_str);
    let path = text("path").ok_or_else(|| Reply::error(422, "tree.path is missing"))?.to_owned();
    if line.get("sha").is_some_and(Value::is_null) {
        return Ok(Change { path, entry: None });
    }
    let mode = text("mode").ok_or_else(|| Reply::error(422, "Must supply a valid tree.mode"))?;
    let kind = match mode {
        "100644" | "100755" | "120000" => "blob",
        "040000" => "tree",
        "160000" => "commit",
        _ => return Err(Reply::error(422, "Must supply a valid tree.mode")),
    };
    let sha = match (text("sha"), text("content")) {
        (Some(sha), None) => sha.to_owned(),
        (None, Some(content)) if kind == "blob" => repo.git.write_blob(content.as_bytes())?,
        _ => return Err(Reply::error(422, "Must supply either tree.sha or tree.content")),
    };
    // The commit of a submodule is in another repository.
    if kind != "commit" && repo.git.kind(&sha)?.as_deref() != Some(kind) {
        return Err(Reply::error(422, &format!("tree.sha {sha} is not a valid {kind}")));
    }
    Ok(Change { path, entry: Some((mode.to_owned(), sha)) })
}

/// A person in a body; omitted members are taken from `default`.
fn person(given: Option<&Value>, default: &Person) -> Result<Person, Reply> {
    let Some(given) = given.filter(|given| !given.is_null()) else { return Ok(default.clone()) };
    let text = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
    match (text("name"), text("email")) {
        (Some(name), Some(email)) => {
            Ok(Person { name, email, date: text("date").unwrap_or_else(|| default.date.clone()) })
        }
        _ => Err(Reply::error(422, "Invalid request.\n\n\"name\" and \"email\" must be supplied.")),
    }
}
