//! Random workflows: every verdict against every state the machine can reach.
//!
//! `XP_SEED` and `XP_CASES` choose the first seed and how many.

use std::collections::BTreeMap;

use xp_artifact::question::{Question, Status};
use xp_artifact::workflow::{
    ActionId, Atom, Condition, Effect, Formula, Grant, GrantIx, How, Limit, Outcome, Per, Pin, RoleId, Step,
    StepId, Then, Workflow,
};
use xp_diagnostics::{EventKind, Trace};
use xp_scope::Type;
use xpc_model::{Limits, Verdict};
use xpc_proof::Z3Prover;

use crate::build::{Build, bound, datum, effect, flag, model, obligation, result};
use crate::explore::{Explorer, Seen, of_effect, truth};

struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() % most as u64) as usize
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    fn pick<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }
}

struct Case {
    w: Workflow,
    atoms: Vec<Atom>,
}

fn formula(dice: &mut Dice, atoms: &[Atom], depth: u32) -> Formula {
    if depth == 0 || dice.chance(55) {
        return Formula::Is(dice.pick(atoms));
    }
    let parts = (0..2).map(|_| formula(dice, atoms, depth - 1)).collect();
    if dice.chance(55) { Formula::All(parts) } else { Formula::Any(parts) }
}

fn condition(dice: &mut Dice, step: StepId, grants: &[GrantIx]) -> Condition {
    let one = |dice: &mut Dice| {
        let grant = dice.pick(grants);
        if dice.chance(40) { bound(grant) } else { flag(step, grant, dice.chance(50)) }
    };
    match dice.below(5) {
        0 => Condition::All(vec![one(dice), one(dice)]),
        1 => Condition::Any(vec![one(dice), one(dice)]),
        _ => one(dice),
    }
}

