//! Roles of people: who may judge, how many must, and time limits.

use std::collections::BTreeMap;

use xp_artifact::workflow::{
    How, OutcomeIx, RoleId, RoleKind, Separation, SeparationReason, StepId, Then, TimeLimit, Workflow,
};
use xp_machine::event::Principal;
use xp_machine::{Accepted, Actor, Event, Machine, RefusalCode, Start};
use xp_scope::Value;

use crate::fixture::{
    Run, actor, after, code, outcome, start, step, submission, submitted, text, workflow, writer,
};

const HOUR: u64 = 3_600_000;

fn person(name: &str, controller: &str) -> Actor {
    Actor { principal: Principal::person(name, controller), roles: vec!["boss".to_owned()] }
}

/// `plan { submit files; outcome ready }`, and
/// `approve by boss { within 1h else late -> end; outcome approved of plan.files by 2 distinct; outcome declined -> end }`.
fn approved() -> Workflow {
    let mut plan = step("plan", 0, start(), vec![], vec![outcome("ready", How::Judged, Then::Settle)]);
    plan.submissions = vec![submission("files")];
    let mut yes = outcome("approved", How::Judged, Then::Settle);
    yes.of = Some(submitted(0));
    yes.distinct = Some(2);
    let no = outcome("declined", How::Judged, Then::End);
    let late = outcome("late", How::TimedOut, Then::End);
    let mut approve = step("approve", 1, after(0, 0), vec![], vec![yes, no, late]);
    approve.within = Some(TimeLimit { millis: HOUR, then: OutcomeIx(2) });
    let mut workflow = workflow(&["writer", "boss"], vec![plan, approve], vec![]);
    workflow.roles[1].kind = RoleKind::Human;
    let roles = vec![RoleId(0), RoleId(1)];
    workflow.separations = vec![Separation { roles, reason: SeparationReason::Judges(StepId(1)) }];
    workflow
}

fn begin(workflow: Workflow) -> Run {
    let machine = Machine::new(workflow).unwrap();
    let starter = Some(Principal::person("sue", "sue"));
    let instances = BTreeMap::from([("world".to_owned(), "here".to_owned())]);
    let start = Start { at: 1_000, params: BTreeMap::new(), instances, staff: BTreeMap::new(), starter };
    let state = machine.start(&start).unwrap();
    Run::at(machine, state)
}

fn waiting() -> Run {
    let mut run = begin(approved());
    submit(&mut run);
    run.judge(&writer(), "plan", "ready").unwrap();
    run
}

fn submit(run: &mut Run) {
    let (step, name) = ("plan".to_owned(), "files".to_owned());
    let value = Value::List(vec![text("a")]);
    run.apply(Event::Submit { actor: writer(), step, name, value }).unwrap();
}

fn look(run: &mut Run, who: &Actor) -> Result<Accepted, xp_machine::Refusal> {
    let datum = run.machine.datum_named("plan.files").unwrap();
    run.apply(Event::View { actor: who.clone(), step: "approve".to_owned(), datum })
}

#[test]
fn two_people_of_different_controllers_settle_it() {
    let mut run = waiting();
    let (ann, twin, bob) = (person("ann", "ann"), person("ann-2", "ann"), person("bob", "bob"));
    assert_eq!(code(run.judge(&ann, "approve", "approved")), RefusalCode::NotShown);
    look(&mut run, &ann).unwrap();
    let first = run.judge(&ann, "approve", "approved").unwrap();
    assert!(matches!(first, Accepted::Voted { votes: 1, of: Some(_), .. }), "{first:?}");
    assert!(run.open(1));
    assert_eq!(code(run.judge(&ann, "approve", "approved")), RefusalCode::AlreadyVoted);
    assert_eq!(code(run.judge(&ann, "approve", "declined")), RefusalCode::AlreadyVoted);
    look(&mut run, &twin).unwrap();
    assert_eq!(code(run.judge(&twin, "approve", "approved")), RefusalCode::AlreadyVoted);
    look(&mut run, &bob).unwrap();
    assert!(matches!(run.judge(&bob, "approve", "approved").unwrap(), Accepted::Done { .. }));
    assert_eq!(run.state.status(), xp_machine::Status::Finished);
}

