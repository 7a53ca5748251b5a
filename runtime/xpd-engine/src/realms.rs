//! Binding of realms: things that the proofs assume to be at one upstream must be at one upstream here, and
//! things assumed to be at different upstreams at different ones.
//!
//! A realm of an artifact is the connector that declares the kinds. It is bound to an instance, and an
//! instance to addresses. Two instances are at one upstream if they have a common address or an address of
//! one is below an address of the other.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use xp_artifact::enclosing;
use xp_artifact::workflow::Workflow;
use xp_scope::thing::Immutable;
use xp_wire::RefusalCode;
use xpd_proxy::Refused;

use crate::upstream::Upstream;

/// An instance of a connector, as far as decisions depend on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instance {
    /// The connector that it implements.
    pub kind: String,
    /// The addresses of its upstream. Empty if unknown.
    pub upstreams: Vec<Upstream>,
    /// For other connectors whose kinds it uses: the instance whose upstream it refers to.
    pub realms: BTreeMap<String, String>,
}

/// Instances by name.
pub type Instances = BTreeMap<String, Instance>;

/// A name for the upstream of each instance; equal for instances at one upstream.
#[derive(Clone, Debug, Default)]
pub struct Places(BTreeMap<String, String>);

impl Places {
    /// The names for the instances of a server.
    #[must_use]
    pub fn among(all: &Instances) -> Self {
        let meet = |one: &str, other: &str| {
            let (one, other) = (upstreams(all, one), upstreams(all, other));
            one.iter().any(|at| other.iter().any(|two| at.overlaps(two)))
        };
        let mut left: Vec<&String> = all.keys().collect();
        let mut named = BTreeMap::new();
        while let Some(first) = left.pop() {
            let mut group = vec![first];
            let mut next = 0;
            while let Some(here) = group.get(next).copied() {
                let (met, rest) = left.into_iter().partition(|other| meet(here, other));
                left = rest;
                group.extend::<Vec<_>>(met);
                next += 1;
            }
            // An address does not change when an instance is renamed. Without a known address, the instance's name is used.
            let at = group.iter().flat_map(|name| upstreams(all, name)).min();
            let place = at.map_or_else(|| first.clone(), ToString::to_string);
            named.extend(group.into_iter().map(|name| (name.clone(), place.clone())));
        }
        Self(named)
    }

    /// The upstream at which an instance finds the things of a realm.
    #[must_use]
    pub fn of(&self, all: &Instances, instance: &str, realm: &str) -> String {
        // Open runs were bound successfully, so this fails only after a change of the configuration.
        let at = place(all, instance, realm).unwrap_or_else(|_| instance.to_owned());
        self.0.get(&at).cloned().unwrap_or(at)
    }
}

/// The instance and addresses to which each realm is bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bound(BTreeMap<String, (String, Vec<Upstream>)>);

impl Bound {
    /// The form in the log.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let realms = self.0.iter().map(|(realm, (instance, at))| {
            let at: Vec<String> = at.iter().map(ToString::to_string).collect();
            (realm.clone(), json!({ "instance": instance, "at": at }))
        });
        Value::Object(realms.collect())
    }
}

/// The instance for each connector of a workflow: the one that `named` states, or else the only one of its
/// kind.
///
/// # Errors
/// There is none, or there are several and none is named.
pub fn instances(
    all: &Instances,
    named: &BTreeMap<String, String>,
    workflow: &Workflow,
) -> Result<BTreeMap<String, String>, Refused> {
    let mut chosen = BTreeMap::new();
    for action in &workflow.actions {
        let kind = &action.connector;
        let of_kind: Vec<&String> = of_kind(all, kind).collect();
        let instance = match (named.get(kind), of_kind.as_slice()) {
            (Some(named), of_kind) if of_kind.contains(&named) => named,
            (None, [only]) => *only,
            _ => {
                let reason = format!("no single instance of connector `{kind}` is bound to this workflow");
                return Err(Refused::new(RefusalCode::NoInstance, reason));
            }
        };
        chosen.insert(kind.clone(), instance.clone());
    }
    Ok(chosen)
}

