//! Fields of a result whose content comes from each other in a circle: no content would ever come into it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use xp_artifact::declaration::{FieldPath, Source};
use xp_diagnostics::{Diagnostic, Span, codes};

use crate::problems::Problems;

/// What is said of a field: `result.f from …`.
pub struct Said<'a> {
    pub field: &'a FieldPath,
    pub of: &'a [Source],
    pub span: Span,
}

/// Reports a shortest circle through each field that is in one and in none reported before.
pub fn check(said: &[Said<'_>], problems: &mut Problems) {
    let mut reported = BTreeSet::new();
    for start in 0..said.len() {
        if reported.contains(&start) {
            continue;
        }
        if let Some(circle) = through(said, start) {
            problems.extend(draw(said, &circle));
            reported.extend(circle);
        }
    }
}

/// The clauses that speak of what goes into the one.
fn sources<'a>(said: &'a [Said<'_>], at: usize) -> impl Iterator<Item = usize> + 'a {
    let fields = said.get(at).into_iter().flat_map(|one| one.of).filter_map(|source| match source {
        Source::Field(field) => Some(field),
        Source::Argument { .. } | Source::Thing(_) => None,
    });
    fields.flat_map(move |field| {
        let meets = move |other: &FieldPath| field.starts_with(other) || other.starts_with(field);
        said.iter().enumerate().filter(move |(_, other)| meets(other.field)).map(|(number, _)| number)
    })
}

/// A shortest way from a clause over what it is from back to itself.
fn through(said: &[Said<'_>], start: usize) -> Option<Vec<usize>> {
    let mut came: BTreeMap<usize, usize> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(here) = queue.pop_front() {
        for next in sources(said, here) {
            if next == start {
                let mut path = vec![here];
                let mut back = here;
                while back != start {
                    back = *came.get(&back)?;
                    path.push(back);
                }
                path.reverse();
                return Some(path);
            }
            if let std::collections::btree_map::Entry::Vacant(entry) = came.entry(next) {
                entry.insert(here);
                queue.push_back(next);
            }
        }
    }
    None
}

fn draw(said: &[Said<'_>], circle: &[usize]) -> Option<Diagnostic> {
    let name = |at: usize| {
        let fields = said.get(at).map(|one| one.field.as_slice()).unwrap_or_default();
        std::iter::once("result").chain(fields.iter().map(String::as_str)).collect::<Vec<_>>().join(".")
    };
    let (first, others) = circle.split_first()?;
    let shown: Vec<String> = circle.iter().chain([first]).map(|at| name(*at)).collect();
    let fault = Diagnostic::error(
        codes::CONTENT_OF_ITSELF,
        format!("the content of `{}` comes from itself: {}", name(*first), shown.join(" ← ")),
    );
    let fault = fault.at(said.get(*first)?.span);
    let labels = others.iter().filter_map(|at| Some((*at, said.get(*at)?.span)));
    let fault =
        labels.fold(fault, |fault, (at, span)| fault.label(span, format!("`{}` is in the circle", name(at))));
    Some(fault.help("say of one of them which arguments or things go into it, or `from nothing` where the upstream mints it"))
}
