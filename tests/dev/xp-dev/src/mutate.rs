//! `cargo dev mutate`: mutation testing with a fixed list. Each mutation is applied alone, in a separate
//! worktree, and tests must fail.
//!
//! A mutation that survives is a failure, and so is one that does not compile. Mutations of the runtime name
//! the tests that must fail, and only these are run.

mod list;
mod tree;
mod trial;
mod watch;

use std::time::Duration;

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::place::Place;
use crate::setup;
use list::Mutation;
use tree::Tree;
use trial::{Outcome, Tests, Trial};

/// The tests of machine and encoder, and the suite that compares them. Tests of programs are excluded, since
/// these packages do not build all programs, and so are the tidy tests.
#[rustfmt::skip]
const TESTS: [&str; 13] = [
    "-p", "xp-machine", "-p", "xpc-proof", "-p", "xp-tests",
    "--", "--skip", "cli::", "--skip", "crash::", "--skip", "tidy::",
];

/// Time limit in seconds, since a mutation may prevent termination.
const SECONDS: u64 = 600;

pub fn run(place: &Place, given: &[String]) -> Result<(), Failure> {
    let given = Arguments::parse(given, &["--only", "--room", "--seconds"], &["--list"])?;
    let mutations = chosen(list::read(&place.root)?, &given)?;
    if given.flag("--list") {
        for mutation in &mutations {
            println!("{:<9} {:<40} {}", mutation.room, mutation.name, mutation.file);
        }
        return Ok(());
    }
    setup::ensure(place)?;
    let build = place.build()?;
    let mut tree = Tree::make(place, &build.target.join("mutate"))?;
    for mutation in &mutations {
        mutation.apply(&tree.text(&mutation.file)?)?;
    }
    let trial = Trial {
        target: build.target.join("mutate/target"),
        limit: Duration::from_secs(given.number("--seconds")?.unwrap_or(SECONDS)),
    };
    eprintln!("mutate: the tests without a planted bug");
    match trial.run(&mut tree, &all_tests(&mutations, &given.rest))? {
        Outcome::Survived => {}
        other => return Err(Failure::new(format!("the tests fail without a planted bug: {other}"))),
    }
    let mut rows = Vec::new();
    for mutation in &mutations {
        let whole = tree.text(&mutation.file)?;
        tree.write(&mutation.file, &mutation.apply(&whole)?)?;
        let start = std::time::Instant::now();
        let outcome = trial.run(&mut tree, &all_tests([mutation], &given.rest))?;
        tree.write(&mutation.file, &whole)?;
        eprintln!("mutate: {}: {outcome}", mutation.name);
        rows.push((mutation, outcome, start.elapsed().as_secs()));
    }
    table(&rows)
}

/// The tests to run for these mutations; arguments of the command line replace them.
fn all_tests<'m>(mutations: impl IntoIterator<Item = &'m Mutation>, given: &[String]) -> Vec<Tests> {
    let whole = |arguments: Vec<String>| Tests { arguments, named: Vec::new() };
    if !given.is_empty() {
        return vec![whole(given.to_vec())];
    }
    let (open, named): (Vec<_>, Vec<_>) =
        mutations.into_iter().partition(|mutation| mutation.tests.is_empty());
    let mut runs = Tests::named(named.iter().flat_map(|mutation| &mutation.tests));
    if !open.is_empty() {
        runs.push(whole(TESTS.map(str::to_owned).to_vec()));
    }
    runs
}

fn chosen(all: Vec<Mutation>, given: &Arguments) -> Result<Vec<Mutation>, Failure> {
    let name = given.option("--only").unwrap_or_default();
    let room = given.option("--room");
    let chosen: Vec<Mutation> = all
        .into_iter()
        .filter(|mutation| mutation.name.contains(name) && room.is_none_or(|room| mutation.room == room))
        .collect();
    if chosen.is_empty() {
        return Err(Failure::usage("no such mutation"));
    }
    Ok(chosen)
}

fn table(rows: &[(&Mutation, Outcome, u64)]) -> Result<(), Failure> {
    println!("{:<9} {:<40} {:>5}  outcome", "room", "planted bug", "s");
    for (mutation, outcome, seconds) in rows {
        println!("{:<9} {:<40} {seconds:>5}  {outcome}", mutation.room, mutation.name);
    }
    let caught = rows.iter().filter(|(_, outcome, _)| outcome.is_caught()).count();
    println!("{caught} of {} planted bugs were caught", rows.len());
    if caught == rows.len() {
        return Ok(());
    }
    Err(Failure::new("a planted bug was not caught"))
}
