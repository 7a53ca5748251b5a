//! How things of two uses meet by their values.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;

use xp_artifact::declaration::{Clauses, KeyExpr, LevelExpr, Making, ThingExpr};
use xp_artifact::workflow::{
    Action, ActionId, ActionParam, Effect, Formula, Grant, GrantIx, Limit, Per, Pin, Repeat, Role, RoleId,
    RoleKind, Step, StepId, Workflow,
};
use xp_monitor::{Concrete, Evidence, Relation, Results, Use};
use xp_scope::thing::{Immutable, KeyDecl, Kind, Kinds};
use xp_scope::{Type, Value};

/// `Note in Folder` with names that the desk gives, and `Stamp` that never changes.
fn kinds() -> Kinds {
    let kind = |name: &str, parents: &[&str], immutable: Option<Immutable>| Kind {
        name: format!("desk.{name}"),
        realm: "desk".to_owned(),
        parents: parents.iter().map(|parent| format!("desk.{parent}")).collect(),
        key: vec![KeyDecl { name: "name".to_owned(), ty: Type::Text, fold: false, exact: true }],
        immutable,
        audience: None,
    };
    Kinds::new(vec![
        kind("Folder", &[], None),
        kind("Binder", &["Folder"], None),
        kind("Note", &["Folder", "Binder"], None),
        kind("Stamp", &[], Some(Immutable::Minted)),
    ])
    .unwrap()
}

fn argument(index: u32) -> KeyExpr {
    KeyExpr::Argument { index, fields: Vec::new() }
}

fn path(levels: &[(&str, KeyExpr)]) -> ThingExpr {
    let level = |(kind, key): &(&str, KeyExpr)| LevelExpr {
        kind: format!("desk.{kind}"),
        keys: vec![key.clone()],
        deep: false,
    };
    ThingExpr::Path(levels.iter().map(level).collect())
}

fn note() -> ThingExpr {
    path(&[("Folder", argument(0)), ("Note", argument(1))])
}

/// Named by the desk.
fn new_note() -> ThingExpr {
    path(&[("Folder", argument(0)), ("Note", KeyExpr::Field(Vec::new()))])
}

fn new_stamp() -> ThingExpr {
    path(&[("Stamp", KeyExpr::Field(Vec::new()))])
}

fn making(thing: ThingExpr) -> Clauses {
    let makes = vec![Making { thing, valid_while: Vec::new(), from: None }];
    Clauses { makes, ..Clauses::default() }
}

/// `look`, `make`, `stamp`, `change`, each granted once in one step.
fn workflow() -> Workflow {
    let action = |name: &str, clauses: Clauses| Action {
        connector: "desk".into(),
        name: name.into(),
        params: ["folder", "note"]
            .map(|name| ActionParam { name: name.into(), ty: Type::Text, default: None, optional: false })
            .into(),
        result: Type::Text,
        effect: Effect::Write,
        irreversible: false,
        reveals_untrusted: false,
        reveals_private: false,
        publishes: false,
        attests: false,
        clauses,
        shows: vec![],
        repeat: Repeat::Probe,
        transport: None,
    };
    let actions = vec![
        action("look", Clauses::default()),
        action("make", making(new_note())),
        action("stamp", making(new_stamp())),
        action("change", Clauses { changes: vec![note()], ..Clauses::default() }),
    ];
    let grant = |index: usize| Grant {
        action: ActionId::of(index),
        pins: vec![Pin::Any, Pin::Any],
        limit: Limit { uses: 1, per: Per::Opening },
        binder: None,
        ttl_seconds: 60,
    };
    let step = Step {
        name: "work".into(),
        role: RoleId(0),
        after: Formula::All(vec![]),
        grants: (0..actions.len()).map(grant).collect(),
        submissions: vec![],
        within: None,
        outcomes: vec![],
    };
    Workflow {
        name: "desk".into(),
        doc: None,
        params: vec![],
        roles: vec![Role { name: "clerk".into(), kind: RoleKind::Agent }],
        separations: vec![],
        kinds: kinds(),
        records: vec![],
        actions,
        steps: vec![step],
        loops: vec![],
        finish: Formula::All(vec![]),
        assumptions: vec![],
        leases: vec![],
        guards: vec![],
    }
}

const LOOK: u32 = 0;
const MAKE: u32 = 1;
const STAMP: u32 = 2;
const CHANGE: u32 = 3;

fn used(grant: u32, folder: &str, note: &str) -> Use {
    let text = |text: &str| Value::Text(text.into());
    let args = BTreeMap::from([("folder".to_owned(), text(folder)), ("note".to_owned(), text(note))]);
    Use { at: (StepId(0), GrantIx(grant)), opening: 1, by: "clerk".into(), args, result: None }
}

fn about(grant: u32, about: ThingExpr) -> Evidence {
    let by = (StepId(0), GrantIx(grant));
    Evidence {
        step: StepId(0),
        by,
        about: vec![(by, about)],
        perhaps: vec![],
        relying: vec![],
        judged: false,
        looked: None,
        renewed: vec![],
    }
}

