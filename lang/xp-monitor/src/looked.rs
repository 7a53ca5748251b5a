//! Uses by which a judge looked at what a judged name names.
//!
//! Whoever approves a name in a step in which a use showed what has that name approves what was shown. The result of the use
//! need have no name in the workflow, and the name need not come from it: what counts is that the argument by which the use
//! names the thing had the value that was judged.

use xp_artifact::declaration::{FieldPath, KeyExpr, LevelExpr, ThingExpr};
use xp_artifact::judgement::meant_by_last;
use xp_artifact::looks::shows_all;
use xp_artifact::named::{arguments_in, is_open};
use xp_artifact::passing::followed;
use xp_artifact::things::Terms;
use xp_artifact::workflow::{Action, Datum, Expr, GrantIx, Pin, Root, StepId, Workflow};
use xp_scope::thing::{Meeting, covers, relate};
use xp_scope::{Type, Value};

use crate::fact::{GrantAt, Use};

/// The argument by which a use names what it looks at, and the name that is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// Number of the argument.
    pub argument: u32,
    /// Where in it.
    pub fields: Vec<String>,
    /// The name.
    pub name: Datum,
    /// It is one of these names: of a list, each use names one by a choice of its own.
    pub listed: bool,
    /// Whether the result shows the name is not said: only what is not said may make this a look at what was judged.
    pub silent: bool,
    /// The argument is not the name but made of it, or names what the thing lies in: each use looks at the one thing that is named so.
    pub made_of: bool,
}

impl Looked {
    /// The argument itself is the name.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.fields.is_empty() && !self.listed && !self.made_of
    }

    /// Every use of the grant looks at what has the name: its argument is pinned to that, or to the record that it is a part of.
    #[must_use]
    pub fn is_surely_at(&self, workflow: &Workflow, at: GrantAt) -> bool {
        if self.made_of {
            return true;
        }
        let pin = workflow.granted(at).and_then(|(grant, _)| grant.pins.get(self.argument as usize));
        matches!(pin, Some(Pin::Is(Expr::Datum(datum))) if followed(datum, &self.fields) == self.name)
    }

    /// The use looked at what has this name.
    pub(crate) fn is_at(&self, workflow: &Workflow, used: &Use, name: Option<&Value>) -> bool {
        let action = workflow.granted(used.at).map(|(_, action)| action);
        let param = action.and_then(|action| action.params.get(self.argument as usize));
        let given = param.and_then(|param| used.args.get(&param.name)?.at(&self.fields));
        match name {
            name if self.made_of => name.is_some(),
            Some(names) if self.listed => given.is_some_and(|given| is_in(names, given)),
            name => name.is_some() && given == name,
        }
    }
}

/// The value is the other, or an element or a part of it.
fn is_in(whole: &Value, value: &Value) -> bool {
    whole == value
        || match whole {
            Value::List(elements) => elements.iter().any(|element| is_in(element, value)),
            Value::Record(fields) => fields.values().any(|field| is_in(field, value)),
            Value::Bool(_) | Value::Int(_) | Value::Text(_) => false,
        }
}

/// The looks at exactly what a judgement is about, by the name that is judged, after it was made.
pub(crate) fn renewing<'w>(
    workflow: &'w Workflow,
    terms: &mut Terms<'w>,
    (of, subject): (GrantAt, &ThingExpr),
    looks: &[(GrantAt, ThingExpr, Looked)],
) -> Vec<(GrantAt, Looked)> {
    let subject = meant_by_last(workflow, terms, of, subject);
    let mut found = Vec::new();
    for (at, expr, looked) in looks.iter().filter(|(.., looked)| !looked.silent) {
        let seen = if looked.is_whole() {
            terms.term_where(*at, expr, looked.argument, &looked.name)
        } else if looked.is_surely_at(workflow, *at) {
            terms.term(at.0, at.1, expr)
        } else {
            continue;
        };
        if shows_all(workflow, *at, expr) && relate(&workflow.kinds, &seen, &subject) == Meeting::One {
            found.push((*at, looked.clone()));
        }
    }
    found
}

/// The looks at all of a kind among which certainly is what a judgement is about: whatever name the judge gave for it, they show it.
pub(crate) fn covering<'w>(
    workflow: &'w Workflow,
    terms: &mut Terms<'w>,
    (of, subject): (GrantAt, &ThingExpr),
    step: StepId,
) -> Vec<(GrantAt, Looked)> {
    let subject = meant_by_last(workflow, terms, of, subject);
    let grants = workflow.steps.get(step.index()).map_or(0, |step| step.grants.len());
    let mut found = Vec::new();
    for at in (0..grants).map(|number| (step, GrantIx::of(number))) {
        let Some((granted, action)) = workflow.granted(at) else { continue };
        let read = action.clauses.said_read().chain(action.clauses.subjects());
        for expr in read.filter(|expr| expr.is_several() && shows_all(workflow, at, expr)) {
            if !covers(&workflow.kinds, &terms.term(at.0, at.1, expr), &subject) {
                continue;
            }
            let looked = naming(workflow, action, expr).into_iter().find_map(|(argument, fields)| {
                let Pin::Is(Expr::Datum(datum)) = granted.pins.get(argument as usize)? else { return None };
                let name = followed(datum, &fields);
                Some(Looked { argument, fields, name, listed: false, silent: false, made_of: false })
            });
            found.extend(looked.map(|looked| (at, looked)));
        }
    }
    found
}

