//! What the questions look up in a workflow again and again: order, cones, what an outcome needs, what a loop resets.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use xp_artifact::declaration::{Clauses, KeyExpr, Making};
use xp_artifact::depends::{self, Resets};
use xp_artifact::filled::is_filled;
use xp_artifact::passing::identities;
use xp_artifact::things::Terms;
use xp_artifact::workflow::{
    Action, ActionId, Atom, Condition, Datum, Effect, Expr, Formula, Grant, GrantIx, How, Loop, LoopId,
    Outcome, OutcomeIx, Per, Pin, Repeat, RoleId, Root, Step, StepId, Then, Workflow,
};
use xp_diagnostics::Span;
use xp_machine::Machine;
use xp_scope::thing::{Key, Level, Meeting, Term, can_equal, relate};
use xp_scope::{Type, Value, check};
use xpc_model::{Dependencies, Model, Place, ProofObligation};

use crate::compared::Compared;
use crate::guarding::Guarding;
use crate::refused::{Refused, refused};
use crate::scopes;
use crate::taken::Taken;
use crate::template::{self, Named};

// Invariant: nothing reads these two. `Facts::of` has the machine check every id of the workflow, and `ids` those of a
// question; they stand where the type system cannot know it and a panic is not allowed.
static NO_STEP: Step = Step {
    name: String::new(),
    role: RoleId(0),
    after: Formula::Any(Vec::new()),
    grants: Vec::new(),
    submissions: Vec::new(),
    within: None,
    outcomes: Vec::new(),
};

const NO_CLAUSES: Clauses = Clauses {
    changes: Vec::new(),
    puts: Vec::new(),
    reads: None,
    makes: Vec::new(),
    removes: Vec::new(),
    about: Vec::new(),
    finals: Vec::new(),
    expects: Vec::new(),
    from: Vec::new(),
    is: Vec::new(),
    versions: Vec::new(),
    measured_by: None,
};

static NO_ACTION: Action = Action {
    connector: String::new(),
    name: String::new(),
    params: Vec::new(),
    result: Type::Bool,
    effect: Effect::Read,
    irreversible: false,
    reveals_untrusted: false,
    reveals_private: false,
    publishes: false,
    attests: false,
    clauses: NO_CLAUSES,
    shows: Vec::new(),
    repeat: Repeat::Manual,
    transport: None,
};

/// A grant of a step.
pub(crate) type GrantAt = (StepId, GrantIx);

/// A model with its tables.
pub(crate) struct Facts<'m> {
    pub model: &'m Model,
    pub w: &'m Workflow,
    /// What traces are replayed on.
    pub machine: Machine,
    /// Every step after all it depends on.
    pub order: Vec<StepId>,
    rank: Vec<usize>,
    parents: Vec<Vec<StepId>>,
    parts: Vec<usize>,
    resets: Resets,
    usable: Vec<Vec<bool>>,
    submittable: Vec<bool>,
    /// Grants that make what the run was given.
    refused: Refused,
    /// Names that may be taken.
    pub taken: Taken,
    guarding: Guarding<'m>,
    /// The data that are compared.
    pub compared: Compared,
    /// Steps with names put together of which no value that was tried makes one.
    untried: BTreeSet<StepId>,
    /// Outcomes that limits per run rule out, once they are known.
    never: OnceCell<BTreeSet<Atom>>,
    /// `finish` holds before anything happens: the first settling ends the run.
    pub over_at_once: bool,
}

