//! The operations, one module per group, and their table.

mod branches;
mod comments;
mod commits;
mod compare;
mod contents;
mod issues;
mod labels;
mod merges;
mod objects;
mod protection;
mod pulls;
mod refs;
mod repos;
mod reviews;
mod search;
mod statuses;

use crate::call::Call;
use crate::reply::Answer;
use crate::world::World;

/// An operation of GitHub's REST interface.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// Method.
    pub method: &'static str,
    /// Path as GitHub's OpenAPI description writes it.
    pub path: &'static str,
    /// Its implementation.
    pub run: fn(&mut World, &Call) -> Answer,
}

const fn op(method: &'static str, path: &'static str, run: fn(&mut World, &Call) -> Answer) -> Operation {
    Operation { method, path, run }
}

/// All implemented operations.
pub const OPERATIONS: &[Operation] = &[
    op("GET", "/user", repos::me),
    op("GET", "/search/issues", search::issues),
    op("GET", "/repos/{owner}/{repo}", repos::get),
    op("GET", "/repos/{owner}/{repo}/labels", labels::list),
    op("POST", "/repos/{owner}/{repo}/labels", labels::create),
    op("GET", "/repos/{owner}/{repo}/issues", issues::list),
    op("POST", "/repos/{owner}/{repo}/issues", issues::create),
    op("GET", "/repos/{owner}/{repo}/issues/{issue_number}", issues::get),
    op("PATCH", "/repos/{owner}/{repo}/issues/{issue_number}", issues::update),
    op("GET", "/repos/{owner}/{repo}/issues/{issue_number}/labels", labels::of_issue),
    op("POST", "/repos/{owner}/{repo}/issues/{issue_number}/labels", labels::add),
    op("GET", "/repos/{owner}/{repo}/issues/{issue_number}/comments", comments::list),
    op("POST", "/repos/{owner}/{repo}/issues/{issue_number}/comments", comments::create),
    op("GET", "/repos/{owner}/{repo}/contents/{path}", contents::get),
    op("PUT", "/repos/{owner}/{repo}/contents/{path}", contents::put),
    op("GET", "/repos/{owner}/{repo}/git/ref/{ref}", refs::get),
    op("GET", "/repos/{owner}/{repo}/git/matching-refs/{ref}", refs::matching),
    op("POST", "/repos/{owner}/{repo}/git/refs", refs::create),
    op("PATCH", "/repos/{owner}/{repo}/git/refs/{ref}", refs::update),
    op("DELETE", "/repos/{owner}/{repo}/git/refs/{ref}", refs::delete),
    op("GET", "/repos/{owner}/{repo}/git/commits/{commit_sha}", objects::get_commit),
    op("POST", "/repos/{owner}/{repo}/git/commits", objects::create_commit),
    op("GET", "/repos/{owner}/{repo}/git/trees/{tree_sha}", objects::get_tree),
    op("POST", "/repos/{owner}/{repo}/git/trees", objects::create_tree),
    op("GET", "/repos/{owner}/{repo}/git/blobs/{file_sha}", objects::get_blob),
    op("POST", "/repos/{owner}/{repo}/git/blobs", objects::create_blob),
    op("GET", "/repos/{owner}/{repo}/branches", branches::list),
    op("GET", "/repos/{owner}/{repo}/branches/{branch}/protection", protection::get),
    op("PUT", "/repos/{owner}/{repo}/branches/{branch}/protection", protection::put),
    op("DELETE", "/repos/{owner}/{repo}/branches/{branch}/protection", protection::delete),
    op("GET", "/repos/{owner}/{repo}/branches/{branch}", branches::get),
    op("POST", "/repos/{owner}/{repo}/statuses/{sha}", statuses::create),
    op("GET", "/repos/{owner}/{repo}/commits/{ref}/status", statuses::combined),
    op("GET", "/repos/{owner}/{repo}/commits/{ref}/statuses", statuses::list),
    op("GET", "/repos/{owner}/{repo}/compare/{basehead}", compare::compare),
    op("GET", "/repos/{owner}/{repo}/commits", commits::list),
    op("GET", "/repos/{owner}/{repo}/commits/{ref}", commits::get),
    op("POST", "/repos/{owner}/{repo}/merges", merges::merge_branch),
    op("GET", "/repos/{owner}/{repo}/pulls", pulls::list),
    op("POST", "/repos/{owner}/{repo}/pulls", pulls::create),
    op("GET", "/repos/{owner}/{repo}/pulls/{pull_number}", pulls::get),
    op("PATCH", "/repos/{owner}/{repo}/pulls/{pull_number}", pulls::update),
    op("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/files", pulls::files),
    op("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/commits", pulls::commits),
    op("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews", reviews::list),
    op("POST", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews", reviews::create),
    op("PUT", "/repos/{owner}/{repo}/pulls/{pull_number}/merge", merges::merge_pull),
];
