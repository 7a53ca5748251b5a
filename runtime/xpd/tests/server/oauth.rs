//! OAuth at the agents' door: what the server says of itself, and the exchange of an identity for a session.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{Agent, Fake, Site, World, agent, open};

const RESOURCE: &str = "/.well-known/oauth-protected-resource";
const SERVER: &str = "/.well-known/oauth-authorization-server";
pub const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// A document, asked for under a name of the host.
async fn document(at: &str, path: &str, host: Option<&str>) -> (u16, Value) {
    let mut request = reqwest::Client::new().get(format!("{at}{path}"));
    if let Some(host) = host {
        request = request.header("Host", host);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap())
}

/// The parameters of an exchange of the agent's own key.
fn by_key(agent: &Agent, run: &str) -> Vec<(String, String)> {
    let run = format!("xp:run:{run}");
    let pairs = [
        ("grant_type", EXCHANGE),
        ("subject_token", agent.key.kid()),
        ("subject_token_type", "xp:token-type:key"),
        ("scope", &run),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

pub fn encoded(form: &[(String, String)]) -> Vec<u8> {
    let mut text = reqwest::Url::parse("http://h/").unwrap();
    text.query_pairs_mut().extend_pairs(form);
    text.query().unwrap().as_bytes().to_vec()
}

pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub cache: String,
    pub challenge: String,
}

impl Answer {
    #[track_caller]
    pub fn refused(&self, status: u16, error: &str) {
        assert_eq!((self.status, self.body["error"].as_str()), (status, Some(error)), "{}", self.body);
        assert!(self.body["error_description"].is_string() && self.body["code"].is_string(), "{}", self.body);
        assert_eq!(self.cache, "no-store");
        assert!(self.body.get("access_token").is_none(), "{}", self.body);
    }
}

async fn post(agent: &Agent, proof: Option<&str>, body: Vec<u8>) -> Answer {
    let mut request = reqwest::Client::new()
        .post(format!("{}/oauth/token", agent.url))
        .header("Content-Type", "application/x-www-form-urlencoded");
    if let Some(proof) = proof {
        request = request.header("DPoP", proof);
    }
    answer(request.body(body)).await
}

pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.unwrap();
    let header = |name: &str| {
        answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    };
    let (status, cache, challenge) =
        (answer.status().as_u16(), header("cache-control"), header("www-authenticate"));
    let text = answer.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answer { status, body, cache, challenge }
}

