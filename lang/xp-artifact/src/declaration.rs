//! What an action does to things, as its declaration says it.
//!
//! Clauses speak of the action's arguments and of its result; [`crate::things`] says which things they mean for one grant
//! and for one use. What a declaration leaves unsaid is kept as unsaid here: [`Clauses::reads`],
//! [`crate::workflow::Workflow::sources`] and [`Clauses::instrument`] apply the meaning of that.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use xp_scope::{PatternSet, Value};

/// Fields followed from a result; empty for the result itself.
pub type FieldPath = Vec<String>;

/// What an action does to things.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clauses {
    /// What it may change; empty for nothing.
    pub changes: Vec<ThingExpr>,
    /// What goes into things that it changes, as far as that is said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub puts: Vec<Put>,
    /// What may have gone into its result; unsaid, all that the arguments may name.
    pub reads: Option<Vec<ThingExpr>>,
    /// What it makes that did not exist before.
    pub makes: Vec<Making>,
    /// What is gone after it.
    pub removes: Vec<ThingExpr>,
    /// What its result is evidence about.
    pub about: Vec<About>,
    /// Arguments, by index, that it makes final: merged, deployed, paid, published.
    pub finals: Vec<u32>,
    /// What must be as the run last saw it, or the upstream refuses, or reports it.
    pub expects: Vec<Expectation>,
    /// Content that may be in fields of the result.
    pub from: Vec<Content>,
    /// Fields that are an argument.
    pub is: Vec<Identity>,
    /// Fields that are the version of a thing.
    pub versions: Vec<Version>,
    /// What decides its measurement besides the subject; unsaid, all arguments and the subject.
    pub measured_by: Option<Vec<Source>>,
}

/// What goes into something that is changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Put {
    /// What is changed: one of [`Clauses::changes`].
    pub thing: ThingExpr,
    /// What goes into it.
    pub of: Vec<Source>,
}

/// Things, over the arguments and the result of an action.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ThingExpr {
    /// Any thing that can change, of any upstream: a connector that describes no kinds can say no more.
    Anything,
    /// Kinds with keys, outermost first.
    Path(Vec<LevelExpr>),
}

/// A kind with a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LevelExpr {
    /// Qualified name of the kind.
    pub kind: String,
    /// One for each part of the kind's key.
    pub keys: Vec<KeyExpr>,
    /// Of the kind at any depth in what encloses it: `every K in T`, `some K in T`. The last level only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deep: bool,
}

/// A part of a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyExpr {
    /// This value.
    Literal(Value),
    /// A field of an argument.
    Argument {
        /// Its index.
        index: u32,
        /// Fields followed from it.
        fields: FieldPath,
    },
    /// A field of the result.
    Field(FieldPath),
    /// Every one there is or will be, inside the patterns if there are any.
    Every(Option<PatternSet>),
    /// One that the upstream decides.
    Some,
}

/// Something made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Making {
    /// What.
    pub thing: ThingExpr,
    /// Evidence about it is evidence about these, too: it takes effect on them as they were.
    pub valid_while: Vec<ThingExpr>,
    /// Content that goes into it; unsaid, all arguments and all that is read.
    pub from: Option<Vec<Source>>,
}

/// What a result is evidence about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Fields that say it; empty for every field that is not known to say something else.
    pub fields: Vec<FieldPath>,
    /// About what.
    pub things: Vec<ThingExpr>,
}

/// What must not have moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// What.
    pub thing: ThingExpr,
    /// At which version; unsaid, at the one the run last saw, which the machine keeps.
    pub at: Option<Source>,
    /// The field of the result that is true if the use was carried out although the thing had moved. Unsaid, the upstream refuses
    /// such a use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reports: Option<FieldPath>,
}

/// Content of a field of the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// The field; all below it, too.
    pub field: FieldPath,
    /// What may be in it; nothing, if this is empty.
    pub of: Vec<Source>,
}

/// Where content comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// An argument, or a field of one.
    Argument {
        /// Its index.
        index: u32,
        /// Fields followed from it.
        fields: FieldPath,
    },
    /// Another field of the result.
    Field(FieldPath),
    /// What is in a thing.
    Thing(ThingExpr),
}

