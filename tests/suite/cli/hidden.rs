//! Characters that hide or reorder text, and terminal control characters, are refused in sources and escaped
//! in messages.

use super::{check, codes, example_text, folder_with, list, run, text};

#[test]
fn what_other_tools_show_otherwise_is_refused_in_comments_and_strings() {
    let breaks = ['\r', '\u{b}', '\u{c}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];
    for c in breaks.into_iter().chain(['\0', '\u{1b}', '\u{7f}', '\u{9b}', '\u{200f}', '\u{61c}', '\u{202e}'])
    {
        let comment = format!("// note{c}  separate roles a, b\n{}", example_text());
        let string = example_text().replace("\"high-priority\"", &format!("\"high{c}priority\""));
        for source in [comment, string] {
            let (ran, object) = check(&source);
            assert_eq!(codes(&object), ["XP0106"], "{c:?}: {ran}");
            let one = &list(&object, "diagnostics")[0];
            assert!(text(one, "message").contains(&format!("U+{:04X}", u32::from(c))), "{one:#}");
            assert!(one["fix"].is_null() || (!breaks.contains(&c) && source.starts_with("//")), "{one:#}");
            ran.exits(2);
        }
    }
    // Tabs and CRLF line ends are permitted.
    let (ran, _) = check(&format!("// a\tb\n{}", example_text()).replace('\n', "\r\n"));
    ran.exits(0);
}

#[test]
fn line_ends_of_carriage_returns_alone() {
    let (ran, object) = check(&example_text().replace('\n', "\r"));
    assert_eq!(codes(&object).iter().filter(|code| **code != "XP0106").count(), 0, "{ran}");
    ran.exits(2);
    let (ran, object) = check("workflow w {\r  agent a\r  step s by a {\r    outcome done\r  }\r}\r");
    assert_eq!(codes(&object), ["XP0106"], "{ran}");
}

#[test]
fn a_warning_does_not_make_a_file_declare_something() {
    for empty in ["/// words\nuse std.github\n", "use std.github\n/// words\n"] {
        let (ran, object) = check(empty);
        assert!(codes(&object).contains(&"XP0122"), "{ran}");
        ran.exits(2);
    }
}

/// Whether they come from the source, a quotation of it, a file name or an argument.
#[test]
fn nothing_reaches_the_terminal_as_a_command() {
    let name = "a\u{1b}[2Jb.xp";
    let folder = folder_with(name, "workflow w { // \u{1b}[8m \u{202e}\n  agent \u{1b}]0;x\u{7}\n}\n");
    for arguments in [vec!["check"], vec!["check", name], vec!["fmt", name], vec!["explain", "X\u{1b}[2J"]] {
        let ran = run(folder.path(), &arguments).exits(2);
        let shown = format!("{}{}", ran.out, ran.talk);
        let raw = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!shown.contains(raw), "{arguments:?}: {shown:?}");
    }
}

#[test]
fn a_long_line_is_cut_around_what_is_meant() {
    let filler = "x".repeat(60_000);
    let source = format!(
        "workflow w {{ agent a step s by a {{ outcome done }} /* {filler} */ prove nver effect write {filler} }}\n"
    );
    let ran = run(folder_with("w.xp", &source).path(), &["check", "w.xp"]).exits(2);
    assert!(ran.talk.len() < 8_000 && ran.talk.lines().all(|line| line.len() < 1_000), "{}", ran.talk.len());
    let good = format!(
        "workflow w {{\n  agent a\n  step s by a {{\n    outcome done if {} -> finish }}\n}}\n",
        "y ".repeat(30_000)
    );
    let ran = run(folder_with("w.xp", &good).path(), &["check", "w.xp"]).exits(2).says(&["w.xp:4:"]);
    assert!(ran.talk.lines().all(|line| line.len() < 1_000), "{}", ran.talk.len());
}
