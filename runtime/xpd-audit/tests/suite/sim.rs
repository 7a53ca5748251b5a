//! A simulated server (machine, log, store and clock in memory), and tools to unpack and repack packages.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};

use serde_json::json;
use xp_artifact::Artifact;
use xp_artifact::workflow::{Atom, OutcomeIx, StepId};
use xp_machine::event::Principal;
use xp_machine::{Accepted, Actor, Event, Input, Machine, Refusal, RefusalCode, Start, State};
use xp_scope::{Digest, Value};
use xpd_audit::entry::{Appended, Body, Chain, Draft, Facts, Salt, append};
use xpd_audit::evidence::{Deployment, Evidence, EvidenceEntry, EvidenceStart, write_package};
use xpd_audit::merkle::{Frontier, Leaves, consistency_proof, inclusion_proof};
use xpd_audit::note::{Checkpoint, Vkey};
use xpd_audit::verify::{Report, Trust, verify_package};
use xpd_token::KeyPair;

use crate::workflow::{artifact, files, sealed, signer};

pub const ORIGIN: &str = "xpd.example/log";

pub fn log_pair() -> KeyPair {
    KeyPair::from_seed([1; 32]).unwrap()
}

pub fn log_key() -> Vkey {
    Vkey::new(ORIGIN, log_pair().public().bytes()).unwrap()
}

pub fn trust() -> Trust {
    Trust { log_key: Some(log_key()), artifact_keys: vec![signer(2).public()], policy: None }
}

pub fn actor(name: &str, role: &str) -> Actor {
    let principal = Principal::agent(name, format!("team-{name}"));
    Actor { principal, roles: vec![role.into()] }
}

pub fn dev() -> Actor {
    actor("dev-1", "developer")
}

pub fn reviewer() -> Actor {
    actor("rev-1", "reviewer")
}

pub fn text(words: &str) -> BTreeMap<String, Value> {
    BTreeMap::from([("text".to_owned(), Value::Text(words.into()))])
}

pub fn passed(is: bool) -> Value {
    Value::Record(BTreeMap::from([("passed".to_owned(), Value::Bool(is))]))
}

/// The log, shared between runs.
pub struct Log {
    pub tree: Frontier,
    pub leaves: Leaves,
    salts: u8,
}

impl Log {
    pub fn new() -> Self {
        Self { tree: Frontier::default(), leaves: Leaves(vec![]), salts: 0 }
    }

    pub fn put(&mut self, chain: &mut Chain, ts_ms: u64, body: Body) -> Appended {
        self.salts = self.salts.wrapping_add(1);
        let appended = append(&mut self.tree, chain, Draft { ts_ms, body }, Salt([self.salts; 32])).unwrap();
        self.leaves.0.push(appended.leaf_hash);
        appended
    }

    pub fn checkpoint(&self) -> Vec<u8> {
        sign(&self.tree)
    }
}

pub fn sign(tree: &Frontier) -> Vec<u8> {
    Checkpoint::of(ORIGIN, tree).sign(&log_key(), |message| log_pair().sign(message)).unwrap().to_bytes()
}

/// A run of the small workflow.
pub struct Run {
    pub log: Log,
    pub chain: Chain,
    pub machine: Machine,
    pub state: State,
    pub now: u64,
    pub entries: Vec<Appended>,
    pub start: Frontier,
    pub artifact: Artifact,
    tokens: u32,
}

impl Run {
    pub fn open(name: &str, log: Log) -> Self {
        Self::of(artifact(), name, log)
    }

    /// A shadow run.
    pub fn shadow(name: &str, log: Log) -> Self {
        let artifact = artifact();
        let chain = Chain::of_shadow_run(name, artifact.digest().unwrap());
        Self::with(artifact, chain, log)
    }

    /// A run of an artifact with the shape of the small workflow.
    pub fn of(artifact: Artifact, name: &str, log: Log) -> Self {
        let chain = Chain::of_run(name, artifact.digest().unwrap());
        Self::with(artifact, chain, log)
    }

    fn with(artifact: Artifact, mut chain: Chain, mut log: Log) -> Self {
        let machine = Machine::new(artifact.workflow.clone()).unwrap();
        let start = Start {
            at: 1_000,
            params: BTreeMap::from([("number".to_owned(), Value::Int(7))]),
            instances: BTreeMap::from([("host".to_owned(), "host-main".to_owned())]),
            staff: BTreeMap::new(),
            starter: None,
        };
        let state = machine.start(&start).unwrap();
        let edge = log.tree.clone();
        let facts = Facts::from([("by".to_owned(), json!("operator"))]);
        let first = log.put(&mut chain, 1_000, Body::opened(&start, facts).unwrap());
        let entries = vec![first];
        Self { log, chain, machine, state, now: 1_000, entries, start: edge, artifact, tokens: 0 }
    }