/// A field that is an argument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The field.
    pub field: FieldPath,
    /// Index of the argument.
    pub argument: u32,
    /// Fields followed from it.
    pub fields: FieldPath,
}

/// A field that is the version of a thing after the use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// Of which thing.
    pub thing: ThingExpr,
    /// The field.
    pub field: FieldPath,
}

impl Clauses {
    /// Nothing is said, and any thing may be changed: what holds of a connector that nobody described.
    #[must_use]
    pub fn undescribed() -> Self {
        Self { changes: vec![ThingExpr::Anything], ..Self::default() }
    }

    /// Everything a use may alter: changed, made or removed.
    pub fn altered(&self) -> impl Iterator<Item = &ThingExpr> {
        let made = self.makes.iter().map(|making| &making.thing);
        self.changes.iter().chain(made).chain(&self.removes)
    }

    /// A use leaves everything as it was: nothing is altered, told to the public or done for good.
    #[must_use]
    pub fn is_harmless(&self, publishes: bool, irreversible: bool) -> bool {
        self.altered().next().is_none() && !publishes && !irreversible
    }

    /// What the result is evidence about, by any of its fields.
    pub fn subjects(&self) -> impl Iterator<Item = &ThingExpr> {
        self.about.iter().flat_map(|about| &about.things)
    }

    /// What must not have moved, or the upstream refuses the use.
    pub fn refusing(&self) -> impl Iterator<Item = &Expectation> {
        self.expects.iter().filter(|expectation| expectation.reports.is_none())
    }

    /// Everything that it alters, reads, measures or expects.
    pub fn meant(&self) -> impl Iterator<Item = &ThingExpr> {
        let expected = self.expects.iter().map(|expectation| &expectation.thing);
        self.altered().chain(self.said_read()).chain(self.subjects()).chain(expected)
    }

    /// The things that final arguments name: those of some clause whose own key is such an argument.
    pub fn final_things(&self) -> impl Iterator<Item = &ThingExpr> {
        self.meant().filter(|expr| {
            expr.own_keys()
                .iter()
                .any(|key| matches!(key, KeyExpr::Argument { index, .. } if self.finals.contains(index)))
        })
    }

    /// A use of it settles something for good: it makes an argument final, or removes something.
    #[must_use]
    pub fn is_final(&self) -> bool {
        !self.finals.is_empty() || !self.removes.is_empty()
    }

    /// What evidence was gathered for is spent on these: what final arguments name, and what is removed.
    pub fn spent_on(&self) -> impl Iterator<Item = &ThingExpr> {
        self.final_things().chain(&self.removes)
    }

    /// What a condition on a field of the result is evidence about.
    pub fn subjects_of<'a>(&'a self, field: &'a [String]) -> impl Iterator<Item = &'a ThingExpr> {
        let says = |about: &&About| {
            about.fields.is_empty() || about.fields.iter().any(|said| field.starts_with(said))
        };
        self.about.iter().filter(says).flat_map(|about| &about.things)
    }

    /// What the use makes and a field of the result names: by itself, or as the argument that it is.
    #[must_use]
    pub fn made_as(&self, field: &[String]) -> Option<&Making> {
        self.all_made_as(field).first().copied()
    }

    /// Everything that the use makes and that a field of the result names: one name may be that of things of several kinds.
    #[must_use]
    pub fn all_made_as(&self, field: &[String]) -> Vec<&Making> {
        let identity = self.identity(field);
        let named = self.makes.iter().filter(|making| {
            making.thing.is_named_by(field)
                || identity.as_ref().is_some_and(|(index, fields)| {
                    making.thing.own_keys().iter().any(|key| {
                        matches!(key, KeyExpr::Argument { index: named, fields: of } if named == index && of == fields)
                    })
                })
        });
        named.collect()
    }

    /// The argument that a field of the result is, with what is followed from it.
    #[must_use]
    pub fn identity(&self, field: &[String]) -> Option<(u32, FieldPath)> {
        self.is.iter().find_map(|identity| {
            let rest = field.strip_prefix(identity.field.as_slice())?;
            Some((identity.argument, identity.fields.iter().chain(rest).cloned().collect()))
        })
    }

    /// What the use may have read. Unsaid, any thing.
    #[must_use]
    pub fn reads(&self) -> Vec<ThingExpr> {
        self.reads.clone().unwrap_or_else(|| vec![ThingExpr::Anything])
    }

