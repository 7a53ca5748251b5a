//! One member: spaces between its tokens, and line breaks when it is too long.

use std::ops::Range;

use crate::lexer::{Kind, Lexed};
use crate::words::{self, Break, Piece};

/// Widest line that is not wrapped, in characters.
pub(super) const WIDTH: usize = 120;

/// The tokens of a member in one line.
pub(super) fn flat(lexed: &Lexed<'_>, piece: Piece, tokens: Range<usize>) -> String {
    let mut text = String::new();
    for at in tokens.clone() {
        if dropped(lexed, at) {
            continue;
        }
        if !text.is_empty() && spaced(lexed, piece, at) {
            text.push(' ');
        }
        text.push_str(lexed.word(at));
    }
    text
}

/// The tokens of a member, wrapped when the line, with ` {` where a block opens, would be too wide.
pub(super) fn layout(
    lexed: &Lexed<'_>,
    piece: Piece,
    tokens: Range<usize>,
    indent: usize,
    opens: bool,
) -> String {
    let text = flat(lexed, piece, tokens.clone());
    let tail = if opens { 2 } else { 0 };
    if indent + text.chars().count() + tail <= WIDTH {
        return text;
    }
    if piece == Piece::Type {
        return fields(lexed, tokens, indent);
    }
    Wrapper {
        lexed,
        piece,
        indent,
        out: String::new(),
        column: indent,
        brackets: Vec::new(),
        chance: None,
        part: false,
        list: None,
    }
    .run(tokens, tail)
}

/// A comma before a closing bracket says nothing.
fn dropped(lexed: &Lexed<'_>, at: usize) -> bool {
    lexed.is_mark(at, ',') && matches!(lexed.kind(at + 1), Some(Kind::Mark(')' | ']' | '}')))
}

/// A space stands before the token.
fn spaced(lexed: &Lexed<'_>, piece: Piece, at: usize) -> bool {
    let (Some(before), Some(here)) = (lexed.kind(at - 1), lexed.kind(at)) else { return false };
    match (before, here) {
        (_, Kind::Mark(',' | ':' | '.' | ')' | ']')) => false,
        (Kind::Mark('.' | '(' | '['), _) => false,
        (Kind::Mark('{'), Kind::Mark('}')) => false,
        (Kind::Word, Kind::Mark('(')) => {
            let field = at > 1 && lexed.is_mark(at - 2, '.');
            let groups = words::word(lexed.word(at - 1)).is_some_and(|word| word.spaced_group);
            piece == Piece::Outcome || (groups && !field)
        }
        _ => true,
    }
}

/// A record type with a field a line.
fn fields(lexed: &Lexed<'_>, tokens: Range<usize>, indent: usize) -> String {
    let mut text = String::new();
    let inner = " ".repeat(indent + 2);
    let mut depth = 0usize;
    let mut line_start = true;
    for at in tokens.clone() {
        let mark = lexed.kind(at);
        if mark == Some(Kind::Mark('}')) {
            depth = depth.saturating_sub(1);
        }
        if depth == 0 && mark == Some(Kind::Mark('}')) {
            if !text.ends_with([',', '{']) {
                text.push(',');
            }
            text.push('\n');
            text.push_str(&" ".repeat(indent));
        } else if dropped(lexed, at) && depth > 1 {
            continue;
        } else if !line_start && spaced(lexed, Piece::Type, at) {
            text.push(' ');
        }
        text.push_str(lexed.word(at));
        if mark == Some(Kind::Mark('{')) {
            depth += 1;
        }
        line_start = false;
        if depth == 1 && matches!(mark, Some(Kind::Mark('{' | ','))) && !lexed.is_mark(at + 1, '}') {
            text.push('\n');
            text.push_str(&inner);
            line_start = true;
        }
    }
    text
}