impl<'m> Facts<'m> {
    /// # Errors
    /// Why nothing can be proved about the workflow.
    pub fn of(model: &'m Model, asked: &[ProofObligation]) -> Result<Self, String> {
        let w = &model.workflow;
        // What the machine would not run is not proved either: from here on every id of the workflow names something.
        let machine = Machine::new(w.clone()).map_err(|malformed| malformed.to_string())?;
        let graph = Dependencies::of(w);
        let order = graph.order().map_err(|_| "the steps depend on each other in a circle".to_owned())?;
        let mut rank = vec![0; w.steps.len()];
        for (position, step) in order.iter().enumerate() {
            if let Some(place) = rank.get_mut(step.index()) {
                *place = position;
            }
        }
        let parents = depends::needs(w);
        let parts = graph.components();
        let resets = Resets::of(w, parents.clone());
        let refused = refused(w);
        let usable = w
            .steps
            .iter()
            .enumerate()
            .map(|(index, step)| {
                let pins =
                    |grant: &Grant| typed(w, grant).all(|(pin, ty)| scopes::pin_lets_through(w, pin, ty));
                let granted = |ix: usize| !refused.surely.contains_key(&(StepId::of(index), GrantIx::of(ix)));
                let grants = step.grants.iter().enumerate();
                grants.map(|(ix, grant)| grant.limit.uses > 0 && granted(ix) && pins(grant)).collect()
            })
            .collect();
        let submittable =
            w.steps.iter().map(|step| step.submissions.iter().all(scopes::submission_possible)).collect();
        let over_at_once = w.finish.holds(&|_| false, &|_| false);
        let taken = Taken::of(w, &resets);
        let guarding = Guarding::of(w, &parents);
        Ok(Self {
            model,
            w,
            machine,
            order,
            rank,
            parents,
            parts,
            resets,
            usable,
            refused,
            submittable,
            taken,
            guarding,
            compared: Compared::of(w, asked.iter().map(|asked| &asked.question)),
            untried: untried(w),
            never: OnceCell::new(),
            over_at_once,
        })
    }

    pub fn steps(&self) -> impl Iterator<Item = StepId> + use<> {
        (0..self.w.steps.len()).map(StepId::of)
    }

