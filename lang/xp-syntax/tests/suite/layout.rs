//! The formatter.

use proptest::prelude::*;
use xp_syntax::format;

use super::common::{BUG_FIX, CLAUSES, GITHUB, errors, shape, tokens};

/// Laid out twice is laid out once, and it says the same.
fn holds(text: &str) -> String {
    let once = format(text).unwrap();
    same(&format(&once).unwrap(), &once, "laid out twice is not laid out once");
    same(&shape(&once), &shape(text), "it says something else");
    let comments = |text: &str| -> Vec<String> {
        text.lines().filter_map(|line| line.find("//").map(|at| line[at..].trim_end().to_owned())).collect()
    };
    assert_eq!(comments(&once).len(), comments(text).len());
    once
}

/// Shows the first line that differs.
fn same(left: &str, right: &str, what: &str) {
    if let Some((at, (l, r))) = left.lines().zip(right.lines()).enumerate().find(|(_, (l, r))| l != r) {
        let around: Vec<&str> = right.lines().skip(at.saturating_sub(3)).take(6).collect();
        panic!("{what}, line {at}:\n{l}\n{r}\naround:\n{}", around.join("\n"));
    }
    assert_eq!(left.len(), right.len(), "{what}");
}

#[test]
fn the_program_of_the_design() {
    insta::assert_snapshot!("formatted_bug_fix", holds(BUG_FIX));
    insta::assert_snapshot!("formatted_github", holds(GITHUB));
    insta::assert_snapshot!("formatted_clauses", holds(CLAUSES));
}

#[test]
fn comments_stay() {
    let text = "// a licence\n\n\nuse std.github   // one\nuse std.x //  two\n\n/// Doc.\n// and more\nworkflow w { // open\n\n  // first\n  agent a, // inside\n    b\n\n\n  step s by a // before the brace\n  {\n    outcome done\n    // last\n\n  } // closed\n\n}\n// the end\n";
    insta::assert_snapshot!("comments", holds(text));
}

#[test]
fn long_lines() {
    let text = r#"connector c {
type Wide { first_field: text, second_field: list of path, third_field: { a: int, b: text }, fourth_field: branch, fifth: commit, }
action a.b(first_argument: text, second_argument: list of path, third_argument: fast | slow = fast, fourth: branch) -> { first: bool, second: commit, third: tree } { effect read }
}
workflow w {
agent first_role_of_this_workflow, second_role_of_this_workflow, third_role_of_this_workflow, fourth_role_of_this_workflow
step s by first_role_of_this_workflow after first_step_with_a_name.done and (second_step_with_a_name.done or third_step_with_a_name.done) and fourth.done {
outcome this_outcome_has_a_rather_long_name auto when first_evidence.flag and second_evidence.flag -> reopen another_step with notes (max 20, then gave_up -> end)
}
prove effect merge requires first_step_with_a_name.done and second_step_with_a_name.done and third_step_with_a_name.done and fourth.done or vacuous
}
"#;
    insta::assert_snapshot!("long_lines", holds(text));
}

/// `not` before parentheses is kept apart from them; whatever is inside may be negated again.
#[test]
fn negated_groups() {
    let line = "outcome bad auto when not (a.x and not (b.y or not c.z)) or d";
    let spread = line.replace("not (", "not(\n").replace(" and ", "  and ");
    let text = format!("workflow w {{\n  agent r\n\n  step s by r {{\n    {spread}\n  }}\n}}\n");
    assert!(holds(&text).contains(line), "{}", holds(&text));
    for wrong in ["not not a.x", "not (a.x and b.y or c.z)", "not ()", "not (a.x"] {
        assert!(
            !errors(&text.replace(&spread, &format!("outcome bad auto when {wrong}"))).is_empty(),
            "{wrong}"
        );
    }
}

#[test]
fn a_wrong_program_is_refused() {
    let faults = format("workflow w {\n  step\n}\n").unwrap_err();
    assert_eq!(faults.len(), 1);
    assert!(format("// nothing\n").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    /// The example with its white space shuffled, comments thrown in, and words renamed.
    #[test]
    fn mutations(seed in proptest::collection::vec(0u8..24, 1000), which in 0usize..3) {
        let source = [BUG_FIX, GITHUB, CLAUSES][which];
        let plain = |line: &str| line.split(" // ").next().unwrap_or("").to_owned() + "\n";
        let source: String = source.lines().filter(|line| !line.trim_start().starts_with("//")).map(plain).collect();
        let mut text = String::new();
        for ((start, end), choice) in tokens(&source).into_iter().zip(seed.iter().cycle()) {
            text.push_str(match choice {
                0 => "\n",
                1 => "\n\n\n",
                2 => " // note\n",
                3 => "\n  // own line\n",
                4 => "\t ",
                _ => " ",
            });
            let word = &source[start..end];
            text.push_str(word);
            if *choice == 5 && matches!(word, "passed" | "tests" | "ticket" | "files" | "propose") {
                text.push_str("_that_got_a_considerably_longer_name");
            }
        }
        text.push('\n');
        prop_assert_eq!(errors(&text), Vec::<String>::new());
        holds(&text);
    }
}
