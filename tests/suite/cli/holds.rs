//! The example workflow is proved.

use super::{check, edited, example, example_text, line, list, run, shape, text};

#[test]
fn every_property_of_the_example_is_proved() {
    let ran = run(&xp_tests::root(), &["check", "examples/bug_fix", "--format", "json"]).exits(0);
    let object = ran.json();
    shape::holds(&object);
    assert_eq!(object["files"], serde_json::json!(["examples/bug_fix/bug_fix.xp"]));
    assert_eq!(object["diagnostics"], serde_json::json!([]));
    let workflows = list(&object, "workflows");
    assert_eq!(workflows.len(), 1);
    assert_eq!(workflows[0]["name"], "bug_fix");
    assert_eq!(workflows[0]["steps"], 13);
    assert_eq!(workflows[0]["roles"], 5);
    let obligations = list(&workflows[0], "obligations");
    for one in obligations {
        assert_eq!(one["status"], "proved", "{one:#}");
    }
    // Each `prove` of the source is answered, and so are the built-in properties.
    let source = example_text();
    let asked: Vec<&str> = source.lines().map(str::trim).filter(|line| line.starts_with("prove ")).collect();
    assert_eq!(asked.len(), 7);
    for clause in &asked {
        assert!(obligations.iter().any(|one| one["source"] == **clause), "{clause} is not among the answers");
    }
    assert!(obligations.len() >= asked.len() + 8, "{}", obligations.len());
    let ids: std::collections::BTreeSet<&str> = obligations.iter().map(|one| text(one, "id")).collect();
    assert_eq!(ids.len(), obligations.len(), "ids are unique");
}

/// An assumption on which nothing rests is one too many; while something is not proved, it may be missing there.
#[test]
fn an_assumption_that_no_answer_rests_on_is_a_warning() {
    let desk = std::fs::read_to_string(xp_tests::root().join("stdlib/tests/desk.xp")).expect("a workflow");
    let assumed = "  assume nobody else changes desk.Order(look.order)";
    let more = "  assume nobody else changes desk.Order(\"other\") because \"we think so\"\n";
    assert_eq!(desk.matches(assumed).count(), 1);
    let one_too_many = desk.replace(assumed, &format!("{more}{assumed}"));
    let refuted = one_too_many.replace("    outcome agreed of look.amount\n", "    outcome agreed\n");
    assert_ne!(refuted, one_too_many);
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [("needed", &desk), ("unused", &one_too_many), ("refuted", &refuted)] {
        std::fs::write(folder.path().join(format!("{name}.xp")), text).expect("written");
    }
    let check = |name: &str| run(folder.path(), &["check", name, "--deny", "warnings"]);
    let needed = check("needed.xp").exits(0);
    assert!(!needed.talk.contains("XP0505"), "{needed}");
    let line = one_too_many.lines().position(|line| line == more.trim_end()).expect("a line") + 1;
    let place = format!("unused.xp:{line}:");
    check("unused.xp").exits(2).says(&["warning[XP0505]", "`desk.Order(\"other\")`", &place]);
    let refuted = check("refuted.xp").exits(3);
    assert!(!refuted.talk.contains("XP0505"), "{refuted}");
}

#[test]
fn a_folder_is_every_workflow_below_it_and_no_argument_is_the_current_one() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(folder.path().join("b/deep")).expect("made");
    std::fs::create_dir_all(folder.path().join(".hidden")).expect("made");
    for name in ["b/deep/two.xp", "a.xp", ".hidden/not.xp"] {
        std::fs::copy(example(), folder.path().join(name)).expect("copied");
    }
    std::fs::write(folder.path().join("notes.txt"), "step step").expect("written");
    let object = run(folder.path(), &["check", "--format", "json"]).exits(0).json();
    assert_eq!(object["files"], serde_json::json!(["a.xp", "b/deep/two.xp"]));
    let object =
        run(folder.path(), &["check", "b", "a.xp", "b/deep/two.xp", "--format", "json"]).exits(0).json();
    assert_eq!(object["files"], serde_json::json!(["b/deep/two.xp", "a.xp"]), "as given, each once");
}

#[test]
fn a_condition_that_validation_already_needs_may_go_and_the_answer_says_why() {
    let (ran, object) =
        check(&edited("after review_code.approved and validate.passed {", "after validate.passed {"));
    let ran = ran.exits(0);
    let needs = list(&list(&object, "workflows")[0], "obligations")
        .iter()
        .find(|one| one["source"] == "prove effect merge requires review_code.approved and validate.passed")
        .expect("the clause");
    assert_eq!(needs["status"], "proved", "{ran}");
    let source = edited("after review_code.approved and validate.passed {", "after validate.passed {");
    let place =
        |words: &str| source.lines().position(|line| line.contains(words)).expect("the line") as u64 + 1;
    let because: Vec<u64> = list(needs, "because").iter().map(|one| line(&one["span"])).collect();
    assert!(because.contains(&place("step validate by qa after review_code.approved")), "{needs:#}");
    assert!(because.contains(&place("step merge_pr by release after validate.passed")), "{needs:#}");
    // The output for people says the same.
    let folder = super::folder_with("workflow.xp", &source);
    let shown = run(folder.path(), &["check", "workflow.xp"]).exits(0);
    let validate = format!("line {} `review_code.approved`", place("step validate by qa"));
    assert!(shown.out.contains(&validate), "{shown}");
}

#[test]
fn the_first_example_of_the_manual_is_proved() {
    let manual =
        std::fs::read_to_string(xp_tests::root().join("lang/reference/README.md")).expect("the manual");
    let block = manual.split("```xp\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("manual.xp"), block).expect("written");
    run(folder.path(), &["check", "manual.xp"]).exits(0);
}
