//! Characters by which two readers of one text see two programs: those that end a line for some tools only, those that
//! change the order in which a line is shown, and control characters, which a terminal obeys.

use xp_diagnostics::{Diagnostic, codes};

/// Stands nowhere in a file, comments and strings included; a carriage return only before a line feed.
pub(crate) fn is(c: char) -> bool {
    xp_diagnostics::misleads(c)
}

/// Other tools show a new line here.
pub(crate) fn breaks(c: char) -> bool {
    matches!(c, '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The fault of such a character.
pub(crate) fn fault(c: char) -> Diagnostic {
    let number = format!("U+{:04X}", u32::from(c));
    let (message, help) = if c == '\r' {
        (
            format!("the carriage return {number} ends a line for some tools and not here"),
            "end lines with a line feed, alone or after a carriage return",
        )
    } else if breaks(c) {
        (
            format!("the character {number} ends a line for some tools and not here"),
            "end lines with a line feed",
        )
    } else if c.is_control() {
        (format!("the control character {number} cannot stand in a file"), "take it out")
    } else {
        (format!("the hidden character {number} changes how this line is shown"), "take it out")
    };
    Diagnostic::error(codes::BAD_CHARACTER, message).help(help)
}
