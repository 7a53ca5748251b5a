//! Sums of what people approved in a day, over all runs: an amount is a decimal with a unit, by the type of an argument, and what it is
//! paid on and to whom comes from the clauses of the action.
//!
//! An approval is counted for what the steps after it may use at most. Only values that the request named are told: those of the data that
//! its outcomes are about, parameters of the run, and literals.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::json;
use xp_artifact::RecordTable;
use xp_artifact::things;
use xp_artifact::workflow::{Action, Datum, Expr, Grant, Pin, Root, StepId, Workflow};
use xp_machine::{Machine, State};
use xp_scope::{Digest, Type, Value, decimal};
use xpd_proxy::Fault;
use xpd_store::{Mode, StoreError};

use super::Orchestrator;
use super::caller::Caller;
use super::peoples::downstream;
use crate::memory::Tx;

const DAY: u64 = 24 * 60 * 60 * 1_000;
/// The key in the store.
const APPROVED: &str = "approved";
/// Rows of a day; beyond them, things and payees are not told apart.
const MOST: usize = 200;
/// Characters of a value; beyond them its digest stands in for the rest.
const LONGEST: usize = 60;
/// Deeper records of records do not exist in a checked workflow.
const DEPTH: usize = 32;
/// What stands for a value that the request did not name.
const UNNAMED: &str = "not named in the request";

/// What was approved today of a unit, by thing and payee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// The role that approved.
    pub role: String,
    /// The action, qualified.
    pub action: String,
    /// The things that it alters.
    pub thing: String,
    /// Its other final arguments.
    pub payee: String,
    /// The sum, without a sign: what is paid and what is taken back add up.
    pub amount: String,
    /// The unit.
    pub unit: String,
    /// How many approvals are in it.
    pub approvals: u64,
    /// How many more there are whose amount the request did not name.
    pub unnamed: u64,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Day {
    day: u64,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Row {
    of: Of,
    /// The sum, in the smallest part of the unit that the type has.
    sum: String,
    approvals: u64,
    unnamed: u64,
}

/// What a sum is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Of {
    /// The role that approved, and those of its workflow that must be separate from it.
    role: String,
    apart: BTreeSet<String>,
    action: String,
    thing: String,
    payee: String,
    unit: String,
    scale: u8,
}

/// What a grant lets a step use of one unit.
struct Use {
    /// Role, step, opening and grant: counted once.
    key: String,
    of: Of,
    /// None if the request did not name it.
    amount: Option<u128>,
}

/// Counts what follows from a decision of a person, by the names of step and outcome.
pub(super) fn count(tx: &mut Tx<'_>, id: &str, step: &str, outcome: &str) -> Result<(), StoreError> {
    let now = tx.now / DAY;
    let Some(run) = tx.run(id)?.filter(|run| run.mode() == Mode::Enforced) else { return Ok(()) };
    let uses = uses(&run.machine, &run.state, step, outcome);
    if uses.is_empty() {
        return Ok(());
    }
    let mut day = read(tx, now)?;
    for Use { key, of, amount } in uses {
        if tx.counter(id, &key)?.is_none() {
            tx.set_counter(id, &key, 1)?;
            day.add(of, amount);
        }
    }
    let bytes = serde_json::to_vec(&day)?;
    tx.remember_value(APPROVED, &bytes)
}

fn read(tx: &Tx<'_>, now: u64) -> Result<Day, StoreError> {
    let kept: Option<Day> = match tx.remembered(APPROVED)? {
        Some(bytes) => Some(serde_json::from_slice(&bytes)?),
        None => None,
    };
    let today = kept.filter(|kept| kept.day == now);
    Ok(today.unwrap_or(Day { day: now, rows: Vec::new() }))
}

impl Day {
    fn add(&mut self, of: Of, amount: Option<u128>) {
        let full = self.rows.len() >= MOST && !self.rows.iter().any(|row| row.of == of);
        let rest = || "others".to_owned();
        let of = if full { Of { thing: rest(), payee: rest(), ..of } } else { of };
        let at = self.rows.iter().position(|row| row.of == of).unwrap_or(self.rows.len());
        if at == self.rows.len() {
            self.rows.push(Row { of, sum: "0".to_owned(), approvals: 0, unnamed: 0 });
        }
        let Some(row) = self.rows.get_mut(at) else { return };
        match amount {
            // A sum that cannot be read is as large as can be.
            Some(amount) => {
                row.sum = row.sum.parse().unwrap_or(u128::MAX).saturating_add(amount).to_string();
                row.approvals = row.approvals.saturating_add(1);
            }
            None => row.unnamed = row.unnamed.saturating_add(1),
        }
    }
}

