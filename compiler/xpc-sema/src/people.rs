//! Roles of people: they only judge, some outcomes need several of them. Time limits of steps.

use std::collections::HashMap;

use xp_artifact::workflow::{OutcomeIx, RoleId, RoleKind, StepId, TimeLimit};
use xp_diagnostics::{Diagnostic, Span, codes};
use xp_syntax::ast;

use crate::problems::Problems;
use crate::symbols::{Context, OutcomeSource, StepSymbols};

/// The most people that an outcome may need.
const MOST: i64 = 9;

/// Longest time limit, in seconds: ten years.
const LONGEST: i64 = 10 * 366 * 86_400;

/// Who takes each role, by the line or step that declares it.
pub fn kinds(ast: &ast::Workflow, ids: &HashMap<&str, RoleId>, count: usize) -> Vec<RoleKind> {
    let mut kinds = vec![RoleKind::Agent; count];
    let lines = ast.roles.iter().flat_map(|line| line.names.iter().map(|name| (name, line.kind)));
    let at_use = ast.steps.iter().filter_map(|step| Some((&step.role, step.declares_role?)));
    for (name, _) in lines.chain(at_use).filter(|(_, kind)| *kind == ast::RoleKind::Human) {
        if let Some(place) = ids.get(name.text.as_str()).and_then(|id| kinds.get_mut(id.index())) {
            *place = RoleKind::Human;
        }
    }
    kinds
}

/// Reports what people cannot do in a step of theirs.
pub fn only_judge(context: &Context<'_>, id: StepId, problems: &mut Problems) {
    let Some(symbols) = context.names.step(id) else { return };
    let Some(role) = symbols.role.filter(|role| context.names.is_human(*role)) else { return };
    let name = context.names.role_name(role);
    let step = symbols.ast;
    let acts = step.grants.iter().map(|grant| (grant.span, "act"));
    let hands_in = step.submissions.iter().map(|submission| (submission.span, "hand something in"));
    for (span, what) in acts.chain(hands_in) {
        problems.push(
            Diagnostic::error(codes::PEOPLE_JUDGE, format!("people take `{name}`, and do not {what} here"))
                .at(span)
                .label(step.role.span, "a role of people")
                .because("a step of a role of people only judges")
                .help("let a role of agents do it in a step of its own, and let the person judge it"),
        );
    }
    for outcome in &step.outcomes {
        let Some(path) = &outcome.of else { continue };
        let root = path.segments.first().map(|first| first.text.as_str()).unwrap_or_default();
        let maker = context.names.step_ids.get(root).and_then(|id| context.names.step(*id));
        let named = path.segments.get(1).map(|second| second.text.as_str()).unwrap_or_default();
        let handed_in =
            |step: &StepSymbols<'_>| step.ast.submissions.iter().any(|one| one.name.text == named);
        let made = |step: &StepSymbols<'_>| step.products.contains_key(named);
        // A name that leads nowhere is reported where it is resolved.
        if maker.is_some_and(|step| handed_in(step) || !made(step)) {
            continue;
        }
        if maker.is_none() && !context.names.param_ids.contains_key(root) {
            continue;
        }
        problems.push(
            Diagnostic::error(codes::PEOPLE_JUDGE, "people judge what was handed in, and this was not")
                .at(path.span)
                .label(step.role.span, "a role of people")
                .because("a result or a parameter may be the name of something that the person is not shown")
                .help("let an agent hand in what is to be judged: `submit plan: text`, and judge that"),
        );
    }
}

/// So many people must judge so: the number, or none with the fault reported.
pub fn distinct(
    context: &Context<'_>,
    symbols: &StepSymbols<'_>,
    line: &ast::Outcome,
    problems: &mut Problems,
) -> Option<Option<u32>> {
    let Some(distinct) = &line.distinct else { return Some(None) };
    let name = &line.name.text;
    let mut fault = |message: String, span: Span, help: &str| {
        problems.push(
            Diagnostic::error(codes::BAD_QUORUM, message).at(distinct.span).label(span, "here").help(help),
        );
        None
    };
    if !(2..=MOST).contains(&distinct.people.value) {
        let message = format!("`{name}` is decided by 2 to {MOST} people, not {}", distinct.people.value);
        return fault(message, distinct.people.span, "without `by N distinct`, one person decides");
    }
    if symbols.role.is_some_and(|role| !context.names.is_human(role)) {
        let message = format!("`{name}` is judged by an agent, of which there is one in a run");
        return fault(message, symbols.ast.role.span, "declare the role with `human`");
    }
    if let ast::How::Auto(condition) = &line.how {
        return fault(format!("`{name}` is judged by nobody"), condition.span, "take `by N distinct` out");
    }
    if let Some(ast::Then { kind: ast::ThenKind::Reopen { notes: true, .. }, span }) = &line.then {
        let help = "let one person decide it, or take `with notes` out";
        return fault(format!("the notes of `{name}` are those of one person"), *span, help);
    }
    Some(u32::try_from(distinct.people.value).ok())
}

