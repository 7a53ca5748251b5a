//! Entries and their writer.

use std::collections::BTreeMap;

use serde_json::json;
use xp_artifact::workflow::{Atom, Datum, OutcomeIx, ParamId, Root, StepId};
use xp_machine::event::Principal;
use xp_machine::{Accepted, Actor, Event, Input, Refusal, RefusalCode, Start};
use xp_scope::Digest;
use xpd_audit::entry::{
    Appended, Body, Chain, Draft, EntryError, Facts, Kind, Line, LogEntry, MAX_ENTRY_BYTES, Salt, append,
    commitment, leaf_data,
};
use xpd_audit::merkle::{Frontier, leaf_hash};

fn start() -> Draft {
    let bare = Start {
        at: 1,
        params: BTreeMap::new(),
        instances: BTreeMap::new(),
        staff: BTreeMap::new(),
        starter: None,
    };
    Draft { ts_ms: 1, body: Body::opened(&bare, Facts::new()).unwrap() }
}

fn actor() -> Actor {
    let principal = Principal::agent("dev-1", "team");
    Actor { principal, roles: vec!["developer".to_owned()] }
}

fn jti() -> String {
    "t".to_owned()
}

fn view() -> Event {
    let datum = Datum { root: Root::Param(ParamId(0)), fields: vec![] };
    Event::View { actor: actor(), step: "work".to_owned(), datum }
}

fn request(content: &str) -> Event {
    let args = BTreeMap::from([("content".to_owned(), xp_scope::Value::Text(content.to_owned()))]);
    let (step, action) = ("work".to_owned(), "host.notes.write".to_owned());
    Event::Request { jti: jti(), actor: actor(), key: "k".to_owned(), step, action, grant: None, args }
}

/// Every event the machine knows, with the kind of an entry about it.
fn events() -> Vec<(Event, Kind)> {
    let atom = Atom { step: StepId(0), outcome: OutcomeIx(0) };
    let (step, name) = ("work".to_owned(), "files".to_owned());
    let (req, key) = (Digest::of(b"r"), "k".to_owned());
    vec![
        (request("x"), Kind::DecisionGranted),
        (
            Event::Claim { jti: jti(), actor: actor(), key, step: StepId(0), opening: 1, req },
            Kind::GrantClaimed,
        ),
        (Event::Complete { jti: jti(), result: xp_scope::Value::Bool(true) }, Kind::ActionResult),
        (Event::Fail { jti: jti(), returned: true }, Kind::ActionFailed),
        (Event::Doubt { jti: jti() }, Kind::ActionInDoubt),
        (Event::Resolve { jti: jti(), result: None }, Kind::ActionResolved),
        (Event::Expire { jti: jti() }, Kind::GrantExpired),
        (
            Event::Submit { actor: actor(), step: step.clone(), name, value: xp_scope::Value::Int(1) },
            Kind::Submitted,
        ),
        (view(), Kind::Viewed),
        (Event::Judge { actor: actor(), step, outcome: "done".to_owned(), notes: None }, Kind::Judged),
        (Event::Settle { outcome: atom }, Kind::Settled),
        (Event::Kill { reason: "x".to_owned() }, Kind::Killed),
        (Event::Bar { principal: "dev-1".to_owned() }, Kind::Killed),
    ]
}

fn done() -> Result<Accepted, Refusal> {
    Ok(Accepted::Done { changes: vec![] })
}

fn decided(event: Event, result: &Result<Accepted, Refusal>) -> Body {
    let input = Input { at: 2, kill: None, leased_by: None, event };
    Body::decided(&input, result, Facts::new()).unwrap()
}

fn put(tree: &mut Frontier, chain: &mut Chain, body: Body) -> Result<Appended, EntryError> {
    append(tree, chain, Draft { ts_ms: 2, body }, Salt([5; 32]))
}

fn opened() -> (Frontier, Chain) {
    let (mut tree, mut chain) = (Frontier::default(), Chain::of_run("run-1", Digest::of(b"artifact")));
    append(&mut tree, &mut chain, start(), Salt([4; 32])).unwrap();
    (tree, chain)
}

