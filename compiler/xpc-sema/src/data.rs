//! Data: `a.b.c` to the parameter, result or submission it starts from, and its type.

use xp_artifact::workflow::{Datum, GrantIx, Root, StepId};
use xp_diagnostics::{Diagnostic, codes};
use xp_scope::Type;
use xp_syntax::ast;

use crate::edges::{Edge, Edges};
use crate::fields;
use crate::problems::Problems;
use crate::symbols::{Context, OutcomeSource, Product, ProductKind};

/// The datum a path names with its type, or none with the fault reported: one that may be absent has none here. In a step,
/// the step comes to wait for the one that makes the datum.
pub fn resolve(
    context: &Context<'_>,
    path: &ast::Path,
    at: Option<(StepId, &mut Edges)>,
    problems: &mut Problems,
) -> Option<(Datum, Type)> {
    let (datum, ty, optional) = resolve_optional(context, path, at, problems)?;
    if optional {
        problems.push(fields::may_be_absent(path.span, &path.text()));
        return None;
    }
    Some((datum, ty))
}

/// The datum a path names with its type and whether it may be absent; or none with the fault reported.
pub fn resolve_optional(
    context: &Context<'_>,
    path: &ast::Path,
    at: Option<(StepId, &mut Edges)>,
    problems: &mut Problems,
) -> Option<(Datum, Type, bool)> {
    let (root, rest) = path.segments.split_first()?;
    let names = &context.names;
    if let Some(id) = names.param_ids.get(root.text.as_str()) {
        let ty = names.params.get(id.index()).and_then(|(_, ty)| ty.clone())?;
        return follow(context, Root::Param(*id), ty, rest, problems);
    }
    let own = at.as_ref().map(|(step, _)| *step);
    let Some(step) = names.step_ids.get(root.text.as_str()).copied() else {
        unknown_root(context, path, root, own, problems);
        return None;
    };
    let symbols = names.step(step)?;
    let Some((name, rest)) = rest.split_first() else {
        let fault =
            Diagnostic::error(codes::UNKNOWN_DATUM, format!("`{}` is a step, not a value", root.text))
                .at(path.span);
        let known: Vec<String> =
            symbols.products.keys().map(|name| format!("{}.{name}", root.text)).collect();
        problems.push(problems.propose(
            fault,
            path.span,
            "",
            "what it makes",
            known.iter().map(String::as_str),
        ));
        return None;
    };
    if own == Some(step) {
        problems.push(
            Diagnostic::error(codes::OWN_DATA, format!("step `{}` names what it makes itself", root.text))
                .at(path.span)
                .because("a pin is fixed before the step opens, so it can only name what earlier steps made")
                .help("make it in a step of its own, before this one, and name it from there"),
        );
        return None;
    }
    let Some(product) = symbols.products.get(name.text.as_str()) else {
        unknown_product(context, step, name, problems);
        return None;
    };
    if let Some((to, edges)) = at {
        edges.put(to, Edge { from: step, span: path.span, text: path.text() });
    }
    sure(context, step, name, product, problems)?;
    let root = match product.kind {
        ProductKind::Result(grant) => Root::Result { step, grant },
        ProductKind::Submission(submission) => Root::Submission { step, submission },
    };
    follow(context, root, product.ty.clone()?, rest, problems)
}

/// Something must make sure that the name has a value when the step is settled.
fn sure(
    context: &Context<'_>,
    step: StepId,
    name: &ast::Name,
    product: &Product,
    problems: &mut Problems,
) -> Option<()> {
    let symbols = context.names.step(step)?;
    let made = match product.kind {
        ProductKind::Result(grant) => symbols.sure.binary_search(&grant).is_ok(),
        ProductKind::Submission(_) => !symbols.continuing.is_empty(),
    };
    if made {
        return Some(());
    }
    if symbols.unsure {
        return None;
    }
    let text = &name.text;
    let step_name = &symbols.ast.name.text;
    let mut fault =
        Diagnostic::error(codes::NEVER_BOUND, format!("nothing upstream makes sure of `{step_name}.{text}`"))
            .at(name.span)
            .label(product.span, "made here");
    let mut forms = Vec::new();
    for index in &symbols.continuing {
        let outcome = symbols.outcome(*index)?;
        fault = fault.label(outcome.name.span, format!("the step can settle without `{text}`"));
        if let OutcomeSource::Line(line) = outcome.source {
            forms.push(required(context, line, text));
        }
    }
    fault = match forms.as_slice() {
        [] => fault.help(format!("`{step_name}` has no outcome after which the run goes on")),
        [only] => fault.help(format!("let the outcome require it: {only}")),
        several => fault.help(format!("let the outcomes that lead there require it: {}", several.join(", "))),
    };
    // One cure for all who name it.
    problems.push_once(
        product.span,
        fault.because("a result can be named once its step is settled by an outcome that requires it"),
    );
    None
}

