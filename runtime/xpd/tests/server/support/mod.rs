//! A server in this process, agents that use it over HTTP, and a connector that records effects.

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
use xpd::reload::Reloader;
use xpd::serve::Server;
use xpd_engine::registry::Registry;
use xpd_proxy::{Connector, Scrubber, Secret};
use xpd_store::{Clock, SystemClock};

pub use agent::{Agent, Reply};
pub use fake::Fake;

/// The principals: name, controller, roles.
pub const PEOPLE: &[(&str, &str, &[&str])] = &[
    ("ann", "team-a", &["author"]),
    ("ben", "team-b", &["reviewer"]),
    ("amy", "team-b", &["author"]),
    ("bob", "team-a", &["reviewer"]),
    ("eve", "team-e", &["stranger"]),
];

/// Persons: name, controller, role.
pub const PERSONS: &[(&str, &str, &str)] = &[
    ("pat", "team-p", "reviewer"),
    ("pam", "team-p", "reviewer"),
    ("kit", "team-k", "reviewer"),
    ("pia", "team-a", "reviewer"),
    ("rita", "team-r", "reviewer"),
    ("sam", "team-s", "reviewer"),
    ("tom", "team-t", "stranger"),
];

/// Administrators named in the roster.
pub const ADMINISTRATORS: &[&str] = &["ada", "max"];

/// The key that signs artifacts in the tests.
pub fn signer() -> SigningKey {
    SigningKey::from_seed(&[7; 32])
}

/// An artifact of a workflow, with every property proved except guards.
pub fn artifact(workflow: Workflow) -> Artifact {
    let obligation = |id: &str, question: &Question, source: &str, status: Status| Obligation {
        assuming: Vec::new(),
        id: id.to_owned(),
        question: question.clone(),
        source: source.to_owned(),
        status,
        vacuous_ok: false,
        certificate: "unchecked".to_owned(),
        witness: None,
    };
    let mut obligations =
        vec![obligation("test/never_stuck", &Question::NeverStuck, "never stuck", Status::Proved)];
    obligations.extend(
        workflow
            .guards
            .iter()
            .map(|guard| obligation(&guard.id, &guard.question, &guard.source, Status::Enforced)),
    );
    Artifact {
        format: xp_artifact::FORMAT,
        compiler: "test".to_owned(),
        sources: Vec::new(),
        workflow,
        obligations,
    }
}

pub fn sealed(artifact: &Artifact) -> Vec<u8> {
    Envelope::seal(artifact, &[&signer()]).unwrap().to_bytes().unwrap()
}

/// A folder with all files of a server.
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

    /// A folder that the caller owns.
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), _temp: None }
    }

    /// Writes configuration, roster, declarations and keys.
    pub fn write(&self, more: &str) {
        // Tests must not depend on how full the host's disk is.
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
        for (name, controller, role) in PERSONS {
            roster += &format!(
                "[[principal]]\nname = \"{name}\"\nkind = \"person\"\ncontroller = \"{controller}\"\nroles = [\"{role}\"]\n\n"
            );
        }
        for name in ADMINISTRATORS {
            put(&format!("{name}.pem"), &agent::key(name).public().to_pem().unwrap());
            roster += &format!("[[administrator]]\nname = \"{name}\"\nkey_file = \"{name}.pem\"\n\n");
        }
        put("recovery.pem", &agent::key("recovery").public().to_pem().unwrap());
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
                 recovery = \"recovery.pem\"\nroster = \"roster.toml\"\ndeclarations = \"declarations.json\"\n\n\
                 [artifacts]\ntrusted = [\"signer.pem\"]\n\n[connector.fake]\n\n[limits]\ngrace_seconds = 0\n\
                 refusals_per_minute = 500\n{disk}{more}"
            ),
        );
    }

    pub fn config(&self) -> Config {
        Config::read(&self.folder.join("xpd.toml")).unwrap()
    }
}

/// A running server.
pub struct Running {
    pub url: String,
    pub log_key: String,
    /// URL of the people's door; empty if there is none.
    pub people: String,
    /// Where it listens; empty if there is none.
    pub people_at: String,
    pub reloader: Arc<Reloader>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Running {
    pub async fn start(site: &Site, fake: &Arc<Fake>) -> Self {
        Self::start_at(site, fake, SystemClock::shared()).await
    }

    /// Starts a server with a clock of the test's.
    pub async fn start_at(site: &Site, fake: &Arc<Fake>, clock: Arc<dyn Clock>) -> Self {
        let server = open_at(site, fake, clock).await.unwrap();
        let (url, log_key, reloader) = (server.url().unwrap(), server.log_key(), server.reloader());
        let people = server.people_url().unwrap_or_default().to_owned();
        let people_at = server.people_address().map(|at| format!("http://{at}")).unwrap_or_default();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            server.run(async { drop(stopped.await) }).await.unwrap();
        });
        Self { url, log_key, people, people_at, reloader, stop: Some(stop), task }
    }

    pub async fn stop(mut self) {
        drop(self.stop.take());
        self.task.await.unwrap();
    }
}

pub async fn open(site: &Site, fake: &Arc<Fake>) -> Result<Server, xpd::serve::ServeError> {
    open_at(site, fake, SystemClock::shared()).await
}

