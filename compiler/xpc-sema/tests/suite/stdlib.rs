//! The declarations of the standard library as data, for those who hold them against an implementation.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use xp_artifact::action_digest;
use xp_artifact::workflow::{Action, Effect, Repeat};
use xp_diagnostics::Sources;
use xpc_sema::Library;

fn library() -> Library {
    Library::standard(&mut Sources::new())
}

fn qualified(action: &Action) -> String {
    format!("{}.{}", action.connector, action.name)
}

/// Holds a file beside the texts to what they declare; `XP_BLESS=1` writes it.
fn held(name: &str, value: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../stdlib").join(name);
    let text = serde_json::to_string_pretty(value).unwrap() + "\n";
    if std::env::var_os("XP_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "{name} is not what the texts declare; XP_BLESS=1 writes it");
}

#[test]
fn declarations_are_written_down() {
    let library = library();
    let actions: Vec<&Action> = library.actions().collect();
    let records: BTreeMap<&str, _> = library.records().map(|record| (record.name.as_str(), record)).collect();
    held(
        "declarations.json",
        &json!({ "actions": actions, "records": records.values().collect::<Vec<_>>() }),
    );
}

#[test]
fn the_registry_is_written_down() {
    let library = library();
    let records: Vec<_> = library.records().cloned().collect();
    let digests: BTreeMap<String, String> = library
        .actions()
        .map(|action| (qualified(action), action_digest(action, &records).to_string()))
        .collect();
    held("registry.json", &json!({ "version": 1, "actions": digests }));
}

#[test]
fn every_action_is_there() {
    let library = library();
    let names: Vec<String> = library.actions().map(qualified).collect();
    let mut sorted = names.clone();
    sorted.sort();
    assert_eq!(
        sorted,
        [
            "deploy.production",
            "deploy.staging",
            "github.branches.create",
            "github.contents.read",
            "github.contents.write",
            "github.issues.comment",
            "github.issues.create",
            "github.issues.delete",
            "github.issues.read",
            "github.issues.search",
            "github.pulls.ensure",
            "github.pulls.merge",
            "github.pulls.read",
            "github.pulls.review",
            "sandbox.run",
        ]
    );
    assert_eq!(library.modules().collect::<Vec<_>>(), ["std.deploy", "std.github", "std.sandbox"]);
}

/// What the proofs assume of a declaration, and a slip in it would undo.
#[test]
fn labels_fit_effects() {
    for action in library().actions() {
        let name = qualified(action);
        let changes = matches!(action.effect, Effect::Write | Effect::Merge);
        assert_eq!(changes, !action.touches.is_empty(), "{name}: what it touches");
        assert_eq!(
            matches!(action.effect, Effect::Merge | Effect::Delete),
            action.irreversible && name != "deploy.production",
            "{name}: irreversible"
        );
        assert!(!action.attests || !action.about.is_empty(), "{name}: attests about nothing");
        assert!(action.shows.is_empty() || action.effect == Effect::Read, "{name}: shows");
        assert!(action.repeat != Repeat::Manual, "{name}: would need a person after every crash");
        assert!(
            action.effect != Effect::Read || action.repeat == Repeat::Idempotent,
            "{name}: reading again"
        );
        assert_eq!(action.publishes, action.effect == Effect::Discuss, "{name}: publishes");
    }
}
