//! Where a mark must stand. The table in the module above says what each rule is for.

use std::collections::BTreeSet;

use super::skeleton::Skeleton;
use super::words::{BETWEEN, CLOSING, MARK, PHRASES, SKIPPED, TRAILERS};

/// The characters of the text before which a mark must be put; none when nothing is left to break.
pub(super) fn breaks(text: &Skeleton) -> BTreeSet<usize> {
    let mut places = BTreeSet::new();
    for rule in [mentions, markup, lines, logs, brackets, smart_commits] {
        rule(text, &mut places);
    }
    let words = words(text);
    for rule in [phrases, closing, skips] {
        rule(text, &words, &mut places);
    }
    places.into_iter().filter_map(|place| text.origin(place)).collect()
}

type Places = BTreeSet<usize>;

/// Letters of a reference that are looked at, so that no text takes quadratic time.
const LONGEST: usize = 512;

/// `@` before anything a name could begin with; `[~name]`.
fn mentions(text: &Skeleton, places: &mut Places) {
    for place in 0..text.len() {
        let next = text.at(place + 1);
        let ends = next.is_whitespace()
            || matches!(next, MARK | '.' | ',' | ';' | ':' | '!' | '?' | ')' | ']' | '}' | '>');
        if text.at(place) == '@' && !ends || text.has(place, "[~") {
            places.insert(place + 1);
        }
    }
}

/// Tags, comments, images, definitions and character references.
fn markup(text: &Skeleton, places: &mut Places) {
    for place in 0..text.len() {
        let next = text.at(place + 1);
        let order = match text.at(place) {
            '<' => next.is_alphabetic() || matches!(next, '/' | '!' | '?'),
            '!' => next == '[' || text.has(place + 1, "http") || text.has(place + 1, "//"),
            ']' => next == ':',
            '&' => {
                let name = place + 1 + usize::from(next == '#');
                let end = text.after(name, char::is_alphanumeric);
                end > name && text.at(end) == ';'
            }
            _ => false,
        };
        if order {
            places.insert(place + 1);
        }
    }
}

/// What is an order only at the beginning of a line, behind quote and list signs too.
fn lines(text: &Skeleton, places: &mut Places) {
    for line in (0..text.len()).filter(|place| text.before(*place) == '\n') {
        let mut place = line;
        loop {
            let (here, next) = (text.at(place), text.at(place + 1));
            if matches!(here, '/' | '!') && next.is_alphabetic() || here == ':' && next == ':' {
                places.insert(place);
                break;
            }
            if here.is_ascii_digit() {
                // A numbered item.
                let end = text.after(place, |c| c.is_ascii_digit());
                if !matches!(text.at(end), '.' | ')') {
                    break;
                }
                place = end;
            } else if here == '\n' || here == MARK || here.is_alphanumeric() {
                break;
            }
            place += 1;
        }
        trailer(text, place, places);
    }
}

/// `Token: value`, where the token has a hyphen or is known.
fn trailer(text: &Skeleton, place: usize, places: &mut Places) {
    let end = text.after(place, |c| c.is_alphanumeric() || c == '-' || c == '_');
    let colon = text.after(end, |c| c == ' ' || c == '\t');
    let token = text.text(place, end);
    if text.at(colon) == ':' && (token.contains('-') || TRAILERS.contains(&token.as_str())) {
        places.insert(colon);
    }
    if text.has(place, "breaking change:") {
        places.insert(place + "breaking change".len());
    }
}

/// `#word` in a text that names a ticket.
fn smart_commits(text: &Skeleton, places: &mut Places) {
    let all = || 0..text.len();
    let ticket = all().any(|place| {
        text.at(place) == '-' && text.before(place).is_alphanumeric() && text.at(place + 1).is_ascii_digit()
    });
    if ticket {
        let tag = |place: &usize| text.at(*place) == '#' && text.at(place + 1).is_alphabetic();
        places.extend(all().filter(tag).map(|place| place + 1));
    }
}

/// What build servers obey in a log, wherever it stands in a line.
fn logs(text: &Skeleton, places: &mut Places) {
    for place in (0..text.len()).filter(|place| text.has(*place, "##")) {
        if ["vso[", "[", "teamcity["].iter().any(|order| text.has(place + 2, order)) {
            places.insert(place + 2);
        }
    }
}

