//! Times all always asked questions and some properties on generated workflows: lanes of 20 steps, each with loops,
//! evidence and data.
//!
//! `cargo run --release -p xpc-proof --example scale -- 1000 10000`

use std::time::Instant;

use xp_artifact::declaration::{About, Clauses, Identity, KeyExpr, LevelExpr, Making, ThingExpr};
use xp_artifact::question::{Question, Uses};
use xp_artifact::workflow::{
    Action, ActionId, ActionParam, Atom, Condition, Datum, Effect, Expr, Field, Formula, Grant, GrantIx, How,
    Limit, Loop, LoopId, Outcome, OutcomeIx, Per, Pin, Record, Repeat, Role, RoleId, RoleKind, Root, Step,
    StepId, Then, Workflow,
};
use xp_diagnostics::{SourceId, Span};
use xp_scope::Type;
use xp_scope::thing::{KeyDecl, Kind, Kinds};
use xpc_model::{Limits, Model, ProofObligation, Spans};
use xpc_proof::Z3Prover;

const LANE: usize = 20;

fn action(name: &str, effect: Effect, params: &[(&str, Type)]) -> Action {
    Action {
        connector: "c".to_owned(),
        name: name.to_owned(),
        params: params
            .iter()
            .map(|(name, ty)| ActionParam {
                name: (*name).to_owned(),
                ty: ty.clone(),
                default: None,
                optional: false,
            })
            .collect(),
        result: Type::Record("c.R".to_owned()),
        effect,
        irreversible: false,
        reveals_untrusted: false,
        reveals_private: false,
        publishes: false,
        attests: effect == Effect::Execute,
        clauses: clauses(effect),
        shows: Vec::new(),
        repeat: Repeat::Idempotent,
        transport: None,
    }
}

/// The branch that the first argument names.
fn branch() -> ThingExpr {
    let keys = vec![KeyExpr::Argument { index: 0, fields: Vec::new() }];
    ThingExpr::Path(vec![LevelExpr { kind: "c.Branch".to_owned(), keys, deep: false }])
}

fn clauses(effect: Effect) -> Clauses {
    let about = About { fields: Vec::new(), things: vec![branch()] };
    Clauses {
        changes: if effect == Effect::Write { vec![branch()] } else { Vec::new() },
        about: if effect == Effect::Execute { vec![about] } else { Vec::new() },
        ..Clauses::default()
    }
}

fn kinds() -> Kinds {
    let key = KeyDecl { name: "name".to_owned(), ty: Type::Branch, fold: false, exact: true };
    let branch = Kind {
        name: "c.Branch".to_owned(),
        realm: "c".to_owned(),
        parents: Vec::new(),
        key: vec![key],
        immutable: None,
        audience: None,
    };
    Kinds::new(vec![branch]).unwrap_or_default()
}

fn workflow(steps: usize) -> Workflow {
    let field = |name: &str, ty: Type| Field { name: name.to_owned(), ty, optional: false };
    let fields = vec![field("commit", Type::Commit), field("ok", Type::Bool)];
    let mut create = action("create", Effect::Write, &[("name", Type::Branch)]);
    create.result = Type::Branch;
    create.clauses = Clauses {
        makes: vec![Making { thing: branch(), valid_while: Vec::new(), from: None }],
        is: vec![Identity { field: Vec::new(), argument: 0, fields: Vec::new() }],
        ..Clauses::default()
    };
    let actions = vec![
        create,
        action("write", Effect::Write, &[("branch", Type::Branch)]),
        action("test", Effect::Execute, &[("branch", Type::Branch), ("commit", Type::Commit)]),
    ];
    let mut w = Workflow {
        assumptions: Vec::new(),
        leases: Vec::new(),
        name: "scale".to_owned(),
        doc: None,
        params: Vec::new(),
        kinds: kinds(),
        roles: (0..4).map(|n| Role { name: format!("r{n}"), kind: RoleKind::Agent }).collect(),
        separations: Vec::new(),
        records: vec![Record { name: "c.R".to_owned(), fields }],
        actions,
        steps: Vec::new(),
        loops: Vec::new(),
        finish: Formula::All(Vec::new()),
        guards: Vec::new(),
    };
    for index in 0..steps {
        add(&mut w, index);
    }
    let finish = w.steps.iter().enumerate().map(|(index, step)| {
        let stays = step.outcomes.iter().enumerate().filter(|(_, outcome)| outcome.then == Then::Settle);
        Formula::Any(
            stays
                .map(|(ix, _)| Formula::Is(Atom { step: StepId::of(index), outcome: OutcomeIx::of(ix) }))
                .collect(),
        )
    });
    w.finish = Formula::All(finish.collect());
    w
}

fn first(step: usize) -> Formula {
    Formula::Is(Atom { step: StepId::of(step), outcome: OutcomeIx(0) })
}

fn either(step: usize) -> Formula {
    Formula::Any(
        (0..2).map(|ix| Formula::Is(Atom { step: StepId::of(step), outcome: OutcomeIx(ix) })).collect(),
    )
}

fn outcome(name: &str, how: How, then: Then) -> Outcome {
    Outcome { name: name.to_owned(), how, of: None, counts: None, distinct: None, then }
}

