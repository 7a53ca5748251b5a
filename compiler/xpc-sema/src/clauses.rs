//! The clauses of an action: what it does, what it does to things, what it shows, and how a repeat is resolved.

use xp_artifact::declaration::{About, Clauses as Declared, Content, Expectation, Put, Version};
use xp_artifact::workflow::{Action, ActionParam, Effect, Repeat, Transport};
use xp_diagnostics::{Diagnostic, Span, codes};
use xp_scope::Type;
use xp_syntax::ast;

use crate::circles::{self, Said};
use crate::connector::{Default, ParamDecl};
use crate::effects::{self, one_of};
use crate::problems::Problems;
use crate::things::Scope;
use crate::{http, mcp};

/// What the clauses of an action say.
pub struct Clauses {
    effect: Effect,
    repeat: Repeat,
    irreversible: bool,
    untrusted: bool,
    private: bool,
    publishes: bool,
    attests: bool,
    shows: Vec<String>,
    things: Declared,
    transport: Option<Transport>,
}

impl Clauses {
    /// The action, or none when an argument is faulty.
    pub fn into_action(
        self,
        connector: &str,
        name: &str,
        params: &[ParamDecl],
        result: &Type,
    ) -> Option<Action> {
        let params = params
            .iter()
            .map(|param| {
                let default = match &param.default {
                    Some(Default::Value(value)) => Some(value.clone()),
                    Some(Default::Field { .. } | Default::Faulty) | None => None,
                };
                let optional = param.optional;
                param.ty.clone().map(|ty| ActionParam { name: param.name.clone(), ty, default, optional })
            })
            .collect::<Option<Vec<_>>>()?;
        Some(Action {
            connector: connector.to_owned(),
            name: name.to_owned(),
            params,
            result: result.clone(),
            effect: self.effect,
            irreversible: self.irreversible,
            reveals_untrusted: self.untrusted,
            reveals_private: self.private,
            publishes: self.publishes,
            attests: self.attests,
            clauses: self.things.by_arguments(),
            shows: self.shows,
            repeat: self.repeat,
            transport: self.transport,
        })
    }
}

/// The clauses, or none with the faults reported.
pub fn lower(ast: &ast::Action, scope: &Scope<'_>, problems: &mut Problems) -> Option<Clauses> {
    let (mut effect, mut repeat) = (None, None);
    let (mut said_effect, mut said_repeat) = (false, false);
    let mut clauses = Clauses {
        effect: Effect::Read,
        repeat: Repeat::Manual,
        irreversible: false,
        untrusted: false,
        private: false,
        publishes: false,
        attests: false,
        shows: Vec::new(),
        things: Declared::default(),
        transport: None,
    };
    // Where each `from` of a field stands.
    let mut from: Vec<Span> = Vec::new();
    let said_changes = ast.clauses.iter().any(|clause| matches!(clause.kind, ast::ClauseKind::Changes(..)));
    for clause in &ast.clauses {
        match &clause.kind {
            ast::ClauseKind::Effect(word) => {
                said_effect = true;
                effect = one_of(word, "effect", &effects::words(), problems);
            }
            ast::ClauseKind::Repeat(word) => {
                said_repeat = true;
                repeat = one_of(word, "way to resolve a repeat", &effects::REPEATS, problems);
            }
            ast::ClauseKind::Irreversible => clauses.irreversible = true,
            ast::ClauseKind::Publishes => clauses.publishes = true,
            ast::ClauseKind::Attests => clauses.attests = true,
            ast::ClauseKind::Reveals(words) => {
                for word in words {
                    match one_of(word, "label", &[("untrusted", true), ("private", false)], problems) {
                        Some(true) => clauses.untrusted = true,
                        Some(false) => clauses.private = true,
                        None => {}
                    }
                }
            }
            ast::ClauseKind::Shows(names) => {
                for name in names {
                    let found = scope.field(std::slice::from_ref(name), problems);
                    clauses.shows.extend(found.map(|_| name.text.clone()));
                }
            }
            _ => {
                of_things(&mut clauses.things, clause, scope, problems);
                from.resize(clauses.things.from.len(), clause.span);
            }
        }
    }
    let wanted = [
        (said_effect, "effect", "add `effect read`, or what else it does"),
        (
            said_changes,
            "changes",
            "say what it changes, with `changes Kind(key)`, `changes nothing` or `changes anything`",
        ),
        (said_repeat, "repeat", "add `repeat manual`, or how a repeat after a crash is resolved"),
    ];
    let missing: Vec<_> = wanted.iter().filter(|(said, ..)| !said).collect();
    if !missing.is_empty() && !ast.damaged {
        let words: Vec<&str> = missing.iter().map(|(_, word, _)| *word).collect();
        let fault = Diagnostic::error(
            codes::MISSING_CLAUSE,
            format!("the action has no clause {}", crate::problems::quoted(&words)),
        );
        problems.push(missing.iter().fold(fault.at(ast.name.span), |fault, (.., cure)| fault.help(*cure)));
    }
    let content = clauses.things.from.iter().zip(&from);
    let said: Vec<Said<'_>> =
        content.map(|(content, span)| Said { field: &content.field, of: &content.of, span: *span }).collect();
    circles::check(&said, problems);
    clauses.effect = effect?;
    clauses.repeat = repeat?;
    let said = http::Said {
        repeat: clauses.repeat,
        harmless: clauses.things.is_harmless(clauses.publishes, clauses.irreversible),
        is: clauses.things.is.iter().map(|identity| identity.field.clone()).collect(),
    };
    let is = |kind: fn(&ast::ClauseKind) -> bool| ast.clauses.iter().find(|clause| kind(&clause.kind));
    let http = is(|kind| matches!(kind, ast::ClauseKind::Http(_)));
    let mcp = is(|kind| matches!(kind, ast::ClauseKind::Mcp(_)));
    clauses.transport = if let (Some(http), Some(mcp)) = (http, mcp) {
        problems.push(
            http::bad(mcp.span, "an action is done over HTTP or by a tool, and not by both")
                .label(http.span, "the other way"),
        );
        None
    } else {
        let call = mcp::lower(ast, &said, scope, problems).map(Transport::Mcp);
        call.or_else(|| http::lower(ast, &said, scope, problems).map(Transport::Http))
    };
    Some(clauses)
}

