//! `cargo dev bless`: runs the tests and accepts their snapshots. Review the difference before committing.

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::place::Place;
use crate::{setup, shell};

pub fn run(place: &Place, given: &[String]) -> Result<(), Failure> {
    let given = Arguments::parse(given, &[], &[])?;
    setup::ensure(place)?;
    let build = place.build()?;
    let mut command = place.cargo();
    command.args(["test", "--workspace", "--all-targets", "--no-fail-fast"]).args(&given.rest);
    command.env("INSTA_UPDATE", "always").env("XP_BLESS", "1");
    build.tell_programs(&mut command, "debug");
    shell::run(&mut command, "cargo test")?;
    let mut difference = std::process::Command::new("git");
    difference.current_dir(&place.root).args(["status", "--short"]);
    let changed = shell::capture(&mut difference, "git status")?;
    eprintln!("bless: what differs from the last commit:\n{}", changed.trim_end());
    Ok(())
}
