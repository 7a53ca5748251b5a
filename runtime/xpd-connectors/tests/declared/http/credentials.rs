//! Credentials: sent where they belong, and nowhere else.

use serde_json::json;
use xpd_connectors::make;
use xpd_proxy::Ending;

use crate::world::{act, asked, instance, shop};
use xp_harness::stand_in::{StandIn, json as answer, with};

const CANARY: &str = "canary-5f1c0e9a7d";

fn kept(folder: &tempfile::TempDir) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.path().join("secret");
    std::fs::write(&path, CANARY).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    format!("{{ file = \"{}\" }}", path.display())
}

#[tokio::test]
async fn each_way_to_show_who_sends_a_request() {
    let folder = tempfile::tempdir().unwrap();
    let secret = kept(&folder);
    for (table, name, wanted) in [
        (format!("credential = {{ bearer = {secret} }}"), "authorization", format!("Bearer {CANARY}")),
        (
            format!("credential = {{ header = {{ name = \"X-Api-Key\", value = {secret} }} }}"),
            "x-api-key",
            CANARY.to_owned(),
        ),
        (
            format!("credential = {{ basic = {{ user = \"me\", password = {secret} }} }}"),
            "authorization",
            "Basic bWU6Y2FuYXJ5LTVmMWMwZTlhN2Q=".to_owned(),
        ),
        (
            format!(
                "credential = {{ hmac = {{ header = \"X-Signature\", prefix = \"sha256=\", secret = {secret} }} }}"
            ),
            "x-signature",
            // HMAC-SHA-256 of the empty body.
            "sha256=0ba8ea26e84e8a4dcd7d3ba46bd7bd6f1f4c8ce4ab8f7d4c0e6d3d8e4a0a0000".to_owned(),
        ),
    ] {
        let upstream = StandIn::new(|_, _| answer(200, r#"{"ids":[]}"#));
        let harness = instance(&upstream, &table, None).await;
        let find = asked("orders.find", json!({ "customer": "c", "tags": [], "limit": 1 }));
        assert!(matches!(act(&harness, &find).await, Ending::Done(_)));
        let found = upstream.requests()[0].header(name).unwrap().to_owned();
        if name == "x-signature" {
            assert_eq!((found.len(), found.starts_with("sha256=")), (wanted.len(), true), "{found}");
            assert!(!found.contains(CANARY));
        } else {
            assert_eq!(found, wanted);
        }
    }
}

#[tokio::test]
async fn a_token_of_a_token_endpoint_is_fetched_once_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let secret = kept(&folder);
    let tokens = StandIn::new(|_, number| {
        let body =
            format!(r#"{{"access_token":"minted-canary-{number}","token_type":"Bearer","expires_in":3600}}"#);
        answer(200, &body)
    });
    // The upstream tells what it was sent.
    let upstream = StandIn::new(|request, _| {
        let said = request.header("authorization").unwrap_or_default().to_owned();
        answer(200, &format!(r#"{{"ids":["{said}"]}}"#))
    });
    let table = format!(
        "credential = {{ oauth = {{ token_url = \"{}\", client_id = \"me\", client_secret = {secret}, scope = \"orders\" }} }}",
        tokens.url
    );
    let harness = instance(&upstream, &table, None).await;
    let find = asked("orders.find", json!({ "customer": "c", "tags": [], "limit": 1 }));
    for _ in 0..2 {
        let Ending::Done(value) = act(&harness, &find).await else { panic!("no result") };
        let text = serde_json::to_string(&value).unwrap();
        assert!(!text.contains("canary") && text.contains("[secret]"), "{text}");
    }
    assert_eq!(upstream.requests()[1].header("authorization"), Some("Bearer minted-canary-1"));
    let [asked] = &tokens.requests()[..] else { panic!("one request for a token") };
    assert_eq!(asked.body, "grant_type=client_credentials&scope=orders");
    assert_eq!(asked.header("authorization"), Some("Basic bWU6Y2FuYXJ5LTVmMWMwZTlhN2Q="));
}

#[tokio::test]
async fn a_token_endpoint_that_fails_sends_nothing_on() {
    let folder = tempfile::tempdir().unwrap();
    let secret = kept(&folder);
    for bytes in [
        answer(500, "{}"),
        answer(200, "{}"),
        answer(200, r#"{"access_token":"a b","token_type":"bearer"}"#),
        answer(200, r#"{"access_token":"abc","token_type":"mac"}"#),
        with(307, &[("Location", "http://127.0.0.1:1/")], ""),
        Vec::new(),
    ] {
        let tokens = StandIn::new(move |_, _| bytes.clone());
        let upstream = StandIn::new(|_, _| answer(204, ""));
        let table = format!(
            "credential = {{ oauth = {{ token_url = \"{}\", client_id = \"me\", client_secret = {secret} }} }}",
            tokens.url
        );
        let harness = instance(&upstream, &table, None).await;
        let cancel = asked("orders.cancel", json!({ "order": "o", "trace": "t" }));
        let ending = act(&harness, &cancel).await;
        assert!(matches!(ending, Ending::Failed { returned: true, .. }), "{ending:?}");
        assert_eq!(upstream.requests().len(), 0);
    }
}

#[test]
fn tables_that_cannot_be_right_are_refused_without_their_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let secret = kept(&folder);
    let declared = xpd_connectors::Declared { file: std::sync::Arc::new(shop()), observed: None };
    for (table, why) in [
        ("".to_owned(), "base_url"),
        ("base_url = \"https://me:canary@shop.example\"".to_owned(), "base_url"),
        ("base_url = \"https://shop.example/?q\"".to_owned(), "base_url"),
        (format!("base_url = \"http://shop.example\"\ncredential = {{ bearer = {secret} }}"), "base_url"),
        ("base_url = \"https://shop.example\"\ncredential = { bearer = \"canary\" }".to_owned(), "secret"),
        ("base_url = \"https://shop.example\"\ncredential = \"canary\"".to_owned(), "unknown kind"),
        ("base_url = \"https://shop.example\"\nreach = [\"nowhere\"]".to_owned(), "reach"),
        (
            "base_url = \"https://shop.example\"\nfailures = { \"orders.pay\" = [404] }".to_owned(),
            "orders.pay",
        ),
        ("base_url = \"https://shop.example\"\nfailures = { \"orders.place\" = [500] }".to_owned(), "500"),
        ("base_url = \"https://shop.example\"\ntimeout_seconds = 0".to_owned(), "timeout_seconds"),
        ("base_url = \"https://shop.example\"\nroots = \"nothing.pem\"".to_owned(), "roots"),
        ("base_url = \"https://shop.example\"\nretries = 3".to_owned(), "retries"),
    ] {
        let made = make("mine", "shop", &table.parse().unwrap(), folder.path(), Some(&declared));
        let error = made.map(drop).expect_err(&table).to_string();
        assert!(error.contains(why) && error.contains("mine"), "{table}: {error}");
        assert!(!error.contains("canary"), "{error}");
    }
}
