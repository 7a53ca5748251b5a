//! What a monitor may look at: the run as it stands, and how things of two uses meet.

use xp_artifact::declaration::ThingExpr;
use xp_artifact::things;
use xp_artifact::workflow::{Action, Atom, Datum, Workflow};
use xp_scope::Value;
use xp_scope::thing::Canonical;

use crate::evidence::Evidence;
use crate::fact::{GrantAt, Use};
use crate::grants::granted;

/// The run as it stands after the fact.
pub trait Sight {
    /// The step ended so and was not opened again.
    fn settled(&self, atom: Atom) -> bool;

    /// The value of a datum, if it has one.
    fn value(&self, datum: &Datum) -> Option<Value>;

    /// How uses of things meet.
    fn relation(&self) -> &dyn Relation;
}

/// How things of two uses meet. Enforcement and audit compare values ([`Concrete`]); exploration and proofs, in which a value
/// stands for all that could be chosen in its place, bring their own.
pub trait Relation {
    /// Whether what the one use alters is, lies in or encloses what evidence given by the other is about.
    fn alters(&self, changer: &Use, evidence: &Evidence, given: &Use) -> bool;

    /// Whether a final argument of the use certainly is what the evidence is about, or takes effect on it.
    fn spends(&self, user: &Use, evidence: &Evidence, given: &Use) -> bool;

    /// Whether a final argument of the use may be what the evidence is about.
    fn reaches(&self, user: &Use, evidence: &Evidence, given: &Use) -> bool;
}

/// Compares the values of the uses themselves.
#[derive(Clone, Copy, Debug)]
pub struct Concrete<'w>(pub &'w Workflow);

impl Concrete<'_> {
    fn thing(&self, action: &Action, used: &Use, expr: &ThingExpr) -> Option<Canonical> {
        let kinds = &self.0.kinds;
        things::thing(kinds, action, &used.args, None, expr).map(|thing| thing.canonical(kinds))
    }

    /// What the evidence is about, where the use that gave it names it.
    fn about(&self, evidence: &Evidence, given: &Use) -> Vec<Option<Canonical>> {
        let thing = |(of, expr): &(GrantAt, ThingExpr)| {
            let (_, action) = granted(self.0, *of)?;
            if *of == given.at { self.thing(action, given, expr) } else { None }
        };
        evidence.about.iter().map(thing).collect()
    }
}

impl Relation for Concrete<'_> {
    fn alters(&self, changer: &Use, evidence: &Evidence, given: &Use) -> bool {
        let Some((_, action)) = granted(self.0, changer.at) else { return true };
        let about = self.about(evidence, given);
        action.clauses.altered().any(|expr| {
            let changed = self.thing(action, changer, expr);
            // What cannot be named may be anything.
            about.iter().any(|about| match (&changed, about) {
                (Some(changed), Some(about)) => changed.meets(about, &self.0.kinds),
                _ => true,
            })
        })
    }

    fn spends(&self, user: &Use, evidence: &Evidence, given: &Use) -> bool {
        let Some((_, action)) = granted(self.0, user.at) else { return false };
        let about = self.about(evidence, given);
        action.clauses.final_things().any(|expr| {
            let whole = |thing: &Canonical| thing.depth() == expr.levels().len();
            let made = self.thing(action, user, expr).filter(whole);
            made.is_some_and(|made| about.iter().flatten().any(|about| *about == made))
        })
    }

    fn reaches(&self, user: &Use, evidence: &Evidence, given: &Use) -> bool {
        self.spends(user, evidence, given)
    }
}
