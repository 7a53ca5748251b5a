//! Small workflows with the verdicts they must get: what somebody once found wrongly answered, and its twins.
//!
//! Each file begins with `// expect: kind status`. Brute force does not judge these: which names may stand for one thing is
//! not in its world.

use xpc_model::{Limits, Prover as _};
use xpc_proof::Z3Prover;

use crate::differential::compile;

#[test]
fn every_file_gets_its_verdict() {
    let folder = xp_tests::root().join("tests/suite/verdicts/files");
    let mut files: Vec<_> =
        std::fs::read_dir(&folder).expect("the files").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    assert!(files.len() >= 20, "files are missing");
    let mut wrong = Vec::new();
    for file in files {
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).expect("a file");
        let model = compile(&name, &text).unwrap_or_else(|faults| panic!("{name} is rejected: {faults:#?}"));
        let verdicts = Z3Prover.prove(&model, &model.obligations, Limits::default());
        let expected: Vec<(&str, &str)> = text
            .lines()
            .filter_map(|line| line.strip_prefix("// expect: "))
            .map(|line| line.split_once(' ').expect("`// expect: kind status`"))
            .collect();
        assert!(!expected.is_empty(), "{name} expects nothing");
        for (kind, status) in expected {
            let mut of_kind =
                model.obligations.iter().zip(&verdicts).filter(|(o, _)| o.kind == kind).peekable();
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
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