fn case(seed: u64) -> Case {
    let dice = &mut Dice(seed);
    let mut b = Build::new();
    let effects = [Effect::Read, Effect::Read, Effect::Write, Effect::Merge, Effect::Pay];
    let plain: Vec<_> = (0..5)
        .map(|index| {
            let action = b.action(&format!("a{index}"), effects[index], &[]);
            b.change(action, |action| action.irreversible = effects[index] == Effect::Pay);
            action
        })
        .collect();
    let pinned: Vec<_> =
        (0..5).map(|index| b.action(&format!("p{index}"), effects[index], &[("n", Type::Int)])).collect();
    let mut atoms: Vec<Atom> = Vec::new();
    let mut results: Vec<(StepId, GrantIx)> = Vec::new();
    let mut upstream: Vec<Vec<StepId>> = Vec::new();
    for index in 0..2 + dice.below(5) {
        let after =
            if atoms.is_empty() || dice.chance(15) { Formula::All(vec![]) } else { formula(dice, &atoms, 2) };
        let role = dice.pick(&["r", "q"]);
        let step = b.step(&format!("s{index}"), role, after.clone());
        let mut needs = Vec::new();
        steps(&after, &mut needs);
        let mut grants = Vec::new();
        for _ in 0..dice.below(3) {
            let kind = dice.below(5);
            if b.w.steps[index].grants.iter().any(|grant| grant.action == plain[kind]) {
                continue;
            }
            let per = if dice.chance(25) { Per::Run } else { Per::Opening };
            let uses = if dice.chance(80) { 1 } else { 2 };
            let grant = if !results.is_empty() && dice.chance(35) {
                if b.w.steps[index].grants.iter().any(|grant| grant.action == pinned[kind]) {
                    continue;
                }
                let (from, ix) = dice.pick(&results);
                needs.push(from);
                b.grant(step, pinned[kind], vec![datum(&result(from, ix, "number"))], uses, per)
            } else {
                b.grant(step, plain[kind], if dice.chance(0) { vec![Pin::Any] } else { vec![] }, uses, per)
            };
            grants.push(grant);
        }
        let mut above: Vec<StepId> =
            needs.iter().flat_map(|step| upstream[step.index()].clone()).chain(needs.clone()).collect();
        above.sort_unstable();
        above.dedup();
        for number in 0..1 + dice.below(3) {
            let name = format!("o{number}");
            if !grants.is_empty() && dice.chance(55) {
                let evidence = condition(dice, step, &grants);
                if dice.chance(50) {
                    if dice.chance(60) {
                        // The two sides of one Boolean, as people write it.
                        let grant = dice.pick(&grants);
                        atoms.push(b.auto(step, &name, flag(step, grant, true)));
                        if !above.is_empty() && dice.chance(60) {
                            let target = dice.pick(&above);
                            let then = if dice.chance(50) { Then::Settle } else { Then::End };
                            let max = 1 + u32::from(dice.chance(30));
                            let (_, out) = b.reopen(
                                step,
                                &format!("{name}f"),
                                How::Auto(flag(step, grant, false)),
                                target,
                                max,
                                then,
                            );
                            if then == Then::Settle {
                                atoms.push(out);
                            }
                        } else {
                            atoms.push(b.auto(step, &format!("{name}f"), flag(step, grant, false)));
                        }
                    } else {
                        atoms.push(b.auto(step, &name, evidence));
                    }
                } else {
                    atoms.push(b.judged_if(step, &name, evidence));
                }
            } else if !above.is_empty() && dice.chance(40) {
                let target = dice.pick(&above);
                let then = if dice.chance(50) { Then::Settle } else { Then::End };
                let how = if !grants.is_empty() && dice.chance(30) {
                    How::JudgedIf(condition(dice, step, &grants))
                } else {
                    How::Judged
                };
                let (_, out) = b.reopen(step, &name, how, target, 1 + u32::from(dice.chance(30)), then);
                if then == Then::Settle {
                    atoms.push(out);
                }
            } else if dice.chance(15) {
                b.end(step, &name);
            } else {
                atoms.push(b.judged(step, &name));
            }
        }
        results.extend(grants.into_iter().map(|grant| (step, grant)));
        upstream.push(above);
    }
    if !atoms.is_empty() && dice.chance(35) {
        let finish = formula(dice, &atoms, 2);
        b.finish(finish);
    }
    let mut w = b.done();
    if dice.chance(50) {
        ballast(&mut w, &atoms);
    }
    Case { w, atoms }
}

/// Steps that never open, with grants of everything: what is asked of many grants or steps at once is asked differently.
fn ballast(w: &mut Workflow, atoms: &[Atom]) {
    let pair = atoms.iter().find_map(|one| {
        let other = atoms.iter().find(|other| other.step == one.step && other.outcome != one.outcome)?;
        Some(Formula::All(vec![Formula::Is(*one), Formula::Is(*other)]))
    });
    let never = pair.unwrap_or(Formula::Any(Vec::new()));
    let roles = u32::try_from(w.roles.len()).unwrap();
    for index in 0..30 {
        let grants = (0..5).map(|action| Grant {
            action: ActionId(action),
            pins: Vec::new(),
            limit: Limit { uses: 1, per: Per::Opening },
            binder: None,
            ttl_seconds: 60,
        });
        let done = Outcome {
            name: "done".to_owned(),
            how: How::Judged,
            of: None,
            counts: None,
            distinct: None,
            then: Then::Settle,
        };
        w.steps.push(Step {
            name: format!("n{index}"),
            role: RoleId(index % roles),
            after: never.clone(),
            grants: grants.collect(),
            submissions: Vec::new(),
            within: None,
            outcomes: vec![done],
        });
    }
}

fn steps(formula: &Formula, found: &mut Vec<StepId>) {
    match formula {
        Formula::Is(atom) => found.push(atom.step),
        Formula::Test(_) => {}
        Formula::All(parts) | Formula::Any(parts) => parts.iter().for_each(|part| steps(part, found)),
    }
}

