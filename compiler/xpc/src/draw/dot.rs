//! Graphviz.

use std::fmt::Write as _;

use crate::draw::Picture;

/// The picture as a Graphviz digraph. Names are words of the language, so nothing needs escaping but the quotes around them.
pub fn dot(picture: &Picture) -> String {
    let mut text =
        format!("digraph \"{}\" {{\n  rankdir=LR;\n  node [shape=box, style=rounded];\n", picture.title);
    if let Some(note) = &picture.note {
        let _ = writeln!(text, "  label=\"{note}\";\n  fontcolor=\"#cf222e\";");
    }
    for shape in &picture.nodes {
        let label = shape.lines().join("\\n");
        let _ = writeln!(text, "  \"{}\" [label=\"{label}\"];", shape.step);
    }
    for arrow in &picture.arrows {
        let (Some(from), Some(to)) = (picture.nodes.get(arrow.from), picture.nodes.get(arrow.to)) else {
            continue;
        };
        let style = if arrow.back { ", style=dashed, constraint=false" } else { "" };
        let _ = writeln!(text, "  \"{}\" -> \"{}\" [label=\"{}\"{style}];", from.step, to.step, arrow.label);
    }
    // `end` is a word of the language, so no step is called so.
    if picture.nodes.iter().any(|shape| !shape.endings.is_empty()) {
        text.push_str("  \"end\" [shape=doublecircle, style=solid];\n");
    }
    for shape in &picture.nodes {
        for ending in &shape.endings {
            let _ = writeln!(text, "  \"{}\" -> \"end\" [label=\"{ending}\"];", shape.step);
        }
    }
    text.push_str("}\n");
    text
}
