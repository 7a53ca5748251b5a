//! Bytes to lines and columns.

use xp_diagnostics::{Position, SourceId, Sources, Span};

#[test]
fn columns_count_characters() {
    let mut sources = Sources::new();
    let id = sources.add("a.xp", "ab\näö→x\r\n\nlast");
    let at = |byte| {
        let Position { line, column } = sources.position(id, byte);
        (line, column)
    };
    assert_eq!(at(0), (1, 1));
    assert_eq!(at(2), (1, 3));
    assert_eq!(at(3), (2, 1));
    assert_eq!(at(7), (2, 3));
    assert_eq!(at(10), (2, 4));
    assert_eq!(at(13), (3, 1));
    assert_eq!(at(14), (4, 1));
    assert_eq!(at(18), (4, 5));
    assert_eq!(at(1_000), (4, 5));
    assert_eq!(sources.slice(Span::new(id, 3, 10)), "äö→");
    assert_eq!(sources.slice(Span::new(id, 4, 10)), "");
    assert_eq!(sources.path(SourceId(9)), "");
}
