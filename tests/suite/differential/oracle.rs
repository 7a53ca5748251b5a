//! The truth about a small workflow, by exhaustive exploration of the machine. Shares no code with the
//! encoder.

use std::cell::{Cell, OnceCell};
use std::collections::{BTreeMap, BTreeSet};

use super::fresh::Watching;
use super::hostile;
use xp_artifact::declaration::{KeyExpr, Source};
use xp_artifact::judgement::{Finals, judgements};
use xp_artifact::passing::identities;
use xp_artifact::question::{Extent, Question, Uses};
use xp_artifact::workflow::{
    Action, Condition, Datum, Expr, Formula, Grant, GrantIx, How, Per, Pin, Root, Step, StepId, TemplatePart,
    Then, Workflow,
};
use xp_artifact::{Operand, Relation, Test};
use xp_machine::event::Principal;
use xp_machine::{Machine, State, Status};
use xp_oracle::things::{Judge, Meets};
use xp_oracle::{Explored, Forgetful, Move, Observer, Options, Situation, Used, everybody, explore, settled};
use xp_scope::Value;
use xp_scope::thing::Immutable;

/// A step and one of its grants.
type At = (StepId, GrantIx);

/// Result of the exploration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// A violation exists.
    Violated,
    /// No violation exists, and the situation that the property is about occurs.
    Holds,
    /// The situation that the property is about never occurs.
    NeverOccurs,
    /// The state limit was reached without a violation.
    TooLarge,
}

/// An explored workflow. All properties of states share one exploration.
pub struct Oracle {
    pub machine: Machine,
    states: Explored<Forgetful>,
    max_states: usize,
    probes: Vec<Value>,
    staleness: OnceCell<Option<Meets>>,
    /// Some content was met whose judgement is not decided here.
    unsure: Cell<bool>,
}

impl Oracle {
    /// Of a workflow about which these questions are asked.
    pub fn of(workflow: &Workflow, questions: &[&Question], max_states: usize) -> Self {
        let machine = Machine::new(workflow.clone()).expect("the compiler lowered a malformed workflow");
        let mut probes =
            vec![Value::Text("elsewhere/probe.txt".to_owned()), Value::Text(sampled_main(&machine))];
        // What the questions compare data with is tried, too.
        let asked = questions.iter().filter_map(|question| match question {
            Question::Requires(_, formula) => Some(formula.tests()),
            _ => None,
        });
        probes.extend(asked.flatten().filter_map(|test| match &test.right {
            Operand::Literal(value) => Some(value.clone()),
            Operand::Datum(_) => None,
        }));
        let options = Options { max_states, probes: probes.clone(), unnamed: true, ..Options::default() };
        let states = explore(&machine, Forgetful, &options).expect("the run starts");
        Self { machine, states, max_states, probes, staleness: OnceCell::new(), unsure: Cell::new(false) }
    }

    pub fn situations(&self) -> usize {
        self.states.situations.len()
    }

    pub fn answer(&self, question: &Question) -> Truth {
        let workflow = self.machine.workflow();
        match question {
            Question::StepsOpen => self.none_missing(|| {
                let mut closed: BTreeSet<usize> = (0..workflow.steps.len()).collect();
                for here in &self.states.situations {
                    closed.retain(|index| here.state.steps()[*index].opening == 0);
                }
                !closed.is_empty()
            }),
            Question::OutcomesHappen => self.none_missing(|| self.some_outcome_never_happens()),
            Question::NeverStuck => self.some(|here| {
                here.state.status() == Status::Running
                    && here.flying.is_empty()
                    && here.state.steps().iter().all(|step| !step.open)
            }),
            Question::Progress => self.progress(),
            Question::AutomaticOutcomes => self.automatic(),
            Question::NamesBound => self.some(|here| self.unbound(here)),
            Question::Scopes | Question::StartRights => Truth::Holds,
            Question::FreshEvidence => self.fresh(),
            Question::IrreversibleOnce => self.repeated(),
            Question::ReviewedBeforeDeploy => self.unreviewed_somewhere(),
            Question::Bounds | Question::Private(..) => Truth::TooLarge,
            Question::Through(uses, _) => self.through(question, uses),
            // Whether the judge was shown more is not looked at.
            Question::Unexposed(uses, role) => {
                match self.through(&Question::Through(uses.clone(), *role), uses) {
                    Truth::Holds => Truth::TooLarge,
                    other => other,
                }
            }
            Question::NoRole(a, b) => self.both(a, b, false),
            Question::NoPrincipal(a, b) => self.both(a, b, true),
            Question::Requires(uses, formula) => self.requires(uses, formula, true),
            Question::Never(uses) => {
                let found = self.over_uses(uses_action(uses).as_ref(), |_, used| self.matches(uses, used));
                // That the action is never used is the property itself, so it is not vacuous.
                if found == Truth::NeverOccurs && uses_action(uses).is_none() { Truth::Holds } else { found }
            }
            Question::OnlyWithin(uses, extent) => self.over_uses(Some(uses), |state, used| {
                self.matches(uses, used) && self.outside(state, used, extent)
            }),
            Question::AtMost(uses, most) => self.at_most(uses, *most),
        }
    }

