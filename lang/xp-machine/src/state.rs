//! The state of a run.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use xp_artifact::workflow::{Atom, GrantIx, OutcomeIx, StepId};
use xp_monitor::Watch;
use xp_scope::thing::Canonical;
use xp_scope::{Digest, Value};

use crate::event::Principal;

/// The state of a run, made by [`Machine::start`](crate::Machine::start) and changed by
/// [`Machine::apply`](crate::Machine::apply) alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Accepted inputs so far.
    pub(crate) version: u64,
    /// Latest time seen, milliseconds.
    pub(crate) time: u64,
    /// Whether the run goes on.
    pub(crate) status: Status,
    /// Parameters by position.
    pub(crate) params: Vec<Value>,
    /// Connector instances by connector.
    pub(crate) instances: BTreeMap<String, String>,
    /// Who plays each role, once fixed.
    pub(crate) staff: Vec<Option<Principal>>,
    /// Who acted or looked in each role of people.
    #[serde(default)]
    pub(crate) people: Vec<BTreeSet<Principal>>,
    /// Who started the run, if somebody in it is said to have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) starter: Option<Principal>,
    /// Principals that may do nothing more.
    pub(crate) barred: BTreeSet<String>,
    /// The steps.
    pub(crate) steps: Vec<StepState>,
    /// How often each loop has fired.
    pub(crate) loops: Vec<u32>,
    /// Tokens that are issued, claimed or in doubt.
    pub(crate) holds: BTreeMap<String, Hold>,
    /// Accepted outcomes that wait for quiet.
    pub(crate) pending: Vec<Pending>,
    /// Notes that survived reopenings, oldest first.
    pub(crate) notes: Vec<Note>,
    /// Things the run has made and not removed; none of kinds that derive their names from their content.
    pub(crate) made: BTreeSet<Canonical>,
    /// The version at which the run last saw each thing whose versions some action reports.
    pub(crate) versions: Vec<(Canonical, Value)>,
    /// Truth of each conjunct of `finish`.
    pub(crate) finish: Vec<bool>,
    /// How many conjuncts of `finish` are false.
    pub(crate) missing: u32,
    /// Monitors of the guarded questions, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) watch: Option<Watch>,
}

impl State {
    /// What the monitors of the guarded questions remember; none where nothing is guarded.
    #[must_use]
    pub fn watch(&self) -> Option<&Watch> {
        self.watch.as_ref()
    }

    /// Accepted inputs so far.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Latest time seen, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn time(&self) -> u64 {
        self.time
    }

    /// Whether the run goes on.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }

    /// Parameters by position.
    #[must_use]
    pub fn params(&self) -> &[Value] {
        &self.params
    }

    /// The connector instance that the run was started with for a connector.
    #[must_use]
    pub fn instance(&self, connector: &str) -> Option<&str> {
        self.instances.get(connector).map(String::as_str)
    }

    /// Who plays each role, once fixed; by position of the role.
    #[must_use]
    pub fn staff(&self) -> &[Option<Principal>] {
        &self.staff
    }

    /// Who acted or looked in each role of people; by position of the role, nobody in roles of agents.
    #[must_use]
    pub fn people(&self) -> &[BTreeSet<Principal>] {
        &self.people
    }

    /// Who started the run.
    #[must_use]
    pub fn starter(&self) -> Option<&Principal> {
        self.starter.as_ref()
    }

    /// Whether the principal may do nothing more in the run.
    #[must_use]
    pub fn is_barred(&self, principal: &str) -> bool {
        self.barred.contains(principal)
    }

    /// The steps by position.
    #[must_use]
    pub fn steps(&self) -> &[StepState] {
        &self.steps
    }

    /// One step.
    #[must_use]
    pub fn step(&self, id: StepId) -> Option<&StepState> {
        self.steps.get(id.index())
    }

    /// Whether the step ended with the outcome and was not opened again.
    #[must_use]
    pub fn is_settled(&self, atom: Atom) -> bool {
        self.step(atom.step).is_some_and(|step| step.settled == Some(atom.outcome))
    }

    /// How often each loop has fired, by position.
    #[must_use]
    pub fn loops(&self) -> &[u32] {
        &self.loops
    }

    /// Tokens that are issued, claimed or in doubt, by their identity.
    #[must_use]
    pub fn holds(&self) -> &BTreeMap<String, Hold> {
        &self.holds
    }

    /// Accepted outcomes that wait until nothing of the steps they close is in flight.
    #[must_use]
    pub fn pending(&self) -> &[Pending] {
        &self.pending
    }

    /// Notes that survived reopenings, oldest first.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }
}

