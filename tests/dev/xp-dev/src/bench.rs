//! `cargo dev bench`: builds in release mode and runs `xp-bench`.

use std::os::unix::fs::PermissionsExt as _;

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
    // Only the measured packages.
    let packages = ["build", "--release", "-p", "xpc", "-p", "xpc-proof", "-p", "xp-bench"];
    shell::run(place.cargo().args(packages), "cargo build --release")?;
    let mut bench = place.as_user(&build.program("release", "xp-bench"));
    bench.args(&given.rest);
    // The program may run as a user other than the owner of the build folder.
    let scratch = build.target.join("bench");
    let made = std::fs::create_dir_all(&scratch)
        .and_then(|()| std::fs::set_permissions(&scratch, std::fs::Permissions::from_mode(0o1777)));
    made.map_err(|error| Failure::new(format!("{}: {error}", scratch.display())))?;
    bench.env("XP_SCRATCH", &scratch);
    build.tell_programs(&mut bench, "release");
    shell::run(&mut bench, "xp-bench")
}