#[test]
fn an_entry_is_committed_to_and_chained() {
    let (mut tree, mut chain) = (Frontier::default(), Chain::of_run("run-1", Digest::of(b"artifact")));
    let first = append(&mut tree, &mut chain, start(), Salt([4; 32])).unwrap();
    assert_eq!((first.entry.index, first.entry.run_seq, &first.entry.prev), (0, 0, &None));
    assert_eq!(first.entry.kind, Kind::RunOpened);
    assert_eq!(first.commitment, commitment(&Salt([4; 32]), &first.bytes));
    assert_eq!(first.commitment, Digest::of_parts(&[&[4; 32], &first.bytes]));
    assert_eq!(first.leaf, format!("{{\"c\":\"{}\"}}", first.commitment).into_bytes());
    assert_eq!(first.leaf, leaf_data(&first.commitment));
    assert_eq!(first.leaf_hash, leaf_hash(&first.leaf));
    assert_eq!(tree.root(), first.leaf_hash);

    let second = put(&mut tree, &mut chain, decided(request("x"), &done())).unwrap();
    assert_eq!((second.entry.index, second.entry.run_seq), (1, 1));
    assert_eq!(second.entry.prev, Some(first.commitment));
    assert_eq!(second.entry.art, Some(Digest::of(b"artifact")));
    assert_eq!((tree.size(), chain.len()), (2, 2));
    assert_eq!(second.nodes.len(), 2, "the second leaf completes an inner node");
}

#[test]
fn runs_share_the_log_and_not_the_chain() {
    let mut tree = Frontier::default();
    let mut one = Chain::of_run("run-1", Digest::of(b"a"));
    let mut two = Chain::of_run("run-2", Digest::of(b"b"));
    append(&mut tree, &mut one, start(), Salt([1; 32])).unwrap();
    append(&mut tree, &mut two, start(), Salt([2; 32])).unwrap();
    let next = put(&mut tree, &mut one, decided(view(), &done())).unwrap();
    assert_eq!((next.entry.index, next.entry.run_seq), (2, 1));
}

