//! `cargo dev bench`: the figures, on a release build. The program that measures is `xp-bench`.

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::place::Place;
use crate::{setup, shell};

pub fn run(place: &Place, given: &[String]) -> Result<(), Failure> {
    let given = Arguments::parse(given, &[], &[])?;
    let build = place.build()?;
    if !build.has("xp-bench") {
        return Err(Failure::new("there is no program `xp-bench` in the workspace"));
    }
    setup::ensure(place)?;
    // Only what is measured.
    let packages = ["build", "--release", "-p", "xpc", "-p", "xpc-proof", "-p", "xp-bench"];
    shell::run(place.cargo().args(packages), "cargo build --release")?;
    let mut bench = place.as_user(&build.program("release", "xp-bench"));
    bench.args(&given.rest);
    build.tell_programs(&mut bench, "release");
    shell::run(&mut bench, "xp-bench")
}
