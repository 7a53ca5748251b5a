//! For an omitted clause the verifier assumes what is safe: where something is not proved, it is not proved with less said.

use xp_artifact::question::{Question, Status};
use xp_diagnostics::Sources;
use xp_syntax::ast::{Action, Clause, ClauseKind, Source as From, Thing, ThingKeyKind, ThingKind};
use xpc_model::{Limits, ProofObligation};
use xpc_proof::Z3Prover;

use crate::sources::{Source, compile};

/// Questions about what can happen: what is said of a result may stand in the way.
const OF_WHAT_CAN_HAPPEN: &[&str] = &[
    "steps-open",
    "outcomes-happen",
    "progress",
    "never-stuck",
    "names-bound",
    "scopes",
    "automatic-outcomes",
];

/// Files whose kind is named by its content. Without `from` at `makes`, all arguments are content, and a name that is derived from
/// content alone tells nothing of it.
const NAMED_BY_ALL_CONTENT: &[&str] = &[
    "private_a_commit_of_whose_name_nothing_is_said",
    "private_a_commit_whose_name_somebody_says",
    "private_an_image_whose_name_somebody_says",
];

/// Files whose point is what a name says that `any` does not: a value that is made final is judged as a value where it names nothing, and
/// what a judge can only be shown under another name, or what is too much to follow, is neither under any.
const SAID_BY_THE_NAME: &[&str] = &[
    "a_judge_who_looks_at_an_old_plan",
    "a_judge_who_looks_at_another_plan",
    "a_record_that_names_an_image",
    "a_text_that_spells_its_judges_commit",
    "a_text_that_spells_its_judges_commit_unsaid",
    "evidence_about_more_than_is_followed",
    "messages_that_a_stored_filter_removes",
    "never_used_with_a_name_that_is_spelled_otherwise",
    "never_used_with_a_name_that_may_be_spelled_otherwise",
    "private_a_commit_found_and_read_by_a_page",
];

/// A search finds runs that refute, and proves nothing.
fn without_search() -> Limits {
    Limits { search_states: 0, ..Limits::default() }
}

#[test]
fn less_is_not_proved_with_less_said() {
    let (mut tried, mut wrong) = (0, Vec::new());
    for file in &Source::of("verdicts/files") {
        if NAMED_BY_ALL_CONTENT.contains(&file.name.as_str()) {
            continue;
        }
        let Ok(model) = compile(&file.name, &file.text) else { continue };
        let open: Vec<_> = model
            .obligations
            .iter()
            .zip(Z3Prover.prove(&model, &model.obligations, without_search()))
            .filter(|(one, verdict)| {
                let kind = one.question.kind().hyphenated();
                !verdict.status.holds(one.vacuous_ok) && !OF_WHAT_CAN_HAPPEN.contains(&kind.as_str())
            })
            .map(|(one, _)| one.clone())
            .collect();
        if open.is_empty() {
            continue;
        }
        let less = shortened(&file.text).into_iter().map(|less| (less, false));
        let wider =
            widened(&file.text).into_iter().filter(|_| !SAID_BY_THE_NAME.contains(&file.name.as_str()));
        for ((said, text), by_any) in less.chain(wider.map(|wider| (wider, true))) {
            let Ok(model) = compile(&file.name, &text) else { continue };
            tried += 1;
            // Evidence is of what was looked at by its name: a look at several gives none.
            let counts = |one: &ProofObligation| !by_any || one.question != Question::FreshEvidence;
            let asked: Vec<_> = model
                .obligations
                .iter()
                .filter(|one| counts(one) && open.iter().any(|other| other.id == one.id))
                .cloned()
                .collect();
            let verdicts = Z3Prover.prove(&model, &asked, without_search());
            for (one, verdict) in asked.iter().zip(verdicts) {
                if verdict.status == Status::Proved {
                    wrong.push(format!("{}: `{}` is proved {said}", file.name, one.id));
                }
            }
        }
    }
    assert!(tried >= 800, "{tried}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The text without one clause, or without what a clause is from, for each that may be left out.
fn shortened(text: &str) -> Vec<(String, String)> {
    let tree = xp_syntax::parse(Sources::new().add("a.xp", text), text).tree;
    let actions = tree.connectors.iter().flat_map(|connector| &connector.actions);
    let clauses = actions.flat_map(|action| action.clauses.iter().map(move |clause| (action, clause)));
    let cut = clauses.filter_map(|(action, clause)| {
        let whole = clause.span.start as usize..clause.span.end as usize;
        let written = text.get(whole.clone())?;
        let cut = match &clause.kind {
            ClauseKind::Reads(_)
            | ClauseKind::MeasuredBy(_)
            | ClauseKind::Version(..)
            | ClauseKind::Expects(..)
            | ClauseKind::About(..) => whole,
            ClauseKind::From(..) if !is_member(action, clause) => whole,
            ClauseKind::Makes(_) | ClauseKind::Changes(..) => {
                whole.start + written.rfind(" from ")?..whole.end
            }
            _ => return None,
        };
        let mut shorter = text.to_owned();
        shorter.replace_range(cut.clone(), " ");
        Some((format!("without `{}`", text.get(cut)?.trim()), shorter))
            .filter(|_| is_consistent(action, clause, text))
    });
    cut.collect()
}

/// Of the field, or of a record that it is in, something is said by another clause.
fn is_member(action: &Action, clause: &Clause) -> bool {
    let field = |clause: &Clause| match &clause.kind {
        ClauseKind::From(path, _) => Some(path.text()),
        _ => None,
    };
    let own = field(clause).unwrap_or_default();
    let others = action.clauses.iter().filter(|other| *other != clause).filter_map(field);
    others.into_iter().any(|other| own == other || own.starts_with(&format!("{other}.")))
}

/// Where nothing is said of what it comes from, it comes from no thing that the action is said not to read.
fn is_consistent(action: &Action, clause: &Clause, text: &str) -> bool {
    let word = |thing: &Thing| text.get(thing.span.start as usize..thing.span.end as usize);
    let read = action.clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::Reads(things) => Some(things.iter().filter_map(word).collect::<Vec<_>>()),
        _ => None,
    });
    let from: &[From] = match &clause.kind {
        ClauseKind::From(_, from) | ClauseKind::Changes(_, Some(from)) => from,
        ClauseKind::Makes(making) => making.from.as_deref().unwrap_or_default(),
        _ => &[],
    };
    let mut things = from.iter().filter_map(|source| match source {
        From::Thing(thing) => word(thing),
        From::Path(_) => None,
    });
    read.is_none_or(|read| things.all(|thing| read.contains(&thing)))
}

