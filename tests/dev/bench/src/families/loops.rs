//! A sequence of pairs of a step and its review, each with a loop.

use super::text;

pub fn source(steps: usize) -> String {
    let mut text = text::head(&["maker", "checker", "publisher"]);
    let mut guard = String::new();
    for pair in 0..steps.saturating_sub(1) / 2 {
        let (make, check) = (format!("make{pair}"), format!("check{pair}"));
        text += &text::make(&make, "maker", &guard);
        text += &text::review(&check, "checker", &format!("{make}.done"), &make);
        guard = format!("{check}.ok");
    }
    text + &text::publish("publisher", &guard) + text::APART
}
