//! Names of the language from names of a description: letters, digits and `_`, never a word of the language, and never equal
//! after folding case and `.`, `_`, `-`.

use std::collections::{HashMap, HashSet};

/// Longest part of a name.
const MAX_PART: usize = 60;
/// Characters of a text that are looked at.
const MAX_LOOKED_AT: usize = 1_000;
/// Most parts of a name of an action.
const MAX_PARTS: usize = 4;

/// Names that mean something else where a name of an argument or action stands.
const TAKEN: [&str; 6] = ["result", "no", "never", "untrusted", "private", "effect"];

/// Names that are given in one place.
#[derive(Default)]
pub struct Names {
    used: HashSet<String>,
    /// The last number behind each name.
    numbers: HashMap<String, usize>,
}

impl Names {
    /// The name, or the name with a number, if one like it is given already.
    pub fn give(&mut self, name: String) -> String {
        let folded = fold(&name);
        if self.used.insert(folded.clone()) {
            return name;
        }
        let number = self.numbers.entry(folded).or_insert(1);
        loop {
            *number += 1;
            let numbered = format!("{name}_{number}");
            if self.used.insert(fold(&numbered)) {
                return numbered;
            }
        }
    }
}

/// The name after folding case and what is neither letter nor digit.
pub fn fold(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// One word that can stand where an argument or a connector is named; `otherwise` if nothing of the text can be in it.
pub fn word(text: &str, otherwise: &str) -> String {
    let mut word = part(text).unwrap_or_else(|| otherwise.to_owned());
    if is_taken(&word) {
        word.push('_');
    }
    word
}

/// One word that can name a field of a record.
pub fn field(text: &str) -> String {
    part(text).unwrap_or_else(|| "field".to_owned())
}

/// The name of an action: parts with dots between.
pub fn action(text: &str) -> Option<String> {
    let text: String = text.chars().take(MAX_LOOKED_AT).collect();
    let mut parts: Vec<String> = text.split(['.', '/', ':']).filter_map(part).collect();
    parts.truncate(MAX_PARTS);
    let first = parts.first_mut()?;
    if is_taken(first) {
        first.push('_');
    }
    Some(parts.join("."))
}

/// A word that is a name as it stands, and no word of the language.
pub fn is_name(text: &str) -> bool {
    is_word(text) && !is_taken(text)
}

/// Letters, digits and `_`, of which the first is no digit.
pub fn is_word(text: &str) -> bool {
    text.len() <= MAX_PART
        && text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_taken(word: &str) -> bool {
    let is_reserved =
        |word: &str| xp_syntax::words().iter().any(|known| known.is_reserved() && known.text() == word);
    TAKEN.contains(&word) || is_reserved(word)
}

/// What of a text can stand in a name; none if there is no letter and no digit.
fn part(text: &str) -> Option<String> {
    let mut word = String::new();
    for c in text.chars().take(MAX_LOOKED_AT) {
        if word.len() >= MAX_PART {
            break;
        }
        if c.is_ascii_alphanumeric() || c == '_' {
            if word.is_empty() && c.is_ascii_digit() {
                word.push('n');
            }
            word.push(c);
        } else if !word.is_empty() && !word.ends_with('_') {
            word.push('_');
        }
    }
    let word = word.trim_end_matches('_');
    word.bytes().any(|byte| byte.is_ascii_alphanumeric()).then(|| word.to_owned())
}
