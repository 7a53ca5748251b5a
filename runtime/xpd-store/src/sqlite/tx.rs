//! Modifications.

use rusqlite::{Connection, params};
use xp_scope::Value;

use super::grants;
use super::numbers::signed;
use super::read::Rows;
use crate::error::StoreError;
use crate::kills::Scope;
use crate::phase::Phase;
use crate::rows::{BlobRow, CheckpointRow, EntryRow, Figures, GrantRow, Mode, NewRun, RunRow, Seen, StopRow};
use crate::tx::{Read, Tx};

/// Seconds for which a proof is kept beyond its expiry.
const KEPT: i64 = 120;

/// The transaction a command runs in.
pub(super) struct SqlTx<'a> {
    conn: &'a Connection,
    rows: Rows<'a>,
    now: u64,
}

impl<'a> SqlTx<'a> {
    pub fn new(conn: &'a Connection, now: u64) -> Self {
        Self { conn, rows: Rows::new(conn), now }
    }

    /// Runs a statement and returns the number of changed rows.
    fn run(&self, sql: &str, params: impl rusqlite::Params) -> Result<usize, StoreError> {
        Ok(self.conn.prepare_cached(sql)?.execute(params)?)
    }
}

impl Read for SqlTx<'_> {
    fn remembered(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.rows.remembered(key)
    }

    fn artifact_bytes(&self, digest: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.rows.artifact_bytes(digest)
    }

    fn find_artifact(&self, named: &str, mode: Mode) -> Result<Option<(String, String)>, StoreError> {
        self.rows.find_artifact(named, mode)
    }

    fn run_row(&self, id: &str) -> Result<Option<RunRow>, StoreError> {
        self.rows.run_row(id)
    }

    fn open_runs(&self) -> Result<Vec<String>, StoreError> {
        self.rows.open_runs()
    }

    fn started(&self, rule: &str, since: u64) -> Result<(u64, u64), StoreError> {
        self.rows.started(rule, since)
    }

    fn grant(&self, jti: &str) -> Result<Option<GrantRow>, StoreError> {
        self.rows.grant(jti)
    }

    fn grants_in(&self, phase: Phase) -> Result<Vec<GrantRow>, StoreError> {
        self.rows.grants_in(phase)
    }

    fn in_doubt(&self) -> Result<Vec<GrantRow>, StoreError> {
        self.rows.in_doubt()
    }

    fn run_out(&self, before: u64) -> Result<Vec<GrantRow>, StoreError> {
        self.rows.run_out(before)
    }

    fn left_to_person(&self, jti: &str) -> Result<bool, StoreError> {
        self.rows.left_to_person(jti)
    }

    fn stopped(&self, scopes: &[Scope], since: Option<u64>) -> Result<Option<String>, StoreError> {
        self.rows.stopped(scopes, since)
    }

    fn stops(&self) -> Result<Vec<StopRow>, StoreError> {
        self.rows.stops()
    }

    fn leased_by(&self, run: &str, resources: &[String]) -> Result<Option<String>, StoreError> {
        self.rows.leased_by(run, resources)
    }

    fn seen(&self, run: &str, key: &str, id: &str, digest: &str) -> Result<Seen, StoreError> {
        self.rows.seen(run, key, id, digest)
    }

    fn counter(&self, run: &str, what: &str) -> Result<Option<u64>, StoreError> {
        self.rows.counter(run, what)
    }

    fn log_size(&self) -> Result<u64, StoreError> {
        self.rows.log_size()
    }

    fn entries(&self, run: &str) -> Result<Vec<EntryRow>, StoreError> {
        self.rows.entries(run)
    }

    fn entries_from(&self, first: u64, count: u64) -> Result<Vec<EntryRow>, StoreError> {
        self.rows.entries_from(first, count)
    }

    fn blobs(&self, run: &str) -> Result<Vec<BlobRow>, StoreError> {
        self.rows.blobs(run)
    }

    fn node(&self, level: u8, index: u64) -> Result<Option<[u8; 32]>, StoreError> {
        self.rows.node(level, index)
    }

    fn checkpoint(&self, up_to: u64) -> Result<Option<CheckpointRow>, StoreError> {
        self.rows.checkpoint(up_to)
    }

    fn cosigned(&self) -> Result<Option<CheckpointRow>, StoreError> {
        self.rows.cosigned()
    }

    fn figures(&self) -> Result<Figures, StoreError> {
        self.rows.figures()
    }
}

