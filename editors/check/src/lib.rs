//! The tree-sitter grammar, as Rust sees it.

use tree_sitter_language::LanguageFn;

unsafe extern "C" {
    fn tree_sitter_xp() -> *const ();
}

/// The language that `editors/tree-sitter-xp/src/parser.c` reads.
// SAFETY: the function is the one that tree-sitter generates for a grammar; it returns a pointer to a static.
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_xp) };
