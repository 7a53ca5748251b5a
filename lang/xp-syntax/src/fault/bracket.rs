//! The bracket that is still open where something else was found.

use xp_diagnostics::{Diagnostic, codes};

use super::Slice;
use crate::expected::Wanted;
use crate::lexer::Kind;

/// Points at the bracket that is still open where its end was expected.
pub(super) fn bracket(
    slice: &Slice<'_, '_>,
    wants: &[Wanted],
    found: usize,
    start: usize,
    mut fault: Diagnostic,
) -> Diagnostic {
    let mut open = Vec::new();
    for token in slice.tokens.start..found {
        match slice.lexed.kind(token) {
            Some(Kind::Mark('(' | '[' | '{')) => open.push(token),
            Some(Kind::Mark(')' | ']' | '}')) => {
                open.pop();
            }
            _ => {}
        }
    }
    let Some(token) = open.pop() else { return fault };
    let closer = match slice.lexed.word(token) {
        "(" => ")",
        "[" => "]",
        _ => "}",
    };
    if !wants.contains(&Wanted::Exactly(closer)) {
        return fault;
    }
    if found >= slice.tokens.end || slice.reads_with(start, 0, &format!("{closer} ")) {
        fault.code = codes::UNCLOSED;
    }
    fault.label(slice.lexed.span(token), format!("this `{}` is still open", slice.lexed.word(token)))
}