    /// The truth about an enforced property, which is checked when a use starts and not while it is under
    /// way.
    pub fn enforced(&self, question: &Question) -> Truth {
        match question {
            Question::Requires(uses, formula) => self.requires(uses, formula, false),
            other => self.answer(other),
        }
    }

    fn some(&self, violates: impl Fn(&Situation<Forgetful>) -> bool) -> Truth {
        if self.states.situations.iter().any(violates) { Truth::Violated } else { self.if_complete() }
    }

    fn fresh(&self) -> Truth {
        match self.staleness() {
            Some(Meets::Yes) => Truth::Violated,
            Some(_) => Truth::Holds,
            None => Truth::TooLarge,
        }
    }

    fn none_missing(&self, missing: impl FnOnce() -> bool) -> Truth {
        match self.if_complete() {
            Truth::Holds if missing() => Truth::Violated,
            other => other,
        }
    }

    fn if_complete(&self) -> Truth {
        if self.states.complete { Truth::Holds } else { Truth::TooLarge }
    }

    fn some_outcome_never_happens(&self) -> bool {
        let workflow = self.machine.workflow();
        let mut happened = BTreeSet::new();
        for (here, moves) in self.states.situations.iter().zip(&self.states.next) {
            for edge in moves {
                if let Move::Judge(atom) | Move::Settle(atom) | Move::TimeOut(atom) = &edge.by {
                    let outcome = &workflow.steps[atom.step.index()].outcomes[atom.outcome.index()];
                    let taken = match outcome.then {
                        Then::Reopen(by)
                            if here.state.loops()[by.index()] >= workflow.loops[by.index()].max =>
                        {
                            workflow.loops[by.index()].exhausted
                        }
                        _ => atom.outcome,
                    };
                    happened.insert((atom.step.index(), taken.index()));
                }
            }
        }
        let all = workflow.steps.iter().map(|step| step.outcomes.len()).sum::<usize>();
        happened.len() < all
    }

    /// Some step can stay open indefinitely, in the sampled environment or in the worst one for it.
    fn progress(&self) -> Truth {
        let mut complete = self.states.complete;
        let mut stranded = false;
        for step in (0..self.machine.workflow().steps.len()).map(StepId::of) {
            stranded |= self.states.complete && !self.states.stranded(step).is_empty();
            if let Some(worse) = hostile::to(self.machine.workflow(), step) {
                let machine = Machine::new(worse).expect("a workflow like the one before");
                let options = Options {
                    max_states: self.max_states,
                    probes: self.probes.clone(),
                    ..Options::default()
                };
                let states = explore(&machine, Forgetful, &options).expect("the run starts");
                complete &= states.complete;
                stranded |= states.complete && !states.stranded(step).is_empty();
            }
        }
        match (stranded, complete) {
            (true, _) => Truth::Violated,
            (false, true) => Truth::Holds,
            (false, false) => Truth::TooLarge,
        }
    }

    /// Whether some state is reachable from which no end of the run is.
    pub fn stuck(&self) -> bool {
        self.states.complete && !self.states.stuck().is_empty()
    }

