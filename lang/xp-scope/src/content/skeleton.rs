//! A text as its readers compare it.

use unicode_normalization::char::decompose_compatible;

/// Letters, each with the place of the character it comes from.
pub(super) struct Skeleton {
    letters: Vec<(char, usize)>,
}

impl Skeleton {
    /// The text without case.
    pub(super) fn plain(text: &[char]) -> Self {
        Self { letters: text.iter().enumerate().map(|(origin, c)| (lower(*c), origin)).collect() }
    }

    /// The text without case and compatibility forms; one character may stand for several letters.
    pub(super) fn compatible(text: &[char]) -> Self {
        let mut letters = Vec::with_capacity(text.len());
        for (origin, c) in text.iter().enumerate() {
            if c.is_ascii() {
                letters.push((c.to_ascii_lowercase(), origin));
            } else {
                decompose_compatible(*c, |part| letters.push((lower(part), origin)));
            }
        }
        Self { letters }
    }

    pub(super) fn len(&self) -> usize {
        self.letters.len()
    }

    /// The letter at a place; a line feed outside the text.
    pub(super) fn at(&self, place: usize) -> char {
        self.letters.get(place).map_or('\n', |(letter, _)| *letter)
    }

    /// The letter before a place; a line feed at the beginning.
    pub(super) fn before(&self, place: usize) -> char {
        place.checked_sub(1).map_or('\n', |place| self.at(place))
    }

    /// The character of the text that the letter at a place comes from.
    pub(super) fn origin(&self, place: usize) -> Option<usize> {
        self.letters.get(place).map(|(_, origin)| *origin)
    }

    /// The place after a run of such letters, which begins at `place`.
    pub(super) fn after(&self, place: usize, run: impl Fn(char) -> bool) -> usize {
        (place..self.len()).find(|place| !run(self.at(*place))).unwrap_or(self.len())
    }

    /// Whether these letters stand at a place.
    pub(super) fn has(&self, place: usize, letters: &str) -> bool {
        place + letters.len() <= self.len()
            && letters.chars().enumerate().all(|(at, c)| self.at(place + at) == c)
    }

    /// The letters between two places.
    pub(super) fn text(&self, from: usize, to: usize) -> String {
        (from..to).map(|place| self.at(place)).collect()
    }
}

/// One lower-case letter for all that case-insensitive readers take for it: `ſ`, `K`, `İ` and `ı` included.
fn lower(c: char) -> char {
    match c {
        'ſ' => 's',
        '\u{212a}' => 'k',
        'İ' | 'ı' => 'i',
        c => c.to_lowercase().next().unwrap_or(c),
    }
}
