//! What is read and written in one transaction. Sync and object-safe: a back end is chosen at run time.

use xp_scope::Value;

use crate::error::StoreError;
use crate::kills::Scope;
use crate::phase::Phase;
use crate::rows::{BlobRow, CheckpointRow, EntryRow, Figures, GrantRow, NewRun, RunRow, Seen, StopRow};

/// Rows, to look at. Every method fails only where the store cannot be read.
#[allow(clippy::missing_errors_doc, reason = "said once, above")]
pub trait Read {
    /// A small value of the server's own.
    fn remembered(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// The file of an artifact.
    fn artifact_bytes(&self, digest: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// Digest and name of an artifact, by its digest or (the latest) by the name of its workflow.
    fn find_artifact(&self, named: &str) -> Result<Option<(String, String)>, StoreError>;
    /// A run.
    fn run_row(&self, id: &str) -> Result<Option<RunRow>, StoreError>;
    /// Ids of the runs that are not over, the oldest first.
    fn open_runs(&self) -> Result<Vec<String>, StoreError>;
    /// Runs started under a rule: open ones, and those started since a time.
    fn started(&self, rule: &str, since: u64) -> Result<(u64, u64), StoreError>;
    /// A grant by its identity.
    fn grant(&self, jti: &str) -> Result<Option<GrantRow>, StoreError>;
    /// Grants in a phase, the oldest first.
    fn grants_in(&self, phase: Phase) -> Result<Vec<GrantRow>, StoreError>;
    /// Actions in doubt that are not left to a person, the oldest first.
    fn in_doubt(&self) -> Result<Vec<GrantRow>, StoreError>;
    /// Tokens that ran out unused before a time, a hundred at most.
    fn run_out(&self, before: u64) -> Result<Vec<GrantRow>, StoreError>;
    /// Whether a doubt is left to a person.
    fn left_to_person(&self, jti: &str) -> Result<bool, StoreError>;
    /// A kill that covers one of the scopes, or everything: its scope. It is in force, or was lifted no earlier than
    /// `since`: what was granted before does not come back with the lifting.
    fn stopped(&self, scopes: &[Scope], since: Option<u64>) -> Result<Option<String>, StoreError>;
    /// The kills in force, the oldest first.
    fn stops(&self) -> Result<Vec<StopRow>, StoreError>;
    /// Another run that holds one of the resources, one that it lies in, or one that lies in it: names are lines, each ended
    /// by a line break, and what begins with all lines of another lies in that.
    fn leased_by(&self, run: &str, resources: &[String]) -> Result<Option<String>, StoreError>;
    /// What is known of a request id of a key in a run.
    fn seen(&self, run: &str, key: &str, id: &str, digest: &str) -> Result<Seen, StoreError>;
    /// A number of a run under a name; of no run where that is empty.
    fn tally(&self, run: &str, what: &str) -> Result<Option<u64>, StoreError>;
    /// Entries of the log.
    fn log_size(&self) -> Result<u64, StoreError>;
    /// Entries of a run, in order.
    fn entries(&self, run: &str) -> Result<Vec<EntryRow>, StoreError>;
    /// Entries from a place on, so many at most.
    fn entries_from(&self, first: u64, count: u64) -> Result<Vec<EntryRow>, StoreError>;
    /// Parts of a run's entries that are kept outside them, by digest.
    fn blobs(&self, run: &str) -> Result<Vec<BlobRow>, StoreError>;
    /// A node of the log's tree.
    fn node(&self, level: u8, index: u64) -> Result<Option<[u8; 32]>, StoreError>;
    /// The largest checkpoint of a size up to this.
    fn checkpoint(&self, up_to: u64) -> Result<Option<CheckpointRow>, StoreError>;
    /// The largest checkpoint that has the cosignatures it needs.
    fn cosigned(&self) -> Result<Option<CheckpointRow>, StoreError>;
    /// Numbers for whoever watches the server.
    fn figures(&self) -> Result<Figures, StoreError>;
}

/// A transaction. What fails in it is rolled back with the command.
#[allow(clippy::missing_errors_doc, reason = "every method fails only where the store cannot be written")]
pub trait Tx: Read {
    /// Milliseconds since 1970; never goes back.
    fn now(&self) -> u64;
    /// Seconds since 1970.
    fn seconds(&self) -> i64 {
        i64::try_from(self.now() / 1_000).unwrap_or(i64::MAX)
    }
    /// For looking only.
    fn rows(&self) -> &dyn Read;
    /// Keeps a small value.
    fn remember_value(&mut self, key: &str, value: &[u8]) -> Result<(), StoreError>;
    /// Adds an artifact. False if it is there already.
    fn insert_artifact(
        &mut self,
        digest: &str,
        name: &str,
        signer: &str,
        bytes: &[u8],
    ) -> Result<bool, StoreError>;
    /// Adds a run, open and without a state: [`save_run`](Self::save_run) must follow in the same transaction.
    fn insert_run(&mut self, run: &NewRun<'_>) -> Result<(), StoreError>;
    /// Writes what changes of a run.
    fn save_run(
        &mut self,
        id: &str,
        state: &[u8],
        chain: &[u8],
        closed: Option<u64>,
    ) -> Result<(), StoreError>;
    /// Adds a grant.
    fn insert_grant(&mut self, grant: &GrantRow) -> Result<(), StoreError>;
    /// Moves a grant from one phase to another. False, and nothing is changed, where it is not in the first.
    fn move_grant(
        &mut self,
        jti: &str,
        from: Phase,
        to: Phase,
        result: Option<&Value>,
    ) -> Result<bool, StoreError>;
    /// Remembers under which request id a grant is used.
    fn used_under(&mut self, jti: &str, request: &str) -> Result<(), StoreError>;
    /// Leaves a doubt to a person. False if it was before.
    fn leave_to_person(&mut self, jti: &str) -> Result<bool, StoreError>;
    /// Stops something. False if it was stopped already.
    fn kill(&mut self, scope: &Scope, reason: &str, by: &str) -> Result<bool, StoreError>;
    /// Remembers who asks that a kill in force be lifted.
    fn ask_to_lift(&mut self, scope: &Scope, by: &str) -> Result<(), StoreError>;
    /// Lifts a kill. False if there is none in force.
    fn lift(&mut self, scope: &Scope) -> Result<bool, StoreError>;
    /// Takes resources for a run, those that no other run holds; with `jti`, while that use is under way.
    fn lease(&mut self, run: &str, resources: &[String], jti: Option<&str>) -> Result<(), StoreError>;
    /// Gives back what a run holds for a use.
    fn release_use(&mut self, run: &str, jti: &str) -> Result<(), StoreError>;
    /// Gives back all a run holds.
    fn release(&mut self, run: &str) -> Result<(), StoreError>;
    /// Remembers a proof of possession, until a second since 1970. False if it was seen before: each is good for one request.
    fn burn(&mut self, key: &str, jti: &str, until: i64) -> Result<bool, StoreError>;
    /// Remembers a request, with its answer once there is one. The digest stands from the first time on.
    fn remember(
        &mut self,
        run: &str,
        key: &str,
        id: &str,
        digest: &str,
        answer: Option<&[u8]>,
    ) -> Result<(), StoreError>;
    /// Sets a number.
    fn set_tally(&mut self, run: &str, what: &str, number: u64) -> Result<(), StoreError>;
    /// Forgets the numbers of a run.
    fn forget_tallies(&mut self, run: &str) -> Result<(), StoreError>;
    /// Appends an entry to the log.
    fn insert_entry(&mut self, entry: &EntryRow) -> Result<(), StoreError>;
    /// Keeps a part of an entry outside it.
    fn insert_blob(&mut self, entry: u64, blob: &BlobRow) -> Result<(), StoreError>;
    /// Adds a node of the log's tree.
    fn insert_node(&mut self, level: u8, index: u64, hash: &[u8; 32]) -> Result<(), StoreError>;
    /// Adds a signed checkpoint.
    fn insert_checkpoint(&mut self, checkpoint: &CheckpointRow) -> Result<(), StoreError>;
    /// Puts the note of a checkpoint in place that has the cosignatures it needs. False, and nothing is changed, where there
    /// is no checkpoint of that size.
    fn cosign_checkpoint(&mut self, checkpoint: &CheckpointRow) -> Result<bool, StoreError>;
}
