//! Which solver this process really loaded; a build that silently links another one must be noticed.

/// The solver's own account of its version, for example `5.4.1.0`.
pub fn solver_version() -> String {
    z3::full_version().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `cargo dev setup` says which version it took; without a provisioned one the system's must be new enough.
    #[test]
    fn the_loaded_solver_is_the_provisioned_one() {
        let stamp = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.cargo/z3.toml");
        let loaded = solver_version();
        match std::fs::read_to_string(stamp) {
            Ok(text) => {
                let line = text.lines().find(|line| line.starts_with("Z3_SYS_Z3_VERSION")).unwrap();
                let wanted = line.split('"').nth(1).unwrap();
                assert!(loaded.contains(wanted), "provisioned {wanted}, loaded {loaded}");
            }
            Err(_) => {
                let mut numbers =
                    loaded.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse::<u32>().ok());
                let version = (numbers.next().unwrap(), numbers.next().unwrap());
                assert!(version >= (4, 13), "loaded {loaded}");
            }
        }
    }
}
