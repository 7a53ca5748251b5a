//! Properties of a chain of 100 steps, each about a different step.

use std::fmt::Write as _;

use super::{chain, text};

const STEPS: usize = 100;

pub fn source(properties: usize) -> String {
    let mut text = text::head(&["maker", "publisher"]) + &chain::parts(STEPS).concat() + "\n";
    for number in 0..properties {
        // Writing to a string cannot fail. Each pair of steps is used once, since duplicate properties are
        // refused.
        let (one, other) = (number % (STEPS - 1), number / (STEPS - 1));
        let _ = match other {
            0 => writeln!(text, "  prove effect write requires s{one}.done"),
            _ => writeln!(
                text,
                "  prove effect write requires s{one}.done and s{}.done",
                (one + other) % (STEPS - 1)
            ),
        };
    }
    text + "}\n"
}
