//! Which solver this process really loaded; a build that silently links another one must be noticed.

/// The solver's own account of its version, for example `5.4.1.0`.
pub fn solver_version() -> String {
    z3::full_version().to_owned()
}

/// Whether the solver that was loaded is the one this crate was built for; asked once when a program starts.
///
/// # Errors
/// Another one was found first, for example the distribution's: what it would say is not what was tested.
pub fn check_solver() -> Result<(), String> {
    agree(option_env!("XP_Z3_VERSION"), &solver_version())
}

/// A system solver has no pinned version; `cargo dev setup` looked at it.
fn agree(built_for: Option<&str>, loaded: &str) -> Result<(), String> {
    match built_for {
        Some(version) if !loaded.split_whitespace().any(|word| is_release(word, version)) => Err(format!(
            "built for Z3 {version}, but Z3 {loaded} was loaded; run `cargo dev setup` and build again"
        )),
        Some(_) | None => Ok(()),
    }
}

/// `5.4.1.0` is a build of `5.4.1`; `5.4.10.0` is not.
fn is_release(word: &str, version: &str) -> bool {
    word.strip_prefix(version).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loaded_solver_is_the_one_this_was_built_for() {
        check_solver().unwrap();
    }

    /// What setup wrote reached the build: else the test above compares with nothing.
    #[test]
    fn the_build_knows_the_provisioned_version() {
        let provisioned =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.cargo/z3.toml"));
        let line = provisioned
            .iter()
            .flat_map(|text| text.lines())
            .find(|line| line.starts_with("Z3_SYS_Z3_VERSION"));
        assert_eq!(line.and_then(|line| line.split('"').nth(1)), option_env!("XP_Z3_VERSION"));
    }

    #[test]
    fn another_solver_is_refused() {
        agree(Some("5.4.1"), "5.4.1.0").unwrap();
        agree(Some("5.4.1"), "Z3 5.4.1.0 abc").unwrap();
        agree(None, "4.13.3.0").unwrap();
        for loaded in ["4.8.12.0", "5.4.10.0", "15.4.1.0", ""] {
            assert!(agree(Some("5.4.1"), loaded).is_err(), "{loaded}");
        }
    }
}