/// Uses of a step that may look at what the datum, or a part of it, names, with the clause that says so. One of a list, a use names
/// by a choice of its own: there the clause means what it means in any use.
pub(crate) fn looks(
    workflow: &Workflow,
    terms: &mut Terms<'_>,
    step: StepId,
    judged: &Datum,
) -> Vec<(GrantAt, ThingExpr, Looked)> {
    let mut found = Vec::new();
    let Some(declared) = workflow.steps.get(step.index()) else { return found };
    let Some(whole) = workflow.type_of(judged) else { return found };
    let parts = workflow.leaves(whole);
    for index in 0..declared.grants.len() {
        let at = (step, GrantIx::of(index));
        let Some((granted, action)) = workflow.granted(at) else { continue };
        // What the datum's own use looked at is followed from the datum.
        if judged.root == (Root::Result { step, grant: at.1 }) {
            continue;
        }
        let clauses = &action.clauses;
        let silent = clauses.reads.is_none().then_some(&ThingExpr::Anything);
        for expr in clauses.said_read().chain(clauses.subjects()).chain(&clauses.changes).chain(silent) {
            let before = found.len();
            for (index, fields) in naming(workflow, action, expr) {
                let param = action.params.get(index as usize).map(|param| &param.ty);
                let of = param.and_then(|ty| fields.iter().try_fold(ty, |ty, f| workflow.field_type(ty, f)));
                let Some(of) = of else { continue };
                for part in &parts {
                    let path = judged.fields.iter().chain(part).cloned().collect();
                    let name = Datum { root: judged.root, fields: path };
                    let Some(ty) = workflow.type_of(&name) else { continue };
                    match ty {
                        // What is pinned to something else is not one of the list.
                        Type::List(element) | Type::Set(element)
                            if has_equal(workflow, element, of)
                                && !matches!(granted.pins.get(index as usize), Some(Pin::Is(_))) =>
                        {
                            let looked = Looked {
                                argument: index,
                                fields: fields.clone(),
                                name,
                                listed: true,
                                silent: false,
                                made_of: false,
                            };
                            found.push((at, expr.clone(), looked));
                        }
                        ty if may_be_equal(of, ty) => {
                            let here = (at, expr);
                            let Some(silent) = is_at(workflow, terms, here, (index, &fields), &name) else {
                                continue;
                            };
                            let looked = Looked {
                                argument: index,
                                fields: fields.clone(),
                                name,
                                listed: false,
                                silent,
                                made_of: false,
                            };
                            found.push((at, expr.clone(), looked));
                        }
                        _ => {}
                    }
                }
            }
            if found.len() == before {
                found.extend(
                    made_of(workflow, terms, (at, expr), judged).map(|looked| (at, expr.clone(), looked)),
                );
            }
        }
    }
    found
}

/// The look at what is named by something that is made of the datum, or lies in what the datum names.
fn made_of(
    workflow: &Workflow,
    terms: &mut Terms<'_>,
    (at, expr): (GrantAt, &ThingExpr),
    judged: &Datum,
) -> Option<Looked> {
    let (granted, _) = workflow.granted(at)?;
    let arguments = expr.keys().filter_map(|key| match key {
        KeyExpr::Argument { index, .. } => Some(*index),
        KeyExpr::Literal(_) | KeyExpr::Field(_) | KeyExpr::Every(_) | KeyExpr::Some => None,
    });
    let judged_as = terms.datum(judged);
    let mut made = arguments.filter(|index| match granted.pins.get(*index as usize) {
        Some(Pin::Is(expr)) => expr.data().any(|datum| {
            let is_part = datum.root == judged.root
                && (datum.fields.starts_with(&judged.fields) || judged.fields.starts_with(&datum.fields));
            is_part || terms.datum(datum) == judged_as
        }),
        _ => false,
    });
    let argument = made.next()?;
    let name = judged.clone();
    Some(Looked { argument, fields: Vec::new(), name, listed: false, silent: false, made_of: true })
}

