//! The pages of the properties: the wrong program fails with the page's code, the right one holds throughout.

use xp_artifact::question::Status;
use xp_diagnostics::{Severity, Sources, codes};
use xpc_model::{Limits, Verdict};
use xpc_proof::Z3Prover;
use xpc_sema::Library;

fn verdicts(name: &str, text: &str) -> Vec<(String, bool, Verdict)> {
    let mut sources = Sources::new();
    let library = Library::standard(&mut sources);
    let id = sources.add(name, text);
    let parsed = xp_syntax::parse(id, text);
    let analysis = xpc_sema::analyse(&parsed.tree, &sources, &library);
    for diagnostic in parsed.diagnostics.iter().chain(&analysis.diagnostics) {
        assert!(diagnostic.severity != Severity::Error, "{name}: {}", diagnostic.message);
    }
    assert_eq!(analysis.models.len(), 1, "{name}");
    let model = &analysis.models[0];
    let verdicts = Z3Prover.prove(model, &model.obligations, Limits::default());
    let traces =
        verdicts.iter().flat_map(|verdict| &verdict.failures).filter_map(|failure| failure.trace.as_ref());
    for trace in traces {
        xpc_proof::replay(model, trace).unwrap();
    }
    let asked = model.obligations.iter().map(|obligation| (obligation.id.clone(), obligation.vacuous_ok));
    asked.zip(verdicts).map(|((id, vacuous_ok), verdict)| (id, vacuous_ok, verdict)).collect()
}

fn program(page: &str, heading: &str) -> String {
    let after = page.split(heading).nth(1).unwrap();
    after.split("```xp\n").nth(1).unwrap().split("```").next().unwrap().to_owned()
}

#[test]
fn pages_are_true() {
    let mut seen = 0;
    // The page about rosters has no program.
    let with_program =
        |id: &str| id.starts_with("XP06") && ![codes::START_RIGHTS.id, codes::LACKS_PEOPLE.id].contains(&id);
    for code in codes::ALL.iter().filter(|code| with_program(code.id)) {
        seen += 1;
        let wrong = verdicts(code.id, &program(code.page, "## Wrong"));
        let found = match code.id {
            "XP0631" => wrong.iter().any(|(_, _, verdict)| verdict.status == Status::Conditional),
            "XP0632" => wrong.iter().any(|(_, _, verdict)| verdict.status == Status::Unknown),
            id => wrong
                .iter()
                .any(|(_, _, verdict)| verdict.failures.iter().any(|failure| failure.code.id == id)),
        };
        assert!(found, "{}: {wrong:#?}", code.id);
        for (id, vacuous_ok, verdict) in verdicts(code.id, &program(code.page, "## Right")) {
            let fine = verdict.status == Status::Proved || vacuous_ok && verdict.status == Status::Vacuous;
            assert!(fine, "{}, {id}: {verdict:#?}", code.id);
        }
    }
    assert_eq!(seen, 23);
}
