//! Values with which things that a run names are one.
//!
//! The names that two uses give to what they read or alter are made equal, part by part: what somebody can choose is chosen so.
//! Whether the things of a run then meet is seen by comparing its values; what is chosen here decides nothing.

use std::collections::HashMap;

use xp_artifact::declaration::{KeyExpr, LevelExpr, ThingExpr};
use xp_artifact::print;
use xp_artifact::workflow::{Datum, Expr, Pin, Root, TemplatePart};
use xp_scope::{Pattern, PatternSet, Type, Value, check, is_object_id};

use crate::facts::{Facts, GrantAt};
use crate::plain;
use crate::refute::Setting;
use crate::scopes;

/// Identities followed from one datum at most; a checked workflow has no circle.
const MAX_FOLLOWED: usize = 64;

/// Choices that are tried for one run.
pub(crate) const TRIED: usize = 8;
/// Ways to spell a text that are tried.
const SPELLINGS: usize = 10_000;

/// A thing as a use names it.
#[derive(Clone, Copy)]
pub(crate) struct Named<'a> {
    pub at: GrantAt,
    pub expr: &'a ThingExpr,
    /// An argument that is this datum, whatever its pin admits.
    pub looked: Option<(u32, &'a Datum)>,
}

impl<'a> Named<'a> {
    pub fn of(at: GrantAt, expr: &'a ThingExpr) -> Self {
        Self { at, expr, looked: None }
    }
}

/// Something that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Place {
    Datum(Datum),
    Argument(GrantAt, u32, Vec<String>),
}

/// What a part of a name is.
#[derive(Clone, Debug)]
enum Part {
    Value(Value),
    /// Number of a place.
    Chosen(usize),
    Template(Vec<Part>),
    /// Any, or any inside the patterns.
    Any(Option<PatternSet>),
}

/// Places that have one value.
#[derive(Clone, Debug, Default)]
struct Same {
    places: Vec<Place>,
    value: Option<Value>,
    within: Vec<PatternSet>,
    /// It is one of these.
    among: Vec<Vec<Value>>,
    /// It is in these lists.
    lists: Vec<Datum>,
}

/// What is to be equal in a run.
#[derive(Clone)]
pub(crate) struct Steering<'f, 'm> {
    facts: &'f Facts<'m>,
    numbers: HashMap<Place, usize>,
    /// By number of a place: that of its class; a class has its own.
    of: Vec<usize>,
    classes: Vec<Same>,
    /// Templates and what they are to be equal to, or may lie in or enclose.
    templates: Vec<(Vec<Part>, Part, bool)>,
}

impl<'f, 'm> Steering<'f, 'm> {
    pub fn new(facts: &'f Facts<'m>) -> Self {
        Self { facts, numbers: HashMap::new(), of: Vec::new(), classes: Vec::new(), templates: Vec::new() }
    }

    /// Lets two things meet; false where no choice can.
    pub fn meet(&mut self, a: Named<'_>, b: Named<'_>) -> bool {
        let pairs = a.expr.levels().iter().zip(b.expr.levels());
        pairs.into_iter().all(|(left, right)| {
            let left = (left, self.parts(a, left));
            let right = (right, self.parts(b, right));
            self.one(left, right)
        })
    }

    /// Lets what a use names be one of these things, whose arguments are given.
    pub fn be(&mut self, a: Named<'_>, thing: &ThingExpr, given: &[Expr]) -> bool {
        let pairs = a.expr.levels().iter().zip(thing.levels());
        pairs.into_iter().all(|(left, right)| {
            let written = right.keys.iter().map(|key| match key {
                KeyExpr::Argument { index, fields } => given
                    .get(*index as usize)
                    .map_or(Part::Any(None), |expr| self.expr(expr, fields, MAX_FOLLOWED)),
                KeyExpr::Literal(value) => Part::Value(value.clone()),
                KeyExpr::Every(patterns) => Part::Any(patterns.clone()),
                KeyExpr::Field(_) | KeyExpr::Some => Part::Any(None),
            });
            let right = (right, written.collect());
            let left = (left, self.parts(a, left));
            self.one(left, right)
        })
    }