/// Fills lines, breaking at the last place where a break reads well.
struct Wrapper<'a, 't> {
    lexed: &'a Lexed<'t>,
    piece: Piece,
    indent: usize,
    out: String,
    /// Characters in the current line.
    column: usize,
    /// Columns after the open brackets, and whether what is in them had better stay together.
    brackets: Vec<(usize, bool)>,
    /// The last place for a break: byte in `out`, and the indentation after it.
    chance: Option<(usize, usize)>,
    /// That place is before a part of a clause, as `from`.
    part: bool,
    /// Column of the first name of a list without brackets.
    list: Option<usize>,
}

impl Wrapper<'_, '_> {
    fn run(mut self, tokens: Range<usize>, tail: usize) -> String {
        for at in tokens.clone() {
            if dropped(self.lexed, at) {
                continue;
            }
            let first = at == tokens.start;
            let space = !first && spaced(self.lexed, self.piece, at);
            if let Some(indent) = self.break_before(at).filter(|_| !first) {
                let part = self.piece == Piece::Clause
                    && !self.lexed.is_mark(at - 1, ',')
                    && indent + flat(self.lexed, self.piece, at..tokens.end).chars().count() <= WIDTH;
                // A record, a group or a part of a clause is rather moved down whole than broken.
                let whole = self.brackets.iter().any(|(_, whole)| *whole) || (self.part && !part);
                if !whole || self.chance.is_none() {
                    self.chance = Some((self.out.len(), indent));
                    self.part = part;
                }
            }
            if space {
                self.out.push(' ');
                self.column += 1;
            }
            let word = self.lexed.word(at);
            if self.list.is_none()
                && self.piece != Piece::Clause
                && self.lexed.is_mark(at + 1, ',')
                && self.brackets.is_empty()
            {
                self.list = Some(self.column);
            }
            self.out.push_str(word);
            self.column += word.chars().count();
            match self.lexed.kind(at) {
                Some(Kind::Mark('{')) => self.brackets.push((self.indent + 6, true)),
                // A space before it: it groups, it is no list of arguments.
                Some(Kind::Mark('(')) => self.brackets.push((self.column, space)),
                Some(Kind::Mark('[')) => self.brackets.push((self.column, false)),
                Some(Kind::Mark(')' | ']' | '}')) => {
                    self.brackets.pop();
                }
                _ => {}
            }
            // Marks that cling to the word must not be pushed over the edge later.
            let mut next = at + 1;
            let mut clings = 0;
            while next < tokens.end && matches!(self.lexed.kind(next), Some(Kind::Mark(',' | ')' | ']'))) {
                clings += usize::from(!dropped(self.lexed, next));
                next += 1;
            }
            let end = if next >= tokens.end { tail } else { 0 };
            if self.column + clings + end > WIDTH {
                self.break_line();
            }
        }
        self.out
    }

    /// Breaks the line at the last good place, if there was one.
    fn break_line(&mut self) {
        let Some((byte, indent)) = self.chance.take() else { return };
        self.part = false;
        let rest = self.out.split_off(byte);
        let rest = rest.trim_start_matches(' ');
        let shift = self.column - rest.chars().count();
        for bracket in self.brackets.iter_mut().filter(|(column, _)| *column > shift) {
            bracket.0 = bracket.0 - shift + indent;
        }
        self.out.push('\n');
        self.out.push_str(&" ".repeat(indent));
        self.out.push_str(rest);
        self.column = indent + rest.chars().count();
    }

    /// The indentation after a break before the token, where a break reads well.
    fn break_before(&self, at: usize) -> Option<usize> {
        let inside = self.brackets.last().map(|(column, _)| *column);
        let hang = self.indent + 4;
        // Nothing stands before the first token of a file.
        let before = at.checked_sub(1)?;
        if self.lexed.is_mark(before, ',') && !dropped(self.lexed, before) {
            return Some(inside.or(self.list).unwrap_or(hang));
        }
        if self.lexed.is_mark(before, '.') {
            return None;
        }
        let outside = inside.is_none();
        match words::word(self.lexed.word(at)).map_or(Break::Never, |word| word.breaks) {
            Break::Anywhere => Some(inside.unwrap_or(hang)),
            Break::OutsideBrackets if outside => Some(hang),
            Break::OutsideBracketsOf(piece) if outside && self.piece == piece => Some(hang),
            _ => None,
        }
    }
}
