//! How terms relate, held against all values their keys can have in a small world.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use xp_scope::thing::{
    Because, Canonical, Chooser, Class, Immutable, Key, KeyDecl, Kind, KindIx, Kinds, Level, MadeBy, Meeting,
    MintId, Piece, Side, Symbol, SymbolId, Term, Thing, covers, relate,
};
use xp_scope::{PatternSet, Type, Value};

const REPO: KindIx = KindIx(0);
const BRANCH: KindIx = KindIx(1);
const FILE: KindIx = KindIx(2);
const ISSUE: KindIx = KindIx(3);
const COMMIT: KindIx = KindIx(4);
const NODE: KindIx = KindIx(5);
const VAULT: KindIx = KindIx(6);

fn decl(name: &str, ty: Type, fold: bool, exact: bool) -> KeyDecl {
    KeyDecl { name: name.to_owned(), ty, fold, exact }
}

fn kind(name: &str, parents: &[&str], key: Vec<KeyDecl>) -> Kind {
    let parents = parents.iter().map(|parent| (*parent).to_owned()).collect();
    let realm = name.split('.').next().unwrap_or_default().to_owned();
    Kind { name: name.to_owned(), realm, parents, key, immutable: None, audience: None }
}

/// A forge, and a vault elsewhere. `exact` is about every key.
fn kinds(exact: bool) -> Kinds {
    let mut commit = kind("forge.Commit", &[], vec![decl("id", Type::Text, false, exact)]);
    commit.immutable = Some(Immutable::Content);
    Kinds::new(vec![
        kind("forge.Repo", &[], vec![decl("owner", Type::Text, true, exact)]),
        kind("forge.Branch", &["forge.Repo"], vec![decl("name", Type::Branch, false, exact)]),
        kind("forge.File", &["forge.Branch"], vec![decl("path", Type::Path, false, exact)]),
        kind("forge.Issue", &["forge.Repo"], vec![decl("number", Type::Int, false, exact)]),
        commit,
        kind("forge.Node", &[], vec![decl("path", Type::Path, false, exact)]),
        kind("vault.Secret", &[], vec![decl("name", Type::Text, false, exact)]),
    ])
    .expect("a table")
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn set(patterns: &[&str]) -> PatternSet {
    PatternSet::parse(patterns).expect("patterns")
}

/// All values that a key of a kind has in the small world.
fn domain(kind: KindIx) -> Vec<Value> {
    let texts = |all: &[&str]| all.iter().map(|one| text(one)).collect();
    match kind {
        REPO => texts(&["a", "A", "b"]),
        BRANCH => texts(&["a", "a-1", "a-11", "a-1-1", "b-1"]),
        ISSUE => vec![Value::Int(1), Value::Int(11), Value::Int(-1)],
        FILE | NODE => texts(&["src", "src/a", "src/a/x", "src/ab", "tests", "tests/a"]),
        _ => texts(&["x", "y"]),
    }
}

fn keys(kind: KindIx) -> BoxedStrategy<Key> {
    let values = prop::sample::select(domain(kind)).prop_map(Key::Value);
    let by = prop::sample::select(vec![Chooser::Agent, Chooser::Starter, Chooser::World]);
    // Symbols are of one kind each, so that they have values of its domain.
    let symbols = (0..2_u32, by.clone(), any::<bool>()).prop_map(move |(n, by, _)| {
        let given = by == Chooser::Starter;
        Symbol { id: SymbolId(kind.0 * 10 + n + if given { 5 } else { 0 }), by, given, within: None }
    });
    let minted = (0..2_u32).prop_map(move |n| Key::Minted {
        mint: MintId(kind.0 * 10 + n),
        by: MadeBy::Only,
        name: None,
        again: false,
    });
    // One name for each.
    let named = (0..2_usize).prop_map(move |n| Key::Minted {
        mint: MintId(kind.0 * 10 + 2 + u32::try_from(n).expect("small")),
        by: MadeBy::Only,
        name: Some(Box::new(Key::Value(domain(kind)[n].clone()))),
        again: false,
    });
    let patterns = || prop::sample::select(vec![vec!["src/**"], vec!["src/*"], vec!["tests/*", "src/a"]]);
    let mut all = vec![
        values.boxed(),
        symbols.clone().prop_map(Key::Symbol).boxed(),
        by.clone().prop_map(|by| Key::Chosen { by, within: None, given: false }).boxed(),
        Just(Key::Every(None)).boxed(),
        minted.boxed(),
        named.boxed(),
    ];
    if matches!(kind, FILE | NODE) {
        let chosen =
            (by, patterns()).prop_map(|(by, p)| Key::Chosen { by, within: Some(set(&p)), given: false });
        all.extend([patterns().prop_map(|p| Key::Every(Some(set(&p)))).boxed(), chosen.boxed()]);
    }
    if kind == BRANCH {
        // Holes are integers of the issues' domain.
        let hole = (30..32_u32).prop_map(|n| Piece::Hole {
            symbol: Symbol { id: SymbolId(n), by: Chooser::World, given: false, within: None },
            ty: Type::Int,
        });
        let plain =
            prop::sample::select(vec!["a-", "b-", "1", "-1", "a"]).prop_map(|t| Piece::Text(t.to_owned()));
        let pieces = prop::collection::vec(prop_oneof![plain, hole], 1..4);
        all.push(pieces.prop_map(Key::Template).boxed());
    }
    prop::strategy::Union::new(all).boxed()
}

fn terms() -> impl Strategy<Value = Term> {
    let paths: Vec<&[KindIx]> =
        vec![&[REPO], &[REPO, BRANCH], &[REPO, BRANCH, FILE], &[REPO, ISSUE], &[COMMIT], &[NODE], &[VAULT]];
    prop::sample::select(paths).prop_flat_map(|path| {
        let levels: Vec<_> = path
            .iter()
            .map(|kind| keys(*kind).prop_map(move |key| Level { kind: *kind, keys: vec![key], deep: false }))
            .collect();
        levels.prop_map(Term::Path)
    })
}

/// What a choice of values decides: symbols, mints, and what is chosen at each side and level.
type World = BTreeMap<String, Value>;

fn levels(term: &Term) -> &[Level] {
    match term {
        Term::Path(levels) => levels,
        Term::Undescribed(_) => &[],
    }
}

/// The values a term leaves open, with what they can be.
fn open(side: &str, term: &Term) -> BTreeMap<String, Vec<Value>> {
    let mut found = BTreeMap::new();
    for (number, level) in levels(term).iter().enumerate() {
        let all = domain(level.kind);
        match &level.keys[0] {
            Key::Symbol(symbol) => {
                found.insert(format!("symbol {}", symbol.id.0), all);
            }
            Key::Chosen { within, .. } => {
                let inside =
                    |v: &Value| within.as_ref().is_none_or(|p| p.matches(v.as_text().unwrap_or_default()));
                found.insert(format!("{side} {number}"), all.into_iter().filter(inside).collect());
            }
            Key::Minted { mint, name: None, .. } => {
                found.insert(format!("mint {}", mint.0), all);
            }
            Key::Template(pieces) => {
                for piece in pieces {
                    if let Piece::Hole { symbol, .. } = piece {
                        found.insert(format!("symbol {}", symbol.id.0), domain(ISSUE));
                    }
                }
            }
            Key::Value(_) | Key::Every(_) | Key::Minted { .. } => {}
        }
    }
    found
}

fn worlds(open: &BTreeMap<String, Vec<Value>>) -> Vec<World> {
    let mut all = vec![World::new()];
    for (name, values) in open {
        all = all
            .iter()
            .flat_map(|world| {
                values.iter().map(|value| {
                    let mut world = world.clone();
                    world.insert(name.clone(), value.clone());
                    world
                })
            })
            .collect();
    }
    all
}

fn value(world: &World, side: &str, number: usize, key: &Key) -> Value {
    match key {
        Key::Value(value) => value.clone(),
        Key::Symbol(symbol) => world[&format!("symbol {}", symbol.id.0)].clone(),
        Key::Chosen { .. } => world[&format!("{side} {number}")].clone(),
        Key::Minted { mint, name: None, .. } => world[&format!("mint {}", mint.0)].clone(),
        Key::Minted { name: Some(name), .. } => value(world, side, number, name),
        Key::Template(pieces) => Value::Text(
            pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(text) => text.clone(),
                    Piece::Hole { symbol, .. } => {
                        world[&format!("symbol {}", symbol.id.0)].as_int().expect("an integer").to_string()
                    }
                })
                .collect(),
        ),
        Key::Every(_) => unreachable!("it stands for several"),
    }
}

