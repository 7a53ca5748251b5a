//! Search in issues: quoted literals and the qualifiers `repo`, `label`, `state`, `is`, `author`.

use serde_json::json;

use crate::call::Call;
use crate::reply::{Answer, Payload, Reply};
use crate::shape;
use crate::world::{Issue, World};

/// `GET /search/issues`.
pub fn issues(world: &mut World, call: &Call) -> Answer {
    let query = call.query("q").ok_or_else(|| Reply::field("Search", "missing", "q"))?;
    let terms = terms(query);
    if terms.is_empty() {
        return Err(Reply::field("Search", "missing", "q"));
    }
    for term in &terms {
        let Term::Qualifier(name, value) = term else { continue };
        match name.as_str() {
            "repo" if world.repos.contains_key(value) => {}
            "repo" => return Err(hidden()),
            "label" | "state" | "is" | "author" => {}
            _ => return Err(Reply::field("Search", "invalid", "q")),
        }
    }
    let mut found = Vec::new();
    for (full_name, repo) in &world.repos {
        for issue in repo.issues.values() {
            if terms.iter().all(|term| matches(term, full_name, issue)) {
                found.push(shape::search_item(world, repo, issue));
            }
        }
    }
    if call.query("order") != Some("asc") {
        found.reverse();
    }
    let total = found.len();
    let mut reply = call.page(world, found);
    if let Payload::Json(items) = reply.body {
        let body = json!({ "total_count": total, "incomplete_results": false, "items": items, "search_type": "lexical" });
        reply.body = Payload::Json(body);
    }
    Ok(reply)
}

/// The answer for a repository that does not exist or is not visible.
fn hidden() -> Reply {
    let message = "The listed users and repositories cannot be searched either because the resources do not \
                   exist or you do not have permission to view them.";
    Reply::invalid(json!([{ "message": message, "resource": "Search", "field": "q", "code": "invalid" }]))
}

/// A term of a query.
enum Term {
    Word(String),
    Qualifier(String, String),
}

/// Splits a query into terms; quotes enclose a literal.
fn terms(query: &str) -> Vec<Term> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for letter in query.chars() {
        match letter {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            _ => word.push(letter),
        }
    }
    words.push(word);
    words
        .into_iter()
        .filter(|word| !word.is_empty())
        .map(|word| match word.split_once(':') {
            Some((name, value)) => Term::Qualifier(name.to_owned(), value.to_owned()),
            None => Term::Word(word),
        })
        .collect()
}

/// Whether an issue matches a term.
fn matches(term: &Term, full_name: &str, issue: &Issue) -> bool {
    let open = issue.closed.is_none();
    match term {
        Term::Word(word) => {
            let text = format!("{} {}", issue.title, issue.body.as_deref().unwrap_or_default());
            text.to_lowercase().contains(&word.to_lowercase())
        }
        Term::Qualifier(name, value) => match (name.as_str(), value.as_str()) {
            ("repo", repo) => repo == full_name,
            ("label", label) => issue.labels.iter().any(|known| known.eq_ignore_ascii_case(label)),
            ("state" | "is", "open") => open,
            ("state" | "is", "closed") => !open,
            ("is", "issue") => issue.pull.is_none(),
            ("is", "pr" | "pull-request") => issue.pull.is_some(),
            ("author", login) => issue.author == login,
            _ => false,
        },
    }
}
