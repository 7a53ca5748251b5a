//! Commits with their files.

use serde_json::{Value, json};

use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::shape;
use crate::world::World;

/// The tree without a file in it.
const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/// `GET /repos/{owner}/{repo}/commits`.
pub fn list(world: &mut World, call: &Call) -> Answer {
    let repo = call.repo(world)?;
    let start = repo.resolve(call.query("sha"))?.ok_or_else(Reply::not_found)?;
    let commits = repo.git.log(&[&start])?;
    Ok(call.page(world, commits.iter().map(|info| shape::commit(world, repo, info)).collect()))
}

/// `GET /repos/{owner}/{repo}/commits/{ref}`.
pub fn get(world: &mut World, call: &Call) -> Answer {
    let repo = call.repo(world)?;
    let name = call.param("ref");
    let Some(sha) = repo.resolve(Some(name))? else {
        return Err(Reply::error(422, &format!("No commit found for SHA: {name}")));
    };
    let info = repo.git.commit(&sha)?;
    let before = info.parents.first().map_or(EMPTY_TREE, String::as_str);
    if call.wants_diff() {
        let text = repo.git.diff(before, &sha)?;
        return Ok(Reply::text("application/vnd.github.diff; charset=utf-8", text));
    }
    let changes = repo.git.changes(before, &sha)?;
    let mut shape = shape::commit(world, repo, &info);
    if let Some(fields) = shape.as_object_mut() {
        let additions: u64 = changes.iter().map(|change| change.additions).sum();
        let deletions: u64 = changes.iter().map(|change| change.deletions).sum();
        let total = additions + deletions;
        fields.insert(
            "stats".to_owned(),
            json!({ "total": total, "additions": additions, "deletions": deletions }),
        );
        let files: Vec<Value> =
            changes.iter().map(|change| shape::changed_file(world, repo, &sha, change)).collect();
        fields.insert("files".to_owned(), files.into());
    }
    Ok(Reply::ok(shape))
}
