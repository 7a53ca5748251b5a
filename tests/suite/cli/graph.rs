//! `xpc graph`: the same graph in three notations.

use super::{edited, example_text, folder_with, run};

const STEPS: [&str; 13] = [
    "triage",
    "analyse",
    "propose",
    "review_plan",
    "approve_plan",
    "start",
    "implement",
    "run_tests",
    "open_pr",
    "review_code",
    "validate",
    "merge_pr",
    "ship",
];
/// Number of edges between steps, one per outcome.
const FORWARD: usize = 13;
const BACK: usize = 4;
/// Number of outcomes that end the run.
const ENDS: usize = 6;

fn drawn(format: &str) -> String {
    let ran = run(&xp_tests::root(), &["graph", "examples/bug_fix/bug_fix.xp", "--format", format]).exits(0);
    assert!(ran.talk.is_empty(), "{ran}");
    let again = run(&xp_tests::root(), &["graph", "examples/bug_fix/bug_fix.xp", "--format", format]);
    assert_eq!(ran.out, again.out);
    ran.out
}

#[test]
fn dot() {
    let text = drawn("dot");
    assert!(text.starts_with("digraph") && text.trim_end().ends_with('}'), "{text}");
    for step in STEPS {
        assert!(text.contains(&format!("\"{step}\" [label=")), "{step}: {text}");
    }
    assert_eq!(text.matches(" -> ").count(), FORWARD + BACK + ENDS, "{text}");
    assert_eq!(text.matches("style=dashed").count(), BACK);
    assert!(text.contains("\"review_code\" -> \"implement\" [label=\"changes (max 5)\""), "{text}");
}

#[test]
fn mermaid() {
    let text = drawn("mermaid");
    assert!(text.starts_with("flowchart"), "{text}");
    assert_eq!(text.matches(" -.->|").count(), BACK, "{text}");
    assert_eq!(text.matches(" -->|").count(), FORWARD + ENDS, "{text}");
    for step in STEPS {
        assert!(text.contains(&format!("[\"{step}<br/>")), "{step}: {text}");
    }
}

/// Alternative predecessors and final outcomes are marked in the drawing.
#[test]
fn ends_and_choices_are_drawn() {
    let either =
        edited("review_code.approved and validate.passed {", "(review_code.approved or validate.passed) {");
    let folder = folder_with("a.xp", &either);
    for (format, end) in
        [("dot", "-> \"end\" [label=\"refused\"]"), ("mermaid", "-->|refused| fin"), ("svg", "refused → end")]
    {
        let ran = run(folder.path(), &["graph", "a.xp", "--format", format]).exits(0);
        assert!(ran.out.contains(end), "{ran}");
        assert_eq!(ran.out.matches("approved (or)").count(), 1, "{ran}");
        assert_eq!(ran.out.matches("passed (or)").count(), 1, "{ran}");
        assert!(!ran.out.contains("<br/>\""), "an empty line: {ran}");
    }
}

/// The boxes of the steps: left, top, width, height.
fn boxes(svg: &Element) -> Vec<[f64; 4]> {
    let mut found = Vec::new();
    svg.walk(&mut |element| {
        if element.name == "rect" && element.attribute("rx").is_some() {
            found.push(["x", "y", "width", "height"].map(|name| element.number(name)));
        }
    });
    found
}

#[test]
fn svg_is_well_formed_and_legible() {
    let text = drawn("svg");
    let svg = Element::parse(&text);
    assert_eq!((svg.name.as_str(), svg.attribute("xmlns")), ("svg", Some("http://www.w3.org/2000/svg")));
    let (width, height) = (svg.number("width"), svg.number("height"));
    let boxes = boxes(&svg);
    assert_eq!(boxes.len(), STEPS.len());
    for (index, [x, y, w, h]) in boxes.iter().enumerate() {
        assert!(*x >= 0.0 && *y >= 0.0 && x + w <= width && y + h <= height, "a box leaves the picture");
        for [other_x, other_y, other_w, other_h] in &boxes[..index] {
            let apart =
                x + w <= *other_x || other_x + other_w <= *x || y + h <= *other_y || other_y + other_h <= *y;
            assert!(apart, "two boxes overlap");
        }
    }
    // Labels overlap neither each other nor boxes, and lie inside the drawing; a character counts as 0.62 em
    // wide.
    let mut labels: Vec<([f64; 4], String)> = Vec::new();
    svg.walk(&mut |element| {
        if element.name != "text" || !matches!(element.attribute("class"), Some("l" | "b")) {
            return;
        }
        let width = 0.62 * 10.0 * element.text.chars().count() as f64;
        let (x, y) = (element.number("x"), element.number("y"));
        let left = if element.attribute("text-anchor") == Some("middle") { x - width / 2.0 } else { x };
        labels.push(([left, y - 8.0, width, 10.0], element.text.clone()));
    });
    let apart = |a: &[f64; 4], b: &[f64; 4]| {
        a[0] + a[2] <= b[0] || b[0] + b[2] <= a[0] || a[1] + a[3] <= b[1] || b[1] + b[3] <= a[1]
    };
    for (index, (place, label)) in labels.iter().enumerate() {
        assert!(
            place[0] >= 0.0 && place[0] + place[2] <= width && place[1] + place[3] <= height,
            "{label} is cut"
        );
        for (other, beside) in &labels[..index] {
            assert!(apart(place, other), "{label:?} lies on {beside:?}: {place:?} {other:?}");
        }
        let inside =
            |b: &[f64; 4]| place[0] >= b[0] && place[0] + place[2] <= b[0] + b[2] && place[1] >= b[1];
        for one in &boxes {
            assert!(apart(place, one) || inside(one), "{label:?} lies half on a box: {place:?} {one:?}");
        }
    }
    assert_eq!(text.matches("class=\"back\"").count(), BACK);
}