    /// Two automatic outcomes of a step are due at once, or all its evidence is present and none is due.
    fn automatic(&self) -> Truth {
        let workflow = self.machine.workflow();
        self.some(|here| {
            here.flying.is_empty()
                && here.state.pending().is_empty()
                && workflow.steps.iter().zip(here.state.steps()).enumerate().any(|(number, (step, now))| {
                    let own = StepId::of(number);
                    let automatic: Vec<_> =
                        step.outcomes.iter().filter(|o| matches!(o.how, How::Auto(_))).collect();
                    if !now.open || automatic.is_empty() || now.submissions.iter().any(Option::is_none) {
                        return false;
                    }
                    let due = automatic.iter().filter(|o| match &o.how {
                        How::Auto(condition) => holds(&here.state, own, condition),
                        _ => false,
                    });
                    let due = due.count();
                    let mut read = BTreeSet::new();
                    automatic.iter().for_each(|o| {
                        if let How::Auto(condition) = &o.how {
                            grants_of(own, condition, &mut read);
                        }
                    });
                    let there = |datum: &Datum| self.machine.value(&here.state, datum).is_some();
                    let complete = read.iter().all(|grant| now.grants[*grant].result.is_some())
                        && elsewhere(own, step).all(there);
                    due > 1 || (complete && due == 0)
                })
        })
    }

    fn unbound(&self, here: &Situation<Forgetful>) -> bool {
        let workflow = self.machine.workflow();
        here.state.status() == Status::Running
            && workflow.steps.iter().zip(here.state.steps()).enumerate().any(|(number, (step, now))| {
                // An optional field that its result does not have leaves an optional argument out.
                let pins = step.grants.iter().flat_map(|grant| {
                    let params = workflow.actions.get(grant.action.index()).map(|action| &action.params);
                    params.into_iter().flatten().zip(&grant.pins)
                });
                let pins = pins.filter(|(param, pin)| {
                    !(param.optional && self.machine.admits_absence(&here.state, pin))
                });
                now.open
                    && pins
                        .flat_map(|(_, pin)| pinned(pin))
                        .chain(elsewhere(StepId::of(number), step))
                        .any(|datum| self.machine.value(&here.state, datum).is_none())
            })
    }

    /// Some evidence is about a thing that the run did not make, and no final use expects its version.
    pub fn shared(&self) -> bool {
        let workflow = self.machine.workflow();
        let judge = self.judge();
        let evidence = xp_monitor::asked(workflow);
        self.states.situations.iter().filter(|here| here.state.status() == Status::Running).any(|here| {
            evidence.iter().any(|one| {
                let by = &here.state.steps()[one.by.0.index()];
                let result = by.grants[one.by.1.index()].result.as_ref();
                let relied = one.relying.iter().any(|atom| here.state.is_settled(*atom));
                let things = one
                    .about
                    .iter()
                    .filter_map(|(at, expr)| {
                        if let Some(looked) = one.looked.as_ref().filter(|_| *at == one.by) {
                            let name = (looked.argument, &looked.name);
                            return judge.thing_where(&here.state, *at, expr, name);
                        }
                        let result = if *at == one.by { result } else { None };
                        judge.thing(&here.state, *at, expr, result, false)
                    })
                    .filter(|thing| !judge.never_changes(thing));
                relied && things.into_iter().any(|thing| !judge.is_own(&here.world, &thing))
            })
        })
    }

    /// The least degree of certainty at which some run violates freshness. `None` if the state limit is
    /// reached.
    pub fn staleness(&self) -> Option<Meets> {
        *self.staleness.get_or_init(|| {
            // What is broken at one degree is broken at every lower one, so the lowest comes first: mostly
            // nothing is.
            match self.is_stale(Meets::Spelled) {
                Some(false) => return Some(Meets::No),
                None => return None,
                Some(true) => {}
            }
            for least in [Meets::Yes, Meets::Silent] {
                if self.is_stale(least)? {
                    return Some(least);
                }
            }
            Some(Meets::Spelled)
        })
    }

    /// Whether some run violates freshness if meetings of at least this certainty count. `None` if the state
    /// limit is reached.
    fn is_stale(&self, least: Meets) -> Option<bool> {
        let options = Options {
            max_states: self.max_states * 6,
            probes: self.probes.clone(),
            in_flight: 2,
            faults: true,
            ..Options::default()
        };
        let watching = Watching::of(self.machine.workflow(), &Question::FreshEvidence, least);
        let explored = explore(&self.machine, watching, &options).expect("the run starts");
        let broken = explored.situations.iter().any(|here| here.observer.broken());
        if broken { Some(true) } else { explored.complete.then_some(false) }
    }

