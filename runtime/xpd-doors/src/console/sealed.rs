//! Values that only this process can make, so that what anybody may begin takes no memory; and bounds on what comes of it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;

use super::session::random;
use crate::api::problem::Problem;

/// A key of this process.
pub(super) struct Seal(Hmac<Sha256>);

impl Seal {
    pub fn new() -> Result<Self, String> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|_| "there is no randomness".to_owned())?;
        Hmac::<Sha256>::new_from_slice(&key).map(Self).map_err(|error| error.to_string())
    }

    fn mac(&self, purpose: &str, text: &str) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(json!([purpose, text]).to_string().as_bytes());
        mac
    }

    /// What stands for a text for one purpose: 256 bits, base64url, which nobody else can tell.
    pub fn of(&self, purpose: &str, text: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.mac(purpose, text).finalize().into_bytes())
    }

    /// Whether a value is what stands for the text.
    pub fn is(&self, purpose: &str, text: &str, value: &str) -> bool {
        let value = URL_SAFE_NO_PAD.decode(value).unwrap_or_default();
        self.mac(purpose, text).verify_slice(&value).is_ok()
    }
}

/// Names that were used, for as long as they could be used again.
pub(super) struct Used {
    lasts: Duration,
    most: usize,
    names: Mutex<HashMap<String, Instant>>,
}

impl Used {
    pub fn new(lasts: Duration, most: usize) -> Self {
        Self { lasts, most, names: Mutex::new(HashMap::new()) }
    }

    pub fn contains(&self, name: &str) -> bool {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).contains_key(name)
    }

    /// Uses a name. False if it was used before, or too many are remembered.
    pub fn first(&self, name: &str) -> bool {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= self.most {
            names.retain(|_, at| at.elapsed() < self.lasts);
        }
        names.len() < self.most && names.insert(name.to_owned(), Instant::now()).is_none()
    }
}

/// How often something may happen in a minute.
pub(super) struct Meter<K> {
    most: u32,
    counts: Mutex<HashMap<K, (Instant, u32)>>,
}

const MINUTE: Duration = Duration::from_secs(60);

impl<K: Eq + Hash> Meter<K> {
    pub fn new(most: u32) -> Self {
        Self { most, counts: Mutex::new(HashMap::new()) }
    }

    /// Whether it may happen once more.
    pub fn allows(&self, what: K) -> bool {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let (from, count) = counts.entry(what).or_insert((Instant::now(), 0));
        if from.elapsed() >= MINUTE {
            (*from, *count) = (Instant::now(), 0);
        }
        *count = count.saturating_add(1);
        *count <= self.most
    }
}

/// What is kept until its owner's next request. Owners do not displace one another.
pub(super) struct Kept<T> {
    lasts: Duration,
    /// Of one owner; another one displaces its oldest.
    most: usize,
    all: Mutex<HashMap<String, Vec<One<T>>>>,
}

struct One<T> {
    name: String,
    since: Instant,
    what: T,
}

impl<T> Kept<T> {
    pub fn new(lasts: Duration, most: usize) -> Self {
        Self { lasts, most, all: Mutex::new(HashMap::new()) }
    }

    /// Keeps something of an owner, under a name that is returned.
    pub fn keep(&self, owner: &str, what: T) -> Result<String, Problem> {
        let name = random()?;
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, own| {
            own.retain(|one| one.since.elapsed() < self.lasts);
            !own.is_empty()
        });
        let own = all.entry(owner.to_owned()).or_default();
        if own.len() >= self.most {
            own.remove(0);
        }
        own.push(One { name: name.clone(), since: Instant::now(), what });
        Ok(name)
    }

    /// Takes it; it cannot be taken again.
    pub fn take(&self, name: &str) -> Option<T> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let found = all.values_mut().find_map(|own| {
            let at = own.iter().position(|one| one.name == name)?;
            Some(own.remove(at))
        })?;
        (found.since.elapsed() < self.lasts).then_some(found.what)
    }
}
