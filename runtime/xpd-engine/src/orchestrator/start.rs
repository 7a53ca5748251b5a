//! Starting runs, under the start rules of the roster: who, which artifact, with which parameters, how many.

use std::collections::BTreeMap;

use serde_json::json;
use xp_artifact::starts;
use xp_artifact::workflow::Workflow;
use xp_machine::Start;
use xp_machine::event::Principal;
use xp_scope::{Digest, Value};
use xp_wire::RefusalCode;
use xpd_audit::entry::{Body, Facts, Kind};
use xpd_audit::left_open;
use xpd_proxy::{Fault, Refused, Stop};
use xpd_store::{Mode, Scope, StoreError};

use super::args::Concerned;
use super::caller::{Caller, binding};
use super::decide::{follow, outside};
use super::repeat::Request;
use super::stops;
use super::{Orchestrator, random_id};
use super::{asking, clause, deadlines, in_order, shadow};
use crate::memory::{Line, NewRun, Tx};
use crate::realms;
use crate::roster::{Roster, Rule};
use crate::rules::Rules;

const DAY: u64 = 24 * 60 * 60 * 1_000;
/// The run id under which request ids of starts are stored.
const NO_RUN: &str = "";

/// A request to start a run.
#[derive(Clone, Debug)]
pub struct StartRun {
    /// Digest of an artifact, or name of a workflow, which stands for its latest artifact.
    pub artifact: String,
    /// Its parameters.
    pub params: BTreeMap<String, Value>,
    /// Principals by role, for roles that are staffed at the start.
    pub staff: BTreeMap<String, String>,
    /// Idempotency key of the request.
    pub request_id: Option<String>,
}

/// A started run.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Started {
    /// Run id.
    pub run: String,
    /// Digest of its artifact.
    pub artifact: String,
    /// Index of its log entry.
    pub index: u64,
    /// Whether it is a shadow run.
    #[serde(default)]
    pub shadow: bool,
    /// Whether this is the stored answer to an earlier request.
    pub replayed: bool,
}

impl Orchestrator {
    /// Starts a run.
    ///
    /// # Errors
    /// No rule allows it, the rule's limits are reached, or parameters or staff are invalid.
    pub async fn start(&self, caller: Caller, ask: StartRun) -> Result<Started, Fault> {
        let id = random_id()?;
        // Checked first, since runs that are open need the remaining space until their end.
        let low = self.disk_is_low();
        self.command(caller, move |tx, caller| {
            let asked = json!(["start", ask.artifact, ask.params, ask.staff]);
            let request = Request::new(NO_RUN, ask.request_id.clone(), &asked);
            if let Some(before) = request.before::<Started>(tx, caller)? {
                return Ok(Started { replayed: true, ..before });
            }
            let rules = tx.rules();
            let started = match &low {
                Some(reason) => Err(Stop::Refuse(Refused::new(RefusalCode::DiskLow, reason))),
                None => start(tx, &rules, caller, &ask, &id),
            };
            match started {
                Ok(started) => {
                    request.answered(tx, caller, &started)?;
                    Ok(started)
                }
                Err(Stop::Refuse(mut refused)) => {
                    refused.index = outside(tx, None, Some(caller.name()), &refused)?;
                    Err(Stop::Refuse(refused))
                }
                Err(abort) => Err(abort),
            }
        })
        .await
    }
}