async fn open_at(
    site: &Site,
    fake: &Arc<Fake>,
    clock: Arc<dyn Clock>,
) -> Result<Server, xpd::serve::ServeError> {
    let connector: Arc<dyn Connector> = Arc::clone(fake) as Arc<dyn Connector>;
    let connectors = BTreeMap::from([("fake".to_owned(), connector)]);
    let scrubber = Scrubber::new([Secret::new(fake::SECRET).unwrap()]);
    Server::with(site.config(), connectors, scrubber, clock).await
}

/// A running server with an artifact and agents.
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
        Self::at(workflow, SystemClock::shared()).await
    }

    /// A server that registers the actions as the workflow declares them.
    pub async fn of_declared(workflow: Workflow) -> Self {
        let site = Site::new();
        let registry = Registry::of(&workflow.actions, &workflow.records, &workflow.kinds);
        std::fs::write(site.folder.join("declarations.json"), registry.to_json().to_string()).unwrap();
        Self::on(site, workflow, SystemClock::shared()).await
    }

    /// As `new`, with a clock of the test's.
    pub async fn at(workflow: Workflow, clock: Arc<dyn Clock>) -> Self {
        Self::on(Site::new(), workflow, clock).await
    }

    /// A server over a folder.
    pub async fn on(site: Site, workflow: Workflow, clock: Arc<dyn Clock>) -> Self {
        let fake = Arc::new(Fake::default());
        let running = Running::start_at(&site, &fake, clock).await;
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

    /// Restarts the server on the same folder.
    pub async fn restart(self) -> Self {
        let Self { site, fake, running } = self;
        running.stop().await;
        let running = Running::start(&site, &fake).await;
        Self { site, fake, running }
    }

    /// The actions in doubt.
    pub async fn doubts(&self) -> Vec<serde_json::Value> {
        self.admin().get("/v1/doubts").await.ok().as_array().unwrap().clone()
    }

    /// The status of `/healthz` and the conditions.
    pub async fn health(&self) -> (u16, Vec<(String, String)>) {
        let answer = reqwest::get(format!("{}/healthz", self.running.url)).await.unwrap();
        let status = answer.status().as_u16();
        let body: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let cannot = body["cannot"].as_array().unwrap().iter();
        let cannot: Vec<_> = cannot.map(|one| (text(&one["name"]), text(&one["status"]))).collect();
        let worst = cannot.iter().map(|(_, status)| status.as_str()).max().unwrap_or("ok");
        assert_eq!(text(&body["status"]), worst);
        (status, cannot)
    }

    /// Kills a scope.
    pub async fn kill(&self, scope: serde_json::Value) -> Reply {
        let body = serde_json::json!({ "scope": scope, "reason": "enough" });
        self.admin().post_with("/v1/kill", None, &body).await
    }

    /// Asks to lift a kill, under the key of `who`.
    pub async fn lift(&self, who: &str, scope: serde_json::Value) -> Reply {
        let body = serde_json::json!({ "scope": scope, "reason": "all clear" });
        self.agent(who).post_with("/v1/lift", None, &body).await
    }

    /// The kinds of the server's own entries.
    pub fn kinds(&self) -> Vec<String> {
        let database = rusqlite::Connection::open(self.site.folder.join("data/xpd.sqlite")).unwrap();
        let mut query = database.prepare("SELECT kind FROM entries WHERE run IS NULL ORDER BY idx").unwrap();
        query.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    /// The facts of the server's own entries of a kind.
    pub fn facts(&self, kind: &str) -> Vec<serde_json::Value> {
        let database = rusqlite::Connection::open(self.site.folder.join("data/xpd.sqlite")).unwrap();
        let sql = "SELECT bytes FROM entries WHERE run IS NULL AND kind = ?1 ORDER BY idx";
        let mut query = database.prepare(sql).unwrap();
        let bytes = query.query_map([kind], |row| row.get::<_, Vec<u8>>(0)).unwrap();
        let entry = |bytes: Vec<u8>| serde_json::from_slice::<serde_json::Value>(&bytes).unwrap();
        let facts = |entry: &serde_json::Value| entry["body"]["configured"]["facts"].clone();
        bytes.map(|bytes| facts(&entry(bytes.unwrap()))).collect()
    }

    /// Asserts that the evidence of a run verifies, with keys supplied from outside the package.
    pub async fn verifies(&self, run: &str) {
        let trust = xpd_audit::verify::Trust {
            log_key: Some(self.running.log_key.parse().unwrap()),
            artifact_keys: vec![signer().public()],
            policy: None,
        };
        let report = xpd_audit::verify::verify_package(&self.evidence(run).await, &trust);
        assert_eq!(report.verdict, xpd_audit::verify::Verdict::Verified, "{report}");
    }

    /// The evidence of a run, as fetched by the administrator.
    pub async fn evidence(&self, run: &str) -> Vec<u8> {
        let reply = self.admin().get_bytes(&format!("/v1/runs/{run}/evidence")).await;
        assert_eq!(reply.0, 200);
        reply.1
    }
}

/// Waits until a condition holds, for at most ten seconds.
pub async fn until<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let begun = std::time::Instant::now();
    while !condition().await {
        assert!(begun.elapsed().as_secs() < 10, "{what} did not come");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
