//! The parts of a workflow: steps that do not hang together do not depend on each other.

use xp_artifact::workflow::StepId;

/// For each step one that stands for all it hangs together with.
pub(crate) fn of(parents: &[Vec<StepId>]) -> Vec<usize> {
    let mut above: Vec<usize> = (0..parents.len()).collect();
    for (step, needed) in parents.iter().enumerate() {
        for parent in needed {
            let (one, other) = (top(&mut above, step), top(&mut above, parent.index()));
            put(&mut above, one, other);
        }
    }
    (0..parents.len()).map(|step| top(&mut above, step)).collect()
}

fn top(above: &mut [usize], mut here: usize) -> usize {
    while let Some(next) = above.get(here).copied().filter(|next| *next != here) {
        // Halves the way for whoever asks next.
        let after = above.get(next).copied().unwrap_or(next);
        put(above, here, after);
        here = after;
    }
    here
}

fn put(above: &mut [usize], here: usize, value: usize) {
    if let Some(place) = above.get_mut(here) {
        *place = value;
    }
}
