//! A transaction of the store together with the state in memory.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, MutexGuard};

use xpd_audit::entry::Body;
use xpd_store::{StoreError, Trouble};

use super::{Line, Memory, Shared, Written};
use crate::rules::Rules;

/// The transaction in which a command runs. Dereferences to the store's; runs and the log have methods of
/// their own.
pub(crate) struct Tx<'a> {
    pub(super) rows: &'a mut dyn xpd_store::Tx,
    pub(crate) memory: MutexGuard<'a, Memory>,
    /// Milliseconds since the Unix epoch; never goes back.
    pub now: u64,
}

impl<'a> Tx<'a> {
    pub fn new(rows: &'a mut dyn xpd_store::Tx, memory: &'a Shared) -> Self {
        let now = rows.now();
        Self { rows, memory: memory.lock(), now }
    }

    /// The rules in force.
    pub fn rules(&self) -> Arc<Rules> {
        self.memory.settings.live.now()
    }

    /// Thumbprint of the server's own administrative key.
    pub fn admin(&self) -> &str {
        &self.memory.settings.admin
    }

    /// Why the time is not trusted; `None` if it is.
    pub fn trouble(&self) -> Option<Trouble> {
        self.memory.settings.clock.trouble()
    }

    /// The time at which the clock last stood still, if it ever did.
    pub fn last_halt(&self) -> Option<u64> {
        self.memory.settings.clock.last_halt()
    }

    /// Requests a checkpoint in this commit.
    pub fn checkpoint(&mut self) {
        self.memory.checkpoint = true;
    }

    /// Adds a line to the server's log, written once this commit is durable.
    pub fn log_line(&mut self, line: Line) {
        self.memory.lines.push(line);
    }

    /// Ends the process before this commit, for the crash tests.
    pub fn crash(&mut self) {
        self.memory.crash = true;
    }

    /// Appends an entry to a run's chain.
    pub fn record(&mut self, run: &str, body: Body) -> Result<Written, StoreError> {
        let found = self.run_mut(run)?.ok_or_else(|| StoreError::broken("an entry of an unknown run"))?;
        let mut chain = found.chain.clone();
        let written = self.memory.log.append(self.rows, Some(&mut chain), body)?;
        if let Some(found) = self.run_mut(run)? {
            found.chain = chain;
        }
        Ok(written)
    }

    /// Appends an entry to the server's own chain.
    pub fn record_here(&mut self, body: Body) -> Result<Written, StoreError> {
        self.memory.log.append(self.rows, None, body)
    }

    /// Reads the edge of the log and checks that it extends the last published checkpoint.
    pub fn check_log(&mut self) -> Result<(), StoreError> {
        self.memory.log.check(self.rows.rows())
    }
}

impl<'a> Deref for Tx<'a> {
    type Target = dyn xpd_store::Tx + 'a;

    fn deref(&self) -> &Self::Target {
        self.rows
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.rows
    }
}
