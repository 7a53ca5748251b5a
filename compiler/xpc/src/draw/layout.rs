//! Where everything of a picture goes: layers from top to bottom, arrows over several layers in lanes on the left, arrows
//! back in lanes on the right. Every label has a place of its own.

use crate::draw::Picture;
use crate::draw::picture::Arrow;

/// Width of a box.
pub const WIDTH: usize = 188;
const MIN_HEIGHT: usize = 62;
/// Between arrows that run side by side.
const LANE: usize = 16;
const MIN_GAP_X: usize = 36;
const MARGIN: usize = 20;
/// Of a label: height of its line, and width of a letter in tenths.
pub const LINE: usize = 13;
const LETTER: usize = 63;

/// A rectangle of a step.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    /// Left edge.
    pub x: usize,
    /// Upper edge.
    pub y: usize,
    /// Height.
    pub height: usize,
}

/// An arrow as a line with corners, and its label's left end and base line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Index of the arrow.
    pub arrow: usize,
    /// Its corners.
    pub corners: Vec<(usize, usize)>,
    /// Where its label starts.
    pub label: (usize, usize),
}

/// A picture laid out.
#[derive(Debug, Default)]
pub struct Layout {
    /// A place for each box.
    pub places: Vec<Place>,
    /// A line for each arrow.
    pub lines: Vec<Line>,
    /// Of the whole.
    pub width: usize,
    /// Of the whole.
    pub height: usize,
}

/// How an arrow runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    /// To the next layer.
    Down,
    /// Past other layers, on the left.
    Left,
    /// Back, on the right.
    Right,
}

/// Ends of arrows at one side of a box or in one gap, in order.
#[derive(Clone, Debug, Default)]
struct Ends {
    /// Above the box: arrows that come in from above.
    top: Vec<usize>,
    /// Below the box: arrows that leave downwards.
    bottom: Vec<usize>,
    /// On its right: arrows back that leave or come in.
    right: Vec<usize>,
}

/// Lays a picture out.
pub fn layout(picture: &Picture) -> Layout {
    Table::of(picture).lay()
}

/// Width of a label.
pub fn width(label: &str) -> usize {
    (label.chars().count() * LETTER).div_ceil(10)
}

struct Table<'p> {
    picture: &'p Picture,
    /// Boxes of each layer, left to right.
    rows: Vec<Vec<usize>>,
    courses: Vec<Course>,
    ends: Vec<Ends>,
}

impl<'p> Table<'p> {
    fn of(picture: &'p Picture) -> Self {
        let deepest = picture.nodes.iter().map(|shape| shape.layer + 1).max().unwrap_or_default();
        let mut rows = vec![Vec::new(); deepest];
        for (index, shape) in picture.nodes.iter().enumerate() {
            if let Some(row) = rows.get_mut(shape.layer) {
                row.push(index);
            }
        }
        let layer = |index: usize| picture.nodes.get(index).map_or(0, |shape| shape.layer);
        let course = |arrow: &Arrow| match arrow.back {
            true => Course::Right,
            false if layer(arrow.to) <= layer(arrow.from) + 1 => Course::Down,
            false => Course::Left,
        };
        let courses: Vec<Course> = picture.arrows.iter().map(course).collect();
        let mut table = Self { picture, rows, courses, ends: vec![Ends::default(); picture.nodes.len()] };
        for (index, arrow) in picture.arrows.iter().enumerate() {
            let back = arrow.back;
            let (from_right, to_right) = (back && table.last(arrow.from), back && table.last(arrow.to));
            if let Some(ends) = table.ends.get_mut(arrow.from) {
                if from_right { ends.right.push(index) } else { ends.bottom.push(index) }
            }
            if let Some(ends) = table.ends.get_mut(arrow.to) {
                if to_right { ends.right.push(index) } else { ends.top.push(index) }
            }
        }
        table.sort();
        table
    }

