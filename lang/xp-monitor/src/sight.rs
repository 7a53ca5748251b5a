//! What a monitor may look at: the run as it stands, and how things of two uses meet.

use std::collections::BTreeMap;

use xp_artifact::declaration::{KeyExpr, LevelExpr, ThingExpr};
use xp_artifact::filled::is_filled;
use xp_artifact::things;
use xp_artifact::workflow::{Action, Atom, Datum, Workflow};
use xp_scope::Value;
use xp_scope::thing::{Canonical, Kinds};

use crate::evidence::{Evidence, can_change};
use crate::fact::{GrantAt, Use};

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

    /// Whether what the one use alters may be what the other reads, or lie in it or enclose it: by one clause of each.
    fn feeds(&self, writer: (&Use, &ThingExpr), reader: (&Use, &ThingExpr)) -> bool;

    /// Whether what the one use altered certainly is, or lies in, what the other removes: by one clause of each.
    fn removes(&self, remover: (&Use, &ThingExpr), writer: (&Use, &ThingExpr)) -> bool;
}

/// What uses gave back, as far as it is known: names that the upstream decides.
#[derive(Clone, Debug, Default)]
pub struct Results(BTreeMap<GrantAt, Vec<(Arguments, Value)>>);

type Arguments = BTreeMap<String, Value>;

impl Results {
    /// A use gave this back.
    pub fn add(&mut self, used: &Use, result: &Value) {
        let of = self.0.entry(used.at).or_default();
        if !of.iter().any(|(args, known)| *args == used.args && known == result) {
            of.push((used.args.clone(), result.clone()));
        }
    }

    /// What uses of the grant with the arguments gave back, one for each that differs.
    fn of<'r>(&'r self, used: &'r Use) -> impl Iterator<Item = &'r Value> {
        let of = self.0.get(&used.at).map(Vec::as_slice).unwrap_or_default();
        of.iter().filter(|(args, _)| *args == used.args).map(|(_, result)| result)
    }
}

/// Compares the values of the uses themselves.
#[derive(Clone, Copy, Debug)]
pub struct Concrete<'w> {
    workflow: &'w Workflow,
    results: Option<&'w Results>,
}

/// A thing that a clause means in one use.
struct Named<'e> {
    expr: &'e ThingExpr,
    /// As far as its keys have values; none where that is not even the outermost.
    known: Option<Canonical>,
}

impl Named<'_> {
    /// Levels whose keys have values.
    fn depth(&self) -> usize {
        self.known.as_ref().map_or(0, Canonical::depth)
    }

    fn is_whole(&self) -> bool {
        self.known.is_some() && self.depth() == self.expr.levels().len()
    }

    /// One could lie in the other, by their kinds. Every thing of a kind at any depth is also every one that lies deeper.
    fn fits(&self, other: &Self, kinds: &Kinds) -> bool {
        let (ours, others) = (self.expr.levels(), other.expr.levels());
        let differ = ours.iter().zip(others).position(|(a, b)| a.kind != b.kind);
        let deeper = |several: &[LevelExpr], all: &[LevelExpr]| {
            several.first().is_some_and(|one| {
                let encloses = |level: &LevelExpr| {
                    let kinds_of = kinds.named(&one.kind).zip(kinds.named(&level.kind));
                    kinds_of.is_some_and(|(inner, outer)| kinds.lies_in(inner, outer))
                };
                let is_deep = all.iter().any(|level| level.kind == one.kind);
                one.deep && (is_deep || all.last().is_some_and(encloses))
            })
        };
        differ.is_none_or(|at| {
            let (ours, others) = (ours.get(at..).unwrap_or_default(), others.get(at..).unwrap_or_default());
            deeper(ours, others) || deeper(others, ours)
        })
    }
}

impl<'w> Concrete<'w> {
    /// By the arguments alone: a name that an upstream is yet to decide may be any in what encloses it.
    #[must_use]
    pub fn of(workflow: &'w Workflow) -> Self {
        Self { workflow, results: None }
    }

    /// With the names that upstreams decided.
    #[must_use]
    pub fn knowing(workflow: &'w Workflow, results: &'w Results) -> Self {
        Self { workflow, results: Some(results) }
    }

