//! Small workflows with expected verdicts: cases that were once answered wrongly, and variants of them.
//!
//! Each file begins with the correct answer and its reason, and with `// expect: kind status`. The exhaustive
//! search does not apply to them, since its environment has a single connector.

mod omitted;

use xpc_model::Limits;
use xpc_proof::Z3Prover;

use crate::sources::{Source, compile};

/// And what refutes is broken by the values of its run: the monitor says so, too.
#[test]
fn every_file_gets_its_verdict() {
    let files = Source::of("verdicts/files");
    assert!(files.len() >= 60, "files are missing");
    let (mut broken, mut wrong) = (0, Vec::new());
    for file in files {
        let name = &file.name;
        let model = match compile(name, &file.text) {
            Ok(model) => model,
            Err(faults) => {
                let faults: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
                wrong.push(format!("{name} is rejected: {}", faults.join("; ")));
                continue;
            }
        };
        let verdicts = Z3Prover.prove(&model, &model.obligations, Limits::default());
        for (kind, status) in file.expected() {
            let mut of_kind = model
                .obligations
                .iter()
                .zip(&verdicts)
                .filter(|(o, _)| o.question.kind().hyphenated() == kind)
                .peekable();
            assert!(of_kind.peek().is_some(), "{name}: nothing is asked about `{kind}`");
            for (_, verdict) in of_kind {
                if !format!("{:?}", verdict.status).eq_ignore_ascii_case(status) {
                    wrong.push(format!(
                        "{name}: `{kind}` is {:?} and not {status}: {}",
                        verdict.status, verdict.reason
                    ));
                }
            }
        }
        let asked = model.obligations.iter().zip(&verdicts);
        for (obligation, verdict) in asked.filter(|(one, _)| xp_monitor::is_safety(&one.question)) {
            for trace in verdict.failures.iter().filter_map(|fault| fault.trace.as_ref()) {
                broken += 1;
                if xpc_proof::breaks(&model, trace, &obligation.question) != Ok(true) {
                    wrong.push(format!("{name}: the run does not break {:?}", obligation.question.kind()));
                }
            }
        }
    }
    assert!(broken >= 80, "{broken}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_allowed_is_an_assumption_of_the_proof() {
    let files = Source::of("verdicts/files");
    let assumed = |name: &str| {
        let file = files.iter().find(|file| file.name.contains(name)).expect("a file");
        let model =
            compile(name, &file.text).unwrap_or_else(|faults| panic!("{name} is rejected: {faults:#?}"));
        let verdicts = Z3Prover.prove(&model, &model.obligations, Limits::default());
        verdicts.into_iter().flat_map(|verdict| verdict.assuming).collect::<Vec<_>>()
    };
    let words = "what is in `store.Dataset(store.Shelf(shelf), \"keys\")` may reach store.notes.write: the shelf has one reader";
    assert_eq!(assumed("allow_a_note"), [words]);
    // Nothing was needed.
    assert_eq!(assumed("allow_what_nobody_does"), [""; 0]);
}
