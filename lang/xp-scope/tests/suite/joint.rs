//! Terms in which values stand several times, held against all values they can have in a small world.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use xp_scope::thing::{
    Because, Canonical, Chooser, Class, Key, KeyDecl, Kind, KindIx, Kinds, Level, MadeBy, Meeting, MintId,
    Piece, Side, Symbol, SymbolId, Term, Thing, relate,
};
use xp_scope::{Type, Value};

const CELL: KindIx = KindIx(0);
const ITEM: KindIx = KindIx(1);
const FILE: KindIx = KindIx(2);

/// Symbols by number: texts, then paths, then integers.
const TEXTS: std::ops::Range<u32> = 0..3;
const PATHS: std::ops::Range<u32> = 3..5;
const INTS: std::ops::Range<u32> = 5..7;

fn kinds(exact: bool) -> Kinds {
    let decl = |name: &str, ty: Type, fold: bool| KeyDecl { name: name.to_owned(), ty, fold, exact };
    let kind = |name: &str, parents: &[&str], key: Vec<KeyDecl>| Kind {
        name: name.to_owned(),
        realm: "q".to_owned(),
        parents: parents.iter().map(|parent| (*parent).to_owned()).collect(),
        key,
        immutable: None,
        audience: None,
    };
    Kinds::new(vec![
        kind("q.Cell", &[], vec![decl("row", Type::Text, false), decl("col", Type::Text, true)]),
        kind("q.Item", &["q.Cell"], vec![decl("name", Type::Text, false)]),
        kind("q.File", &["q.Cell"], vec![decl("path", Type::Path, false)]),
    ])
    .expect("a table")
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn domain(symbol: u32) -> Vec<Value> {
    let texts = |all: &[&str]| all.iter().map(|one| text(one)).collect();
    match symbol {
        id if TEXTS.contains(&id) => texts(&["", "1", "2", "12", "a", "A", "\u{e1}", "\u{301}", "1a"]),
        id if PATHS.contains(&id) => texts(&["a", "a/b", "b", "ab", "a/1"]),
        _ => vec![Value::Int(1), Value::Int(12), Value::Int(-1), Value::Int(0)],
    }
}

fn symbol(id: u32) -> Symbol {
    Symbol { id: SymbolId(id), by: Chooser::Agent, given: false, within: None }
}

fn hole(id: u32) -> Piece {
    let ty = match id {
        id if TEXTS.contains(&id) => Type::Text,
        id if PATHS.contains(&id) => Type::Path,
        _ => Type::Int,
    };
    Piece::Hole { symbol: symbol(id), ty }
}

fn plain(texts: &'static [&'static str]) -> impl Strategy<Value = Piece> {
    prop::sample::select(texts).prop_map(|text| Piece::Text(text.to_owned()))
}

fn names() -> impl Strategy<Value = Key> {
    let values = prop::sample::select(domain(0)).prop_map(Key::Value);
    let symbols = TEXTS.prop_map(|id| Key::Symbol(symbol(id)));
    let holes = prop_oneof![TEXTS, INTS].prop_map(hole);
    let pieces = prop_oneof![holes, plain(&["1", "2", "a", "A", "\u{301}", "-"])];
    let templates = prop::collection::vec(pieces, 1..4).prop_map(Key::Template);
    let simple = prop_oneof![values, symbols].boxed();
    let named = (simple.clone(), 0..2_u32).prop_map(|(name, mint)| Key::Minted {
        mint: MintId(mint),
        by: MadeBy::Any,
        name: Some(Box::new(name)),
        again: true,
    });
    prop_oneof![6 => simple, 2 => templates, 1 => named]
}

fn paths() -> impl Strategy<Value = Key> {
    let values = prop::sample::select(domain(PATHS.start)).prop_map(Key::Value);
    let symbols = PATHS.prop_map(|id| Key::Symbol(symbol(id)));
    let holes = prop_oneof![PATHS, INTS, TEXTS].prop_map(hole);
    let pieces = prop_oneof![holes, plain(&["a/", "/b", "a", "/"])];
    prop_oneof![values, symbols, prop::collection::vec(pieces, 1..4).prop_map(Key::Template)]
}

fn terms() -> impl Strategy<Value = Term> {
    let cell =
        || (names(), names()).prop_map(|(row, col)| Level { kind: CELL, keys: vec![row, col], deep: false });
    let item = (cell(), names())
        .prop_map(|(cell, name)| vec![cell, Level { kind: ITEM, keys: vec![name], deep: false }]);
    let file = (cell(), paths())
        .prop_map(|(cell, path)| vec![cell, Level { kind: FILE, keys: vec![path], deep: false }]);
    prop_oneof![cell().prop_map(|cell| vec![cell]), item, file].prop_map(Term::Path)
}

