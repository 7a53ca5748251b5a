//! Differential test: the verifier against exhaustive search, on random workflows and on the seed files, in
//! both directions.
//!
//! `XP_DIFFERENTIAL=N` sets the number of random workflows (default 60, about a minute on two cores),
//! `XP_SEED=S` the first seed (default: from the clock; printed). On a disagreement the workflow is printed,
//! so that it can be added as a seed file.

mod fresh;
mod hostile;
mod oracle;

use std::collections::BTreeMap;

use xp_artifact::question::{Kind, Question, Status};
use xp_monitor::is_safety;
use xp_oracle::things::Meets;
use xpc_model::{Limits, Model, Verdict};
use xpc_proof::Z3Prover;

use crate::sources::{Source, compile};
use oracle::{Oracle, Truth};

/// Number of states beyond which the search gives up on a workflow.
const MAX_STATES: usize = 700;

/// Number of disagreements after which the test stops.
const MOST_SHOWN: usize = 8;

fn number(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not `{text}`")),
        Err(_) => default,
    }
}

/// The contradiction between the verdict and the search result, if there is one.
fn disagreement(verdict: &Verdict, truth: Truth) -> Option<&'static str> {
    match (verdict.status, truth) {
        (Status::Proved, Truth::Violated) => Some("proved, and a run violates it"),
        (Status::Proved, Truth::NeverOccurs) => Some("proved, and the situation never occurs"),
        (Status::Refuted, Truth::Holds | Truth::NeverOccurs) => Some("refuted, and no run violates it"),
        (Status::Vacuous, Truth::Holds) => Some("vacuous, and the situation occurs"),
        (Status::Enforced, Truth::Violated) => Some("enforced, and a run breaks it"),
        (Status::Vacuous, Truth::Violated) => Some("vacuous, and a run violates it"),
        _ => None,
    }
}

/// Why a verdict on fresh evidence is implausible although no run contradicts it, if it is.
fn freshness(verdict: &Verdict, oracle: &Oracle) -> Option<&'static str> {
    let worst = oracle.staleness()?;
    match verdict.status {
        Status::Proved if worst == Meets::Silent => Some("proved, and a declaration is silent"),
        Status::Proved if worst == Meets::Spelled => Some("proved, and two spellings may be one"),
        Status::Proved if oracle.shared() => {
            Some("proved, and another run may change what evidence is about")
        }
        Status::Conditional if worst == Meets::Yes => Some("conditional, and a run of its own breaks it"),
        // A property on which the verifier gives up is unknown as well.
        Status::Unknown if worst == Meets::Yes && verdict.reason.contains("does not say") => {
            Some("said to be silent, and a run of its own breaks it")
        }
        _ => None,
    }
}

#[derive(Default)]
struct Tally {
    workflows: u64,
    rejected: u64,
    constructs: BTreeMap<&'static str, u32>,
    verdicts: BTreeMap<Status, u64>,
    by_kind: BTreeMap<Kind, BTreeMap<Status, u64>>,
    too_large: u64,
    situations: usize,
    wrong: Vec<String>,
    proving: std::time::Duration,
    exploring: std::time::Duration,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.workflows += other.workflows;
        self.rejected += other.rejected;
        self.too_large += other.too_large;
        self.situations += other.situations;
        self.proving += other.proving;
        self.exploring += other.exploring;
        self.wrong.extend(other.wrong);
        for (construct, times) in other.constructs {
            *self.constructs.entry(construct).or_default() += times;
        }
        for (status, times) in other.verdicts {
            *self.verdicts.entry(status).or_default() += times;
        }
        for (kind, by) in other.by_kind {
            let mine = self.by_kind.entry(kind).or_default();
            by.into_iter().for_each(|(status, times)| *mine.entry(status).or_default() += times);
        }
    }
}