/// Whether a run goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It does.
    Running,
    /// `finish` became true.
    Finished,
    /// An ending outcome was taken.
    Ended(Atom),
    /// It was stopped.
    Killed,
}

/// A step of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepState {
    /// The outcome it ended with.
    pub settled: Option<OutcomeIx>,
    /// It is open. Invariant: unsettled and `after` true, in a running run.
    pub open: bool,
    /// Number of the latest opening; 0 before the first.
    pub opening: u32,
    /// Its grants.
    pub grants: Vec<GrantState>,
    /// Its submissions in this opening.
    pub submissions: Vec<Option<Value>>,
    /// Who was shown what in this opening: principals with digests.
    pub shown: BTreeSet<(String, Digest)>,
    /// Digest of what the settling judgement was about.
    pub judged: Option<Digest>,
    /// Claims of this step in flight or in doubt.
    pub in_flight: u32,
    /// When it opened last, milliseconds.
    #[serde(default)]
    pub opened: u64,
    /// Judgements of this opening that wait for more of them, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub votes: Vec<Vote>,
}

/// A judgement of a person that counts towards an outcome.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vote {
    /// The outcome.
    pub outcome: OutcomeIx,
    /// Who.
    pub by: Principal,
    /// Digest of what was judged.
    pub of: Option<Digest>,
}

/// A grant of a step of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantState {
    /// Uses spent in this opening.
    pub spent: u32,
    /// Uses spent in the run.
    pub spent_in_run: u32,
    /// Tokens asked for in this opening, successful or not.
    pub attempts: u32,
    /// Issued, unclaimed tokens.
    pub live: Vec<String>,
    /// Claims in doubt.
    pub doubts: u32,
    /// Claims of this opening that are not decided, those in doubt among them.
    #[serde(default)]
    pub claimed: u32,
    /// Latest result of this opening.
    pub result: Option<Value>,
}

/// A token that is not yet at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// The step.
    pub step: StepId,
    /// The grant.
    pub grant: GrantIx,
    /// The step's opening it was cut from.
    pub opening: u32,
    /// Whose it is.
    pub principal: String,
    /// Thumbprint of the key it is bound to.
    pub key: String,
    /// Digest of the request it is good for.
    pub req: Digest,
    /// When it runs out, milliseconds.
    pub expires: u64,
    /// How far it got.
    pub phase: Phase,
    /// The arguments that name things.
    pub naming: BTreeMap<String, Value>,
    /// Things that must be as the run last saw them: one write of each at a time.
    pub expects: Vec<Canonical>,
}

/// How far a token got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Issued.
    Issued,
    /// Claimed; the action may be under way.
    Claimed,
    /// Nobody knows whether the action happened.
    InDoubt,
}

/// An accepted outcome that has not taken effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    /// The outcome, after a used-up loop was replaced by its exhausted outcome.
    pub outcome: Atom,
    /// Digest of what was judged.
    pub of: Option<Digest>,
    /// Notes of the judge.
    pub notes: Option<String>,
}

/// A note a judge left for the step that was opened again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// The outcome it came with.
    pub outcome: Atom,
    /// The step it is for.
    pub to: StepId,
    /// Opening of that step it led to.
    pub opening: u32,
    /// The text.
    pub text: String,
}
