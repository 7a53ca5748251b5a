//! Which roles must have different controllers: those the source separates, and who judges from who made what is judged.

use std::collections::HashSet;

use xp_artifact::workflow::{Datum, Grant, RoleId, Root, Separation, SeparationReason, StepId};
use xp_diagnostics::{Diagnostic, Span, codes};
use xp_syntax::ast;
use xpc_model::{Place, Spans};

use crate::collect;
use crate::draft::Draft;
use crate::problems::Problems;
use crate::symbols::{Context, OutcomeSource};

/// A set of roles.
type Roles = Vec<u64>;

/// The `separate roles` lines; the faulty ones are reported and left out.
pub fn declared(context: &Context<'_>, spans: &mut Spans, problems: &mut Problems) -> Vec<Separation> {
    let mut found = Vec::new();
    for line in &context.ast.separations {
        let Some(roles) = line_roles(context, line, problems) else { continue };
        spans.put(Place::Separation(u32::try_from(found.len()).unwrap_or(u32::MAX)), line.span);
        found.push(Separation { roles, reason: SeparationReason::Declared });
    }
    found
}

fn line_roles(context: &Context<'_>, line: &ast::Separation, problems: &mut Problems) -> Option<Vec<RoleId>> {
    let mut seen: Vec<(RoleId, Span)> = Vec::with_capacity(line.roles.len());
    let mut known: HashSet<RoleId> = HashSet::new();
    let mut sound = true;
    for name in &line.roles {
        let Some(role) = collect::role(&context.names.role_ids, context.ast, name, problems) else {
            sound = false;
            continue;
        };
        if known.insert(role) {
            seen.push((role, name.span));
            continue;
        }
        sound = false;
        let first = seen.iter().find(|(other, _)| *other == role).map_or(name.span, |(_, span)| *span);
        problems.push(
            Diagnostic::error(codes::BAD_SEPARATION, format!("the role `{}` is named twice", name.text))
                .at(name.span)
                .label(first, "the first one")
                .because("a role cannot be separate from itself"),
        );
    }
    if sound && seen.len() < 2 {
        problems.push(
            Diagnostic::error(codes::BAD_SEPARATION, "a single role has nothing to be separate from")
                .at(line.span)
                .help("name another role"),
        );
        sound = false;
    }
    sound.then(|| seen.into_iter().map(|(role, _)| role).collect())
}

/// The separations that judgements imply, after `first` others. `order` holds each step after all it waits for.
pub fn implied(
    context: &Context<'_>,
    steps: &[Draft],
    order: &[StepId],
    first: usize,
    spans: &mut Spans,
    problems: &mut Problems,
) -> Vec<Separation> {
    let mut found: Vec<Separation> = Vec::new();
    if steps.iter().all(|step| step.outcomes.iter().flatten().all(|outcome| outcome.of.is_none())) {
        return found;
    }
    let makers = Makers::of(steps, order, context.names.roles.len());
    let mut known: HashSet<(RoleId, RoleId)> = HashSet::new();
    for (index, step) in steps.iter().enumerate() {
        let judge = StepId::of(index);
        let lines = context.names.step(judge).map_or(&[][..], |symbols| symbols.outcomes.as_slice());
        for (outcome, symbol) in step.outcomes.iter().zip(lines) {
            let span = match symbol.source {
                OutcomeSource::Line(ast::Outcome { of: Some(path), .. }) => path.span,
                OutcomeSource::Line(_) | OutcomeSource::Then(_) => symbol.name.span,
            };
            let Some(datum) = outcome.as_ref().and_then(|outcome| outcome.of.as_ref()) else { continue };
            let Some(own) = step.role else { continue };
            for role in makers.roles(datum) {
                if role == own {
                    problems.push(judges_itself(context, steps, own, datum, span));
                } else if known.insert((own.min(role), own.max(role))) {
                    let place = u32::try_from(first + found.len()).unwrap_or(u32::MAX);
                    spans.put(Place::Separation(place), span);
                    found
                        .push(Separation { roles: vec![own, role], reason: SeparationReason::Judges(judge) });
                }
            }
        }
    }
    found
}

