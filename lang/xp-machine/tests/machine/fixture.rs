//! Small workflows and runs of them.

use std::collections::BTreeMap;

use xp_artifact::declaration::Clauses;
use xp_artifact::workflow::{
    Action, ActionId, ActionParam, Atom, Condition, Datum, Effect, Expr, Formula, Grant, GrantIx, How, Limit,
    Loop, LoopId, Outcome, OutcomeIx, Per, Pin, Record, Repeat, Role, RoleId, RoleKind, Root, Step, StepId,
    Submission, SubmissionIx, Then, Workflow,
};
use xp_machine::event::Principal;
use xp_machine::{Accepted, Actor, Event, Input, Machine, Refusal, RefusalCode, Start, State};
use xp_scope::thing::Kinds;
use xp_scope::{Digest, Type, Value};

pub const WRITE: ActionId = ActionId(0);
pub const TEST: ActionId = ActionId(1);
pub const READ: ActionId = ActionId(2);

pub fn atom(step: u32, outcome: u32) -> Atom {
    Atom { step: StepId(step), outcome: OutcomeIx(outcome) }
}

pub fn after(step: u32, outcome: u32) -> Formula {
    Formula::Is(atom(step, outcome))
}

pub fn start() -> Formula {
    Formula::All(vec![])
}

