//! Arguments: completed and neutralised before the decision. Anything else that is wrong is refused, not
//! repaired.

use std::collections::BTreeMap;

use xp_artifact::enclosing;
use xp_artifact::workflow::{Action, ActionId, Effect, Grant, GrantIx, Pin, Step, Workflow};
use xp_machine::{Machine, State, What};
use xp_scope::Value;
use xp_wire::RefusalCode;
use xpd_proxy::Refused;

use xpd_store::{Mode, StoreError};

use super::in_order;
use crate::memory::Tx;
use crate::registry::qualified;
use crate::rules::Rules;

/// The declaration of an action in a workflow.
pub(super) fn declared<'m>(machine: &'m Machine, action: &str) -> Option<(ActionId, &'m Action)> {
    let actions = machine.workflow().actions.iter().enumerate();
    actions
        .map(|(at, declared)| (ActionId::of(at), declared))
        .find(|(_, declared)| qualified(declared) == action)
}

/// Selects the grants for which arguments are completed.
pub(super) struct Wanted<'a> {
    /// Name of the step.
    pub step: &'a str,
    /// Qualified action.
    pub action: &'a str,
    /// The grant named in the request, if any.
    pub grant: Option<GrantIx>,
}

/// Puts sets in order, fills in omitted arguments that have one possible value, and neutralises commands in free text.
///
/// An omitted argument gets its default, or the value required by the grants that admit the other arguments.
/// If these require different values, the request is ambiguous.
pub(super) fn complete(
    machine: &Machine,
    state: &State,
    wanted: &Wanted<'_>,
    mut args: BTreeMap<String, Value>,
) -> Result<BTreeMap<String, Value>, Refused> {
    let step = machine.step_named(wanted.step).and_then(|id| machine.workflow().steps.get(id.index()));
    let (Some(step), Some((_, declared))) = (step, declared(machine, wanted.action)) else {
        return Ok(args);
    };
    in_order::arguments(machine, declared, &mut args);
    let grants = grants_of(machine, step, wanted);
    let may_fit = |(_, grant): &(GrantIx, &Grant)| {
        let mut pins = declared.params.iter().zip(&grant.pins);
        pins.all(|(param, pin)| {
            // Free text is matched after it was neutralised.
            let free = matches!(pin, Pin::Content { .. });
            args.get(&param.name).is_none_or(|value| free || machine.admits(state, pin, value))
        })
    };
    let fitting: Vec<(GrantIx, &Grant)> = grants.iter().copied().filter(may_fit).collect();
    let fitting = if fitting.is_empty() { grants.clone() } else { fitting };
    let only = |pin: &Pin| match pin {
        Pin::Is(expr) => machine.evaluate(state, expr),
        Pin::OneOf { .. } | Pin::Within(_) | Pin::Content { .. } | Pin::Any | Pin::Absent => None,
    };
    for (index, param) in declared.params.iter().enumerate() {
        let Some(given) = args.get(&param.name) else {
            let single = || fitting.iter().filter_map(|(_, grant)| only(grant.pins.get(index)?));
            let filled = param.default.clone().or_else(|| single().next());
            let may_be_absent = param.optional
                && fitting
                    .iter()
                    .filter_map(|(_, grant)| grant.pins.get(index))
                    .any(|pin| machine.admits_absence(state, pin));
            let differ = single().any(|other| Some(other) != filled) || may_be_absent && filled.is_some();
            if param.default.is_none() && differ {
                return Err(ambiguous(step, wanted.step, &param.name, &fitting));
            }
            if let Some(filled) = filled {
                args.insert(param.name.clone(), filled);
            }
            continue;
        };
        let pins: Vec<&Pin> = grants.iter().filter_map(|(_, grant)| grant.pins.get(index)).collect();
        let single: Vec<Value> = pins.iter().filter_map(|pin| only(pin)).collect();
        let free = pins.iter().filter_map(|pin| match pin {
            Pin::Content { max } => Some(*max),
            Pin::Is(_) | Pin::OneOf { .. } | Pin::Within(_) | Pin::Any | Pin::Absent => None,
        });
        // Text that equals a literal of a grant is the workflow's own and left as it is.
        if let (Some(max), Value::Text(text), false) = (free.max(), given, single.contains(given)) {
            let max = usize::try_from(max).unwrap_or(usize::MAX);
            // The contents of a file are checked but not changed, since an inserted character would change
            // the meaning of code.
            let neutral = if declared.effect == Effect::Write {
                xp_scope::content::check_file(text, max).map(|()| text.clone())
            } else {
                xp_scope::neutralise(text, max)
            };
            let neutral = neutral.map_err(|error| {
                Refused::new(RefusalCode::BadValue, format!("argument `{}`: {error}", param.name))
            })?;
            args.insert(param.name.clone(), Value::Text(neutral));
        }
    }
    Ok(args)
}

