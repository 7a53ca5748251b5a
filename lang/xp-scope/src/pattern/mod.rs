//! Path patterns.
//!
//! `*` is any characters within a segment, `?` one, `**` whole segments: any number of them, at the end of a pattern at
//! least one (`src/**` is what lies inside `src`, as in git's own patterns, not a file that takes its place). Everything
//! else stands for itself. A wildcard never matches a segment that starts with a dot, nor a control file
//! ([`is_control_file`]) at the end of a path: such a segment has to be written out.
//!
//! [`Pattern::matches`] decides about one path, [`PatternSet::within`] and [`PatternSet::disjoint`] about all of them, by
//! automata (`atoms`, `automaton`) whose letters are whole segments. Both know the same rules, so what is proved of a
//! pattern is what its matching does.

mod atoms;
mod automaton;
mod control;
mod glob;
mod intersect;
mod nfa;
mod one;
mod set;
mod shortest;
mod touch;

pub use control::is_control_file;
pub use one::{MAX_PATTERN, Pattern, PatternError};
pub use set::{MAX_PATTERNS, NotShown, PatternSet, PatternSetError};
