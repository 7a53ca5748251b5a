"""Types and routes of the HTTP API. Made of the server's description by the tests; do not edit."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

ROUTES: dict[str, tuple[str, str]] = {
    "act": ("POST", "/v1/runs/{run}/actions"),
    "grant": ("POST", "/v1/runs/{run}/grants"),
    "judge": ("POST", "/v1/runs/{run}/judgements"),
    "offers": ("GET", "/v1/runs/{run}/offers"),
    "session": ("POST", "/v1/sessions"),
    "start": ("POST", "/v1/runs"),
    "submit": ("POST", "/v1/runs/{run}/submissions"),
    "summary": ("GET", "/v1/runs/{run}"),
    "view": ("POST", "/v1/runs/{run}/views"),
}


class ActionRequest(TypedDict):
    """Uses a grant."""

    args: NotRequired[dict[str, Any] | None]
    """Arguments: an object, each by its name. Left out, those the token was cut for."""
    request_id: NotRequired[str | None]
    """For repeating the request."""


class ActionResponse(TypedDict):
    """What an action gave."""

    bound: bool
    """It is evidence of the step's current opening."""
    index: int
    """Index of the log entry about its end."""
    replayed: bool
    """The stored answer to an earlier request."""
    result: Any
    """What came back, of the type that the action declares."""


class GrantRequest(TypedDict):
    """Asks for a grant."""

    action: str
    """Qualified action, `tickets.issues.read`."""
    args: dict[str, Any]
    """Arguments: an object, each by its name. Those that can have one value only may be left out."""
    grant: NotRequired[str | None]
    """The grant of the step that is to serve it, as an offer names it. Needed only where several fit."""
    request_id: NotRequired[str | None]
    """For repeating the request."""
    step: str
    """The step it is for."""


class GrantResponse(TypedDict):
    """A grant."""

    args: dict[str, Any]
    """The complete arguments."""
    attempt: int
    """Number of the attempt in that opening."""
    expires: int
    """Milliseconds since 1970."""
    grant: str
    """The token: good for one use, with these arguments, by the key that asked."""
    index: int
    """Index of the log entry about it."""
    jti: str
    """Its identity, as the log and `doubts` name it."""
    opening: int
    """Opening of the step it is good for."""
    replayed: bool
    """The stored answer to an earlier request."""


class JudgementRequest(TypedDict):
    """Decides an outcome."""

    notes: NotRequired[str | None]
    """For those to whom the work goes back."""
    outcome: str
    """Name of the outcome."""
    request_id: NotRequired[str | None]
    """For repeating the request."""
    step: str
    """The step that is decided."""


class Offer(TypedDict):
    """An open step of one of the principal's roles."""

    grants: list[OfferedGrant]
    """What may be done."""
    notes: list[str]
    """Notes left by those who sent the work back, oldest first."""
    opening: int
    """Number of the opening."""
    outcomes: list[OfferedOutcome]
    """The outcomes the role may decide."""
    role: str
    """Name of the role."""
    step: str
    """Name of the step."""
    submissions: list[list[Any]]
    """What is to be handed in: its name, and whether it was."""
    withheld: NotRequired[bool]
    """Values and notes of the run are left out until the principal plays the role: it does from its first view or act on. Arguments with only one possible value can be left out of a request."""


class OfferedGrant(TypedDict):
    """A grant of an offer."""

    action: str
    """Qualified action."""
    args: list[list[Any]]
    """Each argument: its name, what it must be in words, and its value where only one is possible."""
    grant: str
    """Its name in requests: the name of its result, or its number within the step, from 1."""
    left: int
    """Uses left."""


class OfferedOutcome(TypedDict):
    """An outcome of an offer."""

    evidence: bool
    """The evidence it needs is there."""
    of: NotRequired[str | None]
    """The datum that must have been seen, `propose.files`."""
    outcome: str
    """Its name."""


class Problem(TypedDict):
    """Why a request came to nothing."""

    clause: NotRequired[str | None]
    """The clause of the workflow that refused, as written."""
    code: RefusalCode
    """Stable: match on this."""
    detail: str
    """Why, in words."""
    index: NotRequired[int | None]
    """Index of the log entry about it."""
    status: int
    """The status of the answer."""
    title: str
    """The code, once more for people."""
    type: str
    """`urn:xp:problem:` and the code."""