fn grant(action: u32, pins: Vec<Pin>, uses: u32) -> Grant {
    let limit = Limit { uses, per: Per::Opening };
    Grant { action: ActionId(action), pins, limit, binder: Some("g".to_owned()), ttl_seconds: 60 }
}

fn made(step: usize, fields: &[&str]) -> Pin {
    let root = Root::Result { step: StepId::of(step), grant: GrantIx(0) };
    Pin::Is(Expr::Datum(Datum { root, fields: fields.iter().map(|field| (*field).to_owned()).collect() }))
}

fn word(text: &str) -> Pin {
    Pin::Is(Expr::Literal(xp_scope::Value::Text(text.to_owned())))
}

/// Start, write, test (reopens write), decide (two ways), then a chain with a review that reopens the write.
fn add(w: &mut Workflow, index: usize) {
    let (lane, place) = (index / LANE * LANE, index % LANE);
    let root = Root::Result { step: StepId::of(index), grant: GrantIx(0) };
    let ok = Datum { root, fields: vec!["ok".to_owned()] };
    let flag = |is: bool| Condition::Test(xp_artifact::Test::flag(ok.clone(), is));
    let id = LoopId::of(w.loops.len());
    let mut a_loop = |max: u32| {
        w.loops.push(Loop {
            step: StepId::of(index),
            outcome: OutcomeIx(1),
            target: StepId::of(lane + 1),
            max,
            exhausted: OutcomeIx(2),
            notes: false,
        });
    };
    let (after, grants, outcomes) = match place {
        0 => (
            Formula::All(Vec::new()),
            vec![grant(0, vec![word("topic")], 1)],
            vec![outcome("done", How::Auto(Condition::Bound(GrantIx(0))), Then::Settle)],
        ),
        1 => (
            first(index - 1),
            vec![grant(1, vec![made(lane, &[])], 20)],
            vec![outcome("ready", How::JudgedIf(Condition::Bound(GrantIx(0))), Then::Settle)],
        ),
        2 => {
            a_loop(20);
            (
                first(index - 1),
                vec![grant(2, vec![made(lane, &[]), made(lane + 1, &["commit"])], 1)],
                vec![
                    outcome("passed", How::Auto(flag(true)), Then::Settle),
                    outcome("failed", How::Auto(flag(false)), Then::Reopen(id)),
                    outcome("gave_up", How::Exhausted(id), Then::End),
                ],
            )
        }
        3 => (
            first(index - 1),
            Vec::new(),
            vec![outcome("left", How::Judged, Then::Settle), outcome("right", How::Judged, Then::Settle)],
        ),
        10 => {
            a_loop(5);
            (
                first(index - 1),
                Vec::new(),
                vec![
                    outcome("fine", How::Judged, Then::Settle),
                    outcome("changes", How::Judged, Then::Reopen(id)),
                    outcome("rejected", How::Exhausted(id), Then::End),
                ],
            )
        }
        4 => (either(index - 1), Vec::new(), vec![outcome("done", How::Judged, Then::Settle)]),
        _ => (first(index - 1), Vec::new(), vec![outcome("done", How::Judged, Then::Settle)]),
    };
    w.steps.push(Step {
        name: format!("s{index}"),
        role: RoleId((place % 4) as u32),
        after,
        grants,
        submissions: Vec::new(),
        within: None,
        outcomes,
    });
}

fn main() {
    let sizes: Vec<usize> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    for steps in if sizes.is_empty() { vec![1_000, 10_000] } else { sizes } {
        let span = Span::new(SourceId(0), 0, 1);
        let model = Model { workflow: workflow(steps), spans: Spans::new(span), obligations: Vec::new() };
        let questions = [
            Question::StepsOpen,
            Question::OutcomesHappen,
            Question::NeverStuck,
            Question::Progress,
            Question::AutomaticOutcomes,
            Question::NamesBound,
            Question::Scopes,
            Question::FreshEvidence,
            Question::IrreversibleOnce,
            Question::ReviewedBeforeDeploy,
            Question::Bounds,
            Question::NoRole(Uses::Effect(Effect::Write), Uses::Effect(Effect::Execute)),
            Question::NoPrincipal(Uses::Effect(Effect::Read), Uses::Effect(Effect::Execute)),
            Question::Requires(Uses::Effect(Effect::Execute), first(1)),
            Question::AtMost(Uses::Effect(Effect::Write), 1_000_000_000),
        ];
        let ask = |question: Question| ProofObligation {
            id: format!("{question:?}"),
            question,
            source: String::new(),
            span,
            vacuous_ok: false,
        };
        let obligations: Vec<ProofObligation> = questions.into_iter().map(ask).collect();
        let start = Instant::now();
        let verdicts = Z3Prover.prove(&model, &obligations, Limits::default());
        println!("{steps} steps: {:.3} s", start.elapsed().as_secs_f64());
        for (obligation, verdict) in obligations.iter().zip(&verdicts) {
            let took = verdict.took.as_secs_f64();
            let name = obligation.id.split('(').next().unwrap_or_default();
            println!("  {name:22} {:?} {took:.3} s {}", verdict.status, verdict.reason);
        }
    }
}
