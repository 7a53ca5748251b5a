// Types and routes of the HTTP API. Made of the server's description by the tests; do not edit.

export const ROUTES = {
  act: ["POST", "/v1/runs/{run}/actions"],
  grant: ["POST", "/v1/runs/{run}/grants"],
  judge: ["POST", "/v1/runs/{run}/judgements"],
  offers: ["GET", "/v1/runs/{run}/offers"],
  session: ["POST", "/v1/sessions"],
  start: ["POST", "/v1/runs"],
  submit: ["POST", "/v1/runs/{run}/submissions"],
  summary: ["GET", "/v1/runs/{run}"],
  view: ["POST", "/v1/runs/{run}/views"],
} as const;

/** Uses a grant. */
export interface ActionRequest {
  /** Arguments: an object, each by its name. Left out, those the token was cut for. */
  args?: Record<string, unknown> | null;
  /** For repeating the request. */
  request_id?: string | null;
}

/** What an action gave. */
export interface ActionResponse {
  /** It is evidence of the step's current opening. */
  bound: boolean;
  /** Index of the log entry about its end. */
  index: number;
  /** The stored answer to an earlier request. */
  replayed: boolean;
  /** What came back, of the type that the action declares. */
  result: unknown;
}

/** Asks for a grant. */
export interface GrantRequest {
  /** Qualified action, `tickets.issues.read`. */
  action: string;
  /** Arguments: an object, each by its name. Those that can have one value only may be left out. */
  args: Record<string, unknown>;
  /** The grant of the step that is to serve it, as an offer names it. Needed only where several fit. */
  grant?: string | null;
  /** For repeating the request. */
  request_id?: string | null;
  /** The step it is for. */
  step: string;
}

/** A grant. */
export interface GrantResponse {
  /** The complete arguments. */
  args: Record<string, unknown>;
  /** Number of the attempt in that opening. */
  attempt: number;
  /** Milliseconds since 1970. */
  expires: number;
  /** The token: good for one use, with these arguments, by the key that asked. */
  grant: string;
  /** Index of the log entry about it. */
  index: number;
  /** Its identity, as the log and `doubts` name it. */
  jti: string;
  /** Opening of the step it is good for. */
  opening: number;
  /** The stored answer to an earlier request. */
  replayed: boolean;
}

/** Decides an outcome. */
export interface JudgementRequest {
  /** For those to whom the work goes back. */
  notes?: string | null;
  /** Name of the outcome. */
  outcome: string;
  /** For repeating the request. */
  request_id?: string | null;
  /** The step that is decided. */
  step: string;
}

/** An open step of one of the principal's roles. */
export interface Offer {
  /** What may be done. */
  grants: Array<OfferedGrant>;
  /** Notes left by those who sent the work back, oldest first. */
  notes: Array<string>;
  /** Number of the opening. */
  opening: number;
  /** The outcomes the role may decide. */
  outcomes: Array<OfferedOutcome>;
  /** Name of the role. */
  role: string;
  /** Name of the step. */
  step: string;
  /** What is to be handed in: its name, and whether it was. */
  submissions: Array<Array<unknown>>;
  /** Values and notes of the run are left out until the principal plays the role: it does from its first view or act on. Arguments with only one possible value can be left out of a request. */
  withheld?: boolean;
}

/** A grant of an offer. */
export interface OfferedGrant {
  /** Qualified action. */
  action: string;
  /** Each argument: its name, what it must be in words, and its value where only one is possible. */
  args: Array<Array<unknown>>;
  /** Its name in requests: the name of its result, or its number within the step, from 1. */
  grant: string;
  /** Uses left. */
  left: number;
}

/** An outcome of an offer. */
export interface OfferedOutcome {
  /** The evidence it needs is there. */
  evidence: boolean;
  /** The datum that must have been seen, `propose.files`. */
  of?: string | null;
  /** Its name. */
  outcome: string;
}

/** Why a request came to nothing. */
export interface Problem {
  /** The clause of the workflow that refused, as written. */
  clause?: string | null;
  /** Stable: match on this. */
  code: RefusalCode;
  /** Why, in words. */
  detail: string;
  /** Index of the log entry about it. */
  index?: number | null;
  /** The status of the answer. */
  status: number;
  /** The code, once more for people. */
  title: string;
  /** `urn:xp:problem:` and the code. */
  type: string;
}

