//! A step as far as it was understood: what is faulty is left out, the rest is still checked.

use xp_artifact::workflow::{Formula, Grant, Outcome, RoleId, Step, Submission, TimeLimit};

/// A step with holes.
#[derive(Default)]
pub struct Draft {
    /// Its name.
    pub name: String,
    /// Who acts.
    pub role: Option<RoleId>,
    /// When it is open.
    pub after: Option<Formula>,
    /// Its grants.
    pub grants: Vec<Option<Grant>>,
    /// Its submissions.
    pub submissions: Vec<Option<Submission>>,
    /// Its outcomes.
    pub outcomes: Vec<Option<Outcome>>,
    /// Its time limit; none within when it is faulty.
    pub within: Option<Option<TimeLimit>>,
}

impl Draft {
    /// The step, when it has no hole.
    pub fn finish(self) -> Option<Step> {
        Some(Step {
            name: self.name,
            role: self.role?,
            after: self.after?,
            grants: self.grants.into_iter().collect::<Option<_>>()?,
            submissions: self.submissions.into_iter().collect::<Option<_>>()?,
            outcomes: self.outcomes.into_iter().collect::<Option<_>>()?,
            within: self.within?,
        })
    }
}
