//! Snapshots of the output for people.

use super::{edited, folder_with, run};

/// The output for a source, without the elapsed time.
fn drawn(source: &str) -> String {
    let folder = folder_with("workflow.xp", source);
    let ran = run(folder.path(), &["check", "workflow.xp"]);
    let timeless = |line: &str| match line.rsplit_once(" in ") {
        Some((before, after)) if after.ends_with(" ms") => format!("{before} in … ms"),
        _ => line.to_owned(),
    };
    let out: Vec<String> = ran.out.lines().map(timeless).collect();
    format!("{}\n---- stdout, exit {}\n{}\n", ran.talk.trim_end(), ran.code, out.join("\n"))
}

#[track_caller]
fn shows(name: &str, source: &str) {
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, drawn(source));
    });
}

#[test]
fn all_proved() {
    shows("proved", &super::example_text());
}

#[test]
fn one_refuted() {
    shows("refuted", &edited("once per run as merged", "max 3 per run as merged"));
}

#[test]
fn rejected() {
    shows(
        "rejected",
        &edited(
            "step propose by developer after analyse.done {",
            "step propose by developer after review_plan.agreed {",
        ),
    );
}

/// If two failures have nearly the same trace, the text shows it once; machine-readable formats show all.
#[test]
fn a_run_is_told_once() {
    let write =
        "may github.contents.write(repo, start.branch, path: one of propose.files, text: content) max 100";
    let source =
        edited("        once per run as merged\n", &format!("        once per run as merged\n    {write}\n"));
    let text = drawn(&source);
    assert_eq!(text.matches("this run shows it:").count(), 2, "{text}");
    assert_eq!(text.matches("settles agreed").count(), 1, "{text}");
    assert!(text.contains("1 to 19 as in the run above"), "{text}");
    assert!(text.lines().all(|line| !line.contains("line ") || line.chars().count() <= 110), "{text}");
    let (_, object) = super::check(&source);
    for one in super::list(&object, "diagnostics") {
        assert!(one["notes"].to_string().contains("settles agreed"), "{one:#}");
    }
}
