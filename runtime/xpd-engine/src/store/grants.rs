//! Rows of grants. The row is the truth about a token; the signature only carries it.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Row, named_params, params};
use xp_scope::Value;

use super::error::StoreError;
use super::numbers::{signed, unsigned};
use super::tx::Tx;

/// A grant as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct GrantRow {
    pub jti: String,
    pub run: String,
    pub principal: String,
    pub key: String,
    pub step: String,
    pub step_id: u32,
    pub opening: u32,
    pub attempt: u32,
    pub instance: String,
    /// Qualified, `github.issues.read`.
    pub action: String,
    pub args: BTreeMap<String, Value>,
    /// Digest of the request.
    pub req: String,
    pub issued: u64,
    pub expires: u64,
    pub phase: String,
    /// The request id it was used under.
    pub request: Option<String>,
    /// What came back, once it is done.
    pub result: Option<Value>,
}

const COLUMNS: &str =
    "jti, run, principal, key, step, step_id, opening, attempt, instance, action, args, req,
                       issued, expires, phase, result, request";

impl GrantRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<(Self, Vec<u8>, Option<Vec<u8>>)> {
        let grant = Self {
            jti: row.get(0)?,
            run: row.get(1)?,
            principal: row.get(2)?,
            key: row.get(3)?,
            step: row.get(4)?,
            step_id: row.get(5)?,
            opening: row.get(6)?,
            attempt: row.get(7)?,
            instance: row.get(8)?,
            action: row.get(9)?,
            args: BTreeMap::new(),
            req: row.get(11)?,
            issued: unsigned(row.get(12)?),
            expires: unsigned(row.get(13)?),
            phase: row.get(14)?,
            request: row.get(16)?,
            result: None,
        };
        Ok((grant, row.get(10)?, row.get(15)?))
    }

    fn whole((mut grant, args, result): (Self, Vec<u8>, Option<Vec<u8>>)) -> Result<Self, StoreError> {
        grant.args = serde_json::from_slice(&args)?;
        grant.result = result.map(|bytes| serde_json::from_slice(&bytes)).transpose()?;
        Ok(grant)
    }
}

impl Tx<'_> {
    /// Adds a grant.
    pub(crate) fn insert_grant(&mut self, grant: &GrantRow) -> Result<(), StoreError> {
        self.conn
            .prepare_cached(
                "INSERT INTO grants (jti, run, principal, key, step, step_id, opening, attempt, instance, action,
                                     args, req, issued, expires, phase, result)
                 VALUES (:jti, :run, :principal, :key, :step, :step_id, :opening, :attempt, :instance, :action,
                         :args, :req, :issued, :expires, :phase, NULL)",
            )?
            .execute(named_params! {
                ":jti": grant.jti, ":run": grant.run, ":principal": grant.principal, ":key": grant.key,
                ":step": grant.step, ":step_id": grant.step_id, ":opening": grant.opening,
                ":attempt": grant.attempt, ":instance": grant.instance, ":action": grant.action,
                ":args": serde_json::to_vec(&grant.args)?, ":req": grant.req,
                ":issued": signed(grant.issued), ":expires": signed(grant.expires), ":phase": grant.phase,
            })?;
        Ok(())
    }

    /// A grant by its identity.
    pub(crate) fn grant(&self, jti: &str) -> Result<Option<GrantRow>, StoreError> {
        let mut query = self.conn.prepare_cached(&format!("SELECT {COLUMNS} FROM grants WHERE jti = ?1"))?;
        let row = query.query_row([jti], GrantRow::read).optional()?;
        row.map(GrantRow::whole).transpose()
    }

    /// Moves a grant from one phase to another. False if it was not there.
    pub(crate) fn move_grant(
        &mut self,
        jti: &str,
        from: &[&str],
        to: &str,
        result: Option<&Value>,
    ) -> Result<bool, StoreError> {
        let now: Option<String> = self
            .conn
            .prepare_cached("SELECT phase FROM grants WHERE jti = ?1")?
            .query_row([jti], |row| row.get(0))
            .optional()?;
        if !now.is_some_and(|now| from.contains(&now.as_str())) {
            return Ok(false);
        }
        let result = result.map(serde_json::to_vec).transpose()?;
        let moved = self
            .conn
            .prepare_cached("UPDATE grants SET phase = ?2, result = coalesce(?3, result) WHERE jti = ?1")?
            .execute(params![jti, to, result])?;
        Ok(moved == 1)
    }

    /// Remembers under which request id a grant is used.
    pub(crate) fn used_under(&mut self, jti: &str, request: &str) -> Result<(), StoreError> {
        self.conn
            .prepare_cached("UPDATE grants SET request = ?2 WHERE jti = ?1")?
            .execute(params![jti, request])?;
        Ok(())
    }

    /// Grants that were claimed and whose end nobody recorded, the oldest first.
    pub(crate) fn unfinished(&self) -> Result<Vec<GrantRow>, StoreError> {
        self.grants_where("phase IN ('claimed','in_doubt') ORDER BY issued, jti", [])
    }

    /// Grants that ran out unused before a time.
    pub(crate) fn run_out(&self, before: u64) -> Result<Vec<GrantRow>, StoreError> {
        self.grants_where("phase = 'issued' AND expires <= ?1 ORDER BY expires LIMIT 100", [signed(before)])
    }

    pub(super) fn grants_where(
        &self,
        condition: &str,
        params: impl rusqlite::Params,
    ) -> Result<Vec<GrantRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM grants WHERE {condition}");
        let mut query = self.conn.prepare_cached(&sql)?;
        let rows = query.query_map(params, GrantRow::read)?.collect::<Result<Vec<_>, _>>()?;
        rows.into_iter().map(GrantRow::whole).collect()
    }
}
