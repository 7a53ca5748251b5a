//! Start rules of a roster, held against workflows.
//!
//! Only what a rule pins is looked at; who there is and under which keys is the server's matter.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;
use xp_artifact::question::{Question, Status};
use xp_artifact::starts;
use xp_artifact::workflow::{StepId, Workflow};
use xp_diagnostics::{Diagnostic, SourceId, Sources, Span, codes};
use xp_scope::{Type, Value};
use xpc_model::{Model, Place, ProofObligation, Verdict};

use crate::world::World;

/// Largest roster that is read, in bytes.
const MAX_BYTES: usize = 4 << 20;

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    start: Vec<Spanned<Rule>>,
    #[serde(default)]
    principal: Vec<Member>,
}

#[derive(Deserialize)]
struct Member {
    name: String,
    controller: String,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
}

/// `kind` of a principal that is a person.
const PERSON: &str = "person";

#[derive(Deserialize)]
struct Rule {
    artifact: String,
    #[serde(default)]
    principals: Vec<String>,
    #[serde(default)]
    params: BTreeMap<Spanned<String>, toml::Value>,
}

/// The start rules of a roster.
pub struct Roster {
    source: SourceId,
    rules: Vec<Spanned<Rule>>,
    members: Vec<Member>,
}

impl Roster {
    /// Reads a roster and adds it to the sources.
    ///
    /// # Errors
    /// It cannot be read, or is no roster: said in the file.
    pub fn read(world: &dyn World, path: &Path, sources: &mut Sources) -> Result<Self, Box<Diagnostic>> {
        let shown = path.display().to_string();
        let read = world.read(path, MAX_BYTES + 1);
        let text = match read {
            Ok(bytes) if bytes.len() <= MAX_BYTES => {
                String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
            }
            Ok(_) => Err(format!("it has more than {MAX_BYTES} bytes")),
            Err(error) => Err(error.to_string()),
        };
        let source = sources.add(shown.clone(), text.as_deref().unwrap_or_default());
        let fault = |message: String, span: Span| {
            Box::new(Diagnostic::error(codes::UNREADABLE, message).at(span).in_file(source))
        };
        let start = Span::new(source, 0, 0);
        let text = text.map_err(|why| fault(format!("the roster `{shown}` cannot be read: {why}"), start))?;
        match toml::from_str::<File>(&text) {
            Ok(file) => Ok(Self { source, rules: file.start, members: file.principal }),
            Err(error) => {
                let span = error.span().map_or(start, |range| place(source, &range));
                Err(fault(format!("this is no roster: {}", error.message()), span))
            }
        }
    }

    /// A question and its answer for each rule about the workflow.
    #[must_use]
    pub fn asked(&self, model: &Model) -> Vec<(ProofObligation, Verdict)> {
        let workflow = &model.workflow;
        let about = self.rules.iter().enumerate().filter(|(_, rule)| rule.as_ref().artifact == workflow.name);
        about.map(|(number, rule)| self.rule(model, number + 1, rule)).collect()
    }

    /// Steps of people for which there are not enough of them in a run that a rule allows: warnings, since a roster may grow.
    #[must_use]
    pub fn lacks(&self, model: &Model) -> Vec<Diagnostic> {
        let workflow = &model.workflow;
        let mut found = Vec::new();
        for rule in self.rules.iter().filter(|rule| rule.as_ref().artifact == workflow.name) {
            for (index, step) in workflow.steps.iter().enumerate() {
                let Some(needed) = workflow.people_needed(step) else { continue };
                let role = workflow.roles.get(step.role.index()).map_or("", |role| role.name.as_str());
                let starters = rule.as_ref().principals.iter();
                let fewest = starters.map(|starter| (self.judges(role, starter), starter)).min();
                let Some((there, starter)) = fewest else { continue };
                let too_few = there < needed as usize;
                let settling = workflow.people_who_settle(step).filter(|always| there < *always as usize);
                if !too_few && settling.is_none() {
                    continue;
                }
                let span = place(self.source, &rule.span());
                let people = if needed == 1 {
                    "a person".to_owned()
                } else {
                    format!("{needed} people of different controllers")
                };
                let message = if too_few {
                    format!(
                        "a run that `{starter}` starts waits in step `{}` for {people} in `{role}`, and the roster has {there}",
                        step.name
                    )
                } else {
                    format!(
                        "the {there} people whom the roster has for `{role}` may judge so differently in step `{}` that no outcome gets enough, \
                         in a run that `{starter}` starts",
                        step.name
                    )
                };
                let mut help = format!("list people for it: `kind = \"person\"`, `roles = [\"{role}\"]`");
                if let Some(always) = settling {
                    let other = "or let a time limit end the step, or one person take an outcome of it";
                    help = format!("{help}; of {always} enough always judge alike; {other}");
                }
                found.push(
                    Diagnostic::warning(codes::LACKS_PEOPLE, message)
                        .at(span)
                        .label(
                            model.spans.get(Place::Step(StepId::of(index))).unwrap_or(span),
                            "it waits here",
                        )
                        .because("whoever has the controller of the starter does not judge".to_owned())
                        .help(help),
                );
            }
        }
        found
    }

