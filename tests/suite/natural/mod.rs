//! Typical workflows with the declarations that an author would write. Every property is proved, and each
//! attack, an edit of one place, is refuted.

use xp_artifact::question::Status;
use xpc_model::{Limits, Model, Verdict};
use xpc_proof::Z3Prover;

use crate::sources::compile;

fn text(name: &str) -> String {
    let path = match name {
        "bug_fix" | "refund" | "dependency_bot" | "data_export" => format!("examples/{name}/{name}.xp"),
        name => format!("stdlib/tests/{name}.xp"),
    };
    std::fs::read_to_string(xp_tests::root().join(path)).expect("a workflow")
}

fn proved(name: &str, text: &str) -> (Model, Vec<Verdict>) {
    let model = compile(name, text).unwrap_or_else(|faults| panic!("{name} is rejected: {faults:#?}"));
    let verdicts = Z3Prover.prove(&model, &model.obligations, Limits::default());
    (model, verdicts)
}

const ALL: &[&str] = &[
    "bug_fix",
    "refund",
    "dependency_bot",
    "data_export",
    "docs",
    "deps",
    "bank",
    "desk",
    "terraform",
    "export",
];

#[test]
fn every_property_of_them_is_proved() {
    for name in ALL {
        let (model, verdicts) = proved(name, &text(name));
        for (obligation, verdict) in model.obligations.iter().zip(&verdicts) {
            assert_eq!(verdict.status, Status::Proved, "{name}: {}: {}", obligation.id, verdict.reason);
        }
        // The desk and the refund count on nobody else; the bank names a draft by a text of the run's, which must not be too long for that; the
        // default branch of a repository must not be called like the branch for a fix.
        let assumed: &[&str] = match *name {
            "desk" | "refund" => &["fresh-evidence"],
            "bank" | "bug_fix" | "deps" | "docs" => &["progress"],
            _ => &[],
        };
        let pairs = model.obligations.iter().zip(&verdicts);
        let assuming: Vec<String> = pairs
            .filter(|(_, verdict)| !verdict.assuming.is_empty())
            .map(|(obligation, _)| obligation.question.kind().hyphenated())
            .collect();
        assert_eq!(assuming, assumed, "{name}");
    }
}

/// An edit of a workflow and the property it violates.
struct Attack {
    on: &'static str,
    what: &'static str,
    edits: &'static [(&'static str, &'static str)],
    kind: &'static str,
    status: Status,
}