fn start(tx: &mut Tx<'_>, rules: &Rules, caller: &Caller, ask: &StartRun, id: &str) -> Result<Started, Stop> {
    let unknown = || Stop::Refuse(Refused::new(RefusalCode::Unknown, "there is no such artifact for you"));
    let mode = shadow::chosen(tx, &rules.roster, caller.name(), &ask.artifact)?;
    let (digest, name) = tx.find_artifact(&ask.artifact, mode)?.ok_or_else(unknown)?;
    if let Some(trouble) = tx.trouble() {
        return Err(Stop::Refuse(Refused::new(RefusalCode::ClockOff, trouble.to_string())));
    }
    let in_force = tx.find_artifact(&name, mode)?.is_some_and(|(latest, _)| latest == digest);
    let machine = tx.machine(&digest)?.ok_or_else(unknown)?;
    let workflow = machine.workflow();
    let ask = StartRun { params: in_order::parameters(&machine, &ask.params), ..ask.clone() };
    let asked = Asked { digest: &digest, name: &name, mode, in_force, workflow };
    let rule = allowed(tx, &rules.roster, caller.name(), &ask, asked)?;
    let (counted, staff) = (rule.id(), staff(rules, &ask.staff).map_err(Stop::Refuse)?);
    let instances = realms::instances(&rules.instances, &rule.instances, workflow).map_err(Stop::Refuse)?;
    // Instances may have changed since the deployment.
    realms::bind(&rules.instances, &instances, workflow).map_err(Stop::Refuse)?;
    let mut scopes = stops::of_artifact(&machine, &digest).to_vec();
    scopes.push(Scope::Principal(caller.name().to_owned()));
    if let Some(scope) = tx.stopped(&scopes, None)? {
        return Err(Stop::Refuse(Refused::new(RefusalCode::Killed, format!("stopped: {scope}"))));
    }
    let starter = Some(caller.principal().clone());
    let start = Start { at: tx.now, params: ask.params.clone(), instances, staff, starter };
    let state = machine.start(&start).map_err(|refusal| {
        let mut refused = Refused::new(refusal.code, refusal.reason);
        refused.clause = refusal.clause.and_then(|clause| clause::text(machine.workflow(), clause));
        Stop::Refuse(refused)
    })?;
    if let Some(refused) = asking::refused_start(tx, caller.principal(), &machine, &state)? {
        return Err(Stop::Refuse(refused));
    }
    let leased = Concerned::from_start(rules, &machine, &state).in_mode(mode);
    if let Some(holder) = leased.leased_by(tx, id)? {
        let reason = format!("run `{holder}` holds what this workflow leases");
        return Err(Stop::Refuse(Refused::new(RefusalCode::Leased, reason)));
    }
    leased.lease(tx, id, None)?;
    let artifact = Digest::parse(&digest).map_err(StoreError::broken)?;
    let started_by = caller.name();
    tx.insert_run(NewRun { id, artifact, machine, state, mode, rule: &counted, started_by })?;
    let mut facts = Facts::from([("started_by".to_owned(), json!(started_by))]);
    facts.extend(binding(tx, caller));
    left_open::tell(&rules.left_open, &mut facts);
    let body = Body::opened(&start, facts).map_err(StoreError::broken)?;
    let written = tx.record(id, body)?;
    tx.log_line(Line {
        run: Some(id.to_owned()),
        shadow: mode == Mode::Shadow,
        what: Kind::RunOpened.as_str(),
        principal: Some(started_by.to_owned()),
        index: Some(written.index),
        ..Line::default()
    });
    asking::count_start(tx, id)?;
    // What parameters decide needs nobody.
    let due = tx.run(id)?.map(|run| run.machine.due(&run.state)).unwrap_or_default();
    for atom in due {
        follow(tx, id, atom.step)?;
    }
    deadlines::note(tx, id)?;
    let shadow = mode == Mode::Shadow;
    Ok(Started { run: id.to_owned(), artifact: digest, index: written.index, shadow, replayed: false })
}

/// The artifact to start.
#[derive(Clone, Copy)]
struct Asked<'a> {
    digest: &'a str,
    name: &'a str,
    /// The mode in which it is deployed.
    mode: Mode,
    /// Whether it is the current artifact of its workflow.
    in_force: bool,
    workflow: &'a Workflow,
}

