//! Text that a terminal shows and does not obey.

use std::borrow::Cow;

/// A character by which two readers of one text see two things: control characters, which a terminal obeys, line ends of
/// some tools only, and what changes the order in which a line is shown. Tabs and line feeds are none.
#[must_use]
pub fn misleads(c: char) -> bool {
    let order =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    order || matches!(c, '\u{2028}' | '\u{2029}') || (c.is_control() && !matches!(c, '\t' | '\n'))
}

/// The text with such characters written by number, `\u{1b}`.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(misleads) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if misleads(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}
