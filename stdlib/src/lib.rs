//! The standard library of connector declarations, embedded as text, and folders to begin with.

mod templates;

pub use templates::{TEMPLATES, Template};

/// A module of the standard library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Module {
    /// What `use` calls it, `std.github`.
    pub name: &'static str,
    /// What messages call its text.
    pub path: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// Every module, each after those it uses. A module declares one connector, named like the last word of the module.
pub const MODULES: &[Module] = &[
    Module { name: "std.github", path: "std/github.xp", text: include_str!("../std/github.xp") },
    Module { name: "std.sandbox", path: "std/sandbox.xp", text: include_str!("../std/sandbox.xp") },
    Module { name: "std.deploy", path: "std/deploy.xp", text: include_str!("../std/deploy.xp") },
];

/// The digest of each declaration, as a server's registry holds them: `{"version": 1, "actions": {name: digest}}`.
pub const REGISTRY: &str = include_str!("../registry.json");
