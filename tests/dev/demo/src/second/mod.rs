//! The second act: a client of MCP that others wrote fixes a bug through the door, with an MCP server and an HTTP API behind it, and a person
//! approves the fix in a browser.

mod checks;
mod client;
mod config;
mod person;
mod play;
mod snapshot;
mod story;
mod world;

use std::time::Instant;

use crate::Done;

/// Runs the act; if `keep`, its folder is left there.
pub fn run(keep: bool) -> Done {
    let begun = Instant::now();
    person::available()?;
    client::available()?;
    let story = story::Story::read()?;
    println!("\n=== act 2: {}\n", story.about);
    let world = world::World::raise(story, keep)?;
    let mut play = play::Play::begin(&world)?;
    let checked = play.run().map(|()| checks::check(&world, &play));
    play.ledger.print();
    let checked = checked?;
    checked.print();
    if keep {
        println!("\nkept: {}", world.folder.path().display());
    }
    let seconds = begun.elapsed().as_secs();
    match (play.ledger.wrong(), checked.wrong()) {
        (0, 0) => {
            let refusals = play.ledger.count();
            println!("\nact 2: {refusals} refusals beside their twins, everything held, in {seconds} s");
            Ok(())
        }
        (refusals, checks) => Err(format!(
            "act 2: {refusals} refusals and {checks} checks are not as they must be ({seconds} s)"
        )),
    }
}
