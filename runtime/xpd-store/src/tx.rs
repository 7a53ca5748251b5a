//! Reads and writes within one transaction. Synchronous and object-safe, since the back end is chosen at run
//! time.

use xp_scope::Value;

use crate::error::StoreError;
use crate::kills::Scope;
use crate::phase::Phase;
use crate::rows::{BlobRow, CheckpointRow, EntryRow, Figures, GrantRow, Mode, NewRun, RunRow, Seen, StopRow};

/// Read access to rows. A method fails only if the store cannot be read.
#[allow(clippy::missing_errors_doc, reason = "said once, above")]
pub trait Read {
    /// A value stored under a key of the server's own.
    fn remembered(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// The file of the artifact with this digest.
    fn artifact_bytes(&self, digest: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// Digest and name of an artifact that was deployed in this mode, looked up by digest or by the name of its workflow (the
    /// latest one).
    fn find_artifact(&self, named: &str, mode: Mode) -> Result<Option<(String, String)>, StoreError>;
    /// A run.
    fn run_row(&self, id: &str) -> Result<Option<RunRow>, StoreError>;
    /// Ids of the open runs, oldest first.
    fn open_runs(&self) -> Result<Vec<String>, StoreError>;
    /// Runs started under a rule: the number of open ones, and of those started since a time (milliseconds
    /// since 1970).
    fn started(&self, rule: &str, since: u64) -> Result<(u64, u64), StoreError>;
    /// A grant by its `jti`.
    fn grant(&self, jti: &str) -> Result<Option<GrantRow>, StoreError>;
    /// Grants in a phase, oldest first.
    fn grants_in(&self, phase: Phase) -> Result<Vec<GrantRow>, StoreError>;
    /// Grants in doubt that were not left to a person, oldest first.
    fn in_doubt(&self) -> Result<Vec<GrantRow>, StoreError>;
    /// Issued grants that expired before a time, at most a hundred.
    fn run_out(&self, before: u64) -> Result<Vec<GrantRow>, StoreError>;
    /// Whether the resolution of a doubt was left to a person.
    fn left_to_person(&self, jti: &str) -> Result<bool, StoreError>;
    /// The scope of a kill that covers everything or one of `scopes` and is in force, or was lifted at or
    /// after `since`, because grants issued before a kill stay void after it is lifted.
    fn stopped(&self, scopes: &[Scope], since: Option<u64>) -> Result<Option<String>, StoreError>;
    /// The kills in force, oldest first.
    fn stops(&self) -> Result<Vec<StopRow>, StoreError>;
    /// Another run with a lease on one of the resources, on a resource that contains it, or on one that it
    /// contains. A name is a sequence of lines, each ended by a line feed; one resource contains another if
    /// its lines are a prefix of the other's.
    fn leased_by(&self, run: &str, resources: &[String]) -> Result<Option<String>, StoreError>;
    /// What is known of a request id used by a key in a run.
    fn seen(&self, run: &str, key: &str, id: &str, digest: &str) -> Result<Seen, StoreError>;
    /// A counter of a run by its name; a counter of the server if `run` is empty.
    fn counter(&self, run: &str, what: &str) -> Result<Option<u64>, StoreError>;
    /// Number of entries of the log.
    fn log_size(&self) -> Result<u64, StoreError>;
    /// Entries of a run, in order.
    fn entries(&self, run: &str) -> Result<Vec<EntryRow>, StoreError>;
    /// Up to `count` entries from index `first` on.
    fn entries_from(&self, first: u64, count: u64) -> Result<Vec<EntryRow>, StoreError>;
    /// Parts of the run's entries that are stored outside them, by digest.
    fn blobs(&self, run: &str) -> Result<Vec<BlobRow>, StoreError>;
    /// A node of the log's tree.
    fn node(&self, level: u8, index: u64) -> Result<Option<[u8; 32]>, StoreError>;
    /// The largest checkpoint of at most this size.
    fn checkpoint(&self, up_to: u64) -> Result<Option<CheckpointRow>, StoreError>;
    /// The largest checkpoint that has the required cosignatures.
    fn cosigned(&self) -> Result<Option<CheckpointRow>, StoreError>;
    /// Counters for monitoring.
    fn figures(&self) -> Result<Figures, StoreError>;
}

/// A transaction. If the command fails, its changes are rolled back.
#[allow(clippy::missing_errors_doc, reason = "every method fails only where the store cannot be written")]
pub trait Tx: Read {
    /// Milliseconds since 1970. Never goes back.
    fn now(&self) -> u64;
    /// Seconds since 1970.
    fn seconds(&self) -> i64 {
        i64::try_from(self.now() / 1_000).unwrap_or(i64::MAX)
    }
    /// Read access.
    fn rows(&self) -> &dyn Read;
    /// Stores a value under a key of the server's own.
    fn remember_value(&mut self, key: &str, value: &[u8]) -> Result<(), StoreError>;
    /// Deploys an artifact in a mode. Returns false if it was deployed in it before.
    fn insert_artifact(
        &mut self,
        digest: &str,
        name: &str,
        signer: &str,
        bytes: &[u8],
        mode: Mode,
    ) -> Result<bool, StoreError>;
    /// Inserts an open run without a state; [`save_run`](Self::save_run) must follow in the same transaction.
    fn insert_run(&mut self, run: &NewRun<'_>) -> Result<(), StoreError>;
    /// Updates the mutable columns of a run.
    fn save_run(
        &mut self,
        id: &str,
        state: &[u8],
        chain: &[u8],
        closed: Option<u64>,
    ) -> Result<(), StoreError>;
    /// Adds a grant.
    fn insert_grant(&mut self, grant: &GrantRow) -> Result<(), StoreError>;
    /// Moves a grant from phase `from` to phase `to`. Returns false, and changes nothing, if it is not in
    /// phase `from`.
    fn move_grant(
        &mut self,
        jti: &str,
        from: Phase,
        to: Phase,
        result: Option<&Value>,
    ) -> Result<bool, StoreError>;
    /// Records the id of the request that claimed a grant.
    fn used_under(&mut self, jti: &str, request: &str) -> Result<(), StoreError>;
    /// Leaves the resolution of a doubt to a person. Returns false if it was left before.
    fn leave_to_person(&mut self, jti: &str) -> Result<bool, StoreError>;
    /// Records a kill. Returns false if one is in force for the scope.
    fn kill(&mut self, scope: &Scope, reason: &str, by: &str) -> Result<bool, StoreError>;
    /// Records who asks to lift a kill that is in force.
    fn ask_to_lift(&mut self, scope: &Scope, by: &str) -> Result<(), StoreError>;
    /// Lifts a kill. Returns false if none is in force.
    fn lift(&mut self, scope: &Scope) -> Result<bool, StoreError>;
    /// Leases resources for a run, except those that another run holds. With `jti`, the leases last while this use
    /// is under way.
    fn lease(&mut self, run: &str, resources: &[String], jti: Option<&str>) -> Result<(), StoreError>;
    /// Releases the leases that a run holds for a use.
    fn release_use(&mut self, run: &str, jti: &str) -> Result<(), StoreError>;
    /// Releases all leases of a run.
    fn release(&mut self, run: &str) -> Result<(), StoreError>;
    /// Records a proof of possession, until a second since 1970. Returns false if it was recorded before:
    /// each proof is valid for one request.
    ///
    /// So is a token of another issuer, under the key that [`foreign`] makes. Its end says nothing about the time that the
    /// server has reached.
    fn record_proof(&mut self, key: &str, jti: &str, until: i64) -> Result<bool, StoreError>;
    /// Records a request, and its answer once there is one. The digest is fixed by the first call.
    fn remember(
        &mut self,
        run: &str,
        key: &str,
        id: &str,
        digest: &str,
        answer: Option<&[u8]>,
    ) -> Result<(), StoreError>;
    /// Sets a counter.
    fn set_counter(&mut self, run: &str, what: &str, number: u64) -> Result<(), StoreError>;
    /// Deletes the counters of a run.
    fn delete_counters(&mut self, run: &str) -> Result<(), StoreError>;
    /// Appends an entry to the log.
    fn insert_entry(&mut self, entry: &EntryRow) -> Result<(), StoreError>;
    /// Stores a part of an entry outside it.
    fn insert_blob(&mut self, entry: u64, blob: &BlobRow) -> Result<(), StoreError>;
    /// Adds a node of the log's tree.
    fn insert_node(&mut self, level: u8, index: u64, hash: &[u8; 32]) -> Result<(), StoreError>;
    /// Adds a signed checkpoint.
    fn insert_checkpoint(&mut self, checkpoint: &CheckpointRow) -> Result<(), StoreError>;
    /// Replaces the note of a checkpoint by one with the required cosignatures. Returns false, and changes
    /// nothing, if there is no checkpoint of that size.
    fn cosign_checkpoint(&mut self, checkpoint: &CheckpointRow) -> Result<bool, StoreError>;
}

/// The key under which the tokens of another issuer are recorded as used. The thumbprint of a key has no colon.
#[must_use]
pub fn foreign(issuer: &str) -> String {
    format!("foreign:{issuer}")
}