fn levels(term: &Term) -> &[Level] {
    match term {
        Term::Path(levels) => levels,
        Term::Undescribed(_) => &[],
    }
}

fn symbols(key: &Key) -> Vec<u32> {
    match key {
        Key::Symbol(symbol) => vec![symbol.id.0],
        Key::Template(pieces) => {
            let holes = pieces.iter().filter_map(|piece| match piece {
                Piece::Hole { symbol, .. } => Some(symbol.id.0),
                Piece::Text(_) => None,
            });
            holes.collect()
        }
        Key::Minted { name: Some(name), .. } => symbols(name),
        _ => Vec::new(),
    }
}

type World = BTreeMap<u32, Value>;

fn worlds(terms: [&Term; 2]) -> Vec<World> {
    let keys = terms.into_iter().flat_map(levels).flat_map(|level| &level.keys);
    let mut open: Vec<u32> = keys.flat_map(symbols).collect();
    open.sort_unstable();
    open.dedup();
    open.into_iter().fold(vec![World::new()], |worlds, id| {
        let each = worlds.iter().flat_map(|world| {
            domain(id).into_iter().map(move |value| {
                let mut world = world.clone();
                world.insert(id, value);
                world
            })
        });
        each.collect()
    })
}

fn value(world: &World, key: &Key) -> Value {
    match key {
        Key::Value(value) => value.clone(),
        Key::Symbol(symbol) => world[&symbol.id.0].clone(),
        Key::Minted { name: Some(name), .. } => value(world, name),
        Key::Template(pieces) => Value::Text(
            pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(text) => text.clone(),
                    Piece::Hole { symbol, .. } => match &world[&symbol.id.0] {
                        Value::Text(text) => text.clone(),
                        other => other.as_int().expect("an integer").to_string(),
                    },
                })
                .collect(),
        ),
        _ => unreachable!("not in these terms"),
    }
}

/// The thing in a world; none where a key would not be of its type: no use names such a thing.
fn thing(kinds: &Kinds, world: &World, term: &Term) -> Option<Canonical> {
    let levels = levels(term)
        .iter()
        .map(|level| (level.kind, level.keys.iter().map(|key| value(world, key)).collect()))
        .collect();
    let thing = Thing { levels };
    thing.check(kinds).ok().map(|()| thing.canonical(kinds))
}

/// Only texts, by value or symbol: then what may be one is so in some world.
fn is_simple(term: &Term) -> bool {
    let mut keys = levels(term).iter().flat_map(|level| &level.keys);
    levels(term).iter().all(|level| level.kind != FILE)
        && keys.all(|key| matches!(key, Key::Value(_) | Key::Symbol(_)))
}