/// The things a term stands for in a world.
fn things(world: &World, side: &str, term: &Term, all: &[(KindIx, Value)]) -> Vec<Vec<(KindIx, Vec<Value>)>> {
    let every = |kind: KindIx| {
        let mut values = domain(kind);
        values.extend(all.iter().filter(|(of, _)| *of == kind).map(|(_, value)| value.clone()));
        values
    };
    let mut all = vec![Vec::new()];
    for (number, level) in levels(term).iter().enumerate() {
        let values: Vec<Value> = match &level.keys[0] {
            Key::Every(None) => every(level.kind),
            Key::Every(Some(patterns)) => every(level.kind)
                .into_iter()
                .filter(|v| patterns.matches(v.as_text().unwrap_or_default()))
                .collect(),
            key => vec![value(world, side, number, key)],
        };
        all = all
            .iter()
            .flat_map(|before: &Vec<_>| {
                values.iter().map(|value| {
                    let mut levels = before.clone();
                    levels.push((level.kind, vec![value.clone()]));
                    levels
                })
            })
            .collect();
    }
    all
}

/// What the machine ensures of new names: nothing that was given is called so, no literal an upstream minted, no other new one
/// unless its name is derived from the same content.
fn possible(kinds: &Kinds, a: &Term, b: &Term, world: &World) -> bool {
    let mut minted: BTreeMap<(Vec<Canonical>, u32), BTreeSet<u32>> = BTreeMap::new();
    let mut given: BTreeSet<(u32, Value)> = BTreeSet::new();
    let mut upstream: Vec<(u32, Value)> = Vec::new();
    let mut literals: BTreeSet<(u32, Value)> = BTreeSet::new();
    let fold = |kind: KindIx, value: Value| {
        let thing = Thing { levels: vec![(kind, vec![value])] };
        match serde_json::to_value(thing.canonical(kinds)).expect("a thing")["levels"][0][1][0].clone() {
            serde_json::Value::String(text) => Value::Text(text),
            other => Value::Int(other.as_i64().expect("an integer")),
        }
    };
    for (side, term) in [("left", a), ("right", b)] {
        for (number, level) in levels(term).iter().enumerate() {
            let kind = level.kind;
            match &level.keys[0] {
                Key::Minted { mint, name, .. } => {
                    let named = fold(kind, value(world, side, number, &level.keys[0]));
                    let place = Thing { levels: vec![(kind, vec![named.clone()])] };
                    minted.entry((vec![place.canonical(kinds)], kind.0)).or_default().insert(mint.0);
                    if name.is_none() {
                        upstream.push((kind.0, named.clone()));
                    }
                    given.insert((kind.0 + 1_000, named));
                }
                Key::Symbol(symbol) if symbol.given => {
                    let value = fold(kind, world[&format!("symbol {}", symbol.id.0)].clone());
                    given.insert((kind.0, value));
                }
                Key::Value(value) => {
                    literals.insert((kind.0, fold(kind, value.clone())));
                }
                _ => {}
            }
        }
    }
    let of_given = given.iter().any(|(kind, value)| given.contains(&(kind + 1_000, value.clone())));
    // Equal contents have one name.
    let derived =
        |kind: u32| kinds.get(KindIx(kind)).and_then(|kind| kind.immutable) == Some(Immutable::Content);
    let two_mints = minted.iter().any(|((_, kind), mints)| mints.len() > 1 && !derived(*kind));
    let of_literal = upstream.iter().any(|minted| literals.contains(minted));
    !of_given && !two_mints && !of_literal
}

