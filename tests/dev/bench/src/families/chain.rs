//! Each step waits for the preceding one; the last one writes.

use super::text;

pub fn source(steps: usize) -> String {
    text::head(&["maker", "publisher"]) + &parts(steps).concat() + text::APART
}

/// The chain with its steps in reverse source order.
pub fn reversed(steps: usize) -> String {
    let mut parts = parts(steps);
    parts.reverse();
    text::head(&["maker", "publisher"]) + &parts.concat() + text::APART
}

/// The source of each step of a chain, including the last.
pub fn parts(steps: usize) -> Vec<String> {
    let last = steps.saturating_sub(1);
    let guard =
        |number: usize| number.checked_sub(1).map_or_else(String::new, |before| format!("s{before}.done"));
    let makers = (0..last).map(|number| text::make(&format!("s{number}"), "maker", &guard(number)));
    makers.chain([text::publish("publisher", &guard(last))]).collect()
}
