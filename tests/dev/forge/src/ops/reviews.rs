//! Reviews of pull requests.

use serde_json::json;

use super::pulls::found;
use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::shape;
use crate::world::{Review, World};

/// `GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews`.
pub fn list(world: &mut World, call: &Call) -> Answer {
    let (repo, issue, pull) = found(call, world)?;
    let reviews =
        pull.reviews.iter().map(|review| shape::review(world, repo, issue.number, review)).collect();
    Ok(call.page(world, reviews))
}

/// `POST /repos/{owner}/{repo}/pulls/{pull_number}/reviews`.
pub fn create(world: &mut World, call: &Call) -> Answer {
    let (repo, issue, pull) = found(call, world)?;
    let number = issue.number;
    let own = issue.author == call.login;
    let body = call.text("body").unwrap_or_default().to_owned();
    let state = match call.text("event") {
        None => "PENDING",
        Some("APPROVE") if own => return Err(refused("Can not approve your own pull request")),
        Some("REQUEST_CHANGES") if own => {
            return Err(refused("Can not request changes on your own pull request"));
        }
        Some("REQUEST_CHANGES" | "COMMENT") if body.is_empty() => {
            return Err(refused("Body can't be blank"));
        }
        Some("APPROVE") => "APPROVED",
        Some("REQUEST_CHANGES") => "CHANGES_REQUESTED",
        Some("COMMENT") => "COMMENTED",
        Some(_) => return Err(refused("Variable $event was provided invalid value")),
    };
    let commit = call.text("commit_id").unwrap_or(&pull.head_sha).to_owned();
    let known = repo.git.kind(&commit)?.as_deref() == Some("commit")
        && repo.git.is_ancestor(&commit, &pull.head_sha)?
        && !repo.git.is_ancestor(&commit, &pull.base_sha)?;
    if !known {
        return Err(refused("Commit is not part of the pull request"));
    }
    let (head, fork) = (pull.head_sha.clone(), repo.fork(pull)?);
    let (id, at) = (world.fresh_id(), world.tick());
    let submitted = (state != "PENDING").then_some(at);
    let review = Review { id, author: call.login.clone(), state, body, commit, submitted, head, fork };
    if let Some(issue) = call.repo_mut(world)?.issues.get_mut(&number) {
        issue.updated = at;
        if let Some(pull) = issue.pull.as_mut() {
            pull.reviews.push(review.clone());
        }
    }
    let what = format!("{}#{number} review {id}", call.full_name());
    world.effect("pulls/create-review", &call.login, what);
    Ok(Reply::ok(shape::review(world, call.repo(world)?, number, &review)))
}

/// 422 in the shape that reviews have.
fn refused(reason: &str) -> Reply {
    let body = json!({
        "message": "Unprocessable Entity",
        "errors": [reason],
        "documentation_url": "https://docs.github.com/rest/pulls/reviews#create-a-review-for-a-pull-request",
        "status": "422",
    });
    Reply::json(422, body)
}