/// A use may look at what the name names, by this argument; and whether that is so only because it is not said what it shows.
fn is_at(
    workflow: &Workflow,
    terms: &mut Terms<'_>,
    (at, expr): (GrantAt, &ThingExpr),
    (index, fields): (u32, &FieldPath),
    name: &Datum,
) -> Option<bool> {
    let (granted, action) = workflow.granted(at)?;
    let free = !matches!(granted.pins.get(index as usize), Some(Pin::Is(_)));
    let shown =
        if is_name(workflow, name) { Some(false) } else { shows_name(workflow, action, index, fields) };
    // A part of a record cannot be pinned by itself: there the use's own term has to do.
    let named = fields.is_empty().then(|| terms.term_where(at, expr, index, name));
    let meant = terms.term(at.0, at.1, expr);
    let surely = |is_so: bool| is_so.then_some(false);
    match (expr, named) {
        // Not said to be read, it may be anything that the argument names.
        (ThingExpr::Anything, _) => {
            let is_pinned = is_pinned_to(terms, granted.pins.get(index as usize), name);
            surely(is_pinned).or(shown.filter(|_| free))
        }
        (ThingExpr::Path(_), None) => match granted.pins.get(index as usize) {
            Some(Pin::Is(Expr::Datum(pinned))) => {
                surely(terms.datum(&followed(pinned, fields)) == terms.datum(name))
            }
            Some(Pin::Is(_)) => None,
            _ => Some(false),
        },
        (ThingExpr::Path(_), Some(named)) => match relate(&workflow.kinds, &named, &meant) {
            Meeting::One => Some(false),
            // All of a kind, in what has the name.
            _ if covers(&workflow.kinds, &meant, &named) => Some(false),
            // What it lies in is chosen by the use.
            _ if is_pinned_to(terms, granted.pins.get(index as usize), name) => Some(false),
            meeting => shown.filter(|_| free && !meeting.is_apart()),
        },
    }
}

fn is_pinned_to(terms: &mut Terms<'_>, pin: Option<&Pin>, name: &Datum) -> bool {
    pin.is_some_and(|pin| terms.argument(pin) == terms.datum(name))
}

/// Whoever uses the action is shown the name by which it looked: who judges the same value has looked at what it names. A field of
/// which nothing is said may be that name; then it is so only by silence.
fn shows_name(workflow: &Workflow, action: &Action, argument: u32, fields: &[String]) -> Option<bool> {
    let clauses = &action.clauses;
    let shown = || action.shows.iter().map(std::slice::from_ref);
    let said = shown().filter_map(|field| clauses.identity(field));
    let is_said = said
        .into_iter()
        .any(|(index, of)| index == argument && (fields.starts_with(&of) || of.starts_with(fields)));
    if is_said {
        return Some(false);
    }
    let param = action.params.get(argument as usize).map(|param| &param.ty)?;
    let ty = fields.iter().try_fold(param, |ty, field| workflow.field_type(ty, field))?;
    let may_be = |field: &[String]| {
        let shown = field.iter().try_fold(&action.result, |ty, field| workflow.field_type(ty, field));
        clauses.said_of(field).is_none() && shown == Some(ty)
    };
    shown().any(may_be).then_some(true)
}

/// The arguments that may be, or become, the name of what a clause means, each with where in it: of a clause that says
/// nothing, any that may name something.
fn naming(workflow: &Workflow, action: &Action, expr: &ThingExpr) -> Vec<(u32, FieldPath)> {
    let mut found = Vec::new();
    // All of a kind are looked at by the name of what they lie in.
    let is_all = |level: &&LevelExpr| level.keys.iter().all(|key| matches!(key, KeyExpr::Every(_)));
    let named = expr.levels().iter().rev().find(|level| !is_all(level));
    for key in named.into_iter().flat_map(|level| &level.keys) {
        match key {
            KeyExpr::Argument { index, fields } => found.push((*index, fields.clone())),
            KeyExpr::Field(fields) if action.clauses.identity(fields).is_none() => {
                found.extend(
                    arguments_in(workflow, action, fields).into_iter().map(|index| (index, Vec::new())),
                );
            }
            KeyExpr::Field(_) | KeyExpr::Literal(_) | KeyExpr::Every(_) | KeyExpr::Some => {}
        }
    }
    if *expr == ThingExpr::Anything {
        let open = (0_u32..).take(action.params.len()).filter(|index| is_open(workflow, action, *index));
        found.extend(open.map(|index| (index, Vec::new())));
    }
    found
}

/// Somebody may mean a thing by it: it was chosen, or a declaration says that it names something. Content that happens to be
/// spelled like the name of something is none.
fn is_name(workflow: &Workflow, datum: &Datum) -> bool {
    let Root::Result { step, grant } = datum.root else { return true };
    workflow.granted((step, grant)).is_some_and(|(_, action)| {
        let clauses = &action.clauses;
        clauses.made_as(&datum.fields).is_some() || clauses.identity(&datum.fields).is_some()
    })
}

/// A part of a value of the type can be equal to one of the other.
fn has_equal(workflow: &Workflow, whole: &Type, ty: &Type) -> bool {
    let parts = workflow.leaves(whole);
    parts.iter().any(|part| {
        let of = part.iter().try_fold(whole, |ty, field| workflow.field_type(ty, field));
        match of {
            Some(Type::List(element) | Type::Set(element)) => has_equal(workflow, element, ty),
            Some(of) => may_be_equal(of, ty),
            None => false,
        }
    })
}

/// Values of the two types can be equal: both are numbers, or both are written as text.
fn may_be_equal(a: &Type, b: &Type) -> bool {
    let is_number = |ty: &Type| matches!(ty, Type::Int | Type::Duration);
    a == b || a.is_written_as_text() && b.is_written_as_text() || is_number(a) && is_number(b)
}