    fn judge(&self) -> Judge<'_> {
        Judge::of(&self.machine, &self.states.situations[0].state)
    }

    fn granted(&self, at: At) -> (&Grant, &Action) {
        let workflow = self.machine.workflow();
        let grant = &workflow.steps[at.0.index()].grants[at.1.index()];
        (grant, &workflow.actions[grant.action.index()])
    }

    fn unreviewed_somewhere(&self) -> Truth {
        let guarded = !self.machine.workflow().guards.is_empty();
        let pairs = self.states.situations.iter().zip(&self.states.next);
        let violated = pairs.into_iter().any(|(here, moves)| {
            // A use that a guard refuses does not count.
            let usable = |at: At| {
                !guarded
                    || moves.iter().any(|edge| match &edge.by {
                        Move::Use(used, _) | Move::Claim(used) => (used.step, used.grant) == at,
                        _ => false,
                    })
            };
            self.unreviewed(here, &usable)
        });
        match (violated, self.unsure.get()) {
            (true, _) => Truth::Violated,
            (false, true) => Truth::TooLarge,
            (false, false) => self.if_complete(),
        }
    }

    /// Whether a use that is possible now makes an argument final that was neither judged nor made of judged
    /// data.
    fn unreviewed(&self, here: &Situation<Forgetful>, usable: &dyn Fn(At) -> bool) -> bool {
        let workflow = self.machine.workflow();
        if here.state.status() != Status::Running {
            return false;
        }
        // The data judged by outcomes that are settled.
        let judged = judgements(workflow).into_iter().filter(|(atom, _)| here.state.is_settled(*atom));
        // A datum is judged with what it is by the declarations that gave it.
        let judged: BTreeSet<Datum> = judged.flat_map(|(_, datum)| identities(workflow, datum)).collect();
        let mut finals = Finals::of(workflow);
        workflow.steps.iter().zip(here.state.steps()).enumerate().any(|(id, (step, now))| {
            now.open
                && step.grants.iter().enumerate().any(|(ix, grant)| {
                    let at = (StepId::of(id), GrantIx::of(ix));
                    let values: Option<Vec<&Datum>> = grant
                        .pins
                        .iter()
                        .flat_map(pinned)
                        .map(|datum| self.machine.value(&here.state, datum).map(|_| datum))
                        .collect();
                    // An unbound argument prevents the use and is reported by another property.
                    values.is_some()
                        && usable(at)
                        && finals.decided(at).iter().any(|number| {
                            let pin = &grant.pins[*number as usize];
                            let mut filled = finals.filled_by(at, *number);
                            filled.retain(|by| here.state.steps()[by.0.index()].opening > 0);
                            if filled.is_empty() {
                                return !self.passes(&mut finals, pin, &[], &judged);
                            }
                            // The thing is filled in this run, so a judgement of its name covers its content only
                            // if the judge was shown that, which is not looked at here.
                            let by_name = judged.iter().any(|datum| finals.is_name_of(datum, at, *number));
                            let shown = !by_name && pin.data().any(|datum| is_judged(&judged, datum));
                            self.unsure.set(self.unsure.get() || shown);
                            let named = by_name || shown;
                            let by_one = matches!(pin, Pin::Is(Expr::Datum(datum)) if self.is_made(datum)
                            && filled.iter().all(|(step, grant)| {
                                datum.root == Root::Result { step: *step, grant: *grant }
                            }));
                            !(named || by_one && self.passes(&mut finals, pin, &[], &judged))
                        })
                })
        })
    }

    fn is_made(&self, datum: &Datum) -> bool {
        let Root::Result { step, grant } = datum.root else { return false };
        self.granted((step, grant)).1.clauses.made_as(&datum.fields).is_some()
    }

    /// Whether the values admitted by a pin are literals, were judged, or were made of such values only.
    fn passes(
        &self,
        finals: &mut Finals<'_>,
        pin: &Pin,
        fields: &[String],
        judged: &BTreeSet<Datum>,
    ) -> bool {
        let datum = match pin {
            Pin::Is(Expr::Literal(_)) => return true,
            Pin::Is(Expr::Datum(datum)) | Pin::OneOf { set: Expr::Datum(datum), .. } => {
                Datum { root: datum.root, fields: datum.fields.iter().chain(fields).cloned().collect() }
            }
            Pin::OneOf { set: Expr::Literal(_), .. } => return true,
            _ => return false,
        };
        if is_judged(judged, &datum) {
            return true;
        }
        match datum.root {
            Root::Param(_) | Root::Submission { .. } => false,
            Root::Result { step, grant } => self.made_of(finals, &datum, (step, grant), judged) == Some(true),
        }
    }

    /// Whether all inputs of a result pass; `None` if it was made of nothing. Literals pass if no thing goes in
    /// besides. Parameters of the run need to pass only if there are no other inputs.
    fn made_of(
        &self,
        finals: &mut Finals<'_>,
        datum: &Datum,
        at: At,
        judged: &BTreeSet<Datum>,
    ) -> Option<bool> {
        let (grant, action) = self.granted(at);
        let kinds = &self.machine.workflow().kinds;
        let (mut made, mut params) = (Vec::new(), Vec::new());
        let (mut written, mut things) = (false, false);
        let mut split = |finals: &mut Finals<'_>, index: u32, fields: &[String], content: bool| {
            let pin = &grant.pins[index as usize];
            match pin {
                Pin::Is(Expr::Literal(_)) => {}
                Pin::Is(Expr::Datum(datum)) if matches!(datum.root, Root::Param(_)) => {
                    params.push(self.passes(finals, pin, fields, judged));
                }
                _ => made.push(content && self.passes(finals, pin, fields, judged)),
            }
        };
        let content = action.clauses.made_as(&datum.fields).filter(|making| {
            let own = making.thing.levels().last().map(|level| level.kind.clone()).unwrap_or_default();
            !kinds.iter().any(|kind| kind.name == own && kind.immutable == Some(Immutable::Content))
        });
        let content = content.map(|making| action.clauses.content_of(action.params.len(), making));
        for source in self
            .machine
            .workflow()
            .sources(action, &datum.fields)
            .into_iter()
            .chain(content.into_iter().flatten())
        {
            match source {
                Source::Argument { index, fields } => {
                    written |= matches!(grant.pins[index as usize], Pin::Is(Expr::Literal(_)));
                    split(finals, index, &fields, true);
                }
                Source::Field(_) => return Some(false),
                Source::Thing(thing) => {
                    things = true;
                    let own = thing.levels().last().map(|level| level.kind.clone()).unwrap_or_default();
                    let content = kinds.iter().any(|kind| kind.name == own && kind.immutable.is_some());
                    // What the run put into it is not followed here.
                    if !content && !finals.altered_by(at, &thing).is_empty() {
                        self.unsure.set(true);
                        return Some(true);
                    }
                    for key in thing.levels().iter().flat_map(|level| &level.keys) {
                        match key {
                            KeyExpr::Literal(_) => {}
                            KeyExpr::Argument { index, fields } => split(finals, *index, fields, content),
                            KeyExpr::Field(_) | KeyExpr::Every(_) | KeyExpr::Some => return Some(false),
                        }
                    }
                }
            }
        }
        let all = if made.is_empty() { params } else { made };
        if all.is_empty() && things {
            return None;
        }
        (!all.is_empty() || written).then(|| all.into_iter().all(|passes| passes))
    }

    fn requires(&self, uses: &Uses, formula: &Formula, under_way: bool) -> Truth {
        let mut occurs = false;
        for (here, moves) in self.states.situations.iter().zip(&self.states.next) {
            let flying: Vec<Used> = here
                .flying
                .iter()
                .map(|f| Used { step: f.step, grant: f.grant, args: f.args.clone() })
                .collect();
            let running = under_way && here.state.status() == Status::Running;
            let claimed = moves.iter().filter_map(|edge| match &edge.by {
                Move::Use(used, _) | Move::Claim(used) => Some(used),
                _ => None,
            });
            for used in claimed.chain(flying.iter().filter(|_| running)) {
                if self.matches(uses, used) {
                    occurs = true;
                    if !true_in(&here.state, formula) {
                        return Truth::Violated;
                    }
                }
            }
        }
        self.occurring(occurs)
    }

    fn over_uses(&self, occurring: Option<&Uses>, violates: impl Fn(&State, &Used) -> bool) -> Truth {
        let mut occurs = false;
        for (here, moves) in self.states.situations.iter().zip(&self.states.next) {
            for edge in moves {
                let (Move::Use(used, _) | Move::Claim(used)) = &edge.by else { continue };
                occurs |= occurring.is_some_and(|uses| self.matches(uses, used));
                if violates(&here.state, used) {
                    return Truth::Violated;
                }
            }
        }
        self.occurring(occurs)
    }

    fn occurring(&self, occurs: bool) -> Truth {
        match self.if_complete() {
            Truth::Holds if !occurs => Truth::NeverOccurs,
            other => other,
        }
    }

    fn action(&self, used: &Used) -> &Action {
        let workflow = self.machine.workflow();
        let grant = &workflow.steps[used.step.index()].grants[used.grant.index()];
        &workflow.actions[grant.action.index()]
    }

    fn matches(&self, uses: &Uses, used: &Used) -> bool {
        matches(self.machine.workflow(), uses, used, |datum| {
            // The arguments of a clause can be fixed to parameters only.
            let Root::Param(id) = datum.root else { return None };
            self.states.situations[0].state.params()[id.index()].at(&datum.fields).cloned()
        })
    }

    fn outside(&self, state: &State, used: &Used, extent: &Extent) -> bool {
        let action = self.action(used);
        let paths = action.params.iter().filter(|param| param.ty == xp_scope::Type::Path);
        paths.filter_map(|param| used.args.get(&param.name)).any(|path| match extent {
            Extent::Patterns(patterns) => !matches!(path, Value::Text(path) if patterns.matches(path)),
            Extent::Datum(datum) => match self.machine.value(state, datum) {
                Some(Value::List(allowed)) => !allowed.contains(path),
                _ => true,
            },
        })
    }

    fn explore_with<O: Observer>(&self, observer: O, staff: Option<Vec<Principal>>) -> Explored<O> {
        let options = Options {
            max_states: self.max_states,
            staff,
            probes: self.probes.clone(),
            // The time between claim and effect does not matter for whether the use was made.
            in_flight: 0,
            ..Options::default()
        };
        explore(&self.machine, observer, &options).expect("the run starts")
    }

    /// All roles with distinct controllers, and each pair of roles that may share a controller sharing one.
    fn staffs(&self) -> Vec<Vec<Principal>> {
        let workflow = self.machine.workflow();
        let roles = workflow.roles.len();
        let apart = |a: usize, b: usize| {
            let within = |role: usize| move |id: &xp_artifact::workflow::RoleId| id.index() == role;
            let mut rules = workflow.separations.iter();
            rules.any(|rule| rule.roles.iter().any(within(a)) && rule.roles.iter().any(within(b)))
        };
        let distinct = everybody(self.machine.workflow());
        let mut staffs = vec![distinct.clone()];
        for first in 0..roles {
            for second in (first + 1..roles).filter(|second| !apart(first, *second)) {
                let mut shared = distinct.clone();
                shared[second].controller = shared[first].controller.clone();
                staffs.push(shared);
            }
        }
        staffs
    }

    /// Runs the property's monitor along every run, counting uncertain meetings.
    fn through(&self, question: &Question, uses: &Uses) -> Truth {
        let (mut complete, mut occurs) = (true, false);
        for (number, staff) in self.staffs().into_iter().enumerate() {
            let watching = Watching::of(self.machine.workflow(), question, Meets::Silent);
            let options = Options {
                max_states: self.max_states,
                staff: Some(staff),
                probes: self.probes.clone(),
                // Claims in flight matter once only, since who knows what does not depend on them.
                in_flight: usize::from(number == 0),
                ..Options::default()
            };
            let explored = explore(&self.machine, watching, &options).expect("the run starts");
            complete &= explored.complete;
            if explored.situations.iter().any(|here| here.observer.broken()) {
                return Truth::Violated;
            }
            occurs |= explored.next.iter().flatten().any(|edge| match &edge.by {
                Move::Use(used, _) | Move::Claim(used) => self.matches(uses, used),
                _ => false,
            });
            if complete && !occurs {
                break;
            }
        }
        match (complete, occurs) {
            (false, _) => Truth::TooLarge,
            (true, true) => Truth::Holds,
            (true, false) => Truth::NeverOccurs,
        }
    }

    fn both(&self, a: &Uses, b: &Uses, principals: bool) -> Truth {
        let staffs = if principals { self.staffs() } else { vec![everybody(self.machine.workflow())] };
        let mut complete = true;
        let (mut first_used, mut second_used) = (false, false);
        for staff in staffs {
            let seen = Pair { a: a.clone(), b: b.clone(), used: BTreeMap::new() };
            let explored = self.explore_with(seen, Some(staff));
            complete &= explored.complete;
            for here in &explored.situations {
                let used = here.observer.used.values();
                if used.clone().any(|(first, second)| *first && *second) {
                    return Truth::Violated;
                }
                first_used |= used.clone().any(|(first, _)| *first);
                second_used |= used.clone().any(|(_, second)| *second);
            }
        }
        match (complete, first_used && second_used) {
            (false, _) => Truth::TooLarge,
            (true, true) => Truth::Holds,
            (true, false) => Truth::NeverOccurs,
        }
    }

    fn at_most(&self, uses: &Uses, most: u32) -> Truth {
        let explored = self.explore_with(Count { uses: uses.clone(), most, seen: 0 }, None);
        if explored.situations.iter().any(|here| here.observer.seen > most) {
            return Truth::Violated;
        }
        let occurs = explored.situations.iter().any(|here| here.observer.seen > 0);
        match (explored.complete, occurs) {
            (false, _) => Truth::TooLarge,
            (true, true) => Truth::Holds,
            (true, false) => Truth::NeverOccurs,
        }
    }

    fn repeated(&self) -> Truth {
        let explored = self.explore_with(Repeats::default(), None);
        if explored.situations.iter().any(|here| here.observer.broken) {
            Truth::Violated
        } else if explored.complete {
            Truth::Holds
        } else {
            Truth::TooLarge
        }
    }
}