    /// Ends in the order in which fewest lines cross: arrows to the left before those to the right; on the right, what
    /// leaves upwards (short ways first) before what comes from below (long ways first).
    fn sort(&mut self) {
        let side = |index: &usize| match self.courses.get(*index) {
            Some(Course::Left) => 0,
            Some(Course::Down) | None => 1,
            Some(Course::Right) => 2,
        };
        let span = |index: &usize| {
            let arrow = self.picture.arrows.get(*index);
            arrow.map_or(0, |arrow| self.layer(arrow.from).abs_diff(self.layer(arrow.to)))
        };
        let mut sorted = self.ends.clone();
        for (shape, ends) in sorted.iter_mut().enumerate() {
            ends.top.sort_by_key(|index| (side(index), *index));
            ends.bottom.sort_by_key(|index| (side(index), *index));
            ends.right.sort_by_key(|index| {
                let comes = self.picture.arrows.get(*index).is_some_and(|arrow| arrow.to == shape);
                (comes, if comes { usize::MAX - span(index) } else { span(index) }, *index)
            });
        }
        self.ends = sorted;
    }

    fn layer(&self, index: usize) -> usize {
        self.picture.nodes.get(index).map_or(0, |shape| shape.layer)
    }

    /// Nothing stands to the right of the box.
    fn last(&self, index: usize) -> bool {
        self.rows.get(self.layer(index)).and_then(|row| row.last()) == Some(&index)
    }

    fn label(&self, arrow: usize) -> usize {
        self.picture.arrows.get(arrow).map_or(0, |arrow| width(&arrow.label))
    }

    /// Arrows that run sideways below a layer: to the lanes, or from them to the next layer.
    fn sideways(&self, layer: usize) -> Vec<usize> {
        let crosses = |index: &usize| {
            let (Some(arrow), Some(course)) = (self.picture.arrows.get(*index), self.courses.get(*index))
            else {
                return false;
            };
            let leaves = self.layer(arrow.from) == layer && !(arrow.back && self.last(arrow.from));
            let comes = self.layer(arrow.to) == layer + 1 && !(arrow.back && self.last(arrow.to));
            *course != Course::Down && (leaves || comes)
        };
        (0..self.picture.arrows.len()).filter(crosses).collect()
    }

    fn lay(&self) -> Layout {
        let left = self.lanes(Course::Left);
        let right = self.lanes(Course::Right);
        let lanes =
            |lanes: &[Option<usize>]| lanes.iter().flatten().map(|lane| lane + 1).max().unwrap_or_default();
        let start = MARGIN + lanes(&left) * LANE + LANE;
        // A label stands right of its arrow and may be longer than what is left of the box.
        let most = |index: &usize| self.ends.get(*index).map_or(0, |ends| self.beyond(&ends.top));
        let gap_x =
            MIN_GAP_X.max((0..self.ends.len()).map(|index| most(&index)).max().unwrap_or_default() + 8);
        let widest = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let across = widest * WIDTH + widest.saturating_sub(1) * gap_x;
        let mut places = vec![Place::default(); self.picture.nodes.len()];
        let mut y = MARGIN + self.gap(None);
        for (layer, row) in self.rows.iter().enumerate() {
            let taken = row.len() * WIDTH + row.len().saturating_sub(1) * gap_x;
            let mut x = start + (across - taken.min(across)) / 2;
            let ends = |index: &usize| self.ends.get(*index).map_or(0, |ends| ends.right.len());
            let endings =
                |index: &usize| self.picture.nodes.get(*index).map_or(0, |shape| shape.endings.len());
            let text = MIN_HEIGHT + row.iter().map(endings).max().unwrap_or_default() * LINE;
            let height = text.max(row.iter().map(ends).max().unwrap_or_default() * LINE + LINE);
            for index in row {
                if let Some(place) = places.get_mut(*index) {
                    *place = Place { x, y, height };
                }
                x += WIDTH + gap_x;
            }
            y += height + self.gap(Some(layer));
        }
        let side = start + across + gap_x / 2;
        let backs =
            || (0..self.courses.len()).filter(|index| self.courses.get(*index) == Some(&Course::Right));
        let column = backs().map(|index| self.label(index)).max().map_or(0, |label| label + LANE);
        let paths = Paths {
            table: self,
            places: &places,
            left: &left,
            right: &right,
            start,
            column: side,
            lanes: side + column,
        };
        let lines: Vec<Line> = (0..self.courses.len()).filter_map(|index| paths.line(index)).collect();
        let out = |line: &Line| line.label.0 + self.label(line.arrow);
        let reach = lines.iter().map(out).max().unwrap_or_default();
        Layout {
            lines,
            places,
            width: (side + column + lanes(&right) * LANE).max(reach) + MARGIN,
            height: y + MARGIN,
        }
    }

