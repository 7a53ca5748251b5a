//! The deployment hook: requests are signed and carry an id, and redirects are not followed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use xp_harness::{Asked, Proxied};
use xp_scope::Value;
use xpd_connectors::deploy::{Deploy, Hook};
use xpd_egress::Reach;
use xpd_proxy::{ActError, Secret};

const SECRET: &str = "hook-secret-0123456789";

type Answer = (u16, String);

/// A receiver that checks signatures and returns prepared answers.
struct Receiver {
    url: String,
    received: Arc<Mutex<Vec<serde_json::Value>>>,
}

impl Receiver {
    async fn new(answer: Answer) -> Self {
        let received = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&received);
        let receive = move |headers: HeaderMap, body: Bytes| async move {
            let mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap().chain_update(&body);
            let tag: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(headers["x-xp-signature"], format!("sha256={tag}"));
            keep.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
            let status = StatusCode::from_u16(answer.0).unwrap();
            (status, [("location", "http://127.0.0.1:1/elsewhere")], answer.1).into_response()
        };
        let router = Router::new().route("/hook", axum::routing::post(receive));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, received }
    }

    fn connector(&self) -> Proxied<Deploy> {
        let hook = || Some(Hook::new(&self.url, Secret::new(SECRET).unwrap(), &Reach::default()).unwrap());
        Proxied::new(Deploy::new("deploy", hook(), hook()).unwrap())
    }
}

fn call(action: &str) -> Asked {
    let text = |text: &str| Value::Text(text.to_owned());
    let repo = [("owner", "acme"), ("name", "app"), ("default_branch", "main"), ("test_command", "true")];
    let repo = repo.map(|(name, value)| (name.to_owned(), text(value)));
    let mut args = BTreeMap::from([
        ("repo".to_owned(), Value::Record(BTreeMap::from(repo))),
        ("commit".to_owned(), text(&"a".repeat(40))),
    ]);
    if action == "production" {
        args.insert("tree".to_owned(), text(&"b".repeat(40)));
    }
    Asked {
        action: action.to_owned(),
        args,
        marker: "xp-0123456789abcdef".to_owned(),
        since: 0,
        expected: Vec::new(),
    }
}

#[tokio::test]
async fn the_hook_receives_the_granted_arguments_only() {
    let commit = "a".repeat(40);
    let receiver = Receiver::new((200, json!({ "passed": true, "commit": commit }).to_string())).await;
    let result = receiver.connector().act(&call("staging")).await.unwrap();
    assert_eq!(result.at(&["passed".to_owned()]), Some(&Value::Bool(true)));
    let received = receiver.received.lock().unwrap().clone();
    let expected = json!({ "environment": "staging", "repo": "acme/app", "commit": commit, "tree": null,
                           "id": "xp-0123456789abcdef" });
    assert_eq!(received, [expected]);

    let receiver = Receiver::new((200, json!({ "id": "release-7" }).to_string())).await;
    let result = receiver.connector().act(&call("production")).await.unwrap();
    assert_eq!(result.at(&["id".to_owned()]), Some(&Value::Text("release-7".to_owned())));
    assert_eq!(receiver.received.lock().unwrap()[0]["tree"], "b".repeat(40));
}

#[tokio::test]
async fn every_other_answer_is_what_it_is() {
    let other = json!({ "passed": true, "commit": "c".repeat(40) }).to_string();
    for (answer, known) in [
        ((409, String::new()), Some(409)),
        ((422, "secret upstream text".to_owned()), Some(422)),
        ((500, String::new()), None),
        ((408, String::new()), None),
        ((302, String::new()), None),
        ((200, "{}".to_owned()), None),
        ((200, "x".repeat(100_000)), None),
        ((200, other), None),
    ] {
        let receiver = Receiver::new(answer.clone()).await;
        let error = receiver.connector().act(&call("staging")).await.unwrap_err();
        match known {
            Some(code) => {
                assert!(matches!(error, ActError::Refused { status, .. } if status == code), "{error:?}")
            }
            None => assert!(matches!(error, ActError::Unknown(_)), "{answer:?}: {error:?}"),
        }
        assert!(!error.to_string().contains("secret"), "{error}");
        assert_eq!(receiver.received.lock().unwrap().len(), 1, "asked once, followed nowhere");
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    drop(listener);
    let hook = Hook::new(&url, Secret::new(SECRET).unwrap(), &Reach::default()).unwrap();
    let gone = Proxied::new(Deploy::new("deploy", Some(hook), None).unwrap());
    assert!(matches!(gone.act(&call("staging")).await, Err(ActError::NotSent(_))));
    assert!(matches!(gone.act(&call("production")).await, Err(ActError::NotSent(_))));
}

#[test]
fn a_secret_does_not_travel_in_the_clear() {
    for url in [
        "http://example.org/hook",
        "ftp://127.0.0.1/",
        "http://127.0.0.1.example.org/",
        "http://localhost/hook",
        "hook",
    ] {
        assert!(Hook::new(url, Secret::new(SECRET).unwrap(), &Reach::default()).is_err(), "{url}");
    }
}