/// For `never action(args)`: the situation is any use of the action.
fn uses_action(uses: &Uses) -> Option<Uses> {
    match uses {
        Uses::Action { args, .. } if args.is_empty() => None,
        Uses::Effect(_) => None,
        Uses::Action { name, id, .. } => Some(Uses::Action { name: name.clone(), id: *id, args: Vec::new() }),
    }
}

fn matches(workflow: &Workflow, uses: &Uses, used: &Used, value: impl Fn(&Datum) -> Option<Value>) -> bool {
    let grant = &workflow.steps[used.step.index()].grants[used.grant.index()];
    let action = &workflow.actions[grant.action.index()];
    match uses {
        Uses::Effect(effect) => action.effect == *effect,
        Uses::Action { name, args, .. } => {
            *name == format!("{}.{}", action.connector, action.name)
                && args.iter().all(|(ix, expr)| {
                    let wanted = match expr {
                        Expr::Literal(value) => Some(value.clone()),
                        Expr::Datum(datum) => value(datum),
                        Expr::Template(_) => None,
                    };
                    wanted.is_some() && used.args.get(&action.params[*ix as usize].name) == wanted.as_ref()
                })
        }
    }
}

fn true_in(state: &State, formula: &Formula) -> bool {
    let map = settled(state);
    match formula {
        Formula::Is(atom) => map.contains(atom),
        Formula::Test(test) => compares(state, None, test),
        Formula::All(parts) => parts.iter().all(|part| true_in(state, part)),
        Formula::Any(parts) => parts.iter().any(|part| true_in(state, part)),
    }
}