    /// What a clause may mean in a use: one thing, or one for each result that such a use had, where its own is not known.
    fn named<'e>(&self, action: &Action, used: &Use, expr: &'e ThingExpr) -> Vec<Named<'e>> {
        let kinds = &self.workflow.kinds;
        let named = |result: Option<&Value>| {
            let thing = things::thing(kinds, action, &used.args, result, expr);
            Named { expr, known: thing.map(|thing| thing.canonical(kinds)) }
        };
        if let Some(result) = &used.result {
            return vec![named(Some(result))];
        }
        let results = self.results.into_iter().flat_map(|results| results.of(used));
        let found: Vec<Named<'e>> = results.map(|result| named(Some(result))).collect();
        if found.is_empty() { vec![named(None)] } else { found }
    }

    /// What the evidence is about: as the use that gave it names it, or as some use of another grant that made it did.
    fn about<'e>(&self, evidence: &'e Evidence, given: &Use) -> Vec<Named<'e>> {
        let nameless = |expr| vec![Named { expr, known: None }];
        let named = |subject: &'e (GrantAt, ThingExpr)| {
            let (of, expr) = subject;
            let Some((_, action)) = self.workflow.granted(*of) else { return nameless(expr) };
            if *of == given.at && !evidence.perhaps.contains(subject) {
                return self.named(action, given, expr);
            }
            let kinds = &self.workflow.kinds;
            let known =
                self.results.and_then(|results| results.0.get(of)).map(Vec::as_slice).unwrap_or_default();
            let thing = |(args, result): &(Arguments, Value)| {
                let thing = things::thing(kinds, action, args, Some(result), expr);
                Named { expr, known: thing.map(|thing| thing.canonical(kinds)) }
            };
            if known.is_empty() { nameless(expr) } else { known.iter().map(thing).collect() }
        };
        evidence.about.iter().flat_map(named).collect()
    }

    /// Whether making a thing alters what evidence is about. It is nothing that evidence was given of before: where the
    /// upstream decides its name, it only alters what it lies in.
    fn making_alters(&self, made: &Named<'_>, about: &Named<'_>) -> bool {
        // Content that is made again is there already, with what lies in it.
        let deeper = about.expr.levels().len() > made.expr.levels().len();
        if deeper && !is_filled(self.workflow, made.expr) {
            return false;
        }
        let named_upstream = made.depth() + 1 == made.expr.levels().len();
        let settled = self.results.is_some() || !can_change(self.workflow, made.expr);
        if !(named_upstream && settled && about.is_whole()) {
            return self.may_meet(made, about);
        }
        match (&made.known, &about.known) {
            (Some(enclosing), Some(about)) => enclosing.is_in(about, &self.workflow.kinds),
            // It lies in nothing.
            _ => false,
        }
    }

    /// The patterns of several things do not admit the one.
    fn leaves_out(&self, several: &Named<'_>, one: &Canonical) -> bool {
        several.expr.levels().iter().enumerate().any(|(at, level)| {
            let Some(kind) =
                self.workflow.kinds.named(&level.kind).filter(|kind| one.kind_at(at) == Some(*kind))
            else {
                return false;
            };
            let decls = self.workflow.kinds.get(kind).map(|kind| kind.key.as_slice()).unwrap_or_default();
            level.keys.iter().zip(decls).enumerate().any(|(part, (key, decl))| {
                match (key, one.key(at, part)) {
                    // Spelled otherwise it may be inside.
                    (KeyExpr::Every(Some(patterns)), Some(Value::Text(path))) if !decl.fold => {
                        !if decl.is_tree() { patterns.touches(path) } else { patterns.matches(path) }
                    }
                    _ => false,
                }
            })
        })
    }

    /// Whether what a use reads, by one of its clauses, may be among these things, whose arguments are given as far as they are
    /// known.
    #[must_use]
    pub fn is_among(
        &self,
        (reader, reads): (&Use, &ThingExpr),
        things: &ThingExpr,
        given: &[Option<Value>],
    ) -> bool {
        let Some((_, action)) = self.workflow.granted(reader.at) else { return true };
        let known = |key: &KeyExpr| match key {
            KeyExpr::Argument { index, fields } => {
                let value = given.get(*index as usize).and_then(|value| value.as_ref()?.at(fields));
                value.map_or(KeyExpr::Some, |value| KeyExpr::Literal(value.clone()))
            }
            other => other.clone(),
        };
        let level = |level: &LevelExpr| LevelExpr {
            kind: level.kind.clone(),
            deep: level.deep,
            keys: level.keys.iter().map(known).collect(),
        };
        let written = match things {
            ThingExpr::Anything => ThingExpr::Anything,
            ThingExpr::Path(levels) => ThingExpr::Path(levels.iter().map(level).collect()),
        };
        let kinds = &self.workflow.kinds;
        let thing = things::thing(kinds, action, &BTreeMap::new(), None, &written);
        let among = Named { expr: &written, known: thing.map(|thing| thing.canonical(kinds)) };
        self.named(action, reader, reads)
            .iter()
            .any(|read| read.fits(&among, kinds) && self.may_meet(read, &among))
    }

    /// The one thing that a clause means in a use; none where the results that are possible name several.
    fn certain(&self, action: &Action, used: &Use, expr: &ThingExpr) -> Option<Canonical> {
        let named = self.named(action, used, expr);
        let (first, others) = named.split_first()?;
        let is_one = first.is_whole() && others.iter().all(|other| other.known == first.known);
        first.known.clone().filter(|_| is_one)
    }

    /// The one thing that a clause means in every use of the grant of which a result is known.
    fn made_by(&self, of: GrantAt, expr: &ThingExpr) -> Option<Canonical> {
        let (_, action) = self.workflow.granted(of)?;
        let kinds = &self.workflow.kinds;
        let mut known = self.results?.0.get(&of)?.iter().map(|(args, result)| {
            let thing = things::thing(kinds, action, args, Some(result), expr)?;
            (thing.levels.len() == expr.levels().len()).then(|| thing.canonical(kinds))
        });
        let first = known.next()??;
        known.all(|other| other.as_ref() == Some(&first)).then_some(first)
    }

    fn may_meet(&self, changed: &Named<'_>, about: &Named<'_>) -> bool {
        match (&changed.known, &about.known) {
            (Some(a), Some(b)) => {
                a.meets(b, &self.workflow.kinds) && !self.leaves_out(changed, b) && !self.leaves_out(about, a)
            }
            // What has no name may be anything of its kind.
            _ => true,
        }
    }
}

