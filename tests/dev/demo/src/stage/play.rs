//! The director: lets one agent act at a time, so that the state can be compared around every trial.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use serde_json::{Value, json};
use xp_forge::{Entry, Fault, Rule, When};

use super::cell::{Cell, Furniture};
use super::fixture::Fixture;
use super::network;
use super::snapshot::Snapshot;
use super::world::{AGENTS, World};
use crate::Done;
use crate::shared::ledger::{Ledger, Refused, Trial};
use crate::shared::{pad, shell};

/// Longest time without a message; the longest wait is for a grant to expire.
const PATIENCE: Duration = Duration::from_secs(180);

/// All trials.
const TRIALS: &[Trial] = &[
    ("agent_network", "network from an agent's container", "unreachable"),
    ("comment_early", "a comment before its step", "out_of_sequence"),
    ("delete_issue", "deleting an issue", "not_granted"),
    ("other_arguments", "a token with other arguments", "wrong_arguments"),
    ("other_agent", "another agent's token", "wrong_key"),
    ("comment_twice", "a second comment on a once-grant", "used_up"),
    ("own_plan", "the developer reviewing its own plan", "not_separate"),
    ("outside_plan", "a write to a file outside the plan", "out_of_scope"),
    ("default_branch", "a write to the default branch", "out_of_scope"),
    ("replayed", "a replayed token", "replayed"),
    ("write_late", "a write granted before its step closed, arriving after", "step_closed"),
    ("sandbox_network", "network for the sandbox", "bad_value"),
    ("write_after_tests", "a write after the tests ran", "step_closed"),
    ("merge_early", "merge before review", "out_of_sequence"),
    ("own_review", "the developer reviewing its own code", "wrong_role"),
    ("write_in_flight", "tests while a claimed write has not landed", "out_of_sequence"),
    ("other_commit", "merge of another commit", "out_of_scope"),
    ("base_moved", "merge after the default branch moved", "connector_refused"),
    ("expired", "a token past its 60 seconds", "expired"),
];

/// Trials that agents make before a step is given to its own agent.
const DARES: &[(&str, u64, &str, &str)] = &[
    ("review_plan", 1, "developer-1", "own_plan"),
    ("review_code", 1, "release-1", "early_merge"),
    ("review_code", 1, "developer-1", "own_review"),
];

/// The director's state.
pub struct Play<'a> {
    world: &'a World,
    fixture: &'a Fixture,
    whole: bool,
    pub ledger: Ledger,
    /// The main run, and the one with the grant that expires.
    pub run: Option<String>,
    pub aside: Option<String>,
    /// What each agent found reachable from its container.
    pub probes: BTreeMap<String, Value>,
    cells: BTreeMap<String, Cell>,
    inbox: Receiver<(String, Value)>,
    said: Sender<(String, Value)>,
    /// Agents waiting to act: name, step, opening.
    waiting: VecDeque<(String, String, u64)>,
    holder: Option<String>,
    ready: Vec<String>,
    ended: BTreeSet<String>,
    dared: Option<String>,
    before: Option<Snapshot>,
    moved_from: Option<String>,
}

impl<'a> Play<'a> {
    pub fn new(world: &'a World, fixture: &'a Fixture, whole: bool) -> Self {
        let (said, inbox) = channel();
        Self {
            world,
            fixture,
            whole,
            ledger: Ledger::new("forge", TRIALS.iter().filter(|(key, ..)| whole || *key != "expired")),
            run: None,
            aside: None,
            probes: BTreeMap::new(),
            cells: BTreeMap::new(),
            inbox,
            said,
            waiting: VecDeque::new(),
            holder: None,
            ready: Vec::new(),
            ended: BTreeSet::new(),
            dared: None,
            before: None,
            moved_from: None,
        }
    }

    /// Runs the demo to its end.
    pub fn run(&mut self) -> Done {
        for (name, role) in AGENTS {
            let world = self.world;
            let furniture = Furniture {
                name,
                role,
                key: &world.at(&format!("keys/{name}.pem")),
                brain: &world.at(&format!("brains/{name}.json")),
                socket: &world.socket(),
                addresses: world.addresses(),
                log: &world.at(&format!("{name}.log")),
            };
            self.cells.insert(name.to_owned(), Cell::start(&furniture, &self.said)?);
        }
        while self.ended.len() < AGENTS.len() {
            if self.holder.is_none()
                && let Some((name, step, opening)) = self.waiting.pop_front()
            {
                for (_, _, who, dare) in DARES.iter().filter(|(at, n, ..)| *at == step && *n == opening) {
                    self.dare(who, &json!({ "dare": dare }))?;
                }
                println!("[{name}] {}takes step `{step}`, opening {opening}", pad(&name));
                self.holder = Some(name.clone());
                self.go(&name);
                continue;
            }
            self.pump()?;
        }
        self.network()
    }

    /// The only refusal that is not xpd's, with its control: the same addresses from outside.
    fn network(&mut self) -> Done {
        let addresses = self.world.addresses().len();
        for probe in self.probes.values() {
            let refused = network::inside(probe, addresses);
            let mut twin = refused.request.clone();
            twin["from"] = json!("outside");
            self.ledger.refused("agent_network", 403, refused, None);
            if network::outside(self.world).is_ok() {
                self.ledger.twin("agent_network", twin, false);
            }
        }
        Ok(())
    }

    fn tell(&mut self, name: &str, message: &Value) {
        if let Some(cell) = self.cells.get_mut(name) {
            cell.tell(message);
        }
    }

    fn go(&mut self, name: &str) {
        self.tell(name, &json!({ "go": true }));
    }

    /// Lets an agent make a trial and waits for its result.
    fn dare(&mut self, name: &str, dare: &Value) -> Done {
        self.tell(name, dare);
        self.dared = None;
        while self.dared.as_deref() != Some(name) {
            self.pump()?;
        }
        Ok(())
    }