    /// Every thing that content of its result, or of what it alters, may come from.
    #[must_use]
    pub fn read(&self) -> Vec<ThingExpr> {
        let mut found = self.reads();
        for thing in self.copied() {
            if !found.contains(thing) {
                found.push(thing.clone());
            }
        }
        found
    }

    /// What it is said to read, or to copy from.
    pub fn said_read(&self) -> impl Iterator<Item = &ThingExpr> {
        self.reads.iter().flatten().chain(self.copied())
    }

    /// The things that content of its result, or of what it alters, is said to come from.
    fn copied(&self) -> impl Iterator<Item = &ThingExpr> {
        let said = self.from.iter().flat_map(|content| &content.of);
        let made = self.makes.iter().filter_map(|making| making.from.as_ref()).flatten();
        said.chain(made).chain(self.puts.iter().flat_map(|put| &put.of)).filter_map(Source::thing)
    }

    /// What a field of the result is made of, as far as it is said of the field as a whole.
    #[must_use]
    pub fn said_of(&self, field: &[String]) -> Option<Vec<Source>> {
        if let Some((index, fields)) = self.identity(field) {
            return Some(vec![Source::Argument { index, fields }]);
        }
        let mut said = self.from.iter().filter(|content| field.starts_with(&content.field)).peekable();
        said.peek()?;
        Some(said.flat_map(|content| content.of.iter().cloned()).collect())
    }

    /// What is said of members of a field of the result.
    #[must_use]
    pub fn said_below(&self, field: &[String]) -> Vec<Source> {
        let below = |member: &FieldPath| member.len() > field.len() && member.starts_with(field);
        let from = self.from.iter().filter(|content| below(&content.field));
        let is = self.is.iter().filter(|identity| below(&identity.field));
        let arguments =
            is.map(|identity| Source::Argument { index: identity.argument, fields: identity.fields.clone() });
        from.flat_map(|content| content.of.iter().cloned()).chain(arguments).collect()
    }

    /// What may be in something made. Unsaid, all arguments and all that is read.
    #[must_use]
    pub fn content_of(&self, params: usize, making: &Making) -> Vec<Source> {
        making.from.clone().unwrap_or_else(|| self.everything(params))
    }

    /// What may be put into something that changes, besides what was in it. Unsaid, all arguments and all that is read.
    #[must_use]
    pub fn put_into(&self, params: usize, changed: &ThingExpr) -> Vec<Source> {
        let said = self.puts.iter().filter(|put| put.thing == *changed).flat_map(|put| &put.of);
        if self.says_what_is_put_into(changed) { said.cloned().collect() } else { self.everything(params) }
    }

    /// It is said of every clause that changes the thing what goes into it.
    #[must_use]
    pub fn says_what_is_put_into(&self, changed: &ThingExpr) -> bool {
        let said = self.puts.iter().filter(|put| put.thing == *changed).count();
        said > 0 && said >= self.changes.iter().filter(|expr| *expr == changed).count()
    }

    /// All that the declaration does with the argument is to let the upstream compare it with the version of a thing: it goes into
    /// nothing, names nothing and is not made final, as far as that is said.
    #[must_use]
    pub fn only_compares(&self, index: u32) -> bool {
        let is = |source: &Source| matches!(source, Source::Argument { index: named, .. } if *named == index);
        let compared = |one: &Expectation| match &one.at {
            Some(Source::Argument { index: named, fields }) => *named == index && fields.is_empty(),
            _ => false,
        };
        let names = |expr: &ThingExpr| {
            expr.keys().any(|key| matches!(key, KeyExpr::Argument { index: named, .. } if *named == index))
        };
        let made = self.makes.iter();
        let mut sources = (self.from.iter().flat_map(|content| &content.of))
            .chain(self.puts.iter().flat_map(|put| &put.of))
            .chain(made.clone().filter_map(|making| making.from.as_ref()).flatten())
            .chain(self.measured_by.iter().flatten());
        let mut named = (self.meant())
            .chain(made.flat_map(|making| &making.valid_while))
            .chain(self.versions.iter().map(|version| &version.thing))
            .chain(sources.clone().filter_map(Source::thing));
        self.expects.iter().any(compared)
            && !self.finals.contains(&index)
            && !self.is.iter().any(|identity| identity.argument == index)
            && !sources.any(is)
            && !named.any(names)
    }

