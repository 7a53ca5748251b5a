//! Terms that belong to one part of the runtime: names of forges to the connectors, SQL to the store.

use super::files::{self, File};
use super::rust_text;

/// Product sources of the runtime outside one package.
fn runtime_but<'f>(files: &'f [File], package: &'f str) -> impl Iterator<Item = &'f File> {
    files.iter().filter(move |file| {
        let inside = file.path.strip_prefix("runtime/").and_then(|rest| rest.split_once('/'));
        inside.is_some_and(|(name, rest)| name != package && rest.starts_with("src/") && file.is("rs"))
    })
}

/// Only connectors name a forge, and the crate of logins, where one is a provider; in code and in comments.
fn forges(files: &[File]) -> Vec<String> {
    let names = ["github", "gitlab", "gitea", "forgejo", "bitbucket"];
    let mut found = Vec::new();
    let all = runtime_but(files, "xpd-connectors");
    for file in all.filter(|file| !file.path.starts_with("runtime/xpd-login/")) {
        let text = file.text.as_deref().unwrap_or_default().to_lowercase();
        found.extend(
            names.iter().filter(|name| text.contains(**name)).map(|name| format!("{}: {name}", file.path)),
        );
    }
    found
}

/// Beginnings of SQL statements, in upper or lower case.
fn statements(files: &[File]) -> Vec<String> {
    let begins =
        ["select ", "insert into ", "insert or ", "update ", "delete from ", "create table ", "pragma "];
    let mut found = Vec::new();
    for file in runtime_but(files, "xpd-store") {
        let text = rust_text::without_tests_and_comments(file.text.as_deref().unwrap_or_default());
        let text = text.to_lowercase();
        let quoted = |begin: &&&str| text.contains(&format!("\"{begin}"));
        found.extend(begins.iter().filter(quoted).map(|begin| format!("{}: {begin}", file.path)));
    }
    found
}

#[test]
fn forges_are_named_by_connectors_alone() {
    super::none(&forges(files::all()));
    let made = |path: &str| forges(&[File::made(path, "/// As GitHub does.\nfn f() {}\n")]);
    super::seen(&made("runtime/xpd-engine/src/a.rs"), "xpd-engine/src/a.rs: github");
    super::seen(&made("runtime/xpd/src/command/b.rs"), "b.rs: github");
    super::none(&made("runtime/xpd-connectors/src/github/mod.rs"));
    super::none(&made("runtime/xpd-engine/tests/a.rs"));
    super::none(&made("lang/xp-scope/src/a.rs"));
}

#[test]
fn sql_is_written_in_the_store_alone() {
    super::none(&statements(files::all()));
    let made = |path: &str, text: &str| statements(&[File::made(path, text)]);
    let select = "fn f() { query(\"SELECT 1\"); }";
    super::seen(&made("runtime/xpd-engine/src/a.rs", select), "a.rs: select");
    super::seen(
        &made("runtime/xpd/src/a.rs", "const A: &str = \"delete from grants\";"),
        "a.rs: delete from",
    );
    super::none(&made("runtime/xpd-store/src/sqlite/a.rs", select));
    super::none(&made("runtime/xpd-engine/src/a.rs", "// \"SELECT 1\"\nfn f() {}"));
}
