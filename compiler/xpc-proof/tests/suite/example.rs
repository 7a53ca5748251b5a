//! The shipped example: all of it is proved, and each edit that breaks it is refuted where it was made.

use std::collections::BTreeMap;

use xp_artifact::question::Status;
use xp_diagnostics::{Sources, Span};
use xpc_model::{Limits, Model, Verdict};
use xpc_proof::Z3Prover;
use xpc_sema::Library;

const SOURCE: &str = include_str!("../../../../examples/bug_fix/bug_fix.xp");

struct Checked {
    sources: Sources,
    model: Model,
    verdicts: BTreeMap<String, Verdict>,
}

fn check(text: &str) -> Checked {
    let mut sources = Sources::new();
    let library = Library::standard(&mut sources);
    let id = sources.add("bug_fix.xp", text);
    let parsed = xp_syntax::parse(id, text);
    let analysis = xpc_sema::analyse(&parsed.tree, &sources, &library);
    let errors: Vec<_> = analysis
        .diagnostics
        .iter()
        .chain(&parsed.diagnostics)
        .filter(|diagnostic| diagnostic.severity == xp_diagnostics::Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let model = analysis.models.into_iter().next().unwrap();
    let verdicts = Z3Prover.prove(&model, &model.obligations, Limits::default());
    let verdicts = model.obligations.iter().map(|o| o.id.clone()).zip(verdicts).collect();
    Checked { sources, model, verdicts }
}

fn edit(changes: &[(&str, &str)]) -> Checked {
    let mut text = SOURCE.to_owned();
    for (from, to) in changes {
        assert_eq!(text.matches(from).count(), 1, "the example no longer says {from:?} once");
        text = text.replace(from, to);
    }
    check(&text)
}

impl Checked {
    fn slice(&self, span: Span) -> &str {
        self.sources.slice(span)
    }

    fn of(&self, part: &str) -> &Verdict {
        let found: Vec<_> = self.verdicts.iter().filter(|(id, _)| id.contains(part)).collect();
        assert_eq!(found.len(), 1, "{part}: {:?}", self.verdicts.keys().collect::<Vec<_>>());
        found[0].1
    }

    fn bad(&self) -> Vec<String> {
        let bad = self.verdicts.iter().filter(|(_, verdict)| verdict.status != Status::Proved);
        bad.map(|(id, verdict)| format!("{id}: {:?} {}", verdict.status, verdict.reason)).collect()
    }

    /// The question is refuted; every trace replays; the primary spans or labels, as text, hold the words.
    fn refutes(&self, part: &str, words: &str) {
        let verdict = self.of(part);
        assert_eq!(verdict.status, Status::Refuted, "{part}: {:?} {}", verdict.status, verdict.reason);
        let mut texts = Vec::new();
        for failure in &verdict.failures {
            let trace = failure.trace.as_ref().unwrap();
            xpc_proof::replay(&self.model, trace).unwrap();
            texts.push(self.slice(failure.primary.unwrap()).to_owned());
            texts.extend(failure.labels.iter().map(|label| self.slice(label.span).to_owned()));
        }
        assert!(texts.iter().any(|text| text.contains(words)), "{part}: {texts:#?}");
    }
}

#[test]
fn is_proved() {
    let checked = edit(&[]);
    assert_eq!(checked.bad(), Vec::<String>::new());
    for verdict in checked.verdicts.values() {
        println!("{verdict:#?}");
    }
}

#[test]
fn merge_after_review_alone() {
    let checked = edit(&[("after review_code.approved and validate.passed", "after review_code.approved")]);
    checked.refutes("requires", "review_code.approved");
    // A failed validation opens the merge again when its one use is spent. What waits for it (`ship`) hides nothing.
    checked.refutes("progress", "once per run");
}

#[test]
fn merge_after_the_pull_request() {
    let checked = edit(&[("after review_code.approved and validate.passed", "after open_pr.done")]);
    checked.refutes("requires", "open_pr.done");
    checked.refutes("reviewed", "merge_pr.done");
}

#[test]
fn merge_after_validation_alone_is_still_proved() {
    let checked = edit(&[("after review_code.approved and validate.passed", "after validate.passed")]);
    assert_eq!(checked.bad(), Vec::<String>::new());
    let because = &checked.of("requires").because;
    let spans = because.iter().filter_map(|place| checked.model.spans.get(*place));
    let lines: Vec<&str> = spans.map(|span| checked.slice(span)).collect();
    assert_eq!(lines, ["review_code.approved", "validate.passed"], "{because:?}");
}

#[test]
fn no_separation() {
    let checked = edit(&[("separate roles business, developer, senior, qa, release", "")]);
    checked.refutes("principal", "no principal");
}

#[test]
fn release_may_write() {
    let checked = edit(&[(
        "once per run as merged",
        "once per run as merged\n    may github.contents.write(repo, start.branch, path: one of propose.files, text: content) max 100",
    )]);
    // What was reviewed is a commit, and stays it: writing to the branch changes nothing that anybody relies on.
    checked.refutes("no-role", "github.contents.write");
}

#[test]
fn any_path() {
    let checked = edit(&[("start.branch, path: one of propose.files", "start.branch, path: any")]);
    checked.refutes("write-within", "any");
}

#[test]
fn changes_without_reopening() {
    let checked =
        edit(&[("outcome changes -> reopen implement with notes (max 5, then rejected)", "outcome changes")]);
    checked.refutes("never-stuck", "changes");
}

#[test]
fn pull_request_before_the_tests() {
    let checked = edit(&[(
        "step open_pr by developer after run_tests.passed",
        "step open_pr by developer after implement.ready",
    )]);
    checked.refutes("names-bound", "implement.ready");
}

#[test]
fn three_merges() {
    let checked = edit(&[("once per run as merged", "max 3 per run as merged")]);
    checked.refutes("at-most", "max 3 per run");
}

const SECURITY: &str = "  step security by sec after open_pr.done {
    may github.pulls.read(repo, open_pr.pr.number) max 50
    outcome approved of open_pr.pr.head
    outcome rejected -> end
  }

  step validate by";

#[test]
fn a_security_reviewer() {
    let add = [
        ("agent business, developer", "agent sec, business, developer"),
        ("separate roles business", "separate roles sec, business"),
        ("  step validate by", SECURITY),
        (
            "prove effect merge requires review_code.approved",
            "prove effect merge requires security.approved and review_code.approved",
        ),
    ];
    let checked = edit(&add);
    checked.refutes("requires", "review_code.approved and validate.passed");
    let mut with = add.to_vec();
    with.push((
        "after review_code.approved and validate.passed",
        "after security.approved and review_code.approved and validate.passed",
    ));
    assert_eq!(edit(&with).bad(), Vec::<String>::new());
}