pub fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub fn record(fields: &[(&str, Value)]) -> Value {
    Value::Record(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

pub fn outcome(name: &str, how: How, then: Then) -> Outcome {
    Outcome { name: name.to_owned(), how, of: None, counts: None, distinct: None, then }
}

pub fn step(name: &str, role: u32, after: Formula, grants: Vec<Grant>, outcomes: Vec<Outcome>) -> Step {
    Step {
        name: name.to_owned(),
        role: RoleId(role),
        after,
        grants,
        submissions: vec![],
        outcomes,
        within: None,
    }
}

pub fn grant(action: ActionId, pin: Pin, uses: u32, per: Per, binder: Option<&str>) -> Grant {
    let limit = Limit { uses, per };
    Grant { action, pins: vec![pin], limit, binder: binder.map(str::to_owned), ttl_seconds: 60 }
}

pub fn bound() -> Condition {
    Condition::Bound(GrantIx(0))
}

/// The tests of the second step say so.
pub fn passed(is: bool) -> Condition {
    let root = Root::Result { step: StepId(1), grant: GrantIx(0) };
    Condition::Test(xp_artifact::Test::flag(Datum { root, fields: vec!["passed".to_owned()] }, is))
}

fn action(name: &str, effect: Effect, shows: &[&str]) -> Action {
    Action {
        connector: "world".to_owned(),
        name: name.to_owned(),
        params: vec![ActionParam { name: "what".to_owned(), ty: Type::Text, default: None, optional: false }],
        result: Type::Record("world.Done".to_owned()),
        effect,
        irreversible: false,
        reveals_untrusted: false,
        reveals_private: false,
        publishes: false,
        attests: true,
        clauses: Clauses::default(),
        shows: shows.iter().map(|field| (*field).to_owned()).collect(),
        repeat: Repeat::Idempotent,
        transport: None,
    }
}

pub fn workflow(roles: &[&str], steps: Vec<Step>, loops: Vec<Loop>) -> Workflow {
    let settled = |(index, step): (usize, &Step)| {
        let stays = step.outcomes.iter().enumerate().filter(|(_, o)| o.then == Then::Settle);
        let atoms =
            stays.map(|(o, _)| Formula::Is(Atom { step: StepId::of(index), outcome: OutcomeIx::of(o) }));
        Formula::Any(atoms.collect())
    };
    let finish = Formula::All(steps.iter().enumerate().map(settled).collect());
    let field = |name: &str, ty| xp_artifact::workflow::Field { name: name.to_owned(), ty, optional: false };
    Workflow {
        assumptions: Vec::new(),
        leases: Vec::new(),
        name: "fixture".to_owned(),
        doc: None,
        params: vec![],
        roles: roles.iter().map(|name| Role { name: (*name).to_owned(), kind: RoleKind::Agent }).collect(),
        separations: vec![],
        records: vec![Record {
            name: "world.Done".to_owned(),
            fields: vec![field("passed", Type::Bool), field("id", Type::Text)],
        }],
        kinds: Kinds::default(),
        actions: vec![
            action("write", Effect::Write, &[]),
            action("test", Effect::Execute, &[]),
            action("read", Effect::Read, &["id"]),
        ],
        steps,
        loops,
        finish,
        guards: vec![],
    }
}

/// A write, its test, a review of what was written with one way back, and the end of it.
///
/// `write { may write max 2 as done; outcome ready if done }`, `test after write.ready { may test once; auto }`,
/// `review after test.passed { may read; outcome ok of write.done.id; outcome back -> reopen write (max 1, then no -> end) }`.
pub fn reviewed() -> Workflow {
    let written =
        Datum { root: Root::Result { step: StepId(0), grant: GrantIx(0) }, fields: vec!["id".to_owned()] };
    let mut ok = outcome("ok", How::Judged, Then::Settle);
    ok.of = Some(written.clone());
    let steps = vec![
        step(
            "write",
            0,
            start(),
            vec![grant(WRITE, Pin::Any, 2, Per::Opening, Some("done"))],
            vec![outcome("ready", How::JudgedIf(bound()), Then::Settle)],
        ),
        step(
            "test",
            0,
            after(0, 0),
            vec![grant(TEST, Pin::Is(Expr::Datum(written)), 1, Per::Opening, Some("tests"))],
            vec![
                outcome("passed", How::Auto(passed(true)), Then::Settle),
                outcome("failed", How::Auto(passed(false)), Then::End),
            ],
        ),
        step(
            "review",
            1,
            after(1, 0),
            vec![grant(READ, Pin::Any, 5, Per::Opening, None)],
            vec![
                ok,
                outcome("back", How::Judged, Then::Reopen(LoopId(0))),
                outcome("no", How::Exhausted(LoopId(0)), Then::End),
            ],
        ),
    ];
    let loops = vec![Loop {
        step: StepId(2),
        outcome: OutcomeIx(1),
        target: StepId(0),
        max: 1,
        exhausted: OutcomeIx(2),
        notes: true,
    }];
    workflow(&["writer", "judge"], steps, loops)
}

pub fn submission(name: &str) -> Submission {
    let ty = Type::List(Box::new(Type::Path));
    Submission { name: name.to_owned(), ty, within: None, max: 2 }
}

pub fn submitted(step: u32) -> Datum {
    let root = Root::Submission { step: StepId(step), submission: SubmissionIx(0) };
    Datum { root, fields: vec![] }
}

/// A run under test.
pub struct Run {
    pub machine: Machine,
    pub state: State,
    pub now: u64,
    pub next: u32,
}

/// A token as its holder has it.
#[derive(Clone, Debug)]
pub struct Token {
    pub jti: String,
    pub actor: Actor,
    pub key: String,
    pub step: StepId,
    pub opening: u32,
    pub req: Digest,
}

pub fn actor(name: &str, controller: &str, roles: &[&str]) -> Actor {
    let principal = Principal::agent(name, controller);
    Actor { principal, roles: roles.iter().map(|role| (*role).to_owned()).collect() }
}

pub fn writer() -> Actor {
    actor("w", "team-w", &["writer"])
}

pub fn judge() -> Actor {
    actor("j", "team-j", &["judge"])
}

impl Run {
    pub fn of(workflow: Workflow) -> Self {
        let machine = Machine::new(workflow).unwrap();
        let instances = BTreeMap::from([("world".to_owned(), "here".to_owned())]);
        let start =
            Start { at: 1_000, params: BTreeMap::new(), instances, staff: BTreeMap::new(), starter: None };
        let state = machine.start(&start).unwrap();
        Self::at(machine, state)
    }

    pub fn at(machine: Machine, state: State) -> Self {
        Self { machine, state, now: 1_000, next: 0 }
    }

    pub fn apply(&mut self, event: Event) -> Result<Accepted, Refusal> {
        let before = self.state.clone();
        let input = Input { at: self.now, kill: None, leased_by: None, event };
        let decided = self.machine.apply(&mut self.state, &input);
        if decided.is_err() {
            assert_eq!(before, self.state, "a refusal changed the state");
        }
        decided
    }

    pub fn ask(&mut self, who: &Actor, step: &str, action: &str, what: &str) -> Result<Token, Refusal> {
        self.ask_of(None, who, step, action, what)
    }

    /// A request that names its grant, or none.
    pub fn ask_of(
        &mut self,
        grant: Option<GrantIx>,
        who: &Actor,
        step: &str,
        action: &str,
        what: &str,
    ) -> Result<Token, Refusal> {
        self.next += 1;
        let jti = format!("t{}", self.next);
        let key = format!("key-of-{}", who.principal.name);
        let event = Event::Request {
            jti: jti.clone(),
            actor: who.clone(),
            key: key.clone(),
            step: step.to_owned(),
            action: format!("world.{action}"),
            grant,
            args: BTreeMap::from([("what".to_owned(), text(what))]),
        };
        match self.apply(event)? {
            Accepted::Granted { step, opening, req, .. } => {
                Ok(Token { jti, actor: who.clone(), key, step, opening, req })
            }
            other => panic!("not granted: {other:?}"),
        }
    }

    pub fn claim(&mut self, token: &Token) -> Result<Accepted, Refusal> {
        self.apply(Event::Claim {
            jti: token.jti.clone(),
            actor: token.actor.clone(),
            key: token.key.clone(),
            step: token.step,
            opening: token.opening,
            req: token.req.clone(),
        })
    }

    pub fn complete(&mut self, token: &Token, passed: bool, id: &str) -> Accepted {
        let result = record(&[("passed", Value::Bool(passed)), ("id", text(id))]);
        self.apply(Event::Complete { jti: token.jti.clone(), result }).unwrap()
    }

    /// Request, claim and completion in one.
    pub fn act(
        &mut self,
        who: &Actor,
        step: &str,
        action: &str,
        what: &str,
        id: &str,
    ) -> Result<Accepted, Refusal> {
        let token = self.ask(who, step, action, what)?;
        self.claim(&token)?;
        Ok(self.complete(&token, true, id))
    }

    pub fn judge(&mut self, who: &Actor, step: &str, outcome: &str) -> Result<Accepted, Refusal> {
        self.apply(Event::Judge {
            actor: who.clone(),
            step: step.to_owned(),
            outcome: outcome.to_owned(),
            notes: Some("again".to_owned()),
        })
    }

    /// Submits every automatic outcome that is due.
    pub fn settle(&mut self) -> usize {
        let due = self.machine.due(&self.state);
        for outcome in &due {
            self.apply(Event::Settle { outcome: *outcome }).unwrap();
        }
        due.len()
    }

    pub fn open(&self, step: u32) -> bool {
        self.state.steps()[step as usize].open
    }
}

pub fn code(result: Result<impl std::fmt::Debug, Refusal>) -> RefusalCode {
    result.unwrap_err().code
}
