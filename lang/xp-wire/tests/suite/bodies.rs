//! Bodies as they stand on the wire, byte for byte: clients in other languages rest on this.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use xp_wire::RefusalCode;
use xp_wire::body::{
    ActionRequest, ActionResponse, DeployResponse, Deployment, Doubtful, GrantRequest, GrantResponse,
    HealthCondition, HealthResponse, HealthStatus, JudgementRequest, Jwk, JwkSet, KillRequest, KillScope,
    Offer, OfferedGrant, OfferedOutcome, Problem, Recorded, ResolveRequest, RunStatus, RunSummary,
    SaidResponse, ServerResponse, SessionRequest, SessionResponse, StartRequest, StartResponse, StepSummary,
    SubmissionRequest, TokenType, ViewRequest, ViewResponse, WaitsFor,
};

/// It is written so and read back.
#[track_caller]
fn written<T: Serialize + DeserializeOwned + PartialEq + Debug>(body: &T, golden: &str) {
    assert_eq!(serde_json::to_string(body).unwrap(), golden);
    assert_eq!(&serde_json::from_str::<T>(golden).unwrap(), body);
}

fn with(golden: &str, member: &str, value: Value) -> String {
    let mut object: Value = serde_json::from_str(golden).unwrap();
    object[member] = value;
    object.to_string()
}

/// A request: besides, it takes no member that it does not know.
#[track_caller]
fn asked<T: Serialize + DeserializeOwned + PartialEq + Debug>(body: &T, golden: &str) {
    written(body, golden);
    assert!(serde_json::from_str::<T>(&with(golden, "more", json!(1))).is_err(), "{golden}");
}

/// An answer: besides, it may gain members.
#[track_caller]
fn answered<T: Serialize + DeserializeOwned + PartialEq + Debug>(body: &T, golden: &str) {
    written(body, golden);
    assert_eq!(&serde_json::from_str::<T>(&with(golden, "more", json!(1))).unwrap(), body, "{golden}");
}

fn s(text: &str) -> String {
    text.to_owned()
}

