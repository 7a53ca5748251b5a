//! Pull requests and their reviews.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use xp_scope::{MAX_TEXT, Value, is_object_id};
use xpd_proxy::{ActError, Permit, Sought};

use super::api::{Api, refused};
use super::{git, marker, pages};
use crate::args::{Args, Repo, wrong};
use crate::result::{int, record, text};

/// The members of a pull request that are used here.
#[derive(Debug, Deserialize)]
pub(super) struct PullJson {
    pub number: u64,
    pub title: String,
    pub body: Option<String>,
    pub state: String,
    pub head: SideJson,
    pub base: SideJson,
    /// Absent in lists.
    pub merged: Option<bool>,
    /// The merge commit of a merged pull request; before that, GitHub's test merge.
    pub merge_commit_sha: Option<String>,
}

/// One side of a pull request.
#[derive(Debug, Deserialize)]
pub(super) struct SideJson {
    #[serde(rename = "ref")]
    pub branch: String,
    pub sha: String,
    pub repo: Option<NameJson>,
}

#[derive(Debug, Deserialize)]
pub(super) struct NameJson {
    full_name: String,
}

#[derive(Deserialize)]
struct ReviewJson {
    id: u64,
    body: String,
}

/// `pulls.ensure`: finds the open pull request from `head` into `base`, or opens it. The head branch must be
/// at `commit`.
pub(super) async fn ensure(api: &Api, permit: &Permit) -> Result<Value, ActError> {
    let args = Args::of(permit.call(), ENSURE)?;
    let (repo, head, base, commit) = ensured(&args)?;
    let title = args.text("title")?;
    let signed = marker::sign(args.text("body")?, permit.call().marker())?;
    git::registered(api, &repo).await?;
    if git::head(api, &repo, head).await? != commit {
        return Err(refused(409, "the branch is not at the commit"));
    }
    let onto = git::head(api, &repo, base).await?;
    if let Some(found) = open(api, &repo, head, base).await? {
        return proposed(&found, commit, &onto);
    }
    let segments = ["repos", repo.owner, repo.name, "pulls"];
    let body = json!({ "title": title, "head": head, "base": base, "body": signed });
    let made = match api.effect::<PullJson>(permit, Method::POST, &segments, &body).await {
        // Another client may have opened it in between.
        Err(error @ ActError::Refused { status: 422, .. }) => match open(api, &repo, head, base).await {
            Ok(Some(found)) => found,
            _ => return Err(error),
        },
        other => other?,
    };
    // The pull request has been opened, so a mismatch is not a refusal: that would return the use as if
    // nothing had happened.
    proposed(&made, commit, &onto)
        .map_err(|_| ActError::Unknown("the pull request was opened and is not at the commit".to_owned()))
}

/// Probes for the pull request.
pub(super) async fn probe_ensure(api: &Api, sought: &Sought) -> Result<Option<Value>, ActError> {
    let args = Args::of(sought.call(), ENSURE)?;
    let (repo, head, base, commit) = ensured(&args)?;
    let Some(found) = open(api, &repo, head, base).await? else { return Ok(None) };
    let onto = git::head(api, &repo, base).await?;
    Ok(proposed(&found, commit, &onto).ok())
}

/// `pulls.read`: the pull request with the diff between its commit and the merge base, both named by id.
pub(super) async fn read(api: &Api, permit: &Permit) -> Result<Value, ActError> {
    let args = Args::of(permit.call(), &["repo", "number"])?;
    let (repo, number) = (args.repo()?, args.number("number")?);
    let found = get(api, &repo, number).await?;
    let base = git::head(api, &repo, &found.base.branch).await?;
    let pair = format!("{base}...{}", found.head.sha);
    let segments = ["repos", repo.owner, repo.name, "compare", &pair];
    let diff = api.text(&segments, "application/vnd.github.diff").await?;
    if diff.chars().count() > MAX_TEXT || diff.contains('\0') {
        return Err(refused(413, "the difference is too long, or no text"));
    }
    Ok(record([
        ("number", int(found.number)),
        ("title", text(&found.title)),
        ("body", text(found.body.as_deref().unwrap_or_default())),
        ("head", text(&found.head.sha)),
        ("base", text(&base)),
        ("diff", text(&diff)),
    ]))
}

