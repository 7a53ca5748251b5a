//! What the people's door refuses before anything else.

use serde_json::json;

use super::house::{ask, invited, waiting, world};

#[tokio::test]
async fn only_its_own_origin_is_served_and_nothing_is_stored_or_framed() {
    let world = world("").await;
    let url = world.running.people.clone();
    let host = url.strip_prefix("http://").unwrap().to_owned();
    let client = reqwest::Client::new();
    let page = client.get(format!("{url}/login")).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let header = |name: &str| page.headers()[name].to_str().unwrap().to_owned();
    let policy = header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(header("cache-control"), "no-store");
    assert!(!page.headers().contains_key("access-control-allow-origin"));
    let port = host.split_once(':').unwrap().1.to_owned();
    let evil = format!("http://localhost:{}", port.parse::<u16>().unwrap() ^ 1);
    let get = [
        ("Host", "evil.example".to_owned()),
        ("Host", format!("127.0.0.1:{port}")),
        ("Origin", evil.clone()),
        ("Origin", "null".to_owned()),
        ("Sec-Fetch-Site", "same-site".to_owned()),
        ("Sec-Fetch-Site", "cross-site".to_owned()),
        ("Sec-Purpose", "prefetch".to_owned()),
    ];
    for (name, value) in get {
        let answer = client.get(format!("{url}/login")).header(name, &value).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{name}: {value}");
    }
    let post = |origin: Option<String>, kind: &str| {
        let request = client
            .post(format!("{url}/login/begin"))
            .header("Content-Type", kind)
            .body("{\"name\":\"rita\"}");
        let request = match origin {
            Some(origin) => request.header("Origin", origin),
            None => request,
        };
        async { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(post(Some(url.clone()), "application/json").await, 401, "nobody has a passkey yet");
    assert_eq!(post(None, "application/json").await, 403);
    assert_eq!(post(Some(evil), "application/json").await, 403);
    assert_eq!(post(Some(url.clone()), "text/plain").await, 400);
    world.running.stop().await;
}

#[tokio::test]
async fn agents_and_people_have_doors_of_their_own() {
    let world = world("").await;
    let run = waiting(&world, json!(["src/a.rs"])).await;
    // A person has no key, so nothing at the agents' door is a person.
    let rita = world.agent("rita").post_with("/v1/sessions", None, &json!({ "run": run })).await;
    rita.refused("unauthenticated");
    // An agent's proof is no session of a person.
    let ann = world.joined("ann", &run).await;
    let path = format!("/runs/{run}/steps/review");
    let proof = ann.proof("GET", &path, Some(&ann.session), b"");
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let request = client.get(format!("{}{path}", world.running.people)).header("DPoP", proof);
    let answer = request.header("Authorization", format!("DPoP {}", ann.session)).send().await.unwrap();
    assert_eq!(answer.headers()["location"], "/login");
    // The routes for administrators are not at the agents' door, and links are for people only.
    let over_tcp = world.admin().post_with("/v1/people/invite", None, &json!({ "person": "rita" })).await;
    over_tcp.refused("unknown");
    ask(&world, "invite", json!({ "person": "ann" })).await.refused("unknown");
    invited(&world, "rita").await;
    world.running.stop().await;
}