    pub fn step(&self, id: StepId) -> &'m Step {
        self.w.steps.get(id.index()).unwrap_or(&NO_STEP)
    }

    pub fn grant(&self, (step, ix): GrantAt) -> Option<&'m Grant> {
        self.step(step).grants.get(ix.index())
    }

    pub fn action(&self, id: ActionId) -> &'m Action {
        self.w.actions.get(id.index()).unwrap_or(&NO_ACTION)
    }

    /// The action of a grant.
    pub fn action_of(&self, at: GrantAt) -> &'m Action {
        self.grant(at).map_or(&NO_ACTION, |grant| self.action(grant.action))
    }

    pub fn grants(&self) -> impl Iterator<Item = (GrantAt, &'m Grant)> + '_ {
        self.steps().flat_map(|id| {
            self.step(id)
                .grants
                .iter()
                .enumerate()
                .map(move |(index, grant)| ((id, GrantIx::of(index)), grant))
        })
    }

    /// The action with this qualified name, for messages.
    pub fn action_name(&self, at: GrantAt) -> String {
        let action = self.action_of(at);
        format!("{}.{}", action.connector, action.name)
    }

    pub fn outcome(&self, atom: Atom) -> Option<&'m Outcome> {
        self.step(atom.step).outcomes.get(atom.outcome.index())
    }

    pub fn atoms(&self, step: StepId) -> impl Iterator<Item = (Atom, &'m Outcome)> + use<'m> {
        let outcomes = self.step(step).outcomes.iter().enumerate();
        outcomes.map(move |(index, outcome)| (Atom { step, outcome: OutcomeIx::of(index) }, outcome))
    }

    /// Outcomes that leave the step settled and that nothing static rules out.
    pub fn continuing(&self, step: StepId) -> impl Iterator<Item = Atom> + '_ {
        self.atoms(step)
            .filter(|(atom, outcome)| outcome.then == Then::Settle && self.possible(*atom))
            .map(|(a, _)| a)
    }

    pub fn the_loop(&self, id: LoopId) -> Option<&'m Loop> {
        self.w.loops.get(id.index())
    }

    pub fn loops(&self) -> impl Iterator<Item = (LoopId, &'m Loop)> + use<'m> {
        self.w.loops.iter().enumerate().map(|(index, l)| (LoopId::of(index), l))
    }

    /// The target of a loop and all downstream of it, in id order.
    pub fn reset_by(&self, id: LoopId) -> &[StepId] {
        self.resets.by(id)
    }

    /// The loop resets the step.
    pub fn resets(&self, id: LoopId, step: StepId) -> bool {
        self.resets.has(id, step)
    }

    /// The steps that some of the loops reset, in id order.
    pub fn reset_by_any(&self, loops: &[LoopId]) -> Vec<StepId> {
        self.resets.by_any(loops.iter().copied())
    }

    /// The steps that the step depends on directly.
    pub fn parents(&self, step: StepId) -> &[StepId] {
        self.parents.get(step.index()).map(Vec::as_slice).unwrap_or_default()
    }

    /// Position in `order`.
    pub fn rank(&self, step: StepId) -> usize {
        self.rank.get(step.index()).copied().unwrap_or_default()
    }

    /// The steps given and all upstream of them, in `order`. Invariant: closed under "depends on", so a live map cut
    /// down to a cone is a live map.
    pub fn cone(&self, roots: impl IntoIterator<Item = StepId>) -> Vec<StepId> {
        self.cone_from(roots, 0)
    }

    /// The part of a cone from a rank on.
    pub fn cone_from(&self, roots: impl IntoIterator<Item = StepId>, rank: usize) -> Vec<StepId> {
        let mut seen = HashSet::new();
        let mut stack: Vec<StepId> = roots.into_iter().collect();
        while let Some(here) = stack.pop() {
            if here.index() < self.w.steps.len() && self.rank(here) >= rank && seen.insert(here) {
                stack.extend(self.parents(here));
            }
        }
        let mut cone: Vec<StepId> = seen.into_iter().collect();
        cone.sort_by_key(|step| self.rank(*step));
        cone
    }

    /// The part of the workflow the step lies in. Steps of different parts do not depend on each other.
    pub fn part(&self, step: StepId) -> usize {
        self.parts.get(step.index()).copied().unwrap_or_default()
    }

    /// The machine enforces what is asked.
    pub fn is_guard(&self, asked: &ProofObligation) -> bool {
        self.w.guards.iter().any(|guard| guard.id == asked.id && guard.question == asked.question)
    }

    /// What guards of the workflow make uses of its grants wait for.
    pub fn guarding(&self) -> &Guarding<'m> {
        &self.guarding
    }

    /// No walk knows whether the step settles with evidence: what that says depends on other data of the run, or on names that
    /// may be none.
    pub fn is_tied(&self, step: StepId) -> bool {
        self.compared.is_tied(step) || self.untried.contains(&step)
    }

    /// That there is a run in which these steps settle is shown by a run only. Where evidence depends on other data, that is so in
    /// a workflow with loops: a map does not say what the data were in the rounds before.
    pub fn needs_run(&self, mut steps: impl Iterator<Item = StepId>) -> bool {
        let looped = !self.w.loops.is_empty();
        steps.any(|step| self.untried.contains(&step) || looped && self.compared.is_tied(step))
    }

    /// The scopes of the grant let something through, and what it makes may be new.
    pub fn usable(&self, (step, ix): GrantAt) -> bool {
        self.usable.get(step.index()).and_then(|grants| grants.get(ix.index())).copied().unwrap_or(false)
    }

    /// The grant makes what a parameter names; with the grant that names it so, where that is not the parameter by itself.
    pub fn makes_the_given(&self, at: GrantAt) -> Option<Option<GrantAt>> {
        self.refused.surely.get(&at).copied()
    }

    /// What the grant makes may be called like a parameter of the run, and then the machine refuses it.
    pub fn may_be_called_like_a_parameter(&self, at: GrantAt) -> bool {
        self.refused.perhaps.contains(&at)
    }

    pub fn submittable(&self, step: StepId) -> bool {
        self.submittable.get(step.index()).copied().unwrap_or(false)
    }

    /// The outcome somebody judges or evidence brings when this one comes about: itself, or the reopening one whose loop
    /// is used up.
    pub fn chosen(&self, atom: Atom) -> Atom {
        match self.outcome(atom).map(|outcome| &outcome.how) {
            Some(How::Exhausted(by)) => {
                self.the_loop(*by).map_or(atom, |l| Atom { step: l.step, outcome: l.outcome })
            }
            _ => atom,
        }
    }

    /// The evidence an outcome needs.
    pub fn evidence(&self, atom: Atom) -> Option<&'m Condition> {
        self.outcome(self.chosen(atom))?.how.condition()
    }

    /// What must have been shown to whoever judges the outcome. Automatic outcomes judge nothing.
    pub fn judged_datum(&self, atom: Atom) -> Option<&'m Datum> {
        let chosen = self.outcome(self.chosen(atom))?;
        match chosen.how {
            How::Judged | How::JudgedIf(_) => chosen.of.as_ref(),
            How::Auto(_) | How::Exhausted(_) | How::TimedOut => None,
        }
    }

    /// Nothing static rules the outcome out.
    pub fn possible(&self, atom: Atom) -> bool {
        !self.is_ruled_out(atom) && self.declared_possible(atom)
    }

    /// Takes note of outcomes that limits per run rule out.
    pub fn rule_out(&self, never: BTreeSet<Atom>) {
        self.never.get_or_init(|| never);
    }

    /// Limits per run rule the outcome out.
    pub fn is_ruled_out(&self, atom: Atom) -> bool {
        self.never.get().is_some_and(|never| never.contains(&atom))
    }

    /// As [`Self::possible`], limits aside.
    fn declared_possible(&self, atom: Atom) -> bool {
        let Some(outcome) = self.outcome(atom) else { return false };
        let Some(chosen) = self.outcome(self.chosen(atom)) else { return false };
        if matches!(chosen.how, How::Exhausted(_)) {
            return false;
        }
        let handed_in = |outcome: &Outcome| outcome.then != Then::Settle || self.submittable(atom.step);
        let due = !matches!(chosen.how, How::Auto(_)) || handed_in(chosen);
        let shown =
            self.judged_datum(atom).is_none_or(|datum| !self.ways_to_see(atom.step, datum).is_empty());
        handed_in(outcome) && due && shown
    }

    /// As [`Self::possible`], also when the outcome's loop is used up.
    pub fn lasting(&self, atom: Atom) -> bool {
        let then = self.outcome(atom).map(|outcome| outcome.then);
        let used_up = match then {
            Some(Then::Reopen(by)) => self.the_loop(by).map(|l| Atom { step: l.step, outcome: l.exhausted }),
            _ => None,
        };
        self.possible(atom) && used_up.is_none_or(|exhausted| self.declared_possible(exhausted))
    }

    /// The ways a judge in the step can be shown a datum; none when it cannot. The machine compares values, so seeing an
    /// equal value of another origin counts too: such a way is real but nobody can count on it.
    pub fn ways_to_see(&self, step: StepId, datum: &Datum) -> Vec<Shown> {
        if matches!(datum.root, Root::Submission { .. }) {
            return vec![Shown::View];
        }
        let Some(ty) = self.type_of(datum) else { return Vec::new() };
        let mut ways = Vec::new();
        let declared = self.step(step);
        for (index, grant) in declared.grants.iter().enumerate() {
            let action = self.action(grant.action);
            let at = (step, GrantIx::of(index));
            for field in &action.shows {
                let shown = self.w.field_type(&action.result, field);
                if self.usable(at) && shown.is_some_and(|shown| share_a_value(self.w, shown, ty)) {
                    ways.extend(self.way_to_see(at, grant, field, datum));
                }
            }
        }
        let like = |other: &&Datum| {
            matches!(other.root, Root::Submission { .. })
                && self.type_of(other).is_some_and(|other| share_a_value(self.w, other, ty))
        };
        if declared.data().any(|other| like(&other)) {
            ways.push(Shown::ByChance);
        }
        ways
    }

    /// How a use shows the datum in a field. None where it cannot: the field names something that is made anew, or the use is of
    /// another thing. Where it is pinned to something else, two values may happen to be equal.
    fn way_to_see(&self, at: GrantAt, grant: &Grant, field: &str, datum: &Datum) -> Option<Shown> {
        let clauses = &self.action(grant.action).clauses;
        let fields = [field.to_owned()];
        let sure = Some(Shown::Use(at.1, field.to_owned()));
        if datum.root == (Root::Result { step: at.0, grant: at.1 }) {
            return sure;
        }
        let mut terms = Terms::of(self.w);
        if let Some((index, of)) = clauses.identity(&fields) {
            let Some(pin) = grant.pins.get(index as usize).and_then(|pin| part_of(pin, &of)) else {
                return sure;
            };
            let (given, wanted) = (terms.argument(&pin), terms.datum(datum));
            if given == wanted {
                return sure;
            }
            if !self.type_of(datum).is_none_or(|ty| is_of(&given, ty) && can_equal(ty, &given, &wanted)) {
                return None;
            }
            if !of.is_empty() {
                return Some(Shown::ByChance);
            }
            let key = KeyExpr::Argument { index, fields: Vec::new() };
            let mut looked = clauses.said_read().chain(clauses.subjects());
            let another = looked.any(|expr| {
                let own = expr.own_keys() == std::slice::from_ref(&key);
                own && relate(
                    &self.w.kinds,
                    &terms.term(at.0, at.1, expr),
                    &terms.term_where(at, expr, index, datum),
                )
                .is_apart()
            });
            return (!another).then_some(Shown::ByChance);
        }
        let made = clauses.all_made_as(&fields);
        let is_new = made.iter().any(|making| is_filled(self.w, &making.thing));
        match terms.datum(datum) {
            _ if !is_new => sure,
            Key::Minted { .. } => {
                (!self.is_another(&mut terms, at, &fields, datum)).then_some(sure).flatten()
            }
            _ => Some(Shown::ByChance),
        }
    }

    /// What a field names and what a datum names are two things that the run made, of one kind in one place: the machine sees to
    /// it that the second one has another name.
    fn is_another<'s>(&'s self, terms: &mut Terms<'s>, at: GrantAt, field: &[String], datum: &Datum) -> bool {
        let mut made = |at: GrantAt, field: &[String]| -> Vec<Vec<Level>> {
            let makings = self.action_of(at).clauses.all_made_as(field).into_iter();
            let one_part =
                |making: &&Making| is_filled(self.w, &making.thing) && making.thing.own_keys().len() == 1;
            let terms = makings.filter(one_part).map(|making| terms.made(at.0, at.1, making));
            terms.filter_map(|term| if let Term::Path(levels) = term { Some(levels) } else { None }).collect()
        };
        let here = made(at, field);
        let there: Vec<Vec<Level>> = identities(self.w, datum)
            .iter()
            .filter_map(|datum| match datum.root {
                Root::Result { step, grant } => Some(made((step, grant), &datum.fields)),
                Root::Param(_) | Root::Submission { .. } => None,
            })
            .flatten()
            .collect();
        let meeting = |a: &[Level], b: &[Level]| {
            relate(&self.w.kinds, &Term::Path(a.to_vec()), &Term::Path(b.to_vec()))
        };
        here.iter().any(|here| {
            there.iter().any(|there| {
                let (Some((own, outer)), Some((other, enclosing))) = (here.split_last(), there.split_last())
                else {
                    return false;
                };
                own.kind == other.kind
                    && outer.len() == enclosing.len()
                    && (outer.is_empty() || meeting(outer, enclosing) == Meeting::One)
                    && meeting(here, there).is_apart()
            })
        })
    }

    /// A field of the action's result can be the datum.
    pub fn is_like(&self, datum: &Datum, action: &Action, field: &str) -> bool {
        let shown = self.w.field_type(&action.result, field);
        self.type_of(datum).zip(shown).is_some_and(|(ty, shown)| share_a_value(self.w, ty, shown))
    }

    /// The type of a datum.
    pub fn type_of(&self, datum: &Datum) -> Option<&'m Type> {
        self.w.type_of(datum)
    }

    /// Whether two roles must have different controllers.
    pub fn separate(&self, a: RoleId, b: RoleId) -> bool {
        self.w.are_separate(a, b)
    }

    pub fn role_name(&self, role: RoleId) -> &'m str {
        self.w.roles.get(role.index()).map_or("", |role| role.name.as_str())
    }

    pub fn atom_name(&self, atom: Atom) -> String {
        let outcome = self.outcome(atom).map_or("", |outcome| outcome.name.as_str());
        format!("{}.{outcome}", self.step(atom.step).name)
    }

    /// The span of a place, for a failure.
    pub fn span(&self, place: Place, otherwise: Span) -> Span {
        self.model.spans.get(place).unwrap_or(otherwise)
    }

    /// A use in an earlier opening may leave none for a later one: by a limit per run, or because its name is taken.
    pub fn used_up(&self, at: GrantAt) -> bool {
        self.per_run(at) || self.taken.again(at)
    }

    /// Uses of the grant in one opening.
    pub fn uses(&self, at: GrantAt) -> u32 {
        let limit = self.grant(at).map_or(0, |grant| grant.limit.uses);
        self.taken.lasts_for(at).map_or(limit, |names| names.min(limit))
    }

    /// Uses of the grant in a run, at most, where that is less than in all its openings.
    pub fn most_in_run(&self, at: GrantAt) -> Option<u32> {
        let limit = self.grant(at).filter(|grant| grant.limit.per == Per::Run).map(|grant| grant.limit.uses);
        limit.into_iter().chain(self.taken.most_in_run(at)).min()
    }

    /// The whole use of the grant is counted per run.
    pub fn per_run(&self, at: GrantAt) -> bool {
        self.grant(at).is_some_and(|grant| grant.limit.per == Per::Run)
    }
}

