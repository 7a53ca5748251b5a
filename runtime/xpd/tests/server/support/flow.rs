//! The workflow of these tests: write, review, ship.

use xp_artifact::declaration::{Clauses, KeyExpr, LevelExpr, ThingExpr};
use xp_artifact::workflow::*;
use xp_scope::thing::{KeyDecl, Kind, Kinds};
use xp_scope::{PatternSet, Type, Value};

fn action(name: &str, params: &[(&str, Type)], repeat: Repeat) -> Action {
    let params = params.iter().map(|(name, ty)| ActionParam {
        name: (*name).to_owned(),
        ty: ty.clone(),
        default: (*name == "tag").then(|| Value::Text("plain".to_owned())),
        optional: false,
    });
    Action {
        connector: "fake".to_owned(),
        name: name.to_owned(),
        params: params.collect(),
        result: Type::Record("fake.Note".to_owned()),
        effect: Effect::Discuss,
        irreversible: false,
        reveals_untrusted: false,
        reveals_private: false,
        publishes: false,
        attests: true,
        clauses: Clauses::default(),
        shows: Vec::new(),
        repeat,
        transport: None,
    }
}

pub const NOTE: usize = 0;
pub const PUSH: usize = 1;
pub const WIRE: usize = 2;
pub const TOUCH: usize = 3;
pub const FILE: usize = 4;

/// The declarations of the test connector.
pub fn actions() -> Vec<Action> {
    let note =
        action("note", &[("place", Type::Text), ("text", Type::Text), ("tag", Type::Text)], Repeat::Probe);
    let push = action("push", &[("id", Type::Int)], Repeat::Idempotent);
    let wire = action("wire", &[("text", Type::Text)], Repeat::Manual);
    let mut touch = action("touch", &[("branch", Type::Text)], Repeat::Idempotent);
    touch.clauses.changes = vec![ThingExpr::Path(vec![LevelExpr {
        kind: "fake.Place".to_owned(),
        keys: vec![KeyExpr::Argument { index: 0, fields: Vec::new() }],
        deep: false,
    }])];
    let mut file = action("file", &[("text", Type::Text)], Repeat::Idempotent);
    file.effect = Effect::Write;
    vec![note, push, wire, touch, file]
}

/// The kinds of things that they use.
pub fn kinds() -> Kinds {
    let name = KeyDecl { name: "name".to_owned(), ty: Type::Text, fold: false, exact: true };
    Kinds::new(vec![Kind {
        name: "fake.Place".to_owned(),
        realm: "fake".to_owned(),
        parents: Vec::new(),
        key: vec![name],
        immutable: None,
        audience: None,
    }])
    .unwrap()
}

/// The record types that they use.
pub fn records() -> Vec<Record> {
    let field = |name: &str, ty| Field { name: name.to_owned(), ty, optional: false };
    vec![Record {
        name: "fake.Note".to_owned(),
        fields: vec![field("id", Type::Int), field("ok", Type::Bool), field("said", Type::Text)],
    }]
}

fn datum(root: Root, fields: &[&str]) -> Datum {
    Datum { root, fields: fields.iter().map(|field| (*field).to_owned()).collect() }
}

pub fn grant(action: usize, pins: Vec<Pin>, uses: u32, per: Per, binder: Option<&str>, ttl: u32) -> Grant {
    Grant {
        action: ActionId::of(action),
        pins,
        limit: Limit { uses, per },
        binder: binder.map(str::to_owned),
        ttl_seconds: ttl,
    }
}

pub fn outcome(name: &str, how: How, of: Option<Datum>, then: Then) -> Outcome {
    Outcome { name: name.to_owned(), how, of, counts: None, distinct: None, then }
}

fn settled(step: usize, outcome: usize) -> Formula {
    Formula::Is(Atom { step: StepId::of(step), outcome: OutcomeIx::of(outcome) })
}

/// As `workflow`; people review.
pub fn reviewed_by_people(ttl: u32) -> Workflow {
    let mut workflow = workflow(ttl);
    workflow.roles.iter_mut().skip(1).for_each(|role| role.kind = RoleKind::Human);
    workflow
}

/// The workflow, whose grants live `ttl` seconds.
pub fn workflow(ttl: u32) -> Workflow {
    let (author, reviewer) = (RoleId::of(0), RoleId::of(1));
    let place = datum(Root::Param(ParamId::of(0)), &[]);
    let note = Root::Result { step: StepId::of(0), grant: GrantIx::of(0) };
    let files = Root::Submission { step: StepId::of(0), submission: SubmissionIx::of(0) };
    let text = |max| Pin::Content { max };
    let work = Step {
        name: "work".to_owned(),
        role: author,
        after: Formula::All(Vec::new()),
        grants: vec![
            grant(
                NOTE,
                vec![Pin::Is(Expr::Datum(place)), text(200), Pin::Any],
                2,
                Per::Opening,
                Some("note"),
                ttl,
            ),
            grant(WIRE, vec![text(200)], 1, Per::Run, None, ttl),
            grant(PUSH, vec![Pin::Any], 50, Per::Opening, None, ttl),
            grant(TOUCH, vec![Pin::Any], 50, Per::Opening, None, ttl),
        ],
        submissions: vec![Submission {
            name: "files".to_owned(),
            ty: Type::List(Box::new(Type::Path)),
            within: Some(PatternSet::parse(&["src/**"]).unwrap()),
            max: 3,
        }],
        within: None,
        outcomes: vec![outcome("done", How::JudgedIf(Condition::Bound(GrantIx::of(0))), None, Then::Settle)],
    };
    let review = Step {
        name: "review".to_owned(),
        role: reviewer,
        after: settled(0, 0),
        grants: Vec::new(),
        submissions: Vec::new(),
        within: None,
        outcomes: vec![
            outcome("approved", How::Judged, Some(datum(files, &[])), Then::Settle),
            outcome("changes", How::Judged, None, Then::Reopen(LoopId::of(0))),
            outcome("refused", How::Exhausted(LoopId::of(0)), None, Then::End),
        ],
    };
    let ship = Step {
        name: "ship".to_owned(),
        role: author,
        after: settled(1, 0),
        grants: vec![grant(
            PUSH,
            vec![Pin::Is(Expr::Datum(datum(note, &["id"])))],
            1,
            Per::Run,
            Some("shipped"),
            ttl,
        )],
        submissions: Vec::new(),
        within: None,
        outcomes: vec![outcome("done", How::Auto(Condition::Bound(GrantIx::of(0))), None, Then::Settle)],
    };
    Workflow {
        assumptions: Vec::new(),
        leases: Vec::new(),
        name: "flow".to_owned(),
        doc: None,
        params: vec![Param { name: "place".to_owned(), ty: Type::Text }],
        roles: ["author", "reviewer"]
            .map(|name| Role { name: name.to_owned(), kind: RoleKind::Agent })
            .to_vec(),
        separations: vec![Separation { roles: vec![author, reviewer], reason: SeparationReason::Declared }],
        records: records(),
        kinds: kinds(),
        actions: actions(),
        steps: vec![work, review, ship],
        loops: vec![Loop {
            step: StepId::of(1),
            outcome: OutcomeIx::of(1),
            target: StepId::of(0),
            max: 1,
            exhausted: OutcomeIx::of(2),
            notes: true,
        }],
        finish: settled(2, 0),
        guards: vec![],
    }
}