fn meets(kinds: &Kinds, left: &[Vec<(KindIx, Vec<Value>)>], right: &[Vec<(KindIx, Vec<Value>)>]) -> bool {
    let canonical = |levels: &Vec<(KindIx, Vec<Value>)>| Thing { levels: levels.clone() }.canonical(kinds);
    left.iter().any(|a| right.iter().any(|b| canonical(a).meets(&canonical(b), kinds)))
}

/// Checks one answer against every world; gives whether some world has a meeting.
fn agrees(kinds: &Kinds, a: &Term, b: &Term) -> Result<(), TestCaseError> {
    let answer = relate(kinds, a, b);
    let mut open_values = open("left", a);
    open_values.extend(open("right", b));
    let mut some = false;
    for world in worlds(&open_values).into_iter().filter(|world| possible(kinds, a, b, world)) {
        // Every thing there is: those of the small world, and what either side names.
        let mut named = Vec::new();
        for (side, term) in [("left", a), ("right", b)] {
            for (number, level) in levels(term).iter().enumerate() {
                if !matches!(&level.keys[0], Key::Every(_)) {
                    named.push((level.kind, value(&world, side, number, &level.keys[0])));
                }
            }
        }
        let (left, right) = (things(&world, "left", a, &named), things(&world, "right", b, &named));
        let met = meets(kinds, &left, &right);
        some |= met;
        let single = |all: &[Vec<(KindIx, Vec<Value>)>]| {
            (all.len() == 1).then(|| Thing { levels: all[0].clone() }.canonical(kinds))
        };
        if covers(kinds, b, a) {
            for levels in &left {
                let inner = Thing { levels: levels.clone() }.canonical(kinds);
                let mut outer = right.iter().map(|levels| Thing { levels: levels.clone() }.canonical(kinds));
                prop_assert!(outer.any(|outer| inner.is_in(&outer, kinds)), "not covered in {world:?}");
            }
        }
        match &answer {
            Meeting::Apart(because) => prop_assert!(!met, "apart ({because:?}) and they meet in {world:?}"),
            Meeting::One => {
                prop_assert!(single(&left).is_some(), "one, and several");
                prop_assert_eq!(single(&left), single(&right), "in {:?}", world);
            }
            Meeting::Within(side) => {
                let (inner, outer) = match side {
                    Side::Left => (&left, single(&right)),
                    Side::Right => (&right, single(&left)),
                };
                prop_assert!(outer.is_some(), "inside several");
                for levels in inner {
                    let inner = Thing { levels: levels.clone() }.canonical(kinds);
                    let inside =
                        outer.as_ref().is_some_and(|outer| inner.meets(outer, kinds) && inner != *outer);
                    prop_assert!(inside, "not inside in {world:?}");
                }
            }
            Meeting::Overlap => {
                prop_assert!(met || left.is_empty() || right.is_empty(), "no overlap in {world:?}")
            }
            Meeting::Perhaps(_) => {}
        }
    }
    // All keys are exact here: whatever may be one, somebody can make so, templates and patterns of small worlds aside.
    let simple = |term: &Term| {
        levels(term).iter().all(|level| {
            !matches!(
                &level.keys[0],
                Key::Template(_) | Key::Every(Some(_)) | Key::Chosen { within: Some(_), .. }
            )
        })
    };
    if let (Meeting::Perhaps(needed), true) = (&answer, simple(a) && simple(b)) {
        prop_assert!(some, "perhaps {needed:?}, and no world has it");
        prop_assert_eq!(answer.class(), Some(Class::Chosen));
    }
    prop_assert_eq!(relate(kinds, b, a), answer.mirrored(), "not symmetric");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6_000, max_shrink_iters: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_is_true_in_every_world(a in terms(), b in terms()) {
        agrees(&kinds(true), &a, &b)?;
    }

    #[test]
    fn where_keys_are_not_exact_spelling_shows_nothing_apart(a in terms(), b in terms()) {
        let meeting = relate(&kinds(false), &a, &b);
        prop_assert_ne!(&meeting, &Meeting::Apart(Because::Spelling));
        // Nor is a new name shown to differ from one that was given. What is apart for another reason stays so.
        match relate(&kinds(true), &a, &b) {
            Meeting::Apart(Because::Spelling | Because::New) => {}
            Meeting::Apart(other) => prop_assert!(matches!(meeting, Meeting::Apart(_)), "{other:?} became {meeting:?}"),
            same => prop_assert_eq!(same, meeting),
        }
    }
}

