//! Files, through git objects: read at a pinned commit, written as one commit on a pinned head.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;
use xp_scope::{MAX_TEXT, Value};
use xpd_proxy::{ActError, Call, Permit, Sought};

use super::api::{Api, refused};
use super::git::{self, Commit, Found, Line, Sha};
use super::when::When;
use super::{marker, pages};
use crate::args::{Args, Repo, wrong};
use crate::result::{record, text};

#[derive(Deserialize)]
struct BlobJson {
    sha: String,
    content: String,
    encoding: String,
}

/// `contents.read`: looks the path up in the tree of the branch's commit. Regular files only.
pub(super) async fn read(api: &Api, permit: &Permit) -> Result<Value, ActError> {
    let args = Args::of(permit.call(), &["repo", "path", "at"])?;
    let repo = args.repo()?;
    let (path, at) = (args.path("path")?, args.branch_or("at", repo.default_branch)?);
    let commit = git::head(api, &repo, at).await?;
    let root = git::commit(api, &repo, &commit).await?.tree;
    let Found::File(line) = git::walk(api, &repo, &root, path).await? else {
        return Err(refused(404, "there is no such file"));
    };
    let blob: BlobJson = api.get(&["repos", repo.owner, repo.name, "git", "blobs", &line.sha], &[]).await?;
    let packed: String = blob.content.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let bytes = STANDARD.decode(packed).ok().filter(|_| blob.encoding == "base64" && blob.sha == line.sha);
    let bytes = bytes.ok_or_else(|| refused(409, "the upstream answered with another file"))?;
    let content = String::from_utf8(bytes).ok().filter(|content| !content.contains('\0'));
    let content = content.ok_or_else(|| refused(415, "the file is no text"))?;
    if content.chars().count() > MAX_TEXT {
        return Err(refused(413, "the file is too long"));
    }
    Ok(record([("text", text(&content)), ("commit", text(&commit)), ("blob", text(&line.sha))]))
}

/// `contents.write`: writes blob, tree and commit on top of the branch's head, then moves the branch forward.
///
/// If the run has seen the branch, its head must still be the commit seen last; otherwise commits by
/// outsiders would become ancestors of the run's commit. The new commit's only parent is that head, so the
/// move is a fast-forward only if the branch did not move in between (see [`git::advance`]).
pub(super) async fn write(api: &Api, permit: &Permit) -> Result<Value, ActError> {
    let (repo, branch, path) = written(permit.call())?;
    let content = Args::of(permit.call(), WRITE)?.text("text")?;
    git::registered(api, &repo).await?;
    let head = git::head(api, &repo, branch).await?;
    if permit.call().expected(0).is_some_and(|seen| seen.as_text() != Some(head.as_str())) {
        return Err(refused(409, "somebody else moved the branch"));
    }
    let root = git::commit(api, &repo, &head).await?.tree;
    let mode = match git::walk(api, &repo, &root, path).await? {
        Found::File(line) => line.mode,
        Found::Nothing => "100644".to_owned(),
    };
    let body = json!({ "content": STANDARD.encode(content), "encoding": "base64" });
    let blob: Sha =
        api.write_object(permit, &["repos", repo.owner, repo.name, "git", "blobs"], &body).await?;
    let sha = git::object_id(blob.sha)?;
    let line = Line { path: path.to_owned(), mode, kind: "blob".to_owned(), sha };
    let tree = git::write_tree(api, permit, &repo, &root, &[(path.to_owned(), Some(line.clone()))]).await?;
    match git::walk(api, &repo, &tree, path).await? {
        Found::File(found) if found == line => {}
        _ => return Err(refused(409, "diverged")),
    }
    let message = marker::sign(MESSAGE, permit.call().marker())?;
    let made = git::write_commit(api, permit, &repo, &tree, &[&head], &message).await?;
    git::advance(api, permit, &repo, branch, &made.sha).await?;
    Ok(done(&made))
}

/// Probes for the commit with this use's marker on the branch.
pub(super) async fn probe_write(api: &Api, sought: &Sought) -> Result<Option<Value>, ActError> {
    let (repo, branch, _) = written(sought.call())?;
    let found = marked(api, &repo, branch, sought.call()).await?;
    Ok(found.as_ref().map(done))
}

/// The commit on a branch with the marker of a call, if there is one.
///
/// Commits are listed by date, and a commit precedes its parents unless its date is wrong. The search ends
/// after a hundred consecutive commits older than the grant, so it misses the commit only if as many with
/// wrong dates were pushed on top of it.
pub(super) async fn marked(
    api: &Api,
    repo: &Repo<'_>,
    branch: &str,
    call: &Call,
) -> Result<Option<Commit>, ActError> {
    #[derive(Deserialize)]
    struct Entry {
        sha: String,
        commit: Message,
    }
    #[derive(Deserialize)]
    struct Message {
        message: String,
        committer: Option<Person>,
    }
    #[derive(Deserialize)]
    struct Person {
        date: Option<String>,
    }
    let head = git::head(api, repo, branch).await?;
    let segments = ["repos", repo.owner, repo.name, "commits"];
    let when = When::of(call);
    let mut found = None;
    pages::back(api, &segments, &[("sha", &head)], |entry: Entry| {
        let date = entry.commit.committer.and_then(|person| person.date);
        // The oldest match, since a copy of the marker can only be newer.
        if marker::carries(&entry.commit.message, call.marker()) {
            found = Some(entry.sha);
        }
        date.is_some_and(|date| when.is_after(&date))
    })
    .await?;
    match found {
        Some(sha) => git::commit(api, repo, &sha).await.map(Some),
        None => Ok(None),
    }
}

/// Subject of every commit. It has no path, since a path is chosen by the agent and other programs read
/// commit messages.
const MESSAGE: &str = "Change one file";

const WRITE: &[&str] = &["repo", "branch", "path", "text"];

/// The target of a write. The default branch is refused.
fn written(call: &Call) -> Result<(Repo<'_>, &str, &str), ActError> {
    let args = Args::of(call, WRITE)?;
    let (repo, branch, path) = (args.repo()?, args.branch("branch")?, args.path("path")?);
    if branch == repo.default_branch {
        return Err(wrong("branch", "is the default branch"));
    }
    Ok((repo, branch, path))
}

fn done(commit: &Commit) -> Value {
    record([("commit", text(&commit.sha)), ("tree", text(&commit.tree))])
}
