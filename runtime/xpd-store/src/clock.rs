//! The source of time. Only the binary picks one; everything else is given a clock.

use std::sync::{Arc, OnceLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A wall clock with a monotonic counter.
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch.
    fn now(&self) -> u64;

    /// Milliseconds since an arbitrary moment, from a counter that cannot be set (monotonic). Test clocks
    /// that are never set may keep the default.
    fn count(&self) -> u64 {
        self.now()
    }

    /// Called once, before the first reading, with the latest time in the store. A clock whose readings are
    /// stored must not return an earlier time.
    fn not_before(&self, _recorded: u64) {}
}

/// The operating system's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl SystemClock {
    /// The clock as a trait object.
    #[must_use]
    pub fn shared() -> Arc<dyn Clock> {
        Arc::new(Self)
    }
}

impl Clock for SystemClock {
    fn now(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    fn count(&self) -> u64 {
        static START: OnceLock<Instant> = OnceLock::new();
        let passed = START.get_or_init(Instant::now).elapsed();
        u64::try_from(passed.as_millis()).unwrap_or(u64::MAX)
    }
}
