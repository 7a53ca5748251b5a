//! Who depends on whom, what loops reset, and the folds that both are made of.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use xp_artifact::declaration::Clauses;
use xp_artifact::depends::{Resets, dependents, needs};
use xp_artifact::workflow::{
    Action, ActionId, Atom, Condition, Datum, Effect, Expr, Field, Formula, Grant, GrantIx, How, Limit, Loop,
    LoopId, Outcome, OutcomeIx, Param, ParamId, Per, Pin, Record, Repeat, RoleId, Root, Step, StepId,
    Submission, SubmissionIx, TemplatePart, Then, Workflow,
};
use xp_artifact::{Literal, Test};
use xp_scope::thing::Kinds;
use xp_scope::{Type, Value};

fn is(step: u32, outcome: u32) -> Formula {
    Formula::Is(Atom { step: StepId(step), outcome: OutcomeIx(outcome) })
}

fn always() -> Formula {
    Formula::All(Vec::new())
}

fn step(name: &str, after: Formula) -> Step {
    let outcome = Outcome {
        name: "ok".to_owned(),
        how: How::Judged,
        of: None,
        counts: None,
        distinct: None,
        then: Then::Settle,
    };
    let (grants, submissions) = (Vec::new(), Vec::new());
    Step {
        name: name.to_owned(),
        role: RoleId(0),
        after,
        within: None,
        grants,
        submissions,
        outcomes: vec![outcome],
    }
}

fn result_of(step: u32, fields: &[&str]) -> Datum {
    let root = Root::Result { step: StepId(step), grant: GrantIx(0) };
    Datum { root, fields: fields.iter().map(|field| (*field).to_owned()).collect() }
}

fn submission_of(step: u32) -> Datum {
    Datum { root: Root::Submission { step: StepId(step), submission: SubmissionIx(0) }, fields: Vec::new() }
}

fn grant(binder: Option<&str>, pins: Vec<Pin>) -> Grant {
    let limit = Limit { uses: 1, per: Per::Opening };
    Grant { action: ActionId(0), pins, limit, binder: binder.map(str::to_owned), ttl_seconds: 60 }
}

/// `a` makes and submits; `b` is pinned to a's result through a template, `c` judges a's submission, `d` waits for `c` or
/// `b`, `e` hangs on nothing.
fn workflow() -> Workflow {
    let mut a = step("a", always());
    a.grants = vec![grant(Some("made"), Vec::new()), grant(None, Vec::new())];
    a.submissions = vec![Submission { name: "plan".to_owned(), ty: Type::Text, within: None, max: 1 }];
    let mut b = step("b", always());
    let text = Expr::Template(vec![
        TemplatePart::Text("of ".to_owned()),
        TemplatePart::Datum(result_of(0, &["owner", "id"])),
    ]);
    b.grants = vec![grant(None, vec![Pin::Any, Pin::Is(text)])];
    let mut c = step("c", always());
    c.outcomes[0].of = Some(submission_of(0));
    let d = step("d", Formula::Any(vec![is(2, 0), Formula::All(vec![is(1, 0), is(2, 0)])]));
    let e = step("e", always());
    let record = |name: &str, field: &str, ty: Type| Record {
        name: name.to_owned(),
        fields: vec![Field { name: field.to_owned(), ty, optional: false }],
    };
    let action = Action {
        connector: "x".to_owned(),
        name: "make".to_owned(),
        params: Vec::new(),
        result: Type::Record("x.Made".to_owned()),
        effect: Effect::Write,
        irreversible: false,
        reveals_untrusted: false,
        reveals_private: false,
        publishes: false,
        attests: false,
        clauses: Clauses::default(),
        shows: Vec::new(),
        repeat: Repeat::Manual,
        transport: None,
    };
    let by = |step: u32, target: u32| Loop {
        step: StepId(step),
        outcome: OutcomeIx(0),
        target: StepId(target),
        max: 1,
        exhausted: OutcomeIx(0),
        notes: false,
    };
    Workflow {
        assumptions: Vec::new(),
        leases: Vec::new(),
        kinds: Kinds::default(),
        name: "w".to_owned(),
        doc: None,
        params: vec![Param { name: "number".to_owned(), ty: Type::Int }],
        roles: Vec::new(),
        separations: Vec::new(),
        records: vec![
            record("x.Made", "owner", Type::Record("x.Owner".to_owned())),
            record("x.Owner", "id", Type::Int),
        ],
        actions: vec![action],
        steps: vec![a, b, c, d, e],
        loops: vec![by(3, 2), by(3, 0)],
        finish: always(),
        guards: vec![],
    }
}

fn ids(steps: &[StepId]) -> Vec<u32> {
    steps.iter().map(|step| step.0).collect()
}

#[test]
fn a_step_needs_what_its_guard_pins_and_judgements_name() {
    let needs = needs(&workflow());
    let plain: Vec<Vec<u32>> = needs.iter().map(|of| ids(of)).collect();
    assert_eq!(plain, [vec![], vec![0], vec![0], vec![1, 2], vec![]]);
    let back: Vec<Vec<u32>> = dependents(&needs).iter().map(|of| ids(of)).collect();
    assert_eq!(back, [vec![1, 2], vec![3], vec![3], vec![], vec![]]);
}

#[test]
fn steps_that_are_missing_are_no_dependencies() {
    let mut workflow = workflow();
    workflow.steps[4].after = Formula::All(vec![is(9, 0), is(0, 0)]);
    assert_eq!(ids(&needs(&workflow)[4]), [0]);
}

