//! What did not change is not done again; what did is.

use std::path::PathBuf;

use xp_artifact::question::Status;
use xpc_driver::{Compiled, Driver, Work};

use super::{Counting, Memory, workflow};

const CLAUSE: &str = "  prove effect merge at most 1 per run\n";
/// Questions that every workflow is asked.
const ALWAYS: usize = 11;

fn all(driver: &mut Driver, world: &Memory) -> Compiled {
    let compiled = driver.compile(world, &[]);
    assert!(!compiled.rejected(), "{:#?}", compiled.diagnostics);
    compiled
}

fn prove(driver: &mut Driver, world: &Memory, compiled: &Compiled, prover: &mut Counting) -> usize {
    let before = prover.asked.len();
    for (_, model) in &compiled.models {
        let proved = driver.prove(world, prover, model).unwrap();
        assert_eq!(proved.verdicts.len(), model.obligations.len());
        assert!(!proved.took.is_zero());
    }
    prover.asked.len() - before
}

#[test]
fn a_text_that_did_not_change_is_not_parsed_again() {
    let mut world = Memory::of(&[("a.xp", &workflow("a", "")), ("b.xp", &workflow("b", ""))]);
    let mut driver = Driver::new();
    let first = all(&mut driver, &world);
    assert_eq!(driver.work().parsed, 2);
    let second = all(&mut driver, &world);
    assert_eq!(driver.work().parsed, 2);
    assert_eq!(first.models, second.models);
    world.write("b.xp", &workflow("b", CLAUSE));
    all(&mut driver, &world);
    assert_eq!(driver.work().parsed, 3);
    // A file that comes before the others does not move them.
    world.write("0.xp", &workflow("zero", ""));
    let last = all(&mut driver, &world);
    assert_eq!(driver.work().parsed, 4);
    let names: Vec<&str> = last.named.iter().map(|id| last.sources.path(*id)).collect();
    assert_eq!(names, ["0.xp", "a.xp", "b.xp"]);
}

#[test]
fn a_workflow_that_did_not_change_is_not_proved_again() {
    let mut world = Memory::of(&[("a.xp", &workflow("a", CLAUSE)), ("b.xp", &workflow("b", ""))]);
    let (mut driver, mut prover) = (Driver::new(), Counting::new(Status::Proved));
    let compiled = all(&mut driver, &world);
    assert_eq!(prove(&mut driver, &world, &compiled, &mut prover), 2 * ALWAYS + 1);
    assert_eq!(prove(&mut driver, &world, &compiled, &mut prover), 0);
    // A comment moves everything and changes nothing.
    world.write("a.xp", &format!("// a comment\n\n{}", workflow("a", CLAUSE)));
    let compiled = all(&mut driver, &world);
    assert_eq!(prove(&mut driver, &world, &compiled, &mut prover), 0);
    // One more clause is one more question.
    world.write("a.xp", &workflow("a", &format!("{CLAUSE}  prove never effect pay\n")));
    let compiled = all(&mut driver, &world);
    assert_eq!(prove(&mut driver, &world, &compiled, &mut prover), 1);
    assert_eq!(prover.asked.last().map(String::as_str), Some("a/never-pay"));
    // Another workflow of the same name is another workflow.
    world.write("a.xp", &workflow("a", CLAUSE).replace("after a.done", "after a.done or a.done"));
    world.write(
        "b.xp",
        &workflow("b", "").replace("outcome done", "outcome fine").replace("a.done", "a.fine"),
    );
    let compiled = all(&mut driver, &world);
    assert!(prove(&mut driver, &world, &compiled, &mut prover) >= ALWAYS);
    assert_eq!(driver.work(), Work { asked: prover.asked.len(), ..driver.work() });
}

#[test]
fn known_failures_move_with_their_source() {
    let mut world = Memory::of(&[("a.xp", &workflow("a", CLAUSE))]);
    let (mut driver, mut prover) = (Driver::new(), Counting::new(Status::Refuted));
    let compiled = all(&mut driver, &world);
    prove(&mut driver, &world, &compiled, &mut prover);
    world.write("a.xp", &format!("// a comment\n{}", workflow("a", CLAUSE)));
    let compiled = all(&mut driver, &world);
    let (_, model) = &compiled.models[0];
    let asked = prover.asked.len();
    let proved = driver.prove(&world, &mut prover, model).unwrap();
    assert_eq!(prover.asked.len(), asked, "it was asked again");
    for (verdict, obligation) in proved.verdicts.iter().zip(&model.obligations) {
        assert_eq!(verdict.failures[0].primary, Some(obligation.span), "{}", obligation.id);
    }
    let clause = proved.verdicts.last().unwrap().failures[0].primary.unwrap();
    assert_eq!(compiled.sources.slice(clause), CLAUSE.trim());
}

#[test]
fn what_has_no_answer_is_asked_again() {
    let world = Memory::of(&[("a.xp", &workflow("a", ""))]);
    let (mut driver, mut prover) = (Driver::new(), Counting::new(Status::Unknown));
    let compiled = all(&mut driver, &world);
    assert_eq!(prove(&mut driver, &world, &compiled, &mut prover), ALWAYS);
    prover.status = Status::Proved;
    assert_eq!(prove(&mut driver, &world, &compiled, &mut prover), ALWAYS);
    assert_eq!(prove(&mut driver, &world, &compiled, &mut prover), 0);
}

#[test]
fn a_fault_is_told_until_it_is_cured() {
    let mut world = Memory::of(&[("a.xp", "workflow a {"), ("b.xp", &workflow("b", ""))]);
    let mut driver = Driver::new();
    for _ in 0..2 {
        let compiled = driver.compile(&world, &[PathBuf::from("a.xp"), PathBuf::from("b.xp")]);
        assert!(compiled.rejected());
        assert!(compiled.diagnostics.iter().all(|fault| fault.file == Some(compiled.named[0])));
    }
    assert_eq!(driver.work().parsed, 2);
    world.write("a.xp", &workflow("a", ""));
    all(&mut driver, &world);
    world.files.remove(&PathBuf::from("a.xp"));
    let compiled = driver.compile(&world, &[PathBuf::from("a.xp")]);
    assert_eq!(compiled.diagnostics[0].code.id, "XP0123");
}
