//! What is no longer named is forgotten.

use xp_artifact::question::Status;
use xpc_driver::Driver;

use super::{Counting, Memory, workflow};

/// A session with ever new files keeps as many sources as files are named at a time.
#[test]
fn ids_and_texts_of_files_that_are_gone_are_used_again() {
    let mut driver = Driver::new();
    let of = |round: usize| Memory::of(&[(&format!("{round}.xp"), &workflow("a", ""))]);
    let first = driver.compile(&of(0), &[]).sources.ids().count();
    for round in 1..50 {
        let compiled = driver.compile(&of(round), &[]);
        assert_eq!(compiled.sources.ids().count(), first);
        assert_eq!(compiled.sources.path(compiled.named[0]), format!("{round}.xp"));
    }
}

/// 60,000 verdicts are more than are kept: the first workflow's are gone, the last one's are there.
#[test]
fn answers_that_were_not_used_for_long_are_forgotten() {
    let (mut driver, mut prover) = (Driver::new(), Counting::new(Status::Proved));
    let model = |round: usize| {
        let mut driver = Driver::new();
        let world = Memory::of(&[("a.xp", &workflow(&format!("w{round}"), ""))]);
        let compiled = driver.compile(&world, &[]);
        let mut model = compiled.models[0].1.as_ref().clone();
        let one = model.obligations[0].clone();
        model.obligations.extend((0..6_000).map(|number| {
            let mut more = one.clone();
            more.id = format!("more-{number}");
            more
        }));
        model
    };
    let world = Memory::default();
    let models: Vec<_> = (0..10).map(model).collect();
    for model in &models {
        driver.prove(&world, &mut prover, model).unwrap();
    }
    let asked = prover.asked.len();
    driver.prove(&world, &mut prover, &models[9]).unwrap();
    assert_eq!(prover.asked.len(), asked);
    driver.prove(&world, &mut prover, &models[0]).unwrap();
    assert_eq!(prover.asked.len(), asked + models[0].obligations.len());
}

#[test]
fn a_file_is_read_no_further_than_it_may_be_long() {
    let mut world = Memory::default();
    world.write("a.xp", &"ä".repeat(xp_syntax::MAX_BYTES));
    let compiled = Driver::new().compile(&world, &[]);
    assert_eq!(compiled.diagnostics[0].code.id, "XP0120");
    assert!(compiled.sources.text(compiled.named[0]).len() <= xp_syntax::MAX_BYTES + 3);
}
