//! Queries on grants.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, named_params, params};
use xp_scope::Value;

use super::numbers::{signed, unsigned};
use crate::error::StoreError;
use crate::phase::Phase;
use crate::rows::GrantRow;

const COLUMNS: &str =
    "jti, run, principal, key, step, step_id, opening, attempt, instance, action, args, req,
                       issued, expires, phase, result, request";

/// A row with its phase, arguments and result not yet decoded.
type Raw = (GrantRow, String, Vec<u8>, Option<Vec<u8>>);

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    let grant = GrantRow {
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
        phase: Phase::Issued,
        request: row.get(16)?,
        result: None,
    };
    Ok((grant, row.get(14)?, row.get(10)?, row.get(15)?))
}

fn whole((mut grant, phase, args, result): Raw) -> Result<GrantRow, StoreError> {
    grant.phase = known(&phase)?;
    grant.args = serde_json::from_slice(&args)?;
    grant.result = result.map(|bytes| serde_json::from_slice(&bytes)).transpose()?;
    Ok(grant)
}

fn known(phase: &str) -> Result<Phase, StoreError> {
    Phase::parse(phase).ok_or_else(|| StoreError::Broken(format!("a grant is in phase `{phase}`")))
}

pub(super) fn one(conn: &Connection, jti: &str) -> Result<Option<GrantRow>, StoreError> {
    let mut query = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM grants WHERE jti = ?1"))?;
    query.query_row([jti], raw).optional()?.map(whole).transpose()
}

/// Grants that satisfy the SQL condition, in the order it states.
pub(super) fn all(
    conn: &Connection,
    condition: &str,
    params: impl rusqlite::Params,
) -> Result<Vec<GrantRow>, StoreError> {
    let mut query = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM grants WHERE {condition}"))?;
    let rows = query.query_map(params, raw)?.collect::<Result<Vec<_>, _>>()?;
    rows.into_iter().map(whole).collect()
}

/// The condition `phase = '…'`. The phase is a literal, so that SQLite uses the partial index over open
/// grants.
pub(super) fn is(phase: Phase) -> String {
    format!("phase = '{}'", phase.as_str())
}

pub(super) fn insert(conn: &Connection, grant: &GrantRow) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO grants (jti, run, principal, key, step, step_id, opening, attempt, instance, action,
                             args, req, issued, expires, request, phase, result)
         VALUES (:jti, :run, :principal, :key, :step, :step_id, :opening, :attempt, :instance, :action,
                 :args, :req, :issued, :expires, :request, :phase, :result)",
    )?
    .execute(named_params! {
        ":jti": grant.jti, ":run": grant.run, ":principal": grant.principal, ":key": grant.key,
        ":step": grant.step, ":step_id": grant.step_id, ":opening": grant.opening,
        ":attempt": grant.attempt, ":instance": grant.instance, ":action": grant.action,
        ":args": serde_json::to_vec(&grant.args)?, ":req": grant.req,
        ":issued": signed(grant.issued), ":expires": signed(grant.expires), ":request": grant.request,
        ":phase": grant.phase.as_str(), ":result": grant.result.as_ref().map(serde_json::to_vec).transpose()?,
    })?;
    Ok(())
}

pub(super) fn advance(
    conn: &Connection,
    jti: &str,
    from: Phase,
    to: Phase,
    result: Option<&Value>,
) -> Result<bool, StoreError> {
    if !from.may_become(to) {
        let text = format!("a grant does not go from {} to {}", from.as_str(), to.as_str());
        return Err(StoreError::Broken(text));
    }
    let result = result.map(serde_json::to_vec).transpose()?;
    let moved = conn
        .prepare_cached(
            "UPDATE grants SET phase = ?3, result = coalesce(?4, result) WHERE jti = ?1 AND phase = ?2",
        )?
        .execute(params![jti, from.as_str(), to.as_str(), result])?;
    Ok(moved == 1)
}