    /// How far labels reach beyond the right edge of their box.
    fn beyond(&self, ends: &[usize]) -> usize {
        let count = ends.len() + 1;
        let over = |(at, arrow): (usize, &usize)| {
            (WIDTH * (at + 1) / count + 5 + self.label(*arrow)).saturating_sub(WIDTH)
        };
        ends.iter().enumerate().map(over).max().unwrap_or_default()
    }

    /// Height of the room below a layer; none: above the first.
    fn gap(&self, layer: Option<usize>) -> usize {
        let below = layer.map_or(0, |layer| layer + 1);
        let Some(row) = self.rows.get(below) else { return self.tail(layer) };
        let labels = row.iter().filter_map(|index| self.ends.get(*index)).map(|ends| ends.top.len()).max();
        let sideways = layer.map_or_else(|| self.first_gap(), |layer| self.sideways(layer).len());
        let arrows = labels.unwrap_or_default();
        if arrows + sideways == 0 {
            if layer.is_some() { 2 * LINE } else { 0 }
        } else {
            2 * LINE + arrows * LINE + sideways * LANE / 2
        }
    }

    /// Arrows back that come in above the first layer.
    fn first_gap(&self) -> usize {
        let row = self.rows.first().map(Vec::as_slice).unwrap_or_default();
        row.iter()
            .filter(|index| !self.last(**index))
            .filter_map(|index| self.ends.get(*index))
            .map(|ends| ends.top.len())
            .sum()
    }

    /// Room below the last layer, for arrows that leave downwards.
    fn tail(&self, layer: Option<usize>) -> usize {
        let count = layer.map_or(0, |layer| self.sideways(layer).len());
        if count == 0 { 0 } else { LINE + count * LANE / 2 }
    }

    /// A lane for each arrow of a course, short ways in the inner lanes; arrows of one lane do not meet.
    fn lanes(&self, course: Course) -> Vec<Option<usize>> {
        let span = |index: usize| {
            let arrow = self.picture.arrows.get(index)?;
            let (a, b) = (self.layer(arrow.from), self.layer(arrow.to));
            Some((a.min(b), a.max(b)))
        };
        let mut order: Vec<usize> =
            (0..self.courses.len()).filter(|index| self.courses.get(*index) == Some(&course)).collect();
        order.sort_by_key(|index| (span(*index).map_or(0, |(top, bottom)| bottom - top), *index));
        let mut taken: Vec<Vec<(usize, usize)>> = Vec::new();
        let mut lanes = vec![None; self.courses.len()];
        for index in order {
            let Some((top, bottom)) = span(index) else { continue };
            let free = |lane: &Vec<(usize, usize)>| lane.iter().all(|(a, b)| *b < top || bottom < *a);
            let lane = taken.iter().position(free).unwrap_or(taken.len());
            match taken.get_mut(lane) {
                Some(spans) => spans.push((top, bottom)),
                None => taken.push(vec![(top, bottom)]),
            }
            if let Some(place) = lanes.get_mut(index) {
                *place = Some(lane);
            }
        }
        lanes
    }
}