    /// It is said what is read, and what goes into everything that is made or changed.
    #[must_use]
    pub fn says_what_goes_in(&self) -> bool {
        self.reads.is_some()
            && self.makes.iter().all(|making| making.from.is_some())
            && self.changes.iter().all(|expr| self.says_what_is_put_into(expr))
    }

    /// What decides the measurement besides its subject. Unsaid, all arguments and the subject.
    #[must_use]
    pub fn instrument(&self, params: usize) -> Vec<Source> {
        self.measured_by
            .clone()
            .unwrap_or_else(|| arguments(params).chain(self.subjects().cloned().map(Source::Thing)).collect())
    }

    /// All arguments and all that is read: what is in whatever no clause says more of.
    #[must_use]
    pub fn everything(&self, params: usize) -> Vec<Source> {
        arguments(params).chain(self.read().into_iter().map(Source::Thing)).collect()
    }
}

fn arguments(params: usize) -> impl Iterator<Item = Source> {
    (0..params)
        .filter_map(|index| u32::try_from(index).ok())
        .map(|index| Source::Argument { index, fields: Vec::new() })
}

impl Clauses {
    /// Every kind that some clause names, as often as it is named.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        let made = self.makes.iter();
        let puts = self.puts.iter().flat_map(|put| &put.of);
        let contents = self.from.iter().flat_map(|content| &content.of).chain(puts);
        let sources = made
            .clone()
            .filter_map(|making| making.from.as_ref())
            .chain(&self.measured_by)
            .flatten()
            .chain(contents)
            .chain(self.expects.iter().filter_map(|expectation| expectation.at.as_ref()));
        self.altered()
            .chain(self.reads.iter().flatten())
            .chain(self.subjects())
            .chain(made.flat_map(|making| &making.valid_while))
            .chain(self.expects.iter().map(|expectation| &expectation.thing))
            .chain(self.versions.iter().map(|version| &version.thing))
            .chain(sources.filter_map(Source::thing))
            .flat_map(ThingExpr::levels)
            .map(|level| level.kind.as_str())
    }
}

impl Source {
    /// The thing, if it is one.
    #[must_use]
    pub fn thing(&self) -> Option<&ThingExpr> {
        match self {
            Self::Thing(thing) => Some(thing),
            Self::Argument { .. } | Self::Field(_) => None,
        }
    }
}

impl ThingExpr {
    /// Its kinds with their keys, outermost first; none where it is anything.
    #[must_use]
    pub fn levels(&self) -> &[LevelExpr] {
        match self {
            Self::Anything => &[],
            Self::Path(levels) => levels,
        }
    }

    /// All its keys, outermost first.
    pub fn keys(&self) -> impl Iterator<Item = &KeyExpr> {
        self.levels().iter().flat_map(|level| &level.keys)
    }

    /// The parts of the innermost key.
    #[must_use]
    pub fn own_keys(&self) -> &[KeyExpr] {
        self.levels().last().map(|level| level.keys.as_slice()).unwrap_or_default()
    }

    /// No clause says which one is meant, of itself or of what encloses it.
    #[must_use]
    pub fn is_picked_from(&self) -> bool {
        self.is_whatever() || self.keys().any(|key| matches!(key, KeyExpr::Every(_) | KeyExpr::Some))
    }

    /// It is anything, or anything in a thing.
    #[must_use]
    pub fn is_whatever(&self) -> bool {
        *self == Self::Anything || self.levels().iter().any(|level| level.deep)
    }

    /// It stands for all things that have some key or other.
    #[must_use]
    pub fn is_several(&self) -> bool {
        self.own_keys().iter().any(|key| matches!(key, KeyExpr::Every(_)))
    }

    /// Whether a field of the result is the key, or a part of it, of the innermost kind.
    #[must_use]
    pub fn is_named_by(&self, field: &[String]) -> bool {
        self.own_keys().iter().any(|key| matches!(key, KeyExpr::Field(named) if named == field))
    }

    /// Whether an argument is named in it.
    #[must_use]
    pub fn names_argument(&self, index: u32) -> bool {
        self.keys().any(|key| matches!(key, KeyExpr::Argument { index: named, .. } if *named == index))
    }
}