    pub fn put(&mut self, body: Body) {
        let appended = self.log.put(&mut self.chain, self.now, body);
        self.entries.push(appended);
    }

    /// Sends an event to the machine and records the answer.
    pub fn ask(&mut self, event: Event) -> Result<Accepted, Refusal> {
        self.now += 10;
        let input = Input { at: self.now, kill: None, leased_by: None, event };
        let result = self.machine.apply(&mut self.state, &input);
        self.put(Body::decided(&input, &result, Facts::new()).unwrap());
        result
    }

    pub fn request(&mut self, who: &Actor, step: &str, action: &str, args: BTreeMap<String, Value>) -> Event {
        self.tokens += 1;
        let (jti, key) = (format!("token-{}", self.tokens), format!("key of {}", who.principal.name));
        let (step, action) = (step.into(), action.into());
        Event::Request { jti, actor: who.clone(), key, step, action, grant: None, args }
    }

    /// Requests a grant and returns its `jti` and the event that claims it.
    pub fn grant(
        &mut self,
        who: &Actor,
        step: &str,
        action: &str,
        args: BTreeMap<String, Value>,
    ) -> (String, Event) {
        let request = self.request(who, step, action, args);
        let Event::Request { jti, key, .. } = &request else { unreachable!() };
        let (jti, key) = (jti.clone(), key.clone());
        match self.ask(request).unwrap() {
            Accepted::Granted { step, opening, req, .. } => {
                (jti.clone(), Event::Claim { jti, actor: who.clone(), key, step, opening, req })
            }
            other => panic!("{other:?}"),
        }
    }

    pub fn started(&mut self, claim: &Event) {
        let Event::Claim { jti, req, .. } = claim else { unreachable!() };
        let facts = Facts::from([("credential".to_owned(), json!("app-7"))]);
        self.put(Body::Started { jti: jti.clone(), req: req.clone(), facts });
    }

    /// Requests, claims, starts and ends an action.
    pub fn act(
        &mut self,
        who: &Actor,
        step: &str,
        action: &str,
        args: BTreeMap<String, Value>,
        result: Value,
    ) {
        let (jti, claim) = self.grant(who, step, action, args);
        self.ask(claim.clone()).unwrap();
        self.started(&claim);
        self.ask(Event::Complete { jti, result }).unwrap();
    }

    pub fn judge(&mut self, who: &Actor, step: &str, outcome: &str) -> Result<Accepted, Refusal> {
        let (step, outcome) = (step.into(), outcome.into());
        self.ask(Event::Judge { actor: who.clone(), step, outcome, notes: Some("as said".into()) })
    }

    pub fn submit(&mut self, path: &str) {
        let value = Value::List(vec![Value::Text(path.into())]);
        let (step, name) = ("work".into(), "files".into());
        self.ask(Event::Submit { actor: dev(), step, name, value }).unwrap();
    }

    pub fn settle(&mut self, step: u32, outcome: u32) {
        let outcome = Atom { step: StepId(step), outcome: OutcomeIx(outcome) };
        self.ask(Event::Settle { outcome }).unwrap();
    }

    pub fn close(&mut self) {
        let body = self.chain.closing(&self.state.status()).unwrap();
        self.put(body);
    }

    pub fn evidence(&self) -> Evidence {
        let size = self.log.tree.size();
        let entries = self.entries.iter().map(|appended| EvidenceEntry {
            bytes: appended.bytes.clone(),
            salt: appended.salt,
            path: inclusion_proof(&self.log.leaves, appended.entry.index, size).unwrap(),
        });
        Evidence {
            artifact: sealed(&self.artifact, &[&signer(2)]),
            entries: entries.collect(),
            blobs: self.entries.iter().flat_map(|appended| appended.blobs.clone()).collect(),
            checkpoint: self.log.checkpoint(),
            start: Some(EvidenceStart {
                checkpoint: sign(&self.start),
                path: consistency_proof(&self.log.leaves, self.start.size(), size).unwrap(),
            }),
            log_key: log_key(),
            artifact_keys: vec![signer(2).public()],
            deployment: Deployment::OneProcess,
        }
    }

    pub fn package(&self) -> Vec<u8> {
        write_package(&self.evidence()).unwrap()
    }

    pub fn verify(&self) -> Report {
        verify_package(&self.package(), &trust())
    }
}

/// An empty start, for runs that are not verified.
fn bare(at: u64) -> Start {
    Start { at, params: BTreeMap::new(), instances: BTreeMap::new(), staff: BTreeMap::new(), starter: None }
}

