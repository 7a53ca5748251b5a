//! JUnit XML, as CI servers read it.

use std::borrow::Borrow;

use crate::{Diagnostic, Severity, SourceId, Sources};

/// One test case: a file, or a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Usually the file, or the workflow.
    pub class: String,
    /// What was checked.
    pub name: String,
    /// When it failed.
    pub failure: Option<Failure>,
    /// How long it took.
    pub micros: u64,
}

/// Why a case failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// `rejected`, or the answer that a property has.
    pub kind: String,
    /// A line.
    pub line: String,
    /// The faults as people see them, runs included.
    pub text: String,
}

impl Failure {
    /// What these faults are; nothing where there are none.
    #[must_use]
    pub fn of<F: Borrow<Diagnostic>>(sources: &Sources, kind: &str, faults: &[F]) -> Option<Self> {
        let first = faults.first()?.borrow();
        let line = match faults.len() - 1 {
            0 => first.message.clone(),
            more => format!("{} (and {more} more)", first.message),
        };
        let texts: Vec<String> =
            faults.iter().map(|fault| super::human::render(sources, fault.borrow(), false)).collect();
        Some(Self { kind: kind.to_owned(), line, text: texts.join("\n") })
    }
}

/// A case for each file, which fails with its errors; faults without a file make a case of their own.
#[must_use]
pub fn cases(sources: &Sources, files: &[SourceId], faults: &[Diagnostic]) -> Vec<Case> {
    let case = |class: &str, faults: Vec<&Diagnostic>| Case {
        class: class.to_owned(),
        name: "reads and resolves".to_owned(),
        failure: Failure::of(sources, "rejected", &faults),
        micros: 0,
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
            Some(Failure { kind, line, text }) => out.push_str(&format!(
                "    <testcase {attributes}>\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>\n",
                escape(kind),
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
