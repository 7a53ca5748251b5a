//! Outcomes: how each comes about, what was judged, what follows.

use std::collections::HashMap;

use xp_artifact::workflow::{Atom, How, Loop, LoopId, Outcome, OutcomeIx, StepId, Then};
use xp_diagnostics::{Diagnostic, codes};
use xp_syntax::ast;
use xpc_model::{Place, Spans};

use crate::edges::Edges;
use crate::problems::Problems;
use crate::symbols::{Context, OutcomeSource, OutcomeSymbol, StepSymbols};
use crate::{conditions, data, formulas, limits, literal, people};

/// The loops of a workflow by their outcome, numbered in source order.
pub type LoopIds = HashMap<Atom, LoopId>;

/// Numbers the loops.
pub fn loop_ids(context: &Context<'_>) -> LoopIds {
    let mut ids = LoopIds::new();
    for (step, symbols) in context.names.steps.iter().enumerate() {
        for (index, outcome) in symbols.outcomes.iter().enumerate() {
            if reopening(outcome).is_some() {
                let id = LoopId::of(ids.len());
                ids.insert(Atom { step: StepId::of(step), outcome: OutcomeIx::of(index) }, id);
            }
        }
    }
    ids
}

/// What an outcome reopens, as written.
pub fn reopening<'a>(outcome: &OutcomeSymbol<'a>) -> Option<(&'a ast::Then, &'a ast::Name)> {
    match outcome.source {
        OutcomeSource::Line(ast::Outcome { then: Some(then), .. }) => match &then.kind {
            ast::ThenKind::Reopen { step, .. } => Some((then, step)),
            ast::ThenKind::End => None,
        },
        OutcomeSource::Line(_) | OutcomeSource::Then(_) | OutcomeSource::Late(_) => None,
    }
}

/// The outcome, or none with the faults reported.
pub fn lower(
    context: &Context<'_>,
    at: Atom,
    loops: &LoopIds,
    edges: &mut Edges,
    spans: &mut Spans,
    problems: &mut Problems,
) -> Option<Outcome> {
    let symbols = context.names.step(at.step)?;
    let outcome = symbols.outcome(at.outcome)?;
    let name = outcome.name.text.clone();
    let exhausted =
        outcome.exhausts.and_then(|by| loops.get(&Atom { outcome: by, ..at }).copied()).map(How::Exhausted);
    let line = match outcome.source {
        OutcomeSource::Then(then) => {
            spans.put(Place::Outcome(at), then.ends.map_or(then.name.span, |ends| then.name.span.to(ends)));
            return Some(plain(name, exhausted?, Then::End));
        }
        OutcomeSource::Late(late) => {
            spans.put(Place::Outcome(at), late.ends.map_or(late.name.span, |ends| late.name.span.to(ends)));
            let sound = people::only_late(symbols, at.outcome, problems);
            return sound.then(|| plain(name, How::TimedOut, Then::End));
        }
        OutcomeSource::Line(line) => line,
    };
    spans.put(Place::Outcome(at), line.span);
    let then = match &line.then {
        None => Then::Settle,
        Some(ast::Then { kind: ast::ThenKind::End, .. }) => Then::End,
        Some(ast::Then { kind: ast::ThenKind::Reopen { .. }, .. }) => Then::Reopen(*loops.get(&at)?),
    };
    if outcome.late {
        return people::only_late(symbols, at.outcome, problems).then(|| plain(name, How::TimedOut, then));
    }
    if let (Some(how), Some(by)) = (exhausted, outcome.exhausts) {
        let sound = only_exhausted(symbols, line, by, problems);
        return sound.then(|| plain(name, how, then));
    }
    let how = match &line.how {
        ast::How::Judged => Some(How::Judged),
        ast::How::If(condition) => {
            spans.put(Place::Condition(at), condition.span);
            conditions::lower(context, at.step, condition, edges, problems).map(How::JudgedIf)
        }
        ast::How::Auto(condition) => {
            spans.put(Place::Condition(at), condition.span);
            conditions::lower(context, at.step, condition, edges, problems).map(How::Auto)
        }
    };
    let of = match &line.of {
        None => None,
        Some(path) => {
            if let (ast::How::Auto(_), None) = (&line.how, &line.counts) {
                problems.push(
                    Diagnostic::error(codes::AUTO_OF, "an automatic outcome judges nothing")
                        .at(path.span)
                        .because("`of` binds a judgement to what was judged; here nobody judges")
                        .help(
                            "take `of` out, let the role decide with `if`, or say that the evidence `counts as judgement \
                             because \"…\"`",
                        ),
                );
                return None;
            }
            Some(data::resolve(context, path, Some((at.step, edges)), problems)?.0)
        }
    };
    let counts = match &line.counts {
        Some(because) => Some(literal::reason(because, problems)?),
        None => None,
    };
    if let Some(because) = &line.counts
        && (line.of.is_none() || !matches!(line.how, ast::How::Auto(_)))
    {
        let fault =
            Diagnostic::error(codes::AUTO_OF, "this counts as a judgement of nothing").at(because.span);
        problems.push(match (&line.of, &line.how) {
            (Some(of), _) => fault.label(of.span, "the role judges this itself").help(
                "let the evidence decide, with `auto when CONDITION`, or take `counts as judgement …` out",
            ),
            (None, _) => fault.because("evidence stands for a judgement of something").help(format!(
                "say of what: `outcome {} of DATUM auto when CONDITION counts as judgement because \"…\"`",
                line.name.text
            )),
        });
        return None;
    }
    let distinct = people::distinct(context, symbols, line, problems)?;
    Some(Outcome { name, how: how?, of, counts, distinct, then })
}