/// The first rule that allows the start; otherwise the refusal of the last rule considered.
fn allowed<'r>(
    tx: &Tx<'_>,
    roster: &'r Roster,
    principal: &str,
    ask: &StartRun,
    asked: Asked<'_>,
) -> Result<&'r Rule, Stop> {
    let Asked { digest, name, mode, in_force, workflow } = asked;
    let mut refused = Refused::new(RefusalCode::Unknown, "there is no such artifact for you");
    for rule in roster.rules(principal, digest, name).filter(|rule| rule.mode() == mode) {
        if !in_force && rule.artifact != digest {
            refused =
                Refused::new(RefusalCode::NotAllowed, format!("a later artifact is in force for `{name}`"));
            continue;
        }
        // Such a rule admits no start at all: whoever reads the refusal is told why.
        if let Some(unknown) = rule.params.keys().find(|name| starts::named(workflow, name).is_none()) {
            let reason = format!("the roster speaks of `{unknown}`, which is no parameter of `{name}`");
            refused = Refused::new(RefusalCode::NotAllowed, reason);
            continue;
        }
        if let Some(param) = rule.forbids(&ask.params) {
            let reason = match Rule::lacks(&ask.params, param) {
                true => format!("`{param}` is missing: the start rule says which values it may have"),
                false => format!("you may not start it with this `{param}`"),
            };
            refused = Refused::new(RefusalCode::NotAllowed, reason);
            continue;
        }
        // The proofs assume that the starter cannot choose these parameters, so the rule must restrict them.
        let named: Vec<&str> = rule.params.keys().map(String::as_str).collect();
        if let Some(one) = starts::open(workflow, &named).first() {
            let reason = format!("the roster must say which `{}` may be: {}", one.path, one.reason());
            refused = Refused::new(RefusalCode::NotAllowed, reason);
            continue;
        }
        if let Some(reason) = judges_own(roster, principal, ask, workflow, &named) {
            refused = Refused::new(RefusalCode::NotAllowed, reason);
            continue;
        }
        let (open, today) = tx.started(&rule.id(), tx.now.saturating_sub(DAY))?;
        if open >= rule.max_open {
            refused = Refused::new(
                RefusalCode::TooManyRuns,
                format!("{open} runs are open, which is all that may be"),
            );
        } else if today >= rule.max_per_day {
            refused =
                Refused::new(RefusalCode::TooManyRuns, format!("{today} runs were started in 24 hours"));
        } else {
            return Ok(rule);
        }
    }
    Err(Stop::Refuse(refused))
}

/// Why the starter could judge what it chose itself, if so: its controller may play the role whose judgement makes it final, and the
/// start gives that role to nobody else.
fn judges_own(
    roster: &Roster,
    principal: &str,
    ask: &StartRun,
    workflow: &Workflow,
    named: &[&str],
) -> Option<String> {
    let controller = |name: &str| roster.by_name(name).map(|member| member.principal.controller.as_str());
    starts::judged(workflow, named).iter().find_map(|one| {
        let role = workflow.roles.get(one.role.index()).map(|role| role.name.as_str())?;
        let own = match (controller(principal), ask.staff.get(role)) {
            (None, _) => true,
            (own, Some(other)) => controller(other) == own,
            (Some(own), None) => roster.plays(own, role),
        };
        own.then(|| {
            let why = one.reason(role);
            format!("you may not choose `{}`: {why}, which your controller may play", one.path)
        })
    })
}

fn staff(rules: &Rules, named: &BTreeMap<String, String>) -> Result<BTreeMap<String, Principal>, Refused> {
    let mut staff = BTreeMap::new();
    for (role, name) in named {
        let member = rules.roster.by_name(name).filter(|member| member.roles.contains(role));
        let Some(member) = member else {
            return Err(Refused::new(RefusalCode::WrongRole, format!("`{name}` does not play `{role}`")));
        };
        staff.insert(role.clone(), member.principal.clone());
    }
    Ok(staff)
}