/** Why something was refused. Codes are stable; programs match on them. */
export type RefusalCode = "unknown" | "wrong_role" | "needs_human" | "needs_agent" | "not_separate" | "not_granted" | "out_of_sequence" | "step_closed" | "past_deadline" | "out_of_scope" | "guarded" | "unbound" | "bad_value" | "ambiguous" | "used_up" | "too_many" | "expired" | "replayed" | "wrong_key" | "wrong_arguments" | "not_judgeable" | "already_voted" | "no_evidence" | "not_submitted" | "declined" | "not_shown" | "killed" | "run_over" | "leased" | "shadow" | "not_claimed" | "broken" | "unauthenticated" | "proof_replayed" | "not_allowed" | "bad_request" | "too_large" | "in_flight" | "request_id_reused" | "suspended" | "too_many_runs" | "bad_artifact" | "unproved" | "undeclared_action" | "no_instance" | "wrong_realm" | "connector_refused" | "connector_failed" | "in_doubt" | "busy" | "closing" | "clock_off" | "storage_full" | "disk_low" | "internal";

/** Whether a run is over. */
export type RunStatus = "running" | "finished" | "ended" | "killed";

/** Where a run is. */
export interface RunSummary {
  /** Digest of its artifact. */
  artifact: string;
  /** Nothing more is logged about it: the evidence is complete. */
  closed: boolean;
  /** The outcome that ended it, `review.refused`; only with `ended`. */
  ended_by?: string | null;
  /** Log entries so far. */
  entries: number;
  /** Its id. */
  run: string;
  /** It is a shadow run: nothing is sent but what the operator lists. */
  shadow?: boolean;
  /** Whether it is over, and how it came to that. */
  status: RunStatus;
  /** Its steps, in the order of the workflow. */
  steps: Array<StepSummary>;
  /** Name of its workflow. */
  workflow: string;
}

/** A submission or a judgement was accepted. */
export interface SaidResponse {
  /** Index of the log entry about it. */
  index: number;
  /** It takes effect when what is under way has ended. */
  pending: boolean;
  /** The stored answer to an earlier request. */
  replayed: boolean;
}

/** Opens a session. */
export interface SessionRequest {
  /** The run it is for. */
  run: string;
}

/** A session. */
export interface SessionResponse {
  /** Sent as `Authorization: DPoP <token>`, each time with a proof by the same key. */
  access_token: string;
  /** Seconds. */
  expires_in: number;
  /** How the token is sent (RFC 9449). */
  token_type: TokenType;
}

/** Starts a run. */
export interface StartRequest {
  /** Digest of an artifact, or name of a workflow: the one deployed last. */
  artifact: string;
  /** Its parameters: an object, each by its name. */
  params: Record<string, unknown>;
  /** For repeating the request. */
  request_id?: string | null;
  /** Principals by role, where they are named at once. */
  staff?: Record<string, unknown>;
}

/** A run that was started. */
export interface StartResponse {
  /** Digest of its artifact. */
  artifact: string;
  /** Index of the log entry about it. */
  index: number;
  /** The stored answer to an earlier request. */
  replayed: boolean;
  /** Its id. */
  run: string;
  /** It is a shadow run: nothing is sent but what the operator lists. */
  shadow?: boolean;
}

/** A step of a run. */
export interface StepSummary {
  /** Its role may act in it now. */
  open: boolean;
  /** How often it was opened. */
  opening: number;
  /** The outcome it settled with, `review.approved`. */
  outcome?: string | null;
  /** Its name. */
  step: string;
}

/** Hands something in. */
export interface SubmissionRequest {
  /** Name of the submission. */
  name: string;
  /** For repeating the request. */
  request_id?: string | null;
  /** The step it is for. */
  step: string;
  /** Of the type that the workflow declares. */
  value: unknown;
}

/** How a token is sent. */
export type TokenType = "DPoP";

/** Asks to be shown a datum. */
export interface ViewRequest {
  /** `propose.files`. */
  datum: string;
  /** The step it is read for. */
  step: string;
}

/** A datum. */
export interface ViewResponse {
  /** Its digest, as the log has it. */
  digest: string;
  /** Index of the log entry about the first time it was shown. */
  index: number;
  /** Its value. */
  value: unknown;
}
