//! Credentials for git hosts: to which requests they are attached, and where they must not appear.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use tokio::sync::watch;
use xp_scope::Value;
use xpd_connectors::sandbox::{Config, Credential};
use xpd_proxy::{ActError, Secret};

use super::{Repository, call, part};

const TOKEN: &str = "GITCANARY-7c1e5a";
/// Base64 of `x-access-token:` and the token.
const BASIC: &str = "eC1hY2Nlc3MtdG9rZW46R0lUQ0FOQVJZLTdjMWU1YQ==";

/// A git host with one repository, `acme/app.git`, that requires the token.
#[derive(Clone)]
struct Host {
    bare: PathBuf,
    /// Requests are held until this is true.
    open: watch::Receiver<bool>,
    asked: watch::Sender<u32>,
    presented: Arc<Mutex<Vec<Option<String>>>>,
}

async fn answer(State(host): State<Host>, Path(path): Path<String>, headers: HeaderMap) -> Response {
    let presented = headers.get("authorization").and_then(|value| value.to_str().ok()).map(str::to_owned);
    host.presented.lock().unwrap().push(presented.clone());
    host.asked.send_modify(|count| *count += 1);
    host.open.clone().wait_for(|open| *open).await.unwrap();
    if presented.as_deref() != Some(&format!("Basic {BASIC}")) {
        return (StatusCode::UNAUTHORIZED, [("www-authenticate", "Basic realm=\"git\"")]).into_response();
    }
    // The dumb HTTP protocol, which needs only static files.
    match path.strip_prefix("acme/app.git/").map(|name| std::fs::read(host.bare.join(name))) {
        Some(Ok(bytes)) => bytes.into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Everything that an unprivileged user can read about all processes.
fn arguments() -> String {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.map(|line| String::from_utf8_lossy(&line).into_owned() + "\n").collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_private_repository_is_fetched_and_nobody_sees_with_what() {
    let repository = Repository::new();
    let commit = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["-C", &repository.bare.display().to_string(), "update-server-info"]);
    let (open, opened) = watch::channel(false);
    let host = Host {
        bare: repository.bare.clone(),
        open: opened,
        asked: watch::Sender::new(0),
        presented: Arc::default(),
    };
    let mut asked = host.asked.subscribe();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/{*path}", axum::routing::get(answer)).with_state(host.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });

    let with = |credentials: Vec<Credential>| {
        repository.sandbox(|config| {
            config.repositories = BTreeMap::new();
            config.git_base = Some(base.clone());
            config.credentials = credentials;
        })
    };
    let secret = Secret::new(TOKEN).unwrap();
    let right = Credential::new(&base, "x-access-token", &secret).unwrap();
    let sandbox = with(vec![right.clone()]);
    let look = async {
        asked.wait_for(|count| *count > 0).await.unwrap();
        let seen = arguments();
        open.send_replace(true);
        seen
    };
    let wanted = call(&commit, "env; cat src/answer; cat /proc/*/environ");
    let (ran, seen) = tokio::join!(sandbox.act(&wanted), look);
    assert!(seen.contains("git-remote-http"), "it was looked at while git asked: {seen}");
    assert!(!seen.contains(TOKEN) && !seen.contains(BASIC), "{seen}");
    let ran = ran.unwrap();
    let output = part(&ran, "output").as_text().unwrap();
    assert!(output.contains("41") && !output.contains(TOKEN) && !output.contains(BASIC), "{output}");
    assert_eq!(part(&ran, "passed"), &Value::Bool(true));

    // The credential is not sent to another address, and nothing is fetched from it.
    let before = host.presented.lock().unwrap().len();
    let other = Credential::new("http://127.0.0.1:1", "x-access-token", &secret).unwrap();
    for credentials in [vec![other], Vec::new()] {
        let refused = with(credentials).act(&call(&commit, "true")).await.unwrap_err();
        assert!(matches!(refused, ActError::NotSent(_)), "{refused:?}");
    }
    assert!(host.presented.lock().unwrap().iter().skip(before).all(Option::is_none));
    // `Debug` does not print it.
    let config = Config { credentials: vec![right], ..Config::default() };
    assert!(!format!("{config:?}").contains(TOKEN) && !format!("{config:?}").contains(BASIC));
}
