//! Connectors of users: shown, accepted by digest, served as accepted, and tested at their upstream.

use std::sync::Mutex;

use xp_artifact::ConnectorFile;
use xp_artifact::Transport;
use xp_artifact::http::Method;

use crate::site::{CONFIG, Site};
use xp_harness::stand_in::{StandIn, json};

const SHOP: &str = include_str!("../../../xpd-connectors/tests/declared/http/shop.json");

fn digest(text: &str) -> String {
    ConnectorFile::open(text.as_bytes()).unwrap().digest().unwrap().to_string()
}

/// A folder in which the shop is registered, with an instance at an address.
fn registered(url: &str, keys: &str) -> Site {
    let site = Site::new();
    site.put("shop.json", SHOP);
    site.run(&["connectors", "add", "shop.json", "--accept", &digest(SHOP), "--by", "ann"]).exits(0);
    site.put("xpd.toml", &format!("{CONFIG}[connector.shop]\nbase_url = \"{url}\"\n{keys}"));
    site
}

#[test]
fn nothing_is_registered_before_its_digest_is_given() {
    let site = Site::new();
    site.put("shop.json", SHOP);
    let known = digest(SHOP);
    let shown = site.run(&["connectors", "add", "shop.json"]).exits(0).says(&[
        &known,
        "orders.refund",
        "POST /orders/{order}/refunds",
        "effect pay, irreversible",
        "any other answer is a doubt",
        "Idempotency-Key within 86400 s",
        "is left to a person",
        &format!("xpd connectors add shop.json --accept {known} --by YOUR-NAME"),
    ]);
    assert!(!site.path("connectors").exists(), "{shown}");
    let zeros = format!("sha256:{}", "0".repeat(64));
    site.run(&["connectors", "add", "shop.json", "--accept", &zeros, "--by", "ann"]).exits(3).says(&[&known]);
    site.run(&["connectors", "add", "shop.json", "--accept", &known]).exits(2).says(&["--by"]);
    assert!(!site.path("connectors").exists());
    site.put("xpd.toml", &format!("{CONFIG}[connector.shop]\nbase_url = \"https://shop.example\"\n"));
    site.run(&["doctor"]).exits(3).says(&["no connector of kind `shop`", "xpd connectors add"]);
}

#[test]
fn a_registered_declaration_is_served_as_it_was_accepted() {
    let site = registered("https://shop.example", "");
    site.run(&["connectors", "list"]).exits(0).says(&[
        "shop: shop sha256:",
        "accepted by ann",
        "can be made",
    ]);
    let server = site.serve();
    site.run(&["doctor"]).says(&["ok     connector shop: can be made"]);
    server.stop();
    site.run(&["connectors", "add", "shop.json"]).exits(0).says(&["registered already"]);
    let changed = SHOP.replace("\"path\":[{\"literal\":\"orders\"}", "\"path\":[{\"literal\":\"others\"}");
    assert_ne!(changed, SHOP);
    site.put("connectors/shop.json", &changed);
    for command in ["serve", "doctor"] {
        site.run(&[command]).exits(2).says(&["not the declaration that was accepted", "shop.json"]);
    }
    site.put("connectors/shop.json", "{}");
    site.run(&["serve"]).exits(2).says(&["no file of a connector"]);
    std::fs::remove_file(site.path("connectors/shop.json")).unwrap();
    site.run(&["serve"]).exits(2).says(&["shop.json"]);
}

#[test]
fn a_declaration_that_nobody_could_mean_is_refused() {
    let mut file = ConnectorFile::open(SHOP.as_bytes()).unwrap();
    let find = file.actions.iter_mut().find(|action| action.name == "orders.find").unwrap();
    let Some(Transport::Http(http)) = &mut find.transport else { panic!("it has a request") };
    http.method = Method::Post;
    let text = String::from_utf8(file.canonical().unwrap()).unwrap();
    let site = Site::new();
    site.put("shop.json", &text);
    let known = digest(&text);
    site.run(&["connectors", "add", "shop.json"]).exits(0).says(&["--changes-nothing orders.find"]);
    let accept = ["connectors", "add", "shop.json", "--accept", &known, "--by", "ann"];
    site.run(&accept).exits(2).says(&["--changes-nothing orders.find"]);
    assert!(!site.path("connectors").exists());
    site.run(&[&accept[..], &["--changes-nothing", "orders.find"]].concat()).exits(0);
    site.run(&["connectors", "list"]).exits(0).says(&["accepted by ann"]);
    for (from, to, why) in [
        ("\"name\":\"shop\"", "\"name\":\"github\"", "among those of"),
        ("\"connector_format\":1", "\"connector_format\":2", "format 2"),
        ("{\"actions\"", "{ \"actions\"", "canonical"),
    ] {
        site.put("bad.json", &SHOP.replacen(from, to, 1));
        site.run(&["connectors", "add", "bad.json"]).exits(2).says(&["bad.json", why]);
    }
}

