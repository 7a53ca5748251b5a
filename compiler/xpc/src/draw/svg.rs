//! SVG, self-contained: no script, no font, nothing fetched.

use std::fmt::Write as _;

use crate::draw::Picture;
use crate::draw::layout::{self, LINE, Line, WIDTH};

/// Height of the line that holds the note.
const NOTE_LINE: usize = 28;
/// Space before and after the note.
const MARGIN: usize = 16;
/// Width of a character of the note at most.
const NOTE_CHAR: usize = 8;

/// The picture as SVG. Names are words of the language, so nothing needs escaping.
pub fn svg(picture: &Picture) -> String {
    let laid = layout::layout(picture);
    // The note has a line of its own below everything, and a drawing is as wide as its note.
    let note = picture.note.as_deref();
    let width = note.map_or(laid.width, |note| laid.width.max(2 * MARGIN + note.chars().count() * NOTE_CHAR));
    let height = laid.height + note.map_or(0, |_| NOTE_LINE);
    let marker = |id: &str, class: &str| {
        format!(
            "<marker id=\"{id}\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
             orient=\"auto\"><path class=\"{class}\" d=\"M0 0L8 4L0 8z\"/></marker>"
        )
    };
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\" role=\"img\" aria-label=\"workflow {}\">\n\
         <style>rect{{fill:#f6f8fa;stroke:#57606a}}path{{fill:none;stroke:#57606a}}.back{{stroke:#bc4c00;stroke-dasharray:4 3}}\
         .m{{fill:#57606a;stroke:none}}.o{{fill:#bc4c00;stroke:none}}text{{fill:#1f2328}}.n{{font-weight:600;font-size:13px}}\
         .s{{fill:#57606a;font-size:10px}}.l,.b{{font-size:10px;paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}}\
         .l{{fill:#57606a}}.b{{fill:#bc4c00}}.w{{fill:#cf222e;font-weight:600}}</style>\n\
         <rect width=\"100%\" height=\"100%\" style=\"fill:#fff;stroke:none\"/>\n<defs>{}{}</defs>\n",
        picture.title,
        marker("a", "m"),
        marker("r", "o"),
    );
    for line in &laid.lines {
        let back = picture.arrows.get(line.arrow).is_some_and(|arrow| arrow.back);
        let style = if back { "class=\"back\" marker-end=\"url(#r)\"" } else { "marker-end=\"url(#a)\"" };
        let _ = writeln!(text, "<path {style} d=\"{}\"/>", course(line));
    }
    for (shape, place) in picture.nodes.iter().zip(&laid.places) {
        let (x, y, height, middle) = (place.x, place.y, place.height, place.x + WIDTH / 2);
        let _ = writeln!(
            text,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{height}\" rx=\"8\"/>\
             <text class=\"n\" x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>\
             <text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>\
             <text class=\"s\" x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            y + 22,
            shape.step,
            y + 38,
            shape.role,
            y + 53,
            shape.effects
        );
        for (number, ending) in shape.endings.iter().enumerate() {
            let y = y + 53 + (number + 1) * LINE - usize::from(shape.effects.is_empty()) * LINE;
            let _ = writeln!(
                text,
                "<text class=\"s\" x=\"{middle}\" y=\"{y}\" text-anchor=\"middle\">{ending} → end</text>"
            );
        }
    }
    // Labels last, so that no line runs through one.
    for line in &laid.lines {
        let Some(arrow) = picture.arrows.get(line.arrow) else { continue };
        let class = if arrow.back { "b" } else { "l" };
        let (x, y) = line.label;
        let _ = writeln!(text, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", arrow.label);
    }
    if let Some(note) = note {
        let _ = writeln!(text, "<text class=\"w\" x=\"{MARGIN}\" y=\"{}\">{note}</text>", height - 12);
    }
    text.push_str("</svg>\n");
    text
}

fn course(line: &Line) -> String {
    let mut path = String::new();
    for (number, (x, y)) in line.corners.iter().enumerate() {
        let _ = write!(path, "{}{x} {y}", if number == 0 { 'M' } else { 'L' });
    }
    path
}
