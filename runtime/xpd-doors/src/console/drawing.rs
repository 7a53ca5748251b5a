//! The steps of a run as an SVG drawing, layered by dependency from top to bottom.

use std::fmt::Write as _;

use xpd_engine::orchestrator::Node;

use super::markup::inline;

const WIDTH: usize = 176;
const HEIGHT: usize = 52;
const ACROSS: usize = 24;
const DOWN: usize = 36;
/// Length and half the width of an arrowhead.
const HEAD: (usize, usize) = (8, 4);
/// Characters of a name that fit into a box; the whole name is its title.
const FIT: usize = 20;

/// Draws the steps.
pub(super) fn draw(nodes: &[Node]) -> String {
    let layers = layers(nodes);
    let most = layers.iter().copied().max().unwrap_or_default() + 1;
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); most];
    for (index, layer) in layers.iter().enumerate() {
        if let Some(row) = rows.get_mut(*layer) {
            row.push(index);
        }
    }
    let widest = rows.iter().map(Vec::len).max().unwrap_or(1).max(1);
    let width = widest * (WIDTH + ACROSS) + ACROSS;
    let height = most * (HEIGHT + DOWN) - DOWN + 8;
    let mut at = vec![(0, 0); nodes.len()];
    for (layer, row) in rows.iter().enumerate() {
        let left = (width - row.len() * (WIDTH + ACROSS) + ACROSS) / 2;
        for (place, index) in row.iter().enumerate() {
            if let Some(at) = at.get_mut(*index) {
                *at = (left + place * (WIDTH + ACROSS), layer * (HEIGHT + DOWN) + 4);
            }
        }
    }
    let mut out = format!(
        "<svg class=\"drawing\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" aria-hidden=\"true\" \
         focusable=\"false\">"
    );
    for (node, (x, y)) in nodes.iter().zip(&at) {
        for before in &node.after {
            let Some((from_x, from_y)) = at.get(*before) else { continue };
            let (x1, y1, x2, y2) = (from_x + WIDTH / 2, from_y + HEIGHT, x + WIDTH / 2, *y);
            let (neck, middle) = (y2.saturating_sub(HEAD.0), (y1 + y2) / 2);
            let (left, right) = (x2.saturating_sub(HEAD.1), x2 + HEAD.1);
            // The head is a shape of its own: the policy of the page allows no reference to a marker in a style.
            let _ = write!(
                out,
                "<path class=\"edge\" d=\"M{x1} {y1} C{x1} {middle} {x2} {middle} {x2} {neck}\"/>\
                 <path class=\"head\" d=\"M{left} {neck} L{right} {neck} L{x2} {y2} Z\"/>"
            );
        }
    }
    for (node, (x, y)) in nodes.iter().zip(&at) {
        let _ = write!(
            out,
            "<g class=\"node {}\"><rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"8\"/>\
             <text class=\"name\" x=\"{}\" y=\"{}\">{}</text><text class=\"state\" x=\"{}\" y=\"{}\">{}</text></g>",
            class(node),
            x + 14,
            y + 22,
            xml(&cut(&node.name)),
            x + 14,
            y + 40,
            xml(&cut(&words(node))),
        );
    }
    out.push_str("</svg>");
    out
}

/// Class of a node.
fn class(node: &Node) -> &'static str {
    match node {
        Node { open: true, .. } => "open",
        Node { outcome: Some(_), .. } => "settled",
        _ => "later",
    }
}

/// The state of a step in words.
pub(super) fn words(node: &Node) -> String {
    match node {
        Node { open: true, judged, .. } if !judged.is_empty() => {
            let all = judged
                .iter()
                .map(|(outcome, cast, needed)| format!("{} {cast} of {needed}", inline(outcome)));
            all.collect::<Vec<_>>().join(", ")
        }
        Node { open: true, opening: 0 | 1, .. } => "open now".to_owned(),
        Node { open: true, opening, .. } => format!("open, time {opening}"),
        Node { outcome: Some(outcome), name, .. } => {
            inline(outcome.strip_prefix(&format!("{name}.")).unwrap_or(outcome))
        }
        _ => "not open".to_owned(),
    }
}

fn cut(text: &str) -> String {
    let text = inline(text);
    if text.chars().count() <= FIT {
        return text;
    }
    let short: String = text.chars().take(FIT - 1).collect();
    format!("{short}…")
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The layer of each step: one below the lowest that it waits for. A step that waits for itself through others is put below what is
/// known by then.
fn layers(nodes: &[Node]) -> Vec<usize> {
    let mut layers = vec![0; nodes.len()];
    for _ in 0..nodes.len() {
        let mut changed = false;
        for (index, node) in nodes.iter().enumerate() {
            let below =
                node.after.iter().filter_map(|before| layers.get(*before)).max().map_or(0, |most| most + 1);
            let below = below.min(nodes.len().saturating_sub(1));
            if let Some(layer) = layers.get_mut(index).filter(|layer| **layer < below) {
                *layer = below;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    layers
}