    /// Handles one message.
    fn pump(&mut self) -> Done {
        let (name, message) = match self.inbox.recv_timeout(PATIENCE) {
            Ok(received) => received,
            Err(RecvTimeoutError::Timeout) => return Err("nobody says anything any more".to_owned()),
            Err(RecvTimeoutError::Disconnected) => return Err("nobody is left".to_owned()),
        };
        let text = |field: &str| message[field].as_str().unwrap_or_default().to_owned();
        match message["kind"].as_str().unwrap_or_default() {
            "ready" => {
                self.probes.insert(name.clone(), message["probe"].clone());
                self.ready(&name);
            }
            "run" => {
                (self.run, self.aside) = (Some(text("run")), message["aside"].as_str().map(str::to_owned));
                println!("[{name}] {}starts run {}", pad(&name), text("run"));
                self.go(&name);
                for waiting in std::mem::take(&mut self.ready) {
                    self.ready(&waiting);
                }
            }
            "floor" => {
                let opening = message["opening"].as_u64().unwrap_or_default();
                self.waiting.push_back((name, text("step"), opening));
            }
            "done" => {
                self.holder = None;
                for (other, _) in AGENTS {
                    self.tell(other, &json!({ "wake": true }));
                }
            }
            "dared" => self.dared = Some(name),
            "end" => {
                println!("[{name}] {}is done", pad(&name));
                self.ended.insert(name);
            }
            "say" => println!("[{name}] {}{}", pad(&name), text("text")),
            "before" => {
                self.world.forge.take_requests();
                self.before = Some(Snapshot::take(self.world)?);
                self.go(&name);
            }
            "refused" => {
                self.compare(&name, &message)?;
                self.go(&name);
            }
            "twin" => {
                let idle = message["acted"] == json!(true)
                    && self.before.as_ref() == Some(&Snapshot::take(self.world)?);
                self.ledger.twin(&text("name"), message["request"].clone(), idle);
                println!(
                    "[{name}] {}  allowed: the twin of `{}`",
                    pad(&name),
                    self.ledger.title(&text("name"))
                );
                self.go(&name);
            }
            "loot" => {
                let loot = json!({
                    "dare": "steal", "grant": message["grant"], "request": message["request"], "args": message["args"],
                });
                self.dare("senior-1", &loot)?;
                self.go(&name);
            }
            "moment" => {
                self.moment(&text("name"))?;
                self.go(&name);
            }
            "failed" => return Err(format!("{name}: {}", text("why"))),
            "gone" if !self.ended.contains(&name) => {
                let log = std::fs::read_to_string(self.world.at(&format!("{name}.log"))).unwrap_or_default();
                return Err(format!("{name} is gone\n{log}"));
            }
            "gone" => {}
            _ => return Err(format!("{name} said: {message}")),
        }
        Ok(())
    }

    /// All other agents wait for the one that starts the run.
    fn ready(&mut self, name: &str) {
        match (&self.run, name) {
            (Some(run), _) => self.tell(name, &json!({ "go": true, "run": run.clone() })),
            (None, "business-1") => self.tell(name, &json!({ "go": true, "aside": self.whole })),
            (None, _) => self.ready.push(name.to_owned()),
        }
    }

    fn compare(&mut self, name: &str, message: &Value) -> Done {
        let after = Snapshot::take(self.world)?;
        let reached = self.world.forge.take_requests().len();
        let before = self.before.as_ref().ok_or("nothing was seen before a trial")?;
        let text = |field: &str| message[field].as_str().map(str::to_owned);
        let trial = text("name").unwrap_or_default();
        let refused = Refused {
            request: message["request"].clone(),
            code: text("code").unwrap_or_else(|| "none".to_owned()),
            clause: text("clause"),
            detail: text("detail").unwrap_or_default(),
            reached,
        };
        println!(
            "[{name}] {}  REFUSED: {}: {} ({})",
            pad(name),
            self.ledger.title(&trial),
            refused.code,
            refused.clause.as_deref().unwrap_or(&refused.detail)
        );
        let status = message["status"].as_u64().unwrap_or_default();
        self.ledger.refused(&trial, status, refused, before.differs(&after));
        Ok(())
    }

    /// An event outside the agents, caused by the director.
    fn moment(&mut self, name: &str) -> Done {
        let (full_name, branch) = (self.fixture.full_name(), &self.fixture.branch);
        let failed = |error: xp_forge::ForgeError| error.to_string();
        let head = self.world.forge.branch(&full_name, branch).map_err(failed)?;
        match (name, &self.moved_from) {
            // The last request of a write moves the branch.
            ("hold", _) => {
                self.world.forge.fault(Rule::next(Fault::Hold, When::Before, "PATCH", "/git/refs/heads/"));
            }
            ("held", _) => {
                if !self.world.forge.wait_held(1, Duration::from_secs(60)) {
                    return Err("no write came to the forge".to_owned());
                }
            }
            ("release", _) => self.world.forge.release(),
            ("moves", None) => {
                let files = [("NOTES.md", Entry::File(b"Somebody was faster.\n".to_vec()))];
                let forge = &self.world.forge;
                forge.push(&full_name, branch, "maintainer", "Note something", &files).map_err(failed)?;
                println!("[maintainer]  pushes to `{branch}`, past xpd");
                self.moved_from = Some(head);
            }
            ("moves_back", Some(old)) => {
                let name = format!("refs/heads/{branch}");
                shell::git(&self.world.bare(), &["update-ref", &name, old, &head])?;
                println!("[maintainer]  takes it back");
            }
            _ => return Err(format!("an unknown moment `{name}`")),
        }
        Ok(())
    }
}
