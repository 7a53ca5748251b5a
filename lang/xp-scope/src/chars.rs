//! Which characters names may hold, and when two spellings are one name.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_public_assigned;

/// Characters that most systems draw as nothing or strip: Unicode's `Default_Ignorable_Code_Point` (which includes the
/// bidirectional isolates and marks of width zero), sorted, ends included.
const IGNORABLE: [(char, char); 17] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fff8}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// Whether a character is drawn as nothing, reorders its neighbours, or stands for a byte that somebody lost.
pub(crate) fn is_hidden(c: char) -> bool {
    let ignorable = IGNORABLE.binary_search_by(|(first, last)| {
        if *last < c {
            std::cmp::Ordering::Less
        } else if *first > c {
            std::cmp::Ordering::Greater
        } else {
            std::cmp::Ordering::Equal
        }
    });
    ignorable.is_ok()
        // line and paragraph separators, annotation, object replacement and replacement, joiners of
        // hieroglyphs, blank braille, null notehead
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffd}' | '\u{13430}'..='\u{1343f}' | '\u{2800}' | '\u{1d159}')
}

/// Whether a character may stand in a name at all: assigned, public, visible, no control.
pub(crate) fn is_nameable(c: char) -> bool {
    !c.is_control() && !is_hidden(c) && is_public_assigned(c)
}

/// One spelling for all that a case-insensitive or compatibility-normalising system takes for the same name.
///
/// At least as coarse as Unicode's full case folding with NFKC: upper case, then lower case, until nothing changes.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded: String = text.nfkc().collect();
    // Two rounds are enough for every assigned character; the bound only guards against future ones.
    for _ in 0..4 {
        let next: String =
            folded.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkc().collect();
        if next == folded {
            break;
        }
        folded = next;
    }
    folded
}

/// Whether a character may merge with the one before it under normalisation. Texts without such characters stay in
/// normalisation form C however they are put together.
pub(crate) fn may_combine(c: char) -> bool {
    use unicode_normalization::char::canonical_combining_class;
    use unicode_normalization::{IsNormalized, is_nfc_quick};
    canonical_combining_class(c) != 0 || is_nfc_quick(std::iter::once(c)) != IsNormalized::Yes
}

/// Whether a character leaves the meaning of its neighbours alone: `~` makes short names, and what folds to a dot could
/// make a dotfile that does not look like one.
pub(crate) fn is_neutral(c: char) -> bool {
    c == '.' || !fold(c.encode_utf8(&mut [0; 4])).contains(['.', '~'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = (char, String)> {
        ('\0'..=char::MAX).filter(|c| is_nameable(*c)).map(|c| (c, c.to_string()))
    }

    #[test]
    fn folding_is_stable_and_blind_to_case_and_form() {
        for (c, text) in all() {
            let folded = fold(&text);
            assert_eq!(fold(&folded), folded, "{c:?}");
            assert_eq!(fold(&text.to_uppercase()), folded, "{c:?}");
            assert_eq!(fold(&text.to_lowercase()), folded, "{c:?}");
            assert_eq!(fold(&text.nfkc().collect::<String>()), folded, "{c:?}");
            assert_eq!(fold(&text.nfd().collect::<String>()), folded, "{c:?}");
        }
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(IGNORABLE.iter().all(|(first, last)| first <= last));
        assert!(IGNORABLE.windows(2).all(|pair| pair[0].1 < pair[1].0));
    }

    #[test]
    fn characters_that_do_not_combine_stay_apart() {
        // Whatever such characters follow: the text stays in form C.
        for (c, text) in all().filter(|(c, _)| !may_combine(*c)) {
            for before in ["a", "e\u{301}", "\u{1100}", "日", "q\u{323}"] {
                let text: String = before.nfc().chain(text.chars()).collect();
                assert!(unicode_normalization::is_nfc(&text), "{before} {c:?}");
            }
        }
    }
}