/// A run with every kind of entry, in a log shared with other runs.
pub fn eventful() -> Run {
    let mut log = Log::new();
    let mut server = Chain::of_server();
    let facts = Facts::from([("by".to_owned(), json!(["operator", "second"]))]);
    let deployed = Body::Deployed { artifact: artifact().digest().unwrap(), facts };
    log.put(&mut server, 10, deployed);
    log.put(&mut server, 20, Body::Configured { config: Digest::of(b"roster"), facts: Facts::new() });
    let mut run = Run::open("run-7", log);
    let mut other = Chain::of_run("run-8", Digest::of(b"another artifact"));
    run.log.put(&mut other, 1_001, Body::opened(&bare(1_001), Facts::new()).unwrap());

    // Refused before the machine is asked.
    let early = run.request(&dev(), "test", "host.tests.run", BTreeMap::new());
    assert!(run.ask(early).is_err());
    let facts = Facts::from([("principal".to_owned(), json!("dev-1"))]);
    let (code, reason) = (RefusalCode::Unauthenticated, "signature is wrong".to_owned());
    run.put(Body::RefusedOutside { code, reason, facts });
    let counted = Body::Counted { count: 40, from_ms: 1_000, to_ms: 1_050, facts: Facts::new() };
    run.put(counted);

    // One action succeeds, one fails, one grant expires; a long text is stored outside its entry.
    run.act(&dev(), "work", "host.notes.write", text(&"long ".repeat(4_000)), Value::Bool(true));
    let (jti, claim) = run.grant(&dev(), "work", "host.notes.write", text("two"));
    run.ask(claim.clone()).unwrap();
    assert!(run.ask(claim).is_err(), "used twice");
    run.ask(Event::Fail { jti, returned: true }).unwrap();
    let (jti, claim) = run.grant(&dev(), "work", "host.notes.write", text("three"));
    run.now += 61_000;
    assert!(run.ask(claim).is_err(), "too late");
    run.ask(Event::Expire { jti }).unwrap();
    run.submit("src/a.rs");
    let (code, reason) = (RefusalCode::Unknown, "of another run".to_owned());
    run.log.put(&mut other, 62_000, Body::RefusedOutside { code, reason, facts: Facts::new() });
    run.judge(&dev(), "work", "done").unwrap();

    // A test run that ends in doubt and is resolved as passed.
    let (jti, claim) = run.grant(&dev(), "test", "host.tests.run", BTreeMap::new());
    run.ask(claim.clone()).unwrap();
    run.started(&claim);
    run.ask(Event::Doubt { jti: jti.clone() }).unwrap();
    run.ask(Event::Resolve { jti, result: Some(passed(true)) }).unwrap();
    run.settle(1, 0);

    // The developer may not review. The reviewer views the submission and asks for changes.
    assert!(run.judge(&actor("dev-1", "reviewer"), "review", "approved").is_err());
    assert!(run.judge(&reviewer(), "review", "approved").is_err());
    let look = || Event::View { actor: reviewer(), step: "review".into(), datum: files() };
    run.ask(look()).unwrap();
    run.judge(&reviewer(), "review", "changes").unwrap();
    run.ask(Event::Bar { principal: "stranger".into() }).unwrap();
    run.submit("src/b.rs");
    run.judge(&dev(), "work", "done").unwrap();
    run.act(&dev(), "test", "host.tests.run", BTreeMap::new(), passed(true));
    run.settle(1, 0);
    run.ask(look()).unwrap();
    run.judge(&reviewer(), "review", "approved").unwrap();
    run.close();
    run.log.put(&mut server, 70_000, Body::Configured { config: Digest::of(b"later"), facts: Facts::new() });
    run
}

/// Files of a package, by name.
pub fn unpack(package: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(package)).unwrap();
    let mut files = BTreeMap::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        files.insert(file.name().unwrap().into_owned(), bytes);
    }
    files
}

/// A package of these files with a manifest that matches them.
pub fn repack(mut files: BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let mut manifest: serde_json::Value =
        serde_json::from_slice(&files.remove("manifest.json").unwrap()).unwrap();
    let digests: BTreeMap<&String, String> =
        files.iter().map(|(name, bytes)| (name, Digest::of(bytes).to_string())).collect();
    manifest["files"] = json!(digests);
    let lines = files["events.jsonl"].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
    manifest["entries"] = json!(lines);
    files.insert("manifest.json".into(), serde_json_canonicalizer::to_vec(&manifest).unwrap());
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in files {
        archive.start_file(name, stored).unwrap();
        archive.write_all(&bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// The package with `change` applied to its lines, and with the other files adapted where possible.
pub fn with_lines(package: &[u8], change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    let mut files = unpack(package);
    let events = files["events.jsonl"].strip_suffix(b"\n").unwrap().to_vec();
    let mut lines: Vec<Vec<u8>> = events.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    change(&mut lines);
    let mut events = lines.join(&b'\n');
    events.push(b'\n');
    files.insert("events.jsonl".into(), events);
    repack(files)
}
