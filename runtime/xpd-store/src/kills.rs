//! Scopes of a kill as they are stored. A kill stays: nothing takes one back.

/// The scope of a kill that stops all.
pub const EVERYTHING: &str = "everything";

/// The scope of a kill of one principal.
#[must_use]
pub fn of_principal(name: &str) -> String {
    format!("principal {name}")
}