/// An outcome that nobody judges and no evidence gives.
fn plain(name: String, how: How, then: Then) -> Outcome {
    Outcome { name, how, of: None, counts: None, distinct: None, then }
}

/// An outcome that a used up loop takes can be reached no other way.
fn only_exhausted(
    symbols: &StepSymbols<'_>,
    line: &ast::Outcome,
    by: OutcomeIx,
    problems: &mut Problems,
) -> bool {
    let Some(source) = symbols.outcome(by) else { return false };
    let condition = match &line.how {
        ast::How::Judged => None,
        ast::How::If(condition) | ast::How::Auto(condition) => Some(condition.span),
    };
    let of = line.of.as_ref().map(|path| path.span).or(line.distinct.as_ref().map(|distinct| distinct.span));
    let reopens = line.then.as_ref().filter(|then| matches!(then.kind, ast::ThenKind::Reopen { .. }));
    let (span, why) = match (condition.or(of), reopens) {
        (Some(span), _) => (span, "it is taken when the loop is used up, and can be reached no other way"),
        (None, Some(then)) => (then.span, "a loop that is used up must settle the step or end the run"),
        (None, None) => return true,
    };
    problems.push(
        Diagnostic::error(
            codes::BAD_EXHAUSTED,
            format!("`{}` is what a used up loop leads to", line.name.text),
        )
        .at(span)
        .label(source.name.span, "by this outcome")
        .because(why),
    );
    false
}

/// The loop of an outcome, or none with the faults reported. Whether its target is upstream is for later.
pub fn lower_loop(context: &Context<'_>, at: Atom, problems: &mut Problems) -> Option<Loop> {
    let symbols = context.names.step(at.step)?;
    let outcome = symbols.outcome(at.outcome)?;
    let OutcomeSource::Line(line) = outcome.source else { return None };
    let Some(ast::Then { kind: ast::ThenKind::Reopen { step, notes, max, exhausted }, .. }) = &line.then
    else {
        return None;
    };
    let target = formulas::step(context, step, problems);
    let max = limits::times(max, "the bound of a loop", problems);
    let taken = exhausted_outcome(symbols, at, exhausted, problems);
    Some(Loop {
        step: at.step,
        outcome: at.outcome,
        target: target?,
        max: max?,
        exhausted: taken?,
        notes: *notes,
    })
}

fn exhausted_outcome(
    symbols: &StepSymbols<'_>,
    at: Atom,
    exhausted: &ast::Exhausted,
    problems: &mut Problems,
) -> Option<OutcomeIx> {
    let name = &exhausted.name;
    let Some(index) = symbols.outcome_ids.get(name.text.as_str()).copied() else {
        if symbols.ast.damaged && problems.may_be_lost(&name.text) {
            return None;
        }
        let end = xp_diagnostics::Span { start: name.span.end, ..name.span };
        let fault = Diagnostic::error(
            codes::UNKNOWN_OUTCOME,
            format!("step `{}` has no outcome `{}`", symbols.ast.name.text, name.text),
        )
        .at(name.span);
        let others = symbols.outcomes.iter().map(|outcome| outcome.name.text.as_str());
        let fault = match problems.nearest(&name.text, others) {
            Some(near) => fault.help(format!("did you mean `{near}`?")).fix(
                name.span,
                near,
                format!("replace with `{near}`"),
            ),
            None => fault.help(format!("declare it here: `then {} -> end`", name.text)).fix(
                end,
                " -> end",
                "end the run when the loop is used up",
            ),
        };
        problems.push(fault);
        return None;
    };
    let taken = symbols.outcome(index)?;
    if index == at.outcome {
        problems.push(
            Diagnostic::error(
                codes::BAD_EXHAUSTED,
                format!("the loop of `{}` leads to itself when it is used up", name.text),
            )
            .at(name.span)
            .help("name another outcome, such as `then gave_up -> end`"),
        );
        return None;
    }
    match taken.exhausts {
        Some(by) if by == at.outcome => Some(index),
        Some(by) => {
            let other = symbols.outcome(by)?;
            problems.push(
                Diagnostic::error(
                    codes::BAD_EXHAUSTED,
                    format!("two loops lead to `{}` when they are used up", name.text),
                )
                .at(name.span)
                .label(other.name.span, "the loop of this outcome is the other one")
                .help("give each loop an outcome of its own"),
            );
            None
        }
        None => None,
    }
}