/// What the steps that follow an outcome may use, of each unit.
fn uses(machine: &Machine, state: &State, step: &str, outcome: &str) -> Vec<Use> {
    let workflow = machine.workflow();
    let Some(at) = machine.step_named(step) else { return Vec::new() };
    let Some(declared) = workflow.steps.get(at.index()) else { return Vec::new() };
    if !declared.outcomes.iter().any(|one| one.name == outcome) {
        return Vec::new();
    }
    let named =
        Named { machine, state, data: declared.outcomes.iter().filter_map(|one| one.of.as_ref()).collect() };
    let role = |index: usize| workflow.roles.get(index).map(|role| role.name.clone());
    let apart = (0..workflow.roles.len())
        .filter(|index| workflow.are_separate(declared.role, xp_artifact::workflow::RoleId::of(*index)));
    let apart: BTreeSet<String> = apart.filter_map(role).collect();
    let own = role(declared.role.index()).unwrap_or_default();
    let mut found = Vec::new();
    for index in downstream(workflow, [at.index()]) {
        let Some((after, now)) = workflow.steps.get(index).zip(state.step(StepId::of(index))) else {
            continue;
        };
        let opening = if now.open { now.opening } else { now.opening.saturating_add(1) };
        for (number, grant) in after.grants.iter().enumerate() {
            let Some(action) = workflow.actions.get(grant.action.index()) else { continue };
            for (part, (unit, scale, amount)) in named.amounts(action, grant).into_iter().enumerate() {
                let key = json!(["approved", own, after.name, opening, number, part]).to_string();
                let (thing, payee) = named.about(action, grant);
                let (role, apart, action) = (own.clone(), apart.clone(), crate::registry::qualified(action));
                found.push(Use { key, of: Of { role, apart, action, thing, payee, unit, scale }, amount });
            }
        }
    }
    found
}

/// The values that a request named.
struct Named<'a> {
    machine: &'a Machine,
    state: &'a State,
    /// The data that its outcomes are about.
    data: Vec<&'a Datum>,
}

impl Named<'_> {
    fn workflow(&self) -> &Workflow {
        self.machine.workflow()
    }

    /// The value of an argument, if the request named it.
    fn value(&self, pin: &Pin) -> Option<Value> {
        let Pin::Is(expr) = pin else { return None };
        let shown = |datum: &Datum| {
            matches!(datum.root, Root::Param(_))
                || self.data.iter().any(|one| one.root == datum.root && datum.fields.starts_with(&one.fields))
        };
        if !Expr::data(expr).all(shown) {
            return None;
        }
        self.machine.evaluate(self.state, expr)
    }

    /// Unit, scale and amount of each argument that has one, for all uses of a grant.
    fn amounts(&self, action: &Action, grant: &Grant) -> Vec<(String, u8, Option<u128>)> {
        let uses = u128::from(grant.limit.uses);
        let mut found = Vec::new();
        for (param, pin) in action.params.iter().zip(&grant.pins) {
            if *pin == Pin::Absent {
                continue;
            }
            let mut units = Vec::new();
            units_of(&param.ty, self.machine.records(), DEPTH, &mut units);
            let value = self.value(pin);
            for (unit, scale) in units {
                let sum = value.as_ref().map(|value| {
                    let of = (unit.as_str(), scale);
                    summed(value, &param.ty, of, self.machine.records(), DEPTH).saturating_mul(uses)
                });
                found.push((unit, scale, sum));
            }
        }
        found
    }

    /// The things that an action alters, and its final arguments that are no amounts.
    fn about(&self, action: &Action, grant: &Grant) -> (String, String) {
        let pairs = || action.params.iter().zip(&grant.pins);
        let args = pairs().filter_map(|(param, pin)| Some((param.name.clone(), self.value(pin)?)));
        let args: BTreeMap<String, Value> = args.collect();
        let kinds = &self.workflow().kinds;
        let things: BTreeSet<String> = action
            .clauses
            .altered()
            .chain(action.clauses.final_things())
            .filter_map(|expr| {
                let thing = things::thing(kinds, action, &args, None, expr)?;
                let lines = thing.canonical(kinds).lines(kinds);
                Some(lines.last()?.lines().map(words).collect::<Vec<_>>().join(", "))
            })
            .collect();
        let is_final =
            |index: usize| u32::try_from(index).is_ok_and(|index| action.clauses.finals.contains(&index));
        let payee =
            pairs().enumerate().filter(|(index, _)| is_final(*index)).filter_map(|(_, (param, _))| {
                let mut units = Vec::new();
                units_of(&param.ty, self.machine.records(), DEPTH, &mut units);
                let value = args.get(&param.name).map_or_else(|| UNNAMED.to_owned(), text);
                units.is_empty().then(|| format!("{} {value}", param.name))
            });
        (things.into_iter().collect::<Vec<_>>().join("; "), payee.collect::<Vec<_>>().join(", "))
    }
}

