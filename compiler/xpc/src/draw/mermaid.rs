//! Mermaid.

use std::fmt::Write as _;

use crate::draw::Picture;

/// The picture as a Mermaid flowchart.
pub fn mermaid(picture: &Picture) -> String {
    let mut text = String::from("flowchart LR\n");
    for (index, shape) in picture.boxes.iter().enumerate() {
        let _ =
            writeln!(text, "  s{index}[\"{}<br/><i>{}</i><br/>{}\"]", shape.step, shape.role, shape.effects);
    }
    for arrow in &picture.arrows {
        let line = if arrow.back { "-.->" } else { "-->" };
        let _ = writeln!(text, "  s{} {line}|{}| s{}", arrow.from, arrow.label, arrow.to);
    }
    text
}
