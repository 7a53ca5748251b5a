//! The folder of a server with a workflow of one step, and a connector without an upstream, so that only the
//! server is measured.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use xp_artifact::declaration::Clauses;
use xp_artifact::question::{Obligation, Question, Status};
use xp_artifact::workflow::{
    Action, ActionId, ActionParam, Atom, Effect, Field, Formula, Grant, How, Limit, Outcome, OutcomeIx, Per,
    Pin, Record, Repeat, Role, RoleId, RoleKind, Step, StepId, Then, Workflow,
};
use xp_artifact::{Artifact, Envelope, SigningKey};
use xp_scope::thing::Kinds;
use xp_scope::{Type, Value};
use xpd::config::Config;
use xpd::serve::Server;
use xpd_engine::registry::Registry;
use xpd_proxy::{ActError, Connector, Permit, Scrubber, Sought};
use xpd_store::SystemClock;
use xpd_token::KeyPair;

use super::agent;
use crate::Done;

/// A connector that succeeds at once and counts.
#[derive(Default)]
pub struct Counting(AtomicUsize);

impl Counting {
    pub fn acted(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Connector for Counting {
    fn name(&self) -> &str {
        "counting"
    }

    async fn act(&self, _: Permit) -> Result<Value, ActError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(done())
    }

    async fn probe(&self, _: &Sought) -> Result<Option<Value>, ActError> {
        Ok(None)
    }
}

/// What the action gives.
pub fn done() -> Value {
    Value::Record(BTreeMap::from([("ok".to_owned(), Value::Bool(true))]))
}

/// The files that a server reads.
pub struct Site {
    config: PathBuf,
}

impl Site {
    /// Writes the files for `agents` principals, each with a controller of its own.
    pub fn write(folder: &Path, agents: usize) -> Done<Self> {
        let put = |name: &str, text: &str| std::fs::write(folder.join(name), text);
        put("signer.pem", &signer().public().to_pem()?)?;
        let mut roster = String::new();
        let mut names = Vec::new();
        for number in 0..agents {
            let name = agent::name(number);
            put(&format!("{name}.pem"), &agent::key(number)?.public().to_pem()?)?;
            writeln!(
                roster,
                "[[principal]]\nname = \"{name}\"\ncontroller = \"team-{number}\"\nroles = [\"worker\"]\n\
                 key_file = \"{name}.pem\"\n"
            )?;
            names.push(name);
        }
        writeln!(
            roster,
            "[[start]]\nartifact = \"bench\"\nprincipals = {names:?}\nmax_open = 10000\nmax_per_day = 10000"
        )?;
        put("roster.toml", &roster)?;
        let workflow = workflow();
        let registry = Registry::of(&workflow.actions, &workflow.records, &workflow.kinds);
        put("declarations.json", &registry.to_json().to_string())?;
        put(
            "xpd.toml",
            "[server]\nname = \"xpd.bench\"\nlisten = \"127.0.0.1:0\"\ndata = \"data\"\nroster = \"roster.toml\"\n\
             declarations = \"declarations.json\"\n\n[artifacts]\ntrusted = [\"signer.pem\"]\n\n\
             [connector.counting]\n\n[limits]\ndisk_percent = 101\n",
        )?;
        Ok(Self { config: folder.join("xpd.toml") })
    }

    pub async fn open(&self, connector: Arc<dyn Connector>) -> Done<Server> {
        let connectors = BTreeMap::from([("counting".to_owned(), connector)]);
        let config = Config::read(&self.config)?;
        Ok(Server::with(config, connectors, Scrubber::new([]), SystemClock::shared()).await?)
    }
}

/// Deploys the workflow, as administrator.
pub async fn deploy(folder: &Path, url: &str) -> Done {
    let artifact = Artifact {
        format: xp_artifact::FORMAT,
        compiler: "bench".to_owned(),
        sources: Vec::new(),
        workflow: workflow(),
        obligations: vec![Obligation {
            assuming: Vec::new(),
            id: "bench/never_stuck".to_owned(),
            question: Question::NeverStuck,
            source: "never stuck".to_owned(),
            status: Status::Proved,
            vacuous_ok: false,
            certificate: "unchecked".to_owned(),
            witness: None,
        }],
    };
    let bytes = Envelope::seal(&artifact, &[&signer()])?.to_bytes()?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let admin = KeyPair::read_file(&folder.join("data/keys/admin.pem"))?;
    let url = format!("{url}/v1/artifacts");
    let proof = agent::proof(&admin, &url, None, &bytes)?;
    let request = client.post(url).header("DPoP", proof).header("Content-Type", "application/octet-stream");
    let response = request.body(bytes).send().await?;
    if !response.status().is_success() {
        return Err(format!("the artifact was not taken: {}", response.text().await?).into());
    }
    Ok(())
}

fn signer() -> SigningKey {
    SigningKey::from_seed(&[7; 32])
}

/// A step in which one action may be done a million times.
fn workflow() -> Workflow {
    let settled = Atom { step: StepId::of(0), outcome: OutcomeIx::of(0) };
    Workflow {
        assumptions: Vec::new(),
        leases: Vec::new(),
        name: "bench".to_owned(),
        doc: None,
        params: Vec::new(),
        roles: vec![Role { name: "worker".to_owned(), kind: RoleKind::Agent }],
        separations: Vec::new(),
        records: vec![Record {
            name: "counting.Done".to_owned(),
            fields: vec![Field { name: "ok".to_owned(), ty: Type::Bool, optional: false }],
        }],
        kinds: Kinds::default(),
        actions: vec![Action {
            connector: "counting".to_owned(),
            name: "push".to_owned(),
            params: vec![ActionParam {
                name: "id".to_owned(),
                ty: Type::Int,
                default: None,
                optional: false,
            }],
            result: Type::Record("counting.Done".to_owned()),
            effect: Effect::Discuss,
            irreversible: false,
            reveals_untrusted: false,
            reveals_private: false,
            publishes: false,
            attests: false,
            clauses: Clauses::default(),
            shows: Vec::new(),
            repeat: Repeat::Probe,
            transport: None,
        }],
        steps: vec![Step {
            name: "work".to_owned(),
            role: RoleId::of(0),
            after: Formula::All(Vec::new()),
            grants: vec![Grant {
                action: ActionId::of(0),
                pins: vec![Pin::Any],
                limit: Limit { uses: 1_000_000, per: Per::Opening },
                binder: Some("done".to_owned()),
                ttl_seconds: 60,
            }],
            submissions: Vec::new(),
            within: None,
            outcomes: vec![Outcome {
                name: "done".to_owned(),
                how: How::Judged,
                of: None,
                counts: None,
                distinct: None,
                then: Then::Settle,
            }],
        }],
        loops: Vec::new(),
        finish: Formula::Is(settled),
        guards: Vec::new(),
    }
}
