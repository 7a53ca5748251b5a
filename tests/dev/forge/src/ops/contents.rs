//! Files and directories by path.

use serde_json::json;

use super::objects::decoded;
use crate::call::Call;
use crate::git::{Change, TreeEntry};
use crate::reply::{Answer, Reply};
use crate::shape;
use crate::world::{Repo, World};

/// `GET /repos/{owner}/{repo}/contents/{path}`.
pub fn get(world: &mut World, call: &Call) -> Answer {
    let repo = call.repo(world)?;
    let named = call.query("ref").unwrap_or(&repo.default_branch).to_owned();
    let Some(commit) = repo.resolve(Some(&named))? else {
        return Err(Reply::error(404, &format!("No commit found for the ref {named}")));
    };
    let tree = repo.git.commit(&commit)?.tree;
    let path = call.param("path").trim_matches('/');
    if path.is_empty() {
        let entries = repo.git.list_tree(&tree, false)?;
        return Ok(Reply::ok(shape::directory(world, repo, &named, &entries)));
    }
    let entry = repo.git.entry_at(&tree, path)?.ok_or_else(Reply::not_found)?;
    if entry.kind == "tree" {
        let mut entries = repo.git.list_tree(&entry.sha, false)?;
        for below in &mut entries {
            below.path = format!("{path}/{}", below.path);
        }
        return Ok(Reply::ok(shape::directory(world, repo, &named, &entries)));
    }
    if entry.kind == "commit" {
        return Ok(Reply::ok(shape::file(world, repo, &named, &entry, b"")));
    }
    let bytes = repo.git.read_blob(&entry.sha)?;
    if let Some(target) = linked(repo, &tree, &entry, &bytes)? {
        // For a link within the repository GitHub returns the file it leads to.
        let bytes = repo.git.read_blob(&target.sha)?;
        return Ok(Reply::ok(shape::file(world, repo, &named, &target, &bytes)));
    }
    Ok(Reply::ok(shape::file(world, repo, &named, &entry, &bytes)))
}

/// `PUT /repos/{owner}/{repo}/contents/{path}`.
pub fn put(world: &mut World, call: &Call) -> Answer {
    let repo = call.repo(world)?;
    let message = call.needed("Content", "message")?;
    let bytes = decoded(call.needed("Content", "content")?)
        .ok_or_else(|| Reply::error(422, "content is not valid Base64"))?;
    let branch = call.text("branch").unwrap_or(&repo.default_branch).to_owned();
    let path = call.param("path").to_owned();
    let Some(head) = repo.branch(&branch)? else {
        return Err(Reply::error(404, &format!("Branch {branch} not found")));
    };
    // The commit is new, so none of its checks can have passed.
    if let Some(why) = repo.forbids_push(&branch, &call.login, "", true) {
        return Err(Reply::error(409, &format!("Could not create file: {why}")));
    }
    let tree = repo.git.commit(&head)?.tree;
    let existing = repo.git.entry_at(&tree, &path)?;
    let mode = match (&existing, call.text("sha")) {
        (Some(found), _) if found.kind != "blob" => {
            return Err(Reply::error(422, &format!("{path} is not a file")));
        }
        (Some(_), None) => {
            return Err(Reply::error(422, "Invalid request.\n\n\"sha\" wasn't supplied."));
        }
        (Some(found), Some(sha)) if found.sha != sha => {
            return Err(Reply::error(409, &format!("{path} does not match {sha}")));
        }
        (None, Some(sha)) => return Err(Reply::error(409, &format!("{path} does not match {sha}"))),
        (Some(found), Some(_)) => found.mode.clone(),
        (None, None) => "100644".to_owned(),
    };
    let blob = repo.git.write_blob(&bytes)?;
    let change = Change { path: path.clone(), entry: Some((mode.clone(), blob.clone())) };
    let new = repo
        .git
        .write_tree(Some(&tree), &[change])
        .map_err(|_| Reply::error(422, "path contains a malformed path component"))?;
    let author = World::person(&call.login, world.now());
    let commit = repo.git.write_commit(&new, std::slice::from_ref(&head), message, &author, &author)?;
    repo.git.update_ref(&format!("refs/heads/{branch}"), &commit, &head)?;

    let at = world.tick();
    call.repo_mut(world)?.follow(at, &call.login)?;
    let what = format!("{} refs/heads/{branch} {commit}", call.full_name());
    world.effect("repos/create-or-update-file-contents", &call.login, what);
    let repo = call.repo(world)?;
    let entry = TreeEntry { path, mode, kind: "blob".to_owned(), sha: blob, size: Some(bytes.len() as u64) };
    let info = repo.git.commit(&commit)?;
    let body = json!({
        "content": shape::listed(world, repo, &branch, &entry),
        "commit": shape::git_commit(world, repo, &info),
    });
    Ok(Reply::json(if existing.is_some() { 200 } else { 201 }, body))
}

/// The regular file in the tree to which a symbolic link leads directly.
fn linked(repo: &Repo, tree: &str, entry: &TreeEntry, bytes: &[u8]) -> Result<Option<TreeEntry>, Reply> {
    if entry.mode != "120000" {
        return Ok(None);
    }
    let target = String::from_utf8_lossy(bytes).into_owned();
    if target.starts_with('/') {
        return Ok(None);
    }
    let mut place: Vec<&str> = entry.path.split('/').collect();
    place.pop();
    for segment in target.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                if place.pop().is_none() {
                    return Ok(None);
                }
            }
            name => place.push(name),
        }
    }
    let found = repo.git.entry_at(tree, &place.join("/"))?;
    Ok(found.filter(|found| found.kind == "blob" && found.mode != "120000"))
}