#[test]
fn any_other_judgement_settles_at_once() {
    let mut run = waiting();
    let (ann, bob) = (person("ann", "ann"), person("bob", "bob"));
    look(&mut run, &ann).unwrap();
    run.judge(&ann, "approve", "approved").unwrap();
    run.judge(&bob, "approve", "declined").unwrap();
    assert!(matches!(run.state.status(), xp_machine::Status::Ended(_)));
}

#[test]
fn an_agent_cannot_approve_and_a_person_cannot_work() {
    let mut run = waiting();
    let robot = actor("robot", "robot", &["boss"]);
    assert_eq!(code(look(&mut run, &robot)), RefusalCode::NeedsHuman);
    assert_eq!(code(run.judge(&robot, "approve", "declined")), RefusalCode::NeedsHuman);
    let mut run = begin(approved());
    let mut ann = person("ann", "ann");
    ann.roles = vec!["writer".to_owned()];
    assert_eq!(code(run.judge(&ann, "plan", "ready")), RefusalCode::NeedsAgent);
}

#[test]
fn neither_the_starter_nor_who_did_the_work_judges() {
    let mut run = waiting();
    for (name, controller) in [("sue", "sue"), ("other", "sue"), ("will", "team-w")] {
        let who = person(name, controller);
        assert_eq!(code(look(&mut run, &who)), RefusalCode::NotSeparate, "{name}");
        assert_eq!(code(run.judge(&who, "approve", "declined")), RefusalCode::NotSeparate, "{name}");
    }
}

/// Whoever looked or judged in a role of people is in no role that is separate from it, each of several.
#[test]
fn all_people_of_a_role_count_for_separation() {
    let mut flow = approved();
    let again = step("again", 0, after(0, 0), vec![], vec![outcome("done", How::Judged, Then::Settle)]);
    flow.steps.push(again);
    // `plan` and `again` by different roles, both separate from the people.
    flow.roles.push(xp_artifact::workflow::Role { name: "helper".to_owned(), kind: RoleKind::Agent });
    flow.steps[2].role = RoleId(2);
    flow.separations[0].roles.push(RoleId(2));
    flow.finish = after(1, 0);
    let mut run = begin(flow);
    submit(&mut run);
    run.judge(&writer(), "plan", "ready").unwrap();
    for name in ["ann", "bob"] {
        look(&mut run, &person(name, name)).unwrap();
        let helper = actor("helper", name, &["helper"]);
        assert_eq!(code(run.judge(&helper, "again", "done")), RefusalCode::NotSeparate, "{name}");
    }
    run.judge(&actor("helper", "cleo", &["helper"]), "again", "done").unwrap();
}

#[test]
fn past_its_limit_a_step_takes_nothing_but_the_outcome_of_the_limit() {
    let mut run = waiting();
    let ann = person("ann", "ann");
    run.now += HOUR - 1;
    look(&mut run, &ann).unwrap();
    assert_eq!(run.machine.overdue(&run.state, run.now), vec![]);
    assert_eq!(run.machine.next_deadline(&run.state), Some(run.now + 1));
    assert_eq!(code(run.apply(Event::TimeOut { step: StepId(1) })), RefusalCode::NoEvidence);
    run.now += 1;
    assert_eq!(run.machine.overdue(&run.state, run.now), vec![StepId(1)]);
    assert_eq!(code(run.judge(&ann, "approve", "declined")), RefusalCode::PastDeadline);
    assert_eq!(code(look(&mut run, &ann)), RefusalCode::PastDeadline);
    run.apply(Event::TimeOut { step: StepId(1) }).unwrap();
    assert!(matches!(run.state.status(), xp_machine::Status::Ended(atom) if atom.outcome == OutcomeIx(2)));
    assert_eq!(run.machine.next_deadline(&run.state), None);
}

#[test]
fn the_outcome_of_a_limit_is_chosen_by_nobody() {
    let mut run = waiting();
    assert_eq!(code(run.judge(&person("ann", "ann"), "approve", "late")), RefusalCode::NotJudgeable);
    assert_eq!(code(run.apply(Event::TimeOut { step: StepId(0) })), RefusalCode::StepClosed);
}