    fn one(&mut self, left: (&LevelExpr, Vec<Part>), right: (&LevelExpr, Vec<Part>)) -> bool {
        let decls = self.facts.w.kinds.named(&left.0.kind).and_then(|kind| self.facts.w.kinds.get(kind));
        let is_tree =
            |part: usize| decls.and_then(|kind| kind.key.get(part)).is_some_and(|key| key.is_tree());
        // What lies deeper is among them, too.
        let several = |parts: &[Part]| parts.iter().any(|part| matches!(part, Part::Any(_)));
        if left.0.kind != right.0.kind {
            return several(&left.1) || several(&right.1);
        }
        left.1.into_iter().zip(right.1).enumerate().all(|(number, (a, b))| self.equal(a, b, is_tree(number)))
    }

    fn parts(&mut self, of: Named<'_>, level: &LevelExpr) -> Vec<Part> {
        level.keys.iter().map(|key| self.key(of, key)).collect()
    }

    fn key(&mut self, of: Named<'_>, key: &KeyExpr) -> Part {
        match key {
            KeyExpr::Literal(value) => Part::Value(value.clone()),
            KeyExpr::Every(patterns) => Part::Any(patterns.clone()),
            KeyExpr::Some => Part::Any(None),
            KeyExpr::Argument { index, fields } => match of.looked {
                Some((looked, datum)) if looked == *index => {
                    let argument = self.argument(of.at, *index, fields, MAX_FOLLOWED);
                    let datum = self.expr(&Expr::Datum(datum.clone()), fields, MAX_FOLLOWED);
                    self.equal(argument, datum.clone(), false);
                    datum
                }
                _ => self.argument(of.at, *index, fields, MAX_FOLLOWED),
            },
            KeyExpr::Field(fields) => {
                let root = Root::Result { step: of.at.0, grant: of.at.1 };
                self.datum(Datum { root, fields: fields.clone() }, MAX_FOLLOWED)
            }
        }
    }

    fn argument(&mut self, at: GrantAt, index: u32, fields: &[String], left: usize) -> Part {
        let pin = self.facts.grant(at).and_then(|grant| grant.pins.get(index as usize));
        let Some((left, pin)) = left.checked_sub(1).zip(pin) else { return Part::Any(None) };
        let (mut within, mut among, mut lists) = (Vec::new(), Vec::new(), Vec::new());
        match pin {
            Pin::Is(expr) => return self.expr(expr, fields, left),
            Pin::Within(patterns) => within.push(patterns.clone()),
            Pin::OneOf { set, within: inside } => {
                within.extend(inside.clone());
                match set {
                    Expr::Literal(Value::List(values)) => among.push(values.clone()),
                    Expr::Datum(datum) => {
                        within.extend(scopes::datum_within(self.facts.w, datum).cloned());
                        lists.push(datum.clone());
                    }
                    Expr::Literal(_) | Expr::Template(_) => {}
                }
            }
            Pin::Content { .. } | Pin::Any => {}
            Pin::Absent => return Part::Any(None),
        }
        let number = self.number(Place::Argument(at, index, fields.to_vec()));
        if let Some(class) = self.class(number)
            && fields.is_empty()
        {
            class.within.extend(within);
            class.among.extend(among);
            class.lists.extend(lists);
        }
        Part::Chosen(number)
    }

