//! The declarations of the standard library as data, for those who hold them against an implementation.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use xp_artifact::action_digest;
use xp_artifact::workflow::{Action, Effect, Repeat};
use xp_diagnostics::Sources;
use xp_scope::Type;
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
fn the_registry_is_written_down() {
    let library = library();
    let kinds = library.kinds();
    let records: Vec<_> = library.records().cloned().collect();
    let digests: BTreeMap<String, String> = library
        .actions()
        .map(|action| (qualified(action), action_digest(action, &records, &kinds).to_string()))
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
        let clauses = &action.clauses;
        let leaves_all = matches!(action.effect, Effect::Read | Effect::Execute);
        assert_eq!(
            leaves_all,
            clauses.altered().next().is_none(),
            "{name}: what it changes, makes or removes"
        );
        assert!(clauses.changes.iter().all(|thing| !thing.levels().is_empty()), "{name}: changes anything");
        assert_eq!(action.effect == Effect::Delete, !clauses.removes.is_empty(), "{name}: removes");
        let finishes = matches!(action.effect, Effect::Merge | Effect::Deploy);
        assert_eq!(finishes, !clauses.finals.is_empty(), "{name}: final");
        assert_eq!(
            matches!(action.effect, Effect::Merge | Effect::Delete),
            action.irreversible && name != "deploy.production",
            "{name}: irreversible"
        );
        assert_eq!(action.attests, clauses.subjects().next().is_some(), "{name}: about what it attests");
        assert!(action.shows.is_empty() || action.effect == Effect::Read, "{name}: shows");
        assert!(action.repeat != Repeat::Manual, "{name}: would need a person after every crash");
        assert!(
            action.effect != Effect::Read || action.repeat == Repeat::Idempotent,
            "{name}: reading again"
        );
        assert_eq!(action.publishes, action.effect == Effect::Discuss, "{name}: publishes");
    }
}

/// The library leaves nothing unsaid that it could say: what is read, and where each field of a result comes from.
#[test]
fn every_field_says_where_it_comes_from() {
    let library = library();
    let records: BTreeMap<&str, _> = library.records().map(|record| (record.name.as_str(), record)).collect();
    for action in library.actions() {
        let name = qualified(action);
        let clauses = &action.clauses;
        assert!(clauses.reads.is_some(), "{name}: reads");
        assert!(
            clauses.makes.iter().all(|making| making.from.is_some()),
            "{name}: what goes into what it makes"
        );
        let fields: Vec<Vec<String>> = match &action.result {
            Type::Record(record) => {
                records[record.as_str()].fields.iter().map(|field| vec![field.name.clone()]).collect()
            }
            _ => vec![Vec::new()],
        };
        for field in fields {
            let from = clauses.from.iter().any(|content| content.field == field);
            assert!(from || clauses.identity(&field).is_some(), "{name}: {field:?}");
        }
    }
}

/// Connectors as an author would write them, each with the workflow it is for.
#[test]
fn connectors_of_other_kinds_have_no_faults() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../stdlib/tests");
    let mut met = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let checked = super::Checked::of(&text);
        assert_eq!(checked.codes(), Vec::<&str>::new(), "{}\n{}", path.display(), checked.drawn());
        let formatted = xp_syntax::format(&text).unwrap();
        if std::env::var_os("XP_BLESS").is_some() {
            std::fs::write(&path, &formatted).unwrap();
        } else {
            assert!(formatted == text, "{} is not formatted", path.display());
        }
        met.extend(checked.models.iter().map(|model| model.workflow.name.clone()));
    }
    met.sort();
    assert_eq!(met, ["deps", "docs", "export", "infra", "pay", "support"]);
}
