//! Clauses that name a field of the result which is an argument name the argument.

use crate::declaration::{Clauses, KeyExpr, Making, Put, Source, ThingExpr};

impl Clauses {
    /// With every field of the result that `is` an argument replaced by it, so that nobody needs to look for both.
    #[must_use]
    pub fn by_arguments(mut self) -> Self {
        let said = self.clone();
        let thing = |expr: &mut ThingExpr| {
            let ThingExpr::Path(levels) = expr else { return };
            for key in levels.iter_mut().flat_map(|level| &mut level.keys) {
                let KeyExpr::Field(field) = key else { continue };
                if let Some((index, fields)) = said.identity(field) {
                    *key = KeyExpr::Argument { index, fields };
                }
            }
        };
        let source = |source: &mut Source| match source {
            Source::Thing(expr) => thing(expr),
            Source::Field(field) => {
                if let Some((index, fields)) = said.identity(field) {
                    *source = Source::Argument { index, fields };
                }
            }
            Source::Argument { .. } => {}
        };
        let Self {
            changes,
            puts,
            reads,
            makes,
            removes,
            about,
            finals: _,
            expects,
            from,
            is: _,
            versions,
            measured_by,
        } = &mut self;
        changes.iter_mut().chain(reads.iter_mut().flatten()).chain(removes).for_each(thing);
        for Put { thing: changed, of } in puts {
            thing(changed);
            of.iter_mut().for_each(source);
        }
        for Making { thing: made, valid_while, from } in makes {
            thing(made);
            valid_while.iter_mut().for_each(thing);
            from.iter_mut().flatten().for_each(source);
        }
        about.iter_mut().flat_map(|about| &mut about.things).for_each(thing);
        for expectation in expects {
            thing(&mut expectation.thing);
            expectation.at.iter_mut().for_each(source);
        }
        from.iter_mut().flat_map(|content| &mut content.of).for_each(source);
        versions.iter_mut().for_each(|version| thing(&mut version.thing));
        measured_by.iter_mut().flatten().for_each(source);
        self
    }
}
