//! A chain with a different role in each step.

use super::text;

pub fn source(roles: usize) -> String {
    let names: Vec<String> = (0..roles.saturating_sub(1))
        .map(|number| format!("role{number}"))
        .chain(["publisher".to_owned()])
        .collect();
    let mut text = text::head(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let mut guard = String::new();
    for number in 0..roles.saturating_sub(1) {
        text += &text::make(&format!("s{number}"), &format!("role{number}"), &guard);
        guard = format!("s{number}.done");
    }
    text + &text::publish("publisher", &guard)
        + "\n  prove no role can effect write and effect discuss\n  prove no principal can effect write and effect discuss\n}\n"
}