#[test]
fn a_change_meets_evidence_about_the_same_thing_and_no_sibling() {
    let w = workflow();
    let (relation, seen) = (Concrete::of(&w), about(LOOK, note()));
    let given = used(LOOK, "in", "a");
    assert!(relation.alters(&used(CHANGE, "in", "a"), &seen, &given));
    assert!(!relation.alters(&used(CHANGE, "in", "b"), &seen, &given));
    assert!(!relation.alters(&used(CHANGE, "out", "a"), &seen, &given));
}

#[test]
fn a_name_that_is_not_known_yet_may_be_any_in_its_folder() {
    let w = workflow();
    let (relation, seen) = (Concrete::of(&w), about(LOOK, note()));
    assert!(relation.alters(&used(MAKE, "in", ""), &seen, &used(LOOK, "in", "a")));
    assert!(!relation.alters(&used(MAKE, "out", ""), &seen, &used(LOOK, "in", "a")));
    // Evidence about what was made, by its own result.
    let made = about(MAKE, new_note());
    assert!(relation.alters(&used(CHANGE, "in", "a"), &made, &used(MAKE, "in", "")));
}

#[test]
fn results_tell_names_apart() {
    let w = workflow();
    let mut results = Results::default();
    results.add(&used(MAKE, "in", ""), &Value::Text("a".into()));
    let relation = Concrete::knowing(&w, &results);
    let made = about(MAKE, new_note());
    let given = used(MAKE, "in", "");
    assert!(relation.alters(&used(CHANGE, "in", "a"), &made, &given));
    assert!(!relation.alters(&used(CHANGE, "in", "b"), &made, &given));
    // Another use of the same words had another name: either may be meant.
    results.add(&given, &Value::Text("b".into()));
    let relation = Concrete::knowing(&w, &results);
    assert!(relation.alters(&used(CHANGE, "in", "b"), &made, &given));
    // Not where it is known what this use gave back.
    let over = |name: &str| Use { result: Some(Value::Text(name.into())), ..given.clone() };
    assert!(relation.alters(&used(CHANGE, "in", "b"), &made, &over("b")));
    assert!(!relation.alters(&used(CHANGE, "in", "b"), &made, &over("a")));
}

#[test]
fn making_what_never_changes_alters_no_evidence_about_other_kinds() {
    let w = workflow();
    let relation = Concrete::of(&w);
    assert!(!relation.alters(&used(STAMP, "", ""), &about(LOOK, note()), &used(LOOK, "in", "a")));
    // Making a note alters its folder.
    let folder = about(LOOK, path(&[("Folder", argument(0))]));
    assert!(relation.alters(&used(MAKE, "in", ""), &folder, &used(LOOK, "in", "")));
    assert!(!relation.alters(&used(MAKE, "out", ""), &folder, &used(LOOK, "in", "")));
}

#[test]
fn every_thing_of_a_kind_is_also_what_lies_deeper() {
    let mut w = workflow();
    let all = |deep: bool| {
        let mut all = path(&[("Folder", argument(0)), ("Note", KeyExpr::Every(None))]);
        if let ThingExpr::Path(levels) = &mut all {
            levels[1].deep = deep;
        }
        vec![all]
    };
    w.actions[3].clauses.changes = all(true);
    let page = || path(&[("Folder", argument(0)), ("Binder", argument(1)), ("Note", argument(1))]);
    let relation = Concrete::of(&w);
    assert!(relation.alters(&used(CHANGE, "in", ""), &about(LOOK, page()), &used(LOOK, "in", "a")));
    assert!(!relation.alters(&used(CHANGE, "out", ""), &about(LOOK, page()), &used(LOOK, "in", "a")));
    // A binder encloses some of them; a stamp does not.
    let binder = path(&[("Folder", argument(0)), ("Binder", argument(1))]);
    assert!(relation.alters(&used(CHANGE, "in", ""), &about(LOOK, binder), &used(LOOK, "in", "a")));
    let stamp = path(&[("Folder", argument(0)), ("Stamp", argument(1))]);
    assert!(!relation.alters(&used(CHANGE, "in", ""), &about(LOOK, stamp), &used(LOOK, "in", "a")));
    // Those in the folder itself do not.
    w.actions[3].clauses.changes = all(false);
    let relation = Concrete::of(&w);
    assert!(!relation.alters(&used(CHANGE, "in", ""), &about(LOOK, page()), &used(LOOK, "in", "a")));
    assert!(relation.alters(&used(CHANGE, "in", ""), &about(LOOK, note()), &used(LOOK, "in", "a")));
}

#[test]
fn what_a_connector_does_not_describe_may_be_anything() {
    let mut w = workflow();
    let anything = about(LOOK, ThingExpr::Anything);
    for grant in [MAKE, STAMP, CHANGE] {
        assert!(Concrete::of(&w).alters(&used(grant, "in", "a"), &anything, &used(LOOK, "", "")), "{grant}");
    }
    w.actions[3].clauses.changes = vec![ThingExpr::Anything];
    assert!(Concrete::of(&w).alters(&used(CHANGE, "", ""), &about(LOOK, note()), &used(LOOK, "in", "a")));
}