impl Tx for SqlTx<'_> {
    fn now(&self) -> u64 {
        self.now
    }

    fn rows(&self) -> &dyn Read {
        &self.rows
    }

    fn remember_value(&mut self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.run("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)", params![key, value])?;
        Ok(())
    }

    fn insert_artifact(
        &mut self,
        digest: &str,
        name: &str,
        signer: &str,
        bytes: &[u8],
        mode: Mode,
    ) -> Result<bool, StoreError> {
        let now = signed(self.now);
        let sql = "INSERT OR IGNORE INTO artifacts (digest, name, signer, deployed, bytes)
                   VALUES (?1, ?2, ?3, ?4, ?5)";
        self.run(sql, params![digest, name, signer, now, bytes])?;
        let sql =
            "INSERT OR IGNORE INTO deployments (digest, shadow, name, deployed) VALUES (?1, ?2, ?3, ?4)";
        Ok(self.run(sql, params![digest, mode == Mode::Shadow, name, now])? == 1)
    }

    fn insert_run(&mut self, run: &NewRun<'_>) -> Result<(), StoreError> {
        let sql = "INSERT INTO runs (id, artifact, rule, started_by, opened, closed, chain, state)
                   VALUES (?1, ?2, ?3, ?4, ?5, NULL, x'', x'')";
        self.run(sql, params![run.id, run.artifact, run.rule, run.started_by, signed(self.now)])?;
        Ok(())
    }

    fn save_run(
        &mut self,
        id: &str,
        state: &[u8],
        chain: &[u8],
        closed: Option<u64>,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE runs SET state = ?2, chain = ?3, closed = ?4 WHERE id = ?1";
        match self.run(sql, params![id, state, chain, closed.map(signed)])? {
            1 => Ok(()),
            _ => Err(StoreError::Broken(format!("run {id} is gone"))),
        }
    }

    fn insert_grant(&mut self, grant: &GrantRow) -> Result<(), StoreError> {
        grants::insert(self.conn, grant)
    }

    fn move_grant(
        &mut self,
        jti: &str,
        from: Phase,
        to: Phase,
        result: Option<&Value>,
    ) -> Result<bool, StoreError> {
        grants::advance(self.conn, jti, from, to, result)
    }

    fn used_under(&mut self, jti: &str, request: &str) -> Result<(), StoreError> {
        self.run("UPDATE grants SET request = ?2 WHERE jti = ?1", params![jti, request])?;
        Ok(())
    }

    fn leave_to_person(&mut self, jti: &str) -> Result<bool, StoreError> {
        let sql = "INSERT OR IGNORE INTO left_to_person (jti, at) VALUES (?1, ?2)";
        Ok(self.run(sql, params![jti, signed(self.now)])? == 1)
    }

    fn kill(&mut self, scope: &Scope, reason: &str, by: &str) -> Result<bool, StoreError> {
        let sql = "INSERT OR IGNORE INTO stops (scope, reason, by, at) VALUES (?1, ?2, ?3, ?4)";
        Ok(self.run(sql, params![scope.to_string(), reason, by, signed(self.now)])? == 1)
    }

    fn ask_to_lift(&mut self, scope: &Scope, by: &str) -> Result<(), StoreError> {
        let sql = "UPDATE stops SET asked_by = ?2, asked_at = ?3 WHERE scope = ?1 AND lifted IS NULL";
        self.run(sql, params![scope.to_string(), by, signed(self.now)])?;
        Ok(())
    }

    fn lift(&mut self, scope: &Scope) -> Result<bool, StoreError> {
        let sql = "UPDATE stops SET lifted = ?2 WHERE scope = ?1 AND lifted IS NULL";
        Ok(self.run(sql, params![scope.to_string(), signed(self.now)])? == 1)
    }

    fn lease(&mut self, run: &str, resources: &[String], jti: Option<&str>) -> Result<(), StoreError> {
        for resource in resources {
            let sql = "INSERT OR IGNORE INTO leases (resource, run, jti, taken) SELECT ?1, ?2, ?3, ?4
                       WHERE NOT EXISTS (SELECT 1 FROM leases WHERE resource = ?1 AND run <> ?2)";
            self.run(sql, params![resource, run, jti.unwrap_or_default(), signed(self.now)])?;
        }
        Ok(())
    }

    fn release_use(&mut self, run: &str, jti: &str) -> Result<(), StoreError> {
        self.run("DELETE FROM leases WHERE run = ?1 AND jti = ?2", [run, jti])?;
        Ok(())
    }

    fn release(&mut self, run: &str) -> Result<(), StoreError> {
        self.run("DELETE FROM leases WHERE run = ?1", [run])?;
        Ok(())
    }

    fn record_proof(&mut self, key: &str, jti: &str, until: i64) -> Result<bool, StoreError> {
        // Kept longer than replay detection needs, since the latest of them tells a restarted server the time
        // it had reached.
        self.run("DELETE FROM proofs WHERE until < ?1", [self.seconds().saturating_sub(KEPT)])?;
        let sql = "INSERT OR IGNORE INTO proofs (key, jti, until) VALUES (?1, ?2, ?3)";
        Ok(self.run(sql, params![key, jti, until])? == 1)
    }

    fn remember(
        &mut self,
        run: &str,
        key: &str,
        id: &str,
        digest: &str,
        answer: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO requests (run, key, id, digest, answer) VALUES (?1, ?2, ?3, ?4, ?5)
                   ON CONFLICT (run, key, id) DO UPDATE SET answer = excluded.answer";
        self.run(sql, params![run, key, id, digest, answer])?;
        Ok(())
    }

    fn set_counter(&mut self, run: &str, what: &str, number: u64) -> Result<(), StoreError> {
        let sql = "INSERT OR REPLACE INTO tallies (run, what, number) VALUES (?1, ?2, ?3)";
        self.run(sql, params![run, what, signed(number)])?;
        Ok(())
    }

    fn delete_counters(&mut self, run: &str) -> Result<(), StoreError> {
        self.run("DELETE FROM tallies WHERE run = ?1", [run])?;
        Ok(())
    }

    fn insert_entry(&mut self, entry: &EntryRow) -> Result<(), StoreError> {
        let sql = "INSERT INTO entries (idx, run, kind, salt, bytes) VALUES (?1, ?2, ?3, ?4, ?5)";
        self.run(sql, params![signed(entry.index), entry.run, entry.kind, entry.salt, entry.bytes])?;
        Ok(())
    }

    fn insert_blob(&mut self, entry: u64, blob: &BlobRow) -> Result<(), StoreError> {
        let sql = "INSERT INTO blobs (digest, idx, bytes) VALUES (?1, ?2, ?3)";
        self.run(sql, params![blob.digest, signed(entry), blob.bytes])?;
        Ok(())
    }

    fn insert_node(&mut self, level: u8, index: u64, hash: &[u8; 32]) -> Result<(), StoreError> {
        let sql = "INSERT INTO nodes (level, idx, hash) VALUES (?1, ?2, ?3)";
        self.run(sql, params![level, signed(index), hash])?;
        Ok(())
    }

    fn insert_checkpoint(&mut self, checkpoint: &CheckpointRow) -> Result<(), StoreError> {
        let sql = "INSERT INTO checkpoints (size, at, note) VALUES (?1, ?2, ?3)";
        self.run(sql, params![signed(checkpoint.size), signed(self.now), checkpoint.note])?;
        Ok(())
    }

    fn cosign_checkpoint(&mut self, checkpoint: &CheckpointRow) -> Result<bool, StoreError> {
        let sql = "UPDATE checkpoints SET note = ?2, cosigned = 1 WHERE size = ?1";
        Ok(self.run(sql, params![signed(checkpoint.size), checkpoint.note])? == 1)
    }
}