    /// How many controllers have a person who may judge in a role when this principal started the run.
    fn judges(&self, role: &str, starter: &str) -> usize {
        let own = self.members.iter().find(|member| member.name == starter).map(|member| &member.controller);
        let people = self.members.iter().filter(|member| {
            member.kind.as_deref() == Some(PERSON)
                && member.roles.iter().any(|own| own == role)
                && Some(&member.controller) != own
        });
        people.map(|member| &member.controller).collect::<BTreeSet<_>>().len()
    }

    /// A principal that may start a run by the rule, and of whose controller somebody may play the role.
    fn starter_that_plays<'r>(&'r self, rule: &'r Rule, role: &str) -> Option<&'r str> {
        let controller = |name: &str| self.members.iter().find(|member| member.name == name);
        let plays = |of: &Member| {
            let mut own = self.members.iter().filter(|member| member.controller == of.controller);
            own.any(|member| member.roles.iter().any(|own| own == role))
        };
        let mut starters = rule.principals.iter().map(String::as_str);
        starters.find(|name| controller(name).is_some_and(plays))
    }

    fn rule(&self, model: &Model, number: usize, rule: &Spanned<Rule>) -> (ProofObligation, Verdict) {
        let workflow = &model.workflow;
        let span = place(self.source, &rule.span());
        let named: Vec<&str> = rule.as_ref().params.keys().map(|name| name.as_ref().as_str()).collect();
        let open = starts::open(workflow, &named);
        let mut failures: Vec<Diagnostic> = rule
            .as_ref()
            .params
            .iter()
            .filter_map(|(name, value)| {
                Some(misfit(workflow, name.as_ref(), value)?.at(place(self.source, &name.span())))
            })
            .collect();
        // What was meant by a wrong name is not missing, too.
        let open = if failures.is_empty() { open } else { Vec::new() };
        failures.extend(open.iter().map(|one| {
            Diagnostic::error(
                codes::START_RIGHTS,
                format!(
                    "whoever starts `{}` may choose `{}` freely, and {}",
                    workflow.name,
                    one.path,
                    one.reason()
                ),
            )
            .at(span)
            .label(model.spans.get(Place::Step(one.step)).unwrap_or(span), "it matters here")
            .help(format!("say which values it may have: `params = {{ \"{}\" = … }}`", one.path))
        }));
        for one in starts::judged(workflow, &named) {
            let role =
                workflow.roles.get(one.role.index()).map(|role| role.name.as_str()).unwrap_or_default();
            let Some(starter) = self.starter_that_plays(rule.as_ref(), role) else { continue };
            failures.push(
                Diagnostic::error(
                    codes::START_RIGHTS,
                    format!(
                        "`{starter}` may choose `{}` and judge it: {}, which its controller may play",
                        one.path,
                        one.reason(role)
                    ),
                )
                .at(span)
                .label(model.spans.get(Place::Step(one.step)).unwrap_or(span), "it is judged here")
                .help(format!(
                    "say which values it may have: `params = {{ \"{}\" = … }}`, or let others play `{role}`",
                    one.path
                )),
            );
        }
        let status = if failures.is_empty() { Status::Proved } else { Status::Refuted };
        let obligation = ProofObligation {
            id: format!("{}/start-rights-{number}", workflow.name),
            question: Question::StartRights,
            source: format!("start rule {number} of the roster pins all that a starter must not choose"),
            span,
            vacuous_ok: false,
        };
        (obligation, Verdict { failures, ..Verdict::new(status) })
    }
}

/// A name that is none of the workflow's, or values that it cannot have.
fn misfit(workflow: &Workflow, name: &str, value: &toml::Value) -> Option<Diagnostic> {
    let Some(ty) = starts::named(workflow, name) else {
        let fault = Diagnostic::error(
            codes::START_RIGHTS,
            format!("`{}` has no parameter `{name}`, so this rule lets nobody start it", workflow.name),
        );
        let known = starts::leaves(workflow);
        return Some(match xp_syntax::nearest(name, known.iter().map(String::as_str)) {
            Some(near) => fault.help(format!("did you mean `{near}`?")),
            None => fault,
        });
    };
    let each = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    let wrong = |value: &&toml::Value| !fits(ty, value);
    each.iter().find(wrong).map(|value| {
        Diagnostic::error(
            codes::START_RIGHTS,
            format!("`{name}` is never `{value}`, so this rule lets nobody start `{}`", workflow.name),
        )
        .because(format!("its type is `{ty}`"))
    })
}

/// A single value of the roster can be one of the type. What lists and records hold is the server's to compare.
fn fits(ty: &Type, value: &toml::Value) -> bool {
    let single = match value {
        toml::Value::String(text) => Value::Text(text.clone()),
        toml::Value::Integer(number) => Value::Int(*number),
        toml::Value::Boolean(truth) => Value::Bool(*truth),
        toml::Value::Table(_) => return matches!(ty, Type::Record(_)),
        toml::Value::Float(_) | toml::Value::Datetime(_) => return false,
        toml::Value::Array(_) => return matches!(ty, Type::List(_) | Type::Set(_)),
    };
    matches!(ty, Type::List(_) | Type::Set(_)) || xp_scope::check(&single, ty, &()).is_ok()
}

fn place(source: SourceId, range: &std::ops::Range<usize>) -> Span {
    Span::new(source, range.start, range.end)
}