/// The units in a type.
fn units_of(ty: &Type, records: &RecordTable, depth: usize, found: &mut Vec<(String, u8)>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match ty {
        Type::Decimal { scale, unit: Some(unit) } if !found.contains(&(unit.clone(), *scale)) => {
            found.push((unit.clone(), *scale));
        }
        Type::List(element) | Type::Set(element) => units_of(element, records, depth, found),
        Type::Record(name) => {
            let fields = records.get(name).unwrap_or_default();
            fields.iter().for_each(|field| units_of(&field.ty, records, depth, found));
        }
        _ => {}
    }
}

/// The amounts of a unit in a value, added up without their signs.
fn summed(value: &Value, ty: &Type, of: (&str, u8), records: &RecordTable, depth: usize) -> u128 {
    let Some(depth) = depth.checked_sub(1) else { return 0 };
    match (ty, value) {
        (Type::Decimal { scale, unit: Some(unit) }, Value::Text(text)) if (unit.as_str(), *scale) == of => {
            // A value of the type has this form.
            decimal::scaled(text, *scale).map_or(u128::MAX, |scaled| u128::from(scaled.unsigned_abs()))
        }
        (Type::List(element) | Type::Set(element), Value::List(elements)) => elements
            .iter()
            .fold(0, |sum: u128, value| sum.saturating_add(summed(value, element, of, records, depth))),
        (Type::Record(name), Value::Record(members)) => {
            let fields = records.get(name).unwrap_or_default().iter();
            let member = |field: &xp_artifact::workflow::Field| {
                members.get(&field.name).map_or(0, |value| summed(value, &field.ty, of, records, depth))
            };
            fields.fold(0, |sum: u128, field| sum.saturating_add(member(field)))
        }
        _ => 0,
    }
}

/// A level of a thing, `["kind",[keys]]`, in words.
fn words(line: &str) -> String {
    let Ok((kind, keys)) = serde_json::from_str::<(String, Vec<Value>)>(line) else { return cut(line) };
    let keys = keys.iter().map(text).collect::<Vec<_>>().join(" ");
    if keys.is_empty() { kind } else { format!("{kind} {keys}") }
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => cut(text),
        other => cut(&String::from_utf8_lossy(&other.canonical())),
    }
}

/// A text that is not too long, and differs from others that begin so.
fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let digest: String = Digest::of(text.as_bytes()).hex().chars().take(16).collect();
    let head: String = text.chars().take(LONGEST).collect();
    format!("{head}… ({digest})")
}

/// A sum with its point.
fn written(sum: &str, scale: u8) -> String {
    let scale = usize::from(scale);
    let digits = format!("{sum:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at_checked(digits.len() - scale).unwrap_or((&digits, ""));
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

impl Orchestrator {
    /// What was approved today (UTC) over all runs, in the roles that the person has, unless somebody of the same controller may take
    /// a role that is separate from them.
    ///
    /// # Errors
    /// The session ended, or the store failed.
    pub async fn approved_today(&self, caller: Caller) -> Result<Vec<Sum>, Fault> {
        self.command(caller, |tx, caller| {
            let (day, rules) = (read(tx, tx.now / DAY)?, tx.rules());
            let Some(member) = rules.roster.person(caller.name()) else { return Ok(Vec::new()) };
            let may_see = |of: &Of| {
                let controller = &member.principal.controller;
                member.roles.contains(&of.role)
                    && !of.apart.iter().any(|role| rules.roster.plays(controller, role))
            };
            let told = |Row { of, sum, approvals, unnamed }: Row| Sum {
                amount: written(&sum, of.scale),
                role: of.role,
                action: of.action,
                thing: of.thing,
                payee: of.payee,
                unit: of.unit,
                approvals,
                unnamed,
            };
            let mut sums: Vec<Row> = day.rows.into_iter().filter(|row| may_see(&row.of)).collect();
            sums.sort_by(|a, b| a.of.cmp(&b.of));
            Ok(sums.into_iter().map(told).collect())
        })
        .await
    }
}
