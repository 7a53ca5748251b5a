//! Rate limit for refusals: the first ones of a minute are logged, further ones are counted, and beyond a
//! bound the principal is refused until the minute ends.

use std::collections::HashMap;

/// Length of a window, in milliseconds.
const WINDOW: u64 = 60_000;
/// Factor over the number of logged refusals after which a principal is suspended.
const PATIENCE: u32 = 10;

/// How a refusal is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Treatment {
    /// As an entry of its own.
    Log,
    /// In the count of its window.
    Count,
}

/// A count of refusals that have no entry of their own.
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

/// Refusals per principal in the current window. Kept in memory only, so a restart resets them.
#[derive(Debug)]
pub(crate) struct Limiter {
    logged: u32,
    windows: HashMap<String, Window>,
}

impl Limiter {
    pub fn new(logged: u32) -> Self {
        Self { logged, windows: HashMap::new() }
    }

    /// Whether the principal is suspended.
    pub fn suspended(&self, principal: &str, now: u64) -> bool {
        let most = self.logged.saturating_mul(PATIENCE);
        self.windows.get(principal).is_some_and(|w| now < w.from + WINDOW && w.refusals >= most)
    }

    /// Registers a refusal. If `room` is false, it is counted only.
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

    /// Removes the windows that have ended and returns their counts.
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
