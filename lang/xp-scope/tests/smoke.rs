//! The public interface at a glance.

use xp_scope::{Limits, PatternSet, Type, Value, check, neutralise};

#[test]
fn first_light() {
    let value = Value::parse(br#"{"b":[1,true],"a":"x"}"#, Limits::DEFAULT).unwrap();
    assert_eq!(value.canonical(), br#"{"a":"x","b":[1,true]}"#);
    assert!(Value::parse(br#"{"a":1,"a":2}"#, Limits::DEFAULT).is_err());
    assert!(Value::parse(b"1.0", Limits::DEFAULT).is_err());
    assert!(check(&Value::Text("../x".into()), &Type::Path, &()).is_err());
    let set = PatternSet::parse(&["src/**", "tests/*.rs"]).unwrap();
    assert!(set.matches("src/a/b.rs") && !set.matches("src/.env") && !set.matches("src/Makefile"));
    assert_eq!(neutralise("hi @bob", 100).unwrap(), "hi @·bob");
}
