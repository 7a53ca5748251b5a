//! Formulas over settled outcomes and comparisons: `after`, `finish when` and `requires`.

use xp_artifact::workflow::{Atom, Formula, StepId};
use xp_diagnostics::{Diagnostic, Span, codes};
use xp_syntax::ast;

use crate::comparisons;
use crate::edges::Edge;
use crate::problems::{Problems, quoted};
use crate::symbols::{Context, OutcomeSource, StepSymbols};

/// An atom where it is written.
pub struct Written {
    /// Which.
    pub atom: Atom,
    /// Where.
    pub span: Span,
}

/// The formula, or none with the faults reported. Every step named is put into `edges`, every atom into `atoms`.
pub fn lower(
    context: &Context<'_>,
    ast: &ast::Formula,
    edges: &mut Vec<Edge>,
    atoms: &mut Vec<Written>,
    problems: &mut Problems,
) -> Option<Formula> {
    match &ast.kind {
        ast::FormulaKind::Atom(atom) => lower_atom(context, atom, ast.span, edges, atoms, problems),
        ast::FormulaKind::Test(comparison) => {
            let mut resolve = |path: &ast::Path, problems: &mut Problems| {
                comparisons::listed(context, path, edges, problems)
            };
            let test = comparisons::lower(context, comparison, ast.span, &mut resolve, problems)?;
            Some(Formula::Test(Box::new(test)))
        }
        ast::FormulaKind::All(parts) => many(context, parts, edges, atoms, problems).map(Formula::All),
        ast::FormulaKind::Any(parts) => many(context, parts, edges, atoms, problems).map(Formula::Any),
    }
}

fn many(
    context: &Context<'_>,
    parts: &[ast::Formula],
    edges: &mut Vec<Edge>,
    atoms: &mut Vec<Written>,
    problems: &mut Problems,
) -> Option<Vec<Formula>> {
    // Every part is looked at, so that each fault in it is found.
    let lowered: Vec<Option<Formula>> =
        parts.iter().map(|part| lower(context, part, edges, atoms, problems)).collect();
    lowered.into_iter().collect()
}

/// The step of this name, or none with the fault reported.
pub fn step(context: &Context<'_>, name: &ast::Name, problems: &mut Problems) -> Option<StepId> {
    let found = context.names.step_ids.get(name.text.as_str()).copied();
    if found.is_none() && !(context.ast.damaged && problems.may_be_lost(&name.text)) {
        let fault =
            Diagnostic::error(codes::UNKNOWN_STEP, format!("there is no step `{}`", name.text)).at(name.span);
        let known = context.names.step_ids.keys().copied();
        problems.push(problems.propose(fault, name.span, &name.text, "steps", known));
    }
    found
}

fn lower_atom(
    context: &Context<'_>,
    ast: &ast::Atom,
    span: Span,
    edges: &mut Vec<Edge>,
    atoms: &mut Vec<Written>,
    problems: &mut Problems,
) -> Option<Formula> {
    let id = step(context, &ast.step, problems)?;
    let symbols = context.names.step(id)?;
    let text = context.sources.slice(span).to_owned();
    edges.push(Edge { from: id, span, text });
    match &ast.outcome {
        ast::AtomOutcome::Named(name) => {
            let index = named(symbols, name, problems)?;
            let atom = Atom { step: id, outcome: index };
            atoms.push(Written { atom, span });
            Some(Formula::Is(atom))
        }
        ast::AtomOutcome::Any(_) => {
            if symbols.continuing.is_empty() && !symbols.unsure {
                problems.push(no_way_on(symbols, span));
                return None;
            }
            let all = symbols.continuing.iter().map(|index| Atom { step: id, outcome: *index });
            let all: Vec<Atom> = all.collect();
            atoms.extend(all.iter().map(|atom| Written { atom: *atom, span }));
            Some(Formula::Any(all.into_iter().map(Formula::Is).collect()))
        }
        ast::AtomOutcome::Only => {
            if let [only] = symbols.continuing.as_slice() {
                let atom = Atom { step: id, outcome: *only };
                atoms.push(Written { atom, span });
                return Some(Formula::Is(atom));
            }
            if symbols.continuing.is_empty() {
                if !symbols.unsure {
                    problems.push(no_way_on(symbols, span));
                }
                return None;
            }
            let step = &symbols.ast.name.text;
            let names: Vec<String> =
                symbols.continuing_names().iter().map(|name| format!("{step}.{name}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            problems.push(
                Diagnostic::error(codes::AMBIGUOUS_STEP, format!("step `{step}` goes on in several ways"))
                    .at(span)
                    .label(symbols.ast.name.span, format!("{} here", quoted(&symbols.continuing_names())))
                    .help(format!("name one of {}, or write `{step}.any`", quoted(&names)))
                    .fix(span, format!("{step}.any"), "take any of them"),
            );
            None
        }
    }
}

fn named(
    symbols: &StepSymbols<'_>,
    name: &ast::Name,
    problems: &mut Problems,
) -> Option<xp_artifact::workflow::OutcomeIx> {
    let step = &symbols.ast.name.text;
    let Some(index) = symbols.outcome_ids.get(name.text.as_str()).copied() else {
        // That the step has none is said where it stands.
        if symbols.outcomes.is_empty() || (symbols.ast.damaged && problems.may_be_lost(&name.text)) {
            return None;
        }
        let fault = Diagnostic::error(
            codes::UNKNOWN_OUTCOME,
            format!("step `{step}` has no outcome `{}`", name.text),
        )
        .at(name.span);
        let fault = if symbols.products.contains_key(name.text.as_str()) {
            fault.because(format!("`{}` is a value that `{step}` makes, not an outcome", name.text))
        } else {
            fault
        };
        let known = symbols.continuing_names();
        problems.push(problems.propose(fault, name.span, &name.text, "its outcomes", known));
        return None;
    };
    let outcome = symbols.outcome(index)?;
    if outcome.source.continues() {
        return Some(index);
    }
    let what = match outcome.source {
        OutcomeSource::Line(ast::Outcome {
            then: Some(ast::Then { kind: ast::ThenKind::Reopen { .. }, .. }),
            ..
        }) => "reopens an earlier step",
        OutcomeSource::Line(_) | OutcomeSource::Then(_) | OutcomeSource::Late(_) => "ends the run",
    };
    let fault = Diagnostic::error(
        codes::NOT_CONTINUING,
        format!("`{step}.{}` {what}, so nothing can come after it", name.text),
    )
    .at(name.span)
    .label(outcome.name.span, format!("it {what} here"));
    let known = symbols.continuing_names();
    problems.push(if known.is_empty() {
        fault
    } else {
        fault.help(format!("outcomes after which the run goes on: {}", quoted(&known)))
    });
    None
}

fn no_way_on(symbols: &StepSymbols<'_>, span: Span) -> Diagnostic {
    let step = &symbols.ast.name.text;
    Diagnostic::error(codes::NOT_CONTINUING, format!("no outcome of step `{step}` lets the run go on"))
        .at(span)
        .label(symbols.ast.name.span, "its outcomes all reopen or end")
}