/// What the machine says: a violation was seen, or none though everything was.
fn violated(case: &Case, seen: &Seen, question: &Question) -> Option<bool> {
    let w = &case.w;
    let whole = |bad: bool| if bad { Some(true) } else { seen.complete.then_some(false) };
    let missing = |bad: bool| if bad { seen.complete.then_some(true) } else { Some(false) };
    let role = |at: &(StepId, GrantIx)| w.steps[at.0.index()].role;
    let grants = |uses: &xp_artifact::question::Uses| match uses {
        xp_artifact::question::Uses::Effect(effect) => of_effect(w, *effect),
        xp_artifact::question::Uses::Action { .. } => Vec::new(),
    };
    match question {
        Question::StepsOpen => missing(seen.opened.len() < w.steps.len()),
        Question::OutcomesHappen => {
            missing(seen.happened.len() < w.steps.iter().map(|step| step.outcomes.len()).sum::<usize>())
        }
        Question::NeverStuck => whole(seen.stuck),
        Question::Progress => whole(seen.stranded),
        Question::NamesBound => whole(seen.unbound),
        Question::IrreversibleOnce => whole(seen.again.iter().any(|at| {
            let grant = &w.steps[at.0.index()].grants[at.1.index()];
            w.actions[grant.action.index()].irreversible && grant.limit.per == Per::Opening
        })),
        Question::Requires(uses, formula) => {
            let meant = grants(uses);
            whole(seen.used.iter().any(|(at, settled)| meant.contains(at) && !truth(formula, settled)))
        }
        Question::NoRole(a, b) | Question::NoPrincipal(a, b) => {
            let (a, b) = (grants(a), grants(b));
            let apart = matches!(question, Question::NoRole(..));
            whole(seen.used_together.iter().any(|used| {
                let used: Vec<_> = used.iter().map(|(step, grant, _)| (*step, *grant)).collect();
                a.iter()
                    .filter(|at| used.contains(at))
                    .any(|x| b.iter().filter(|at| used.contains(at)).any(|y| !apart || role(x) == role(y)))
            }))
        }
        Question::AtMost(uses, most) => {
            let meant = grants(uses);
            whole(seen.used_together.iter().any(|used| {
                let count: u32 =
                    used.iter().filter(|(s, g, _)| meant.contains(&(*s, *g))).map(|(_, _, n)| n).sum();
                count > *most
            }))
        }
        Question::Never(uses) => {
            let meant = grants(uses);
            whole(seen.used.iter().any(|(at, _)| meant.contains(at)))
        }
        _ => None,
    }
}

fn without(trace: &Trace, index: usize) -> Trace {
    let mut less = trace.clone();
    less.events.remove(index);
    less
}

/// Questions whose violation is "the last event happens": then every event before it must be needed for it.
fn ends_in_a_use(question: &Question) -> bool {
    matches!(question, Question::Requires(..) | Question::Never(_))
}

fn compare(seed: u64, counts: &mut BTreeMap<String, u32>) {
    let case = case(seed);
    let dice = &mut Dice(seed ^ 0xabcd);
    let required = if case.atoms.is_empty() { Formula::All(vec![]) } else { formula(dice, &case.atoms, 2) };
    let questions = [
        Question::StepsOpen,
        Question::OutcomesHappen,
        Question::NeverStuck,
        Question::Progress,
        Question::NamesBound,
        Question::IrreversibleOnce,
        Question::Requires(effect(Effect::Merge), required.clone()),
        Question::Requires(effect(Effect::Read), required),
        Question::NoRole(effect(Effect::Write), effect(Effect::Merge)),
        Question::NoRole(effect(Effect::Read), effect(Effect::Pay)),
        Question::NoPrincipal(effect(Effect::Read), effect(Effect::Write)),
        Question::AtMost(effect(Effect::Merge), 1),
        Question::AtMost(effect(Effect::Read), 2),
        Question::AtMost(effect(Effect::Read), 4),
        Question::Never(effect(Effect::Pay)),
    ];
    let seen = Explorer::new(&case.w).explore(600);
    let model = model(case.w.clone());
    let obligations: Vec<_> = questions.iter().cloned().map(obligation).collect();
    let limits = Limits { search_states: 1_000, ..Limits::default() };
    let verdicts = Z3Prover.prove(&model, &obligations, limits);
    for (question, verdict) in questions.iter().zip(&verdicts) {
        let violated = violated(&case, &seen, question);
        let name = format!("{question:?}");
        let kind = name.split(['(', ' ']).next().unwrap();
        *counts.entry(format!("{kind} {:?}", verdict.status)).or_default() += 1;
        judge(seed, &case, &model, question, verdict, violated);
        if verdict.status == Status::Unknown && violated.is_some() {
            *counts.entry(format!("{kind} unknown: {}", verdict.reason)).or_default() += 1;
        }
    }
}

