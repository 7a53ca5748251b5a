//! Machine-readable output formats.

use serde_json::Value;

use super::graph::Element;
use super::{Ran, edited, example_text, folder_with, list, run, text};

/// One answer of each kind: rejected, refuted, proved.
fn answers(format: &str) -> [Ran; 3] {
    let sources = [
        (edited("after open_pr.done {", "after open_pr.don {"), 2),
        (edited("path: one of propose.files, text", "path: any, text"), 3),
        (example_text(), 0),
    ];
    sources.map(|(source, code)| {
        let folder = folder_with("my workflow.xp", &source);
        run(folder.path(), &["check", "my workflow.xp", "--format", format]).exits(code)
    })
}

#[test]
fn sarif() {
    let [rejected, refuted, proved] = answers("sarif");
    for (ran, ids) in [(&rejected, vec!["XP0209"]), (&refuted, vec!["XP0624"]), (&proved, vec![])] {
        let log = ran.json();
        assert_eq!(log["version"], "2.1.0");
        assert!(text(&log, "$schema").contains("sarif-2.1.0"));
        let run = &list(&log, "runs")[0];
        let driver = &run["tool"]["driver"];
        assert_eq!(driver["name"], "xpc");
        assert_eq!(run["columnKind"], "unicodeCodePoints");
        let results = list(run, "results");
        let found: Vec<&str> = results.iter().map(|one| text(one, "ruleId")).collect();
        assert_eq!(found, ids, "{ran}");
        for result in results {
            let rule = &list(driver, "rules")[result["ruleIndex"].as_u64().expect("an index") as usize];
            assert_eq!(rule["id"], result["ruleId"]);
            assert!(text(&rule["help"], "text").contains("## "), "the page of the rule: {rule:#}");
            assert_eq!(result["level"], "error");
            assert!(!text(&result["message"], "text").is_empty());
            let place = &list(result, "locations")[0]["physicalLocation"];
            assert_eq!(place["artifactLocation"]["uri"], "my%20workflow.xp");
            let region = &place["region"];
            for number in ["startLine", "startColumn", "endLine", "endColumn"] {
                assert!(region[number].as_u64().is_some_and(|number| number >= 1), "{region:#}");
            }
        }
    }
    let log = rejected.json();
    let fix = &list(&list(&log, "runs")[0], "results")[0]["fixes"][0]["artifactChanges"][0];
    assert_eq!(fix["replacements"][0]["insertedContent"]["text"], "done");
    assert!(
        list(&list(&refuted.json(), "runs")[0], "results")[0]["message"]["text"]
            .to_string()
            .contains("this run")
    );
}

#[test]
fn junit() {
    let [rejected, refuted, proved] = answers("junit");
    for (ran, cases, failures) in [(&rejected, 1, 1), (&refuted, 19, 1), (&proved, 19, 0)] {
        let suites = Element::parse(&ran.out);
        assert_eq!(suites.name, "testsuites");
        let suite = &suites.children[0];
        assert_eq!(suite.attribute("tests"), Some(cases.to_string().as_str()), "{ran}");
        assert_eq!(suite.attribute("failures"), Some(failures.to_string().as_str()), "{ran}");
        let found: Vec<&Element> = suite.children.iter().filter(|case| !case.children.is_empty()).collect();
        assert_eq!((suite.children.len(), found.len()), (cases, failures), "{ran}");
        for case in &suite.children {
            assert!(case.name == "testcase" && case.attribute("name").is_some(), "{ran}");
            assert!(case.attribute("time").is_some_and(|time| time.parse::<f64>().is_ok()), "{ran}");
        }
        for failure in found {
            assert!(
                failure.children[0].name == "failure" && failure.children[0].attribute("message").is_some()
            );
        }
    }
    assert!(
        refuted.out.contains("name=\"prove github.contents.write only within propose.files\""),
        "{refuted}"
    );
}

