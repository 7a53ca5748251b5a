//! What whoever uses a grant can call the thing that it makes: whether there is always another name, and which ones there are.
//!
//! A name can be taken only where the choice ends: the machine makes nothing new of a name that the run was given, or that it
//! made before and has not removed.

use xp_artifact::declaration::{FieldPath, KeyExpr};
use xp_artifact::workflow::{Action, Grant, GrantIx, Pin, StepId, Workflow};
use xp_scope::Type;

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

fn part<'w>(w: &'w Workflow, (grant, action): (&'w Grant, &'w Action), key: &KeyExpr) -> Option<Part<'w>> {
    let (index, fields) = argument(action, key)?;
    let pin = grant.pins.get(index as usize)?;
    let whole = &action.params.get(index as usize)?.ty;
    let ty = fields.iter().try_fold(whole, |ty, field| w.field_type(ty, field))?;
    Some(Part { index, fields, pin, ty })
}

impl Part<'_> {
    /// There is always one more value to choose.
    pub fn is_endless(&self) -> bool {
        match self.pin {
            Pin::Is(_) | Pin::OneOf { .. } => false,
            Pin::Within(patterns) => patterns.is_endless(),
            Pin::Content { max } => *max >= ENDLESS_TEXT,
            Pin::Any => match self.ty {
                Type::Int | Type::Text | Type::Path | Type::Branch | Type::Commit | Type::Tree => true,
                Type::Bool | Type::Enum(_) | Type::List(_) | Type::Record(_) => false,
            },
        }
    }
}

/// What whoever uses the grant says of the names of what it makes, the things' own names first.
pub(crate) fn parts(w: &Workflow, at: (StepId, GrantIx)) -> Vec<Part<'_>> {
    let Some((grant, action)) = w.granted(at) else { return Vec::new() };
    let makings = || action.clauses.makes.iter().map(|making| &making.thing);
    let keys = makings().flat_map(|thing| thing.own_keys()).chain(makings().flat_map(|thing| thing.keys()));
    let mut found: Vec<Part<'_>> = Vec::new();
    for part in keys.filter_map(|key| part(w, (grant, action), key)) {
        if !matches!(part.pin, Pin::Is(_))
            && !found.iter().any(|known| known.index == part.index && known.fields == part.fields)
        {
            found.push(part);
        }
    }
    found
}