RefusalCode = Literal["unknown", "wrong_role", "needs_human", "needs_agent", "not_separate", "not_granted", "out_of_sequence", "step_closed", "past_deadline", "out_of_scope", "guarded", "unbound", "bad_value", "ambiguous", "used_up", "too_many", "expired", "replayed", "wrong_key", "wrong_arguments", "not_judgeable", "already_voted", "no_evidence", "not_submitted", "declined", "not_shown", "killed", "run_over", "leased", "shadow", "not_claimed", "broken", "unauthenticated", "proof_replayed", "not_allowed", "bad_request", "too_large", "in_flight", "request_id_reused", "suspended", "too_many_runs", "bad_artifact", "unproved", "undeclared_action", "no_instance", "wrong_realm", "connector_refused", "connector_failed", "in_doubt", "busy", "closing", "clock_off", "storage_full", "disk_low", "internal"]

RunStatus = Literal["running", "finished", "ended", "killed"]


class RunSummary(TypedDict):
    """Where a run is."""

    artifact: str
    """Digest of its artifact."""
    closed: bool
    """Nothing more is logged about it: the evidence is complete."""
    ended_by: NotRequired[str | None]
    """The outcome that ended it, `review.refused`; only with `ended`."""
    entries: int
    """Log entries so far."""
    run: str
    """Its id."""
    shadow: NotRequired[bool]
    """It is a shadow run: nothing is sent but what the operator lists."""
    status: RunStatus
    """Whether it is over, and how it came to that."""
    steps: list[StepSummary]
    """Its steps, in the order of the workflow."""
    workflow: str
    """Name of its workflow."""


class SaidResponse(TypedDict):
    """A submission or a judgement was accepted."""

    index: int
    """Index of the log entry about it."""
    pending: bool
    """It takes effect when what is under way has ended."""
    replayed: bool
    """The stored answer to an earlier request."""


class SessionRequest(TypedDict):
    """Opens a session."""

    run: str
    """The run it is for."""


class SessionResponse(TypedDict):
    """A session."""

    access_token: str
    """Sent as `Authorization: DPoP <token>`, each time with a proof by the same key."""
    expires_in: int
    """Seconds."""
    token_type: TokenType
    """How the token is sent (RFC 9449)."""


class StartRequest(TypedDict):
    """Starts a run."""

    artifact: str
    """Digest of an artifact, or name of a workflow: the one deployed last."""
    params: dict[str, Any]
    """Its parameters: an object, each by its name."""
    request_id: NotRequired[str | None]
    """For repeating the request."""
    staff: NotRequired[dict[str, Any]]
    """Principals by role, where they are named at once."""


class StartResponse(TypedDict):
    """A run that was started."""

    artifact: str
    """Digest of its artifact."""
    index: int
    """Index of the log entry about it."""
    replayed: bool
    """The stored answer to an earlier request."""
    run: str
    """Its id."""
    shadow: NotRequired[bool]
    """It is a shadow run: nothing is sent but what the operator lists."""


class StepSummary(TypedDict):
    """A step of a run."""

    open: bool
    """Its role may act in it now."""
    opening: int
    """How often it was opened."""
    outcome: NotRequired[str | None]
    """The outcome it settled with, `review.approved`."""
    step: str
    """Its name."""


class SubmissionRequest(TypedDict):
    """Hands something in."""

    name: str
    """Name of the submission."""
    request_id: NotRequired[str | None]
    """For repeating the request."""
    step: str
    """The step it is for."""
    value: Any
    """Of the type that the workflow declares."""

TokenType = Literal["DPoP"]


class ViewRequest(TypedDict):
    """Asks to be shown a datum."""

    datum: str
    """`propose.files`."""
    step: str
    """The step it is read for."""


class ViewResponse(TypedDict):
    """A datum."""

    digest: str
    """Its digest, as the log has it."""
    index: int
    """Index of the log entry about the first time it was shown."""
    value: Any
    """Its value."""
