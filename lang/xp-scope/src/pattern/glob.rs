//! The pieces of a pattern, and the matching of one segment.

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
    /// `**`: any number of segments. Invariant: neither last nor twice in a row; `a/**` is kept as `a/**/*`.
    Many,
}

/// The tokens of a segment.
pub(crate) fn tokens(segment: &str) -> Vec<Token> {
    let token = |c| match c {
        '*' => Token::Star,
        '?' => Token::One,
        c => Token::Char(c),
    };
    segment.chars().map(token).collect()
}

/// The text of a segment.
pub(crate) fn text(tokens: &[Token]) -> String {
    let letter = |token: &Token| match token {
        Token::Star => '*',
        Token::One => '?',
        Token::Char(c) => *c,
    };
    tokens.iter().map(letter).collect()
}

/// Whether the segment matches, dotfiles and control files aside.
pub(crate) fn matches(tokens: &[Token], segment: &str) -> bool {
    // The usual walk with one way back: to the latest `*`, which then takes one character more.
    let (mut token, mut rest) = (tokens, segment.chars());
    let mut back: Option<(&[Token], std::str::Chars<'_>)> = None;
    loop {
        let mut ahead = rest.clone();
        match (token.split_first(), ahead.next()) {
            (Some((Token::Star, after)), _) => {
                back = Some((after, rest.clone()));
                token = after;
                continue;
            }
            (Some((Token::One, after)), Some(_)) => {
                (token, rest) = (after, ahead);
                continue;
            }
            (Some((Token::Char(wanted), after)), Some(c)) if *wanted == c => {
                (token, rest) = (after, ahead);
                continue;
            }
            (None, None) => return true,
            _ => {}
        }
        let Some((after, mut from)) = back.take() else { return false };
        if from.next().is_none() {
            return false;
        }
        (token, rest) = (after, from.clone());
        back = Some((after, from));
    }
}
