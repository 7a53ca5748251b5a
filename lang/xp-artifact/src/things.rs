//! Which things the clauses of a declaration mean: as terms for one grant, and as things for one use.

use std::collections::{BTreeMap, BTreeSet, HashMap, hash_map};

use xp_scope::thing::{
    Chooser, Key, KeyDecl, KindIx, Kinds, Level, MadeBy, MintId, Piece, Symbol, SymbolId, Term, Thing,
};
use xp_scope::{PatternSet, Type, Value};

use crate::declaration::{KeyExpr, Making, ThingExpr};
use crate::order::Order;
use crate::workflow::{
    Action, ActionId, Assumption, Datum, Expr, Grant, GrantIx, Limit, Per, Pin, Root, StepId, TemplatePart,
    Workflow,
};

/// How many identities are followed from one datum; a checked workflow has no circle, a damaged one may.
const MAX_FOLLOWED: usize = 64;

/// Terms of the grants of one workflow, as they are in one live map: a datum has one value in it.
#[derive(Debug)]
pub struct Terms<'w> {
    workflow: &'w Workflow,
    symbols: HashMap<Datum, SymbolId>,
    /// By symbol: its datum, or none where it stands for the value that one has at another time.
    data: Vec<Option<Datum>>,
    /// By symbol: the one for its value at another time.
    others: HashMap<SymbolId, SymbolId>,
    /// The steps that open again, once they are asked for.
    reopened: Option<BTreeSet<StepId>>,
    /// By grant and position of the first clause of its action that makes the thing.
    mints: HashMap<(StepId, GrantIx, usize), MintId>,
    /// By number of the mint.
    homes: Vec<Home<'w>>,
    /// Kinds of which the run may remove what it made.
    removed: BTreeSet<KindIx>,
    /// By mint, once asked for: the thing that is made there; none while it is being looked for.
    homed: HashMap<MintId, Option<Vec<Level>>>,
}

/// Where something new is made.
#[derive(Clone, Debug)]
struct Home<'w> {
    step: StepId,
    grant: GrantIx,
    making: &'w Making,
    /// What its name is where nothing is known to be new.
    symbol: Symbol,
}

impl<'w> Terms<'w> {
    /// Of a workflow.
    #[must_use]
    pub fn of(workflow: &'w Workflow) -> Self {
        let removed = removed(workflow);
        Self {
            workflow,
            symbols: HashMap::new(),
            data: Vec::new(),
            others: HashMap::new(),
            reopened: None,
            mints: HashMap::new(),
            homes: Vec::new(),
            removed,
            homed: HashMap::new(),
        }
    }

    /// The things that a clause of a grant's action means.
    pub fn term(&mut self, step: StepId, grant: GrantIx, expr: &ThingExpr) -> Term {
        let Some((granted, action)) = self.workflow.granted((step, grant)) else {
            return Term::Undescribed("`changes`".to_owned());
        };
        match self.levels(step, grant, granted, expr, MAX_FOLLOWED) {
            Some(levels) => Term::Path(levels),
            None => Term::Undescribed(format!("`changes` of `{}.{}`", action.connector, action.name)),
        }
    }

    /// As [`Self::term`], in a use of which an argument is this datum, whatever else its pin admits.
    pub fn term_where(&mut self, at: (StepId, GrantIx), expr: &ThingExpr, index: u32, datum: &Datum) -> Term {
        let undescribed = || Term::Undescribed("what is looked at".to_owned());
        let Some((granted, _)) = self.workflow.granted(at) else { return undescribed() };
        let mut granted = granted.clone();
        let Some(pin) = granted.pins.get_mut(index as usize) else { return undescribed() };
        *pin = Pin::Is(Expr::Datum(datum.clone()));
        self.levels(at.0, at.1, &granted, expr, MAX_FOLLOWED).map_or_else(undescribed, Term::Path)
    }

    /// The thing that an assumption is about.
    pub fn assumed(&mut self, assumption: &Assumption) -> Term {
        self.written(&assumption.thing, &assumption.given)
    }