#[test]
fn a_rejected_workflow_is_not_drawn() {
    let folder = folder_with("a.xp", &edited("after open_pr.done {", "after open_pr.don {"));
    for format in ["svg", "dot", "mermaid"] {
        let ran = run(folder.path(), &["graph", "a.xp", "--format", format]).exits(2).says(&["XP0209"]);
        assert!(ran.out.is_empty(), "{ran}");
    }
}

/// A workflow that is not proved can be drawn, which helps to correct it; the drawing says so.
#[test]
fn what_is_not_proved_is_said_in_the_drawing() {
    let folder = folder_with("a.xp", &edited("path: one of propose.files, text", "path: any, text"));
    for format in ["svg", "dot", "mermaid"] {
        let ran = run(folder.path(), &["graph", "a.xp", "--format", format]).exits(0);
        assert!(ran.out.contains("not proved: 1 of "), "{ran}");
        assert!(ran.talk.contains("`xpc check`"), "{ran}");
    }
    let svg = Element::parse(&run(folder.path(), &["graph", "a.xp", "--format", "svg"]).out);
    let mut notes = Vec::new();
    svg.walk(&mut |element| {
        if element.name == "text" && element.attribute("class") == Some("w") {
            notes.push((element.number("x"), element.number("y"), element.text.clone()));
        }
    });
    let [(x, y, text)] = notes.as_slice() else { panic!("one note, not {notes:?}") };
    let end = x + 0.62 * 12.0 * text.chars().count() as f64;
    assert!(end <= svg.number("width") && *y < svg.number("height"), "the note is cut");
    assert!(boxes(&svg).iter().all(|[_, top, _, height]| top + height < y - 12.0), "the note lies on a box");
}

#[test]
fn of_several_one_is_chosen() {
    let two = format!(
        "{}\n{}",
        example_text(),
        example_text().split_once("\n\n").expect("uses").1.replace("workflow bug_fix", "workflow other")
    );
    let folder = folder_with("a.xp", &two);
    run(folder.path(), &["graph", "a.xp"]).exits(2).says(&["`bug_fix`, `other`", "--workflow"]);
    let ran = run(folder.path(), &["graph", "a.xp", "--workflow", "other", "--format", "dot"]).exits(0);
    assert!(ran.out.starts_with("digraph \"other\""), "{ran}");
    run(folder.path(), &["graph", "a.xp", "--workflow", "none"]).exits(2);
}

/// An XML element. Parsing is strict: an unclosed element or a stray `<` or `&` fails the test.
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
    pub text: String,
}

impl Element {
    pub fn parse(text: &str) -> Self {
        let mut rest = text.trim();
        if let Some(after) = rest.strip_prefix("<?xml ") {
            rest = after.split_once("?>").expect("the declaration ends").1.trim_start();
        }
        let element = Self::read(&mut rest);
        assert!(rest.trim().is_empty(), "more than one root: {rest}");
        element
    }

    fn read(rest: &mut &str) -> Self {
        *rest = rest.strip_prefix('<').unwrap_or_else(|| panic!("no element at {rest:.60}"));
        let end = rest.find(|c: char| c.is_whitespace() || c == '/' || c == '>').expect("a name ends");
        let (name, after) = rest.split_at(end);
        *rest = after;
        let mut element =
            Self { name: name.to_owned(), attributes: Vec::new(), children: Vec::new(), text: String::new() };
        loop {
            *rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix("/>") {
                *rest = after;
                return element;
            }
            if let Some(after) = rest.strip_prefix('>') {
                *rest = after;
                break;
            }
            let (name, after) = rest.split_once("=\"").expect("an attribute");
            let (value, after) = after.split_once('"').expect("an attribute ends");
            assert!(!value.contains('<'), "a stray < in {value}");
            let given = element.attributes.iter().any(|(other, _)| other == name);
            assert!(!given, "`{name}` is given twice");
            element.attributes.push((name.to_owned(), plain(value)));
            *rest = after;
        }
        loop {
            let next = rest.find('<').expect("an element is closed");
            let (text, after) = rest.split_at(next);
            element.text.push_str(&plain(text));
            *rest = after;
            if let Some(after) = rest.strip_prefix("</") {
                let (closed, after) = after.split_once('>').expect("a closing tag ends");
                assert_eq!(closed, element.name, "closed crosswise");
                *rest = after;
                return element;
            }
            let child = Self::read(rest);
            element.children.push(child);
        }
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &str) -> f64 {
        let value = self.attribute(name).unwrap_or_else(|| panic!("`{}` has no {name}", self.name));
        value.parse().unwrap_or_else(|_| panic!("{name}={value:?}"))
    }

    pub fn walk(&self, look: &mut impl FnMut(&Self)) {
        look(self);
        for child in &self.children {
            child.walk(look);
        }
    }
}

fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let (name, after) = rest[at + 1..].split_once(';').expect("a reference ends");
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            other => panic!("an unknown reference &{other};"),
        });
        rest = after;
    }
    out.push_str(rest);
    out
}
