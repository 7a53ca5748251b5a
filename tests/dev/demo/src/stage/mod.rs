//! Sets up `xpd` with its surroundings, runs five agents, compares the state before and after each refusal,
//! and checks the result at the end.

mod cell;
mod fixture;
mod hook;
mod network;
mod play;
mod snapshot;
mod verdict;
mod world;

use std::time::Instant;

use crate::Done;

/// Runs the demo with one fixture; if `whole`, with the trial that waits a minute for a grant to expire.
pub fn run(number: &str, whole: bool) -> Done {
    let begun = Instant::now();
    let fixture = fixture::Fixture::read(number)?;
    println!("\n=== fixture {number}: {}\n", fixture.about);
    let world = world::World::raise(&fixture, whole)?;
    let mut play = play::Play::new(&world, &fixture, whole);
    let checked = play.run().and_then(|()| verdict::check(&world, &fixture, &play));
    play.ledger.print();
    let checked = checked?;
    checked.print();
    let seconds = begun.elapsed().as_secs();
    match (play.ledger.wrong(), checked.wrong()) {
        (0, 0) => {
            let refusals = play.ledger.count();
            println!(
                "\nfixture {number}: {refusals} refusals beside their twins, everything held, in {seconds} s"
            );
            Ok(())
        }
        (refusals, checks) => Err(format!(
            "fixture {number}: {refusals} refusals and {checks} checks are not as they must be ({seconds} s)"
        )),
    }
}
