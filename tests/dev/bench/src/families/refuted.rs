//! Properties that the last step of a chain violates: each requires a step that nothing waits for.

use std::fmt::Write as _;

use super::{chain, text};

const STEPS: usize = 300;

pub fn source(properties: usize) -> String {
    let mut text = text::head(&["maker", "publisher"]) + &chain::parts(STEPS).concat();
    for number in 0..properties {
        text += &text::make(&format!("beside{number}"), "maker", "");
    }
    text.push('\n');
    for number in 0..properties {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  prove effect write requires beside{number}.done");
    }
    text + "}\n"
}