fn ambiguous(step: &Step, name: &str, param: &str, fitting: &[(GrantIx, &Grant)]) -> Refused {
    let names: Vec<String> =
        fitting.iter().filter_map(|(ix, _)| step.grant_name(*ix)).map(|name| format!("`{name}`")).collect();
    let reason = format!(
        "the grants {} of step `{name}` fit and want different `{param}`; say it, or name one of them",
        names.join(", ")
    );
    Refused::new(RefusalCode::Ambiguous, reason)
}

fn grants_of<'m>(machine: &'m Machine, step: &'m Step, wanted: &Wanted<'_>) -> Vec<(GrantIx, &'m Grant)> {
    let named = |(ix, grant): &(GrantIx, &Grant)| {
        let declared = machine.workflow().actions.get(grant.action.index());
        declared.is_some_and(|declared| qualified(declared) == wanted.action)
            && wanted.grant.is_none_or(|named| named == *ix)
    };
    let grants = step.grants.iter().enumerate().map(|(ix, grant)| (GrantIx::of(ix), grant));
    grants.filter(named).collect()
}

fn realm<'a>(workflow: &'a Workflow, what: &'a What) -> Option<&'a str> {
    match what {
        What::Thing(thing) => Some(workflow.kinds.get(thing.kind()?)?.realm.as_str()),
        What::Realm(realm) => Some(realm),
        What::Anything => None,
    }
}

fn text(rules: &Rules, workflow: &Workflow, instance: &str, what: &What) -> Option<String> {
    let Some(realm) = realm(workflow, what) else { return Some("\n".to_owned()) };
    let place = rules.places.of(&rules.instances, instance, realm);
    let inside = match what {
        What::Thing(thing) => thing.lines(&workflow.kinds).pop()?,
        What::Realm(_) | What::Anything => String::new(),
    };
    Some(format!("\n{place}\n{inside}"))
}

/// The resources that a use must lease, in text form. A resource contains those of which it is a prefix. The
/// text is a line feed, the upstream, and the thing at it, so that two instances at one upstream lease the same
/// resources.
#[derive(Debug, Default)]
pub(super) struct Concerned {
    /// What the run relies on or has changed; leased until the run is over.
    pub lasting: Vec<String>,
    /// What the use may change in part; leased while the use is under way.
    pub meanwhile: Vec<String>,
}

impl Concerned {
    pub fn of(
        rules: &Rules,
        machine: &Machine,
        state: &State,
        action: ActionId,
        args: &BTreeMap<String, Value>,
    ) -> Self {
        let workflow = machine.workflow();
        let connector = workflow.actions.get(action.index()).map(|action| action.connector.as_str());
        let instance = connector.and_then(|connector| state.instance(connector)).unwrap_or_default();
        let mut found = Self::default();
        for concern in machine.concerned(action, args) {
            let list = if concern.lasting { &mut found.lasting } else { &mut found.meanwhile };
            list.extend(text(rules, workflow, instance, &concern.what));
        }
        found
    }

    /// The resources that a run leases at its start.
    pub fn from_start(rules: &Rules, machine: &Machine, state: &State) -> Self {
        let workflow = machine.workflow();
        let leased = machine.leased(state);
        // Any instance whose connector uses such things, since all of them are bound to one upstream.
        let instance = |what: &What| {
            let realm = realm(workflow, what)?;
            let speaks = |action: &&Action| {
                enclosing(action.clauses.kinds(), &workflow.kinds).iter().any(|kind| kind.realm == realm)
            };
            state.instance(&workflow.actions.iter().find(speaks)?.connector)
        };
        let texts =
            leased.iter().filter_map(|what| text(rules, workflow, instance(what).unwrap_or_default(), what));
        Self { lasting: texts.collect(), meanwhile: Vec::new() }
    }

    /// What a use in a shadow run leases, and waits for: nothing, since it has no part in the leases of enforced runs.
    pub fn in_mode(self, mode: Mode) -> Self {
        match mode {
            Mode::Enforced => self,
            Mode::Shadow => Self::default(),
        }
    }

    /// Another run with a lease on one of the resources.
    pub fn leased_by(&self, tx: &Tx<'_>, run: &str) -> Result<Option<String>, StoreError> {
        match tx.leased_by(run, &self.lasting)? {
            Some(holder) => Ok(Some(holder)),
            None => tx.leased_by(run, &self.meanwhile),
        }
    }

    /// Leases the resources; those of `meanwhile` for the use `jti` only.
    pub fn lease(&self, tx: &mut Tx<'_>, run: &str, jti: Option<&str>) -> Result<(), StoreError> {
        tx.lease(run, &self.lasting, None)?;
        tx.lease(run, &self.meanwhile, jti)
    }
}