/// The time limit of a step, or none with the fault reported.
pub fn within(symbols: &StepSymbols<'_>, problems: &mut Problems) -> Option<Option<TimeLimit>> {
    let Some(within) = &symbols.ast.within else { return Some(None) };
    let name = &within.late.name;
    let seconds = Some(within.seconds.value).filter(|seconds| *seconds <= LONGEST);
    let millis = seconds.and_then(|seconds| seconds.checked_mul(1_000));
    let Some(millis) = millis.filter(|millis| *millis > 0) else {
        problems.push(
            Diagnostic::error(codes::BAD_TIME_LIMIT, "a time limit is from one second to ten years")
                .at(within.seconds.span)
                .help("write it in seconds, minutes, hours or days: `30s`, `15m`, `2h`, `7d`"),
        );
        return None;
    };
    let Some(then) = symbols.outcome_ids.get(name.text.as_str()).copied() else {
        if !(symbols.ast.damaged && problems.may_be_lost(&name.text)) {
            let end = Span { start: name.span.end, ..name.span };
            problems.push(
                Diagnostic::error(
                    codes::UNKNOWN_OUTCOME,
                    format!("step `{}` has no outcome `{}`", symbols.ast.name.text, name.text),
                )
                .at(name.span)
                .help(format!("declare it here: `else {} -> end`, or as `outcome {}`", name.text, name.text))
                .fix(end, " -> end", "end the run when the time has passed"),
            );
        }
        return None;
    };
    Some(Some(TimeLimit { millis: u64::try_from(millis).ok()?, then }))
}

/// An outcome that a time limit takes can be reached no other way, and leaves nothing unsaid that others wait for.
pub fn only_late(symbols: &StepSymbols<'_>, at: OutcomeIx, problems: &mut Problems) -> bool {
    let (Some(within), Some(outcome)) = (&symbols.ast.within, symbols.outcome(at)) else { return false };
    let mut fault = |span: Span, why: &str, help: &str| {
        problems.push(
            Diagnostic::error(
                codes::BAD_TIME_LIMIT,
                format!("`{}` is what a time limit leads to", outcome.name.text),
            )
            .at(span)
            .label(within.span, "by this line")
            .because(why)
            .help(help),
        );
        false
    };
    if let Some(by) = outcome.exhausts.and_then(|by| symbols.outcome(by)) {
        return fault(by.name.span, "a used up loop leads to it as well", "give each an outcome of its own");
    }
    let OutcomeSource::Line(line) = outcome.source else { return true };
    let condition = match &line.how {
        ast::How::Judged => None,
        ast::How::If(condition) | ast::How::Auto(condition) => Some(condition.span),
    };
    let of = line.of.as_ref().map(|path| path.span);
    let written = condition.or(of).or(line.distinct.as_ref().map(|distinct| distinct.span));
    if let Some(span) = written {
        let why = "it is taken when the time has passed, and can be reached no other way";
        return fault(span, why, "take this out, or name another outcome in the line");
    }
    if symbols.ast.submissions.is_empty() {
        return true;
    }
    let goes_on = match &line.then {
        None => Some(line.span),
        Some(ast::Then { kind: ast::ThenKind::Reopen { exhausted, .. }, .. }) => {
            let taken = symbols.outcome_ids.get(exhausted.name.text.as_str());
            let taken = taken.and_then(|taken| symbols.outcome(*taken));
            taken.filter(|taken| taken.source.continues()).map(|_| exhausted.name.span)
        }
        Some(_) => None,
    };
    goes_on.is_none_or(|span| {
        let why = "what the step hands in may be missing then, and steps after it rest on it";
        fault(span, why, "end the run with `-> end`, or reopen a step before it")
    })
}