/// What is needed to draw the lines.
struct Paths<'t, 'p> {
    table: &'t Table<'p>,
    places: &'t [Place],
    left: &'t [Option<usize>],
    right: &'t [Option<usize>],
    /// Left edge of the boxes.
    start: usize,
    /// Where the labels of arrows back stand.
    column: usize,
    /// The first lane on the right.
    lanes: usize,
}

impl Paths<'_, '_> {
    fn line(&self, index: usize) -> Option<Line> {
        let arrow = self.table.picture.arrows.get(index)?;
        let course = *self.table.courses.get(index)?;
        let lane = match course {
            Course::Down => None,
            Course::Left => Some(self.start - LANE - self.left.get(index).copied().flatten()? * LANE),
            Course::Right => Some(self.lanes + self.right.get(index).copied().flatten()? * LANE),
        };
        let (from_side, to_side) =
            (arrow.back && self.table.last(arrow.from), arrow.back && self.table.last(arrow.to));
        let mut corners = Vec::new();
        let mut label = None;
        let (from, to) = (self.places.get(arrow.from)?, self.places.get(arrow.to)?);
        if from_side {
            let y = self.right_port(arrow.from, index)?;
            corners.extend([(from.x + WIDTH, y), (lane?, y)]);
            label = Some((self.column, y - 3));
        } else {
            let x = port(from.x, &self.table.ends.get(arrow.from)?.bottom, index)?;
            let bottom = from.y + from.height;
            corners.push((x, bottom));
            if let Some(lane) = lane {
                let y = bottom + self.offset(self.table.layer(arrow.from), index)?;
                corners.extend([(x, y), (lane, y)]);
                label = arrow.back.then_some((self.column, y - 3));
            }
        }
        if to_side {
            let y = self.right_port(arrow.to, index)?;
            corners.extend([(lane?, y), (to.x + WIDTH, y)]);
        } else {
            let ends = &self.table.ends.get(arrow.to)?.top;
            let x = port(to.x, ends, index)?;
            let at = ends.iter().position(|end| *end == index)?;
            // Its own height for each label, so that none lies on another or on the head of an arrow to its right.
            let y = to.y - 7 - (ends.len() - 1 - at) * LINE;
            if let Some(lane) = lane {
                let above = self.above(arrow.to, index)?;
                corners.extend([(lane, above), (x, above)]);
            } else {
                let (before, turn) = (corners.last()?.0, to.y - LINE - ends.len() * LINE);
                if before != x {
                    corners.extend([(before, turn), (x, turn)]);
                }
            }
            corners.push((x, to.y));
            label = label.or(Some((x + 5, y)));
        }
        Some(Line { arrow: index, corners, label: label? })
    }

    /// Height at which an arrow ends at the right of a box.
    fn right_port(&self, shape: usize, arrow: usize) -> Option<usize> {
        let (place, ends) = (self.places.get(shape)?, &self.table.ends.get(shape)?.right);
        let at = ends.iter().position(|end| *end == arrow)?;
        Some(place.y + place.height * (at + 1) / (ends.len() + 1))
    }

    /// How far below a layer an arrow runs sideways.
    fn offset(&self, layer: usize, arrow: usize) -> Option<usize> {
        let at = self.table.sideways(layer).iter().position(|index| *index == arrow)?;
        Some(LINE + at * LANE / 2)
    }

    /// Height above a box at which an arrow comes in from a lane.
    fn above(&self, shape: usize, arrow: usize) -> Option<usize> {
        let layer = self.table.layer(shape);
        let Some(before) = layer.checked_sub(1) else {
            return Some(MARGIN);
        };
        let row = self.table.rows.get(before)?;
        let place = self.places.get(*row.first()?)?;
        Some(place.y + place.height + self.offset(before, arrow)?)
    }
}

/// Where an arrow meets the upper or lower edge of a box.
fn port(x: usize, ends: &[usize], arrow: usize) -> Option<usize> {
    let at = ends.iter().position(|end| *end == arrow)?;
    Some(x + WIDTH * (at + 1) / (ends.len() + 1))
}
