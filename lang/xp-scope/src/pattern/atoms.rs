//! The segments of all paths, sorted into finitely many kinds that no pattern at hand tells apart.
//!
//! Two segments are of one kind when the same items match both, in every place of a path. Each kind is kept with the
//! shortest segment of it, so that what the automaton finds is a path and not only a promise of one. Exact because of
//! what a pattern may contain: beside wildcards only characters that never merge, and neither `~` nor anything that folds
//! to a dot, so that a segment is valid when it is short enough, has a proper beginning and a proper end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::control;
use super::glob::{self, Token};
use super::nfa::Nfa;
use super::shortest::{Shortest, TooComplex};
use crate::chars::{fold, is_neutral, may_combine};
use crate::path::{MAX_SEGMENT, is_path_char};

/// A kind of segment.
pub(crate) struct Atom {
    /// The literal it is, by number; `None` for everything that is written nowhere.
    pub(crate) literal: Option<usize>,
    /// The globs that match it, by number, dotfiles and control files aside.
    pub(crate) globs: BTreeSet<u32>,
    /// It starts with a dot: no wildcard matches it.
    pub(crate) dotted: bool,
    /// It starts with `-`: no path starts with it.
    pub(crate) dash: bool,
    /// It is a control file when it is the last: no wildcard matches it there.
    pub(crate) control: bool,
    /// The shortest, for a folder.
    pub(crate) folder: String,
    /// The shortest, for the end of a path.
    pub(crate) file: Option<String>,
}

/// Kind of what is written nowhere: the globs that match it, and whether it starts with `-`.
type Kind = (BTreeSet<u32>, bool);

/// Sorts all segments that some item can match. Kinds that no wildcard matches are left out.
pub(crate) fn atoms(literals: &[&str], globs: &[&[Token]]) -> Result<Vec<Atom>, TooComplex> {
    let mut atoms: Vec<Atom> = literals
        .iter()
        .enumerate()
        .map(|(id, literal)| Atom {
            literal: Some(id),
            globs: (0..)
                .zip(globs)
                .filter(|(_, glob)| glob::matches(glob, literal))
                .map(|(id, _)| id)
                .collect(),
            dotted: literal.starts_with('.'),
            dash: literal.starts_with('-'),
            control: control::is_control_file(literal),
            folder: (*literal).to_owned(),
            file: Some((*literal).to_owned()),
        })
        .collect();

    // The literals come last and only say what to leave out.
    let written = literals.iter().map(|literal| literal.chars().map(Token::Char).collect());
    let nfa = Nfa::new(globs.iter().map(|glob| glob.to_vec()).chain(written));
    let literal_from = u32::try_from(globs.len()).unwrap_or(u32::MAX);
    let folders = walk(&nfa, literal_from, None)?;
    // With its wildcards taken for letters, a glob is the hardest of its matches: if it is a control file, all are.
    let all_control = |glob: &[Token]| control::is_control_file(&glob::text(glob));
    let barred: BTreeSet<u32> =
        (0..).zip(globs).filter(|(_, glob)| all_control(glob)).map(|(id, _)| id).collect();
    let pending: BTreeSet<Kind> = folders
        .iter()
        .filter(|(kind, shortest)| kind.0.is_disjoint(&barred) && control::is_control_file(shortest))
        .map(|(kind, _)| kind.clone())
        .collect();
    let others = if pending.is_empty() { BTreeMap::new() } else { walk(&nfa, literal_from, Some(&pending))? };
    atoms.extend(folders.into_iter().map(|(kind, folder)| {
        let file =
            if control::is_control_file(&folder) { others.get(&kind).cloned() } else { Some(folder.clone()) };
        let (globs, dash) = kind;
        Atom { literal: None, globs, dotted: false, dash, control: false, folder, file }
    }));
    Ok(atoms)
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct State {
    globs: Vec<u32>,
    /// Where the control file names are; empty when they are not asked for.
    control: Vec<u32>,
    /// Nothing read yet.
    empty: bool,
    /// Starts with `-`.
    dash: bool,
    /// Ends in a dot or a blank.
    trailing: bool,
}

/// The shortest segment of each kind that is no literal and starts with no dot; of these kinds only, and no control file,
/// where `pending` says so.
fn walk(
    nfa: &Nfa,
    literal_from: u32,
    pending: Option<&BTreeSet<Kind>>,
) -> Result<BTreeMap<Kind, String>, TooComplex> {
    let mut found = BTreeMap::new();
    let control = if pending.is_some() { CONTROL.start() } else { Vec::new() };
    let start = State { globs: nfa.start(), control, empty: true, dash: false, trailing: false };
    let mut search = Shortest::new(start, MAX_SEGMENT);
    while let Some((id, state)) = search.next() {
        let matched: BTreeSet<u32> = nfa.matched(&state.globs).collect();
        let named =
            matched.iter().any(|id| *id >= literal_from) || CONTROL.matched(&state.control).next().is_some();
        if !state.empty && !state.trailing && !named {
            let kind = (matched, state.dash);
            if pending.is_none_or(|pending| pending.contains(&kind)) {
                found.entry(kind).or_insert_with(|| search.text(id));
            }
            if pending.is_some_and(|pending| found.len() == pending.len()) {
                break;
            }
        }
        let reachable = |(globs, _): &Kind| globs.iter().all(|glob| nfa.is_open(&state.globs, *glob));
        let hopeless = pending.is_some_and(|pending| !pending.iter().any(reachable));
        if hopeless || CONTROL.matches_all(&state.control) {
            continue;
        }
        let mut letters: BTreeSet<char> = nfa.written(&state.globs).collect();
        for letter in CONTROL.written(&state.control) {
            letters.extend([letter, letter.to_ascii_uppercase()]);
        }
        let other = other(&letters);
        search.spend((letters.len() + 1) * (state.globs.len() + state.control.len()))?;
        // The plain one first, so that examples look plain.
        for letter in other.into_iter().chain(letters) {
            // What is skipped here stands in literals alone, where any other letter leads to the same kinds.
            if state.empty && letter == '.' || !is_neutral(letter) {
                continue;
            }
            let next = State {
                globs: nfa.step(&state.globs, letter),
                control: after(&state.control, letter),
                empty: false,
                dash: state.dash || state.empty && letter == '-',
                trailing: letter == '.' || letter.is_whitespace(),
            };
            search.reach(id, letter.encode_utf8(&mut [0; 4]), next)?;
        }
    }
    Ok(found)
}

fn after(control: &[u32], letter: char) -> Vec<u32> {
    if control.is_empty() {
        return Vec::new();
    }
    let folded = fold(letter.encode_utf8(&mut [0; 4]));
    folded.chars().fold(control.to_vec(), |set, letter| CONTROL.step(&set, letter))
}

/// The names of all control files, casefolded.
static CONTROL: LazyLock<Nfa> = LazyLock::new(|| Nfa::new(control::names().map(glob::tokens)));

/// Some letter that is none of these, of one byte if there is one.
fn other(letters: &BTreeSet<char>) -> Option<char> {
    let plain =
        ('x'..='z').chain('a'..='w').chain('0'..='9').chain('A'..='Z').chain("_+=@,%#$&'()[]{};^`!".chars());
    let far = ('\u{e0}'..='\u{2fff}')
        .filter(|c| is_path_char(*c) && is_neutral(*c) && !may_combine(*c) && !c.is_whitespace());
    plain.chain(far).find(|c| !letters.contains(c))
}
