//! A prover in another process: what it says is believed only as far as it must be.

use std::path::{Path, PathBuf};

use xp_artifact::question::Status;
use xpc_driver::{Driver, ProverProcess};
use xpc_model::{Limits, Model, Prover, ProverError, Verdict};

use super::{Memory, workflow};

fn model(steps: usize) -> Model {
    let more: String = (0..steps)
        .map(|step| format!("  step more{step} by r after b.done {{\n    outcome done\n  }}\n"))
        .collect();
    let world = Memory::of(&[("w.xp", &workflow("w", &more))]);
    let compiled = Driver::new().compile(&world, &[]);
    assert!(!compiled.rejected(), "{:#?}", compiled.diagnostics);
    compiled.models[0].1.as_ref().clone()
}

fn ask(name: &str, model: &Model, workflow_ms: u32) -> Result<Vec<Verdict>, ProverError> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/provers").join(name);
    let limits = Limits { workflow_ms, ..Limits::default() };
    ProverProcess::at(program).prove(model, &model.obligations, limits)
}

#[test]
fn what_was_answered_before_a_crash_counts_and_the_rest_is_unknown() {
    let model = model(0);
    let verdicts = ask("one_and_killed.sh", &model, 60_000).unwrap();
    assert_eq!(verdicts.len(), model.obligations.len());
    assert_eq!(verdicts[0].status, Status::Proved);
    assert!(verdicts[1..].iter().all(|verdict| verdict.status == Status::Unknown));
    assert!(verdicts[1].reason.contains("signal"), "{}", verdicts[1].reason);
}

#[test]
fn a_limit_ends_the_wait_also_for_one_that_does_not_read() {
    // Larger than any pipe.
    let model = model(5_000);
    let verdicts = ask("silent.sh", &model, 100).unwrap();
    assert!(verdicts.iter().all(|verdict| verdict.status == Status::Unknown));
    assert!(verdicts[0].reason.contains("100 ms"), "{}", verdicts[0].reason);
}

#[test]
fn garbage_other_versions_and_other_questions_are_errors() {
    for name in [
        "garbage.sh",
        "half_a_line.sh",
        "no_library.sh",
        "other_version.sh",
        "another_question.sh",
        "closes.sh",
    ] {
        let error = ask(name, &model(0), 60_000).expect_err(name);
        assert!(error.0.starts_with("the prover failed: "), "{name}: {error}");
    }
    let error = ask("other_version.sh", &model(0), 60_000).unwrap_err();
    assert!(error.0.contains("version 0.0.0") && error.0.contains("one release"), "{error}");
}

#[test]
fn one_that_cannot_be_started_is_an_error() {
    let model = model(0);
    let mut prover = ProverProcess::at(PathBuf::from("tests/provers/none.sh"));
    let error = prover.prove(&model, &model.obligations, Limits::default()).unwrap_err();
    assert!(error.0.contains("none.sh") && error.0.contains("cannot be started"), "{error}");
    // Nothing to prove starts nothing.
    assert_eq!(prover.prove(&model, &[], Limits::default()), Ok(Vec::new()));
}