    /// Things as a workflow writes them, outside of every grant.
    pub fn written(&mut self, thing: &ThingExpr, given: &[Expr]) -> Term {
        let pins = given.iter().cloned().map(Pin::Is).collect();
        // Only what it pins is looked at.
        let limit = Limit { uses: 1, per: Per::Run };
        let granted = Grant { action: ActionId(0), pins, limit, binder: None, ttl_seconds: 0 };
        match self.levels(StepId(0), GrantIx(0), &granted, thing, MAX_FOLLOWED) {
            Some(levels) => Term::Path(levels),
            None => Term::Undescribed("what is written".to_owned()),
        }
    }

    /// What a use of a grant makes: new under the name that it is given, too.
    pub fn made(&mut self, step: StepId, grant: GrantIx, making: &'w Making) -> Term {
        let mut term = self.term(step, grant, &making.thing);
        if let Term::Path(levels) = &mut term
            && let Some(own) = levels.last_mut()
            && let [key @ (Key::Value(_) | Key::Symbol(_) | Key::Template(_) | Key::Chosen { .. })] =
                own.keys.as_mut_slice()
        {
            let name = Box::new(key.clone());
            let again = self.removed.contains(&own.kind);
            let one =
                self.workflow.granted((step, grant)).is_some_and(|(granted, _)| granted.limit.uses == 1);
            let by = if one { MadeBy::Only } else { MadeBy::Any };
            *key = Key::Minted { mint: self.mint(step, grant, making), by, name: Some(name), again };
        }
        term
    }

    fn levels(
        &mut self,
        step: StepId,
        grant: GrantIx,
        granted: &Grant,
        expr: &ThingExpr,
        left: usize,
    ) -> Option<Vec<Level>> {
        let mut levels = Vec::with_capacity(expr.levels().len());
        for level in expr.levels() {
            let kind = self.workflow.kinds.named(&level.kind)?;
            let keys = level.keys.iter().map(|key| self.key(step, grant, granted, key)).collect();
            levels.push(Level { kind, keys, deep: level.deep });
        }
        if levels.is_empty() {
            return None;
        }
        self.keep_new(&mut levels, left);
        Some(levels)
    }

    /// A name is new where it was made. As the name of another kind, or in another place, it is any name that the run was not
    /// given; of those it was given, the machine knows all that name something of git.
    fn keep_new(&mut self, levels: &mut [Level], left: usize) {
        for (at, part, mint) in mints(levels) {
            let Some(home) = self.homes.get(mint.0 as usize).cloned() else { continue };
            if self.is_home(mint, &home, levels.get(..=at).unwrap_or_default(), part, left) {
                continue;
            }
            let Some(level) = levels.get_mut(at) else { continue };
            let decl = self.workflow.kinds.get(level.kind).and_then(|kind| kind.key.get(part));
            let git = decl.is_some_and(KeyDecl::is_of_git);
            let Some(key) = level.keys.get_mut(part) else { continue };
            let name = match key {
                Key::Minted { name: Some(name), .. } => (**name).clone(),
                _ => Key::Symbol(home.symbol),
            };
            *key = match key {
                Key::Minted { by, .. } if git => {
                    Key::Minted { mint, by: *by, name: Some(Box::new(name)), again: true }
                }
                _ => name,
            };
        }
    }

    /// Whether something of the kind may be gone after a use: a name of what was made may be free again.
    #[must_use]
    pub fn may_be_removed(&self, kind: KindIx) -> bool {
        self.removed.contains(&kind)
    }

    /// How many levels of a thing, from the outermost, name what the run made.
    pub fn own_levels(&mut self, term: &Term) -> usize {
        self.owned(term).map_or(0, |(at, _)| at + 1)
    }

    /// The grant of which a use made the thing.
    pub fn maker(&mut self, term: &Term) -> Option<(StepId, GrantIx)> {
        let Term::Path(levels) = term else { return None };
        self.owned(term).filter(|(at, _)| at + 1 == levels.len()).map(|(_, maker)| maker)
    }

    /// The innermost level of a thing that names what the run made, with the grant that made it.
    fn owned(&mut self, term: &Term) -> Option<(usize, (StepId, GrantIx))> {
        let Term::Path(levels) = term else { return None };
        let own = mints(levels).into_iter().filter_map(|(at, part, mint)| {
            let home = self.homes.get(mint.0 as usize).cloned()?;
            let here = levels.get(..=at).unwrap_or_default();
            self.is_home(mint, &home, here, part, MAX_FOLLOWED).then_some((at, (home.step, home.grant)))
        });
        own.max_by_key(|(at, _)| *at)
    }

