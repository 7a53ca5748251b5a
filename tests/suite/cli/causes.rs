//! What is said of a property that fails: once for one cause, where the cause is, with a cure that works.

use serde_json::Value;

use super::{check, codes, edited, folder_with, list, run, text};

fn first<'a>(object: &'a Value, code: &str) -> &'a Value {
    list(object, "diagnostics").iter().find(|one| one["code"] == code).unwrap_or_else(|| panic!("no {code}"))
}

/// The text that a fault underlines.
fn underlined(source: &str, fault: &Value) -> String {
    let place = |end: &str, what: &str| fault["span"][end][what].as_u64().expect("a number") as usize;
    let line = source.lines().nth(place("start", "line") - 1).expect("the line");
    assert_eq!(place("start", "line"), place("end", "line"));
    let (from, to) = (place("start", "column") - 1, place("end", "column") - 1);
    line.chars().skip(from).take(to - from).collect()
}

#[test]
fn a_judge_who_is_shown_nothing_is_one_cause() {
    let read = "    may github.pulls.read(repo, open_pr.pr.number) max 50\n";
    let (ran, object) = check(&edited(read, ""));
    assert_eq!(codes(&object), ["XP0602", "XP0601"], "{ran}");
    let help = format!("{:#}", first(&object, "XP0602")["help"]);
    assert!(help.contains("`shows FIELD`"), "{help}");
    assert!(format!("{:#}", first(&object, "XP0601")["notes"]).contains("5 properties say nothing"), "{ran}");
    // The answers themselves are all there.
    let workflow = &list(&object, "workflows")[0];
    let vacuous = list(workflow, "obligations").iter().filter(|one| one["status"] == "vacuous").count();
    assert_eq!(vacuous, 5, "{ran}");
    ran.exits(3);
}

const BRANCH: &str = "use std.github

workflow upgrade(repo: github.Repo, package: text) {
  agent bot

  step start by bot {
    may github.branches.create(repo, name: \"upgrade-{package}\", from: repo.default_branch) once per run as branch
    outcome done auto when branch
  }
}
";

#[test]
fn a_text_that_may_be_no_name_is_underlined() {
    let (ran, object) = check(BRANCH);
    let fault = first(&object, "XP0604");
    assert_eq!(underlined(BRANCH, fault), "\"upgrade-{package}\"", "{ran}");
    assert!(text(fault, "message").contains("may be no `branch`"), "{ran}");
    let help = format!("{:#}", fault["help"]);
    assert!(help.contains("`outcome impossible -> end`") && help.contains("hand in a `branch`"), "{help}");
    ran.exits(3);
    // Each of the cures, followed.
    let otherwise = BRANCH.replace("auto when branch\n", "auto when branch\n    outcome impossible -> end\n");
    check(&otherwise).0.exits(0);
    let handed_in = BRANCH
        .replace(
            "  step start by bot {",
            "  step choose by bot {\n    submit wanted: branch\n    outcome done\n  }\n\n  step start by bot after choose.done {",
        )
        .replace("\"upgrade-{package}\"", "choose.wanted");
    check(&handed_in).0.exits(0);
}

#[test]
fn what_a_parameter_names_is_not_new_and_that_is_said() {
    let given =
        BRANCH.replace("package: text", "package: branch").replace("\"upgrade-{package}\"", "package");
    let (ran, object) = check(&given);
    let fault = first(&object, "XP0602");
    assert!(format!("{:#}", fault["labels"]).contains("so it is not new"), "{ran}");
    ran.exits(3);
}

const LIST: &str = "use std.github

workflow look(repo: github.Repo, paths: list of path) {
  agent bot

  step read by bot {
    may github.contents.read(repo, path: one of paths) max 3 as file
    outcome done if file
  }
}
";

#[test]
fn a_list_that_may_be_empty_is_underlined() {
    let (ran, object) = check(LIST);
    let fault = first(&object, "XP0604");
    assert_eq!(underlined(LIST, fault), "one of paths", "{ran}");
    assert!(text(fault, "message").contains("this list may be empty"), "{ran}");
    ran.exits(3);
}

/// Texts put together may be longer than a text can be: the answer says that it rests on their length.
#[test]
fn the_length_of_a_text_is_an_assumption() {
    let source = |label: &str| {
        LIST.replace("paths: list of path", "word: text").replace(
            "github.contents.read(repo, path: one of paths) max 3 as file",
            &format!("github.issues.search(repo, label: {label}) max 3 as file"),
        )
    };
    for (label, assumed) in [("\"{word}{word}\"", 1), ("\"{word}\"", 0), ("word", 0)] {
        let (ran, object) = check(&source(label));
        let obligations = list(&list(&object, "workflows")[0], "obligations");
        let progress = obligations.iter().find(|one| one["kind"] == "progress").expect("the question");
        assert_eq!(
            (&progress["status"], list(progress, "assuming").len()),
            (&"proved".into(), assumed),
            "{ran}"
        );
        if assumed == 1 {
            let said = progress["assuming"][0].as_str().expect("text");
            assert!(said.contains("`label` of `github.issues.search`") && said.contains("65536"), "{said}");
        }
        ran.exits(0);
    }
}

const WIKI: &str = "connector wiki {
  resource Page { name: text exact }

  action read(name: text) -> { text: text } {
    effect read
    shows text
    changes nothing
    reads Page(name)
    result.text from Page(name)
    repeat idempotent
  }
}

