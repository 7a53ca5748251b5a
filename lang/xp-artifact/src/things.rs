//! Which things the clauses of a declaration mean: as terms for one grant, and as things for one use.

use std::collections::{BTreeMap, HashMap};

use xp_scope::thing::{Chooser, Key, Kinds, Level, MintId, Piece, Symbol, SymbolId, Term, Thing};
use xp_scope::{PatternSet, Type, Value};

use crate::declaration::{KeyExpr, ThingExpr};
use crate::workflow::{Action, Datum, Expr, Grant, GrantIx, Pin, Root, StepId, TemplatePart, Workflow};

/// How many identities are followed from one datum; a checked workflow has no circle, a damaged one may.
const MAX_FOLLOWED: usize = 64;

/// Terms of the grants of one workflow, as they are in one live map: a datum has one value in it.
#[derive(Debug)]
pub struct Terms<'w> {
    workflow: &'w Workflow,
    symbols: HashMap<Datum, SymbolId>,
    mints: HashMap<(StepId, GrantIx), MintId>,
}

impl<'w> Terms<'w> {
    /// Of a workflow.
    #[must_use]
    pub fn of(workflow: &'w Workflow) -> Self {
        Self { workflow, symbols: HashMap::new(), mints: HashMap::new() }
    }

    /// The things that a clause of a grant's action means.
    pub fn term(&mut self, step: StepId, grant: GrantIx, expr: &ThingExpr) -> Term {
        let Some((granted, action)) = self.granted(step, grant) else {
            return Term::Undescribed("`changes`".to_owned());
        };
        let levels = expr.levels();
        let mut made = Vec::with_capacity(levels.len());
        for level in levels {
            let Some(kind) = self.workflow.kinds.named(&level.kind) else { break };
            let keys = level.keys.iter().map(|key| self.key(step, grant, granted, key)).collect();
            made.push(Level { kind, keys });
        }
        if made.is_empty() || made.len() < levels.len() {
            return Term::Undescribed(format!("`changes` of `{}.{}`", action.connector, action.name));
        }
        Term::Path(made)
    }

    /// What is known of a datum as a key.
    pub fn datum(&mut self, datum: &Datum) -> Key {
        self.follow(datum, MAX_FOLLOWED)
    }

    fn granted(&self, step: StepId, grant: GrantIx) -> Option<(&'w Grant, &'w Action)> {
        let granted = self.workflow.steps.get(step.index())?.grants.get(grant.index())?;
        Some((granted, self.workflow.actions.get(granted.action.index())?))
    }

    fn key(&mut self, step: StepId, grant: GrantIx, granted: &Grant, key: &KeyExpr) -> Key {
        match key {
            KeyExpr::Literal(value) => Key::Value(value.clone()),
            KeyExpr::Every(patterns) => Key::Every(patterns.clone()),
            KeyExpr::Some => Key::Chosen { by: Chooser::World, within: None },
            KeyExpr::Argument { index, fields } => match granted.pins.get(*index as usize) {
                Some(pin) => self.pin(pin, fields, MAX_FOLLOWED),
                None => Key::Chosen { by: Chooser::World, within: None },
            },
            KeyExpr::Field(fields) => {
                let root = Root::Result { step, grant };
                self.follow(&Datum { root, fields: fields.clone() }, MAX_FOLLOWED)
            }
        }
    }

    fn pin(&mut self, pin: &Pin, fields: &[String], left: usize) -> Key {
        let chosen =
            |within: Option<&PatternSet>| Key::Chosen { by: Chooser::Agent, within: within.cloned() };
        match pin {
            Pin::Is(expr) => self.expr(expr, fields, left),
            Pin::OneOf { within, .. } => chosen(within.as_ref()),
            Pin::Within(patterns) => chosen(Some(patterns)),
            Pin::Content { .. } | Pin::Any => chosen(None),
        }
    }

    fn expr(&mut self, expr: &Expr, fields: &[String], left: usize) -> Key {
        match expr {
            Expr::Literal(value) => match value.at(fields) {
                Some(value) => Key::Value(value.clone()),
                None => Key::Chosen { by: Chooser::World, within: None },
            },
            Expr::Datum(datum) => {
                let fields = datum.fields.iter().chain(fields).cloned().collect();
                self.follow(&Datum { root: datum.root, fields }, left)
            }
            Expr::Template(parts) => {
                let pieces = parts.iter().map(|part| self.piece(part, left)).collect::<Vec<_>>();
                Key::Template(pieces.concat())
            }
        }
    }