    /// Whether a thing whose own key is new in one part is the one made there.
    fn is_home(&mut self, mint: MintId, home: &Home<'w>, here: &[Level], part: usize, left: usize) -> bool {
        let Some((left, (granted, _))) =
            left.checked_sub(1).zip(self.workflow.granted((home.step, home.grant)))
        else {
            return false;
        };
        if let hash_map::Entry::Vacant(entry) = self.homed.entry(mint) {
            entry.insert(None);
            let made = self.levels(home.step, home.grant, granted, &home.making.thing, left);
            self.homed.insert(mint, Some(made.unwrap_or_default()));
        }
        let Some((here, enclosing)) = here.split_last() else { return false };
        let Some(made) = self.homed.get(&mint).and_then(Option::as_ref) else {
            // In the thing that is being looked for, the new name stands where it is made.
            let making = home.making.thing.levels();
            let kind = making.last().and_then(|own| self.workflow.kinds.named(&own.kind));
            return making.len() == enclosing.len() + 1 && kind == Some(here.kind);
        };
        let Some((own, outer)) = made.split_last() else { return false };
        // What each use chooses anew is another thing each time, in any part of a key.
        own.kind == here.kind
            && outer == enclosing
            && others(own, part).eq(others(here, part))
            && outer.iter().all(is_one)
            && others(own, part).all(is_one_key)
    }

    /// What is known of a datum as a key.
    pub fn datum(&mut self, datum: &Datum) -> Key {
        self.follow(datum, MAX_FOLLOWED)
    }

    /// What is known of an argument with the pin.
    pub fn argument(&mut self, pin: &Pin) -> Key {
        self.pin(pin, &[], MAX_FOLLOWED)
    }

    fn key(&mut self, step: StepId, grant: GrantIx, granted: &Grant, key: &KeyExpr) -> Key {
        match key {
            KeyExpr::Literal(value) => Key::Value(value.clone()),
            KeyExpr::Every(patterns) => Key::Every(patterns.clone()),
            KeyExpr::Some => Key::Chosen { by: Chooser::World, within: None, given: false },
            KeyExpr::Argument { index, fields } => match granted.pins.get(*index as usize) {
                Some(pin) => self.pin(pin, fields, MAX_FOLLOWED),
                None => Key::Chosen { by: Chooser::World, within: None, given: false },
            },
            KeyExpr::Field(fields) => {
                let root = Root::Result { step, grant };
                self.follow(&Datum { root, fields: fields.clone() }, MAX_FOLLOWED)
            }
        }
    }

    fn pin(&mut self, pin: &Pin, fields: &[String], left: usize) -> Key {
        let chosen = |within: Option<&PatternSet>| Key::Chosen {
            by: Chooser::Agent,
            within: within.cloned(),
            given: false,
        };
        match pin {
            Pin::Is(expr) => self.expr(expr, fields, left),
            Pin::OneOf { set, within } => Key::Chosen {
                by: Chooser::Agent,
                within: within.as_ref().or_else(|| self.handed_in(set)).cloned(),
                given: matches!(set, Expr::Datum(Datum { root: Root::Param(_), .. })),
            },
            Pin::Within(patterns) => chosen(Some(patterns)),
            Pin::Content { .. } | Pin::Any | Pin::Absent => chosen(None),
        }
    }

