//! A request in the form that operations use: authenticated, with its path and body parsed.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::reply::{Payload, Reply};
use crate::world::{Issue, Repo, World};

/// A request.
#[derive(Clone, Debug)]
pub struct Call {
    /// Login of the user.
    pub login: String,
    /// Variable parts of the path, decoded.
    pub params: BTreeMap<String, String>,
    /// The query, decoded, in order.
    pub query: Vec<(String, String)>,
    /// The `Accept` header.
    pub accept: String,
    /// Body; null if there is none.
    pub body: Value,
    /// Path and query as received, for links to further pages.
    pub path: String,
}

impl Call {
    /// A variable part of the path.
    #[must_use]
    pub fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// A parameter of the query.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A text in the body.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str)
    }

    /// A required text in the body.
    ///
    /// # Errors
    /// 422 in GitHub's shape.
    pub fn needed(&self, resource: &str, name: &str) -> Result<&str, Reply> {
        self.text(name).ok_or_else(|| Reply::field(resource, "missing_field", name))
    }

    /// `owner/name` of the repository in the path.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.param("owner"), self.param("repo"))
    }

    /// The repository in the path.
    ///
    /// # Errors
    /// 404.
    pub fn repo<'w>(&self, world: &'w World) -> Result<&'w Repo, Reply> {
        world.repos.get(&self.full_name()).ok_or_else(Reply::not_found)
    }

    /// The repository in the path, to be changed.
    ///
    /// # Errors
    /// 404.
    pub fn repo_mut<'w>(&self, world: &'w mut World) -> Result<&'w mut Repo, Reply> {
        world.repos.get_mut(&self.full_name()).ok_or_else(Reply::not_found)
    }

    /// The number in the path.
    ///
    /// # Errors
    /// 404.
    pub fn number(&self, name: &str) -> Result<u64, Reply> {
        self.param(name).parse().map_err(|_| Reply::not_found())
    }

    /// The issue, or pull request seen as one, in the path.
    ///
    /// # Errors
    /// 404.
    pub fn issue<'w>(&self, world: &'w World) -> Result<(&'w Repo, &'w Issue), Reply> {
        let repo = self.repo(world)?;
        let issue = repo.issues.get(&self.number("issue_number")?).ok_or_else(Reply::not_found)?;
        Ok((repo, issue))
    }

    /// Whether the caller asks for the diff as text.
    #[must_use]
    pub fn wants_diff(&self) -> bool {
        self.accept.contains("application/vnd.github.diff")
            || self.accept.contains("application/vnd.github.v3.diff")
    }

    /// The requested page, with links to the others.
    #[must_use]
    pub fn page(&self, world: &World, items: Vec<Value>) -> Reply {
        let number = |name: &str, default: usize| {
            self.query(name).and_then(|text| text.parse().ok()).filter(|n| *n > 0).unwrap_or(default)
        };
        let size = number("per_page", 30).min(100);
        let page = number("page", 1);
        let last = items.len().div_ceil(size).max(1);
        let shown: Vec<Value> = items.into_iter().skip((page - 1) * size).take(size).collect();
        let mut reply = Reply { status: 200, body: Payload::Json(shown.into()), headers: Vec::new() };
        let mut links = Vec::new();
        if page > 1 {
            links.push((page - 1, "prev"));
            links.push((1, "first"));
        }
        if page < last {
            links.push((page + 1, "next"));
            links.push((last, "last"));
        }
        if !links.is_empty() {
            let text: Vec<String> = links
                .into_iter()
                .map(|(page, rel)| format!("<{}>; rel=\"{rel}\"", self.at_page(world, page)))
                .collect();
            reply.headers.push(("link", text.join(", ")));
        }
        reply
    }

    /// The URL of another page.
    fn at_page(&self, world: &World, page: usize) -> String {
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let mut pairs: Vec<String> = query
            .split('&')
            .filter(|pair| !pair.is_empty() && !pair.starts_with("page="))
            .map(str::to_owned)
            .collect();
        pairs.push(format!("page={page}"));
        format!("{}{path}?{}", world.url, pairs.join("&"))
    }
}