workflow w(guide: text) {
  agent editor

  step look by editor {
    may wiki.read(guide) once per opening as page
    outcome done auto when page
  }

  step review by editor after look.done {
    may wiki.read(guide) max 3
    outcome approved of look.page.text
    outcome refused -> end
  }
}
";

#[test]
fn a_condition_is_underlined_where_the_evidence_is() {
    let (ran, object) = check(WIKI);
    let fault = first(&object, "XP0631");
    assert_eq!(underlined(WIKI, fault), "outcome approved of look.page.text", "{ran}");
    assert!(text(fault, "message").contains("assume nobody else changes wiki.Page(KEY)"), "{ran}");
    ran.exits(4);
    let cured = WIKI.replace(
        "  agent editor\n",
        "  agent editor\n\n  assume nobody else changes wiki.Page(guide) because \"it is frozen\"\n",
    );
    check(&cured).0.exits(0);
}

#[test]
fn without_a_finish_of_its_own_the_workflow_s_name_is_no_formula() {
    let folder = folder_with(
        "w.xp",
        &edited("    outcome done auto when ticket", "    outcome done auto when ticket\n    outcome none"),
    );
    let ran = run(folder.path(), &["check", "w.xp"])
        .exits(3)
        .says(&["XP0603", "a run is over when every step is settled"]);
    assert!(!ran.talk.contains("only when this holds"), "{ran}");
}

#[test]
fn evidence_that_counts_for_nothing_is_named() {
    let bank = std::fs::read_to_string(xp_tests::root().join("stdlib/tests/bank.xp")).expect("a workflow");
    assert!(bank.contains("limit: 1000)"));
    let (ran, object) = check(&bank.replace("limit: 1000)", "limit: look.amount)"));
    let notes = format!("{:#}", first(&object, "XP0612")["notes"]);
    assert!(notes.contains("`check.small` counts as no judgement of it"), "{notes}");
    ran.exits(3);
}

/// What is judged was read by an earlier step: to let the judge wait would cure nothing.
#[test]
fn the_step_that_read_what_is_judged_has_to_wait() {
    let edit = "  action edit(name: text, text: text) {\n    effect write\n    changes Page(name)\n    repeat probe\n  }\n\n  action read(";
    let change = "  agent writer\n\n  step change by writer {\n    may wiki.edit(guide, content) max 3\n    outcome done\n  }\n\n  step look";
    let source = WIKI
        .replace("  action read(", edit)
        .replace(
            "  agent editor\n",
            "  agent editor\n  assume nobody else changes wiki.Page(guide) because \"frozen\"\n",
        )
        .replace("  step look", change);
    let (ran, object) = check(&source);
    let help = format!("{:#}", first(&object, "XP0610")["help"]);
    assert!(help.contains("let `look` wait until `change` is settled"), "{ran}");
    ran.exits(3);
    check(&source.replace("step look by editor {", "step look by editor after change.done {")).0.exits(0);
}
