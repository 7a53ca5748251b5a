//! Things in which ways begin and that a line of the workflow names by a parameter: the run may make one of that name.

use xp_artifact::given::{AllGiven, GivenKey, Levels, Made, written};
use xp_artifact::question::Secret;
use xp_artifact::workflow::Workflow;
use xp_scope::thing::{Key, Level, Term};

/// The levels of the things whose names are parameters with which the machine does not compare what the run makes: no clause of a
/// grant names them so.
#[derive(Debug, Default)]
pub(super) struct ByName(Vec<usize>);

impl ByName {
    pub fn of(workflow: &Workflow, things: &Secret) -> Self {
        let (all, named) = (AllGiven::of(workflow), written(workflow, &things.thing, &things.given));
        let levels = named.unwrap_or_default();
        let is_open = |outer: &Levels| {
            let named =
                outer.last().is_some_and(|(_, own)| own.iter().any(|key| matches!(key, GivenKey::Param(_))));
            let made = Made { levels: outer.clone(), by_author: true };
            named && all.certainly(&made).is_none() && !made.is_a_parameter_of_git(workflow)
        };
        Self(
            (0..levels.len())
                .filter(|at| levels.get(..=*at).is_some_and(|outer| is_open(&outer.to_vec())))
                .collect(),
        )
    }

    /// What is read, where what the run makes under a name that it says itself stands for all that is called so.
    pub fn of_read(&self, levels: &[Level]) -> Term {
        let mut levels = levels.to_vec();
        for at in &self.0 {
            for key in levels.get_mut(*at).into_iter().flat_map(|level| &mut level.keys) {
                if let Key::Minted { name: Some(name), .. } = key {
                    *key = (**name).clone();
                }
            }
        }
        Term::Path(levels)
    }
}