fn check(path: &str, text: &str, model: &Model, tally: &mut Tally) -> BTreeMap<String, Status> {
    let begun = std::time::Instant::now();
    let verdicts = Z3Prover.prove(model, &model.obligations, Limits::default());
    tally.proving += begun.elapsed();
    assert_eq!(verdicts.len(), model.obligations.len(), "{path}: an obligation without a verdict");
    let begun = std::time::Instant::now();
    let questions: Vec<_> = model.obligations.iter().map(|obligation| &obligation.question).collect();
    let oracle = Oracle::of(&model.workflow, &questions, MAX_STATES);
    tally.exploring += begun.elapsed();
    tally.situations += oracle.situations();
    let mut found = BTreeMap::new();
    for (obligation, verdict) in model.obligations.iter().zip(&verdicts) {
        *tally.verdicts.entry(verdict.status).or_default() += 1;
        *tally.by_kind.entry(obligation.question.kind()).or_default().entry(verdict.status).or_default() += 1;
        found.insert(obligation.id.clone(), verdict.status);
        if verdict.status == Status::Refuted {
            let traced = verdict.failures.iter().any(|failure| failure.trace.is_some());
            // Properties that something happens have no trace, and a wrong scope needs no run.
            let without =
                matches!(obligation.question.kind(), Kind::StepsOpen | Kind::OutcomesHappen | Kind::Scopes);
            assert!(traced || without, "{path}: `{}` is refuted without a trace\n{text}", obligation.id);
            if is_safety(&obligation.question) {
                for trace in verdict.failures.iter().filter_map(|failure| failure.trace.as_ref()) {
                    let broken = xpc_proof::breaks(model, trace, &obligation.question);
                    assert_eq!(broken, Ok(true), "{path}: the run that refutes `{}`\n{text}", obligation.id);
                }
            }
        }
        let begun = std::time::Instant::now();
        let mut truth = match verdict.status {
            Status::Enforced => oracle.enforced(&obligation.question),
            _ => oracle.answer(&obligation.question),
        };
        tally.exploring += begun.elapsed();
        tally.too_large += u64::from(truth == Truth::TooLarge);
        // A step that cannot settle because of an unbound name or a gap between automatic outcomes is
        // reported under those properties instead.
        if obligation.question.kind() == Kind::Progress && !elsewhere(model, &verdicts) {
            truth = Truth::TooLarge;
        }
        let implausible =
            (obligation.question == Question::FreshEvidence).then(|| freshness(verdict, &oracle));
        if let Some(why) = disagreement(verdict, truth).or(implausible.flatten()) {
            tally.wrong.push(format!(
                "{path}: `{}` ({}) is {why}\nbrute force: {truth:?}\n{}\n\n{}",
                obligation.id,
                obligation.source,
                shown(verdict),
                text.replace(xp_drawn::WORLD, "")
            ));
        }
    }
    // A run that cannot end violates one of these properties.
    let ending_kinds =
        [Kind::NeverStuck, Kind::Progress, Kind::AutomaticOutcomes, Kind::NamesBound, Kind::Scopes];
    let open = model
        .obligations
        .iter()
        .zip(&verdicts)
        .any(|(o, v)| ending_kinds.contains(&o.question.kind()) && v.status != Status::Proved);
    assert!(
        open || !oracle.stuck(),
        "{path}: all ending_kinds are proved open, and a run can get stuck\n{text}"
    );
    found
}

/// A verdict in a few lines of text.
fn shown(verdict: &Verdict) -> String {
    let failures: Vec<String> = verdict
        .failures
        .iter()
        .map(|failure| {
            let events = failure.trace.iter().flat_map(|trace| &trace.events);
            let events: Vec<String> =
                events.map(|event| format!("    {}: {:?}", event.step, event.kind)).collect();
            format!("  {}: {}\n{}", failure.code, failure.message, events.join("\n"))
        })
        .collect();
    format!("{:?} {}\n{}", verdict.status, verdict.reason, failures.join("\n"))
}

/// Whether names are bound and automatic outcomes leave no gap.
fn elsewhere(model: &Model, verdicts: &[Verdict]) -> bool {
    let pairs = model.obligations.iter().zip(verdicts);
    pairs
        .filter(|(o, _)| matches!(o.question.kind(), Kind::NamesBound | Kind::AutomaticOutcomes))
        .all(|(_, v)| v.status == Status::Proved)
}