#[test]
fn a_loop_resets_its_target_and_all_that_hangs_on_it() {
    let workflow = workflow();
    let resets = Resets::of(&workflow, needs(&workflow));
    let reset = [LoopId(0), LoopId(1)].map(|by| ids(resets.by(by)));
    assert_eq!(reset, [vec![2, 3], vec![0, 1, 2, 3]]);
    assert_eq!(ids(&resets.by_any([LoopId(0), LoopId(1)])), [0, 1, 2, 3]);
    assert!(resets.by_any([]).is_empty());
    assert!(resets.by(LoopId(2)).is_empty(), "there is no such loop");
}

#[test]
fn whether_a_loop_resets_a_step_needs_no_list() {
    let mut workflow = workflow();
    // Whatever the dependencies, also in a circle.
    for circle in [false, true] {
        if circle {
            workflow.steps[0].after = is(3, 0);
        }
        for target in 0..5 {
            workflow.loops[0].target = StepId(target);
            let resets = Resets::of(&workflow, needs(&workflow));
            for step in (0..6).map(StepId) {
                assert_eq!(
                    resets.has(LoopId(0), step),
                    resets.by(LoopId(0)).contains(&step),
                    "{target} {step:?}"
                );
            }
        }
    }
}

#[test]
fn a_datum_has_a_type_only_where_it_names_something() {
    let workflow = workflow();
    assert_eq!(workflow.type_of(&result_of(0, &["owner", "id"])), Some(&Type::Int));
    assert_eq!(workflow.type_of(&submission_of(0)), Some(&Type::Text));
    let param = Datum { root: Root::Param(ParamId(0)), fields: Vec::new() };
    assert_eq!(workflow.type_of(&param), Some(&Type::Int));
    assert_eq!(workflow.type_of(&result_of(0, &["id"])), None);
    assert_eq!(workflow.type_of(&result_of(0, &["owner", "id", "x"])), None);
    assert_eq!(workflow.type_of(&submission_of(1)), None);
    let unbound = Datum { root: Root::Result { step: StepId(0), grant: GrantIx(1) }, fields: Vec::new() };
    assert_eq!(workflow.type_of(&unbound), None, "the grant has no binder");
}

#[test]
fn a_formula_holds_as_its_parts_do() {
    let formula = &workflow().steps[3].after;
    assert_eq!(formula.atoms().len(), 3);
    assert_eq!(ids(&formula.steps()), [1, 2]);
    assert!(formula.can_hold(&|atom| atom.step == StepId(2)));
    assert!(!formula.can_hold(&|atom| atom.step == StepId(1)));
    assert!(always().can_hold(&|_| false) && !Formula::Any(Vec::new()).can_hold(&|_| true));
    let sum = |parts: Vec<u32>| parts.iter().sum::<u32>();
    let count = formula.fold(&|_| 1, &|_| 100, &sum, &|parts| parts.iter().sum::<u32>() * 10);
    assert_eq!(count, 30);
    assert_eq!(formula.conjuncts(), std::slice::from_ref(formula));
    assert_eq!(Formula::All(vec![is(0, 0), is(1, 0)]).conjuncts().len(), 2);
}

#[test]
fn a_condition_is_read_literal_by_literal() {
    let root = Root::Result { step: StepId(0), grant: GrantIx(1) };
    let passed = Datum { root, fields: vec!["passed".to_owned()] };
    let (yes, no) = (Test::flag(passed.clone(), true), Test::flag(passed, false));
    let condition = Condition::Any(vec![
        Condition::All(vec![Condition::Bound(GrantIx(0)), Condition::Test(yes.clone())]),
        Condition::Test(no.clone()),
    ]);
    let expected = [Literal::Bound(GrantIx(0)), Literal::Test(&yes), Literal::Test(&no)];
    assert_eq!(condition.literals(), expected);
    let world = |bound: bool, passed: bool| {
        move |literal: Literal<'_>| match literal {
            Literal::Bound(_) => bound,
            Literal::Test(test) => test.holds(&|_| Some(Value::Bool(passed))),
        }
    };
    assert!(condition.holds(&world(true, true)) && condition.holds(&world(false, false)));
    assert!(!condition.holds(&world(false, true)));
    let size = condition.fold(&|_| 1, &|parts| parts.iter().sum(), &|parts| parts.iter().sum::<u32>());
    assert_eq!(size, 3);
}

#[test]
fn a_template_prints_texts_and_integers_and_nothing_else() {
    let (text, int) = (Datum { root: Root::Param(ParamId(0)), fields: Vec::new() }, submission_of(0));
    let parts = vec![
        TemplatePart::Text("fix ".to_owned()),
        TemplatePart::Datum(text.clone()),
        TemplatePart::Text("#".to_owned()),
        TemplatePart::Datum(int.clone()),
    ];
    let expr = Expr::Template(parts);
    assert_eq!(expr.data().cloned().collect::<Vec<_>>(), [text.clone(), int.clone()]);
    let value = |second: Option<Value>| {
        let known =
            BTreeMap::from([(text.clone(), Some(Value::Text("it".to_owned()))), (int.clone(), second)]);
        expr.value(|datum| known.get(datum).and_then(Option::as_ref))
    };
    assert_eq!(value(Some(Value::Int(-7))), Some(Value::Text("fix it#-7".to_owned())));
    assert_eq!(value(None), None);
    assert_eq!(value(Some(Value::Bool(true))), None);
    assert_eq!(value(Some(Value::List(Vec::new()))), None);
    assert_eq!(Expr::Literal(Value::Bool(true)).value(|_| None), Some(Value::Bool(true)));
    assert_eq!(Expr::Datum(int).value(|_| None), None);
}

#[test]
fn a_loop_names_its_loop_only() {
    // `How::Exhausted` names a loop, not data: it makes no dependency.
    let mut workflow = workflow();
    workflow.steps[4].outcomes[0].how = How::Exhausted(LoopId(0));
    assert!(needs(&workflow)[4].is_empty());
}
