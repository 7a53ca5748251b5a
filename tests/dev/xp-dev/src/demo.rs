//! `cargo dev demo`: setup, build, and a run of `xp-demo`.

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::place::Place;
use crate::{setup, shell};

pub fn run(place: &Place, given: &[String]) -> Result<(), Failure> {
    let given = Arguments::parse(given, &[], &[])?;
    setup::ensure(place)?;
    // The same packages as `cargo dev test`; a narrower selection would rebuild dependencies with other
    // features.
    shell::run(place.cargo().args(["build", "--workspace", "--all-targets"]), "cargo build")?;
    let build = place.build()?;
    let program = build.program("debug", "xp-demo");
    if !program.is_file() {
        return Err(Failure::new("there is no program `xp-demo` in the workspace yet"));
    }
    let mut demo = place.as_user(&program);
    demo.env("XP_ROOT", &place.root).args(&given.rest);
    build.tell_programs(&mut demo, "debug");
    shell::run(&mut demo, "xp-demo")
}