/// Refunds by key, or for each request, and a list of them.
fn shop(keeps_keys: bool, refuses: bool) -> StandIn {
    let refunds: Mutex<Vec<String>> = Mutex::default();
    StandIn::new(move |request, number| {
        let mut refunds = refunds.lock().unwrap();
        let ids = || {
            json(
                200,
                &format!(
                    r#"{{"ids":[{}]}}"#,
                    refunds.iter().map(|id| format!("\"{id}\"")).collect::<Vec<_>>().join(",")
                ),
            )
        };
        if request.line.starts_with("GET ") {
            return ids();
        }
        let key = request.header("idempotency-key").unwrap().to_owned();
        if request.line.contains("/unknown/") {
            if refuses {
                refunds.push(format!("secretly-{number}"));
            }
            return json(404, "{}");
        }
        let id = if keeps_keys { key } else { format!("r-{number}") };
        if !refunds.contains(&id) {
            refunds.push(id.clone());
        }
        json(201, &format!(r#"{{"id":"{id}","status":"succeeded"}}"#))
    })
}

const PLAN: &str = r#"{"calls": [
    {"action": "orders.refund", "args": {"order": "unknown", "amount": "1.00"}, "fails": 404,
     "observe": {"action": "orders.find", "args": {"customer": "c", "tags": []}}},
    {"action": "orders.refund", "args": {"order": "o-1", "amount": "1.00"},
     "observe": {"action": "orders.find", "args": {"customer": "c", "tags": []}}},
    {"action": "orders.find", "args": {"customer": "c", "tags": [], "limit": 1},
     "observe": {"action": "orders.find", "args": {"customer": "c", "tags": []}}}
]}"#;

#[test]
fn what_a_test_saw_is_recorded_for_this_instance() {
    let upstream = shop(true, false);
    let site = registered(&upstream.url, "");
    site.put("plan.json", PLAN);
    let test = ["connectors", "test", "shop", "--plan", "plan.json", "--against", &upstream.url];
    site.run(&test).exits(0).says(&[
        "seen   orders.refund: two requests with one key make one effect",
        "seen   orders.refund: status 404 leaves the upstream unchanged",
        "ok     orders.find: changes nothing",
        "recorded for shop",
    ]);
    let record = std::fs::read_to_string(site.path("connectors/shop.observed.json")).unwrap();
    assert!(record.contains("\"key_is_kept\": true") && record.contains("404"), "{record}");
    let lines = std::fs::read_to_string(site.path("connectors/shop.observed.transcript.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), upstream.requests().len(), "each request is in the transcript");
    assert_eq!(upstream.effects(), 4, "with one key twice, with another once, and the failure");
    assert_eq!(upstream.requests()[1].body, r#"{"amount":{"value":1.00,"currency":"EUR"}}"#);
    site.run(&["doctor"]).says(&["ok     connector shop"]);
}

#[test]
fn what_is_not_so_is_not_recorded() {
    // Keys are ignored: the check fails, and nothing is recorded.
    let upstream = shop(false, false);
    let site = registered(&upstream.url, "");
    site.put("plan.json", PLAN);
    let test = |url: &str| {
        ["connectors", "test", "shop", "--plan", "plan.json", "--against", url].map(str::to_owned)
    };
    let run = |site: &Site, url: &str| site.run(&test(url).each_ref().map(String::as_str));
    run(&site, &upstream.url)
        .exits(3)
        .says(&["wrong  orders.refund: acts once for one key", "nothing is recorded"]);
    assert!(!site.path("connectors/shop.observed.json").exists());
    // An answer of 404 after which something is there.
    let upstream = shop(true, true);
    let site = registered(&upstream.url, "");
    site.put("plan.json", PLAN);
    run(&site, &upstream.url).exits(0).says(&["that status 404 leaves the upstream unchanged was not seen"]);
    let record = std::fs::read_to_string(site.path("connectors/shop.observed.json")).unwrap();
    assert!(record.contains("\"unchanged_after\": []"), "{record}");
    // An observation that shows nothing proves nothing.
    let silent = StandIn::new(|request, _| match request.line.starts_with("GET ") {
        true => json(200, r#"{"ids":[]}"#),
        false if request.line.contains("/unknown/") => json(404, "{}"),
        false => json(201, r#"{"id":"r","status":"succeeded"}"#),
    });
    let site = registered(&silent.url, "");
    site.put("plan.json", PLAN);
    run(&site, &silent.url)
        .exits(0)
        .says(&["the observation does not show its effect", "no success of this action was seen"]);
    let record = std::fs::read_to_string(site.path("connectors/shop.observed.json")).unwrap();
    assert!(!record.contains("true") && !record.contains("404"), "{record}");
    // Another address, a plan that is none, an argument that is none.
    run(&site, "http://127.0.0.1:1").exits(2).says(&["--against"]);
    site.put("plan.json", "{\"calls\": []}");
    run(&site, &silent.url).exits(2).says(&["1 to 200"]);
    site.put("plan.json", "{\"calls\": [{\"action\": \"orders.refund\", \"args\": {\"order\": \"o\"}}]}");
    run(&site, &silent.url).exits(2).says(&["amount"]);
}
