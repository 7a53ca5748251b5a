//! Which quote of a line is missing.

use std::ops::Range;

use super::is_word;

/// Where a quote was left out, in bytes of the line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Missing {
    /// The quote whose partner is missing.
    pub partner: usize,
    /// Where the missing one belongs.
    pub at: usize,
}

/// Longest line that is looked at, in bytes, and most quotes in it: the work grows with the cube.
const MOST: (usize, usize) = (400, 24);

/// The first place where one more quote makes all strings of the line stand as strings do: between brackets, commas and words, not
/// against them. None when there is no such place.
pub(super) fn missing(line: &str) -> Option<Missing> {
    let quotes: Vec<usize> = line.match_indices('"').map(|(at, _)| at).collect();
    if line.len() > MOST.0 || quotes.len() > MOST.1 {
        return None;
    }
    quotes.iter().enumerate().find_map(|(index, quote)| {
        let next = quotes.get(index + 1).copied().unwrap_or(line.len());
        let ends = line.get(quote + 1..next)?.match_indices([',', ')', ']']).map(|(at, _)| quote + 1 + at);
        let start = line.get(..*quote)?.rfind([',', '(', '[', ':', ' ']).map(|at| at + 1);
        ends.chain(start).find(|at| sound(line, *at)).map(|at| Missing { partner: *quote, at })
    })
}

/// With a quote at this place, all strings of the line stand as strings do.
fn sound(line: &str, at: usize) -> bool {
    let Some((before, after)) = line.split_at_checked(at) else { return false };
    let line = format!("{before}\"{after}");
    let Some(strings) = strings(&line) else { return false };
    strings.into_iter().all(|string| {
        let before = line.get(..string.start).unwrap_or("");
        let after = line.get(string.end..).unwrap_or("");
        let opens = before.trim_end().ends_with(['[', '(', ',', ':', '=']);
        let ends = after.is_empty() || after.starts_with([']', ')', ',', ' ']);
        let inside = line.get(string.start + 1..string.end.saturating_sub(1)).unwrap_or("");
        let tight = !inside.is_empty() && !inside.starts_with([' ', ',', ']', ')']) && !inside.ends_with(' ');
        opens && ends && tight
    }) && outside_is_plain(&line)
}

/// The strings of a line, quotes included; none when one is open at its end.
fn strings(line: &str) -> Option<Vec<Range<usize>>> {
    let mut found = Vec::new();
    let mut open = None;
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        match (open, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(start), '"') => {
                found.push(start..at + 1);
                open = None;
            }
            (None, '"') => open = Some(at),
            _ => {}
        }
    }
    open.is_none().then_some(found)
}

/// Nothing stands between the strings that could not stand there.
fn outside_is_plain(line: &str) -> bool {
    let Some(found) = strings(line) else { return false };
    let starts = found.iter().map(|string| string.start).chain([line.len()]);
    let ends = [0].into_iter().chain(found.iter().map(|string| string.end));
    ends.zip(starts).all(|(from, to)| {
        let between = line.get(from..to).unwrap_or("").replace("->", "");
        let code = between.split("//").next().unwrap_or("");
        code.chars().all(|c| is_word(c) || c.is_whitespace() || "{}()[],:.=|".contains(c))
    })
}