/// A clause that speaks of things; what is faulty in it is reported and left out.
fn of_things(things: &mut Declared, clause: &ast::Clause, scope: &Scope<'_>, problems: &mut Problems) {
    match &clause.kind {
        ast::ClauseKind::Changes(changed, from) => {
            let changed = scope.changed(changed, problems).unwrap_or_default();
            if let (ast::ClauseKind::Changes(written, Some(_)), true) = (&clause.kind, changed.is_empty())
                && written.is_empty()
            {
                problems.push(
                    Diagnostic::error(codes::BAD_THING, "nothing goes into what does not change")
                        .at(clause.span)
                        .help("leave `from` out, or say what changes"),
                );
            }
            if let Some(of) = from.as_ref().and_then(|from| scope.sources(from, problems)) {
                things.puts.extend(changed.iter().map(|thing| Put { thing: thing.clone(), of: of.clone() }));
            }
            things.changes.extend(changed);
        }
        ast::ClauseKind::Removes(removed) => {
            things.removes.extend(scope.changed(removed, problems).into_iter().flatten());
        }
        ast::ClauseKind::Reads(read) => things.reads = scope.things(read, problems),
        ast::ClauseKind::Makes(making) => things.makes.extend(scope.making(making, problems)),
        ast::ClauseKind::Final(names) => things.finals = indices(names, scope.params, problems),
        ast::ClauseKind::Expects(thing, at, reports) => {
            let at = at.as_ref().map(|at| scope.source(at, problems));
            let reports = reports.as_ref().map(|reports| scope.flag(reports, problems));
            if let (Some(thing), Some(at), Some(reports)) = (
                scope.thing(thing, problems),
                at.map_or(Some(None), |at| at.map(Some)),
                reports.map_or(Some(None), |reports| reports.map(Some)),
            ) {
                things.expects.push(Expectation { thing, at, reports });
            }
        }
        ast::ClauseKind::Version(thing, field) => {
            if let (Some(thing), Some(field)) =
                (scope.thing(thing, problems), scope.result_path(field, problems))
            {
                things.versions.push(Version { thing, field });
            }
        }
        ast::ClauseKind::MeasuredBy(sources) => things.measured_by = scope.sources(sources, problems),
        ast::ClauseKind::About(field, about) => {
            let field = field.as_ref().map(|field| scope.any_field(&field.segments, problems));
            if let (Some(about), Some(field)) =
                (scope.things(about, problems), field.map_or(Some(None), |field| field.map(Some)))
            {
                let fields = field.map(|(field, ..)| field).into_iter().collect();
                things.about.push(About { fields, things: about });
            }
        }
        ast::ClauseKind::From(field, sources) => {
            if let (Some((field, ..)), Some(of)) =
                (scope.any_field(&field.segments, problems), scope.sources(sources, problems))
            {
                things.from.push(Content { field, of });
            }
        }
        ast::ClauseKind::Is(field, argument) => things.is.extend(scope.identity(field, argument, problems)),
        // Those of `lower`.
        ast::ClauseKind::Effect(_)
        | ast::ClauseKind::Irreversible
        | ast::ClauseKind::Reveals(_)
        | ast::ClauseKind::Publishes
        | ast::ClauseKind::Attests
        | ast::ClauseKind::Shows(_)
        | ast::ClauseKind::Repeat(_)
        | ast::ClauseKind::Http(_)
        | ast::ClauseKind::Mcp(_) => {}
    }
}

fn indices(names: &[ast::Name], params: &[ParamDecl], problems: &mut Problems) -> Vec<u32> {
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        match params.iter().position(|param| param.name == name.text) {
            Some(index) if params.get(index).is_some_and(|param| param.optional) => {
                problems.push(crate::fields::may_be_absent(name.span, &name.text));
            }
            Some(index) => found.extend(u32::try_from(index)),
            None => {
                let fault = Diagnostic::error(
                    codes::UNKNOWN_PARAMETER,
                    format!("the action has no argument `{}`", name.text),
                )
                .at(name.span);
                let known = params.iter().map(|param| param.name.as_str());
                problems.push(problems.propose(fault, name.span, &name.text, "its arguments", known));
            }
        }
    }
    found
}