/// The text in which an action no longer says which one of a kind it means, for each thing that its clauses name.
fn widened(text: &str) -> Vec<(String, String)> {
    let tree = xp_syntax::parse(Sources::new().add("a.xp", text), text).tree;
    let mut found = Vec::new();
    for action in tree.connectors.iter().flat_map(|connector| &connector.actions) {
        let whole = action.span.start as usize..action.span.end as usize;
        let Some(body) = text.get(whole.clone()) else { continue };
        let mut things: Vec<(&str, String)> =
            action.clauses.iter().flat_map(things).filter_map(|thing| any_of(text, thing)).collect();
        things.sort_unstable();
        things.dedup();
        for (written, any) in things {
            let mut wider = text.to_owned();
            wider.replace_range(whole.clone(), &body.replace(written, &any));
            found.push((format!("with `{any}` in `{}`", action.name.text()), wider));
        }
    }
    found
}

/// The things that a clause names.
fn things(clause: &Clause) -> Vec<&Thing> {
    match &clause.kind {
        ClauseKind::Reads(things) | ClauseKind::Removes(things) | ClauseKind::About(_, things) => {
            things.iter().collect()
        }
        ClauseKind::Changes(things, from) => {
            things.iter().chain(sources(from.as_deref().unwrap_or_default())).collect()
        }
        ClauseKind::From(_, from) | ClauseKind::MeasuredBy(from) => sources(from).collect(),
        _ => Vec::new(),
    }
}

fn sources(from: &[From]) -> impl Iterator<Item = &Thing> {
    from.iter().filter_map(|one| if let From::Thing(thing) = one { Some(thing) } else { None })
}

/// The thing as it is written, and with `any` for the last part of its key.
fn any_of<'t>(text: &'t str, thing: &Thing) -> Option<(&'t str, String)> {
    let ThingKind::One(one) = &thing.kind else { return None };
    let key = one.keys.last()?;
    let ThingKeyKind::Path(_) = key.kind else { return None };
    let (start, end) = (thing.span.start as usize, thing.span.end as usize);
    let written = text.get(start..end)?;
    let mut any = written.to_owned();
    any.replace_range(key.span.start as usize - start..key.span.end as usize - start, "any");
    Some((written, any))
}
