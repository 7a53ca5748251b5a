//! A server in this process, agents that talk to it over HTTP, a connector that counts what it did.

pub mod agent;
pub mod fake;
pub mod flow;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use xp_artifact::question::{Obligation, Question, Status};
use xp_artifact::workflow::Workflow;
use xp_artifact::{Artifact, Envelope, SigningKey};
use xpd::config::Config;
use xpd::serve::Server;
use xpd_engine::registry::Registry;
use xpd_proxy::{Connector, Scrubber, Secret};
use xpd_store::SystemClock;

pub use agent::{Agent, Reply};
pub use fake::Fake;

/// Who there is: name, controller, roles.
pub const PEOPLE: &[(&str, &str, &[&str])] = &[
    ("ann", "team-a", &["author"]),
    ("ben", "team-b", &["reviewer"]),
    ("amy", "team-b", &["author"]),
    ("bob", "team-a", &["reviewer"]),
    ("eve", "team-e", &["stranger"]),
];

/// The key that signs artifacts in the tests.
pub fn signer() -> SigningKey {
    SigningKey::from_seed(&[7; 32])
}

/// An artifact file of a workflow, everything proved.
pub fn artifact(workflow: Workflow) -> Artifact {
    Artifact {
        format: xp_artifact::FORMAT,
        compiler: "test".to_owned(),
        sources: Vec::new(),
        workflow,
        obligations: vec![Obligation {
            assuming: Vec::new(),
            id: "test/never_stuck".to_owned(),
            question: Question::NeverStuck,
            source: "never stuck".to_owned(),
            status: Status::Proved,
            vacuous_ok: false,
            certificate: "unchecked".to_owned(),
            witness: None,
        }],
    }
}

pub fn sealed(artifact: &Artifact) -> Vec<u8> {
    Envelope::seal(artifact, &[&signer()]).unwrap().to_bytes().unwrap()
}

/// A folder with everything a server reads.
pub struct Site {
    pub folder: PathBuf,
    _temp: Option<tempfile::TempDir>,
}

impl Site {
    pub fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let site = Self { folder: temp.path().to_owned(), _temp: Some(temp) };
        site.write("");
        site
    }

    /// A folder that somebody else made and keeps.
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), _temp: None }
    }

    /// Writes configuration, roster, declarations and keys.
    pub fn write(&self, more: &str) {
        // How full the disk of this machine is has no part in the tests.
        let disk = if more.contains("disk_percent") { "" } else { "disk_percent = 101\n" };
        let put = |name: &str, text: &str| std::fs::write(self.folder.join(name), text).unwrap();
        put("signer.pem", &signer().public().to_pem().unwrap());
        let mut roster = String::new();
        for (name, controller, roles) in PEOPLE {
            put(&format!("{name}.pem"), &agent::key(name).public().to_pem().unwrap());
            roster += &format!(
                "[[principal]]\nname = \"{name}\"\ncontroller = \"{controller}\"\nroles = {roles:?}\nkey_file = \"{name}.pem\"\n\n"
            );
        }
        roster += "[[start]]\nartifact = \"flow\"\nprincipals = [\"ann\"]\nmax_open = 200\nmax_per_day = 1000\n\
                   params = { place = [\"A\", \"B\"] }\n";
        put("roster.toml", &roster);
        put(
            "declarations.json",
            &Registry::of(&flow::actions(), &flow::records(), &flow::kinds()).to_json().to_string(),
        );
        put(
            "xpd.toml",
            &format!(
                "[server]\nname = \"xpd.test\"\nlisten = \"127.0.0.1:0\"\nsocket = \"xpd.sock\"\ndata = \"data\"\n\
                 roster = \"roster.toml\"\ndeclarations = \"declarations.json\"\n\n\
                 [artifacts]\ntrusted = [\"signer.pem\"]\n\n[connector.fake]\n\n[limits]\ngrace_seconds = 0\n\
                 refusals_per_minute = 500\n{disk}{more}"
            ),
        );
    }

    pub fn config(&self) -> Config {
        Config::read(&self.folder.join("xpd.toml")).unwrap()
    }
}