pub async fn exchange(agent: &Agent, form: &[(String, String)]) -> Answer {
    let body = encoded(form);
    let proof = agent.proof("POST", "/oauth/token", None, &body);
    post(agent, Some(&proof), body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_metadata_say_is_so() {
    let world = World::new().await;
    let url = &world.running.url;
    let port = url.rsplit(':').next().unwrap();
    let (status, server) = document(url, SERVER, None).await;
    assert_eq!(status, 200);
    assert_eq!(server["issuer"], json!(url));
    assert_eq!(server["grant_types_supported"], json!([EXCHANGE]));
    assert_eq!(server["token_endpoint_auth_methods_supported"], json!(["none"]));
    assert_eq!(server["dpop_signing_alg_values_supported"], json!(["EdDSA", "ES256"]));
    assert!(server.get("authorization_endpoint").is_none(), "{server}");
    let keys = reqwest::get(server["jwks_uri"].as_str().unwrap()).await.unwrap().text().await.unwrap();
    assert!(serde_json::from_str::<Value>(&keys).unwrap()["keys"][0]["kty"].is_string(), "{keys}");
    assert_eq!(server["token_endpoint"], json!(format!("{url}/oauth/token")));
    for (path, resource) in [("", url.clone()), ("/mcp", format!("{url}/mcp"))] {
        let (status, found) = document(url, &format!("{RESOURCE}{path}"), None).await;
        assert_eq!((status, &found["resource"]), (200, &json!(resource)), "{found}");
        assert_eq!(found["authorization_servers"], json!([url]));
        assert_eq!(found["bearer_methods_supported"], json!([]));
        assert_eq!(found["dpop_bound_access_tokens_required"], json!(true));
        // The name under which it is asked changes nothing.
        let other = document(url, &format!("{RESOURCE}{path}"), Some(&format!("localhost:{port}"))).await;
        assert_eq!(other, (200, found));
    }
    for path in [format!("{RESOURCE}/v1"), format!("{SERVER}/mcp"), format!("{RESOURCE}/mcp/x")] {
        assert_eq!(document(url, &path, None).await.0, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_without_a_token_is_told_where_to_get_one() {
    let world = World::new().await;
    let ann = world.agent("ann");
    for (path, resource) in [("/mcp", "/mcp"), ("/v1/sessions", "")] {
        let request = reqwest::Client::new().post(format!("{}{path}", ann.url));
        let got = answer(request.header("Content-Type", "application/json").body("{}")).await;
        assert_eq!(got.status, 401, "{}", got.body);
        let wanted =
            format!("DPoP algs=\"EdDSA ES256\", resource_metadata=\"{}{RESOURCE}{resource}\"", ann.url);
        assert_eq!(got.challenge, wanted);
        let metadata = got.challenge.split("resource_metadata=\"").nth(1).unwrap().trim_end_matches('"');
        let found = reqwest::get(metadata).await.unwrap().text().await.unwrap();
        let found: Value = serde_json::from_str(&found).unwrap();
        assert_eq!(found["resource"], json!(format!("{}{resource}", ann.url)));
    }
    // A token without a proof opens nothing.
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    for scheme in ["Bearer", "DPoP"] {
        let request = reqwest::Client::new().post(format!("{}/mcp", ann.url));
        let request = request.header("Authorization", format!("{scheme} {}", ann.session));
        let got = answer(request.header("Content-Type", "application/json").body("{}")).await;
        assert_eq!((got.status, got.challenge.contains("resource_metadata=")), (401, true), "{}", got.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn urls_are_those_of_the_configured_name() {
    let (site, fake) = (Site::new(), Arc::new(Fake::default()));
    let file = site.folder.join("xpd.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let named = "name = \"xpd.test\"\nurl = \"https://xp.example/agents/\"";
    std::fs::write(&file, text.replace("name = \"xpd.test\"", named)).unwrap();
    let server = open(&site, &fake).await.unwrap();
    let at = format!("http://{}", server.address().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let task = tokio::spawn(server.run(async { drop(stopped.await) }));
    let base = "https://xp.example/agents";
    for host in [None, Some("xp.example")] {
        for path in ["/mcp", "/agents/mcp"] {
            let (status, found) = document(&at, &format!("{RESOURCE}{path}"), host).await;
            assert_eq!((status, &found["resource"]), (200, &json!(format!("{base}/mcp"))), "{found}");
            assert_eq!(found["authorization_servers"], json!([base]));
        }
        for path in ["", "/agents"] {
            let (status, found) = document(&at, &format!("{SERVER}{path}"), host).await;
            assert_eq!((status, &found["issuer"]), (200, &json!(base)), "{found}");
            assert_eq!(found["token_endpoint"], json!(format!("{base}/oauth/token")));
            assert_eq!(found["jwks_uri"], json!(format!("{base}/.well-known/jwks.json")));
        }
    }
    let request = reqwest::Client::new().post(format!("{at}/mcp")).header("Content-Type", "application/json");
    let challenge = answer(request.body("{}")).await.challenge;
    let metadata = "https://xp.example/.well-known/oauth-protected-resource/agents/mcp";
    assert!(challenge.ends_with(&format!("resource_metadata=\"{metadata}\"")), "{challenge}");
    drop(stop);
    task.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registered_key_is_exchanged_for_a_session_of_one_run() {
    let world = World::new().await;
    let (run, other) = (world.start().await, world.start().await);
    let mut ann = world.agent("ann");
    let mut form = by_key(&ann, &run);
    form.push(("client_id".to_owned(), "ann".to_owned()));
    form.push(("resource".to_owned(), format!("{}/mcp", ann.url)));
    form.push(("audience".to_owned(), ann.url.clone()));
    form.push(("requested_token_type".to_owned(), ACCESS_TOKEN.to_owned()));
    form.push(("something_else".to_owned(), "ignored".to_owned()));
    let got = exchange(&ann, &form).await;
    assert_eq!((got.status, got.cache.as_str()), (200, "no-store"), "{}", got.body);
    assert_eq!(got.body["token_type"], "DPoP");
    assert_eq!(got.body["issued_token_type"], ACCESS_TOKEN);
    assert_eq!(got.body["scope"], json!(format!("xp:run:{run}")));
    assert_eq!(got.body["expires_in"], 900);
    ann.session = got.body["access_token"].as_str().unwrap().to_owned();
    ann.run = run;
    ann.act("work", "fake.note", json!({ "text": "x" })).await.ok();
    assert_eq!(world.fake.count("note"), 1);
    // For that run, and with that key.
    ann.run = other;
    ann.ask("work", "fake.note", json!({ "text": "x" })).await.refused("unknown");
    let mut ben = world.agent("ben");
    (ben.session, ben.run) = (ann.session.clone(), ann.run.clone());
    ben.ask("work", "fake.note", json!({ "text": "x" })).await.refused("unauthenticated");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_an_exchange_is_said_as_the_standards_say() {
    let world = World::new().await;
    let run = world.start().await;
    let ann = world.agent("ann");
    let good = by_key(&ann, &run);
    let with = |name: &str, value: &str| {
        let mut form: Vec<_> = good.iter().filter(|(known, _)| known != name).cloned().collect();
        form.push((name.to_owned(), value.to_owned()));
        form
    };
    let bens = agent::key("ben");
    let cases = [
        ("grant_type", "client_credentials", 400, "unsupported_grant_type"),
        ("grant_type", "", 400, "invalid_request"),
        ("subject_token", bens.kid(), 400, "invalid_request"),
        ("subject_token", "", 400, "invalid_request"),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:saml2", 400, "invalid_request"),
        ("subject_token_type", ACCESS_TOKEN, 400, "invalid_request"),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token", 400, "invalid_request"),
        ("actor_token", "x", 400, "invalid_request"),
        ("resource", "https://other.example/mcp", 400, "invalid_target"),
        ("audience", "other", 400, "invalid_target"),
        ("scope", "", 400, "invalid_request"),
        ("scope", "xp:run:", 400, "invalid_scope"),
        ("scope", "xp:run:none", 400, "invalid_scope"),
        ("scope", &format!("xp:run:{run} xp:run:{run}"), 400, "invalid_scope"),
        ("scope", &run, 400, "invalid_scope"),
        ("client_id", "ben", 401, "invalid_client"),
        ("client_secret", "x", 401, "invalid_client"),
        ("client_assertion", "x", 401, "invalid_client"),
    ];
    for (name, value, status, error) in cases {
        exchange(&ann, &with(name, value)).await.refused(status, error);
    }
    // A parameter that is named twice, even with the same value.
    let mut twice = good.clone();
    twice.push(("scope".to_owned(), format!("xp:run:{run}")));
    exchange(&ann, &twice).await.refused(400, "invalid_request");
    // No proof, one for another body, one that was used before, one by a key that is not registered.
    let body = encoded(&good);
    post(&ann, None, body.clone()).await.refused(400, "invalid_dpop_proof");
    let other = ann.proof("POST", "/oauth/token", None, b"scope=other");
    post(&ann, Some(&other), body.clone()).await.refused(400, "invalid_dpop_proof");
    let other = ann.proof("POST", "/v1/sessions", None, &body);
    post(&ann, Some(&other), body.clone()).await.refused(400, "invalid_dpop_proof");
    let proof = ann.proof("POST", "/oauth/token", None, &body);
    assert_eq!(post(&ann, Some(&proof), body.clone()).await.status, 200);
    post(&ann, Some(&proof), body.clone()).await.refused(400, "invalid_dpop_proof");
    let stranger = Agent::new(agent::key("nobody"), &world.running.url);
    let got = exchange(&stranger, &by_key(&stranger, &run)).await;
    got.refused(401, "invalid_client");
    assert!(got.challenge.starts_with("DPoP "), "{}", got.challenge);
    // A principal without a role in the run.
    let eve = world.agent("eve");
    exchange(&eve, &by_key(&eve, &run)).await.refused(400, "invalid_scope");
    // Too large, not a form, and a form where JSON is asked for.
    let large = with("something", &"x".repeat(20_000));
    exchange(&ann, &large).await.refused(400, "invalid_request");
    post(&ann, Some(&proof), b"scope=%zz".to_vec()).await.refused(400, "invalid_request");
    for (path, kind) in
        [("/oauth/token", "application/json"), ("/v1/sessions", "application/x-www-form-urlencoded")]
    {
        let proof = ann.proof("POST", path, None, &body);
        let request = reqwest::Client::new().post(format!("{}{path}", ann.url));
        let request = request.header("Content-Type", kind).header("DPoP", proof);
        let got = answer(request.body(body.clone())).await;
        assert_eq!((got.status, &got.body["code"]), (400, &json!("bad_request")), "{path}");
    }
    let request = reqwest::Client::new().post(format!("{}/oauth/token", ann.url));
    let request = request.header("Content-Type", "application/x-www-form-urlencoded");
    let got = answer(request.header("Authorization", "Basic YTpi").body(body)).await;
    got.refused(401, "invalid_client");
}
