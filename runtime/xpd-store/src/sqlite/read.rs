//! Queries.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::grants;
use super::numbers::{signed, unsigned};
use crate::error::StoreError;
use crate::kills::Scope;
use crate::phase::Phase;
use crate::rows::{BlobRow, CheckpointRow, EntryRow, Figures, GrantRow, Mode, RunRow, Seen, StopRow};
use crate::tx::Read;

/// The rows visible to a connection.
pub(super) struct Rows<'a> {
    conn: &'a Connection,
}

impl<'a> Rows<'a> {
    pub fn new(conn: &'a Connection) -> Self {
        Self { conn }
    }
}

fn entry(row: &Row<'_>) -> rusqlite::Result<EntryRow> {
    Ok(EntryRow {
        index: unsigned(row.get(0)?),
        run: row.get(1)?,
        kind: row.get(2)?,
        salt: row.get(3)?,
        bytes: row.get(4)?,
    })
}

impl Read for Rows<'_> {
    fn remembered(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut query = self.conn.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
        Ok(query.query_row([key], |row| row.get(0)).optional()?)
    }

    fn artifact_bytes(&self, digest: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut query = self.conn.prepare_cached("SELECT bytes FROM artifacts WHERE digest = ?1")?;
        Ok(query.query_row([digest], |row| row.get(0)).optional()?)
    }

    fn find_artifact(&self, named: &str, mode: Mode) -> Result<Option<(String, String)>, StoreError> {
        let mut query = self.conn.prepare_cached(
            "SELECT digest, name FROM deployments WHERE (digest = ?1 OR name = ?1) AND shadow = ?2
             ORDER BY deployed DESC, digest LIMIT 1",
        )?;
        let row = query.query_row(params![named, mode == Mode::Shadow], |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(row.optional()?)
    }

    fn run_row(&self, id: &str) -> Result<Option<RunRow>, StoreError> {
        let mut query = self
            .conn
            .prepare_cached("SELECT artifact, chain, state, closed, opened FROM runs WHERE id = ?1")?;
        let found = query.query_row([id], |row| {
            let closed: Option<i64> = row.get(3)?;
            Ok(RunRow {
                artifact: row.get(0)?,
                chain: row.get(1)?,
                state: row.get(2)?,
                opened: unsigned(row.get(4)?),
                closed: closed.map(unsigned),
            })
        });
        Ok(found.optional()?)
    }

    fn open_runs(&self) -> Result<Vec<String>, StoreError> {
        let mut query =
            self.conn.prepare_cached("SELECT id FROM runs WHERE closed IS NULL ORDER BY opened, id")?;
        let rows = query.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn started(&self, rule: &str, since: u64) -> Result<(u64, u64), StoreError> {
        let mut query = self.conn.prepare_cached(
            "SELECT count(*) FILTER (WHERE closed IS NULL), count(*) FILTER (WHERE opened >= ?2)
             FROM runs WHERE rule = ?1",
        )?;
        Ok(query.query_row(params![rule, signed(since)], |row| {
            Ok((unsigned(row.get(0)?), unsigned(row.get(1)?)))
        })?)
    }

    fn grant(&self, jti: &str) -> Result<Option<GrantRow>, StoreError> {
        grants::one(self.conn, jti)
    }

    fn grants_in(&self, phase: Phase) -> Result<Vec<GrantRow>, StoreError> {
        grants::all(self.conn, &format!("{} ORDER BY issued, jti", grants::is(phase)), [])
    }

    fn in_doubt(&self) -> Result<Vec<GrantRow>, StoreError> {
        let condition = format!(
            "{} AND NOT EXISTS (SELECT 1 FROM left_to_person l WHERE l.jti = grants.jti) ORDER BY issued, jti",
            grants::is(Phase::InDoubt)
        );
        grants::all(self.conn, &condition, [])
    }

    fn run_out(&self, before: u64) -> Result<Vec<GrantRow>, StoreError> {
        let condition = format!("{} AND expires <= ?1 ORDER BY expires LIMIT 100", grants::is(Phase::Issued));
        grants::all(self.conn, &condition, [signed(before)])
    }

    fn left_to_person(&self, jti: &str) -> Result<bool, StoreError> {
        let mut query = self.conn.prepare_cached("SELECT 1 FROM left_to_person WHERE jti = ?1")?;
        Ok(query.query_row([jti], |_| Ok(())).optional()?.is_some())
    }

    fn stopped(&self, scopes: &[Scope], since: Option<u64>) -> Result<Option<String>, StoreError> {
        // Without `since`, a bound above every possible time, so that only kills in force match.
        let since = since.map_or(i64::MAX, signed);
        let mut query = self.conn.prepare_cached(
            "SELECT scope FROM stops WHERE scope = ?1 AND coalesce(lifted, ?3) >= ?2 LIMIT 1",
        )?;
        for scope in std::iter::once(&Scope::Everything).chain(scopes) {
            let found = query.query_row(params![scope.to_string(), since, i64::MAX], |row| row.get(0));
            if let Some(found) = found.optional()? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn stops(&self) -> Result<Vec<StopRow>, StoreError> {
        let mut query = self.conn.prepare_cached(
            "SELECT scope, reason, by, at, asked_by, asked_at FROM stops WHERE lifted IS NULL ORDER BY at, scope",
        )?;
        let rows = query.query_map([], |row| {
            let (by, at): (Option<String>, Option<i64>) = (row.get(4)?, row.get(5)?);
            Ok(StopRow {
                scope: row.get(0)?,
                reason: row.get(1)?,
                by: row.get(2)?,
                at: unsigned(row.get(3)?),
                asked: by.zip(at.map(unsigned)),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn leased_by(&self, run: &str, resources: &[String]) -> Result<Option<String>, StoreError> {
        let mut same =
            self.conn.prepare_cached("SELECT run FROM leases WHERE resource = ?1 AND run <> ?2")?;
        // All names with a given prefix sort between it and the prefix with its last character incremented.
        let mut inside = self.conn.prepare_cached(
            "SELECT run FROM leases WHERE resource > ?1 AND resource < ?2 AND run <> ?3 LIMIT 1",
        )?;
        for resource in resources {
            let lines = resource.match_indices('\n').filter_map(|(at, _)| resource.get(..=at));
            for enclosing in lines.chain([resource.as_str()]) {
                if let Some(holder) = same.query_row(params![enclosing, run], |row| row.get(0)).optional()? {
                    return Ok(Some(holder));
                }
            }
            let Some(start) = resource.strip_suffix('\n') else { continue };
            let end = format!("{start}\u{b}");
            let holder = inside.query_row(params![resource, end, run], |row| row.get(0)).optional()?;
            if holder.is_some() {
                return Ok(holder);
            }
        }
        Ok(None)
    }

    fn seen(&self, run: &str, key: &str, id: &str, digest: &str) -> Result<Seen, StoreError> {
        let row: Option<(String, Option<Vec<u8>>)> = self
            .conn
            .prepare_cached("SELECT digest, answer FROM requests WHERE run = ?1 AND key = ?2 AND id = ?3")?
            .query_row(params![run, key, id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(match row {
            None => Seen::New,
            Some((known, _)) if known != digest => Seen::Other,
            Some((_, Some(answer))) => Seen::Answered(answer),
            Some((_, None)) => Seen::UnderWay,
        })
    }

    fn counter(&self, run: &str, what: &str) -> Result<Option<u64>, StoreError> {
        let mut query =
            self.conn.prepare_cached("SELECT number FROM tallies WHERE run = ?1 AND what = ?2")?;
        let found: Option<i64> = query.query_row([run, what], |row| row.get(0)).optional()?;
        Ok(found.map(unsigned))
    }

    fn log_size(&self) -> Result<u64, StoreError> {
        let mut query = self.conn.prepare_cached("SELECT coalesce(max(idx) + 1, 0) FROM entries")?;
        Ok(unsigned(query.query_row([], |row| row.get(0))?))
    }

    fn entries(&self, run: &str) -> Result<Vec<EntryRow>, StoreError> {
        let mut query = self
            .conn
            .prepare_cached("SELECT idx, run, kind, salt, bytes FROM entries WHERE run = ?1 ORDER BY idx")?;
        let rows = query.query_map([run], entry)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn entries_from(&self, first: u64, count: u64) -> Result<Vec<EntryRow>, StoreError> {
        let mut query = self.conn.prepare_cached(
            "SELECT idx, run, kind, salt, bytes FROM entries WHERE idx >= ?1 AND idx < ?2 ORDER BY idx",
        )?;
        let end = first.saturating_add(count);
        let rows = query.query_map(params![signed(first), signed(end)], entry)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn blobs(&self, run: &str) -> Result<Vec<BlobRow>, StoreError> {
        let mut query = self.conn.prepare_cached(
            "SELECT b.digest, b.bytes FROM blobs b JOIN entries e ON e.idx = b.idx WHERE e.run = ?1 ORDER BY b.digest",
        )?;
        let rows = query.query_map([run], |row| Ok(BlobRow { digest: row.get(0)?, bytes: row.get(1)? }))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn node(&self, level: u8, index: u64) -> Result<Option<[u8; 32]>, StoreError> {
        let mut query = self.conn.prepare_cached("SELECT hash FROM nodes WHERE level = ?1 AND idx = ?2")?;
        Ok(query.query_row(params![level, signed(index)], |row| row.get(0)).optional()?)
    }

    fn checkpoint(&self, up_to: u64) -> Result<Option<CheckpointRow>, StoreError> {
        let mut query = self.conn.prepare_cached(
            "SELECT size, note FROM checkpoints WHERE size <= ?1 ORDER BY size DESC LIMIT 1",
        )?;
        let found = query.query_row([signed(up_to)], |row| {
            Ok(CheckpointRow { size: unsigned(row.get(0)?), note: row.get(1)? })
        });
        Ok(found.optional()?)
    }

    fn cosigned(&self) -> Result<Option<CheckpointRow>, StoreError> {
        let mut query = self.conn.prepare_cached(
            "SELECT size, note FROM checkpoints WHERE cosigned = 1 ORDER BY size DESC LIMIT 1",
        )?;
        let found =
            query.query_row([], |row| Ok(CheckpointRow { size: unsigned(row.get(0)?), note: row.get(1)? }));
        Ok(found.optional()?)
    }

    fn figures(&self) -> Result<Figures, StoreError> {
        let sql = format!(
            "SELECT (SELECT count(*) FROM runs WHERE closed IS NULL),
                    (SELECT count(*) FROM grants WHERE {}),
                    (SELECT coalesce(max(idx) + 1, 0) FROM entries)",
            grants::is(Phase::InDoubt)
        );
        Ok(self.conn.query_row(&sql, [], |row| {
            Ok(Figures {
                open_runs: unsigned(row.get(0)?),
                in_doubt: unsigned(row.get(1)?),
                log_entries: unsigned(row.get(2)?),
            })
        })?)
    }
}
