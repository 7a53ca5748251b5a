//! Reading and writing trees.

use xp_json::{Tree, Unread, pointer};

#[test]
fn digits_are_kept_and_members_are_there_once() {
    let tree = Tree::read(br#"{"a": [1e400, 9007199254740993, -0.10], "b~/": {"x": null}}"#).unwrap();
    assert_eq!(tree.at("/a/1"), Some(&Tree::Number("9007199254740993".to_owned())));
    assert_eq!(tree.at("/a/0"), Some(&Tree::Number("1e400".to_owned())));
    assert_eq!(tree.at("/b~0~1/x"), Some(&Tree::Null));
    assert_eq!((tree.at("/a/-"), tree.at("/a/01"), tree.at("a")), (None, None, None));
}

#[test]
fn what_can_be_read_in_two_ways_is_not_read() {
    for twice in [r#"{"a":1,"a":2}"#, r#"{"a":{"b":1,"\u0062":2}}"#, r#"[{"":0,"":0}]"#] {
        assert_eq!(Tree::read(twice.as_bytes()), Err(Unread::Twice), "{twice}");
    }
    for bad in ["\u{feff}{}", "{} {}", "{", "NaN", "[1,]", "", " ", "01", "+1", "'a'", "\"\t\"", "[1 2]"] {
        assert_eq!(Tree::read(bad.as_bytes()), Err(Unread::NotJson), "{bad}");
    }
    assert_eq!(Tree::read(&[b'"', 0xff, b'"']), Err(Unread::NotJson));
}

#[test]
fn depth_is_bounded() {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(Tree::read(deep(32).as_bytes()).is_ok());
    for depth in [33, 1_000, 100_000] {
        assert_eq!(Tree::read(deep(depth).as_bytes()), Err(Unread::TooDeep), "{depth}");
    }
    assert!(Tree::read_within(deep(60).as_bytes(), 60).is_ok());
    let object = format!("{}1{}", r#"{"a":"#.repeat(33), "}".repeat(33));
    assert_eq!(Tree::read(object.as_bytes()), Err(Unread::TooDeep));
}

#[test]
fn what_is_put_together_reads_the_same() {
    let mut tree = Tree::Null;
    let tokens = |text: &str| pointer(text).unwrap();
    tree.put(&tokens("/lines/0/sku"), Tree::Text("a\"\u{7}ü".to_owned())).unwrap();
    tree.put(&tokens("/lines/1"), Tree::Number("12.50".to_owned())).unwrap();
    assert_eq!(tree.put(&tokens("/lines/1/x"), Tree::Null), None);
    assert_eq!(Tree::read(tree.to_string().as_bytes()), Ok(tree));
}

#[test]
fn order_of_members_is_all_that_sorting_removes() {
    let sorted = |text: &str| Tree::read(text.as_bytes()).unwrap().sorted().to_string();
    assert_eq!(sorted(r#"{"b": [{"d": 1.0, "c": 2}], "a": "x"}"#), r#"{"a":"x","b":[{"c":2,"d":1.0}]}"#);
    assert_ne!(sorted(r#"{"a": [1, 2]}"#), sorted(r#"{"a": [2, 1]}"#));
    assert_ne!(sorted(r#"{"a": 1}"#), sorted(r#"{"a": 1.0}"#));
}