fn term(levels: &[(KindIx, Key)]) -> Term {
    Term::Path(
        levels
            .iter()
            .map(|(kind, key)| Level { kind: *kind, keys: vec![key.clone()], deep: false })
            .collect(),
    )
}

fn literal(value: &str) -> Key {
    Key::Value(text(value))
}

fn hole(id: u32, ty: Type) -> Piece {
    Piece::Hole { symbol: Symbol { id: SymbolId(id), by: Chooser::Starter, given: true, within: None }, ty }
}

fn branch(pieces: Vec<Piece>) -> Term {
    term(&[(REPO, literal("a")), (BRANCH, Key::Template(pieces))])
}

#[test]
fn all_of_a_kind_cover_each_of_it() {
    let kinds = kinds(true);
    let branch = |name: Key| term(&[(REPO, literal("o")), (BRANCH, name)]);
    let (one, all) = (branch(literal("a")), branch(Key::Every(None)));
    assert!(covers(&kinds, &all, &one) && covers(&kinds, &all, &all) && covers(&kinds, &one, &one));
    assert!(!covers(&kinds, &one, &all) && !covers(&kinds, &one, &branch(literal("b"))));
}

#[test]
fn templates_with_one_hole_are_compared_around_it() {
    let kinds = kinds(true);
    let printed = |before: &str, ty: Type, after: &str| {
        branch(vec![Piece::Text(before.to_owned()), hole(7, ty), Piece::Text(after.to_owned())])
    };
    let apart = Meeting::Apart(Because::Spelling);
    let plain = printed("a-", Type::Int, "");
    assert_eq!(relate(&kinds, &plain, &printed("a-", Type::Int, "1")), apart);
    assert_eq!(relate(&kinds, &plain, &plain), Meeting::One);
    assert_eq!(relate(&kinds, &plain, &printed("b-", Type::Branch, "")), apart);
    // Another number may continue the one: `a-1` and `a-{n}1` with `n` empty cannot be, `a-11` can.
    let other = branch(vec![Piece::Text("a-".to_owned()), hole(8, Type::Int), Piece::Text("1".to_owned())]);
    assert_eq!(relate(&kinds, &plain, &other).class(), Some(Class::Chosen));
    let words = Type::Enum(vec!["x".to_owned(), "y".to_owned()]);
    assert_eq!(
        relate(&kinds, &printed("", words.clone(), ""), &branch(vec![Piece::Text("z".to_owned())])),
        apart
    );
    let among = relate(&kinds, &printed("", words, ""), &branch(vec![Piece::Text("y".to_owned())]));
    assert_eq!(among.class(), Some(Class::Chosen));
}

