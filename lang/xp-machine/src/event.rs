//! Inputs of the machine and what comes of them. They are what the audit log records and a replay feeds back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use xp_artifact::workflow::{Atom, Datum, GrantIx, LoopId, StepId};
use xp_scope::{Digest, Value};

/// How a run begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// Milliseconds since the Unix epoch, by the clock that decides.
    pub at: u64,
    /// A value for each parameter, by name.
    pub params: BTreeMap<String, Value>,
    /// Connector instance for each connector the workflow uses, by the connector's name.
    pub instances: BTreeMap<String, String>,
    /// Principals named at the start, by role; the others are fixed at their first act.
    pub staff: BTreeMap<String, Principal>,
    /// Who starts it: judges in no role of people. A workflow with such roles is started by somebody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starter: Option<Principal>,
}

/// Who stands behind an act.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Principal {
    /// Name of the principal.
    pub name: String,
    /// The person or team behind it; `separate` compares these.
    pub controller: String,
    /// It is a person, and no agent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub person: bool,
}

impl Principal {
    /// An agent.
    #[must_use]
    pub fn agent(name: impl Into<String>, controller: impl Into<String>) -> Self {
        Self { name: name.into(), controller: controller.into(), person: false }
    }

    /// A person.
    #[must_use]
    pub fn person(name: impl Into<String>, controller: impl Into<String>) -> Self {
        Self { name: name.into(), controller: controller.into(), person: true }
    }
}

/// A principal with the roles its roster entry allows, as read for this decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// Who.
    #[serde(flatten)]
    pub principal: Principal,
    /// Roles it may play.
    pub roles: Vec<String>,
}

/// Everything a decision depends on besides the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Milliseconds since the Unix epoch; an earlier time than the state's counts as the state's.
    pub at: u64,
    /// A kill in force outside the run that covers this input: its scope in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kill: Option<String>,
    /// Another run that holds the lease on the resource concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leased_by: Option<String>,
    /// What is asked.
    pub event: Event,
}

/// What is asked of the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// A principal asks for a token for one action.
    Request {
        /// Identity of the token to be, unique.
        jti: String,
        /// Who asks.
        actor: Actor,
        /// RFC 7638 thumbprint of the agent's key.
        key: String,
        /// Name of the step it acts in.
        step: String,
        /// Qualified action, `github.issues.read`.
        action: String,
        /// The grant of the step that is to serve it; without one, the only one that fits.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grant: Option<GrantIx>,
        /// Complete typed arguments.
        args: BTreeMap<String, Value>,
    },
    /// The holder of a token uses it.
    Claim {
        /// The token.
        jti: String,
        /// Who uses it.
        actor: Actor,
        /// Thumbprint of the key that proved possession.
        key: String,
        /// The step the token names.
        step: StepId,
        /// The opening the token names.
        opening: u32,
        /// Digest of the request the token names.
        req: Digest,
    },
    /// A claimed action was carried out.
    Complete {
        /// The token.
        jti: String,
        /// What came back.
        result: Value,
    },
    /// A claimed action was not carried out.
    Fail {
        /// The token.
        jti: String,
        /// Provably nothing was sent, or the answer is declared definitive: the use comes back.
        returned: bool,
    },
    /// Nobody knows whether a claimed action was carried out.
    Doubt {
        /// The token.
        jti: String,
    },
    /// A doubt is resolved.
    Resolve {
        /// The token.
        jti: String,
        /// The result if it was carried out.
        result: Option<Value>,
    },
    /// A token ran out unused.
    Expire {
        /// The token.
        jti: String,
    },
    /// A role hands something in.
    Submit {
        /// Who.
        actor: Actor,
        /// Name of the step.
        step: String,
        /// Name of the submission.
        name: String,
        /// The value.
        value: Value,
    },
    /// A principal is shown a datum of the run.
    View {
        /// Who.
        actor: Actor,
        /// Name of the step it reads for.
        step: String,
        /// The datum.
        datum: Datum,
    },
    /// A role decides an outcome.
    Judge {
        /// Who.
        actor: Actor,
        /// Name of the step.
        step: String,
        /// Name of the outcome.
        outcome: String,
        /// Notes that a reopening passes on.
        notes: Option<String>,
    },
    /// The server submits an automatic outcome.
    Settle {
        /// The outcome.
        outcome: Atom,
    },
    /// The server submits that the time limit of a step has passed.
    TimeOut {
        /// The step.
        step: StepId,
    },
    /// The run is stopped.
    Kill {
        /// Why, in words.
        reason: String,
    },
    /// A principal is barred from the run.
    Bar {
        /// Who.
        principal: String,
    },
}

/// What an accepted input did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Accepted {
    /// A token may be issued.
    Granted {
        /// The step.
        step: StepId,
        /// The grant.
        grant: GrantIx,
        /// Number of the step's opening.
        opening: u32,
        /// Number of the attempt on this grant in this opening.
        attempt: u32,
        /// When the token runs out, milliseconds.
        expires: u64,
        /// Digest of the request: declaration, instance and arguments.
        req: Digest,
    },
    /// The action may be carried out, once.
    Claimed {
        /// The step.
        step: StepId,
        /// The grant.
        grant: GrantIx,
    },
    /// The action's end is recorded.
    Ended {
        /// The result is evidence of the step's current opening.
        bound: bool,
        /// What follows from it.
        changes: Vec<Change>,
    },
    /// Recorded, with what follows.
    Done {
        /// What follows from it.
        changes: Vec<Change>,
    },
    /// A judgement counts towards an outcome that needs more of them.
    Voted {
        /// The outcome.
        outcome: Atom,
        /// Digest of what was judged.
        of: Option<Digest>,
        /// How many people have judged so in this opening.
        votes: u32,
    },
    /// An outcome was accepted and takes effect when nothing of the steps it closes is in flight.
    Closing {
        /// The outcome.
        outcome: Atom,
        /// What closing did already: unused tokens are void.
        changes: Vec<Change>,
    },
    /// The datum, shown and remembered as shown.
    Shown {
        /// Its value.
        value: Value,
        /// Its digest.
        digest: Digest,
    },
}

/// A change of the run's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// A step settled.
    Settled {
        /// With this outcome.
        outcome: Atom,
        /// Digest of what was judged.
        of: Option<Digest>,
    },
    /// A step was opened again and everything downstream of it unsettled.
    Reopened {
        /// The outcome judged.
        outcome: Atom,
        /// The loop.
        by: LoopId,
        /// How often it has fired now.
        count: u32,
    },
    /// A step is open.
    Opened {
        /// The step.
        step: StepId,
        /// Number of the opening, from 1.
        opening: u32,
    },
    /// An unused token is void.
    Revoked {
        /// The token.
        jti: String,
    },
    /// The run ended with an outcome.
    RunEnded {
        /// The outcome.
        outcome: Atom,
    },
    /// The run is finished.
    RunFinished,
    /// The run was killed.
    RunKilled,
}