    /// A hole is what it is known to be: a literal, another template, or a symbol.
    fn piece(&mut self, part: &TemplatePart, left: usize) -> Vec<Piece> {
        let datum = match part {
            TemplatePart::Text(text) => return vec![Piece::Text(text.clone())],
            TemplatePart::Datum(datum) => datum,
        };
        match self.follow(datum, left) {
            Key::Value(Value::Text(text)) => vec![Piece::Text(text)],
            Key::Value(Value::Int(number)) => vec![Piece::Text(number.to_string())],
            Key::Template(pieces) => pieces,
            _ => {
                let ty = self.workflow.type_of(datum).cloned().unwrap_or(Type::Text);
                vec![Piece::Hole { symbol: self.symbol(datum), ty }]
            }
        }
    }

    fn follow(&mut self, datum: &Datum, left: usize) -> Key {
        let Root::Result { step, grant } = datum.root else { return Key::Symbol(self.symbol(datum)) };
        let Some((left, (granted, action))) = left.checked_sub(1).zip(self.granted(step, grant)) else {
            return Key::Symbol(self.symbol(datum));
        };
        let clauses = &action.clauses;
        let named = clauses
            .identity(&datum.fields)
            .and_then(|(index, fields)| Some(self.pin(granted.pins.get(index as usize)?, &fields, left)));
        // What is chosen at each use is one value only as the result of the last one.
        let (named, by) = match named {
            Some(Key::Chosen { by, .. }) => (None, by),
            named => (named, Chooser::World),
        };
        let makes = clauses.names_made(&datum.fields);
        match named {
            _ if makes && granted.limit.uses == 1 => {
                Key::Minted { mint: self.mint(step, grant), name: named.map(Box::new) }
            }
            Some(known) => known,
            None => Key::Symbol(Symbol { by, ..self.symbol(datum) }),
        }
    }

    fn symbol(&mut self, datum: &Datum) -> Symbol {
        let next = SymbolId(u32::try_from(self.symbols.len()).unwrap_or(u32::MAX));
        let id = *self.symbols.entry(datum.clone()).or_insert(next);
        let (by, given) = match datum.root {
            Root::Param(_) => (Chooser::Starter, true),
            Root::Submission { .. } => (Chooser::Agent, false),
            Root::Result { .. } => (Chooser::World, false),
        };
        Symbol { id, by, given }
    }

    fn mint(&mut self, step: StepId, grant: GrantIx) -> MintId {
        let next = MintId(u32::try_from(self.mints.len()).unwrap_or(u32::MAX));
        *self.mints.entry((step, grant)).or_insert(next)
    }
}

/// The thing that a clause means in one use, as far as it is one: up to the first key that stands for several or that has
/// no value yet, so the thing that encloses all it can be. None where that is not even the outermost.
#[must_use]
pub fn thing(
    kinds: &Kinds,
    action: &Action,
    args: &BTreeMap<String, Value>,
    result: Option<&Value>,
    expr: &ThingExpr,
) -> Option<Thing> {
    let mut made = Vec::with_capacity(expr.levels().len());
    for level in expr.levels() {
        let keys: Option<Vec<Value>> =
            level.keys.iter().map(|key| value(action, args, result, key).cloned()).collect();
        let (Some(kind), Some(keys)) = (kinds.named(&level.kind), keys) else { break };
        made.push((kind, keys));
    }
    (!made.is_empty()).then_some(Thing { levels: made })
}

/// The value of a key in one use.
fn value<'v>(
    action: &'v Action,
    args: &'v BTreeMap<String, Value>,
    result: Option<&'v Value>,
    key: &'v KeyExpr,
) -> Option<&'v Value> {
    let argument =
        |index: u32, fields: &[String]| args.get(&action.params.get(index as usize)?.name)?.at(fields);
    match key {
        KeyExpr::Literal(value) => Some(value),
        KeyExpr::Argument { index, fields } => argument(*index, fields),
        KeyExpr::Field(fields) => match action.clauses.identity(fields) {
            Some((index, of)) => argument(index, &of),
            None => result?.at(fields),
        },
        KeyExpr::Every(_) | KeyExpr::Some => None,
    }
}