/// The pins of a grant with the types of their arguments.
fn typed<'w>(w: &'w Workflow, grant: &'w Grant) -> impl Iterator<Item = (&'w Pin, &'w Type)> {
    let params = w.actions.get(grant.action.index()).map(|action| action.params.as_slice());
    grant.pins.iter().zip(params.unwrap_or_default()).map(|(pin, param)| (pin, &param.ty))
}

/// Steps with names put together of which no value that was tried makes one.
fn untried(w: &Workflow) -> BTreeSet<StepId> {
    let is_untried = |(pin, ty): (&Pin, &Type)| match pin {
        Pin::Is(Expr::Template(parts)) => template::named(w, parts, ty) == Named::Untried,
        _ => false,
    };
    let steps = w.steps.iter().enumerate();
    let untried = steps.filter(|(_, step)| step.grants.iter().any(|grant| typed(w, grant).any(is_untried)));
    untried.map(|(number, _)| StepId::of(number)).collect()
}

/// How a judge is shown what it judges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// By looking at a submission.
    View,
    /// By using a grant whose result has it in this field.
    Use(GrantIx, String),
    /// By looking at a submission that happens to have the same value.
    ByChance,
}

/// Types whose values can be equal.
#[derive(PartialEq, Eq, Debug, Clone, Copy)]
pub(crate) enum Class {
    Bool,
    Int,
    Text,
    List,
    Record,
}

