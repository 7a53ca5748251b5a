//! Free text that agents write into places where text can command.

/// What stands where a command was broken.
pub const MARK: char = '·';

/// Why a text is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContentError {
    /// More characters than allowed, the marks included.
    #[error("more than {0} characters")]
    TooLong(usize),
    /// A control character, or one that is drawn as nothing or reorders its neighbours.
    #[error("the character {0:?} cannot stand in free text")]
    Character(char),
}

/// The text with every command in it broken by a [`MARK`]; refused if it is too long or hides something.
pub fn neutralise(text: &str, max_chars: usize) -> Result<String, ContentError> {
    let mut output = String::with_capacity(text.len());
    let mut fresh = true;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_control() && !matches!(c, '\n' | '\t') || crate::chars::is_hidden(c) {
            return Err(ContentError::Character(c));
        }
        let next = chars.peek().copied().unwrap_or(' ');
        if fresh && c == '/' && next.is_alphanumeric() {
            output.push(MARK);
        }
        output.push(c);
        if c == '@' && next.is_alphanumeric() || c == '<' && (next.is_alphabetic() || "/!?".contains(next)) {
            output.push(MARK);
        }
        fresh = c == '\n' || fresh && c.is_whitespace();
    }
    if output.chars().count() > max_chars {
        return Err(ContentError::TooLong(max_chars));
    }
    Ok(output)
}
