//! The generated parser. Nothing outside this crate sees pest.

#[derive(pest_derive::Parser)]
#[grammar = "xp.pest"]
pub(crate) struct Grammar;
