//! Why something was refused, as a code that is the same on every wire. Pages: `lang/reference/refusals`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whether the same request may be accepted later, though its sender changes nothing in it but the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Again {
    Later,
    Never,
}

/// A row cannot leave anything out, and a code without a page does not compile.
macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:literal, $again:ident, $text:literal;)+) => {
        /// Why something was refused. Codes are stable; programs match on them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum RefusalCode {
            $($(#[$doc])* #[serde(rename = $code)] $name,)+
        }

        impl RefusalCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The code as it stands on a wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The status of an HTTP answer with this code.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)+ }
            }

            /// What it says to people where nobody says it better: lower case, no full stop.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// Its page of the reference, in Markdown.
            #[must_use]
            pub const fn page(self) -> &'static str {
                match self {
                    $(Self::$name => include_str!(concat!("../../reference/refusals/", $code, ".md")),)+
                }
            }

            /// Whether the same request may be accepted later, though its sender changes nothing in it but the proof.
            #[must_use]
            pub const fn is_retryable(self) -> bool {
                let again = match self { $(Self::$name => Again::$again,)+ };
                matches!(again, Again::Later)
            }
        }
    };
}

refusals! {
    /// No such thing, or none that the caller may know of.
    Unknown = "unknown", 404, Never, "there is no such thing for you";
    /// The principal does not play the role.
    WrongRole = "wrong_role", 403, Never, "you do not play the role that acts here";
    /// The step waits for a person, and an agent asks.
    NeedsHuman = "needs_human", 403, Never, "only a person can do this";
    /// The step is for an agent, and a person asks.
    NeedsAgent = "needs_agent", 403, Never, "only an agent can do this";
    /// The principal's controller already acts where it must not.
    NotSeparate = "not_separate", 403, Never, "your controller already acts in a role that must be separate from this one";
    /// The step may not do this at all.
    NotGranted = "not_granted", 403, Never, "the step grants no such thing";
    /// The step is not open yet.
    OutOfSequence = "out_of_sequence", 409, Later, "the step is not open yet";
    /// The step is closed or closing, or the token is of an earlier opening.
    StepClosed = "step_closed", 409, Never, "the step is closed, or the token is of an earlier opening";
    /// The time limit of the step has passed.
    PastDeadline = "past_deadline", 409, Never, "the time limit of the step has passed";
    /// A value is outside what is granted.
    OutOfScope = "out_of_scope", 403, Never, "a value is outside what is granted";
    /// It would break a property that the workflow guards.
    Guarded = "guarded", 409, Later, "it would break a property that the workflow guards";
    /// What a value must be has no value yet.
    Unbound = "unbound", 409, Later, "what a value must be has no value yet";
    /// A value is not of its type.
    BadValue = "bad_value", 422, Never, "a value is not of its type";
    /// Several grants of the step fit the request, and it names none.
    Ambiguous = "ambiguous", 409, Never, "several grants fit the request, and it names none";
    /// The grant has no use left.
    UsedUp = "used_up", 409, Never, "all uses of the grant are spent or reserved";
    /// Too many unused tokens or tries at once.
    TooMany = "too_many", 429, Later, "too many unused tokens or tries";
    /// The token ran out.
    Expired = "expired", 409, Never, "the token has run out";
    /// The token was used before, or never issued.
    Replayed = "replayed", 409, Never, "the token was used before, or never issued";
    /// The token is bound to another principal or key.
    WrongKey = "wrong_key", 403, Never, "the token is bound to another principal or key";
    /// The token is good for other arguments.
    WrongArguments = "wrong_arguments", 403, Never, "the token is good for other arguments";
    /// The outcome cannot be chosen.
    NotJudgeable = "not_judgeable", 409, Never, "the outcome cannot be chosen";
    /// The person, or another one of its controller, has judged so in this opening.
    AlreadyVoted = "already_voted", 409, Never, "your judgement counts already in this opening";
    /// The evidence an outcome needs is not there.
    NoEvidence = "no_evidence", 409, Later, "the evidence that the outcome needs is not there";
    /// A submission is missing.
    NotSubmitted = "not_submitted", 409, Never, "a submission is missing";
    /// People sent the same back before.
    Declined = "declined", 409, Never, "people sent the same back before in this run";
    /// The judge was not shown what is judged, in this opening.
    NotShown = "not_shown", 409, Never, "what is judged was not shown to you in this opening";
    /// The run, the principal, the artifact or everything was stopped.
    Killed = "killed", 403, Never, "it was stopped";
    /// The run is over.
    RunOver = "run_over", 409, Never, "the run is over";
    /// Another run holds the resource.
    Leased = "leased", 409, Later, "another run holds the resource";
    /// It was granted in a shadow run, and not sent.
    Shadow = "shadow", 409, Never, "it would be carried out; this is a shadow run, and nothing was sent";
    /// The token is not in the state the input needs.
    NotClaimed = "not_claimed", 409, Never, "the token is not in the state that this needs";
    /// The artifact contradicts itself; nothing is done.
    Broken = "broken", 500, Never, "the artifact contradicts itself";
    /// No valid token and proof of possession came with the request.
    Unauthenticated = "unauthenticated", 401, Never, "the request does not show who asks";
    /// The proof was used before.
    ProofReplayed = "proof_replayed", 401, Later, "the proof was used before";
    /// The roster or the deployment does not allow this to the principal.
    NotAllowed = "not_allowed", 403, Never, "this is not allowed to you";
    /// The request is not one of this API.
    BadRequest = "bad_request", 400, Never, "the request is not one of this API";
    /// The body is too large.
    TooLarge = "too_large", 413, Never, "the body is too large";
    /// The same thing is under way.
    InFlight = "in_flight", 409, Later, "the same thing is under way, or its end is in doubt";
    /// The request id was used for another request.
    RequestIdReused = "request_id_reused", 409, Never, "the request id was used for another request";
    /// Too many requests of the principal were refused.
    Suspended = "suspended", 429, Later, "too many of your requests were refused";
    /// The principal has started as many runs as it may.
    TooManyRuns = "too_many_runs", 429, Later, "you have started as many runs as you may";
    /// The artifact is not one this server takes.
    BadArtifact = "bad_artifact", 422, Never, "the artifact is not one this server takes";
    /// Something that must be proved of the artifact is not.
    Unproved = "unproved", 422, Never, "something that must be proved of the artifact is not";
    /// An action is not declared here as the artifact declares it.
    UndeclaredAction = "undeclared_action", 422, Never, "an action is not declared here as the artifact declares it";
    /// A connector of the workflow has no instance here.
    NoInstance = "no_instance", 422, Never, "a connector of the workflow has no instance here";
    /// Connectors of the workflow are bound to upstreams that its proofs do not allow.
    WrongRealm = "wrong_realm", 422, Never, "connectors of the workflow are bound to upstreams that its proofs do not allow";
    /// The service behind the connector refused the action.
    ConnectorRefused = "connector_refused", 502, Never, "the service refused the action";
    /// The action was not carried out.
    ConnectorFailed = "connector_failed", 502, Later, "the action was not carried out";
    /// Nobody knows whether the action was carried out.
    InDoubt = "in_doubt", 502, Never, "nobody knows whether the action was carried out";
    /// Too much is waiting.
    Busy = "busy", 503, Later, "too much is waiting";
    /// The server is stopping.
    Closing = "closing", 503, Later, "the server is stopping";
    /// The time cannot be trusted, so nothing new is granted.
    ClockOff = "clock_off", 503, Later, "the time cannot be trusted, so nothing new is granted";
    /// Nothing can be recorded, so nothing is done.
    StorageFull = "storage_full", 507, Later, "nothing can be recorded, so nothing is done";
    /// The disk is nearly full, so no new run is started.
    DiskLow = "disk_low", 507, Later, "the disk is nearly full, so no new run is started";
    /// The server failed inside.
    Internal = "internal", 500, Never, "the server failed inside";
}

// By hand: the derive does not see how a macro's rows rename the variants.
#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for RefusalCode {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let codes = Self::ALL.iter().map(|code| code.as_str());
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("Why something was refused. Codes are stable; programs match on them."))
            .enum_values(Some(codes))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for RefusalCode {
    fn name() -> std::borrow::Cow<'static, str> {
        "RefusalCode".into()
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