/// Generates and checks `count` workflows, from every `stride`-th seed.
fn draw(first: u64, stride: u64, count: u64) -> Tally {
    let mut tally = Tally::default();
    let mut drawn_in_all = 0;
    while tally.workflows < count && tally.wrong.len() < MOST_SHOWN {
        let seed = first.wrapping_add(drawn_in_all * stride);
        drawn_in_all += 1;
        let drawn = xp_drawn::small(seed);
        let path = format!("XP_SEED={seed}");
        match compile(&path, &drawn.text) {
            Ok(model) => {
                tally.workflows += 1;
                for (construct, times) in drawn.constructs {
                    *tally.constructs.entry(construct).or_default() += times;
                }
                check(&path, &drawn.text, &model, &mut tally);
            }
            Err(faults) => {
                tally.rejected += 1;
                // Generated workflows should be accepted; some name data that no earlier step makes.
                let shown: Vec<String> =
                    faults.iter().map(|fault| format!("{}: {}", fault.code, fault.message)).collect();
                assert!(
                    tally.rejected <= 50 + drawn_in_all / 3,
                    "too many drawn workflows are rejected; the last one: {shown:?}\n{}",
                    drawn.text
                );
            }
        }
    }
    tally
}

#[test]
fn random_workflows_agree_with_brute_force() {
    let count = number("XP_DIFFERENTIAL", 60);
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let first = number("XP_SEED", clock.as_nanos() as u64);
    println!("differential: {count} workflows from XP_SEED={first}");
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let tally = std::thread::scope(|scope| {
        let share = |worker: u64| count / threads + u64::from(worker < count % threads);
        let workers: Vec<_> = (0..threads)
            .map(|worker| scope.spawn(move || draw(first.wrapping_add(worker), threads, share(worker))))
            .collect();
        let mut whole = Tally::default();
        for worker in workers {
            whole.add(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        whole
    });
    report(&tally);
    agreed(&tally);
    let given: u64 = tally.verdicts.values().sum();
    let refuted = tally.verdicts.get(&Status::Refuted).copied().unwrap_or_default();
    assert!(given > 0, "nothing was asked");
    if count >= 2_000 {
        assert!(refuted * 3 >= given, "only {refuted} of {given} verdicts are refuted");
        let rare: Vec<_> = tally.constructs.iter().filter(|(_, times)| **times < 50).collect();
        assert!(rare.is_empty(), "constructs met fewer than 50 times: {rare:?}");
    }
}

fn report(tally: &Tally) {
    println!(
        "differential: {} workflows, {} drawn ones rejected, {} situations, {} answers beyond brute force, \
         {:.1} s proving, {:.1} s exploring",
        tally.workflows,
        tally.rejected,
        tally.situations,
        tally.too_large,
        tally.proving.as_secs_f64(),
        tally.exploring.as_secs_f64()
    );
    for (kind, by) in &tally.by_kind {
        println!("  {:<24} {by:?}", kind.as_str());
    }
    println!("  constructs {:?}", tally.constructs);
}

#[test]
fn fixed_seeds_agree_and_have_their_verdicts() {
    let seeds = Source::of("differential/seeds");
    assert!(seeds.len() >= 14, "seeds are missing");
    let mut tally = Tally::default();
    for seed in seeds {
        let name = &seed.name;
        let model = seed.model(xp_drawn::WORLD);
        let found = check(name, &seed.text, &model, &mut tally);
        for (kind, status) in seed.expected() {
            let matching: Vec<_> = model
                .obligations
                .iter()
                .filter(|o| o.question.kind().hyphenated() == kind || o.id.ends_with(&format!("/{kind}")))
                .collect();
            assert!(!matching.is_empty(), "{name}: there is no obligation `{kind}`: {:?}", found.keys());
            let named = matching.iter().any(|o| format!("{:?}", found[&o.id]).eq_ignore_ascii_case(status));
            assert!(named, "{name}: no `{kind}` is {status}: {found:?}");
        }
    }
    report(&tally);
    agreed(&tally);
}

fn agreed(tally: &Tally) {
    assert!(tally.wrong.is_empty(), "the verifier and brute force disagree:\n\n{}", tally.wrong.join("\n\n"));
}
