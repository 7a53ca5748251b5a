//! What reading yields, and how much is read.

use xp_diagnostics::Diagnostic;

use crate::ast;

/// Longest text that is read, in bytes.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Deepest nesting of brackets, and of types in types.
pub const MAX_DEPTH: usize = 64;

/// A tree and what is wrong with the text.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// What was understood.
    pub tree: ast::File,
    /// What was not, in source order; warnings among them.
    pub diagnostics: Vec<Diagnostic>,
}