pub(crate) fn class_of(ty: &Type) -> Class {
    match ty {
        Type::Bool => Class::Bool,
        Type::Int | Type::Duration => Class::Int,
        Type::Text
        | Type::Path
        | Type::Branch
        | Type::Commit
        | Type::Tree
        | Type::Decimal { .. }
        | Type::Time
        | Type::Url
        | Type::Enum(_) => Class::Text,
        Type::List(_) | Type::Set(_) => Class::List,
        Type::Record(_) => Class::Record,
    }
}

/// Some value is of both types.
fn share_a_value(w: &Workflow, a: &Type, b: &Type) -> bool {
    // A record has its types in no circle; the compiler refuses those.
    const DEEP: usize = 32;
    share(w, a, b, DEEP)
}

fn share(w: &Workflow, a: &Type, b: &Type, left: usize) -> bool {
    let Some(left) = left.checked_sub(1) else { return true };
    match (a, b) {
        (Type::Enum(words), other) | (other, Type::Enum(words)) => {
            words.iter().any(|word| check(&Value::Text(word.clone()), other, &()).is_ok())
        }
        (Type::Record(one), Type::Record(other)) => {
            let fields = |name: &str| {
                let record = w.records.iter().find(|record| record.name == *name)?;
                Some(record.fields.iter().map(|field| (&field.name, &field.ty)).collect::<BTreeMap<_, _>>())
            };
            let (Some(one), Some(other)) = (fields(one), fields(other)) else { return true };
            one.len() == other.len()
                && one.iter().all(|(name, ty)| other.get(name).is_some_and(|other| share(w, ty, other, left)))
        }
        // An empty list is of every element's type.
        _ => class_of(a) == class_of(b),
    }
}

/// What is known of a value does not keep it from being of the type.
fn is_of(key: &Key, ty: &Type) -> bool {
    match (key, class_of(ty)) {
        (Key::Value(value), Class::Bool | Class::Int | Class::Text) => check(value, ty, &()).is_ok(),
        _ => true,
    }
}

/// What a pin says of a part of its argument; none where that is chosen at each use.
fn part_of(pin: &Pin, fields: &[String]) -> Option<Pin> {
    let Pin::Is(expr) = pin else { return None };
    let expr = match expr {
        _ if fields.is_empty() => expr.clone(),
        Expr::Literal(value) => Expr::Literal(value.at(fields)?.clone()),
        Expr::Datum(datum) => {
            let fields = datum.fields.iter().chain(fields).cloned().collect();
            Expr::Datum(Datum { root: datum.root, fields })
        }
        Expr::Template(_) => return None,
    };
    Some(Pin::Is(expr))
}

/// A text value.
pub(crate) fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        Value::Bool(_) | Value::Int(_) | Value::List(_) | Value::Record(_) => None,
    }
}
