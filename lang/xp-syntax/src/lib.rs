//! Text to tree: grammar, tree, recovery, formatter. Never fails: returns a tree and what is wrong.
//!
//! A file is cut into pieces (`split`: declarations' heads, members, clauses), each piece is read on its own by the generated
//! grammar (`xp.pest`), and what it yields is put together (`parse`). So one fault costs one piece.

pub mod ast;
mod build;
mod decode;
mod expected;
mod fault;
mod format;
mod grammar;
mod hidden;
mod lexer;
mod nearest;
mod number;
mod parse;
mod parsed;
mod split;
mod words;

use xp_diagnostics::SourceId;

pub use decode::decode;
pub use format::format;
pub use nearest::nearest;
pub use parsed::{MAX_BYTES, MAX_DEPTH, Parsed};
pub use words::{Word, words};

/// Reads a file. Never fails: what is not understood is left out of the tree and reported.
#[must_use]
pub fn parse(source: SourceId, text: &str) -> Parsed {
    parse::read(source, text).parsed
}
