//! Free text that agents write into places where text can command: issues, comments, reviews, pull requests, commit
//! messages.
//!
//! Hosts, bots and build servers read such text for orders. An agent with a grant to comment must not thereby merge,
//! close, notify, skip a build or sign for somebody. [`neutralise`] breaks every order it knows with one visible mark,
//! `·`, put where it stops the order whatever the reader takes for a separator; nothing is removed, nothing hidden, and
//! people read on undisturbed. What cannot be made visible is refused.
//!
//! | what | example | becomes | why |
//! |---|---|---|---|
//! | mentions | `@bot merge`, `a@b.org` | `@·bot merge`, `a@·b.org` | notifies; the usual address of bots, some of which look for it anywhere |
//! | slash and bang commands | `/approve`, `> !deploy` | `·/approve`, `> ·!deploy` | bots read line starts, some behind quote and list signs |
//! | bare commands | `bors r+`, `ok to test`, `LGTM` | `b·ors r+`, `o·k to test`, `L·GTM` | merge queues and build servers take them without a sigil |
//! | closing references | `fixes #1`, `closes PROJ-2` | `fixes #·1`, `closes PROJ-·2` | closes issues on merge or push |
//! | smart commits | `PROJ-2 #done` | `PROJ-2 #·done` | moves tickets |
//! | skip directives | `[skip ci]`, `***NO_CI***` | `[s·kip ci]`, `***N·O_CI***` | a build that did not run looks like one that passed |
//! | log commands | `::add-path::`, `##vso[…]` | `·::add-path::`, `##·vso[…]` | obeyed when a build prints the message |
//! | trailers | `Signed-off-by: x` | `Signed-off-by·: x` | signatures and co-authors are the proxy's to write |
//! | markup | `<img src=…>`, `<!--` | `<·img src=…>`, `<·!--` | beacons, and text that people do not see |
//! | images | `![x](…)` | `!·[x](…)` | fetched from a stranger when somebody reads |
//! | hidden definitions | `[//]: # (x)` | `[//]·: # (x)` | rendered as nothing, read by machines |
//! | character references | `&#64;bot` | `&·#64;bot` | a second spelling of all of the above |
//!
//! The rules hold inside code spans and blocks too: whether something is code is a matter of the reader, and raw commit
//! messages have no code. Letters are compared without case and compatibility form (`＠`, `ſkip`), since readers do.
//!
//! Refused: control characters but line feed and tab (a carriage return before a line feed is dropped), bidirectional and
//! other hidden characters (joiners and variation selectors are let through beside non-ASCII letters and in keycaps, where
//! scripts and emoji need them), private and unassigned characters, more than the bound.
//!
//! Not handled: words that only people obey, and commands a repository invents for itself. The default is then to give
//! an agent no `content` there.

mod rules;
mod skeleton;
mod words;

use std::collections::BTreeSet;

use skeleton::Skeleton;

use crate::chars::{is_hidden, is_nameable};

pub use words::MARK;

/// Why a text is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContentError {
    /// More characters than allowed, the marks included.
    #[error("more than {0} characters")]
    TooLong(usize),
    /// A control character, or one that is drawn as nothing, reorders its neighbours or has no public meaning.
    #[error("the character {0:?} cannot stand in free text")]
    Character(char),
    /// A mark does not stop an order, as it is written with one character that stands for several.
    #[error("an order that cannot be broken near {0:?}")]
    Unbreakable(String),
}

/// The text with every order in it broken; refused if it is then longer than `max_chars` characters or hides something.
///
/// Deterministic, and applied twice it changes nothing more.
pub fn neutralise(text: &str, max_chars: usize) -> Result<String, ContentError> {
    let long = |count| if count > max_chars { Err(ContentError::TooLong(max_chars)) } else { Ok(()) };
    // Before any work: a character has at most four bytes, a carriage return is the only thing dropped.
    long(text.len() / 8)?;
    let mut letters: Vec<char> = text.replace("\r\n", "\n").chars().collect();
    long(letters.len())?;
    visible(&letters)?;
    // One round is enough but where breaking one order uncovers another.
    for _ in 0..4 {
        let breaks = breaks(&letters);
        if breaks.is_empty() {
            return Ok(letters.into_iter().collect());
        }
        long(letters.len() + breaks.len())?;
        let mut broken = Vec::with_capacity(letters.len() + breaks.len());
        for (at, letter) in letters.into_iter().enumerate() {
            if breaks.contains(&at) {
                broken.push(MARK);
            }
            broken.push(letter);
        }
        letters = broken;
    }
    match breaks(&letters).into_iter().next() {
        None => Ok(letters.into_iter().collect()),
        Some(at) => {
            Err(ContentError::Unbreakable(letters.iter().skip(at.saturating_sub(4)).take(8).collect()))
        }
    }
}

/// Before which characters a mark must stand, for readers that compare compatibility forms and for those that do not:
/// they see words begin and end in different places.
fn breaks(letters: &[char]) -> BTreeSet<usize> {
    let mut breaks = rules::breaks(&Skeleton::plain(letters));
    if !letters.iter().all(char::is_ascii) {
        breaks.append(&mut rules::breaks(&Skeleton::compatible(letters)));
    }
    breaks
}

/// Refuses what a file must not hold: more than `max_chars` characters, control characters but blanks of a line or page,
/// characters that reorder the text around them, and invisible copies of letters.
///
/// For the contents of files, which [`neutralise`] would change.
pub fn check_file(text: &str, max_chars: usize) -> Result<(), ContentError> {
    if text.len() > max_chars && text.chars().count() > max_chars {
        return Err(ContentError::TooLong(max_chars));
    }
    let reorders = |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shadow = |c| matches!(c, '\u{e0000}'..='\u{e007f}');
    let blank = |c| matches!(c, '\t' | '\n' | '\u{c}' | '\r');
    match text.chars().find(|c| c.is_control() && !blank(*c) || reorders(*c) || shadow(*c)) {
        Some(c) => Err(ContentError::Character(c)),
        None => Ok(()),
    }
}

/// Refuses what people would not see.
fn visible(letters: &[char]) -> Result<(), ContentError> {
    for (at, c) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at)).copied().unwrap_or(' ');
        let after = letters.get(at + 1).copied().unwrap_or(' ');
        let far = |c: char| !c.is_ascii() && !is_hidden(c) || c == '\u{fe0f}';
        let fine = match c {
            '\n' | '\t' => true,
            '\u{200c}' | '\u{200d}' => far(before) && far(after),
            '\u{fe0e}' | '\u{fe0f}' => far(before) || before.is_ascii_digit() && after == '\u{20e3}',
            c => is_nameable(*c),
        };
        if !fine {
            return Err(ContentError::Character(*c));
        }
    }
    Ok(())
}
