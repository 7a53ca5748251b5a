//! Comments on issues and pull requests.

use crate::call::Call;
use crate::clock;
use crate::reply::{Answer, Reply};
use crate::shape;
use crate::world::{Comment, World};

/// `GET /repos/{owner}/{repo}/issues/{issue_number}/comments`.
pub fn list(world: &mut World, call: &Call) -> Answer {
    let (repo, issue) = call.issue(world)?;
    let since = call.query("since").unwrap_or_default();
    let recent = issue.comments.iter().filter(|comment| clock::text(comment.created).as_str() >= since);
    let comments = recent.map(|comment| shape::comment(world, repo, issue.number, comment)).collect();
    Ok(call.page(world, comments))
}

/// `POST /repos/{owner}/{repo}/issues/{issue_number}/comments`.
pub fn create(world: &mut World, call: &Call) -> Answer {
    let number = call.issue(world)?.1.number;
    let body = call.needed("IssueComment", "body")?.to_owned();
    if body.trim().is_empty() {
        return Err(Reply::field("IssueComment", "missing_field", "body"));
    }
    let (id, at) = (world.fresh_id(), world.tick());
    let comment = Comment { id, author: call.login.clone(), body, created: at };
    if let Some(issue) = call.repo_mut(world)?.issues.get_mut(&number) {
        issue.comments.push(comment.clone());
        issue.updated = at;
    }
    let what = format!("{}#{number} comment {id}", call.full_name());
    world.effect("issues/create-comment", &call.login, what);
    Ok(Reply::created(shape::comment(world, call.repo(world)?, number, &comment)))
}