fn of_kind<'i>(all: &'i Instances, kind: &str) -> impl Iterator<Item = &'i String> {
    all.iter().filter(move |(_, instance)| instance.kind == kind).map(|(name, _)| name)
}

/// Binds the realms of a workflow whose connectors are bound to instances.
///
/// # Errors
/// Two realms share an upstream, two connectors refer to different upstreams for one realm, or an upstream is
/// unknown.
pub fn bind(
    all: &Instances,
    chosen: &BTreeMap<String, String>,
    workflow: &Workflow,
) -> Result<Bound, Refused> {
    let mut bound = Bound::default();
    for action in &workflow.actions {
        let Some(instance) = chosen.get(&action.connector) else { continue };
        for kind in enclosing(action.clauses.kinds(), &workflow.kinds) {
            // A thing named by its content is the same at every upstream.
            if kind.immutable == Some(Immutable::Content) {
                continue;
            }
            let place = place(all, instance, &kind.realm)?;
            let at = upstreams(all, &place);
            match bound.0.get(&kind.realm) {
                None => {
                    bound.0.insert(kind.realm.clone(), (place, at.to_vec()));
                }
                Some((other, elsewhere)) if *other == place || one(elsewhere, at) => {}
                Some((other, _)) => {
                    return Err(wrong(format!(
                        "things of `{}` lie at the upstream of `{other}` to one connector of the workflow and of \
                         `{place}` to `{instance}`; its proofs take them for one",
                        kind.realm
                    )));
                }
            }
        }
    }
    let realms: Vec<_> = bound.0.iter().collect();
    for (number, (realm, (place, at))) in realms.iter().enumerate() {
        for (other, (second, elsewhere)) in realms.iter().skip(number + 1) {
            if at.is_empty() || elsewhere.is_empty() {
                let unknown = if at.is_empty() { place } else { second };
                return Err(wrong(format!(
                    "the proofs take things of `{realm}` and `{other}` for apart, and nothing says where those of \
                     instance `{unknown}` lie"
                )));
            }
            let mut pairs = at.iter().flat_map(|one| elsewhere.iter().map(move |two| (one, two)));
            if let Some((one, two)) = pairs.find(|(one, two)| one.overlaps(two)) {
                return Err(wrong(format!(
                    "the proofs take things of `{realm}` and `{other}` for apart, and instances `{place}` ({one}) \
                     and `{second}` ({two}) are at one upstream"
                )));
            }
        }
    }
    Ok(bound)
}

/// The instance at whose upstream `instance` finds the things of a realm.
fn place(all: &Instances, instance: &str, realm: &str) -> Result<String, Refused> {
    let declared = all.get(instance);
    if declared.is_some_and(|declared| declared.kind == realm) {
        return Ok(instance.to_owned());
    }
    if let Some(said) = declared.and_then(|declared| declared.realms.get(realm)) {
        return Ok(said.clone());
    }
    let mut own = of_kind(all, realm);
    let Some(first) = own.next() else { return Ok(instance.to_owned()) };
    if own.all(|other| one(upstreams(all, first), upstreams(all, other))) {
        return Ok(first.clone());
    }
    Err(wrong(format!(
        "instance `{instance}` speaks of things of `{realm}`, which has several upstreams here; say which: \
         `realms = {{ {realm} = \"NAME\" }}` in its table"
    )))
}

fn upstreams<'i>(all: &'i Instances, name: &str) -> &'i [Upstream] {
    all.get(name).map(|instance| instance.upstreams.as_slice()).unwrap_or_default()
}

/// Whether two non-empty lists of addresses are the same.
fn one(left: &[Upstream], right: &[Upstream]) -> bool {
    !left.is_empty()
        && left.iter().all(|upstream| right.contains(upstream))
        && right.iter().all(|upstream| left.contains(upstream))
}

fn wrong(reason: String) -> Refused {
    Refused::new(RefusalCode::WrongRealm, reason)
}
