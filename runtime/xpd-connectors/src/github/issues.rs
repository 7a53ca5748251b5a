//! Issues and comments.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use xp_scope::Value;
use xpd_proxy::{ActError, Permit, Sought};

use super::api::{Api, refused};
use super::body::body;
use super::when::When;
use super::{marker, pages};
use crate::args::{Args, Repo, wrong};
use crate::result::{int, record, text};

#[derive(Deserialize)]
struct IssueJson {
    number: u64,
    title: String,
    body: Option<String>,
    state: String,
    labels: Vec<Json>,
    repository_url: String,
    created_at: String,
    pull_request: Option<Json>,
}

#[derive(Deserialize)]
struct CommentJson {
    id: u64,
    body: Option<String>,
    user: Option<UserJson>,
}

#[derive(Deserialize)]
struct UserJson {
    login: String,
}

#[derive(Deserialize)]
struct SearchJson {
    items: Vec<IssueJson>,
}

/// `issues.search`: the oldest hundred open issues with the label. Each result is checked against the query.
pub(super) async fn search(api: &Api, permit: &Permit) -> Result<Value, ActError> {
    let args = Args::of(permit.call(), &["repo", "label"])?;
    let (repo, label) = (args.repo()?, args.text("label")?);
    if label.is_empty() || label.contains(|c: char| c == '"' || c == '\\' || c.is_control()) {
        return Err(wrong("label", "cannot be quoted in a search"));
    }
    let q = format!("repo:{}/{} label:\"{label}\" state:open is:issue", repo.owner, repo.name);
    let query = [("q", q.as_str()), ("sort", "created"), ("order", "asc"), ("per_page", "100")];
    let found: SearchJson = api.get(&["search", "issues"], &query).await?;
    let fits = |issue: &&IssueJson| {
        let labels = issue.labels.iter().filter_map(|label| label.get("name").and_then(Json::as_str));
        let labelled = labels.into_iter().any(|name| name.eq_ignore_ascii_case(label));
        labelled && issue.state == "open" && issue.pull_request.is_none() && is_of(issue, &repo)
    };
    let issues = found.items.iter().filter(fits).map(issue).collect();
    Ok(record([("issues", Value::List(issues))]))
}

/// `issues.create`.
pub(super) async fn create(api: &Api, permit: &Permit) -> Result<Value, ActError> {
    let args = Args::of(permit.call(), &["repo", "title", "body"])?;
    let (repo, title) = (args.repo()?, args.text("title")?);
    let signed = marker::sign(args.text("body")?, permit.call().marker())?;
    let segments = ["repos", repo.owner, repo.name, "issues"];
    let made: IssueJson =
        api.effect(permit, Method::POST, &segments, &json!({ "title": title, "body": signed })).await?;
    if !is_of(&made, &repo) {
        return Err(ActError::Unknown("the issue is in another repository".to_owned()));
    }
    Ok(issue(&made))
}

/// Probes for the issue with this use's marker.
pub(super) async fn probe_create(api: &Api, sought: &Sought) -> Result<Option<Value>, ActError> {
    let repo = Args::of(sought.call(), &["repo", "title", "body"])?.repo()?;
    let segments = ["repos", repo.owner, repo.name, "issues"];
    let query = [("state", "all"), ("sort", "created"), ("direction", "desc")];
    let when = When::of(sought.call());
    let mut found = None;
    pages::back(api, &segments, &query, |entry: IssueJson| {
        let old = when.is_after(&entry.created_at);
        // GitHub lists pull requests as issues. The oldest match, since a copy of the marker can only be
        // newer.
        if entry.pull_request.is_none()
            && marker::carries(entry.body.as_deref().unwrap_or_default(), sought.call().marker())
        {
            found = Some(issue(&entry));
        }
        old
    })
    .await?;
    Ok(found)
}

/// `issues.read`.
pub(super) async fn read(api: &Api, permit: &Permit) -> Result<Value, ActError> {
    let args = Args::of(permit.call(), &["repo", "number"])?;
    let (repo, number) = (args.repo()?, args.number("number")?);
    let found = get(api, &repo, number).await?;
    let digits = number.to_string();
    let segments = ["repos", repo.owner, repo.name, "issues", &digits, "comments"];
    let comments: Vec<CommentJson> = pages::all(api, &segments, &[]).await?;
    let comments = comments
        .iter()
        .map(|comment| {
            // GitHub shows deleted accounts as `ghost`.
            let author = comment.user.as_ref().map_or("ghost", |user| user.login.as_str());
            let body = comment.body.as_deref().unwrap_or_default();
            record([("author", text(author)), ("text", text(body))])
        })
        .collect();
    Ok(record([
        ("number", int(found.number)),
        ("title", text(&found.title)),
        ("body", body(found.body.as_deref().unwrap_or_default())),
        ("comments", Value::List(comments)),
    ]))
}

/// An issue of the repository. Refuses pull requests, which GitHub numbers together with issues.
async fn get(api: &Api, repo: &Repo<'_>, number: u64) -> Result<IssueJson, ActError> {
    let digits = number.to_string();
    let found: IssueJson = api.get(&["repos", repo.owner, repo.name, "issues", &digits], &[]).await?;
    if found.number != number || !is_of(&found, repo) || found.pull_request.is_some() {
        return Err(refused(404, "there is no such issue"));
    }
    Ok(found)
}

/// `issues.comment`: comments on an issue. Refuses pull requests, where a comment may be a command to a bot.
pub(super) async fn comment(api: &Api, permit: &Permit) -> Result<Value, ActError> {
    let args = Args::of(permit.call(), &["repo", "number", "body"])?;
    let (repo, number) = (args.repo()?, args.number("number")?);
    let signed = marker::sign(args.text("body")?, permit.call().marker())?;
    get(api, &repo, number).await?;
    let number = number.to_string();
    let segments = ["repos", repo.owner, repo.name, "issues", &number, "comments"];
    let made: CommentJson = api.effect(permit, Method::POST, &segments, &json!({ "body": signed })).await?;
    Ok(record([("id", int(made.id))]))
}

/// Probes for the comment with this use's marker.
pub(super) async fn probe_comment(api: &Api, sought: &Sought) -> Result<Option<Value>, ActError> {
    let args = Args::of(sought.call(), &["repo", "number", "body"])?;
    let (repo, number) = (args.repo()?, args.number("number")?.to_string());
    let segments = ["repos", repo.owner, repo.name, "issues", &number, "comments"];
    let when = When::of(sought.call());
    let comments: Vec<CommentJson> = pages::all(api, &segments, &[("since", when.as_str())]).await?;
    let found = comments
        .iter()
        .find(|found| marker::carries(found.body.as_deref().unwrap_or_default(), sought.call().marker()));
    Ok(found.map(|found| record([("id", int(found.id))])))
}

/// An `Issue`.
fn issue(issue: &IssueJson) -> Value {
    record([
        ("number", int(issue.number)),
        ("title", text(&issue.title)),
        ("body", body(issue.body.as_deref().unwrap_or_default())),
    ])
}

/// Whether an issue is one of the repository: a transferred one is not.
fn is_of(issue: &IssueJson, repo: &Repo<'_>) -> bool {
    let end = format!("/repos/{}/{}", repo.owner, repo.name).to_ascii_lowercase();
    issue.repository_url.to_ascii_lowercase().ends_with(&end)
}
