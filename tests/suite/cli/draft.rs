//! `xpc draft`: a workflow that permits what a transcript says was done, and nothing else.

use serde_json::{Value, json};

use super::{Ran, folder_with, run};

fn call(run: &str, principal: &str, action: &str, args: Value, result: &str) -> String {
    json!({ "run": run, "principal": principal, "action": action, "args": args, "result": result })
        .to_string()
}

fn issue(number: u64) -> Value {
    json!({ "repo": "acme/site", "number": number })
}

fn drafted(lines: &[String], more: &[&str]) -> (Ran, Option<String>) {
    let folder = folder_with("calls.jsonl", &lines.join("\n"));
    let ran = run(folder.path(), &[&["draft", "--from", "calls.jsonl", "-o", "out.xp"], more].concat());
    let text = std::fs::read_to_string(folder.path().join("out.xp")).ok();
    (ran, text)
}

const NOTES: &str = "connector notes {
  action look(id: text, deep: optional bool) -> { text: text } {
    effect read
    changes nothing
    reveals untrusted
    repeat idempotent
  }
}
";

#[test]
fn what_was_accepted_is_pinned_as_it_was_and_as_often() {
    let lines = [
        call("r", "Ann", "notes.look", json!({ "id": "a" }), "accepted"),
        call("r", "Ann", "notes.look", json!({ "id": "a" }), "accepted"),
        call("r", "Ben", "notes.look", json!({ "id": "b{x}\"", "deep": true }), "accepted"),
        call("r", "Ann", "notes.look", json!({ "id": "refused" }), "refused"),
    ];
    let folder = folder_with("calls.jsonl", &lines.join("\n"));
    std::fs::write(folder.path().join("notes.xp"), NOTES).unwrap();
    let draft = |output: &str, more: &[&str]| {
        let given = ["draft", "--from", "calls.jsonl", "--with", "notes.xp", "-o", output];
        run(folder.path(), &[&given, more].concat())
    };
    let ran = draft("out.xp", &[]);
    let text = std::fs::read_to_string(folder.path().join("out.xp")).unwrap();
    for part in [
        "agent ann, ben",
        "// line 1, 2\n    may notes.look(id: \"a\") max 2 per run",
        "step part2 by ben after part1.done",
        "may notes.look(id: \"b{{x}\\\"\", deep: true) once per run",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("refused") && !text.contains("any"), "{text}");
    assert!(
        ran.talk.contains("line 4 was not accepted and is left out; `--include 4` takes it"),
        "{}",
        ran.talk
    );
    // It is checked at once.
    ran.exits(0);
    draft("more.xp", &["--include", "4"]).exits(0);
    let more = std::fs::read_to_string(folder.path().join("more.xp")).unwrap();
    assert!(more.contains("// line 4\n    may notes.look(id: \"refused\") once per run"), "{more}");
    // Nothing is replaced.
    assert!(draft("out.xp", &[]).exits(2).talk.contains("cannot be written as a new file"));
}

#[test]
fn a_transcript_writes_no_source() {
    let evil = "x\") max 9\n may notes.pay(id: \"";
    let (ran, text) =
        drafted(&[call("r", "a } workflow w {", "notes.look", json!({ "id": evil }), "accepted")], &[]);
    let text = text.unwrap();
    assert!(ran.code == 2 && text.matches("may ").count() == 2 && !text.contains("\n may"), "{text}");
    assert_eq!(text.matches("workflow drafted").count(), 1);
    assert!(text.contains("agent a_workflow_w"), "{text}");
    for (line, why) in [
        (call("r", "a", "notes.look) may x(", json!({}), "accepted"), "no `action` that is a name"),
        (call("r", "a", "notes.look", json!({ "id) x": "b" }), "accepted"), "no call that can be drafted"),
        (call("r", "a", "notes.look", issue(7), "refused"), "no call that can be drafted"),
        ("{\"result\":\"accepted\",\"result\":\"refused\"}".to_owned(), "line 1: "),
        ("[]".to_owned(), "has no `result`"),
    ] {
        let (ran, text) = drafted(&[line], &[]);
        assert!(ran.exits(2).talk.contains(why), "{why}");
        assert_eq!(text, None);
    }
    let two = [1, 2].map(|run| call(&run.to_string(), "a", "notes.look", issue(run), "accepted"));
    assert!(drafted(&two, &[]).0.exits(2).talk.contains("calls of 2 runs: name one with `--run`"));
    assert!(drafted(&two, &["--run", "2"]).1.unwrap().contains("number: 2"));
    assert!(drafted(&two, &["--run", "2", "--include", "9"]).0.exits(2).talk.contains("no call in line 9"));
}