    fn expr(&mut self, expr: &Expr, fields: &[String], left: usize) -> Part {
        match expr {
            Expr::Literal(value) => {
                value.at(fields).map_or(Part::Any(None), |value| Part::Value(value.clone()))
            }
            Expr::Datum(datum) => {
                let fields = datum.fields.iter().chain(fields).cloned().collect();
                self.datum(Datum { root: datum.root, fields }, left)
            }
            Expr::Template(parts) => {
                let parts = parts.iter().map(|part| match part {
                    TemplatePart::Text(text) => Part::Value(Value::Text(text.clone())),
                    TemplatePart::Datum(datum) => self.datum(datum.clone(), left),
                });
                Part::Template(parts.collect())
            }
        }
    }

    fn datum(&mut self, datum: Datum, left: usize) -> Part {
        let Some(left) = left.checked_sub(1) else { return Part::Any(None) };
        if let Root::Result { step, grant } = datum.root
            && let Some((index, fields)) = self.facts.action_of((step, grant)).clauses.identity(&datum.fields)
        {
            return self.argument((step, grant), index, &fields, left);
        }
        let within = scopes::datum_within(self.facts.w, &datum).filter(|_| datum.fields.is_empty()).cloned();
        let number = self.number(Place::Datum(datum));
        if let Some(class) = self.class(number) {
            class.within.extend(within);
        }
        Part::Chosen(number)
    }

    fn number(&mut self, place: Place) -> usize {
        let Self { numbers, of, classes, .. } = self;
        *numbers.entry(place.clone()).or_insert_with(|| {
            of.push(classes.len());
            classes.push(Same { places: vec![place], ..Same::default() });
            of.len() - 1
        })
    }

    fn class(&mut self, number: usize) -> Option<&mut Same> {
        self.classes.get_mut(*self.of.get(number)?)
    }

    fn equal(&mut self, a: Part, b: Part, tree: bool) -> bool {
        match (a, b) {
            (Part::Any(None), _) | (_, Part::Any(None)) | (Part::Any(_), Part::Any(_)) => true,
            (Part::Any(Some(patterns)), Part::Value(value))
            | (Part::Value(value), Part::Any(Some(patterns))) => {
                value.as_text().is_some_and(|path| patterns.matches(path))
            }
            (Part::Any(Some(patterns)), Part::Chosen(number))
            | (Part::Chosen(number), Part::Any(Some(patterns))) => {
                self.class(number).map(|class| class.within.push(patterns)).is_some()
            }
            (Part::Any(Some(_)), Part::Template(_)) | (Part::Template(_), Part::Any(Some(_))) => true,
            // What is spelled otherwise may be the same upstream.
            (Part::Value(a), Part::Value(b)) => a == b || a.as_text().is_some() && b.as_text().is_some(),
            (Part::Chosen(number), Part::Value(value)) | (Part::Value(value), Part::Chosen(number)) => {
                self.assign(number, value, tree)
            }
            (Part::Chosen(a), Part::Chosen(b)) => self.unite(a, b),
            (Part::Template(parts), other) | (other, Part::Template(parts)) => {
                self.templates.push((parts, other, tree));
                true
            }
        }
    }

    fn assign(&mut self, number: usize, value: Value, tree: bool) -> bool {
        let Some(class) = self.class(number) else { return false };
        if let Some(known) = &class.value {
            return *known == value;
        }
        let fits = |path: &str| class.within.iter().all(|patterns| patterns.matches(path));
        match value.as_text() {
            Some(path) if !fits(path) => {
                // Something inside of it, then.
                let inside = Pattern::parse(&format!("{path}/**")).ok().filter(|_| tree);
                let inside = inside.and_then(|pattern| PatternSet::new(vec![pattern]).ok());
                inside.map(|patterns| class.within.push(patterns)).is_some()
            }
            _ => {
                class.value = Some(value);
                true
            }
        }
    }