/// The outcome as it is written when it requires a result, too.
fn required(context: &Context<'_>, line: &ast::Outcome, result: &str) -> String {
    let name = &line.name.text;
    let (how, condition) = match &line.how {
        ast::How::Judged => return format!("`outcome {name} if {result}`"),
        ast::How::If(condition) => ("if", condition),
        ast::How::Auto(condition) => ("auto when", condition),
    };
    let before = context.sources.slice(condition.span).split_whitespace().collect::<Vec<_>>().join(" ");
    let before = match &condition.kind {
        ast::ConditionKind::Any(_) => format!("({before})"),
        _ => before,
    };
    format!("`outcome {name} {how} {before} and {result}`")
}

fn follow(
    context: &Context<'_>,
    root: Root,
    mut ty: Type,
    rest: &[ast::Name],
    problems: &mut Problems,
) -> Option<(Datum, Type, bool)> {
    let mut fields = Vec::with_capacity(rest.len());
    let mut optional = false;
    for name in rest {
        optional |= context.connectors.is_optional(&ty, &name.text);
        ty = any_field(context, &ty, name, problems)?;
        fields.push(name.text.clone());
    }
    Some((Datum { root, fields }, ty, optional))
}

/// The type of a field that is always there, or none with the fault reported.
pub fn field(context: &Context<'_>, ty: &Type, name: &ast::Name, problems: &mut Problems) -> Option<Type> {
    if context.connectors.is_optional(ty, &name.text) {
        problems.push(fields::may_be_absent(name.span, &name.text));
        return None;
    }
    any_field(context, ty, name, problems)
}

fn any_field(context: &Context<'_>, ty: &Type, name: &ast::Name, problems: &mut Problems) -> Option<Type> {
    if let Some(found) = context.connectors.field(ty, &name.text) {
        return Some(found.clone());
    }
    let fault = match ty {
        // A faulty record was reported where it is declared.
        Type::Record(record) if !context.connectors.records.contains_key(record) => return None,
        Type::Record(record) => {
            let shown = if record.ends_with(".result") { "the result" } else { record };
            let fault = Diagnostic::error(
                codes::UNKNOWN_FIELD,
                format!("{} has no field `{}`", tick(shown), name.text),
            )
            .at(name.span);
            problems.propose(fault, name.span, &name.text, "its fields", context.connectors.fields(ty))
        }
        Type::List(_) | Type::Set(_) => {
            Diagnostic::error(codes::UNKNOWN_FIELD, format!("a `{}` has no fields", ty))
                .at(name.span)
                .help("`one of` a list lets any of its elements through")
        }
        _ => Diagnostic::error(codes::UNKNOWN_FIELD, format!("a value of type `{}` has no fields", ty))
            .at(name.span),
    };
    problems.push(fault);
    None
}

fn tick(shown: &str) -> String {
    if shown.contains(' ') { shown.to_owned() } else { format!("`{shown}`") }
}

fn unknown_product(context: &Context<'_>, step: StepId, name: &ast::Name, problems: &mut Problems) {
    let Some(symbols) = context.names.step(step) else { return };
    if symbols.ast.damaged && problems.may_be_lost(&name.text) {
        return;
    }
    let step_name = &symbols.ast.name.text;
    let fault =
        Diagnostic::error(codes::UNKNOWN_DATUM, format!("step `{step_name}` makes no `{}`", name.text))
            .at(name.span);
    if symbols.outcome_ids.contains_key(name.text.as_str()) {
        problems.push(fault.because(format!("`{}` is an outcome of `{step_name}`, not a value", name.text)));
        return;
    }
    let known = symbols.products.keys().copied();
    let fault = problems.propose(fault, name.span, &name.text, "what it makes", known);
    let elsewhere = context.names.makers.get(name.text.as_str()).copied();
    problems.push(match elsewhere {
        Some(maker) if fault.fix.is_none() => {
            let whole = format!("{}.{}", context.names.step_name(maker), name.text);
            fault.help(format!("`{whole}` exists"))
        }
        Some(_) | None => fault,
    });
}