/// What a draft of these calls is beside a workflow in force, and the exit code.
fn beside(force: &str, calls: &[String], code: i32) -> String {
    let folder = folder_with("calls.jsonl", &calls.join("\n"));
    std::fs::write(folder.path().join("notes.xp"), NOTES).unwrap();
    std::fs::write(folder.path().join("force.xp"), format!("{NOTES}\n{force}")).unwrap();
    run(folder.path(), &["build", "force.xp", "-o", "force.xpa"]).exits(0);
    let given =
        ["draft", "--from", "calls.jsonl", "--with", "notes.xp", "--beside", "force.xpa", "-o", "out.xp"];
    run(folder.path(), &given).exits(code).out
}

#[test]
fn beside_an_artifact_in_force_a_draft_that_permits_more_says_so() {
    let look = |id: &str| call("r", "Ann", "notes.look", json!({ "id": id, "deep": true }), "accepted");
    let workflow = |step: &str| format!("workflow force() {{\n  agent a, b\n{step}\n}}\n");
    let one =
        |may: &str| workflow(&format!("  step work by a {{\n    may {may}\n    outcome done -> end\n  }}"));
    let a = "  part1: may notes.look(id: \"a\", deep: true) once per run\n";
    // The same, and more than the draft has.
    let wide = one("notes.look(any, any) max 2 per run");
    let covered = beside(&wide, &[look("a")], 0);
    assert!(covered.ends_with(&format!("beside force\n{a}")), "{covered}");
    let both = one("notes.look(\"a\", true) once per run\n    may notes.look(\"b\", true) once per run");
    let narrower = beside(&both, &[look("a")], 0);
    assert!(narrower.ends_with("- work: may notes.look(id: \"b\", deep: true) once per run\n"), "{narrower}");
    // More often, in all and of one kind; with other arguments; later; for people; within a time; an action that is not there.
    for (force, calls, why) in [
        (wide.clone(), vec![look("a"), look("b"), look("c")], "more often than there"),
        (one("notes.look(\"a\", true) once per run"), vec![look("a"), look("a")], "more often than there"),
        (one("notes.look(\"b\", true) once per run"), vec![look("a")], "there with other arguments"),
        (one("notes.look(\"a\") once per run"), vec![look("a")], "there with other arguments"),
        (
            workflow(
                "  step first by b {\n    outcome approved\n  }\n  step work by a after first.approved {\n    may notes.look(any, any) max 9\n    outcome done -> end\n  }",
            ),
            vec![look("a")],
            "there after first.approved",
        ),
        (
            workflow(
                "  step work by a {\n    within 2h else late -> end\n    may notes.look(any, any) max 9\n    outcome done -> end\n  }",
            ),
            vec![look("a")],
            "there within a time limit",
        ),
    ] {
        let said = beside(&force, &calls, 3);
        assert!(said.contains("\n+ part1: may notes.look(") && said.contains(why), "{why}: {said}");
    }
    let divided = workflow(
        "  separate roles a, b\n  step work by a {\n    may notes.look(\"a\", true) once per run\n    outcome done -> end\n  }\n  step more by b {\n    may notes.look(\"b\", true) once per run\n    outcome done -> end\n  }",
    );
    // What is there for two roles is more where one has it, and where both need not be separate.
    let undivided = divided.replace("  separate roles a, b\n", "");
    for force in [&divided, &undivided] {
        let said = beside(force, &[look("a"), look("b")], 3);
        assert!(said.contains("there for another role, `b`, in step `more`"), "{said}");
    }
    let by_ben = call("r", "Ben", "notes.look", json!({ "id": "b", "deep": true }), "accepted");
    let said = beside(&divided, &[look("a"), by_ben.clone()], 3);
    assert!(said.contains("+ without `separate roles a, b`"), "{said}");
    beside(&undivided, &[look("a"), by_ben], 0);
    let one_role = beside(&divided, &[look("a")], 0);
    assert!(!one_role.contains("\n+ "), "{one_role}");
}

#[test]
fn what_is_no_artifact_is_no_workflow_in_force() {
    let folder =
        folder_with("calls.jsonl", &call("r", "Ann", "notes.look", json!({ "id": "a" }), "accepted"));
    let given = ["draft", "--from", "calls.jsonl", "--beside", "calls.jsonl", "-o", "out.xp"];
    run(folder.path(), &given).exits(2);
    assert!(!folder.path().join("out.xp").exists(), "nothing is drafted");
}