    fn unite(&mut self, a: usize, b: usize) -> bool {
        let (Some(into), Some(from)) = (self.of.get(a).copied(), self.of.get(b).copied()) else {
            return false;
        };
        if into == from {
            return true;
        }
        let Some(other) = self.classes.get_mut(from).map(std::mem::take) else { return false };
        self.of.iter_mut().filter(|class| **class == from).for_each(|class| *class = into);
        let Some(class) = self.classes.get_mut(into) else { return false };
        class.places.extend(other.places);
        class.within.extend(other.within);
        class.among.extend(other.among);
        class.lists.extend(other.lists);
        match (&class.value, other.value) {
            (Some(a), Some(b)) => *a == b,
            (None, value) => {
                class.value = value;
                true
            }
            (Some(_), None) => true,
        }
    }

    /// Chooses, in the setting of a run; false where something would have to be two values.
    pub fn choose(mut self, setting: &mut Setting<'_>) -> bool {
        for (parts, other, tree) in std::mem::take(&mut self.templates) {
            if !self.fill(&parts, other) && !tree {
                return false;
            }
        }
        (0..self.classes.len()).all(|class| {
            self.classes.get(class).is_none_or(|one| one.places.is_empty())
                || self.value(class).is_some_and(|value| self.apply(class, &value, setting))
        })
    }

    /// Lets a template be what it is to be equal to: its holes are chosen so, or that is.
    fn fill(&mut self, parts: &[Part], other: Part) -> bool {
        match other {
            Part::Value(Value::Text(text)) => self.spell(parts, &text),
            Part::Chosen(number) => {
                let known = self.class(number).and_then(|class| class.value.clone());
                match known {
                    Some(Value::Text(text)) => self.spell(parts, &text),
                    Some(_) => false,
                    None => {
                        let text = self.text(parts);
                        text.is_some_and(|text| self.assign(number, Value::Text(text), false))
                    }
                }
            }
            Part::Template(others) => self.text(&others).is_some_and(|text| self.spell(parts, &text)),
            Part::Value(_) | Part::Any(_) => true,
        }
    }

    /// The text of a template; what is open in it is chosen.
    fn text(&mut self, parts: &[Part]) -> Option<String> {
        let mut text = String::new();
        for part in parts {
            let value = match part {
                Part::Value(value) => value.clone(),
                Part::Chosen(number) => {
                    let class = self.of.get(*number).copied()?;
                    let value = self.value(class)?;
                    self.classes.get_mut(class)?.value = Some(value.clone());
                    value
                }
                Part::Template(parts) => Value::Text(self.text(parts)?),
                Part::Any(_) => return None,
            };
            match value {
                Value::Text(piece) => text.push_str(&piece),
                Value::Int(number) => text.push_str(&number.to_string()),
                _ => return None,
            }
        }
        Some(text)
    }

    /// Chooses the holes of a template so that it is this text.
    fn spell(&mut self, parts: &[Part], text: &str) -> bool {
        let (mut holes, mut budget) = (Vec::new(), SPELLINGS);
        self.holes(parts, text, &mut holes, &mut budget)
            && holes.into_iter().all(|(class, value)| {
                let class = self.classes.get_mut(class);
                class.map(|class| class.value = Some(value)).is_some()
            })
    }

