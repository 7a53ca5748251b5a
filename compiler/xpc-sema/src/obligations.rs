//! What is asked of a workflow: the questions every workflow is asked, then those of its `prove` and `guard` clauses.

use std::collections::HashSet;

use xp_artifact::question::Question;
use xp_artifact::workflow::Guard;
use xp_diagnostics::{Diagnostic, codes};
use xpc_model::ProofObligation;

use crate::claims;
use crate::claims::Asked;
use crate::problems::Problems;
use crate::symbols::Context;

/// The questions every workflow is asked, in the order of [`Question`], each with its sentence.
const ALWAYS: [(Question, &str); 11] = [
    (Question::StepsOpen, "every step can open"),
    (Question::OutcomesHappen, "every outcome can happen"),
    (Question::NeverStuck, "no run gets stuck"),
    (Question::Progress, "every step can settle in each of its openings"),
    (
        Question::AutomaticOutcomes,
        "the automatic outcomes of a step exclude each other and cover all evidence",
    ),
    (Question::NamesBound, "every name in a grant has a value whenever its step is open"),
    (Question::Scopes, "every scope lets something through and is no wider than what it narrows"),
    (
        Question::FreshEvidence,
        "nothing is changed while evidence or approval about it is in force or being gathered",
    ),
    (Question::IrreversibleOnce, "no irreversible effect can be repeated by a loop"),
    (Question::ReviewedBeforeDeploy, "nothing is made final before somebody judged it"),
    (Question::Bounds, "how often each step opens and each grant is used at most"),
];

/// Every question of a workflow, and those of them that the machine enforces; the faulty clauses are reported and left out.
pub fn of(context: &Context<'_>, problems: &mut Problems) -> (Vec<ProofObligation>, Vec<Guard>) {
    let workflow = &context.ast.name;
    let mut ids: HashSet<String> = HashSet::new();
    let mut guards = Vec::new();
    let mut found = Vec::with_capacity(ALWAYS.len() + context.ast.proves.len());
    for (question, sentence) in ALWAYS {
        let kind = question.kind().hyphenated();
        found.push(ProofObligation {
            id: unique(&mut ids, format!("{}/{kind}", workflow.text)),
            question,
            source: sentence.to_owned(),
            span: workflow.span,
            vacuous_ok: false,
        });
    }
    for (line, question) in claims::secrets(context, problems) {
        found.push(ProofObligation {
            id: unique(&mut ids, format!("{}/secret", workflow.text)),
            question,
            source: context.sources.slice(line.span).split_whitespace().collect::<Vec<_>>().join(" "),
            span: line.span,
            vacuous_ok: false,
        });
    }
    for clause in &context.ast.proves {
        let Some(Asked { question, slug }) = claims::lower(context, &clause.claim, problems) else {
            continue;
        };
        let source = context.sources.slice(clause.span).split_whitespace().collect::<Vec<_>>().join(" ");
        let id = unique(&mut ids, format!("{}/{slug}", workflow.text));
        if clause.guard {
            if !xp_monitor::is_guardable(&question) {
                problems.push(
                    Diagnostic::error(codes::NOT_ENFORCED, "this cannot be enforced while a run goes on")
                        .at(clause.claim.span)
                        .help("not only the beginning of a use breaks it: write `prove`"),
                );
                continue;
            }
            guards.push(Guard { id: id.clone(), question: question.clone(), source: source.clone() });
        }
        found.push(ProofObligation {
            id,
            question,
            source,
            span: clause.span,
            vacuous_ok: clause.vacuous.is_some(),
        });
    }
    (found, guards)
}

/// The name, with a number behind it when it is taken.
fn unique(ids: &mut HashSet<String>, name: String) -> String {
    let mut id = name.clone();
    let mut number = 1_u64;
    while !ids.insert(id.clone()) {
        number += 1;
        id = format!("{name}-{number}");
    }
    id
}
