//! Small workflows, built by hand.

use xp_artifact::declaration::{Clauses, KeyExpr, LevelExpr, ThingExpr};
use xp_artifact::question::{Question, Uses};
use xp_artifact::workflow::{
    Action, ActionId, ActionParam, Atom, Condition, Datum, Effect, Expr, Formula, Grant, GrantIx, How, Limit,
    Loop, LoopId, Outcome, OutcomeIx, Param, ParamId, Per, Pin, Record, Repeat, Role, RoleId, RoleKind, Root,
    Separation, SeparationReason, Step, StepId, Submission, SubmissionIx, Then, Workflow,
};
use xp_diagnostics::{SourceId, Span};
use xp_scope::thing::{Immutable, KeyDecl, Kind, Kinds};
use xp_scope::{PatternSet, Type, Value};
use xpc_model::{Limits, Model, ProofObligation, Spans, Verdict};
use xpc_proof::Z3Prover;

pub struct Build {
    pub w: Workflow,
    pub finish: bool,
}

pub fn is(atom: Atom) -> Formula {
    Formula::Is(atom)
}

pub fn all(atoms: &[Atom]) -> Formula {
    Formula::All(atoms.iter().copied().map(Formula::Is).collect())
}

pub fn any(atoms: &[Atom]) -> Formula {
    Formula::Any(atoms.iter().copied().map(Formula::Is).collect())
}

pub fn start() -> Formula {
    Formula::All(Vec::new())
}

pub fn bound(grant: GrantIx) -> Condition {
    Condition::Bound(grant)
}

pub fn flag(step: StepId, grant: GrantIx, is: bool) -> Condition {
    Condition::Test(xp_artifact::Test::flag(result(step, grant, "ok"), is))
}

pub fn result(step: StepId, grant: GrantIx, field: &str) -> Datum {
    let fields = if field.is_empty() { Vec::new() } else { vec![field.to_owned()] };
    Datum { root: Root::Result { step, grant }, fields }
}

pub fn submitted(step: StepId) -> Datum {
    Datum { root: Root::Submission { step, submission: SubmissionIx(0) }, fields: Vec::new() }
}

pub fn param(index: u32) -> Datum {
    Datum { root: Root::Param(ParamId(index)), fields: Vec::new() }
}

pub fn datum(datum: &Datum) -> Pin {
    Pin::Is(Expr::Datum(datum.clone()))
}

pub fn literal(text: &str) -> Pin {
    Pin::Is(Expr::Literal(Value::Text(text.to_owned())))
}

pub fn patterns(list: &[&str]) -> PatternSet {
    PatternSet::parse(list).unwrap()
}

/// Branches and commits, each told from others of its kind by one exact name.
fn kinds() -> Kinds {
    let kind = |name: &str, ty: Type, immutable: Option<Immutable>| Kind {
        name: format!("c.{name}"),
        realm: "c".to_owned(),
        parents: Vec::new(),
        key: vec![KeyDecl { name: "name".to_owned(), ty, fold: false, exact: true }],
        immutable,
        audience: None,
    };
    let branch = kind("Branch", Type::Branch, None);
    let commit = kind("Commit", Type::Commit, Some(Immutable::Content));
    Kinds::new(vec![branch, commit]).unwrap()
}

/// The thing of a kind of [`kinds`] that an argument names.
pub fn named(kind: &str, argument: u32) -> ThingExpr {
    let keys = vec![KeyExpr::Argument { index: argument, fields: Vec::new() }];
    ThingExpr::Path(vec![LevelExpr { kind: format!("c.{kind}"), keys, deep: false }])
}

impl Build {
    pub fn new() -> Self {
        let field = |name: &str, ty: Type| xp_artifact::workflow::Field {
            name: name.to_owned(),
            ty,
            optional: false,
        };
        let records = vec![Record {
            name: "c.R".to_owned(),
            fields: vec![
                field("commit", Type::Commit),
                field("number", Type::Int),
                field("ok", Type::Bool),
                field("paths", Type::List(Box::new(Type::Path))),
            ],
        }];
        let w = Workflow {
            assumptions: Vec::new(),
            leases: Vec::new(),
            name: "w".to_owned(),
            doc: None,
            params: Vec::new(),
            roles: Vec::new(),
            separations: Vec::new(),
            records,
            kinds: kinds(),
            actions: Vec::new(),
            steps: Vec::new(),
            loops: Vec::new(),
            finish: Formula::All(Vec::new()),
            guards: Vec::new(),
        };
        Self { w, finish: false }
    }

    pub fn param(&mut self, name: &str, ty: Type) -> Datum {
        self.w.params.push(Param { name: name.to_owned(), ty });
        param(u32::try_from(self.w.params.len()).unwrap() - 1)
    }

    pub fn role(&mut self, name: &str) -> RoleId {
        if let Some(index) = self.w.roles.iter().position(|role| role.name == name) {
            return RoleId::of(index);
        }
        self.w.roles.push(Role { name: name.to_owned(), kind: RoleKind::Agent });
        RoleId::of(self.w.roles.len() - 1)
    }

    pub fn separate(&mut self, roles: &[RoleId]) {
        self.w.separations.push(Separation { roles: roles.to_vec(), reason: SeparationReason::Declared });
    }

