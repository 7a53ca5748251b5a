//! Merges, made by git.

use serde_json::json;

use super::pulls::found;
use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::shape;
use crate::world::{Closed, Merged, World};

/// `PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge`.
pub fn merge_pull(world: &mut World, call: &Call) -> Answer {
    let (repo, issue, pull) = found(call, world)?;
    let number = issue.number;
    let base = match repo.branch(&pull.base)? {
        Some(base) if issue.closed.is_none() && !pull.draft => base,
        _ => return Err(Reply::error(405, "Pull Request is not mergeable")),
    };
    if call.text("sha").is_some_and(|sha| sha != pull.head_sha) {
        let message = "Head branch was modified. Review and try the merge again.";
        return Err(Reply::error(409, message));
    }
    let method = call.text("merge_method").unwrap_or("merge");
    let (title, detail, parents) = match method {
        "merge" => (
            format!("Merge pull request #{number} from {}/{}", repo.owner, pull.head),
            issue.title.clone(),
            vec![base.clone(), pull.head_sha.clone()],
        ),
        "squash" => (format!("{} (#{number})", issue.title), String::new(), vec![base.clone()]),
        "rebase" => {
            return Err(Reply::error(405, "Rebase merges are not allowed on this repository."));
        }
        _ => return Err(Reply::field("PullRequest", "invalid", "merge_method")),
    };
    if let Some(why) = repo.forbids_merge(issue, pull, &call.login, method)? {
        return Err(Reply::error(405, &why));
    }
    let Some(tree) = repo.git.merge_tree(&base, &pull.head_sha)? else {
        return Err(Reply::error(405, "Pull Request is not mergeable"));
    };
    let title = call.text("commit_title").unwrap_or(&title);
    let detail = call.text("commit_message").unwrap_or(&detail);
    let message = if detail.is_empty() { title.to_owned() } else { format!("{title}\n\n{detail}") };
    let person = World::person(&call.login, world.now());
    let sha = repo.git.write_commit(&tree, &parents, &message, &person, &person)?;
    let name = format!("refs/heads/{}", pull.base);
    repo.git.update_ref(&name, &sha, &base)?;

    let at = world.tick();
    let by = call.login.clone();
    let repo = call.repo_mut(world)?;
    if let Some(issue) = repo.issues.get_mut(&number) {
        issue.closed = Some(Closed { at, by: by.clone(), reason: "completed".to_owned() });
        issue.updated = at;
        if let Some(pull) = issue.pull.as_mut() {
            pull.merged = Some(Merged { at, by: by.clone(), sha: sha.clone() });
        }
    }
    repo.follow(at, &by)?;
    world.effect("pulls/merge", &by, format!("{}#{number} {name} {sha}", call.full_name()));
    Ok(Reply::ok(json!({ "sha": sha, "merged": true, "message": "Pull Request successfully merged" })))
}

/// `POST /repos/{owner}/{repo}/merges`.
pub fn merge_branch(world: &mut World, call: &Call) -> Answer {
    let repo = call.repo(world)?;
    let (base_name, head_name) = (call.needed("Merge", "base")?, call.needed("Merge", "head")?);
    let base = repo.branch(base_name)?.ok_or_else(|| Reply::error(404, "Base does not exist"))?;
    let head = repo.resolve(Some(head_name))?.ok_or_else(|| Reply::error(404, "Head does not exist"))?;
    if repo.git.is_ancestor(&head, &base)? {
        return Ok(Reply::nothing());
    }
    // The merge is a new commit, so none of its checks can have passed.
    if let Some(why) = repo.forbids_push(base_name, &call.login, "", true) {
        return Err(Reply::error(403, &why));
    }
    let Some(tree) = repo.git.merge_tree(&base, &head)? else {
        return Err(Reply::error(409, "Merge conflict"));
    };
    let message = call
        .text("commit_message")
        .map_or_else(|| format!("Merge {head_name} into {base_name}"), str::to_owned);
    let person = World::person(&call.login, world.now());
    let sha = repo.git.write_commit(&tree, &[base.clone(), head], &message, &person, &person)?;
    let name = format!("refs/heads/{base_name}");
    repo.git.update_ref(&name, &sha, &base)?;
    let at = world.tick();
    call.repo_mut(world)?.follow(at, &call.login)?;
    world.effect("repos/merge", &call.login, format!("{} {name} {sha}", call.full_name()));
    let repo = call.repo(world)?;
    let info = repo.git.commit(&sha)?;
    Ok(Reply::created(shape::commit(world, repo, &info)))
}
