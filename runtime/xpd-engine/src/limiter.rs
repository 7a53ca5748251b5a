//! Refusals are bounded: the first ones of a minute are logged, the rest are counted, then the principal waits.

use std::collections::HashMap;

/// Milliseconds of a window.
const WINDOW: u64 = 60_000;
/// Refusals, as a multiple of those logged, after which a principal waits for the next minute.
const PATIENCE: u32 = 10;

/// What to do with a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Treatment {
    /// Log it.
    Log,
    /// Count it.
    Count,
}

/// Refusals that were only counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    pub principal: String,
    pub count: u64,
    pub from: u64,
    pub to: u64,
}

#[derive(Debug)]
struct Window {
    from: u64,
    refusals: u32,
    counted: u64,
}

/// Refusals of each principal in the running minute. Kept in memory: a restart forgives.
#[derive(Debug)]
pub(crate) struct Limiter {
    logged: u32,
    windows: HashMap<String, Window>,
}

impl Limiter {
    pub fn new(logged: u32) -> Self {
        Self { logged, windows: HashMap::new() }
    }

    /// Whether the principal waits.
    pub fn suspended(&self, principal: &str, now: u64) -> bool {
        let most = self.logged.saturating_mul(PATIENCE);
        self.windows.get(principal).is_some_and(|w| now < w.from + WINDOW && w.refusals >= most)
    }

    /// A refusal. Without room for it, it is only counted.
    pub fn refused(&mut self, principal: &str, now: u64, room: bool) -> Treatment {
        let window =
            self.windows.entry(principal.to_owned()).or_insert(Window { from: now, refusals: 0, counted: 0 });
        window.refusals = window.refusals.saturating_add(1);
        if room && window.refusals <= self.logged {
            return Treatment::Log;
        }
        window.counted = window.counted.saturating_add(1);
        Treatment::Count
    }

    /// Windows that are over, with what was only counted in them.
    pub fn over(&mut self, now: u64) -> Vec<Counted> {
        let mut counted = Vec::new();
        self.windows.retain(|principal, window| {
            let goes_on = now < window.from + WINDOW;
            if !goes_on && window.counted > 0 {
                counted.push(Counted {
                    principal: principal.clone(),
                    count: window.counted,
                    from: window.from,
                    to: window.from + WINDOW,
                });
            }
            goes_on
        });
        counted
    }
}