const ATTACKS: &[Attack] = &[
    Attack {
        on: "bug_fix",
        what: "merged without a review",
        edits: &[(
            "after review_code.approved and validate.passed {",
            "after validate.passed or run_tests.passed {",
        )],
        kind: "requires",
        status: Status::Refuted,
    },
    Attack {
        on: "bug_fix",
        what: "the developer merges",
        edits: &[("step merge_pr by release", "step merge_pr by developer")],
        kind: "no-role",
        status: Status::Refuted,
    },
    Attack {
        on: "docs",
        what: "reviewed by whoever wrote it, if one person may play both",
        edits: &[
            ("  separate roles writer, editor\n", ""),
            ("step review by editor", "step review by writer"),
        ],
        kind: "rejected",
        status: Status::Refuted,
    },
    Attack {
        on: "docs",
        what: "a judgement that does not say of what",
        edits: &[("outcome approved of propose.pr.head", "outcome approved")],
        kind: "reviewed-before-deploy",
        status: Status::Refuted,
    },
    Attack {
        on: "docs",
        what: "code is documentation, too",
        edits: &[(
            "may github.contents.write(repo, start.branch, path: within [\"docs/**\"]",
            "may github.contents.write(repo, start.branch, path: within [\"docs/**\", \"src/**\"]",
        )],
        kind: "only-within",
        status: Status::Refuted,
    },
    Attack {
        on: "deps",
        what: "what is merged is another commit than the reviewed one",
        edits: &[
            (
                "commit: propose.pr.head, onto: try.tests.base",
                "commit: raise.change.commit, onto: try.tests.base",
            ),
            ("outcome approved of propose.pr.head", "outcome approved of propose.pr.base"),
        ],
        kind: "reviewed-before-deploy",
        status: Status::Refuted,
    },
    Attack {
        on: "bank",
        what: "the draft may be changed after it was checked",
        edits: &[
            (
                "  action drafts.read(",
                "  action drafts.change(name: text, amount: int) {\n    effect write\n    changes Draft(name)\n    repeat probe\n  }\n\n  action drafts.read(",
            ),
            (
                "  step approve by supervisor after check.large {",
                "  step change by clerk after check.large {\n    may bank.drafts.change(name: prepare.draft.name, amount: any) max 3\n    outcome done\n  }\n\n  step approve by supervisor after check.large {",
            ),
        ],
        kind: "fresh-evidence",
        status: Status::Refuted,
    },
    Attack {
        on: "bank",
        what: "whoever prepared it chooses the limit",
        edits: &[("limit: 1000", "limit: look.amount")],
        kind: "reviewed-before-deploy",
        status: Status::Refuted,
    },
    Attack {
        on: "bank",
        what: "paid twice",
        edits: &[(
            "version: check.limit.version) once per run as paid",
            "version: check.limit.version) max 2 per run as paid",
        )],
        kind: "at-most",
        status: Status::Refuted,
    },
    Attack {
        on: "desk",
        what: "the amount nobody agreed to",
        edits: &[("    outcome agreed of look.amount\n", "    outcome agreed\n")],
        kind: "reviewed-before-deploy",
        status: Status::Refuted,
    },
    Attack {
        on: "desk",
        what: "outsiders may refund, too, and the author does not say otherwise",
        edits: &[(
            "  assume nobody else changes desk.Order(look.order) because \"the order system refuses refunds that are not ours\"\n",
            "",
        )],
        kind: "fresh-evidence",
        status: Status::Conditional,
    },
    Attack {
        on: "desk",
        what: "a second refund on the same check",
        edits: &[(
            "amount: look.amount) once per run as refunded",
            "amount: look.amount) max 2 per run as refunded",
        )],
        kind: "fresh-evidence",
        status: Status::Refuted,
    },
    Attack {
        on: "terraform",
        what: "the workspace may have changed since it was planned",
        edits: &[("    expects Workspace(workspace) at serial\n", "")],
        kind: "fresh-evidence",
        status: Status::Conditional,
    },
    Attack {
        on: "terraform",
        what: "applied before anybody looked at it",
        edits: &[(
            "  step check by operator after review.approved {",
            "  step check by operator after plan.planned {",
        )],
        kind: "requires",
        status: Status::Refuted,
    },
    Attack {
        on: "export",
        what: "sent before anybody looked",
        edits: &[("step send by sender after look.approved {", "step send by sender after make.made {")],
        kind: "private",
        status: Status::Refuted,
    },
    Attack {
        on: "bug_fix",
        what: "merged on the word of whoever read the issue",
        edits: &[(
            "after review_code.approved and validate.passed {",
            "after validate.passed or run_tests.passed {",
        )],
        kind: "through",
        status: Status::Refuted,
    },
    Attack {
        on: "export",
        what: "another copy is sent than the one that was looked at",
        edits: &[
            (
                "  step send by sender after look.approved {",
                "  step again by analyst after look.approved {\n    may store.copies.make(dataset, without: choose.without) once per run as copied\n    outcome made auto when copied\n  }\n\n  step send by sender after again.made {",
            ),
            ("may store.copies.send(copy: make.copied.copy", "may store.copies.send(copy: again.copied.copy"),
        ],
        kind: "reviewed-before-deploy",
        status: Status::Refuted,
    },
    Attack {
        on: "refund",
        what: "goodwill is whatever the clerk says",
        edits: &[("refunds.create(payment, 10.00 EUR)", "refunds.create(payment, look.request.amount)")],
        kind: "reviewed-before-deploy",
        status: Status::Refuted,
    },
    Attack {
        on: "refund",
        what: "paid without the person",
        edits: &[("step pay by cashier after approve.approved {", "step pay by cashier after look.more {")],
        kind: "requires",
        status: Status::Refuted,
    },
    Attack {
        on: "dependency_bot",
        what: "the bot commits",
        edits: &[("step record by maintainer", "step record by bot")],
        kind: "no-principal",
        status: Status::Refuted,
    },
    Attack {
        on: "dependency_bot",
        what: "committed before the review",
        edits: &[(
            "step record by maintainer after review.approved {",
            "step record by maintainer after stage.done {",
        )],
        kind: "requires",
        status: Status::Refuted,
    },
    Attack {
        on: "data_export",
        what: "the sender says what is sent",
        edits: &[(
            "may outbox.write_file(extract.parcel.path, extract.parcel.text)",
            "may outbox.write_file(extract.parcel.path, text: content)",
        )],
        kind: "reviewed-before-deploy",
        status: Status::Refuted,
    },
    Attack {
        on: "data_export",
        what: "sent before the officer looked",
        edits: &[("step send by sender after look.approved {", "step send by sender after extract.ready {")],
        kind: "private",
        status: Status::Refuted,
    },
];

#[test]
fn each_attack_is_refuted() {
    let mut wrong = Vec::new();
    for attack in ATTACKS {
        let mut edited = text(attack.on);
        for (from, to) in attack.edits {
            assert!(edited.contains(from), "{}: `{from}` is not in it", attack.on);
            edited = edited.replace(from, to);
        }
        if attack.kind == "rejected" {
            assert!(compile(attack.on, &edited).is_err(), "{}: {} is compiled", attack.on, attack.what);
            continue;
        }
        let (model, verdicts) = proved(attack.on, &edited);
        let of_kind = model.obligations.iter().zip(&verdicts);
        let mut of_kind = of_kind.filter(|(o, _)| o.question.kind().hyphenated() == attack.kind);
        if !of_kind.any(|(_, verdict)| verdict.status == attack.status) {
            wrong.push(format!(
                "{}: {}: `{}` is not {:?}",
                attack.on, attack.what, attack.kind, attack.status
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
