//! JUnit XML, as CI servers read it.

use crate::{Diagnostic, Severity, SourceId, Sources};

/// One test case: a file, or a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Usually the file, or the workflow.
    pub class: String,
    /// What was checked.
    pub name: String,
    /// When it failed: a line, and the whole text.
    pub failure: Option<(String, String)>,
    /// How long it took.
    pub micros: u64,
}

/// A case for each file, which fails with its errors; faults without a file make a case of their own.
#[must_use]
pub fn cases(sources: &Sources, files: &[SourceId], faults: &[Diagnostic]) -> Vec<Case> {
    let case = |class: &str, faults: Vec<&Diagnostic>| {
        let failure = faults.first().map(|first| {
            let more = faults.len() - 1;
            let line = if more == 0 {
                first.message.clone()
            } else {
                format!("{} (and {more} more)", first.message)
            };
            let texts: Vec<String> =
                faults.iter().map(|fault| super::human::render(sources, fault, false)).collect();
            (line, texts.join("\n"))
        });
        Case { class: class.to_owned(), name: "reads and resolves".to_owned(), failure, micros: 0 }
    };
    let of = |file: Option<SourceId>| -> Vec<&Diagnostic> {
        faults.iter().filter(|fault| fault.severity == Severity::Error && fault.file == file).collect()
    };
    let mut list: Vec<Case> = files.iter().map(|file| case(sources.path(*file), of(Some(*file)))).collect();
    let rest = of(None);
    if !rest.is_empty() {
        list.push(case("xpc", rest));
    }
    list
}

/// The document.
#[must_use]
pub fn render(cases: &[Case]) -> String {
    let failures = cases.iter().filter(|case| case.failure.is_some()).count();
    let total: u64 = cases.iter().map(|case| case.micros).sum();
    let head = format!("tests=\"{}\" failures=\"{failures}\" time=\"{}\"", cases.len(), seconds(total));
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {head}>\n  <testsuite name=\"xpc\" {head}>\n"
    );
    for case in cases {
        let attributes = format!(
            "classname=\"{}\" name=\"{}\" time=\"{}\"",
            escape(&case.class),
            escape(&case.name),
            seconds(case.micros)
        );
        match &case.failure {
            None => out.push_str(&format!("    <testcase {attributes}/>\n")),
            Some((line, text)) => out.push_str(&format!(
                "    <testcase {attributes}>\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n",
                escape(line),
                escape(text)
            )),
        }
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// Also leaves out what XML 1.0 cannot hold.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
