//! Arguments that become segments of a URL: each arrives identical, or nothing is sent.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use xp_harness::Proxied;
use xpd_connectors::github::{Config, Github};
use xpd_proxy::{ActError, Secret};

use crate::world::{ABSENT, call, repo};

type Paths = Arc<Mutex<Vec<String>>>;

/// An upstream that has the repository and nothing in it, and records the path of each request.
async fn recording() -> (Proxied<Github>, Paths) {
    let paths = Paths::default();
    let answer = async |State(paths): State<Paths>, uri: Uri| {
        paths.lock().unwrap().push(uri.path().to_owned());
        match uri.path() {
            "/repos/acme/shop" => {
                (StatusCode::OK, axum::Json(json!({ "full_name": "acme/shop", "default_branch": "main" })))
            }
            _ => (StatusCode::NOT_FOUND, axum::Json(Value::Null)),
        }
    };
    let router = axum::Router::new().fallback(answer).with_state(Arc::clone(&paths));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (Proxied::new(Github::new(Config::new(&url, Secret::new("canary-91ab").unwrap())).unwrap()), paths)
}

/// What no segment can be.
const HOSTILE: [&str; 26] = [
    "",
    ".",
    "..",
    "/",
    "//",
    "a/",
    "/a",
    "a//b",
    "a/./b",
    "a/../b",
    "../a",
    "\t",
    "a\tb",
    "a\nb",
    "a\0b",
    "\\",
    "a\\b",
    ";",
    "a;b",
    "..;",
    "%2e",
    "%2e%2e",
    "%2E%2e",
    "a/%2e%2e/b",
    "a%2fb",
    "a%3bb",
];

/// Each action with each of its arguments that becomes a segment set to this value.
fn calls(value: &str) -> Vec<(&'static str, &'static str, Value)> {
    let with = |args: Value, name: &str| {
        let mut args = args;
        args[name] = json!(value);
        args
    };
    let in_repo = |name: &str| {
        let mut repo = repo();
        repo[name] = json!(value);
        json!({ "repo": repo, "number": 1 })
    };
    let write = json!({ "repo": repo(), "branch": "fix", "path": "a", "text": "t" });
    let create = json!({ "repo": repo(), "name": "fix", "from": "main" });
    let ensure =
        json!({ "repo": repo(), "head": "fix", "base": "main", "commit": ABSENT, "title": "T", "body": "B" });
    let merge =
        json!({ "repo": repo(), "number": 1, "commit": ABSENT, "onto": "2".repeat(40), "into": "main" });
    vec![
        ("contents.read", "at", with(json!({ "repo": repo(), "path": "a" }), "at")),
        ("contents.write", "branch", with(write, "branch")),
        ("branches.create", "name", with(create.clone(), "name")),
        ("branches.create", "from", with(create, "from")),
        ("pulls.ensure", "head", with(ensure.clone(), "head")),
        ("pulls.ensure", "base", with(ensure, "base")),
        ("pulls.merge", "into", with(merge.clone(), "into")),
        ("pulls.merge", "commit", with(merge.clone(), "commit")),
        ("pulls.merge", "onto", with(merge, "onto")),
        ("issues.read", "owner", in_repo("owner")),
        ("issues.read", "name", in_repo("name")),
        ("issues.read", "default_branch", in_repo("default_branch")),
    ]
}

#[tokio::test]
async fn what_is_no_segment_goes_nowhere() {
    let (github, paths) = recording().await;
    for value in HOSTILE {
        for (action, argument, args) in calls(value) {
            // The default branch is compared with what the upstream says, and is no part of this URL.
            if argument == "default_branch" && xp_scope::refs::check_branch(value).is_ok() {
                continue;
            }
            let error = github.act(&call(action, args)).await.expect_err(action);
            assert!(matches!(error, ActError::NotSent(_)), "{action} {argument} {value:?}: {error}");
            let wanted = if action == "issues.read" { "repo" } else { argument };
            assert!(error.to_string().contains(&format!("argument `{wanted}`")), "{value:?}: {error}");
            assert_eq!(*paths.lock().unwrap(), Vec::<String>::new(), "{action} {argument} {value:?}");
        }
    }
}

#[tokio::test]
async fn what_is_one_arrives_as_it_was_given() {
    let (github, paths) = recording().await;
    for value in ["fix", "fix/1", "ü/ß", "100%", "%zz", "a#b", "a=b", "a+b", "a,b"] {
        github
            .act(&call("contents.read", json!({ "repo": repo(), "path": "a", "at": value })))
            .await
            .unwrap_err();
        let sent = paths.lock().unwrap().split_off(0);
        let decoded: Vec<String> = sent
            .iter()
            .map(|path| {
                path.split('/')
                    .map(|part| percent_decode_str(part).decode_utf8().unwrap())
                    .collect::<Vec<_>>()
                    .join("/")
            })
            .collect();
        assert_eq!(decoded, [format!("/repos/acme/shop/git/ref/heads/{value}")], "{sent:?}");
        assert_eq!(sent[0].split('/').count(), 8 + value.matches('/').count(), "{sent:?}");
    }
}

/// The default branch is registered, and is not checked again before it becomes part of a URL.
#[tokio::test]
async fn a_default_branch_that_is_no_segment_is_not_looked_up() {
    let (github, paths) = recording().await;
    let mut repo = repo();
    repo["default_branch"] = json!("a/%2e%2e/b");
    let error = github.act(&call("contents.read", json!({ "repo": repo, "path": "a" }))).await.unwrap_err();
    assert!(
        matches!(&error, ActError::NotSent(why) if why.contains("of the path is `.` or `..`")),
        "{error}"
    );
    assert!(paths.lock().unwrap().is_empty());
}
