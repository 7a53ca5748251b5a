//! The word that was probably meant.

/// The nearest of some words, when it is near: at most one slip in three letters, two at most.
pub fn nearest<'a>(word: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > 64 {
        return None;
    }
    among
        .into_iter()
        .filter_map(|option| {
            let slips = distance(word, option);
            let allowed = (option.chars().count().max(word.chars().count()) / 3).min(2);
            (slips > 0 && slips <= allowed).then_some((slips, option))
        })
        .min()
        .map(|(_, option)| option)
}

/// Insertions, removals, replacements and swaps of neighbours (optimal string alignment).
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    let get = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
    let mut previous = None;
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let mut best =
                (get(&last, j) + usize::from(a != b)).min(get(&last, j + 1) + 1).min(get(&row, j) + 1);
            let swapped = previous == Some(b) && j > 0 && right.get(j - 1) == Some(a);
            if swapped {
                best = best.min(get(&before, j - 1) + 1);
            }
            row.push(best);
        }
        previous = Some(a);
        before = std::mem::replace(&mut last, row);
    }
    get(&last, right.len())
}