/// `[… skip …]` and `[no ci]`.
fn brackets(text: &Skeleton, places: &mut Places) {
    for open in (0..text.len()).filter(|place| text.at(*place) == '[') {
        let close = text.after(open + 1, |c| !matches!(c, '[' | ']' | '\n'));
        if text.at(close) != ']' {
            continue;
        }
        let mut place = open + 1;
        while place < close {
            let end = text.after(place, char::is_alphanumeric).min(close);
            let word = text.text(place, end);
            let next = text.after(end, |c| !c.is_alphanumeric());
            let what = text.text(next, text.after(next, char::is_alphanumeric));
            if word == "skip" || word == "no" && SKIPPED.contains(&what.as_str()) {
                places.insert(place + 1);
            }
            place = end.max(place) + 1;
        }
    }
}

/// A run of letters and digits.
struct Word {
    from: usize,
    to: usize,
    text: String,
}

fn words(text: &Skeleton) -> Vec<Word> {
    let mut words = Vec::new();
    let mut place = 0;
    while place < text.len() {
        let from = text.after(place, |c| !c.is_alphanumeric());
        let to = text.after(from, char::is_alphanumeric);
        if from < to {
            words.push(Word { from, to, text: text.text(from, to) });
        }
        place = to.max(place + 1);
    }
    words
}

/// Orders of bare words. Broken inside the first, as readers take any separator between words; and some of them do not
/// ask where the first begins and the last ends.
fn phrases(_: &Skeleton, words: &[Word], places: &mut Places) {
    for (at, first) in words.iter().enumerate() {
        for phrase in PHRASES {
            let said = phrase.iter().enumerate().all(|(offset, wanted)| {
                words.get(at + offset).is_some_and(|word| match (offset, phrase.len() - offset) {
                    (0, 1) => word.text == *wanted,
                    (0, _) => word.text.ends_with(wanted),
                    (_, 1) => word.text.starts_with(wanted),
                    _ => word.text == *wanted,
                })
            });
            if said {
                places.insert(first.to + 1 - phrase.first().map_or(0, |word| word.len()));
            }
        }
    }
}

/// A closing word and the references after it. Broken inside the reference, for the same reason.
fn closing(text: &Skeleton, words: &[Word], places: &mut Places) {
    for (at, word) in words.iter().enumerate() {
        let duplicate = word.text == "of"
            && at.checked_sub(1).and_then(|at| words.get(at)).is_some_and(|word| word.text == "duplicate");
        // Some readers look at the end of the word only: `hotfix #1`.
        if !duplicate && !CLOSING.iter().any(|closing| word.text.ends_with(closing)) {
            continue;
        }
        let mut place = word.to;
        loop {
            let start = text.after(place, |c| !c.is_alphanumeric());
            let end = text.after(start, |c| !c.is_whitespace()).min(start + LONGEST);
            let found = numbers(text, start, end);
            let between = text.text(start, text.after(start, char::is_alphanumeric));
            if found.is_empty() && !BETWEEN.contains(&between.as_str()) {
                break;
            }
            place = if found.is_empty() { start + between.chars().count() } else { end };
            places.extend(found);
            if start == end {
                break;
            }
        }
    }
}

/// Where the numbers begin in what may be a reference: `#1`, `!1`, `a/b#1`, `KEY-1`, `T1`, `https://…/issues/1`.
fn numbers(text: &Skeleton, start: usize, end: usize) -> Vec<usize> {
    let address = (start..end).any(|place| text.has(place, "://"));
    let begins = |place: &usize| {
        text.at(*place).is_ascii_digit()
            && match text.before(*place) {
                '#' | '!' => true,
                '/' | '=' => address,
                '-' => {
                    let dash = place - 1;
                    let key = (start..dash).rev().take_while(|place| is_word(text.at(*place))).last();
                    key.is_some_and(|key| text.at(key).is_alphabetic())
                }
                letter => {
                    let rest = text.after(*place, |c| c.is_ascii_digit());
                    *place == start + 1 && letter.is_alphabetic() && !is_word(text.at(rest))
                }
            }
    };
    (start..end).filter(begins).collect()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// `skip-ci`, `no_ci`, `ci-skip`, brackets or not.
fn skips(text: &Skeleton, words: &[Word], places: &mut Places) {
    for pair in words.windows(2) {
        let [left, right] = pair else { continue };
        let joined = right.from == left.to + 1 && matches!(text.at(left.to), '-' | '_');
        let (order, what) = if right.text == "skip" { (right, left) } else { (left, right) };
        if joined && matches!(order.text.as_str(), "skip" | "no") && SKIPPED.contains(&what.text.as_str()) {
            places.insert(order.from + 1);
        }
    }
}
