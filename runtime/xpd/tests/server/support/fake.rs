//! A connector that records effects, in memory and, for processes that will be killed, in a file.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use tokio::sync::Semaphore;
use xp_scope::Value;
use xpd_proxy::{ActError, Call, Connector, Impact, Permit, Sought};

/// A secret that the simulated upstream includes in its results.
pub const SECRET: &str = "correct-horse-battery-staple";

#[derive(Default)]
pub struct Fake {
    /// Effects in order: action and marker.
    pub effects: Mutex<Vec<(String, String)>>,
    /// Every call of `act`, whatever its result.
    pub calls: Mutex<Vec<String>>,
    /// Errors with which the next acts end.
    pub next: Mutex<Vec<ActError>>,
    /// If set, acts wait for a permit of this semaphore.
    pub gate: Mutex<Option<std::sync::Arc<Semaphore>>>,
    /// Whether acts have no effect until they have passed the semaphore.
    pub light: AtomicBool,
    /// Number of probes.
    pub looks: AtomicUsize,
    /// A file to which effects are appended as well.
    pub file: Option<PathBuf>,
}

impl Fake {
    pub fn fail_next(&self, error: ActError) {
        self.next.lock().unwrap().push(error);
    }

    /// Makes acts wait from here on, until permits are added.
    pub fn close(&self) -> std::sync::Arc<Semaphore> {
        let gate = std::sync::Arc::new(Semaphore::new(0));
        *self.gate.lock().unwrap() = Some(std::sync::Arc::clone(&gate));
        gate
    }

    /// Number of distinct effects of an action.
    pub fn count(&self, action: &str) -> usize {
        self.done().iter().filter(|(done, _)| done == action).count()
    }

    /// Number of times that an action was sent.
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
        let impact = if self.light.load(Ordering::SeqCst) { Impact::NoEffect } else { Impact::Effect };
        let wait = async move {
            if let Some(gate) = gate {
                gate.acquire().await.unwrap().forget();
            }
            Ok(())
        };
        permit.line().through(impact, format!("fake {}", call.action()), wait).await?;
        let next = self.next.lock().unwrap().pop();
        if let Some(error @ (ActError::NotSent(_) | ActError::Refused { .. })) = next {
            return Err(error);
        }
        let before = self.done();
        // `push` is idempotent: a second call with the same marker has no effect.
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
