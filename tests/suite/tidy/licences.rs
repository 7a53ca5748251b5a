//! Licences and bans according to `.deny.toml`, checked without an installed `cargo-deny`.

use toml::{Table, Value};

use super::packages::{self, Packages};
use super::{none, seen};

/// The parts of the deny file that are checked here.
struct Deny {
    licences: Vec<String>,
    /// Banned crates, each with the crates that may use it nevertheless.
    banned: Vec<(String, Vec<String>)>,
}

fn deny(text: &str) -> Deny {
    let table: Table = text.parse().expect("the deny file is TOML");
    let words = |value: Option<&Value>| -> Vec<String> {
        let array = value.and_then(Value::as_array).into_iter().flatten();
        array.filter_map(|word| word.as_str().map(str::to_owned)).collect()
    };
    let licences = words(table["licenses"].get("allow"));
    let entries = table["bans"].get("deny").and_then(Value::as_array).expect("bans.deny");
    let banned = entries
        .iter()
        .map(|entry| {
            let name = entry.get("crate").and_then(Value::as_str).expect("a ban names a crate");
            (name.to_owned(), words(entry.get("wrappers")))
        })
        .collect();
    Deny { licences, banned }
}

fn of_the_house() -> Deny {
    deny(&std::fs::read_to_string(xp_tests::root().join(".deny.toml")).expect("the deny file"))
}

fn licences(packages: &Packages, deny: &Deny) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages.all() {
        let licence = package.licence.as_deref().unwrap_or_default();
        if package.folder.is_some() && (licence != "Apache-2.0" || package.may_be_published) {
            found.push(format!("{}: our packages are Apache-2.0 and not published", package.name));
        }
        if !satisfied(licence, &deny.licences) {
            found.push(format!("{}: `{licence}` is not allowed", package.name));
        }
    }
    found
}

fn bans(packages: &Packages, deny: &Deny) -> Vec<String> {
    let mut found = Vec::new();
    for (name, wrappers) in &deny.banned {
        for user in packages.users_of(name) {
            if !wrappers.contains(&user.name) {
                found.push(format!("{} uses {name}, which is banned", user.name));
            }
        }
    }
    found
}

/// Whether an SPDX expression (with `/` as an old form of `OR`) is satisfied by the permitted licences.
fn satisfied(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any(&mut rest, allowed) && rest.is_empty()
}

fn any(words: &mut &[&str], allowed: &[String]) -> bool {
    let mut holds = all(words, allowed);
    while let Some((&"OR", rest)) = words.split_first() {
        *words = rest;
        holds |= all(words, allowed);
    }
    holds
}

fn all(words: &mut &[&str], allowed: &[String]) -> bool {
    let mut holds = one(words, allowed);
    while let Some((&"AND", rest)) = words.split_first() {
        *words = rest;
        holds &= one(words, allowed);
    }
    holds
}

fn one(words: &mut &[&str], allowed: &[String]) -> bool {
    let Some((first, rest)) = words.split_first() else { return false };
    *words = rest;
    if *first == "(" {
        let holds = any(words, allowed);
        let closed = words.split_first().is_some_and(|(word, _)| *word == ")");
        *words = words.get(1..).unwrap_or_default();
        return holds && closed;
    }
    let mut licence = (*first).to_owned();
    if let Some((&"WITH", [exception, rest @ ..])) = words.split_first() {
        *words = rest;
        licence = format!("{licence} WITH {exception}");
    }
    allowed.contains(&licence)
}

#[test]
fn licences_are_allowed() {
    none(&licences(packages::all(), &of_the_house()));
}

#[test]
fn nobody_uses_what_is_banned() {
    let deny = of_the_house();
    assert!(deny.banned.iter().any(|(name, _)| name == "openssl-sys"));
    none(&bans(packages::all(), &deny));
}

#[test]
fn another_licence_and_a_banned_crate_are_seen() {
    let deny = deny(
        "[licenses]\nallow = [\"Apache-2.0\", \"MIT\"]\n\
         [bans]\ndeny = [{ crate = \"openssl-sys\" }, { crate = \"z3\", wrappers = [\"xpc-proof\"] }]",
    );
    let good = || {
        Packages::made(&[
            ("xpc", "compiler/xpc", &["tls"]),
            ("xpc-proof", "compiler/xpc-proof", &["z3"]),
            ("tls", "", &[]),
            ("z3", "", &[]),
            ("openssl-sys", "", &[]),
        ])
    };
    none(&licences(&good(), &deny));
    none(&bans(&good(), &deny));
    let other = |name: &str, licence: &str| {
        licences(&good().with(name, |package| package.licence = Some(licence.to_owned())), &deny)
    };
    seen(&other("tls", "GPL-3.0"), "tls: `GPL-3.0`");
    seen(&other("tls", ""), "tls");
    seen(&other("xpc", "MIT"), "xpc: our packages");
    seen(
        &licences(&good().with("xpc", |package| package.may_be_published = true), &deny),
        "xpc: our packages",
    );
    let linked = |from: &str, to: &str| bans(&good().with(from, |p| p.linked.push(to.to_owned())), &deny);
    seen(&linked("tls", "openssl-sys"), "tls uses openssl-sys");
    seen(&linked("xpc", "z3"), "xpc uses z3");
}

#[test]
fn expressions_are_read_as_spdx_says() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
    for (expression, holds) in [
        ("MIT", true),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("MIT AND (GPL-3.0 OR ISC)", true),
        ("(MIT OR GPL-3.0) AND GPL-3.0", false),
        ("MIT OR GPL-3.0 AND GPL-2.0", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0", false),
        ("MIT )", false),
        ("( MIT", false),
        ("", false),
    ] {
        assert_eq!(satisfied(expression, &allowed), holds, "{expression}");
    }
}