#[test]
fn different_upstreams_and_unrelated_kinds_are_apart() {
    let kinds = kinds(false);
    let repo = term(&[(REPO, literal("a"))]);
    assert_eq!(relate(&kinds, &repo, &term(&[(VAULT, literal("a"))])), Meeting::Apart(Because::Realm));
    assert_eq!(relate(&kinds, &repo, &term(&[(NODE, literal("a"))])), Meeting::Apart(Because::Kind));
    let issue = term(&[(REPO, literal("a")), (ISSUE, Key::Value(Value::Int(1)))]);
    let branch = term(&[(REPO, literal("a")), (BRANCH, literal("a"))]);
    // Both lie in one repository; siblings stay apart.
    assert_eq!(relate(&kinds, &issue, &branch), Meeting::Apart(Because::Kind));
    assert_eq!(relate(&kinds, &issue, &repo), Meeting::Within(Side::Left));
}

#[test]
fn what_nobody_described_may_be_whatever_can_change() {
    let kinds = kinds(true);
    let anything = Term::Undescribed("changes".to_owned());
    let met = relate(&kinds, &anything, &term(&[(REPO, literal("a"))]));
    assert_eq!(met.class(), Some(Class::Silent));
    assert!(matches!(&met, Meeting::Perhaps(needed) if needed[0].clause.as_deref() == Some("changes")));
    assert_eq!(relate(&kinds, &anything, &anything).class(), Some(Class::Silent));
    let commit = term(&[(COMMIT, literal("x"))]);
    assert_eq!(relate(&kinds, &anything, &commit), Meeting::Apart(Because::Immutable));
}