/// For each grant, the roles whose acts its result derives from. What is faulty adds nothing.
struct Makers<'a> {
    steps: &'a [Draft],
    /// By step, then by grant.
    grants: Vec<Vec<Roles>>,
    /// Words of a set.
    words: usize,
}

impl<'a> Makers<'a> {
    fn of(steps: &'a [Draft], order: &[StepId], roles: usize) -> Self {
        let words = roles.div_ceil(64);
        let mut makers = Self { steps, grants: vec![Vec::new(); steps.len()], words };
        for id in order {
            let Some(step) = steps.get(id.index()) else { continue };
            let mut sets = Vec::with_capacity(step.grants.len());
            for grant in &step.grants {
                let mut set: Roles = vec![0; words];
                add(&mut set, step.role);
                for (_, datum) in grant.iter().flat_map(Grant::data) {
                    makers.add_to(&mut set, datum);
                }
                sets.push(set);
            }
            if let Some(slot) = makers.grants.get_mut(id.index()) {
                *slot = sets;
            }
        }
        makers
    }

    fn add_to(&self, set: &mut Roles, datum: &Datum) {
        match datum.root {
            Root::Param(_) => {}
            Root::Submission { step, .. } => {
                add(set, self.steps.get(step.index()).and_then(|step| step.role));
            }
            Root::Result { step, grant } => {
                let known = self.grants.get(step.index()).and_then(|grants| grants.get(grant.index()));
                for (word, more) in set.iter_mut().zip(known.map_or(&[][..], Vec::as_slice)) {
                    *word |= more;
                }
            }
        }
    }

    /// The roles a datum derives from, in the order of their ids.
    fn roles(&self, datum: &Datum) -> Vec<RoleId> {
        let mut set: Roles = vec![0; self.words];
        self.add_to(&mut set, datum);
        let bits = set.iter().enumerate().flat_map(|(word, bits)| {
            (0..64).filter(move |bit| bits & (1 << bit) != 0).map(move |bit| RoleId::of(word * 64 + bit))
        });
        bits.collect()
    }
}

fn add(set: &mut Roles, role: Option<RoleId>) {
    let Some(role) = role else { return };
    if let Some(word) = set.get_mut(role.index() / 64) {
        *word |= 1 << (role.index() % 64);
    }
}

fn judges_itself(
    context: &Context<'_>,
    steps: &[Draft],
    role: RoleId,
    datum: &Datum,
    span: Span,
) -> Diagnostic {
    let name = context.names.role_name(role);
    let fault =
        Diagnostic::error(codes::JUDGES_ITSELF, format!("`{name}` judges what comes from `{name}` itself"))
            .at(span)
            .because("who judges is separate from everyone the judged datum derives from")
            .help("let another role judge, or let another role make it");
    match maker_step(steps, datum, role) {
        Some(step) => match context.names.step(step) {
            Some(symbols) => fault.label(symbols.ast.role.span, format!("`{name}` has a part in it here")),
            None => fault,
        },
        None => fault,
    }
}

/// A step of the role that the datum derives from, the nearest first.
fn maker_step(steps: &[Draft], datum: &Datum, role: RoleId) -> Option<StepId> {
    let mut seen: HashSet<Root> = HashSet::new();
    let mut left = vec![datum.root];
    while let Some(root) = left.pop() {
        let Some(id) = root.step().filter(|_| seen.insert(root)) else { continue };
        let step = steps.get(id.index())?;
        if step.role == Some(role) {
            return Some(id);
        }
        if let Root::Result { grant, .. } = root {
            let grant = step.grants.get(grant.index()).and_then(Option::as_ref);
            left.extend(grant.into_iter().flat_map(Grant::data).map(|(_, datum)| datum.root));
        }
    }
    None
}
