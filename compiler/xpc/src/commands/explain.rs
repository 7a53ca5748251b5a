//! `xpc explain CODE`: the page of a diagnostic code; without one, all codes.

use xp_diagnostics::codes;

use crate::args::Explain;
use crate::exit::{self, Exit};

/// What the codes of a hundred are about, as in the table of codes.
const RANGES: [(&str, &str); 7] = [
    ("XP01", "syntax and files"),
    ("XP02", "names"),
    ("XP03", "types and arguments"),
    ("XP04", "structure"),
    ("XP05", "limits and warnings"),
    ("XP06", "properties"),
    ("XP07", "artifacts"),
];

pub fn run(options: &Explain) -> Exit {
    let Some(asked) = &options.code else {
        return exit::print(&index()).err().unwrap_or(Exit::Ok);
    };
    match codes::find(asked.trim()) {
        Some(code) => {
            let page = code.page.trim_end();
            exit::print(&format!("{page}\n")).err().unwrap_or(Exit::Ok)
        }
        None => exit::rejected(&format!(
            "there is no code `{asked}`; codes look like `XP0301`, and `xpc explain --list` lists them"
        )),
    }
}

/// A line for each code, under what it is about.
fn index() -> String {
    let mut text = String::new();
    for (range, about) in RANGES {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("{range}xx: {about}\n"));
        for code in codes::ALL.iter().filter(|code| code.id.starts_with(range)) {
            text.push_str(&format!("  {}  {}\n", code.id, code.title));
        }
    }
    text
}
