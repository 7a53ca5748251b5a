//! Mermaid.

use std::fmt::Write as _;

use crate::draw::Picture;

/// The picture as a Mermaid flowchart.
pub fn mermaid(picture: &Picture) -> String {
    let mut text = String::from("flowchart LR\n");
    if let Some(note) = &picture.note {
        let _ = writeln!(text, "  note[\"{note}\"]\n  style note fill:#fff,stroke:#cf222e,color:#cf222e");
    }
    for (index, shape) in picture.nodes.iter().enumerate() {
        let effects =
            if shape.effects.is_empty() { String::new() } else { format!("<br/>{}", shape.effects) };
        let _ = writeln!(text, "  s{index}[\"{}<br/><i>{}</i>{effects}\"]", shape.step, shape.role);
    }
    for arrow in &picture.arrows {
        let line = if arrow.back { "-.->" } else { "-->" };
        let _ = writeln!(text, "  s{} {line}|{}| s{}", arrow.from, arrow.label, arrow.to);
    }
    if picture.nodes.iter().any(|shape| !shape.endings.is_empty()) {
        text.push_str("  fin((\"end\"))\n");
    }
    for (index, shape) in picture.nodes.iter().enumerate() {
        for ending in &shape.endings {
            let _ = writeln!(text, "  s{index} -->|{ending}| fin");
        }
    }
    text
}