/// `pulls.review`: reviews one commit, which must be the head of the open pull request.
pub(super) async fn review(api: &Api, permit: &Permit) -> Result<Value, ActError> {
    let args = Args::of(permit.call(), REVIEW)?;
    let (repo, number, commit) = (args.repo()?, args.number("number")?, args.commit("commit")?);
    let event = match args.word_or("verdict", "comment")? {
        "comment" => "COMMENT",
        "approve" => "APPROVE",
        "request_changes" => "REQUEST_CHANGES",
        _ => return Err(wrong("verdict", "is no verdict")),
    };
    let signed = marker::sign(args.text("body")?, permit.call().marker())?;
    at_head(&get(api, &repo, number).await?, commit)?;
    let digits = number.to_string();
    let segments = ["repos", repo.owner, repo.name, "pulls", &digits, "reviews"];
    let body = json!({ "commit_id": commit, "event": event, "body": signed });
    let made: ReviewJson = api.effect(permit, Method::POST, &segments, &body).await?;
    Ok(record([("id", int(made.id))]))
}

/// Probes for the review with this use's marker.
pub(super) async fn probe_review(api: &Api, sought: &Sought) -> Result<Option<Value>, ActError> {
    let args = Args::of(sought.call(), REVIEW)?;
    let (repo, number) = (args.repo()?, args.number("number")?.to_string());
    let segments = ["repos", repo.owner, repo.name, "pulls", &number, "reviews"];
    let reviews: Vec<ReviewJson> = pages::all(api, &segments, &[]).await?;
    let found = reviews.iter().find(|found| marker::carries(&found.body, sought.call().marker()));
    Ok(found.map(|found| record([("id", int(found.id))])))
}

/// A pull request between two branches of this repository.
pub(super) async fn get(api: &Api, repo: &Repo<'_>, number: u64) -> Result<PullJson, ActError> {
    let digits = number.to_string();
    let found: PullJson = api.get(&["repos", repo.owner, repo.name, "pulls", &digits], &[]).await?;
    if found.number != number || !is_local(repo, &found.head) || !is_local(repo, &found.base) {
        return Err(refused(409, "the pull request is not between branches of the repository"));
    }
    Ok(found)
}

/// Whether this side of a pull request is a commit on a branch of this repository.
fn is_local(repo: &Repo<'_>, side: &SideJson) -> bool {
    let full_name = format!("{}/{}", repo.owner, repo.name);
    let named = side.repo.as_ref().is_some_and(|name| name.full_name.eq_ignore_ascii_case(&full_name));
    named && is_object_id(&side.sha)
}

/// Checks that a pull request is open and has this commit as head.
pub(super) fn at_head(found: &PullJson, commit: &str) -> Result<(), ActError> {
    if found.state != "open" {
        return Err(refused(409, "the pull request is closed"));
    }
    if found.head.sha != commit {
        return Err(refused(409, "the pull request is at another commit"));
    }
    Ok(())
}

const ENSURE: &[&str] = &["repo", "head", "base", "commit", "title", "body"];
const REVIEW: &[&str] = &["repo", "number", "commit", "body", "verdict"];

fn ensured<'a>(args: &Args<'a>) -> Result<(Repo<'a>, &'a str, &'a str, &'a str), ActError> {
    let (repo, head, base) = (args.repo()?, args.branch("head")?, args.branch("base")?);
    if head == base || head == repo.default_branch {
        return Err(wrong("head", "is no branch to propose"));
    }
    Ok((repo, head, base, args.commit("commit")?))
}

/// The open pull request between two branches, if there is one.
async fn open(api: &Api, repo: &Repo<'_>, head: &str, base: &str) -> Result<Option<PullJson>, ActError> {
    let from = format!("{}:{head}", repo.owner);
    let query = [("state", "open"), ("head", from.as_str()), ("base", base)];
    let found: Vec<PullJson> = api.get(&["repos", repo.owner, repo.name, "pulls"], &query).await?;
    // A fork by the same owner may have branches of the same names.
    let fits = |pull: &PullJson| pull.head.branch == head && pull.base.branch == base;
    Ok(found.into_iter().find(|pull| fits(pull) && is_local(repo, &pull.head) && is_local(repo, &pull.base)))
}

/// The result of `pulls.ensure`.
fn proposed(found: &PullJson, commit: &str, onto: &str) -> Result<Value, ActError> {
    at_head(found, commit)?;
    Ok(record([("number", int(found.number)), ("head", text(commit)), ("base", text(onto))]))
}