#[test]
fn starting_a_run() {
    let staff = BTreeMap::from([(s("author"), s("ann"))]);
    let ask = StartRequest { artifact: s("fix"), params: json!({"n": 1}), staff, request_id: Some(s("r")) };
    asked(&ask, r#"{"artifact":"fix","params":{"n":1},"staff":{"author":"ann"},"request_id":"r"}"#);
    let ask = StartRequest { staff: BTreeMap::new(), request_id: None, ..ask };
    asked(&ask, r#"{"artifact":"fix","params":{"n":1}}"#);
    let nulls = r#"{"artifact":"fix","params":{"n":1},"request_id":null}"#;
    assert_eq!(serde_json::from_str::<StartRequest<Value>>(nulls).unwrap(), ask);
    assert!(serde_json::from_str::<StartRequest<Value>>(r#"{"artifact":"fix"}"#).is_err());
    let answer =
        StartResponse { run: s("r1"), shadow: false, artifact: s("sha256:0"), index: 7, replayed: false };
    answered(&answer, r#"{"run":"r1","artifact":"sha256:0","index":7,"replayed":false}"#);
    let shadow = StartResponse { shadow: true, ..answer };
    answered(&shadow, r#"{"run":"r1","shadow":true,"artifact":"sha256:0","index":7,"replayed":false}"#);
}

#[test]
fn a_session() {
    asked(&SessionRequest { run: s("r1") }, r#"{"run":"r1"}"#);
    let answer = SessionResponse { access_token: s("t"), token_type: TokenType::DPoP, expires_in: 900 };
    answered(&answer, r#"{"access_token":"t","token_type":"DPoP","expires_in":900}"#);
}

#[test]
fn where_a_run_is() {
    let step = StepSummary { step: s("work"), open: false, opening: 2, outcome: Some(s("work.done")) };
    let open = StepSummary { step: s("review"), open: true, opening: 1, outcome: None };
    let summary = RunSummary {
        run: s("r1"),
        shadow: false,
        workflow: s("fix"),
        artifact: s("sha256:0"),
        status: RunStatus::Running,
        ended_by: None,
        entries: 12,
        closed: false,
        steps: vec![step, open],
    };
    answered(
        &summary,
        r#"{"run":"r1","workflow":"fix","artifact":"sha256:0","status":"running","ended_by":null,"entries":12,"closed":false,"steps":[{"step":"work","open":false,"opening":2,"outcome":"work.done"},{"step":"review","open":true,"opening":1,"outcome":null}]}"#,
    );
    for (status, golden) in [
        (RunStatus::Running, r#""running""#),
        (RunStatus::Finished, r#""finished""#),
        (RunStatus::Ended, r#""ended""#),
        (RunStatus::Killed, r#""killed""#),
    ] {
        written(&status, golden);
    }
}

#[test]
fn what_may_be_done() {
    let args = vec![(s("id"), s("the issue"), Some(json!(4))), (s("text"), s("any text"), None)];
    let offer = Offer {
        step: s("work"),
        role: s("author"),
        opening: 1,
        grants: vec![OfferedGrant { grant: s("2"), action: s("tickets.issues.read"), args, left: 3 }],
        submissions: vec![(s("files"), false)],
        outcomes: vec![OfferedOutcome { outcome: s("done"), of: Some(s("work.files")), evidence: true }],
        notes: vec![s("again")],
        withheld: false,
    };
    answered(
        &offer,
        r#"{"step":"work","role":"author","opening":1,"grants":[{"grant":"2","action":"tickets.issues.read","args":[["id","the issue",4],["text","any text",null]],"left":3}],"submissions":[["files",false]],"outcomes":[{"outcome":"done","of":"work.files","evidence":true}],"notes":["again"]}"#,
    );
}

#[test]
fn a_grant_and_its_use() {
    let ask = GrantRequest {
        step: s("work"),
        action: s("a.b"),
        grant: Some(s("note")),
        args: json!({}),
        request_id: Some(s("r")),
    };
    asked(&ask, r#"{"step":"work","action":"a.b","grant":"note","args":{},"request_id":"r"}"#);
    let ask = GrantRequest { grant: None, request_id: None, ..ask };
    asked(&ask, r#"{"step":"work","action":"a.b","args":{}}"#);
    let grant = GrantResponse {
        grant: s("t"),
        jti: s("j"),
        args: json!({"id": 4}),
        opening: 1,
        attempt: 2,
        expires: 1_000,
        index: 5,
        replayed: false,
    };
    answered(
        &grant,
        r#"{"grant":"t","jti":"j","args":{"id":4},"opening":1,"attempt":2,"expires":1000,"index":5,"replayed":false}"#,
    );
    asked(&ActionRequest::<Value> { args: None, request_id: None }, "{}");
    let ask = ActionRequest { args: Some(json!({"id": 4})), request_id: Some(s("r")) };
    asked(&ask, r#"{"args":{"id":4},"request_id":"r"}"#);
    let answer = ActionResponse { result: Some(json!(true)), bound: true, index: 6, replayed: true };
    answered(&answer, r#"{"result":true,"bound":true,"index":6,"replayed":true}"#);
}

#[test]
fn submitting_viewing_and_judging() {
    let ask = SubmissionRequest { step: s("work"), name: s("files"), value: json!(["a"]), request_id: None };
    asked(&ask, r#"{"step":"work","name":"files","value":["a"]}"#);
    asked(
        &ViewRequest { step: s("review"), datum: s("work.files") },
        r#"{"step":"review","datum":"work.files"}"#,
    );
    let shown = ViewResponse { value: json!(["a"]), digest: s("sha256:0"), index: 3 };
    answered(&shown, r#"{"value":["a"],"digest":"sha256:0","index":3}"#);
    let ask = JudgementRequest { step: s("review"), outcome: s("ok"), notes: None, request_id: None };
    asked(&ask, r#"{"step":"review","outcome":"ok"}"#);
    let ask = JudgementRequest { notes: Some(s("n")), request_id: Some(s("r")), ..ask };
    asked(&ask, r#"{"step":"review","outcome":"ok","notes":"n","request_id":"r"}"#);
    let said = SaidResponse { index: 3, pending: true, replayed: false };
    answered(&said, r#"{"index":3,"pending":true,"replayed":false}"#);
}

#[test]
fn stopping() {
    let ask = |scope| KillRequest { scope, reason: s("why") };
    asked(&ask(KillScope::Everything), r#"{"scope":"everything","reason":"why"}"#);
    asked(&ask(KillScope::Run(s("r1"))), r#"{"scope":{"run":"r1"},"reason":"why"}"#);
    asked(&ask(KillScope::Principal(s("ann"))), r#"{"scope":{"principal":"ann"},"reason":"why"}"#);
    answered(&Recorded { index: 3 }, r#"{"index":3}"#);
}

#[test]
fn doubts() {
    let doubtful = |waits_for| Doubtful {
        jti: s("j"),
        run: s("r1"),
        step: s("work"),
        action: s("a.b"),
        instance: s("a"),
        principal: s("ann"),
        waits_for,
    };
    for waits_for in [WaitsFor::Repeat, WaitsFor::Look, WaitsFor::Person] {
        let golden = format!(
            r#"{{"jti":"j","run":"r1","step":"work","action":"a.b","instance":"a","principal":"ann","waits_for":"{waits_for}"}}"#
        );
        answered(&doubtful(waits_for), &golden);
    }
    assert_eq!(
        [WaitsFor::Repeat, WaitsFor::Look, WaitsFor::Person].map(|w| w.to_string()),
        ["repeat", "look", "person"]
    );
    asked(&ResolveRequest::<Value> { done: false, result: None }, r#"{"done":false}"#);
    asked(&ResolveRequest { done: true, result: Some(json!({})) }, r#"{"done":true,"result":{}}"#);
    // A null is what the type of values makes of it; it is never the same as nothing.
    let null = serde_json::from_str::<ResolveRequest<Value>>(r#"{"done":true,"result":null}"#).unwrap();
    assert_eq!(null.result, Some(Value::Null));
    assert!(serde_json::from_str::<ResolveRequest<bool>>(r#"{"done":true,"result":null}"#).is_err());
}

#[test]
fn a_server_and_its_artifacts() {
    let deployed = DeployResponse { artifact: s("sha256:0"), name: s("fix"), new: true, shadow: false };
    answered(&deployed, r#"{"artifact":"sha256:0","name":"fix","new":true}"#);
    let shadow = DeployResponse { shadow: true, ..deployed };
    answered(&shadow, r#"{"artifact":"sha256:0","name":"fix","new":true,"shadow":true}"#);
    let server = ServerResponse {
        name: s("xpd.test"),
        version: s("0.1.0"),
        log_key: s("xpd.test+0+0"),
        deployment: Deployment::OneProcess,
    };
    answered(
        &server,
        r#"{"name":"xpd.test","version":"0.1.0","log_key":"xpd.test+0+0","deployment":"one_process"}"#,
    );
    let disk = HealthCondition { name: s("disk"), status: HealthStatus::Degraded, detail: s("d") };
    let health = HealthResponse {
        status: HealthStatus::Failing,
        cannot: vec![disk],
        open_runs: 1,
        in_doubt: 2,
        log_entries: 3,
    };
    answered(
        &health,
        r#"{"status":"failing","cannot":[{"name":"disk","status":"degraded","detail":"d"}],"open_runs":1,"in_doubt":2,"log_entries":3}"#,
    );
    assert_eq!(serde_json::to_string(&HealthStatus::Ok).unwrap(), r#""ok""#);
    let jwk =
        Jwk { kty: s("OKP"), crv: s("Ed25519"), x: s("x"), kid: s("k"), usage: s("sig"), alg: s("EdDSA") };
    answered(
        &JwkSet { keys: vec![jwk] },
        r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"x","kid":"k","use":"sig","alg":"EdDSA"}]}"#,
    );
}

#[test]
fn problems() {
    let problem = Problem::new(RefusalCode::WrongRole, "no");
    answered(
        &problem,
        r#"{"type":"urn:xp:problem:wrong_role","title":"wrong role","status":403,"detail":"no","code":"wrong_role"}"#,
    );
    let problem = Problem { clause: Some(s("role r")), index: Some(3), ..problem };
    answered(
        &problem,
        r#"{"type":"urn:xp:problem:wrong_role","title":"wrong role","status":403,"detail":"no","code":"wrong_role","clause":"role r","index":3}"#,
    );
}