/// A server that runs.
pub struct Running {
    pub url: String,
    pub log_key: String,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Running {
    pub async fn start(site: &Site, fake: &Arc<Fake>) -> Self {
        let server = open(site, fake).await.unwrap();
        let (url, log_key) = (server.url().unwrap(), server.log_key());
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            server.run(async { drop(stopped.await) }).await.unwrap();
        });
        Self { url, log_key, stop: Some(stop), task }
    }

    pub async fn stop(mut self) {
        drop(self.stop.take());
        self.task.await.unwrap();
    }
}

pub async fn open(site: &Site, fake: &Arc<Fake>) -> Result<Server, xpd::serve::ServeError> {
    let connector: Arc<dyn Connector> = Arc::clone(fake) as Arc<dyn Connector>;
    let connectors = BTreeMap::from([("fake".to_owned(), connector)]);
    let scrubber = Scrubber::new([Secret::new(fake::SECRET).unwrap()]);
    Server::with(site.config(), connectors, scrubber, SystemClock::shared()).await
}

/// A server with an artifact and agents.
pub struct World {
    pub site: Site,
    pub fake: Arc<Fake>,
    pub running: Running,
}

impl World {
    pub async fn new() -> Self {
        Self::with(flow::workflow(60)).await
    }

    pub async fn with(workflow: Workflow) -> Self {
        let site = Site::new();
        let fake = Arc::new(Fake::default());
        let running = Running::start(&site, &fake).await;
        let world = Self { site, fake, running };
        let reply = world.deploy(sealed(&artifact(workflow))).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        world
    }

    pub async fn deploy(&self, bytes: Vec<u8>) -> Reply {
        self.admin().deploy(bytes).await
    }

    pub fn agent(&self, name: &str) -> Agent {
        Agent::new(agent::key(name), &self.running.url)
    }

    pub fn admin(&self) -> Agent {
        let key = xpd_token::KeyPair::read_file(&self.site.folder.join("data/keys/admin.pem")).unwrap();
        Agent::new(key, &self.running.url)
    }

    /// Starts a run as `ann`.
    pub async fn start(&self) -> String {
        let reply = self.agent("ann").start("A").await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        reply.body["run"].as_str().unwrap().to_owned()
    }

    /// An agent with a session of a run.
    pub async fn joined(&self, name: &str, run: &str) -> Agent {
        let mut agent = self.agent(name);
        agent.join(run).await;
        agent
    }

    /// The same folder, after a restart.
    pub async fn restart(self) -> Self {
        let Self { site, fake, running } = self;
        running.stop().await;
        let running = Running::start(&site, &fake).await;
        Self { site, fake, running }
    }

    /// What is in doubt.
    pub async fn doubts(&self) -> Vec<serde_json::Value> {
        self.admin().get("/v1/doubts").await.ok().as_array().unwrap().clone()
    }

    /// Stops something.
    pub async fn kill(&self, scope: serde_json::Value) -> Reply {
        let body = serde_json::json!({ "scope": scope, "reason": "enough" });
        self.admin().post_with("/v1/kill", None, &body).await
    }

    /// The evidence of a run holds, by keys that did not come with it.
    pub async fn verifies(&self, run: &str) {
        let trust = xpd_audit::verify::Trust {
            log_key: Some(self.running.log_key.parse().unwrap()),
            artifact_keys: vec![signer().public()],
            policy: None,
        };
        let report = xpd_audit::verify::verify_package(&self.evidence(run).await, &trust);
        assert_eq!(report.verdict, xpd_audit::verify::Verdict::Verified, "{report}");
    }

    /// The evidence of a run, as the administrator gets it.
    pub async fn evidence(&self, run: &str) -> Vec<u8> {
        let reply = self.admin().get_bytes(&format!("/v1/runs/{run}/evidence")).await;
        assert_eq!(reply.0, 200);
        reply.1
    }
}

/// Waits for a condition, for at most ten seconds.
pub async fn until<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let begun = std::time::Instant::now();
    while !condition().await {
        assert!(begun.elapsed().as_secs() < 10, "{what} did not come");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
