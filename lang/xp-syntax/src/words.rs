//! What each word and mark of the language does: the one table that the splitter, the expected-lists of messages and the
//! formatter read. `tests/suite/words.rs` holds it equal to the grammar.
//!
//! To add a word: its rule `k_word` (and its place in `reserved`, when it cannot be a name) in `xp.pest`, and a row in
//! `words/table.rs`.

mod piece;
pub(crate) mod planned;
mod table;

use std::sync::LazyLock;

use crate::grammar::Rule;

pub(crate) use piece::Piece;

/// A word or mark of the language.
#[derive(Debug)]
pub struct Word {
    text: &'static str,
    reserved: bool,
    /// The rule of the grammar that reads this word and nothing else.
    rule: Rule,
    /// How to speak of it where it was expected; empty when it goes without saying.
    phrase: &'static str,
    /// Further rules that are spoken of by this phrase.
    forms: &'static [Rule],
    /// The members that it starts: in which block, and what each is.
    starts: &'static [(Piece, Piece)],
    /// No piece ends after it: the next line goes on, whatever it starts with.
    pub(crate) needs_more: bool,
    /// A line that starts with it goes on with the piece of the line before.
    pub(crate) continues: bool,
    /// A `{` after it opens a record type.
    pub(crate) before_type: bool,
    /// It can follow the `}` of a record type in the same line.
    pub(crate) after_type: bool,
    /// A `(` after it groups, and stands apart.
    pub(crate) spaced_group: bool,
    pub(crate) breaks: Break,
}

/// Where a long line may be broken before a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    Never,
    Anywhere,
    OutsideBrackets,
    /// Outside brackets, in this piece only.
    OutsideBracketsOf(Piece),
}

impl Word {
    const fn new(text: &'static str, rule: Rule) -> Self {
        Self {
            text,
            reserved: false,
            rule,
            phrase: text,
            forms: &[],
            starts: &[],
            needs_more: false,
            continues: false,
            before_type: false,
            after_type: false,
            spaced_group: false,
            breaks: Break::Never,
        }
    }

    /// As it is written.
    #[must_use]
    pub fn text(&self) -> &'static str {
        self.text
    }

    /// It cannot be a name.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        self.reserved
    }

    /// It starts a declaration, a member or a clause.
    #[must_use]
    pub fn starts_member(&self) -> bool {
        !self.starts.is_empty()
    }

    /// A piece can end after it.
    #[must_use]
    pub fn can_end(&self) -> bool {
        !self.needs_more
    }

    /// What a member of this block is that starts with the word.
    fn starts_in(&self, block: Piece) -> Option<Piece> {
        self.starts.iter().find(|(home, _)| *home == block).map(|(_, member)| *member)
    }
}

/// All words and marks. Those that start members stand in the order in which messages list them.
#[must_use]
pub fn words() -> &'static [Word] {
    table::WORDS
}

/// Asked for every token and every pair that the grammar yields: no hashing.
struct Index {
    by_first_byte: Vec<Vec<&'static Word>>,
    by_rule: Vec<Option<&'static Word>>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut by_first_byte = vec![Vec::new(); 128];
    let mut by_rule = Vec::new();
    for word in words() {
        let first = word.text.bytes().next().unwrap_or(0);
        if let Some(bucket) = by_first_byte.get_mut(usize::from(first)) {
            bucket.push(word);
        }
        for rule in word.forms.iter().chain([&word.rule]) {
            let at = *rule as usize;
            by_rule.resize(by_rule.len().max(at + 1), None);
            if let Some(place) = by_rule.get_mut(at) {
                *place = Some(word);
            }
        }
    }
    Index { by_first_byte, by_rule }
});

/// The row of a word or mark.
pub(crate) fn word(text: &str) -> Option<&'static Word> {
    let first = text.bytes().next()?;
    INDEX.by_first_byte.get(usize::from(first))?.iter().copied().find(|word| word.text == text)
}

/// The row of a rule that is a word, or is spoken of by one.
fn of_rule(rule: Rule) -> Option<&'static Word> {
    INDEX.by_rule.get(rule as usize).copied().flatten()
}

pub(crate) fn is_reserved(text: &str) -> bool {
    word(text).is_some_and(Word::is_reserved)
}

pub(crate) fn needs_more(text: &str) -> bool {
    word(text).is_some_and(|word| word.needs_more)
}

pub(crate) fn continues(text: &str) -> bool {
    word(text).is_some_and(|word| word.continues)
}

/// The rule reads one word or mark.
pub(crate) fn is_word(rule: Rule) -> bool {
    of_rule(rule).is_some_and(|word| word.rule == rule)
}

/// How to speak of a rule that is a word, or begins with one.
pub(crate) fn phrase(rule: Rule) -> Option<&'static str> {
    of_rule(rule).map(|word| word.phrase)
}

impl Piece {
    /// Words that start a member of its block.
    pub(crate) fn starters(self) -> impl Iterator<Item = &'static str> {
        words().iter().filter(move |word| word.starts_in(self).is_some()).map(Word::text)
    }

    /// What a member of its block is that starts with the word.
    pub(crate) fn member(self, text: &str) -> Option<Self> {
        word(text)?.starts_in(self)
    }

    /// The block it stands in.
    pub(crate) fn parent(self) -> Option<Self> {
        let all = words().iter().flat_map(|word| word.starts);
        all.clone().find(|(_, member)| *member == self).map(|(home, _)| *home)
    }
}
