//! Layers of ten steps. Each step waits for all steps of the preceding layer or for one of them, alternately.

use super::text;

const WIDTH: usize = 10;

pub fn source(steps: usize) -> String {
    let mut text = text::head(&["maker", "publisher"]);
    let layers = steps.saturating_sub(1) / WIDTH;
    for layer in 0..layers {
        for place in 0..WIDTH {
            text += &text::make(&name(layer, place), "maker", &guard(layer));
        }
    }
    text + &text::publish("publisher", &guard(layers)) + text::APART
}

fn name(layer: usize, place: usize) -> String {
    format!("layer{layer}x{place}")
}

fn guard(layer: usize) -> String {
    let Some(before) = layer.checked_sub(1) else { return String::new() };
    let atoms: Vec<String> = (0..WIDTH).map(|place| format!("{}.done", name(before, place))).collect();
    atoms.join(if layer.is_multiple_of(2) { " or " } else { " and " })
}