#[test]
fn names_an_upstream_takes_for_one_are_one() {
    let kinds = kinds(true);
    let repo = |name: &str| term(&[(REPO, literal(name))]);
    assert_eq!(relate(&kinds, &repo("Acme"), &repo("acme")), Meeting::One);
    assert_eq!(relate(&kinds, &repo("Acme"), &repo("other")), Meeting::Apart(Because::Spelling));
    let loose = relate(&self::kinds(false), &repo("acme"), &repo("other"));
    assert_eq!(loose.class(), Some(Class::Spelling));
    // Free text may merge with what stands beside it: what is compared is what stays of the rest.
    let mixed = |before: &str| {
        let pieces = vec![Piece::Text(before.to_owned()), hole(7, Type::Text)];
        term(&[(REPO, Key::Template(pieces))])
    };
    assert_eq!(relate(&kinds, &mixed("a"), &mixed("b")), Meeting::Apart(Because::Spelling));
    assert_eq!(relate(&kinds, &mixed("a"), &mixed("\u{e1}")).class(), Some(Class::Chosen));
}

#[test]
fn all_issues_include_one_that_is_yet_to_be_made() {
    let kinds = kinds(true);
    let every = term(&[(REPO, literal("a")), (ISSUE, Key::Every(None))]);
    let made = |repo: &str| {
        term(&[
            (REPO, literal(repo)),
            (ISSUE, Key::Minted { mint: MintId(1), by: MadeBy::Only, name: None, again: false }),
        ])
    };
    assert_eq!(relate(&kinds, &every, &made("a")), Meeting::Overlap);
    assert_eq!(relate(&kinds, &every, &made("b")), Meeting::Apart(Because::Spelling));
}

#[test]
fn a_folder_meets_what_lies_in_it_and_not_its_neighbour() {
    let kinds = kinds(true);
    let node = |path: &str| term(&[(NODE, literal(path))]);
    assert_eq!(relate(&kinds, &node("src"), &node("src/a")), Meeting::Within(Side::Right));
    assert_eq!(relate(&kinds, &node("src"), &node("srcs")), Meeting::Apart(Because::Spelling));
    let below = term(&[(NODE, Key::Every(Some(set(&["src/a/**"]))))]);
    assert_eq!(relate(&kinds, &below, &node("src/a")), Meeting::Overlap);
    assert_eq!(relate(&kinds, &below, &node("src/b")), Meeting::Apart(Because::Spelling));
}