    /// Values of holes, by class, with which the parts are the text; within a budget of what is tried.
    fn holes(&self, parts: &[Part], text: &str, holes: &mut Vec<(usize, Value)>, left: &mut usize) -> bool {
        let Some((first, rest)) = parts.split_first() else { return text.is_empty() };
        let Some(less) = left.checked_sub(1) else { return false };
        *left = less;
        let mut strip =
            |piece: &str| text.strip_prefix(piece).is_some_and(|text| self.holes(rest, text, holes, left));
        match first {
            Part::Value(Value::Text(piece)) => strip(piece),
            Part::Value(Value::Int(number)) => strip(&number.to_string()),
            Part::Chosen(number) => {
                let Some(class) = self.of.get(*number).copied() else { return false };
                let of = |(known, _): &&(usize, Value)| *known == class;
                let known = holes.iter().find(of).map(|(_, value)| value.clone());
                let known = known.or_else(|| self.classes.get(class)?.value.clone());
                match known {
                    Some(Value::Text(piece)) => text
                        .strip_prefix(piece.as_str())
                        .is_some_and(|text| self.holes(rest, text, holes, left)),
                    Some(Value::Int(number)) => {
                        let piece = number.to_string();
                        text.strip_prefix(piece.as_str())
                            .is_some_and(|text| self.holes(rest, text, holes, left))
                    }
                    Some(_) => false,
                    None => {
                        let is_number = matches!(self.ty(class), Some(Type::Int | Type::Duration));
                        let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
                        ends.any(|end| {
                            let Some((hole, after)) = text.split_at_checked(end) else { return false };
                            let value = match hole.parse() {
                                Ok(number) if is_number => Value::Int(number),
                                Err(_) if is_number => return false,
                                _ => Value::Text(hole.to_owned()),
                            };
                            let before = holes.len();
                            holes.push((class, value));
                            let found = self.holes(rest, after, holes, left);
                            if !found {
                                holes.truncate(before);
                            }
                            found
                        })
                    }
                }
            }
            Part::Template(inner) => {
                let all: Vec<Part> = inner.iter().chain(rest).cloned().collect();
                self.holes(&all, text, holes, left)
            }
            Part::Value(_) | Part::Any(_) => false,
        }
    }

    fn type_of(&self, place: &Place) -> Option<&'f Type> {
        match place {
            // Also of results that nothing is bound to.
            Place::Datum(Datum { root: Root::Result { step, grant }, fields }) => {
                let result = &self.facts.action_of((*step, *grant)).result;
                fields.iter().try_fold(result, |ty, field| self.facts.w.field_type(ty, field))
            }
            Place::Datum(datum) => self.facts.type_of(datum),
            Place::Argument(at, index, fields) => {
                let param = self.facts.action_of(*at).params.get(*index as usize)?;
                fields.iter().try_fold(&param.ty, |ty, field| self.facts.w.field_type(ty, field))
            }
        }
    }

    /// The type that says most of what a class can be.
    fn ty(&self, class: usize) -> Option<&'f Type> {
        let types = self.classes.get(class)?.places.iter().filter_map(|place| self.type_of(place));
        types.min_by_key(|ty| match ty {
            Type::Enum(words) => (0, words.len()),
            Type::Commit | Type::Tree => (1, 0),
            Type::Decimal { .. } | Type::Time | Type::Duration | Type::Url => (2, 0),
            Type::Branch => (3, 0),
            Type::Path => (4, 0),
            _ => (5, 0),
        })
    }

    /// What a class is: as it has to be, or something that it can be.
    fn value(&self, class: usize) -> Option<Value> {
        let same = self.classes.get(class)?;
        let fits = |value: &Value| {
            let path = value.as_text();
            same.within.iter().all(|patterns| path.is_some_and(|path| patterns.matches(path)))
                && same.among.iter().all(|values| values.contains(value))
        };
        if let Some(value) = &same.value {
            return fits(value).then(|| value.clone());
        }
        let ty = self.ty(class)?;
        let mut tried: Vec<Value> = same.among.first().cloned().unwrap_or_default();
        tried.extend(match ty {
            Type::Enum(words) => words.iter().cloned().map(Value::Text).collect(),
            _ => vec![sample(ty, class)?],
        });
        let mut common = same.within.iter();
        if let Some(first) = common.next() {
            let all = common.try_fold(first.clone(), |all, next| all.intersect(next)).ok()?;
            tried.extend(all.sample().map(Value::Text));
        }
        tried.into_iter().find(fits)
    }

    fn apply(&self, class: usize, value: &Value, setting: &mut Setting<'_>) -> bool {
        let Some(same) = self.classes.get(class) else { return false };
        for place in &same.places {
            if !self.type_of(place).is_some_and(|ty| can_be(ty, value)) {
                return false;
            }
            if same.places.len() > 1 || same.value.is_some() {
                setting.chosen.extend(self.name(place).map(|name| (name, value.clone())));
            }
            match place {
                Place::Datum(datum) => self.set(datum, value, setting),
                Place::Argument(at, index, fields) => {
                    setting.aims.entry(*at).or_default().push((*index, fields.clone(), value.clone()));
                }
            }
        }
        for list in &same.lists {
            match value {
                Value::Text(text) => setting.lists.entry(list.clone()).or_default().push(text.clone()),
                other => self.set(list, &Value::List(vec![other.clone()]), setting),
            }
        }
        true
    }

    /// How a message calls a place; none for a result that has no name.
    fn name(&self, place: &Place) -> Option<String> {
        match place {
            Place::Datum(Datum { root: Root::Result { step, grant }, .. })
                if self.facts.grant((*step, *grant)).is_none_or(|grant| grant.binder.is_none()) =>
            {
                None
            }
            Place::Datum(datum) => Some(print::datum(self.facts.w, datum)),
            Place::Argument(at, index, fields) => {
                let param = self.facts.action_of(*at).params.get(*index as usize)?;
                let fields: String = fields.iter().map(|field| format!(".{field}")).collect();
                Some(format!("{}({}{fields})", self.facts.action_name(*at), param.name))
            }
        }
    }

    fn set(&self, datum: &Datum, value: &Value, setting: &mut Setting<'_>) {
        match datum.root {
            Root::Param(id) => {
                if let Some(param) = self.facts.w.params.get(id.index()) {
                    setting.members.push((param.name.clone(), datum.fields.clone(), value.clone()));
                }
            }
            Root::Submission { .. } | Root::Result { .. } => {
                setting.instead.insert(datum.clone(), value.clone());
            }
        }
    }
}

