//! What the author says of the world: `assume nobody else changes T because "…"`, and how a workflow writes things.

use xp_artifact::declaration::ThingExpr;
use xp_artifact::workflow::{Assumption, Expr};
use xp_diagnostics::Span;
use xp_scope::Type;
use xp_syntax::ast;
use xpc_model::{Place, Spans};

use crate::connector::ParamDecl;
use crate::kinds::Own;
use crate::pins;
use crate::problems::Problems;
use crate::symbols::Context;
use crate::things::Scope;
use crate::{data, literal};

/// All of them; the faulty ones are reported and left out.
pub fn lower(context: &Context<'_>, spans: &mut Spans, problems: &mut Problems) -> Vec<Assumption> {
    let lines = context.ast.assumptions.iter();
    let sound: Vec<_> = lines.filter_map(|line| Some((line.span, one(context, line, problems)?))).collect();
    for (number, (span, _)) in (0..).zip(&sound) {
        spans.put(Place::Assumption(number), *span);
    }
    sound.into_iter().map(|(_, assumption)| assumption).collect()
}

fn one(context: &Context<'_>, line: &ast::Assumption, problems: &mut Problems) -> Option<Assumption> {
    let because = literal::reason(&line.because, problems);
    let (thing, given, text) = written(context, &line.thing, problems)?;
    Some(Assumption { thing, given, text, because: because? })
}

/// Things that a workflow writes outside of every action: with what their arguments are, and as they stand in the source.
pub fn written(
    context: &Context<'_>,
    source: &ast::Thing,
    problems: &mut Problems,
) -> Option<(ThingExpr, Vec<Expr>, String)> {
    // Keys are data of the run here, where they are arguments in a clause: each datum is one argument of its own.
    let mut thing = source.clone();
    let (mut given, mut params) = (Vec::new(), Vec::new());
    let mut sound = true;
    for key in thing.keys() {
        let (name, expr, ty) = match &key.kind {
            ast::ThingKeyKind::Path(path) => {
                let Some((datum, ty)) = data::resolve(context, path, None, problems) else {
                    sound = false;
                    continue;
                };
                (path.text(), Expr::Datum(datum), ty)
            }
            ast::ThingKeyKind::Template(parts) => {
                let Some(expr) = pins::template(context, parts, key.span, &Type::Text, None, problems) else {
                    sound = false;
                    continue;
                };
                (context.sources.slice(key.span).to_owned(), expr, Type::Text)
            }
            _ => continue,
        };
        params.push(ParamDecl {
            name: name.clone(),
            ty: Some(ty),
            optional: false,
            default: None,
            span: key.span,
        });
        given.push(expr);
        let segments = vec![ast::Name { text: name, span: key.span }];
        key.kind = ast::ThingKeyKind::Path(ast::Path { segments, span: key.span });
    }
    if !sound {
        return None;
    }
    let nowhere = ast::Connector {
        doc: None,
        name: ast::Name { text: String::new(), span: Span::default() },
        resources: Vec::new(),
        types: Vec::new(),
        actions: Vec::new(),
        damaged: false,
        span: Span::default(),
    };
    let kinds = Own::new();
    let scope = Scope {
        connectors: context.connectors,
        connector: &nowhere,
        kinds: &kinds,
        params: &params,
        result: None,
        records: &[],
    };
    let text = context.sources.slice(source.span).split_whitespace().collect::<Vec<_>>().join(" ");
    let thing = scope.thing(&thing, problems)?;
    Some((thing, given, text))
}