impl Relation for Concrete<'_> {
    fn alters(&self, changer: &Use, evidence: &Evidence, given: &Use) -> bool {
        let Some((_, action)) = self.workflow.granted(changer.at) else { return true };
        let about = self.about(evidence, given);
        let clauses = &action.clauses;
        clauses.altered().any(|expr| {
            let made = clauses.makes.iter().any(|making| making.thing == *expr);
            self.named(action, changer, expr).iter().any(|changed| {
                about.iter().filter(|about| changed.fits(about, &self.workflow.kinds)).any(|about| match made
                {
                    true => self.making_alters(changed, about),
                    false => self.may_meet(changed, about),
                })
            })
        })
    }

    fn spends(&self, user: &Use, evidence: &Evidence, given: &Use) -> bool {
        let (Some((_, action)), Some((_, gave))) =
            (self.workflow.granted(user.at), self.workflow.granted(given.at))
        else {
            return false;
        };
        let certain = |action: &Action, used: &Use, expr: &ThingExpr| self.certain(action, used, expr);
        let about: Vec<Canonical> = (evidence.about.iter())
            .filter(|subject| !evidence.perhaps.contains(subject))
            .filter_map(|(of, expr)| match *of == given.at {
                true => certain(gave, given, expr),
                // What another use made, where all that is known of such uses names one thing.
                false => self.made_by(*of, expr),
            })
            .collect();
        action
            .clauses
            .spent_on()
            .any(|expr| certain(action, user, expr).is_some_and(|used| about.contains(&used)))
    }

    fn reaches(&self, user: &Use, evidence: &Evidence, given: &Use) -> bool {
        self.spends(user, evidence, given)
    }

    fn feeds(&self, (writer, wrote): (&Use, &ThingExpr), (reader, reads): (&Use, &ThingExpr)) -> bool {
        let (Some((_, wrote_by)), Some((_, read_by))) =
            (self.workflow.granted(writer.at), self.workflow.granted(reader.at))
        else {
            return true;
        };
        let (wrote, read) = (self.named(wrote_by, writer, wrote), self.named(read_by, reader, reads));
        wrote.iter().any(|wrote| {
            read.iter().any(|read| wrote.fits(read, &self.workflow.kinds) && self.may_meet(wrote, read))
        })
    }

    fn removes(&self, (remover, gone): (&Use, &ThingExpr), (writer, wrote): (&Use, &ThingExpr)) -> bool {
        let certain = |used: &Use, expr| self.certain(self.workflow.granted(used.at)?.1, used, expr);
        let both = certain(remover, gone).zip(certain(writer, wrote));
        both.is_some_and(|(gone, wrote)| wrote.is_in(&gone, &self.workflow.kinds))
    }
}
