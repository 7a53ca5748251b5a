//! What a draft permits beside an artifact in force: what it adds, and what it leaves out.
//!
//! A grant of the draft adds nothing only if the artifact has one that certainly permits the same: open from the start, to agents, without a
//! time limit, with these arguments whatever the run is about, as often, as long, and for the role that has the draft's other grants. Everything
//! else widens.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use xp_artifact::print;
use xp_artifact::workflow::{Action, Expr, Formula, Grant, Pin, RoleId, RoleKind, Step, Workflow};

/// A draft beside an artifact.
pub struct Beside {
    /// One line for each difference and each grant that both have.
    pub text: String,
    /// Whether the draft permits something that the artifact does not.
    pub widens: bool,
}

/// Position of a grant: of its step, and in it.
type At = (usize, usize);

/// Compares a draft with a workflow in force.
pub fn compare(draft: &Workflow, force: &Workflow) -> Beside {
    let (mut text, mut widens) = (String::new(), false);
    let (mut spent, mut roles) = (BTreeMap::<At, u32>::new(), BTreeMap::<RoleId, RoleId>::new());
    // Writing to a string cannot fail.
    let mut line = |sign: char, what: &str| {
        let _ = writeln!(text, "{sign} {what}");
    };
    for (step, grant) in
        draft.steps.iter().flat_map(|step| step.grants.iter().map(move |grant| (step, grant)))
    {
        let may = format!("{}: may {}", step.name, print::grant(draft, grant));
        match covered(draft, grant, force, (&spent, roles.get(&step.role).copied())) {
            Ok((at, role)) => {
                let uses = spent.entry(at).or_default();
                *uses = uses.saturating_add(grant.limit.uses);
                roles.entry(step.role).or_insert(role);
                line(' ', &may);
            }
            Err(why) => {
                widens = true;
                line('+', &format!("{may}: {}", why.1));
            }
        }
    }
    let taken: BTreeSet<RoleId> = roles.into_values().collect();
    for rule in &force.separations {
        if rule.roles.iter().filter(|role| taken.contains(role)).count() > 1 {
            widens = true;
            let names = rule.roles.iter().filter_map(|role| force.roles.get(role.index()));
            let names: Vec<&str> = names.map(|role| role.name.as_str()).collect();
            line('+', &format!("without `separate roles {}`", names.join(", ")));
        }
    }
    for guard in force.guards.iter().filter(|_| !spent.is_empty()) {
        widens = true;
        line('+', &format!("without `{}`", guard.source));
    }
    for lease in force.leases.iter().filter(|_| !spent.is_empty()) {
        widens = true;
        line('+', &format!("without a lease on {}", lease.text));
    }
    for (at, step) in force.steps.iter().enumerate() {
        for (number, grant) in step.grants.iter().enumerate() {
            if !spent.contains_key(&(at, number)) {
                line('-', &format!("{}: may {}", step.name, print::grant(force, grant)));
            }
        }
    }
    Beside { text, widens }
}

/// Why a grant is not covered, with how near it was, so that the nearest one is told.
type Why = (u8, String);

/// The grant of the workflow in force that certainly permits what this one does.
fn covered(
    draft: &Workflow,
    grant: &Grant,
    force: &Workflow,
    (spent, role): (&BTreeMap<At, u32>, Option<RoleId>),
) -> Result<(At, RoleId), Why> {
    let mut nearest: Why = (0, "not granted there".to_owned());
    let Some(action) = draft.actions.get(grant.action.index()) else { return Err(nearest) };
    for (at, step) in force.steps.iter().enumerate() {
        for (number, other) in step.grants.iter().enumerate() {
            let used = spent.get(&(at, number)).copied().unwrap_or_default();
            match covers((action, grant), force, (step, other), used) {
                // One role of the draft is one role there: otherwise it has what there is for two.
                Ok(()) if role.is_some_and(|role| role != step.role) => {
                    let name = force.roles.get(step.role.index()).map_or("", |role| role.name.as_str());
                    let why = (8, format!("there for another role, `{name}`, in step `{}`", step.name));
                    if why.0 > nearest.0 {
                        nearest = why;
                    }
                }
                Ok(()) => return Ok(((at, number), step.role)),
                Err(why) if why.0 > nearest.0 => nearest = why,
                Err(_) => {}
            }
        }
    }
    Err(nearest)
}

fn covers(
    (action, grant): (&Action, &Grant),
    force: &Workflow,
    (step, other): (&Step, &Grant),
    used: u32,
) -> Result<(), Why> {
    let declared = force.actions.get(other.action.index());
    let Some(declared) =
        declared.filter(|one| (&one.connector, &one.name) == (&action.connector, &action.name))
    else {
        return Err((0, String::new()));
    };
    let there = || format!("`{}` in step `{}`", print::grant(force, other), step.name);
    if declared != action {
        return Err((1, "declared otherwise there".to_owned()));
    }
    let same = grant.pins.len() == other.pins.len()
        && grant.pins.iter().zip(&other.pins).all(|(pin, wider)| includes(wider, pin));
    if !same {
        return Err((2, format!("there with other arguments, {}", there())));
    }
    if step.after != Formula::All(Vec::new()) {
        return Err((3, format!("there after {}, {}", print::formula(force, &step.after), there())));
    }
    if force.roles.get(step.role.index()).is_none_or(|role| role.kind != RoleKind::Agent) {
        return Err((4, format!("there for people, {}", there())));
    }
    if step.within.is_some() {
        return Err((5, format!("there within a time limit, {}", there())));
    }
    if grant.ttl_seconds > other.ttl_seconds {
        return Err((6, format!("for longer than there, {}", there())));
    }
    if used.saturating_add(grant.limit.uses) > other.limit.uses {
        return Err((7, format!("more often than there, {}", there())));
    }
    Ok(())
}

/// Whether a pin certainly admits all that a literal one does.
fn includes(wider: &Pin, pin: &Pin) -> bool {
    match (wider, pin) {
        (Pin::Any, _) | (Pin::Absent, Pin::Absent) => true,
        (Pin::Is(Expr::Literal(wide)), Pin::Is(Expr::Literal(value))) => wide == value,
        _ => false,
    }
}