/// The first run that some of the choices show, or why the last one does not.
pub(crate) fn first<'m, T>(
    steerings: Vec<Steering<'_, 'm>>,
    setting: &Setting<'m>,
    none: &str,
    mut run: impl FnMut(&mut Setting<'m>) -> Result<T, String>,
) -> Result<T, String> {
    let mut why = none.to_owned();
    for steering in steerings.into_iter().take(TRIED) {
        let mut setting = setting.clone();
        if !steering.choose(&mut setting) {
            continue;
        }
        match run(&mut setting) {
            Ok(found) => return Ok(found),
            Err(reason) => why = reason,
        }
    }
    Err(why)
}

/// A value of a type that names something.
fn sample(ty: &Type, number: usize) -> Option<Value> {
    match ty {
        Type::Bool => Some(Value::Bool(false)),
        Type::Int => Some(Value::Int(1)),
        Type::Text | Type::Path => Some(Value::Text("x".to_owned())),
        Type::Branch => Some(Value::Text("main".to_owned())),
        Type::Commit | Type::Tree => Some(Value::Text(format!("{:040x}", 0xa000 + number))),
        Type::Enum(words) => words.first().cloned().map(Value::Text),
        Type::Decimal { .. } | Type::Time | Type::Duration | Type::Url => plain::value(ty, number),
        Type::List(_) | Type::Set(_) | Type::Record(_) => None,
    }
}

/// A value of the type can be this one.
fn can_be(ty: &Type, value: &Value) -> bool {
    match (ty, value) {
        (Type::Bool, Value::Bool(_)) | (Type::Int, Value::Int(_)) => true,
        (Type::Enum(words), Value::Text(word)) => words.contains(word),
        (Type::Commit | Type::Tree, Value::Text(id)) => is_object_id(id),
        (Type::Text | Type::Path | Type::Branch, Value::Text(_)) => true,
        (Type::Decimal { .. } | Type::Time | Type::Duration | Type::Url, value) => {
            check(value, ty, &()).is_ok()
        }
        _ => false,
    }
}
