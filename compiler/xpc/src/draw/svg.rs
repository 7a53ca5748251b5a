//! SVG, laid out here: layers from left to right, arrows back below.

use std::fmt::Write as _;

use crate::draw::Picture;
use crate::draw::picture::Arrow;

const WIDTH: usize = 168;
const HEIGHT: usize = 64;
const GAP_X: usize = 72;
const GAP_Y: usize = 36;
const MARGIN: usize = 24;
/// Room for one arrow back.
const LANE: usize = 22;

/// The picture as a self-contained SVG, readable on light and dark pages.
pub fn svg(picture: &Picture) -> String {
    let places = places(picture);
    let right = places.iter().map(|(x, _)| x + WIDTH).max().unwrap_or_default() + MARGIN;
    let bottom = places.iter().map(|(_, y)| y + HEIGHT).max().unwrap_or_default();
    let backs: Vec<&Arrow> = picture.arrows.iter().filter(|arrow| arrow.back).collect();
    let height = bottom + MARGIN + backs.len() * LANE;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {right} {height}\" width=\"{right}\" height=\"{height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\" role=\"img\" aria-label=\"workflow {}\">\n\
         <style>rect{{fill:#f6f8fa;stroke:#57606a}}path{{fill:none;stroke:#57606a}}.back{{stroke:#bc4c00;stroke-dasharray:4 3}}\
         text{{fill:#1f2328}}.n{{font-weight:600;font-size:13px}}.l{{fill:#57606a;font-size:10px}}.b{{fill:#bc4c00;font-size:10px}}</style>\n\
         <rect width=\"100%\" height=\"100%\" style=\"fill:#fff;stroke:none\"/>\n\
         <defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">\
         <path d=\"M0 0L8 4L0 8z\" style=\"fill:#57606a;stroke:none\"/></marker></defs>\n",
        picture.title
    );
    for arrow in picture.arrows.iter().filter(|arrow| !arrow.back) {
        forward(&mut text, &places, arrow);
    }
    for (lane, arrow) in backs.into_iter().enumerate() {
        back(&mut text, &places, arrow, bottom + LANE / 2 + lane * LANE);
    }
    for (shape, (x, y)) in picture.boxes.iter().zip(&places) {
        let middle = x + WIDTH / 2;
        let _ = writeln!(
            text,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"8\"/>\
             <text class=\"n\" x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>\
             <text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>\
             <text class=\"l\" x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            y + 22,
            shape.step,
            y + 39,
            shape.role,
            y + 54,
            shape.effects
        );
    }
    text.push_str("</svg>\n");
    text
}

/// Upper left corners: a column a layer, in source order within it.
fn places(picture: &Picture) -> Vec<(usize, usize)> {
    let mut rows = std::collections::HashMap::new();
    picture
        .boxes
        .iter()
        .map(|shape| {
            let row = rows.entry(shape.layer).or_insert(0_usize);
            let place = (MARGIN + shape.layer * (WIDTH + GAP_X), MARGIN + *row * (HEIGHT + GAP_Y));
            *row += 1;
            place
        })
        .collect()
}

fn forward(text: &mut String, places: &[(usize, usize)], arrow: &Arrow) {
    let (Some((from_x, from_y)), Some((to_x, to_y))) = (places.get(arrow.from), places.get(arrow.to)) else {
        return;
    };
    let (x1, y1) = (from_x + WIDTH, from_y + HEIGHT / 2);
    let (x2, y2) = (*to_x, to_y + HEIGHT / 2);
    let bend = GAP_X / 2;
    // An arrow over several layers passes above the boxes between.
    let direct = x2.saturating_sub(x1) <= GAP_X;
    if direct {
        let _ = writeln!(
            text,
            "<path marker-end=\"url(#a)\" d=\"M{x1} {y1}C{} {y1} {} {y2} {x2} {y2}\"/>",
            x1 + bend,
            x2 - bend
        );
    } else {
        let top = from_y.min(to_y).saturating_sub(14);
        let _ = writeln!(
            text,
            "<path marker-end=\"url(#a)\" d=\"M{x1} {y1}C{} {y1} {} {top} {} {top}L{} {top}C{} {top} {} {y2} {x2} {y2}\"/>",
            x1 + bend / 2,
            x1 + bend / 2,
            x1 + bend,
            x2.saturating_sub(bend),
            x2.saturating_sub(bend / 2),
            x2.saturating_sub(bend / 2),
        );
    }
    let _ = writeln!(
        text,
        "<text class=\"l\" x=\"{}\" y=\"{}\">{}</text>",
        x1 + 5,
        y1.saturating_sub(6),
        arrow.label
    );
}

fn back(text: &mut String, places: &[(usize, usize)], arrow: &Arrow, lane: usize) {
    let (Some((from_x, from_y)), Some((to_x, to_y))) = (places.get(arrow.from), places.get(arrow.to)) else {
        return;
    };
    let (x1, y1) = (from_x + WIDTH / 2, from_y + HEIGHT);
    let (x2, y2) = (to_x + WIDTH / 2, to_y + HEIGHT);
    let _ = writeln!(
        text,
        "<path class=\"back\" marker-end=\"url(#a)\" d=\"M{x1} {y1}L{x1} {lane}L{x2} {lane}L{x2} {y2}\"/>\
         <text class=\"b\" x=\"{}\" y=\"{}\">{}</text>",
        x2 + 8,
        lane - 4,
        arrow.label
    );
}
