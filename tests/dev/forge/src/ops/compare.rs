//! Comparison of two commits.

use serde_json::{Value, json};

use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::shape;
use crate::world::World;

/// `GET /repos/{owner}/{repo}/compare/{basehead}`.
pub fn compare(world: &mut World, call: &Call) -> Answer {
    let repo = call.repo(world)?;
    let (base, head) = call.param("basehead").split_once("...").ok_or_else(Reply::not_found)?;
    let local = |name: &str| name.strip_prefix(&format!("{}:", repo.owner)).unwrap_or(name).to_owned();
    let base = repo.resolve(Some(&local(base)))?.ok_or_else(Reply::not_found)?;
    let head = repo.resolve(Some(&local(head)))?.ok_or_else(Reply::not_found)?;
    let Some(fork) = repo.git.merge_base(&base, &head)? else {
        return Err(Reply::error(404, "No common ancestor between them"));
    };
    if call.wants_diff() {
        let text = repo.git.diff(&fork, &head)?;
        return Ok(Reply::text("application/vnd.github.diff; charset=utf-8", text));
    }
    let (behind, ahead) = repo.git.apart(&base, &head)?;
    let status = match (ahead, behind) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        _ => "diverged",
    };
    let mut commits = repo.git.log(&[&format!("{base}..{head}")])?;
    commits.reverse();
    let number = |name: &str, default| call.query(name).and_then(|n| n.parse().ok()).unwrap_or(default);
    let (size, page): (usize, usize) = (number("per_page", 250), number("page", 1));
    let commits: Vec<Value> = commits
        .iter()
        .skip(page.saturating_sub(1) * size)
        .take(size)
        .map(|info| shape::commit(world, repo, info))
        .collect();
    // Files are on the first page only.
    let changes = if page > 1 { Vec::new() } else { repo.git.changes(&fork, &head)? };
    let files: Vec<Value> =
        changes.iter().map(|change| shape::changed_file(world, repo, &head, change)).collect();
    let url = format!("{}/repos/{}/compare/{base}...{head}", world.url, repo.full_name());
    let html = format!("{}/{}/compare/{base}...{head}", world.url, repo.full_name());
    Ok(Reply::ok(json!({
        "url": url,
        "html_url": html,
        "permalink_url": html,
        "diff_url": format!("{html}.diff"),
        "patch_url": format!("{html}.patch"),
        "base_commit": shape::commit(world, repo, &repo.git.commit(&base)?),
        "merge_base_commit": shape::commit(world, repo, &repo.git.commit(&fork)?),
        "status": status,
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": ahead,
        "commits": commits,
        "files": files,
    })))
}
