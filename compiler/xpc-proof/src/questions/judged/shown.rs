//! Who was shown what is in a thing, and judged that by its name.

use xp_artifact::content::Contents;
use xp_artifact::declaration::ThingExpr;
use xp_artifact::looks::{may_show_all, shows_all};
use xp_artifact::named::named_by;
use xp_artifact::workflow::{Atom, GrantIx, How};
use xp_monitor::evidence;

use super::{Judged, TermIx};
use crate::facts::{GrantAt, Shown};
use crate::questions::expected::expects_from;
use crate::way::Way;

impl Judged<'_, '_> {
    /// For each thing that the argument names, when somebody judged what is in it: was shown it, judged it by its name, and put
    /// nothing in, and no step has begun whose uses may alter it once that one has. Nothing where nobody can.
    pub(super) fn shown(&self, at: GrantAt, number: u32) -> Vec<Way> {
        let workflow = self.facts.w;
        let named = named_by(workflow, self.facts.action_of(at), number);
        let mut contents = Contents::of(workflow);
        let mut all = Vec::new();
        for thing in named {
            let makers = contents.makers_of(at, thing);
            let measured = [self.finals.borrow_mut().term(at, thing)];
            let judges = self.judged_where(|_| true).filter(|atom| match self.how(*atom) {
                // Whoever decides how it measures made nothing of it by then.
                Some(How::Auto(_)) => self.finals.borrow_mut().is_of(*atom, &measured),
                _ => {
                    let judge = self.facts.step(atom.step).role;
                    makers.keys().all(|maker| workflow.are_separate(judge, *maker))
                        && self.is_shown(*atom, at, thing)
                }
            });
            let term = self.things.term(at, thing);
            let seen = judges.filter_map(|atom| {
                // The upstream refuses the use if the thing is not as it was at the look.
                let looks =
                    (0..self.facts.step(atom.step).grants.len()).map(|grant| (atom.step, GrantIx::of(grant)));
                let mut looks = looks.filter(|look| {
                    self.always_shows(*look, term)
                        && self.finals.borrow_mut().is_measured_by(atom, &measured, Some(look.1))
                });
                if looks.any(|look| expects_from(self.facts, self.things, (at, term), look)) {
                    return Some(Way::Is(atom));
                }
                let altered_by = self.finals.borrow_mut().altered_after(at, thing, atom.step);
                let again = altered_by.iter().any(|by| self.may_have_filled(*by, None));
                let unaltered = altered_by.into_iter().map(Way::Unbegun);
                (!again).then(|| Way::All(std::iter::once(Way::Is(atom)).chain(unaltered).collect()))
            });
            let seen: Vec<Way> = seen.collect();
            if seen.is_empty() {
                return Vec::new();
            }
            all.push(Way::Any(seen));
        }
        all
    }

    /// Whatever the arguments of a use of the grant are, its result shows the thing.
    fn always_shows(&self, look: GrantAt, term: TermIx) -> bool {
        let clauses = &self.facts.action_of(look).clauses;
        let mut read = clauses.said_read().chain(clauses.subjects());
        read.any(|expr| {
            self.is_told(look, expr) && self.things.is_shown_with(self.things.term(look, expr), term)
        })
    }

    /// The result of a use of the grant says something of all that the clause names, or counts as if it did.
    fn is_told(&self, look: GrantAt, expr: &ThingExpr) -> bool {
        if shows_all(self.facts.w, look, expr) {
            return true;
        }
        let counts = self.silent_looks && may_show_all(self.facts.w, look, expr);
        if counts && !self.looks.borrow().contains(&look) {
            self.looks.borrow_mut().push(look);
        }
        counts
    }

    fn how(&self, atom: Atom) -> Option<&How> {
        self.facts.outcome(atom).map(|outcome| &outcome.how)
    }

    /// Whoever takes the outcome was shown what the name that it judges names, and that is the thing.
    fn is_shown(&self, atom: Atom, at: GrantAt, thing: &ThingExpr) -> bool {
        let Some(datum) = self.facts.judged_datum(atom) else { return false };
        let term = self.things.term(at, thing);
        let evidence = self.evidence.get_or_init(|| evidence(self.facts.w));
        let of_step = evidence.iter().filter(|one| {
            one.is_said()
                && one.step == atom.step
                && one.by.0 == atom.step
                && one.relying.contains(&atom)
                && one.looked.is_some()
                && one.about.iter().any(|(by, expr)| *by == one.by && self.is_told(*by, expr))
        });
        let (mut looks, mut always) = (Vec::new(), Vec::new());
        for one in of_step {
            // Where it is not said what is read, a name by which it may be read will do.
            let is_seen = |expr: &ThingExpr, seen: TermIx| {
                *expr == ThingExpr::Anything || self.things.is_shown_with(seen, term)
            };
            // What it is valid while was not shown with it.
            let shown = one.about.iter().filter(|(by, expr)| *by == one.by && self.is_told(*by, expr));
            for subject in shown {
                if let Some(looked) = one.looked.as_ref()
                    && is_seen(&subject.1, self.things.subject(one, subject))
                {
                    looks.push((one.by, looked));
                }
                // Whatever the arguments of the use are, it looks at the thing.
                let surely =
                    one.looked.as_ref().is_some_and(|looked| looked.is_surely_at(self.facts.w, one.by));
                if (subject.1 != ThingExpr::Anything || surely)
                    && is_seen(&subject.1, self.things.term(one.by, &subject.1))
                {
                    always.push(one.by.1);
                }
            }
        }
        // The outcome asks for the look, or nothing else shows what is judged.
        if let Some(How::JudgedIf(condition)) = self.how(atom)
            && condition.needs(&|literal| literal.grants(atom.step).any(|grant| always.contains(&grant)))
        {
            return true;
        }
        let ways = self.facts.ways_to_see(atom.step, datum);
        // What was shown is the name by which the use looked.
        let is_look = |way: &Shown| {
            let Shown::Use(grant, field) = way else { return false };
            always.contains(grant)
                || looks.iter().any(|(by, looked)| {
                    let identity = self.facts.action_of(*by).clauses.identity(std::slice::from_ref(field));
                    by.1 == *grant
                        && identity.is_some_and(|(index, of)| index == looked.argument && of == looked.fields)
                })
        };
        !ways.is_empty() && ways.iter().all(is_look)
    }
}