#[test]
fn bytes_are_canonical_and_read_back() {
    let (mut tree, mut chain) = opened();
    let appended = put(&mut tree, &mut chain, decided(view(), &done())).unwrap();
    let text = String::from_utf8(appended.bytes.clone()).unwrap();
    assert!(text.starts_with(r#"{"art":"sha256:"#), "{text}");
    assert!(text.contains(r#""kind":"viewed","prev":"sha256:"#), "{text}");
    let entry: LogEntry = serde_json::from_slice(&appended.bytes).unwrap();
    assert_eq!(entry, appended.entry);
    assert_eq!(entry.canonical().unwrap(), appended.bytes);
    let line = Line { entry, salt: appended.salt }.canonical().unwrap();
    let line = String::from_utf8(line).unwrap();
    assert_eq!(line, format!(r#"{{"entry":{text},"salt":"{}"}}"#, "05".repeat(32)));
    assert_eq!(serde_json::from_str::<Line>(&line).unwrap().salt, Salt([5; 32]));
}

#[test]
fn the_kind_follows_from_the_decision() {
    let refusal = Refusal { code: RefusalCode::UsedUp, reason: "no".to_owned(), clause: None };
    for (event, kind) in events() {
        assert_eq!(decided(event.clone(), &done()).kind(), Ok(kind), "{event:?}");
        assert_eq!(decided(event, &Err(refusal.clone())).kind(), Ok(Kind::DecisionRefused));
    }
}

#[test]
fn a_decision_about_nothing_the_machine_knows_is_not_written() {
    for input in [
        json!({"at": 2, "event": {"invent": {"jti": "t"}}}),
        json!({"at": 2, "event": {"doubt": {"jti": "t"}, "expire": {"jti": "t"}}}),
        json!({"at": 2}),
    ] {
        let read = json!({"decided": {"input": {"inline": input}, "result": {"accepted": {"inline": {}}}}});
        let body: Body = serde_json::from_value(read).unwrap();
        let (mut tree, mut chain) = opened();
        let before = (tree.clone(), chain.clone());
        assert_eq!(put(&mut tree, &mut chain, body), Err(EntryError::NoInput));
        assert_eq!((tree, chain), before, "an error leaves no trace");
    }
}

#[test]
fn kinds_are_written_as_listed() {
    assert_eq!(Kind::ALL.len(), 29);
    for kind in Kind::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), json!(kind.as_str()));
        assert_eq!(kind.to_string(), kind.as_str());
    }
    assert!(serde_json::from_value::<Kind>(json!("step.requested")).is_err());
}

#[test]
fn closing_counts_and_is_final() {
    let (mut tree, mut chain) = opened();
    let body = chain.closing(&json!("finished")).unwrap();
    let last = put(&mut tree, &mut chain, decided(view(), &done())).unwrap();
    assert_eq!(
        put(&mut tree, &mut chain, body),
        Err(EntryError::Misplaced(Kind::RunClosed)),
        "a stale count"
    );
    let body = chain.closing(&json!("finished")).unwrap();
    assert_eq!(body, Body::Closed { count: 3, last: last.commitment, status: json!("finished") });
    put(&mut tree, &mut chain, body).unwrap();
    assert!(chain.is_closed());
    assert_eq!(put(&mut tree, &mut chain, decided(view(), &done())), Err(EntryError::Closed));
}

#[test]
fn chains_begin_and_hold_what_belongs_there() {
    let mut tree = Frontier::default();
    let mut run = Chain::of_run("run-1", Digest::of(b"a"));
    let viewed = put(&mut tree, &mut run, decided(view(), &done()));
    assert_eq!(viewed, Err(EntryError::Misplaced(Kind::Viewed)));
    append(&mut tree, &mut run, start(), Salt([1; 32])).unwrap();
    let again = append(&mut tree, &mut run, start(), Salt([1; 32]));
    assert_eq!(again, Err(EntryError::Misplaced(Kind::RunOpened)));
    let deployed = Body::Deployed { artifact: Digest::of(b"a"), facts: Facts::new() };
    let misplaced = put(&mut tree, &mut run, deployed.clone());
    assert_eq!(misplaced, Err(EntryError::Misplaced(Kind::ArtifactDeployed)));

    let mut server = Chain::of_server();
    let deployed = put(&mut tree, &mut server, deployed).unwrap();
    assert_eq!((deployed.entry.run, deployed.entry.art), (None, None));
    let opened = append(&mut tree, &mut server, start(), Salt([1; 32]));
    assert_eq!(opened, Err(EntryError::Misplaced(Kind::RunOpened)));
    let (code, reason) = (RefusalCode::Unknown, "no such run".to_owned());
    let refused = Body::RefusedOutside { code, reason, facts: Facts::new() };
    assert_eq!(put(&mut tree, &mut server, refused).unwrap().entry.kind, Kind::DecisionRefused);
}

#[test]
fn the_code_of_a_refusal_is_written_as_on_every_wire() {
    for code in RefusalCode::ALL {
        let body = Body::RefusedOutside { code: *code, reason: "no".to_owned(), facts: Facts::new() };
        let written = json!({ "refused_outside": { "code": code.as_str(), "reason": "no" } });
        assert_eq!(serde_json::to_value(&body).unwrap(), written);
        assert_eq!(serde_json::from_value::<Body>(written).unwrap(), body);
    }
    let made_up = json!({ "refused_outside": { "code": "teapot", "reason": "no" } });
    assert!(serde_json::from_value::<Body>(made_up).is_err());
}

#[test]
fn large_parts_stand_outside() {
    let (mut tree, mut chain) = opened();
    let content = "x".repeat(60_000);
    let input = Input { at: 2, kill: None, leased_by: None, event: request(&content) };
    let body = Body::decided(&input, &done(), Facts::new()).unwrap();
    let appended = put(&mut tree, &mut chain, body).unwrap();
    assert!(appended.bytes.len() < 1_000);
    assert_eq!(appended.entry.kind, Kind::DecisionGranted);
    let [blob] = appended.blobs.as_slice() else { panic!("{:?}", appended.blobs.len()) };
    assert_eq!(serde_json::from_slice::<Input>(&blob.bytes).unwrap(), input);
    assert_eq!(blob.digest, Digest::of_parts(&[b"xp-blob-v1\0", &[5; 32], &blob.bytes]));
    assert!(String::from_utf8(appended.bytes).unwrap().contains(&blob.digest.to_string()));
}

#[test]
fn what_cannot_be_written_exactly_is_refused() {
    let at = |at| {
        let event = Event::Doubt { jti: jti() };
        Body::decided(&Input { at, kill: None, leased_by: None, event }, &done(), Facts::new())
    };
    assert_eq!(at(1 << 53), Err(EntryError::Number));
    assert!(at((1 << 53) - 1).is_ok());
    for bad in [json!(0.5), json!({"a": [1_u64 << 53]}), json!(-(1_i64 << 53)), json!(u64::MAX)] {
        let (mut tree, mut chain) = opened();
        let facts = Facts::from([("number".to_owned(), bad.clone())]);
        let body = Body::RefusedOutside { code: RefusalCode::BadRequest, reason: "r".into(), facts };
        assert_eq!(put(&mut tree, &mut chain, body), Err(EntryError::Number), "{bad}");
    }
    let (mut tree, mut chain) = opened();
    let facts = Facts::from([("rate".to_owned(), json!(1.5))]);
    let body = Body::RefusedOutside { code: RefusalCode::BadRequest, reason: "r".into(), facts };
    assert_eq!(put(&mut tree, &mut chain, body), Err(EntryError::Number));
    let facts = Facts::from([("big".to_owned(), json!("x".repeat(MAX_ENTRY_BYTES)))]);
    let body = Body::RefusedOutside { code: RefusalCode::BadRequest, reason: "r".into(), facts };
    let before = (tree.clone(), chain.clone());
    assert!(matches!(put(&mut tree, &mut chain, body), Err(EntryError::TooLarge(_))));
    assert_eq!((tree, chain), before);
}

#[test]
fn a_chain_survives_storage() {
    let (_, chain) = opened();
    let text = serde_json::to_string(&chain).unwrap();
    assert_eq!(serde_json::from_str::<Chain>(&text).unwrap(), chain);
}
