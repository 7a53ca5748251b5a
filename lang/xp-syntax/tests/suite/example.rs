//! Whole programs that are right.

use super::common::{BUG_FIX, CLAUSES, GITHUB, errors, read, shape, tokens};

#[test]
fn the_program_of_the_design_reads() {
    let parsed = read(BUG_FIX);
    assert_eq!(parsed.diagnostics, vec![]);
    assert!(!parsed.tree.damaged);
    let workflow = &parsed.tree.workflows[0];
    assert_eq!(parsed.tree.uses.len(), 3);
    assert_eq!(workflow.doc.as_ref().unwrap().text, "Fix one high-priority bug, from triage to production.");
    assert_eq!((workflow.steps.len(), workflow.proves.len()), (13, 7));
    assert_eq!(workflow.steps.iter().map(|step| step.grants.len()).sum::<usize>(), 19);
    assert_eq!(workflow.steps.iter().map(|step| step.outcomes.len()).sum::<usize>(), 22);
}

#[test]
fn a_connector_reads() {
    let parsed = read(GITHUB);
    assert_eq!(parsed.diagnostics, vec![]);
    let connector = &parsed.tree.connectors[0];
    assert_eq!((connector.resources.len(), connector.types.len(), connector.actions.len()), (7, 6, 12));
    assert_eq!(connector.actions.iter().map(|action| action.clauses.len()).sum::<usize>(), 98);
}

#[test]
fn trees() {
    insta::assert_snapshot!("tree_bug_fix", shape(BUG_FIX));
    insta::assert_snapshot!("tree_github", shape(GITHUB));
    insta::assert_snapshot!("tree_clauses", shape(CLAUSES));
}

/// Line breaks may stand between any two tokens: the splitter's notion of "goes on" covers the grammar.
#[test]
fn a_token_a_line_reads_the_same() {
    for text in [BUG_FIX, GITHUB, CLAUSES] {
        let plain: String = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("///"))
            .map(|line| format!("{line}\n"))
            .collect();
        let words: Vec<&str> = tokens(&plain).into_iter().map(|(start, end)| &plain[start..end]).collect();
        let tall = words.join("\n");
        assert_eq!(errors(&tall), Vec::<String>::new());
        assert_eq!(shape(&tall), shape(&plain));
        let flat = words.join(" ");
        assert_eq!(errors(&flat), Vec::<String>::new());
        assert_eq!(shape(&flat), shape(&plain));
    }
}
