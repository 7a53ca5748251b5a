//! What whoever uses a grant can call the thing that it makes: whether there is always another name, and which ones there are.
//!
//! A name can be taken only where the choice ends: the machine makes nothing new of a name that the run was given, or that it
//! made before and has not removed.

use xp_artifact::declaration::{FieldPath, KeyExpr};
use xp_artifact::workflow::{Action, Expr, Grant, GrantIx, Pin, StepId, Workflow};
use xp_scope::{Type, Value};

/// Shorter texts may run out.
const ENDLESS_TEXT: u32 = 8;

/// An argument, or a field of one, that is a part of the key of something.
pub(crate) struct Part<'w> {
    /// Which argument.
    pub index: u32,
    pub fields: FieldPath,
    pub pin: &'w Pin,
    /// Of the field.
    pub ty: &'w Type,
}

/// Whoever uses the grant can always choose this part of a key so that nothing is called like it: what is chosen from does not end.
/// A few words, paths that are written out and the elements of a list do.
pub(crate) fn is_free(w: &Workflow, (grant, action): (&Grant, &Action), key: &KeyExpr) -> bool {
    match key {
        KeyExpr::Every(_) | KeyExpr::Some => true,
        KeyExpr::Literal(_) | KeyExpr::Argument { .. } | KeyExpr::Field(_) => {
            part(w, (grant, action), key).is_some_and(|part| part.is_endless())
        }
    }
}

/// The pins that say a part of a key; none where the upstream says it, or the declaration.
pub(crate) fn pin_of<'w>(grant: &'w Grant, action: &Action, key: &KeyExpr) -> Option<&'w Pin> {
    grant.pins.get(argument(action, key)?.0 as usize)
}

fn argument(action: &Action, key: &KeyExpr) -> Option<(u32, FieldPath)> {
    match key {
        KeyExpr::Argument { index, fields } => Some((*index, fields.clone())),
        KeyExpr::Field(fields) => action.clauses.identity(fields),
        KeyExpr::Literal(_) | KeyExpr::Every(_) | KeyExpr::Some => None,
    }
}

/// The argument by which a key is said; none where it is not.
pub(crate) fn part<'w>(
    w: &'w Workflow,
    (grant, action): (&'w Grant, &'w Action),
    key: &KeyExpr,
) -> Option<Part<'w>> {
    let (index, fields) = argument(action, key)?;
    let pin = grant.pins.get(index as usize)?;
    let whole = &action.params.get(index as usize)?.ty;
    let ty = fields.iter().try_fold(whole, |ty, field| w.field_type(ty, field))?;
    Some(Part { index, fields, pin, ty })
}

impl Part<'_> {
    /// How many values there are to choose from, where the workflow writes them all out.
    pub fn count(&self) -> Option<usize> {
        match (self.pin, self.ty) {
            (Pin::Is(_) | Pin::Absent, _) => Some(1),
            (Pin::OneOf { set: Expr::Literal(Value::List(elements)), .. }, _) => Some(elements.len()),
            (Pin::Within(patterns), _) => patterns.written_out().map(|paths| paths.len()),
            (Pin::Any, Type::Enum(words)) => Some(words.len()),
            _ => None,
        }
    }

    /// There is always one more value to choose.
    pub fn is_endless(&self) -> bool {
        match self.pin {
            Pin::Is(_) | Pin::OneOf { .. } | Pin::Absent => false,
            Pin::Within(patterns) => patterns.is_endless(),
            Pin::Content { max } => *max >= ENDLESS_TEXT,
            Pin::Any => match self.ty {
                Type::Int
                | Type::Text
                | Type::Path
                | Type::Branch
                | Type::Commit
                | Type::Tree
                | Type::Url => true,
                // Of some there are fewer than there may be uses.
                Type::Bool
                | Type::Decimal { .. }
                | Type::Time
                | Type::Duration
                | Type::Enum(_)
                | Type::List(_)
                | Type::Set(_)
                | Type::Record(_) => false,
            },
        }
    }
}

/// What whoever uses the grant says of the names of what it makes, the things' own names first.
pub(crate) fn parts(w: &Workflow, at: (StepId, GrantIx)) -> Vec<Part<'_>> {
    let Some(granted) = w.granted(at) else { return Vec::new() };
    let makings = || granted.1.clauses.makes.iter().map(|making| &making.thing);
    let own = makings().flat_map(|thing| thing.own_keys());
    let mut parts = parts_of(w, granted, own.chain(makings().flat_map(|thing| thing.keys())));
    parts.retain(|part| !matches!(part.pin, Pin::Is(_)));
    parts
}

/// The arguments by which these keys are said, each once.
pub(crate) fn parts_of<'w>(
    w: &'w Workflow,
    granted: (&'w Grant, &'w Action),
    keys: impl Iterator<Item = &'w KeyExpr>,
) -> Vec<Part<'w>> {
    let mut found: Vec<Part<'w>> = Vec::new();
    for part in keys.filter_map(|key| part(w, granted, key)) {
        if !found.iter().any(|known| known.index == part.index && known.fields == part.fields) {
            found.push(part);
        }
    }
    found
}
