//! Recording: an entry is appended in the transaction of what it records.

use xpd_audit::entry::Body;

use super::edge::{Written, broken};
use super::error::StoreError;
use super::tx::Tx;

impl Tx<'_> {
    /// Records something of a run.
    pub(crate) fn record(&mut self, run: &str, body: Body) -> Result<Written, StoreError> {
        let now = self.now;
        let found = self.run_mut(run)?.ok_or_else(|| broken("an entry of an unknown run"))?;
        let mut chain = found.chain.clone();
        let written = self.log.append(self.conn, Some(&mut chain), now, body)?;
        if let Some(found) = self.run_mut(run)? {
            found.chain = chain;
        }
        Ok(written)
    }

    /// Records something that belongs to no run.
    pub(crate) fn record_here(&mut self, body: Body) -> Result<Written, StoreError> {
        self.log.append(self.conn, None, self.now, body)
    }
}
