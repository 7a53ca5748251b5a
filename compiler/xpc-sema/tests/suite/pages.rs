//! The pages of this room's codes: the wrong example gives the code, the right one is right.

use xp_diagnostics::codes;

use super::Checked;

/// The two code blocks of a page.
fn blocks(page: &str) -> Vec<&str> {
    page.split("```xp\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn examples_are_true() {
    let mut seen = 0;
    for code in codes::ALL {
        if !("XP0200".."XP0600").contains(&code.id) {
            continue;
        }
        seen += 1;
        let head = format!("# {}: {}\n", code.id, code.title);
        assert!(code.page.starts_with(&head), "{} does not start with {head:?}", code.id);
        let blocks = blocks(code.page);
        assert_eq!(blocks.len(), 2, "{}: one wrong and one right example", code.id);
        let wrong = Checked::of(blocks[0]);
        assert!(wrong.codes().contains(&code.id), "{}: the wrong example\n{}", code.id, wrong.drawn());
        assert!(
            wrong.codes().iter().all(|found| *found == code.id),
            "{}: other faults\n{}",
            code.id,
            wrong.drawn()
        );
        let right = Checked::of(blocks[1]);
        assert!(right.codes().is_empty(), "{}: the right example\n{}", code.id, right.drawn());
    }
    assert!(seen >= 40, "the codes are gone");
}