/// The time starts anew with each opening, and so do the judgements.
#[test]
fn an_opening_has_its_own_time_and_judgements() {
    let mut flow = approved();
    flow.steps[1].outcomes.push(outcome("gone", How::Exhausted(xp_artifact::workflow::LoopId(0)), Then::End));
    flow.steps[1].outcomes[1] =
        outcome("declined", How::Judged, Then::Reopen(xp_artifact::workflow::LoopId(0)));
    flow.loops = vec![xp_artifact::workflow::Loop {
        step: StepId(1),
        outcome: OutcomeIx(1),
        target: StepId(0),
        max: 1,
        exhausted: OutcomeIx(3),
        notes: true,
    }];
    let mut run = begin(flow);
    let (ann, bob, cyd) = (person("ann", "ann"), person("bob", "bob"), person("cyd", "cyd"));
    let plan = |run: &mut Run| {
        submit(run);
        run.judge(&writer(), "plan", "ready").unwrap();
    };
    plan(&mut run);
    look(&mut run, &ann).unwrap();
    run.judge(&ann, "approve", "approved").unwrap();
    run.now += HOUR / 2;
    run.judge(&bob, "approve", "declined").unwrap();
    run.now += HOUR / 2;
    plan(&mut run);
    assert_eq!(run.machine.next_deadline(&run.state), Some(run.now + HOUR));
    look(&mut run, &cyd).unwrap();
    let first = run.judge(&cyd, "approve", "approved").unwrap();
    assert!(
        matches!(first, Accepted::Voted { votes: 1, .. }),
        "a vote of an earlier opening counts: {first:?}"
    );
    look(&mut run, &ann).unwrap();
    run.judge(&ann, "approve", "approved").unwrap();
    assert_eq!(run.state.status(), xp_machine::Status::Finished);
}

#[test]
fn a_role_of_people_needs_a_known_starter_and_is_given_to_nobody() {
    let machine = Machine::new(approved()).unwrap();
    let instances = BTreeMap::from([("world".to_owned(), "here".to_owned())]);
    let nobody = Start { at: 0, params: BTreeMap::new(), instances, staff: BTreeMap::new(), starter: None };
    assert_eq!(code(machine.start(&nobody)), RefusalCode::BadValue);
    let starter = Some(Principal::agent("sue", "sue"));
    let named = |role: &str, who: Principal| {
        let staff = BTreeMap::from([(role.to_owned(), who)]);
        Start { staff, starter: starter.clone(), ..nobody.clone() }
    };
    let ann = Principal::person("ann", "ann");
    assert_eq!(code(machine.start(&named("boss", ann.clone()))), RefusalCode::NeedsHuman);
    assert_eq!(code(machine.start(&named("writer", ann))), RefusalCode::NeedsAgent);
}

#[test]
fn workflows_that_let_people_act_or_agents_vote_are_refused() {
    let wrong = |change: &dyn Fn(&mut Workflow)| {
        let mut workflow = approved();
        change(&mut workflow);
        Machine::new(workflow).unwrap_err().0
    };
    assert!(wrong(&|w| w.steps[1].submissions = vec![submission("files")]).contains("people act"));
    assert!(wrong(&|w| w.roles[1].kind = RoleKind::Agent).contains("so many people"));
    for distinct in [0, 1, 10] {
        let told = wrong(&|w| w.steps[1].outcomes[0].distinct = Some(distinct));
        assert!(told.contains("so many people"), "{distinct}: {told}");
    }
    assert!(wrong(&|w| w.steps[1].within = None).contains("no time limit"));
    assert!(
        wrong(&|w| w.steps[1].within = Some(TimeLimit { millis: 1, then: OutcomeIx(0) })).contains("limit")
    );
    let settles_without = wrong(&|w| {
        w.steps[0].outcomes.push(outcome("late", How::TimedOut, Then::Settle));
        w.steps[0].within = Some(TimeLimit { millis: 1, then: OutcomeIx(1) });
    });
    assert!(settles_without.contains("cannot be kept"), "{settles_without}");
}
