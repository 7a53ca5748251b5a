//! Nested loops: the last step made is the first one reviewed.

use super::text;

pub fn source(steps: usize) -> String {
    let mut text = text::head(&["maker", "checker", "publisher"]);
    let pairs = steps.saturating_sub(1) / 2;
    let mut guard = String::new();
    for pair in 0..pairs {
        text += &text::make(&format!("make{pair}"), "maker", &guard);
        guard = format!("make{pair}.done");
    }
    for pair in (0..pairs).rev() {
        text += &text::review(&format!("check{pair}"), "checker", &guard, &format!("make{pair}"));
        guard = format!("check{pair}.ok");
    }
    text + &text::publish("publisher", &guard) + text::APART
}