fn unknown_root(
    context: &Context<'_>,
    path: &ast::Path,
    root: &ast::Name,
    own: Option<StepId>,
    problems: &mut Problems,
) {
    let names = &context.names;
    let own_product =
        own.and_then(|id| names.step(id)).is_some_and(|step| step.products.contains_key(root.text.as_str()));
    if own_product {
        problems.push(
            Diagnostic::error(codes::OWN_DATA, format!("`{}` is made by this step itself", root.text))
                .at(path.span)
                .because("a pin is fixed before the step opens, so it can only name what earlier steps made")
                .help(format!(
                    "make it in a step of its own, before this one, and name it from there: `STEP.{}`",
                    root.text
                )),
        );
        return;
    }
    if context.ast.damaged && problems.may_be_lost(&root.text) {
        return;
    }
    let fault =
        Diagnostic::error(codes::UNKNOWN_NAME, format!("there is no parameter or step `{}`", root.text))
            .at(root.span);
    if let Some(maker) = names.makers.get(root.text.as_str()) {
        let whole = format!("{}.{}", names.step_name(*maker), root.text);
        problems.push(
            fault
                .help(format!("did you mean `{whole}`?"))
                .fix(root.span, whole.clone(), format!("write `{whole}`"))
                .because("a name is always qualified by the step that makes it"),
        );
        return;
    }
    let known = names.param_ids.keys().chain(names.step_ids.keys()).copied();
    // In a grant a word may stand where a name does.
    let words = (own.is_some() && path.segments.len() == 1).then_some(["content", "any"]);
    if let Some(word) = words.and_then(|words| problems.nearest(&root.text, words))
        && problems.nearest(&root.text, known.clone()).is_none()
    {
        // What is let through is the author's to say.
        problems.push(fault.help(format!("did you mean `{word}`?")));
        return;
    }
    problems.push(problems.propose(fault, root.span, &root.text, "parameters and steps", known));
}

/// The grant of a step that binds a name, with the type of its result.
pub fn own_result(
    context: &Context<'_>,
    step: StepId,
    name: &ast::Name,
    problems: &mut Problems,
) -> Option<(GrantIx, Option<Type>)> {
    let symbols = context.names.step(step)?;
    match symbols.products.get(name.text.as_str()) {
        Some(Product { kind: ProductKind::Result(grant), ty, .. }) => return Some((*grant, ty.clone())),
        Some(Product { kind: ProductKind::Submission(_), span, .. }) => {
            problems.push(
                Diagnostic::error(
                    codes::NOT_EVIDENCE,
                    format!("`{}` is handed in, so it is no evidence", name.text),
                )
                .at(name.span)
                .label(*span, "declared here")
                .help("take it out: every submission is required before the run goes on anyway"),
            );
            return None;
        }
        None => {}
    }
    if symbols.ast.damaged && problems.may_be_lost(&name.text) {
        return None;
    }
    let fault = Diagnostic::error(
        codes::NOT_EVIDENCE,
        format!("no grant of step `{}` is bound to `{}`", symbols.ast.name.text, name.text),
    )
    .at(name.span);
    let known = symbols
        .products
        .iter()
        .filter(|(_, product)| matches!(product.kind, ProductKind::Result(_)))
        .map(|(name, _)| *name);
    let elsewhere = context.names.step_ids.contains_key(name.text.as_str())
        || context.names.makers.contains_key(name.text.as_str());
    let fault = problems.propose(fault, name.span, &name.text, "its results", known);
    problems.push(if elsewhere {
        fault.because("a condition can only read the results of its own step; order steps by `after`")
    } else {
        fault
    });
    None
}
