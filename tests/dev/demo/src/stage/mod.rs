//! Raises a small world around `xpd`, lets five agents work in it, compares it before and after everything that is
//! refused, and says at the end what held.

mod cell;
mod fixture;
mod hook;
mod ledger;
mod network;
mod play;
mod shell;
mod snapshot;
mod verdict;
mod world;

use std::time::Instant;

use crate::Done;

/// Shows one program. `whole`: with the token that must run out, which takes a minute.
pub fn run(number: &str, whole: bool) -> Done {
    let begun = Instant::now();
    let fixture = fixture::Fixture::read(number)?;
    println!("\n=== fixture {number}: {}\n", fixture.about);
    let world = world::World::raise(&fixture, whole)?;
    let mut play = play::Play::new(&world, &fixture, whole);
    let told = play.run().and_then(|()| verdict::check(&world, &fixture, &play));
    play.ledger.print();
    let checked = told?;
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