    /// An action `c.<name>`, made once per name, with these parameters.
    pub fn action(&mut self, name: &str, effect: Effect, params: &[(&str, Type)]) -> ActionId {
        if let Some(index) = self.w.actions.iter().position(|action| action.name == name) {
            return ActionId::of(index);
        }
        let params = params
            .iter()
            .map(|(name, ty)| ActionParam {
                name: (*name).to_owned(),
                ty: ty.clone(),
                default: None,
                optional: false,
            })
            .collect();
        self.w.actions.push(Action {
            connector: "c".to_owned(),
            name: name.to_owned(),
            params,
            result: Type::Record("c.R".to_owned()),
            effect,
            irreversible: false,
            reveals_untrusted: false,
            reveals_private: false,
            publishes: false,
            attests: false,
            clauses: Clauses::default(),
            shows: Vec::new(),
            repeat: Repeat::Idempotent,
            transport: None,
        });
        ActionId::of(self.w.actions.len() - 1)
    }

    pub fn change(&mut self, action: ActionId, change: impl FnOnce(&mut Action)) {
        change(&mut self.w.actions[action.index()]);
    }

    pub fn step(&mut self, name: &str, role: &str, after: Formula) -> StepId {
        let role = self.role(role);
        self.w.steps.push(Step {
            name: name.to_owned(),
            role,
            after,
            grants: Vec::new(),
            submissions: Vec::new(),
            within: None,
            outcomes: Vec::new(),
        });
        StepId::of(self.w.steps.len() - 1)
    }

    pub fn grant(&mut self, step: StepId, action: ActionId, pins: Vec<Pin>, uses: u32, per: Per) -> GrantIx {
        let grants = &mut self.w.steps[step.index()].grants;
        let binder = Some(format!("g{}", grants.len()));
        grants.push(Grant { action, pins, limit: Limit { uses, per }, binder, ttl_seconds: 60 });
        GrantIx::of(grants.len() - 1)
    }

    pub fn submission(&mut self, step: StepId, ty: Type, within: Option<PatternSet>) {
        let list = &mut self.w.steps[step.index()].submissions;
        let name = format!("s{}", list.len());
        list.push(Submission { name, ty, within, max: 5 });
    }

    fn push(&mut self, step: StepId, name: &str, how: How, of: Option<Datum>, then: Then) -> Atom {
        let list = &mut self.w.steps[step.index()].outcomes;
        list.push(Outcome { name: name.to_owned(), how, of, counts: None, distinct: None, then });
        Atom { step, outcome: OutcomeIx::of(list.len() - 1) }
    }

    pub fn judged(&mut self, step: StepId, name: &str) -> Atom {
        self.push(step, name, How::Judged, None, Then::Settle)
    }

    pub fn judged_of(&mut self, step: StepId, name: &str, of: &Datum) -> Atom {
        self.push(step, name, How::Judged, Some(of.clone()), Then::Settle)
    }

    pub fn judged_if(&mut self, step: StepId, name: &str, condition: Condition) -> Atom {
        self.push(step, name, How::JudgedIf(condition), None, Then::Settle)
    }

    pub fn auto(&mut self, step: StepId, name: &str, condition: Condition) -> Atom {
        self.push(step, name, How::Auto(condition), None, Then::Settle)
    }

    pub fn end(&mut self, step: StepId, name: &str) -> Atom {
        self.push(step, name, How::Judged, None, Then::End)
    }

    /// A reopening outcome with its exhausted one; returns both.
    pub fn reopen(
        &mut self,
        step: StepId,
        name: &str,
        how: How,
        target: StepId,
        max: u32,
        then: Then,
    ) -> (Atom, Atom) {
        let id = LoopId::of(self.w.loops.len());
        let outcome = self.push(step, name, how, None, Then::Reopen(id));
        let exhausted = self.push(step, &format!("{name}_out"), How::Exhausted(id), None, then);
        self.w.loops.push(Loop {
            step,
            outcome: outcome.outcome,
            target,
            max,
            exhausted: exhausted.outcome,
            notes: false,
        });
        (outcome, exhausted)
    }

    pub fn finish(&mut self, formula: Formula) {
        self.w.finish = formula;
        self.finish = true;
    }

    pub fn done(mut self) -> Workflow {
        if !self.finish {
            let step = |(index, step): (usize, &Step)| {
                let settled =
                    step.outcomes.iter().enumerate().filter(|(_, outcome)| outcome.then == Then::Settle);
                let atoms = settled
                    .map(|(ix, _)| Formula::Is(Atom { step: StepId::of(index), outcome: OutcomeIx::of(ix) }));
                Formula::Any(atoms.collect())
            };
            self.w.finish = Formula::All(self.w.steps.iter().enumerate().map(step).collect());
        }
        self.w
    }
}

pub fn span() -> Span {
    Span::new(SourceId(0), 0, 1)
}

pub fn model(workflow: Workflow) -> Model {
    Model { workflow, spans: Spans::new(span()), obligations: Vec::new() }
}

pub fn obligation(question: Question) -> ProofObligation {
    ProofObligation { id: "w/q".to_owned(), question, source: String::new(), span: span(), vacuous_ok: false }
}

pub fn prove(model: &Model, questions: &[Question]) -> Vec<Verdict> {
    let obligations: Vec<ProofObligation> = questions.iter().cloned().map(obligation).collect();
    Z3Prover.prove(model, &obligations, Limits::default())
}

pub fn ask(workflow: &Workflow, question: Question) -> Verdict {
    prove(&model(workflow.clone()), &[question]).remove(0)
}

pub fn effect(effect: Effect) -> Uses {
    Uses::Effect(effect)
}

pub fn action(name: &str, args: Vec<(u32, Expr)>) -> Uses {
    Uses::Action { name: format!("c.{name}"), id: None, args }
}
