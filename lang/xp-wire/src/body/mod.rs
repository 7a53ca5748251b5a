//! Bodies of requests and answers of the HTTP interface.
//!
//! Requests refuse members that they do not know; answers may gain members, so whoever reads them passes over those. Values
//! of a workflow are a type parameter: the server reads them strictly, a client takes what it has at hand.

mod action;
mod artifact;
mod doubt;
mod grant;
mod kill;
mod offer;
mod person;
mod problem;
mod run;
mod server;
mod session;
mod step;

pub use action::{ActionRequest, ActionResponse};
pub use artifact::DeployResponse;
pub use doubt::{Doubtful, ResolveRequest, WaitsFor};
pub use grant::{GrantRequest, GrantResponse};
pub use kill::{
    EndedAction, KillRequest, KillResponse, KillScope, LiftRequest, LiftResponse, Recorded, StopInForce,
};
pub use offer::{Offer, OfferedGrant, OfferedOutcome};
pub use person::{ConfirmRequest, InviteResponse, PasskeySummary, PersonRequest};
pub use problem::Problem;
pub use run::{OpenRun, RunStatus, RunSummary, StartRequest, StartResponse, StepSummary};
pub use server::{Deployment, HealthCondition, HealthResponse, HealthStatus, Jwk, JwkSet, ServerResponse};
pub use session::{SessionRequest, SessionResponse, TokenType};
pub use step::{JudgementRequest, SaidResponse, SubmissionRequest, ViewRequest, ViewResponse};
