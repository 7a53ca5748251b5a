//! A connector that records the calls it receives.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use xp_harness::{Asked, Harness};
use xp_scope::Value;
use xpd_proxy::{ActError, Call, Connector, Permit, Scrubber, Secret, Sought};

/// A secret that the simulated upstream includes in its results.
pub const SECRET: &str = "correct-horse-battery-staple";

/// A received call: action, arguments, marker, time of the grant.
pub type Reached = (String, BTreeMap<String, Value>, String, u64);

#[derive(Default)]
pub struct Recording {
    pub acted: Mutex<Vec<Reached>>,
    pub looked: Mutex<Vec<Reached>>,
    /// The error with which the next action ends, if set.
    pub next: Mutex<Option<ActError>>,
}

fn reached(call: &Call) -> Reached {
    (call.action().to_owned(), call.args().clone(), call.marker().to_owned(), call.since())
}

#[async_trait]
impl Connector for Recording {
    fn name(&self) -> &str {
        "recording"
    }

    async fn act(&self, permit: Permit) -> Result<Value, ActError> {
        self.acted.lock().unwrap().push(reached(permit.call()));
        match self.next.lock().unwrap().take() {
            Some(error) => Err(error),
            None => Ok(Value::Text(format!("done with {SECRET}"))),
        }
    }

    async fn probe(&self, sought: &Sought) -> Result<Option<Value>, ActError> {
        self.looked.lock().unwrap().push(reached(sought.call()));
        Ok(Some(Value::Text("found".to_owned())))
    }
}

impl Recording {
    pub fn acts(&self) -> usize {
        self.acted.lock().unwrap().len()
    }
}

pub async fn harness() -> (Harness, Arc<Recording>) {
    let recording = Arc::new(Recording::default());
    let connector = Arc::clone(&recording) as Arc<dyn Connector>;
    (Harness::new(connector, Scrubber::new([Secret::new(SECRET).unwrap()])).await, recording)
}

pub fn asked() -> Asked {
    Asked {
        action: "issues.close".to_owned(),
        args: BTreeMap::from([("number".to_owned(), Value::Int(7))]),
        marker: "xp-0123456789abcdef".to_owned(),
        since: 1_000,
        expected: Vec::new(),
    }
}