    /// The patterns that bound what a submission holds.
    fn handed_in(&self, set: &Expr) -> Option<&'w PatternSet> {
        match set {
            Expr::Datum(datum) => self.declared_within(datum),
            Expr::Literal(_) | Expr::Template(_) => None,
        }
    }

    fn declared_within(&self, datum: &Datum) -> Option<&'w PatternSet> {
        let Datum { root: Root::Submission { step, submission }, fields } = datum else { return None };
        let declared = self.workflow.steps.get(step.index())?.submissions.get(submission.index())?;
        declared.within.as_ref().filter(|_| fields.is_empty())
    }

    fn expr(&mut self, expr: &Expr, fields: &[String], left: usize) -> Key {
        match expr {
            Expr::Literal(value) => match value.at(fields) {
                Some(value) => Key::Value(value.clone()),
                None => Key::Chosen { by: Chooser::World, within: None, given: false },
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
        let Some((left, (granted, action))) = left.checked_sub(1).zip(self.workflow.granted((step, grant)))
        else {
            return Key::Symbol(self.symbol(datum));
        };
        let clauses = &action.clauses;
        let named = clauses
            .identity(&datum.fields)
            .and_then(|(index, fields)| Some(self.pin(granted.pins.get(index as usize)?, &fields, left)));
        // What is chosen at each use is one value only as the result of the last one.
        let (named, unknown) = match named {
            Some(Key::Chosen { by, within, .. }) => {
                let chosen = Symbol { by, within, ..self.symbol(datum) };
                (Some(Key::Symbol(chosen.clone())), chosen)
            }
            named => (named, Symbol { by: Chooser::World, ..self.symbol(datum) }),
        };
        match (clauses.made_as(&datum.fields), named) {
            (Some(making), named) => {
                let kind = making.thing.levels().last().and_then(|own| self.workflow.kinds.named(&own.kind));
                let again = kind.is_none_or(|kind| self.removed.contains(&kind));
                let mint = self.mint(step, grant, making);
                if let Some(home) = self.homes.get_mut(mint.0 as usize) {
                    home.symbol = unknown;
                }
                let by = if granted.limit.uses == 1 { MadeBy::Only } else { MadeBy::Last };
                Key::Minted { mint, by, name: named.map(Box::new), again }
            }
            (_, Some(known)) => known,
            (_, None) => Key::Symbol(unknown),
        }
    }

    fn symbol(&mut self, datum: &Datum) -> Symbol {
        let id = match self.symbols.get(datum) {
            Some(known) => *known,
            None => {
                let id = self.new_symbol(Some(datum.clone()));
                self.symbols.insert(datum.clone(), id);
                id
            }
        };
        let (by, given) = match datum.root {
            Root::Param(_) => (Chooser::Starter, true),
            Root::Submission { .. } => (Chooser::Agent, false),
            Root::Result { .. } => (Chooser::World, false),
        };
        Symbol { id, by, given, within: self.declared_within(datum).cloned() }
    }

    fn new_symbol(&mut self, datum: Option<Datum>) -> SymbolId {
        let id = SymbolId(u32::try_from(self.data.len()).unwrap_or(u32::MAX));
        self.data.push(datum);
        id
    }

    /// The same term with the values that data of these steps, which open again, have at another time.
    pub fn at_another_time(&mut self, term: &Term, reopened: &BTreeSet<StepId>) -> Term {
        let Term::Path(levels) = term else { return term.clone() };
        let levels = levels.iter().map(|level| Level {
            kind: level.kind,
            deep: level.deep,
            keys: level.keys.iter().map(|key| self.key_at_another_time(key, reopened)).collect(),
        });
        Term::Path(levels.collect())
    }

    /// The same term with the values that data of the workflow have in any opening of their steps.
    pub fn in_any_opening(&mut self, term: &Term) -> Term {
        let workflow = self.workflow;
        let reopened = self.reopened.take().unwrap_or_else(|| Order::of(workflow).reopened().clone());
        let term = self.at_another_time(term, &reopened);
        self.reopened = Some(reopened);
        term
    }

    fn key_at_another_time(&mut self, key: &Key, reopened: &BTreeSet<StepId>) -> Key {
        match key {
            Key::Symbol(symbol) => Key::Symbol(self.symbol_at_another_time(symbol, reopened)),
            Key::Template(pieces) => {
                let pieces = pieces.iter().map(|piece| match piece {
                    Piece::Text(text) => Piece::Text(text.clone()),
                    Piece::Hole { symbol, ty } => {
                        Piece::Hole { symbol: self.symbol_at_another_time(symbol, reopened), ty: ty.clone() }
                    }
                });
                Key::Template(pieces.collect())
            }
            Key::Minted { mint, by, name, again } => {
                let name = name.as_ref().map(|name| Box::new(self.key_at_another_time(name, reopened)));
                // What its step makes in another opening is something else.
                let again_made =
                    self.homes.get(mint.0 as usize).is_some_and(|home| reopened.contains(&home.step));
                let by = if again_made { MadeBy::Any } else { *by };
                Key::Minted { mint: *mint, by, name, again: *again }
            }
            Key::Value(_) | Key::Chosen { .. } | Key::Every(_) => key.clone(),
        }
    }

    fn symbol_at_another_time(&mut self, symbol: &Symbol, reopened: &BTreeSet<StepId>) -> Symbol {
        let datum = self.data.get(symbol.id.0 as usize).and_then(Option::as_ref);
        if !datum.and_then(|datum| datum.root.step()).is_some_and(|step| reopened.contains(&step)) {
            return symbol.clone();
        }
        let id = match self.others.get(&symbol.id) {
            Some(known) => *known,
            None => {
                let id = self.new_symbol(None);
                self.others.insert(symbol.id, id);
                id
            }
        };
        Symbol { id, ..symbol.clone() }
    }

    fn mint(&mut self, step: StepId, grant: GrantIx, making: &'w Making) -> MintId {
        let made = self.workflow.granted((step, grant)).map(|(_, action)| action.clauses.makes.as_slice());
        let first = made.unwrap_or_default().iter().position(|one| one.thing == making.thing);
        let place = (step, grant, first.unwrap_or(usize::MAX));
        if let Some(known) = self.mints.get(&place) {
            return *known;
        }
        let mint = MintId(u32::try_from(self.homes.len()).unwrap_or(u32::MAX));
        let symbol = self.symbol(&Datum { root: Root::Result { step, grant }, fields: Vec::new() });
        self.homes.push(Home { step, grant, making, symbol });
        self.mints.insert(place, mint);
        mint
    }
}

/// What is new in a thing: level, part of its key, mint.
fn mints(levels: &[Level]) -> Vec<(usize, usize, MintId)> {
    let keys = levels
        .iter()
        .enumerate()
        .flat_map(|(at, level)| level.keys.iter().enumerate().map(move |(part, key)| (at, part, key)));
    keys.filter_map(|(at, part, key)| match key {
        Key::Minted { mint, .. } => Some((at, part, *mint)),
        _ => None,
    })
    .collect()
}

/// The other parts of the level's key.
fn others(level: &Level, part: usize) -> impl Iterator<Item = &Key> {
    level.keys.iter().enumerate().filter(move |(other, _)| *other != part).map(|(_, key)| key)
}

/// The level stands for one thing.
fn is_one(level: &Level) -> bool {
    level.keys.iter().all(is_one_key)
}

fn is_one_key(key: &Key) -> bool {
    !matches!(key, Key::Every(_) | Key::Chosen { .. })
}

/// The kinds of which something may be gone after a use of some grant: those removed, and what lies in them.
fn removed(workflow: &Workflow) -> BTreeSet<KindIx> {
    let granted = workflow.steps.iter().flat_map(|step| &step.grants);
    let actions = granted.filter_map(|grant| workflow.actions.get(grant.action.index()));
    let mut found = BTreeSet::new();
    for expr in actions.flat_map(|action| &action.clauses.removes) {
        let levels = expr.levels();
        let several = levels
            .iter()
            .position(|level| level.keys.iter().any(|key| matches!(key, KeyExpr::Every(_) | KeyExpr::Some)));
        // Where several of a kind are removed, the machine forgets all that the enclosing thing holds.
        let base = several.map_or(levels.len(), |at| at.max(1)).checked_sub(1);
        let base = base.and_then(|at| levels.get(at)).and_then(|level| workflow.kinds.named(&level.kind));
        found.extend(base);
    }
    // Kinds lie at most as deep as there are kinds.
    for _ in 0..workflow.kinds.iter().count() {
        let all = (0..workflow.kinds.iter().count()).filter_map(|at| u32::try_from(at).ok()).map(KindIx);
        let more: Vec<KindIx> = all
            .filter(|kind| workflow.kinds.parents(*kind).iter().any(|parent| found.contains(parent)))
            .collect();
        let before = found.len();
        found.extend(more);
        if found.len() == before {
            break;
        }
    }
    found
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