fn judge(
    seed: u64,
    case: &Case,
    model: &xpc_model::Model,
    question: &Question,
    verdict: &Verdict,
    violated: Option<bool>,
) {
    let show = || {
        format!(
            "seed {seed}: {question:?}\n{:?} {} {:?}\n{}",
            verdict.status,
            verdict.reason,
            verdict.failures,
            written(&case.w)
        )
    };
    match (verdict.status, violated) {
        (Status::Proved | Status::Vacuous, Some(true)) => panic!("wrongly proved, {}", show()),
        (Status::Refuted, Some(false)) => panic!("wrongly refuted, {}", show()),
        _ => {}
    }
    for trace in verdict.failures.iter().filter_map(|failure| failure.trace.as_ref()) {
        assert!(xpc_proof::replay(model, trace).is_ok(), "does not replay, {}", show());
        if ends_in_a_use(question) {
            assert!(matches!(trace.events.last().unwrap().kind, EventKind::Use { .. }));
            for index in 0..trace.events.len() - 1 {
                let needless = xpc_proof::replay(model, &without(trace, index)).is_ok();
                // What may be left out must have been there to break the formula: formulas are positive, so never.
                assert!(!needless, "event {index} is not needed, {}", show());
            }
        }
    }
}

#[test]
fn verdicts_agree_with_the_machine() {
    let read = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let cases = read("XP_CASES").unwrap_or(60);
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let first = read("XP_SEED").unwrap_or(clock.wrapping_mul(1_000_003));
    println!("seed {first}, {cases} cases");
    let mut counts = BTreeMap::new();
    for seed in (first..).take(usize::try_from(cases).unwrap()) {
        compare(seed, &mut counts);
    }
    for (what, count) in &counts {
        println!("{count:6} {what}");
    }
    let of = |status: &str| -> u32 {
        counts.iter().filter(|(name, _)| name.ends_with(status)).map(|(_, n)| n).sum()
    };
    assert!(of(" Refuted") > of(" Proved") / 10);
    // These workflows have many limits per run, which is where answers are given up; 60 of them vary from run to run.
    assert!(of(" Unknown") < of(" Proved") / 3, "too much is unknown");
}

/// A workflow in a few lines.
fn written(w: &Workflow) -> String {
    let mut out = String::new();
    for step in &w.steps {
        out += &format!(
            "{} by {} after {}\n",
            step.name,
            w.roles[step.role.index()].name,
            xp_artifact::print::formula(w, &step.after)
        );
        for grant in &step.grants {
            out += &format!("  may {} as {:?}\n", xp_artifact::print::grant(w, grant), grant.binder);
        }
        for outcome in &step.outcomes {
            out += &format!("  {} {:?} {:?}\n", outcome.name, outcome.how, outcome.then);
        }
    }
    for l in &w.loops {
        out += &format!("loop {l:?}\n");
    }
    out + &format!("finish {}", xp_artifact::print::formula(w, &w.finish))
}
