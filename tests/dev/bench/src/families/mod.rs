//! Families of workflows that grow in one dimension each, to show on which dimension the cost of a check
//! depends.

mod chain;
mod data;
mod layers;
mod loops;
mod nested;
mod outcomes;
mod proves;
mod refuted;
mod roles;
mod text;

/// A family of workflows.
pub struct Family {
    pub name: &'static str,
    /// What the size counts.
    pub unit: &'static str,
    /// Sizes to measure, in increasing order.
    pub sizes: &'static [usize],
    /// The source for a size, in normal form.
    pub source: fn(usize) -> String,
    /// Whether some of its properties are refuted.
    pub refuted: bool,
}

const STEPS: &[usize] = &[300, 1_000, 3_000, 10_000];

const fn of_steps(name: &'static str, source: fn(usize) -> String) -> Family {
    Family { name, unit: "steps", sizes: STEPS, source, refuted: false }
}

pub const FAMILIES: &[Family] = &[
    of_steps("lanes of 20 steps", crate::generate::source),
    of_steps("one chain", chain::source),
    of_steps("one chain, in reverse source order", chain::reversed),
    of_steps("a chain of review loops", loops::source),
    of_steps("loops nested in each other", nested::source),
    of_steps("layers joined by `and` and `or` in turn", layers::source),
    of_steps("a chain in which all steps read one datum", data::source),
    Family {
        name: "properties of a chain of 100 steps",
        unit: "properties",
        sizes: &[10, 50, 100, 500],
        source: proves::source,
        refuted: false,
    },
    Family { name: "a chain of one role a step", unit: "roles", ..of_steps("", roles::source) },
    Family { name: "outcomes of one step", unit: "outcomes", ..of_steps("", outcomes::source) },
    Family {
        name: "properties refuted at the end of a chain of 300 steps",
        unit: "properties",
        sizes: &[1, 5, 10, 20],
        source: refuted::source,
        refuted: true,
    },
];
