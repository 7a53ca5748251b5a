//! `xpc check --fix`: applies the cures that messages about the sources offer as edits.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use xp_diagnostics::{Diagnostic, Fix, SourceId};
use xpc_driver::{Compiled, Disk, Driver};

use crate::exit::{self, Exit};
use crate::files;
use crate::report::talk;

/// A cure may show what a fault hid, and so on. More rounds than this mean cures that undo each other.
const MAX_ROUNDS: usize = 16;

/// Edits the files until no message offers an edit, and compiles them again.
///
/// # Errors
/// A file cannot be written. What was written before stays.
pub fn all(
    driver: &mut Driver,
    disk: &Disk,
    arguments: &[PathBuf],
    mut compiled: Compiled,
) -> Result<Compiled, Exit> {
    for _ in 0..MAX_ROUNDS {
        let edits = edits(&compiled);
        if edits.is_empty() {
            break;
        }
        for (file, fixes) in edits {
            let path = compiled.sources.path(file).to_owned();
            let Some(text) = applied(compiled.sources.text(file), &fixes) else { continue };
            files::write_atomically(Path::new(&path), text.as_bytes())
                .map_err(|error| exit::failed(&format!("`{path}` cannot be written: {error}")))?;
            for fix in fixes {
                let line = compiled.sources.position(file, fix.span.start).line;
                talk(&format!("fixed {path}:{line}: {}", fix.title));
            }
        }
        compiled = driver.compile(disk, arguments);
    }
    Ok(compiled)
}

/// The edits of each file that was named, in their order, without those that overlap an earlier one.
fn edits(compiled: &Compiled) -> BTreeMap<SourceId, Vec<Fix>> {
    let mut edits: BTreeMap<SourceId, Vec<Fix>> = BTreeMap::new();
    let mut fixes: Vec<&Fix> =
        compiled.diagnostics.iter().filter_map(|fault: &Diagnostic| fault.fix.as_ref()).collect();
    fixes.sort_by_key(|fix| (fix.span.source, fix.span.start, fix.span.end));
    for fix in fixes {
        if !compiled.named.contains(&fix.span.source) {
            continue;
        }
        let of = edits.entry(fix.span.source).or_default();
        // Two insertions in one place would not know of each other.
        if of.last().is_none_or(|last| {
            last.span.end <= fix.span.start
                && (last.span.start, last.span.end) != (fix.span.start, fix.span.end)
        }) {
            of.push(fix.clone());
        }
    }
    edits
}

fn applied(text: &str, fixes: &[Fix]) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for fix in fixes {
        let range = fix.span.range();
        out.push_str(text.get(at..range.start)?);
        out.push_str(&fix.replacement);
        at = range.end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}