/// The comparison holds of values that are there; results of the own step are those of this opening.
fn compares(state: &State, own: Option<StepId>, test: &Test) -> bool {
    let value = |datum: &Datum| -> Option<Value> {
        let root = match datum.root {
            Root::Param(id) => &state.params()[id.index()],
            Root::Result { step, grant } => {
                let now = &state.steps()[step.index()];
                if own != Some(step) {
                    now.settled?;
                }
                now.grants[grant.index()].result.as_ref()?
            }
            Root::Submission { .. } => return None,
        };
        root.at(&datum.fields).cloned()
    };
    let right = match &test.right {
        Operand::Literal(literal) => Some(literal.clone()),
        Operand::Datum(datum) => value(datum),
    };
    let (Some(left), Some(right)) = (value(&test.left), right) else { return false };
    let order = match (&left, &right) {
        (Value::Int(left), Value::Int(right)) => Some(left.cmp(right)),
        _ => None,
    };
    match test.relation {
        Relation::Is => left == right,
        Relation::IsNot => left != right,
        Relation::Less => order.is_some_and(std::cmp::Ordering::is_lt),
        Relation::AtMost => order.is_some_and(std::cmp::Ordering::is_le),
        Relation::More => order.is_some_and(std::cmp::Ordering::is_gt),
        Relation::AtLeast => order.is_some_and(std::cmp::Ordering::is_ge),
    }
}

