//! One segment of a pattern, and the matching of it.

/// A piece of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Token {
    /// This character.
    Char(char),
    /// `?`: one character.
    One,
    /// `*`: any characters, or none.
    Star,
}

/// An item of a pattern, between two slashes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Item {
    /// Exactly this segment.
    Literal(String),
    /// A segment with wildcards in it. Invariant: at least one, and no two `*` in a row.
    Glob(Vec<Token>),
    /// `**`: any number of segments; at the end of a pattern at least one.
    Many,
}

/// Whether the segment matches, dotfiles and control files aside.
pub(crate) fn matches(tokens: &[Token], segment: &str) -> bool {
    // Positions in `tokens` that some reading of the segment so far has reached.
    let mut reached = vec![false; tokens.len() + 1];
    let mut next = reached.clone();
    start(tokens, &mut reached);
    for c in segment.chars() {
        next.fill(false);
        for (at, token) in tokens.iter().enumerate() {
            if !reached.get(at).copied().unwrap_or(false) {
                continue;
            }
            let target = match token {
                Token::Char(wanted) if *wanted != c => continue,
                Token::Char(_) | Token::One => at + 1,
                Token::Star => at,
            };
            if let Some(slot) = next.get_mut(target) {
                *slot = true;
            }
        }
        close(tokens, &mut next);
        std::mem::swap(&mut reached, &mut next);
    }
    reached.last().copied().unwrap_or(false)
}

fn start(tokens: &[Token], reached: &mut [bool]) {
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    close(tokens, reached);
}

/// A `*` may stand for nothing.
fn close(tokens: &[Token], reached: &mut [bool]) {
    for (at, token) in tokens.iter().enumerate() {
        if *token == Token::Star
            && reached.get(at).copied().unwrap_or(false)
            && let Some(slot) = reached.get_mut(at + 1)
        {
            *slot = true;
        }
    }
}
