//! Where faults are gathered, and how a name that does not exist is put beside the one that was meant.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use xp_diagnostics::{Diagnostic, Severity, SourceId, Span};

/// How many names one analysis compares to find near ones; beyond it, faults are reported without a proposal.
const COMPARISONS: usize = 500_000;

/// How many choices a message lists.
const CHOICES: usize = 10;

/// The faults found so far.
pub struct Problems {
    list: Vec<Diagnostic>,
    causes: HashSet<(&'static str, Span)>,
    named: HashSet<(&'static str, Option<SourceId>, String)>,
    /// How often the text of a damaged file holds each word.
    words: Option<HashMap<String, usize>>,
    errors: usize,
    left: Cell<usize>,
}

impl Problems {
    /// None yet.
    pub fn new() -> Self {
        Self {
            list: Vec::new(),
            causes: HashSet::new(),
            named: HashSet::new(),
            words: None,
            errors: 0,
            left: Cell::new(COMPARISONS),
        }
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if diagnostic.severity == Severity::Error {
            self.errors += 1;
        }
        self.list.push(diagnostic);
    }

    /// Adds one, unless there is one of its code with the same cause.
    pub fn push_once(&mut self, cause: Span, diagnostic: Diagnostic) {
        if self.causes.insert((diagnostic.code.id, cause)) {
            self.push(diagnostic);
        }
    }

    /// Adds one, unless there is one of its code about the same name in its file.
    pub fn push_once_for(&mut self, name: &str, diagnostic: Diagnostic) {
        if self.named.insert((diagnostic.code.id, diagnostic.file, name.to_owned())) {
            self.push(diagnostic);
        }
    }

    /// Tells that parts of a text were not understood.
    pub fn damaged_text(&mut self, text: &str) {
        let mut words: HashMap<String, usize> = HashMap::new();
        for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            match words.get_mut(word) {
                Some(count) => *count += 1,
                None => {
                    words.insert(word.to_owned(), 1);
                }
            }
        }
        self.words = Some(words);
    }

    /// A name used in a damaged holder may be declared in what was not understood, if the word stands there at all.
    pub fn may_be_lost(&self, word: &str) -> bool {
        self.words.as_ref().is_none_or(|words| words.get(word).is_some_and(|count| *count > 1))
    }

    /// Adds what there is.
    pub fn extend(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        for diagnostic in diagnostics {
            self.push(diagnostic);
        }
    }

    /// How many of them reject the input.
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// All of them, in the order to show them.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        self.list.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        self.list
    }

    /// The candidate that a reader would take for the word; ties go to the first in the alphabet.
    pub fn nearest<'c>(&self, word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
        let candidates: Vec<&str> = candidates.into_iter().collect();
        self.left.set(self.left.get().checked_sub(candidates.len())?);
        if let Some(same) = candidates.iter().filter(|name| name.eq_ignore_ascii_case(word)).min() {
            return Some(same);
        }
        // Two slips at most: what differs more in length need not be compared.
        let alike = candidates.iter().copied().filter(|name| name.len().abs_diff(word.len()) <= 2);
        xp_syntax::nearest(word, alike).or_else(|| longer(word, &candidates))
    }

    /// Adds to a fault what was probably meant at `span`, or what there is to choose from.
    pub fn propose<'c>(
        &self,
        diagnostic: Diagnostic,
        span: Span,
        word: &str,
        what: &str,
        candidates: impl IntoIterator<Item = &'c str>,
    ) -> Diagnostic {
        let mut names: Vec<&str> = candidates.into_iter().collect();
        match self.nearest(word, names.iter().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                span,
                near,
                format!("replace with `{near}`"),
            ),
            None if (1..=CHOICES).contains(&names.len()) => {
                names.sort_unstable();
                diagnostic.help(format!("{what}: {}", quoted(&names)))
            }
            None => diagnostic,
        }
    }
}

/// The only name that has the word among its own: `merge` for `merge_pr`.
fn longer<'c>(word: &str, candidates: &[&'c str]) -> Option<&'c str> {
    let mut found = candidates.iter().filter(|name| name.split('_').any(|part| part == word));
    match (found.next(), found.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

/// `` `a` ``, `` `a` and `b` ``, `` `a`, `b` and `c` ``.
pub fn quoted(names: &[&str]) -> String {
    let ticked: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match ticked.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