fn holds(state: &State, own: StepId, condition: &Condition) -> bool {
    match condition {
        Condition::Bound(grant) => state.steps()[own.index()].grants[grant.index()].result.is_some(),
        Condition::Test(test) => compares(state, Some(own), test),
        Condition::All(parts) => parts.iter().all(|part| holds(state, own, part)),
        Condition::Any(parts) => parts.iter().any(|part| holds(state, own, part)),
    }
}

fn grants_of(own: StepId, condition: &Condition, found: &mut BTreeSet<usize>) {
    match condition {
        Condition::Bound(grant) => {
            found.insert(grant.index());
        }
        Condition::Test(test) => found.extend(test.data().filter_map(|datum| match datum.root {
            Root::Result { step, grant } if step == own => Some(grant.index()),
            _ => None,
        })),
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| grants_of(own, part, found));
        }
    }
}

/// What the conditions of a step compare that others have.
fn elsewhere(own: StepId, step: &Step) -> impl Iterator<Item = &Datum> {
    let conditions = step.outcomes.iter().filter_map(|outcome| outcome.how.condition());
    conditions.flat_map(Condition::data).filter(move |datum| datum.root.step() != Some(own))
}

fn pinned(pin: &Pin) -> Vec<&Datum> {
    match pin {
        Pin::Is(Expr::Datum(datum)) | Pin::OneOf { set: Expr::Datum(datum), .. } => vec![datum],
        Pin::Is(Expr::Template(parts)) => parts
            .iter()
            .filter_map(|part| match part {
                TemplatePart::Datum(datum) => Some(datum),
                TemplatePart::Text(_) => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The datum, or what it is a part of, was judged.
fn is_judged(judged: &BTreeSet<Datum>, datum: &Datum) -> bool {
    judged.iter().any(|of| of.root == datum.root && datum.fields.starts_with(&of.fields))
}

fn sampled_main(machine: &Machine) -> String {
    let options = Options { max_states: 1, ..Options::default() };
    let explored = explore(machine, Forgetful, &options).expect("the run starts");
    let mut texts = explored.situations[0].state.params().iter().filter_map(|value| match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    });
    texts.next().unwrap_or_default()
}

/// Observer: the controllers that used each of two sets of actions.
#[derive(Clone, PartialEq, Eq)]
struct Pair {
    a: Uses,
    b: Uses,
    used: BTreeMap<String, (bool, bool)>,
}

impl std::hash::Hash for Pair {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.used.hash(state);
    }
}

impl Observer for Pair {
    fn is_decided(&self) -> bool {
        self.used.values().any(|(first, second)| *first && *second)
    }

    fn used(&mut self, machine: &Machine, before: &State, used: &Used, by: &Principal) {
        let param = |datum: &Datum| machine.value(before, datum).cloned();
        let (a, b) = (
            matches(machine.workflow(), &self.a, used, param),
            matches(machine.workflow(), &self.b, used, param),
        );
        if a || b {
            let entry = self.used.entry(by.controller.clone()).or_default();
            entry.0 |= a;
            entry.1 |= b;
        }
    }
}

/// Observer: the number of uses.
#[derive(Clone, PartialEq, Eq)]
struct Count {
    uses: Uses,
    most: u32,
    seen: u32,
}

impl std::hash::Hash for Count {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.seen.hash(state);
    }
}

impl Observer for Count {
    fn is_decided(&self) -> bool {
        self.seen > self.most
    }

    fn used(&mut self, machine: &Machine, before: &State, used: &Used, _: &Principal) {
        let param = |datum: &Datum| machine.value(before, datum).cloned();
        if self.seen <= self.most && matches(machine.workflow(), &self.uses, used, param) {
            self.seen += 1;
        }
    }
}

/// Observer: whether an irreversible grant, whose limit does not count over the run, was used in two openings of its step.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct Repeats {
    used_in: BTreeMap<(usize, usize), u32>,
    broken: bool,
}

impl Observer for Repeats {
    fn used(&mut self, machine: &Machine, before: &State, used: &Used, _: &Principal) {
        let workflow = machine.workflow();
        let grant = &workflow.steps[used.step.index()].grants[used.grant.index()];
        if workflow.actions[grant.action.index()].irreversible && grant.limit.per != Per::Run {
            let opening = before.steps()[used.step.index()].opening;
            let first = self.used_in.entry((used.step.index(), used.grant.index())).or_insert(opening);
            self.broken |= *first != opening;
        }
    }

    fn is_decided(&self) -> bool {
        self.broken
    }
}
