//! `xpc fmt`: canonical formatting, idempotent, comments kept.

use std::path::Path;

use xp_diagnostics::{Diagnostic, SourceId, Sources};
use xpc_driver::{Disk, load};
use xpc_model::Limits;

use crate::args::Fmt;
use crate::exit::{self, Exit};
use crate::files;
use crate::report;

pub fn run(options: &Fmt) -> Exit {
    let mut sources = Sources::new();
    let mut faults: Vec<Diagnostic> = Vec::new();
    let mut unformatted = Vec::new();
    let mut written = Vec::new();
    let mut failed = false;
    for file in load::files(&Disk::new(Limits::default()), &options.files) {
        let text = file.text.as_ref().map(String::as_str).unwrap_or_default();
        let id = sources.add(&file.path, text);
        if let Err(fault) = file.text {
            faults.push(fault.in_file(id));
            continue;
        }
        let path = file.path;
        match xp_syntax::format(text) {
            Ok(formatted) if formatted == text => {}
            Ok(_) if options.check => unformatted.push(path),
            Ok(formatted) => match replace(Path::new(&path), &formatted) {
                Ok(()) => written.push(path),
                Err(error) => {
                    // Others are written by now: that is said too.
                    exit::failed(&format!("`{path}` cannot be written: {error}"));
                    failed = true;
                }
            },
            Err(diagnostics) => faults.extend(diagnostics.into_iter().map(|fault| moved(fault, id))),
        }
    }
    let exit = finish(&sources, &faults, &unformatted, &written);
    if failed { Exit::Failed } else { exit }
}

fn finish(sources: &Sources, faults: &[Diagnostic], unformatted: &[String], written: &[String]) -> Exit {
    report::diagnostics(sources, faults);
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
    fault.file = Some(to);
    for span in fault.spans_mut() {
        span.source = to;
    }
    fault
}
