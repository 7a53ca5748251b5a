//! A small workflow that exercises every kind of request: write, test, review, one round of changes.

use xp_artifact::workflow::{
    Action, ActionId, ActionParam, Atom, Condition, Datum, Effect, Field, Formula, Grant, GrantIx, How,
    Limit, Loop, LoopId, Outcome, OutcomeIx, Param, Per, Pin, Record, Repeat, Role, RoleId, RoleKind, Root,
    Separation, SeparationReason, Step, StepId, Submission, SubmissionIx, Then, Workflow,
};
use xp_artifact::{Artifact, Envelope, FORMAT, SigningKey};
use xp_scope::Type;

fn action(name: &str, params: &[(&str, Type)], result: Type, effect: Effect) -> Action {
    let params = params.iter().map(|(name, ty)| ActionParam {
        name: (*name).into(),
        ty: ty.clone(),
        default: None,
        optional: false,
    });
    Action {
        connector: "host".into(),
        name: name.into(),
        params: params.collect(),
        result,
        effect,
        irreversible: false,
        reveals_untrusted: false,
        reveals_private: false,
        publishes: false,
        attests: effect == Effect::Execute,
        clauses: xp_artifact::declaration::Clauses::default(),
        shows: vec![],
        repeat: Repeat::Probe,
        transport: None,
    }
}

fn grant(action: u32, pins: Vec<Pin>, binder: &str, uses: u32) -> Grant {
    let limit = Limit { uses, per: Per::Opening };
    Grant { action: ActionId(action), pins, limit, binder: Some(binder.into()), ttl_seconds: 60 }
}

fn outcome(name: &str, how: How, of: Option<Datum>, then: Then) -> Outcome {
    Outcome { name: name.into(), how, of, counts: None, distinct: None, then }
}

fn is(step: u32, outcome: u32) -> Formula {
    Formula::Is(Atom { step: StepId(step), outcome: OutcomeIx(outcome) })
}

fn flag(is: bool) -> Condition {
    let root = Root::Result { step: StepId(1), grant: GrantIx(0) };
    Condition::Test(xp_artifact::Test::flag(Datum { root, fields: vec!["passed".into()] }, is))
}

/// The submission that is reviewed.
pub fn files() -> Datum {
    Datum { root: Root::Submission { step: StepId(0), submission: SubmissionIx(0) }, fields: vec![] }
}

pub fn workflow() -> Workflow {
    let role = |name: &str| Role { name: name.into(), kind: RoleKind::Agent };
    let work = Step {
        name: "work".into(),
        role: RoleId(0),
        after: Formula::All(vec![]),
        grants: vec![grant(0, vec![Pin::Content { max: 60_000 }], "note", 3)],
        submissions: vec![Submission {
            name: "files".into(),
            ty: Type::List(Box::new(Type::Path)),
            within: None,
            max: 5,
        }],
        within: None,
        outcomes: vec![outcome("done", How::Judged, None, Then::Settle)],
    };
    let test = Step {
        name: "test".into(),
        role: RoleId(0),
        after: is(0, 0),
        grants: vec![grant(1, vec![], "tests", 4)],
        submissions: vec![],
        within: None,
        outcomes: vec![
            outcome("passed", How::Auto(flag(true)), None, Then::Settle),
            outcome("failed", How::Auto(flag(false)), None, Then::End),
        ],
    };
    let review = Step {
        name: "review".into(),
        role: RoleId(1),
        after: is(1, 0),
        grants: vec![],
        submissions: vec![],
        within: None,
        outcomes: vec![
            outcome("approved", How::Judged, Some(files()), Then::Settle),
            outcome("changes", How::Judged, Some(files()), Then::Reopen(LoopId(0))),
            outcome("rejected", How::Exhausted(LoopId(0)), None, Then::End),
        ],
    };
    Workflow {
        assumptions: Vec::new(),
        leases: Vec::new(),
        name: "small".into(),
        doc: None,
        params: vec![Param { name: "number".into(), ty: Type::Int }],
        roles: vec![role("developer"), role("reviewer")],
        separations: vec![Separation {
            roles: vec![RoleId(0), RoleId(1)],
            reason: SeparationReason::Judges(StepId(2)),
        }],
        kinds: xp_scope::thing::Kinds::default(),
        records: vec![Record {
            name: "host.Tests".into(),
            fields: vec![Field { name: "passed".into(), ty: Type::Bool, optional: false }],
        }],
        actions: vec![
            action("notes.write", &[("text", Type::Text)], Type::Bool, Effect::Write),
            action("tests.run", &[], Type::Record("host.Tests".into()), Effect::Execute),
        ],
        steps: vec![work, test, review],
        loops: vec![Loop {
            step: StepId(2),
            outcome: OutcomeIx(1),
            target: StepId(0),
            max: 1,
            exhausted: OutcomeIx(2),
            notes: true,
        }],
        finish: is(2, 0),
        guards: vec![],
    }
}

pub fn artifact() -> Artifact {
    Artifact {
        format: FORMAT,
        compiler: "test".into(),
        sources: vec![],
        workflow: workflow(),
        obligations: vec![],
    }
}

pub fn signer(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

pub fn sealed(artifact: &Artifact, keys: &[&SigningKey]) -> Vec<u8> {
    Envelope::seal(artifact, keys).unwrap().to_bytes().unwrap()
}