fn agrees(a: &Term, b: &Term) -> Result<(), TestCaseError> {
    let kinds = kinds(true);
    let answer = relate(&kinds, a, b);
    let mut some = false;
    for world in worlds([a, b]) {
        let (Some(left), Some(right)) = (thing(&kinds, &world, a), thing(&kinds, &world, b)) else {
            continue;
        };
        let met = left.meets(&right, &kinds);
        some |= met;
        match &answer {
            Meeting::Apart(because) => prop_assert!(!met, "apart ({because:?}) and they meet in {world:?}"),
            Meeting::One => prop_assert_eq!(&left, &right, "in {:?}", world),
            Meeting::Within(side) => {
                let (inner, outer) = if *side == Side::Left { (&left, &right) } else { (&right, &left) };
                prop_assert!(inner.is_in(outer, &kinds) && inner != outer, "not inside in {world:?}");
            }
            Meeting::Overlap => prop_assert!(met, "no overlap in {world:?}"),
            Meeting::Perhaps(_) => {}
        }
    }
    if let (Meeting::Perhaps(needed), true) = (&answer, is_simple(a) && is_simple(b)) {
        prop_assert!(some, "perhaps {needed:?}, and no world has it");
        prop_assert_eq!(answer.class(), Some(Class::Chosen));
    }
    prop_assert_eq!(relate(&kinds, b, a), answer.clone().mirrored(), "not symmetric");
    // Where spelling shows nothing, what it kept apart rests on it; all else stays as it is.
    let loose = relate(&self::kinds(false), a, b);
    match answer {
        Meeting::Apart(Because::Spelling) => {
            let other = matches!(loose, Meeting::Apart(because) if because != Because::Spelling);
            prop_assert!(other || loose.class() == Some(Class::Spelling), "{loose:?}");
        }
        answer => prop_assert_eq!(loose, answer),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, max_shrink_iters: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_symbol_has_one_value(a in terms(), b in terms()) {
        agrees(&a, &b)?;
    }
}

fn term(keys: [Key; 2], item: Option<Key>) -> Term {
    let cell = Level { kind: CELL, keys: keys.to_vec(), deep: false };
    let item = item.map(|name| Level { kind: ITEM, keys: vec![name], deep: false });
    Term::Path([cell].into_iter().chain(item).collect())
}

fn literal(value: &str) -> Key {
    Key::Value(text(value))
}

fn template(parts: &[&str]) -> Key {
    // `x`, `y`, `z` are the symbols, `i` and `j` integers, `p` and `q` paths.
    let pieces = parts.iter().map(|part| match "xyzpqij".find(part) {
        Some(id) if part.len() == 1 => hole(u32::try_from(id).expect("small")),
        _ => Piece::Text((*part).to_owned()),
    });
    Key::Template(pieces.collect())
}

#[test]
fn what_no_value_makes_one_is_apart() {
    let kinds = kinds(true);
    let x = || Key::Symbol(symbol(0));
    let y = || Key::Symbol(symbol(1));
    let apart = [
        // In parts of one key, on both sides, across levels.
        (term([x(), x()], None), term([literal("1"), literal("2")], None)),
        (term([x(), literal("1")], None), term([literal("2"), x()], None)),
        (term([x(), x()], Some(x())), term([literal("1"), y()], Some(literal("2")))),
        (term([x(), y()], Some(y())), term([y(), literal("2")], Some(literal("1")))),
    ];
    let by_name = [
        (template(&["x"]), template(&["x", "b"])),
        (template(&["1", "x"]), template(&["x", "2"])),
        (template(&["x", "x"]), literal("ab")),
        (template(&["x", "x"]), literal("aba")),
        (template(&["x", "a", "x"]), literal("bb")),
        (template(&["a", "x", "y"]), template(&["y", "x", "b"])),
        (template(&["x", "y", "1"]), template(&["y", "x"])),
        (template(&["-", "i"]), template(&["i", "1"])),
        (template(&["i"]), literal("01")),
        (template(&["a", "x"]), template(&["b", "y"])),
        (template(&["x", "1", "a"]), template(&["y", "1", "b"])),
    ];
    let by_name = by_name.into_iter().map(|(a, b)| {
        (term([literal("r"), literal("c")], Some(a)), term([literal("r"), literal("c")], Some(b)))
    });
    for (a, b) in apart.into_iter().chain(by_name) {
        assert_eq!(relate(&kinds, &a, &b), Meeting::Apart(Because::Spelling), "{a:?} {b:?}");
        assert_eq!(relate(&self::kinds(false), &a, &b).class(), Some(Class::Spelling), "{a:?} {b:?}");
    }
}

#[test]
fn what_some_value_makes_one_may_be_one() {
    let kinds = kinds(true);
    let pairs = [
        (template(&["x", "x"]), literal("abab")),
        (template(&["x", "1"]), template(&["1", "x"])),
        (template(&["x", "y"]), template(&["y", "x"])),
        (template(&["x", "a", "y"]), template(&["y", "a", "x"])),
        // A mark may join the letter before it.
        (template(&["a", "x"]), literal("\u{e1}")),
        (template(&["i", "1"]), literal("11")),
        (template(&["x", "1", "y"]), literal("1121")),
    ];
    for (a, b) in pairs {
        let [a, b] = [a, b].map(|name| term([literal("r"), literal("c")], Some(name)));
        assert_eq!(relate(&kinds, &a, &b).class(), Some(Class::Chosen), "{a:?} {b:?}");
    }
}

#[test]
fn a_folder_with_a_value_in_it_is_a_folder() {
    let kinds = kinds(true);
    let file = |path: Key| {
        let cell = Level { kind: CELL, keys: vec![literal("r"), literal("c")], deep: false };
        Term::Path(vec![cell, Level { kind: FILE, keys: vec![path], deep: false }])
    };
    let apart = |a: Key, b: Key| relate(&kinds, &file(a), &file(b)).is_apart();
    assert!(apart(template(&["a/", "x"]), template(&["b/", "y"])));
    assert!(apart(template(&["a/", "x"]), literal("b")));
    assert!(!apart(template(&["a/", "x"]), literal("a")));
    assert!(!apart(template(&["a/", "x"]), literal("a/b/c")));
    assert!(!apart(template(&["x", "/b"]), template(&["x"])));
    assert!(apart(template(&["x", "b"]), template(&["x"])));
    assert!(apart(template(&["x", "1"]), template(&["x", "2"])));
}
