//! Large and deep texts: bounded, and no slower than their length.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::common::{errors, read};

/// A workflow of many steps, six lines each.
fn long(steps: usize) -> String {
    let mut text = String::from("use std.github\n\nworkflow long(repo: github.Repo) {\n  agent a, b\n");
    for at in 0..steps {
        let after = if at == 0 { String::new() } else { format!(" after s{}.done", at - 1) };
        writeln!(
            text,
            "\n  step s{at} by a{after} {{\n    may github.issues.read(repo, 1) max 10\n    \
             may github.contents.read(repo, path: within [\"src/**\"]) max 5 as r\n    outcome done if r\n  }}"
        )
        .unwrap();
    }
    text + "}\n"
}

fn time(text: &str) -> Duration {
    (0..3)
        .map(|_| {
            let start = Instant::now();
            read(text);
            start.elapsed()
        })
        .min()
        .unwrap()
}

#[test]
fn time_grows_with_length() {
    let (small, large) = (long(500), long(4_000));
    assert_eq!(errors(&large), Vec::<String>::new());
    assert_eq!(read(&large).tree.workflows[0].steps.len(), 4_000);
    let (quick, slow) = (time(&small), time(&large));
    println!("500 steps {quick:?}, 4,000 steps {slow:?}");
    // Eight times the text; squares would make it sixty-four. Other processes share the machine.
    assert!(slow < quick * 28, "{quick:?} for 500 steps, {slow:?} for 4,000");
}

/// What could make a parser go back and forth.
#[test]
fn hostile_texts() {
    let many = |unit: &str, count: usize| unit.repeat(count);
    let step = |inner: &str| format!("workflow w {{\n  step s by a {{\n{inner}\n  }}\n}}\n");
    let hostile = [
        step(&format!("outcome o if {}x{}", many("(", 20_000), many(")", 20_000))),
        step(&format!("submit f: {}text", many("list of ", 20_000))),
        step(&format!("outcome o if {}x", many("not ", 20_000))),
        step(&format!("outcome o if a{}", many(" and a", 20_000))),
        step(&many("outcome o }\n", 20_000)),
        many("{", 50_000),
        many("}", 50_000),
        many("step ", 50_000),
        many("step\n", 20_000),
        many("may x.y(", 20_000),
        many("workflow w {\n", 20_000),
        many("\"", 50_001),
        many("\"\n", 20_000),
        many("a.", 50_000),
        format!("workflow w {{\n  agent a{} agent{}\n}}", many(", a", 20_000), many(" agent", 20_000)),
        format!("workflow w {{\n  step s by a after x{} {{\n", many(" step", 20_000)),
        format!("workflow w {{ {} }}", many("step s by a { outcome o ", 10_000)),
        format!("use a{}", many(" use", 40_000)),
        many("/// doc\n", 50_000) + "use a",
        many("é", 50_000),
        many("connector c { action a(", 10_000),
    ];
    for text in hostile {
        let start = Instant::now();
        let _ = errors(&text);
        let _ = xp_syntax::format(&text);
        let took = start.elapsed();
        assert!(
            took < Duration::from_secs(5),
            "{took:?} for {}...",
            &text[..60.min(text.len())].escape_debug()
        );
    }
}
