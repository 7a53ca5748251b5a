//! `xpc fmt`: canonical formatting, idempotent, comments kept.

use std::path::Path;

use xp_diagnostics::{Diagnostic, SourceId, Span};

use crate::args::{Fmt, Format};
use crate::exit::{self, Exit};
use crate::files::{self, Loaded};
use crate::report;

pub fn run(options: &Fmt) -> Exit {
    let mut loaded = files::load(&options.files);
    let mut faults: Vec<Diagnostic> = std::mem::take(&mut loaded.diagnostics);
    let mut unformatted = Vec::new();
    let mut written = Vec::new();
    let mut failed = false;
    for id in &loaded.readable {
        let text = loaded.sources.text(*id);
        match xp_syntax::format(text) {
            Ok(formatted) if formatted == text => {}
            Ok(formatted) => {
                let path = loaded.sources.path(*id).to_owned();
                if options.check {
                    unformatted.push(path);
                } else if let Err(error) = replace(Path::new(&path), &formatted) {
                    // Others are written by now: that is said too.
                    exit::failed(&format!("`{path}` cannot be written: {error}"));
                    failed = true;
                } else {
                    written.push(path);
                }
            }
            Err(diagnostics) => faults.extend(diagnostics.into_iter().map(|fault| moved(fault, *id))),
        }
    }
    let exit = finish(&loaded, &faults, &unformatted, &written);
    if failed { Exit::Failed } else { exit }
}

fn finish(loaded: &Loaded, faults: &[Diagnostic], unformatted: &[String], written: &[String]) -> Exit {
    report::diagnostics(&loaded.sources, faults, Format::Human);
    for path in unformatted {
        if let Err(exit) = exit::print(&format!("{path}\n")) {
            return exit;
        }
    }
    for path in written {
        report::talk(&format!("formatted {path}"));
    }
    if unformatted.is_empty() {
        if faults.is_empty() { Exit::Ok } else { Exit::Rejected }
    } else {
        exit::rejected(&format!("{} file(s) are not formatted; run `xpc fmt`", unformatted.len()))
    }
}

/// Writes beside the file and renames, so that a full disk or a kill leaves the old text.
pub fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    files::write_atomically(path, text.as_bytes())
}

/// The formatter knows one text, as source 0; its faults are drawn on the file they are in.
fn moved(mut fault: Diagnostic, to: SourceId) -> Diagnostic {
    let there = |span: Span| Span { source: to, ..span };
    fault.file = Some(to);
    fault.primary = fault.primary.map(there);
    for label in &mut fault.labels {
        label.span = there(label.span);
    }
    if let Some(fix) = &mut fault.fix {
        fix.span = there(fix.span);
    }
    fault
}
