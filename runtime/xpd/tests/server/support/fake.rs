//! A connector that counts. What it did is in memory, and in a file where a process is going to be killed.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use tokio::sync::Semaphore;
use xp_scope::Value;
use xpd_proxy::{ActError, Call, Connector, Permit, Sought, Weight};

/// What the fake upstream likes to repeat.
pub const SECRET: &str = "correct-horse-battery-staple";

#[derive(Default)]
pub struct Fake {
    /// Effects: action and marker, in order.
    pub effects: Mutex<Vec<(String, String)>>,
    /// Every call to act, whatever came of it.
    pub calls: Mutex<Vec<String>>,
    /// What the next acts end with instead.
    pub next: Mutex<Vec<ActError>>,
    /// Acts wait here when there is a gate.
    pub gate: Mutex<Option<std::sync::Arc<Semaphore>>>,
    /// Acts have no effect until they are through the gate.
    pub light: AtomicBool,
    /// How often something was looked for.
    pub looks: AtomicUsize,
    /// Effects are appended here too.
    pub file: Option<PathBuf>,
}

impl Fake {
    pub fn fail_next(&self, error: ActError) {
        self.next.lock().unwrap().push(error);
    }

    /// Acts wait from here on, until the gate is given permits.
    pub fn close(&self) -> std::sync::Arc<Semaphore> {
        let gate = std::sync::Arc::new(Semaphore::new(0));
        *self.gate.lock().unwrap() = Some(std::sync::Arc::clone(&gate));
        gate
    }

    /// Effects of an action, distinct ones: what the world shows.
    pub fn count(&self, action: &str) -> usize {
        self.done().iter().filter(|(done, _)| done == action).count()
    }

    /// How often an action was sent.
    pub fn sent(&self, action: &str) -> usize {
        self.calls.lock().unwrap().iter().filter(|sent| *sent == action).count()
    }

    fn done(&self) -> Vec<(String, String)> {
        match &self.file {
            None => self.effects.lock().unwrap().clone(),
            Some(file) => std::fs::read_to_string(file)
                .unwrap_or_default()
                .lines()
                .filter_map(|line| line.split_once(' '))
                .map(|(action, marker)| (action.to_owned(), marker.to_owned()))
                .collect(),
        }
    }

    fn result(call: &Call, id: usize) -> Value {
        let mut members = BTreeMap::from([
            ("id".to_owned(), Value::Int(i64::try_from(id).unwrap())),
            ("ok".to_owned(), Value::Bool(true)),
        ]);
        let said = match call.args().get("text") {
            Some(Value::Text(text)) => format!("{text} {SECRET}"),
            _ => String::new(),
        };
        members.insert("said".to_owned(), Value::Text(said));
        Value::Record(members)
    }
}

#[async_trait]
impl Connector for Fake {
    fn name(&self) -> &str {
        "fake"
    }

    async fn act(&self, permit: Permit) -> Result<Value, ActError> {
        let call = permit.call();
        self.calls.lock().unwrap().push(call.action().to_owned());
        let gate = self.gate.lock().unwrap().clone();
        let weight = if self.light.load(Ordering::SeqCst) { Weight::Light } else { Weight::Effect };
        let wait = async move {
            if let Some(gate) = gate {
                gate.acquire().await.unwrap().forget();
            }
            Ok(())
        };
        permit.line().through(weight, format!("fake {}", call.action()), wait).await?;
        let next = self.next.lock().unwrap().pop();
        if let Some(error @ (ActError::NotSent(_) | ActError::Refused { .. })) = next {
            return Err(error);
        }
        let before = self.done();
        // `push` is idempotent: the same marker changes nothing more.
        let again = call.action() == "push" && before.iter().any(|(_, marker)| marker == call.marker());
        if !again {
            self.effects.lock().unwrap().push((call.action().to_owned(), call.marker().to_owned()));
            if let Some(file) = &self.file {
                let mut file = std::fs::OpenOptions::new().create(true).append(true).open(file).unwrap();
                writeln!(file, "{} {}", call.action(), call.marker()).unwrap();
            }
        }
        match next {
            Some(error) => Err(error),
            None => Ok(Self::result(call, before.len() + 1)),
        }
    }

    async fn probe(&self, sought: &Sought) -> Result<Option<Value>, ActError> {
        let call = sought.call();
        self.looks.fetch_add(1, Ordering::SeqCst);
        let found = self.done().iter().position(|(_, marker)| marker == call.marker());
        Ok(found.map(|at| Self::result(call, at + 1)))
    }
}
