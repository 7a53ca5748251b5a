//! No rule of safety depends on the name of a field, an action or a connector: where properties, proofs and
//! the machine are implemented, no text is compared with a literal.

use regex::Regex;

use super::files::{self, File};
use super::rust_text;

/// The folders to which the rule applies, and the folder of command line tools in them, to which it does not.
const ROOMS: [&str; 4] =
    ["lang/xp-monitor/src/", "lang/xp-machine/src/", "lang/xp-artifact/src/", "compiler/xpc-proof/src/"];
const COMMANDS: &str = "compiler/xpc-proof/src/bin/";

fn compared(files: &[File]) -> Vec<String> {
    let word = r#""[^"\n]*[A-Za-z]{2}[^"\n]*""#;
    let forms = [
        format!(r"[=!]=\s*&?{word}"),
        format!(r"{word}\s*[=!]="),
        format!(r"{word}\s*(\||=>|\bif\b)"),
        format!(r"[=!]=\s*(Some|Ok)\(\s*{word}"),
        format!(
            r"\.(eq|starts_with|ends_with|contains|contains_key|strip_prefix|strip_suffix|find|get)\(\s*&?{word}"
        ),
        format!(r"matches!\([^)]*{word}"),
        format!(r"\[\s*{word}[^\]]*\]\s*\.\s*contains"),
    ];
    let forms: Vec<Regex> = forms.iter().map(|form| Regex::new(form).expect("a pattern")).collect();
    let mut found = Vec::new();
    for file in files {
        let inside = ROOMS.iter().any(|room| file.path.starts_with(room));
        if !inside || file.path.starts_with(COMMANDS) || !file.is("rs") {
            continue;
        }
        let text = rust_text::without_tests_and_comments(file.text.as_deref().unwrap_or_default());
        for form in &forms {
            found.extend(form.find_iter(&text).map(|hit| format!("{}: {}", file.path, hit.as_str())));
        }
    }
    found
}

#[test]
fn no_rule_looks_at_a_name() {
    let found = compared(files::all());
    // Printing, and the encoding of files, are exempt.
    let allowed = |hit: &String| {
        ["lang/xp-artifact/src/print.rs", "lang/xp-artifact/src/envelope.rs", "lang/xp-artifact/src/key.rs"]
            .iter()
            .any(|file| hit.starts_with(file))
    };
    let found: Vec<String> = found.into_iter().filter(|hit| !allowed(hit)).collect();
    super::none(&found);
    let made = |code: &str| compared(&[File::made("lang/xp-monitor/src/a.rs", code)]);
    super::seen(&made("fn f(a: &str) -> bool { a == \"commit\" }"), "== \"commit\"");
    super::seen(&made("fn f(a: &str) -> bool { match a { \"merge\" => true, _ => false } }"), "\"merge\" =>");
    super::seen(&made("fn f(a: &str) -> bool { a.starts_with(\"github\") }"), "starts_with(\"github\"");
    super::seen(&made("fn f(a: &str) -> bool { matches!(a, \"touches\") }"), "\"touches\"");
    super::none(&compared(&[File::made(
        "runtime/xpd/src/a.rs",
        "fn f(a: &str) -> bool { a == \"commit\" }",
    )]));
}
