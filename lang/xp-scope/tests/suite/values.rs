//! Values: what is read, what is refused, and what their bytes are.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use schemars::schema_for;
use xp_scope::{
    Digest, Limits, Mismatch, Pattern, PatternSet, Type, Value, ValueError, ValueFault, Why, check,
};

fn read(text: &str) -> Result<Value, ValueError> {
    Value::parse(text.as_bytes(), Limits::DEFAULT)
}

fn fault(text: &str) -> ValueFault {
    read(text).unwrap_err().fault
}

#[test]
fn values_are_read() {
    let record = |members: &[(&str, Value)]| {
        Value::Record(members.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    };
    assert_eq!(read(" true\n"), Ok(Value::Bool(true)));
    assert_eq!(read("-9007199254740991"), Ok(Value::Int(-9_007_199_254_740_991)));
    assert_eq!(read("0"), Ok(Value::Int(0)));
    assert_eq!(read(r#""a\u00e9\ud83d\ude00""#), Ok(Value::Text("aé😀".into())));
    let nested = record(&[("a", Value::List(vec![record(&[])])), ("b", Value::Text(String::new()))]);
    assert_eq!(read(r#"{"b":"","a":[{}]}"#), Ok(nested.clone()));
    assert_eq!(nested.at(&["b".into()]), Some(&Value::Text(String::new())));
    assert_eq!(nested.at(&["a".into(), "b".into()]), None);
}

#[test]
fn what_is_no_value_is_refused() {
    assert_eq!(fault("null"), ValueFault::Null);
    assert_eq!(fault(r#"{"a":[null]}"#), ValueFault::Null);
    for text in ["1.0", "0.5", "1e3", "1E-3", "-0", "-0.0", "9007199254740993.5", "1e400".get(..3).unwrap()] {
        assert_eq!(fault(text), ValueFault::NotAnInteger, "{text}");
    }
    for text in [
        "9007199254740992",
        "-9007199254740992",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775809",
    ] {
        assert_eq!(fault(text), ValueFault::Range, "{text}");
    }
    assert_eq!(fault(r#"{"a":1,"a":1}"#), ValueFault::Duplicate("a".into()));
    assert_eq!(fault(r#"{"é":1,"\u00e9":2}"#), ValueFault::Duplicate("é".into()));
    assert_eq!(fault(r#"[{"x":{"a":1,"b":2,"a":3}}]"#), ValueFault::Duplicate("a".into()));
    for text in ["1 2", "{} {}", "true,", "\"a\"x", "[] ]"] {
        assert_eq!(fault(text), ValueFault::Trailing, "{text}");
    }
    for text in [
        "",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "'a'",
        "01",
        "+1",
        "NaN",
        "Infinity",
        "\"\\ud800\"",
        "\"\u{1}\"",
        "\u{feff}1",
        "/**/1",
        "[1",
    ] {
        assert!(matches!(fault(text), ValueFault::Syntax(_)), "{text:?}: {}", fault(text));
    }
    let error = Value::parse(b"[1,\n \"\xff\"]", Limits::DEFAULT).unwrap_err();
    assert_eq!(error, ValueError { fault: ValueFault::NotUtf8, line: 2, column: 3 });
    assert_eq!(read("[1,\n null]").unwrap_err().to_string(), "null is no value at line 2, column 5");
}

#[test]
fn limits_hold_exactly() {
    let limits = Limits { bytes: 30, depth: 2, values: 5, chars: 3, length: 3 };
    let fault = |text: &str| Value::parse(text.as_bytes(), limits).map_err(|error| error.fault);
    assert!(fault("[[1]]").is_ok());
    assert_eq!(fault("[[[]]]"), Err(ValueFault::TooDeep(2)));
    assert_eq!(fault(r#"{"a":{"b":{}}}"#), Err(ValueFault::TooDeep(2)));
    assert!(fault("[1,[2,3]]").is_ok());
    assert_eq!(fault("[1,[2,3,4]]"), Err(ValueFault::TooManyValues(5)));
    assert!(fault("[1,2,3]").is_ok());
    assert_eq!(fault("[1,2,3,4]"), Err(ValueFault::TooLong(3)));
    assert_eq!(fault(r#"{"a":1,"b":1,"c":1,"d":1}"#), Err(ValueFault::TooLong(3)));
    assert!(fault("\"ééé\"").is_ok());
    assert_eq!(fault("\"éééé\""), Err(ValueFault::TooManyChars(3)));
    assert_eq!(fault(r#"{"abcd":1}"#), Err(ValueFault::TooManyChars(3)));
    assert!(fault(&format!("{:>30}", 1)).is_ok());
    assert_eq!(fault(&format!("{:>31}", 1)), Err(ValueFault::TooManyBytes(30)));
    let deep = "[".repeat(1_000_000);
    assert_eq!(Value::parse(deep.as_bytes(), Limits::DEFAULT).unwrap_err().fault, ValueFault::TooDeep(32));
}

#[test]
fn every_way_in_is_as_strict() {
    for text in [
        "null",
        "1.0",
        "1e3",
        "9007199254740992",
        r#"{"a":1,"a":2}"#,
        r#"[{"a":1,"a":2}]"#,
        "[null]",
        "[1.5]",
    ] {
        assert!(serde_json::from_str::<Value>(text).is_err(), "{text}");
        assert!(
            serde_json::from_str::<BTreeMap<String, Vec<Value>>>(&format!("{{\"x\":[{text}]}}")).is_err(),
            "{text}"
        );
    }
    assert!(serde_json::from_value::<Value>(serde_json::json!({"a": 1.5})).is_err());
    let digest = Digest::of(b"").to_string();
    let upper = digest.to_uppercase();
    for text in [
        &upper,
        &digest[7..],
        &digest[..70],
        &format!("{digest}0"),
        &digest.replace(':', "-"),
        &format!(" {digest}"),
    ] {
        assert!(Digest::parse(text).is_err());
        assert!(serde_json::from_value::<Digest>(text.into()).is_err(), "{text}");
    }
    assert!(serde_json::from_str::<Pattern>("\"a**\"").is_err());
    assert!(serde_json::from_str::<PatternSet>("[\"a\", \"../b\"]").is_err());
    assert!(serde_json::from_str::<PatternSet>("\"a\"").is_err());
    let many = serde_json::to_string(&vec!["a"; 257]).unwrap();
    assert!(serde_json::from_str::<PatternSet>(&many).is_err());
    let set: PatternSet = serde_json::from_str("[\"src/**\",\"a?.*\"]").unwrap();
    assert_eq!(serde_json::to_string(&set).unwrap(), "[\"src/**\",\"a?.*\"]");
    assert_eq!(set.to_string(), "[\"src/**\", \"a?.*\"]");
}

#[test]
fn canonical_bytes_are_those_of_rfc_8785() {
    // Section 3.2.3: keys by UTF-16 code units, so the supplementary one comes before U+FB33.
    let text =
        "{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,\"\\u0080\":6,\"\\u00f6\":7}";
    let wanted = "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}";
    assert_eq!(String::from_utf8(read(text).unwrap().canonical()).unwrap(), wanted);
    let text = r#"["\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"\/", -5, 9007199254740991, false]"#;
    let wanted = "[\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\",-5,9007199254740991,false]";
    assert_eq!(String::from_utf8(read(text).unwrap().canonical()).unwrap(), wanted);
}

#[test]
fn digests_are_separated_and_told_apart() {
    let value = read(r#"{"b":1,"a":[]}"#).unwrap();
    assert_eq!(value.digest(), Digest::of(b"xp-value-v1\0{\"a\":[],\"b\":1}"));
    let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(Digest::of(b"").to_string(), empty);
    let parsed = Digest::parse(empty).unwrap();
    assert_eq!(parsed.hex(), &empty[7..]);
    assert!(parsed.same(&Digest::of(b"")) && !parsed.same(&Digest::of(b"x")));
    assert_eq!(Digest::from_bytes(*parsed.bytes()), parsed);
    assert_eq!(Digest::of_parts(&[b"a", b"bc"]), Digest::of(b"abc"));
    // Only code can make these; they must not fall together with what can be read, nor with each other.
    let outside = [1_i64 << 53, (1 << 53) + 1, i64::MAX, i64::MIN].map(Value::Int);
    let inside = [(1_i64 << 53) - 1, 0].map(Value::Int);
    let digests: std::collections::BTreeSet<Digest> =
        outside.iter().chain(&inside).map(Value::digest).collect();
    assert_eq!(digests.len(), 6);
    assert!(serde_json::to_string(&outside[0]).is_err());
    assert!(Value::parse(&outside[0].canonical(), Limits::DEFAULT).is_err());
}

#[test]
fn types_print_as_in_the_language() {
    let of = |ty| Type::List(Box::new(ty));
    assert_eq!(of(Type::Path).to_string(), "list of path");
    assert_eq!(of(of(Type::Int)).to_string(), "list of list of int");
    assert_eq!(Type::Enum(vec!["a".into(), "b".into()]).to_string(), "a | b");
    assert_eq!(Type::Record("github.Issue".into()).to_string(), "github.Issue");
}

fn records() -> BTreeMap<String, Vec<(String, Type)>> {
    let list = |ty| Type::List(Box::new(ty));
    BTreeMap::from([
        ("t.A".to_owned(), vec![("a".to_owned(), Type::Record("t.B".into())), ("n".to_owned(), Type::Int)]),
        ("t.B".to_owned(), vec![("b".to_owned(), list(Type::Path))]),
        ("t.Gone".to_owned(), vec![("x".to_owned(), Type::Record("t.Nowhere".into()))]),
    ])
}

fn mismatch(text: &str, ty: &Type) -> Mismatch {
    check(&read(text).unwrap(), ty, &records()).unwrap_err()
}

#[test]
fn mismatches_say_where_and_what() {
    let a = Type::Record("t.A".into());
    assert_eq!(check(&read(r#"{"n":1,"a":{"b":["x","y/z"]}}"#).unwrap(), &a, &records()), Ok(()));
    let error = mismatch(r#"{"n":1,"a":{"b":["x","y","../z"]}}"#, &a);
    assert_eq!((error.at.as_str(), error.wanted.as_str()), ("$.a.b[2]", "path"));
    assert_eq!(error.to_string(), "$.a.b[2]: wanted path, found a segment `..`");
    let error = mismatch(r#"{"n":true,"a":{"b":[]}}"#, &a);
    assert_eq!(error, Mismatch { at: "$.n".into(), wanted: "int".into(), why: Why::Kind("bool") });
    assert_eq!(mismatch(r#"{"n":1,"a":{"b":[],"c":1}}"#, &a).why, Why::Unknown("c".into()));
    assert_eq!(mismatch(r#"{"n":1,"a":{}}"#, &a).why, Why::Missing("b".into()));
    assert_eq!(mismatch(r#"{"n":1,"a":{}}"#, &a).at, "$.a");
    assert_eq!(mismatch(r#"{"x":{}}"#, &Type::Record("t.Gone".into())).why, Why::Undeclared);
}

#[test]
fn scalars_are_checked() {
    let id = "0123456789abcdef0123456789abcdef01234567";
    let word = Type::Enum(vec!["none".into()]);
    for (text, ty) in [
        ("true", Type::Bool),
        ("3", Type::Int),
        (r#""x""#, Type::Text),
        (r#""none""#, word.clone()),
        (r#""main""#, Type::Branch),
    ] {
        assert_eq!(check(&read(text).unwrap(), &ty, &()), Ok(()), "{text}");
    }
    for good in [id.to_owned(), format!("{id}{}", &id[..24])] {
        assert_eq!(check(&Value::Text(good.clone()), &Type::Commit, &()), Ok(()));
        assert_eq!(check(&Value::Text(good), &Type::Tree, &()), Ok(()));
    }
    for bad in [
        id.to_uppercase(),
        id[1..].to_owned(),
        "0".repeat(40),
        "0".repeat(64),
        format!("{}g", &id[1..]),
        String::new(),
    ] {
        assert_eq!(check(&Value::Text(bad), &Type::Commit, &()).unwrap_err().why, Why::ObjectId);
    }
    let why = |value: Value, ty: &Type| check(&value, ty, &()).unwrap_err().why;
    assert_eq!(why(Value::Text("some".into()), &word), Why::Word);
    assert!(matches!(why(Value::Text("-x".into()), &Type::Branch), Why::Branch(_)));
    assert_eq!(why(Value::Text("a\0".into()), &Type::Text), Why::Nul);
    assert_eq!(why(Value::Int(1 << 53), &Type::Int), Why::Range);
    assert_eq!(why(Value::Int(1), &Type::Text), Why::Kind("int"));
    assert_eq!(why(Value::Text("1".into()), &Type::Int), Why::Kind("text"));
    assert_eq!(check(&Value::Text("é".repeat(65_536)), &Type::Text, &()), Ok(()));
    assert_eq!(why(Value::Text("é".repeat(65_537)), &Type::Text), Why::LongText);
    let list = Type::List(Box::new(Type::Int));
    assert_eq!(check(&Value::List(vec![Value::Int(1); 10_000]), &list, &()), Ok(()));
    assert_eq!(why(Value::List(vec![Value::Int(1); 10_001]), &list), Why::LongList);
}

#[test]
fn schemas_say_what_is_read() {
    let digest = serde_json::to_value(schema_for!(Digest)).unwrap();
    assert_eq!((&digest["type"], &digest["pattern"]), (&"string".into(), &"^sha256:[0-9a-f]{64}$".into()));
    let value = serde_json::to_value(schema_for!(Value)).unwrap().to_string();
    assert!(value.contains("9007199254740991") && !value.contains("\"null\""), "{value}");
    let set = serde_json::to_value(schema_for!(PatternSet)).unwrap();
    assert_eq!((&set["type"], &set["maxItems"]), (&"array".into(), &256.into()));
    assert_eq!(serde_json::to_value(schema_for!(Pattern)).unwrap()["type"], "string");
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Value::Int),
        any::<String>().prop_map(Value::Text),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
            prop::collection::btree_map(any::<String>(), inner, 0..6).prop_map(Value::Record),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn canonical_bytes_read_back(value in value()) {
        let bytes = value.canonical();
        let read = Value::parse(&bytes, Limits::DEFAULT).unwrap();
        prop_assert_eq!(&read, &value);
        prop_assert_eq!(read.canonical(), bytes);
        let plain: Value = serde_json::from_str(&serde_json::to_string(&value).unwrap()).unwrap();
        prop_assert_eq!(plain, value);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), text in "[\\[\\]{}:,\"a0-9.eE+ \\\\untrlfs-]{0,24}") {
        let _ = Value::parse(&bytes, Limits::DEFAULT);
        if let Ok(value) = Value::parse(text.as_bytes(), Limits::DEFAULT) {
            // Whatever is read is also JSON to another reader, with the same meaning.
            let other: serde_json::Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(serde_json::to_value(&value).unwrap(), other);
        }
    }
}