#[test]
fn things_are_checked_against_their_kinds() {
    let kinds = kinds(true);
    let thing = |levels: &[(KindIx, Value)]| Thing {
        levels: levels.iter().map(|(kind, value)| (*kind, vec![value.clone()])).collect(),
    };
    assert!(thing(&[(REPO, text("a")), (ISSUE, Value::Int(1))]).check(&kinds).is_ok());
    for wrong in [
        thing(&[]),
        thing(&[(ISSUE, Value::Int(1))]),
        thing(&[(REPO, text("a")), (FILE, text("src"))]),
        thing(&[(REPO, text("a")), (ISSUE, text("1"))]),
        thing(&[(REPO, text("a")), (BRANCH, text("-f"))]),
        thing(&[(KindIx(99), text("a"))]),
        Thing { levels: vec![(REPO, Vec::new())] },
    ] {
        assert!(wrong.check(&kinds).is_err(), "{wrong:?}");
    }
}

#[test]
fn tables_of_kinds_are_checked() {
    let one = |kinds: Vec<Kind>| Kinds::new(kinds).map(|_| ()).map_err(|error| error.to_string());
    let key = || vec![decl("name", Type::Text, false, true)];
    let a = || kind("x.A", &[], key());
    assert!(one(vec![a(), kind("x.B", &["x.A"], key())]).is_ok());
    for (kinds, why) in [
        (vec![a(), a()], "twice"),
        (vec![kind("x.A", &[], Vec::new())], "no key"),
        (
            vec![kind("x.A", &[], vec![decl("l", Type::List(Box::new(Type::Int)), false, true)])],
            "cannot be one",
        ),
        (vec![kind("x.A", &["x.A"], key())], "in itself"),
        (vec![kind("x.A", &["x.C"], key())], "not declared"),
        (vec![a(), kind("y.B", &["x.A"], key())], "another upstream"),
    ] {
        let error = one(kinds).expect_err(why);
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn containment_is_no_audience() {
    use xp_scope::thing::{Audience, Readers, audience_within};
    let groups = |all: &[(&str, Option<&str>)]| {
        let readers =
            all.iter().map(|(group, of)| Readers { group: (*group).to_owned(), of: of.map(str::to_owned) });
        Some(Audience::Groups(readers.collect()))
    };
    let name = || vec![decl("name", Type::Text, false, true)];
    let mut kinds = vec![
        kind("desk.Ticket", &[], name()),
        kind("desk.Note", &["desk.Ticket"], name()),
        kind("desk.Reply", &["desk.Ticket"], name()),
        kind("desk.Page", &[], name()),
        kind("desk.Draft", &[], name()),
    ];
    kinds[0].audience = groups(&[("staff", None), ("customer", Some("desk.Ticket"))]);
    kinds[1].audience = groups(&[("staff", None)]);
    kinds[2].audience = groups(&[("staff", None), ("customer", Some("desk.Ticket"))]);
    kinds[3].audience = Some(Audience::Public);
    let kinds = Kinds::new(kinds).expect("a table");
    let ticket = |ticket: &str| term(&[(KindIx(0), literal(ticket))]);
    let inside = |kind: u32, of: &str| term(&[(KindIx(0), literal(of)), (KindIx(kind), literal("n"))]);
    let page = term(&[(KindIx(3), literal("p"))]);
    let draft = term(&[(KindIx(4), literal("d"))]);
    let within = |place: &Term, source: &Term| audience_within(&kinds, place, source, None);
    assert!(within(&inside(1, "1"), &ticket("1")), "staff read tickets anyway");
    assert!(!within(&inside(2, "1"), &inside(1, "1")), "a customer reads no notes");
    assert!(within(&inside(2, "1"), &ticket("1")));
    assert!(!within(&inside(2, "1"), &ticket("2")), "another customer");
    assert!(!within(&page, &ticket("1")) && within(&ticket("1"), &page) && within(&page, &page));
    assert!(!within(&draft, &ticket("1")) && !within(&ticket("1"), &draft), "nobody knows who reads drafts");
}
