//! Writes `src/` anew from `grammar.js`: `cargo run` in this folder. Needs `node`, which evaluates the grammar.

use std::error::Error;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};
use tree_sitter_generate::{OptLevel, generate_parser_in_directory};

/// Version of the interface between parser and library.
const ABI: usize = 15;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut notes = Vec::new();
    generate_parser_in_directory(
        root.as_path(),
        None::<&Path>,
        Some(root.join("grammar.js").as_path()),
        ABI,
        None,
        Some("node"),
        true,
        OptLevel::default(),
        &mut notes,
    )?;
    for note in notes {
        eprintln!("{note:?}");
    }
    let mut digests = String::new();
    for name in ["grammar.js", "src/grammar.json", "src/node-types.json", "src/parser.c"] {
        let digest = Sha256::digest(fs::read(root.join(name))?);
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        digests.push_str(&format!("{hex}  {name}\n"));
    }
    fs::write(root.join("src/SHA256SUMS"), digests)?;
    Ok(())
}