#[test]
fn github() {
    let [rejected, refuted, proved] = answers("github");
    let commands = |ran: &Ran| {
        ran.out.lines().filter(|line| line.starts_with("::")).map(str::to_owned).collect::<Vec<_>>()
    };
    let line =
        1 + example_text().lines().position(|line| line.contains("after open_pr.done")).expect("the line");
    let one = commands(&rejected);
    assert_eq!(one.len(), 1, "{rejected}");
    assert!(one[0].starts_with(&format!("::error file=my workflow.xp,line={line},")), "{}", one[0]);
    assert!(one[0].contains("XP0209"), "{}", one[0]);
    let one = commands(&refuted);
    assert_eq!(one.len(), 1, "a message of several lines is one command: {refuted}");
    assert!(one[0].contains("XP0624") && one[0].contains("%0A"), "{}", one[0]);
    assert_eq!(commands(&proved), Vec::<String>::new());
    assert!(proved.out.contains("18 proved"), "{proved}");
}

/// The run that refutes a property: in SARIF as a code flow, in JUnit in the text of the failure.
#[test]
fn a_refutation_carries_its_run() {
    let [_, refuted, _] = answers("sarif");
    let log = refuted.json();
    let result = &list(&list(&log, "runs")[0], "results")[0];
    let flow = &list(result, "codeFlows")[0];
    let locations = list(&list(flow, "threadFlows")[0], "locations");
    assert!(locations.len() > 5, "{flow:#}");
    let lines: Vec<u64> = locations
        .iter()
        .map(|one| {
            let region = &one["location"]["physicalLocation"]["region"];
            region["startLine"].as_u64().expect("a line")
        })
        .collect();
    let write =
        example_text().lines().position(|line| line.contains("contents.write(repo, start")).expect("it");
    assert_eq!(lines.last().copied(), Some(write as u64 + 1), "{flow:#}");
    let last = locations.last().expect("an event");
    assert_eq!(last["location"]["message"]["text"], "developer in step implement uses github.contents.write");
    assert!(last["properties"]["arguments"]["path"].is_string(), "{last:#}");
    assert!(text(&flow["message"], "text").contains("outside"), "{flow:#}");

    let [_, refuted, _] = answers("junit");
    let suites = Element::parse(&refuted.out);
    let failure =
        suites.children[0].children.iter().flat_map(|case| &case.children).next().expect("a failure");
    assert_eq!(failure.attribute("type"), Some("refuted"));
    for part in ["this run shows it", "uses github.contents.write", "XP0624"] {
        assert!(refuted.out.contains(part), "no {part}: {refuted}");
    }
}

/// What has no definite answer fails the job, and is no refutation.
#[test]
fn without_an_answer() {
    let folder = folder_with("workflow.xp", &super::unanswered());
    let ran = |format: &str| run(folder.path(), &["check", "workflow.xp", "--format", format]).exits(4);
    let sarif = ran("sarif").json();
    let results = list(&list(&sarif, "runs")[0], "results");
    let open = results.iter().find(|one| one["ruleId"] == "XP0632").expect("the question");
    assert_eq!((&open["kind"], &open["level"]), (&Value::from("open"), &Value::from("none")), "{open:#}");
    let junit = ran("junit");
    let suites = Element::parse(&junit.out);
    let kinds: Vec<_> = suites.children[0]
        .children
        .iter()
        .flat_map(|case| &case.children)
        .filter_map(|failure| failure.attribute("type"))
        .collect();
    assert_eq!(kinds, ["unknown"], "{junit}");
    let github = ran("github").out;
    assert!(github.lines().any(|line| line.starts_with("::error") && line.contains("XP0632")), "{github}");
}

/// A fault without a position, or in a missing file, is valid in every format.
#[test]
fn a_file_that_is_not_there() {
    let folder = folder_with("README.md", "");
    for format in ["human", "json", "sarif", "junit", "github"] {
        let ran = run(folder.path(), &["check", "gone.xp", "--format", format]).exits(2);
        assert!(format!("{}{}", ran.out, ran.talk).contains("gone.xp"), "{ran}");
        match format {
            "junit" => assert_eq!(Element::parse(&ran.out).attribute("failures"), Some("1")),
            "json" | "sarif" => assert!(ran.json() != Value::Null),
            _ => {}
        }
    }
}
