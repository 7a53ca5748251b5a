//! `xpc import openapi`: a draft that a person confirms, from a text that nobody trusts.

use std::collections::HashSet;
use std::path::Path;

use serde_json::{Value, json};
use xp_diagnostics::{Severity, SourceId};
use xp_syntax::ast::{self, ClauseKind};

use super::{Ran, check, codes, folder_with, run};

const LIBRARY: &str = include_str!("openapi/library.json");
const SHOP: &str = include_str!("openapi/shop.json");
const HOSTILE: &str = include_str!("openapi/hostile.json");

fn import(description: &str) -> Ran {
    let folder = folder_with("shop.json", description);
    run(folder.path(), &["import", "openapi", "shop.json"])
}

/// The connector of a draft, which is formatted, has no syntax error, and is alone in its file.
#[track_caller]
pub(super) fn connector(ran: &Ran) -> ast::Connector {
    let parsed = xp_syntax::parse(SourceId(0), &ran.out);
    assert!(parsed.diagnostics.iter().all(|fault| fault.severity != Severity::Error), "{ran}");
    assert_eq!(xp_syntax::format(&ran.out).as_deref(), Ok(ran.out.as_str()), "it is formatted");
    let ast::File { uses, mut connectors, workflows, .. } = parsed.tree;
    assert!(uses.is_empty() && workflows.is_empty() && connectors.len() == 1, "{ran}");
    connectors.remove(0)
}

pub(super) fn names(connector: &ast::Connector) -> Vec<String> {
    connector.actions.iter().map(|action| action.name.text()).collect()
}

pub(super) fn says_what_it_does(action: &ast::Action) -> bool {
    action.clauses.iter().any(|clause| matches!(clause.kind, ClauseKind::Effect(_) | ClauseKind::Changes(..)))
}

/// A description of one operation.
fn one(path: &str, method: &str, operation: &Value) -> String {
    json!({ "openapi": "3.0.0", "paths": { path: { method: operation } } }).to_string()
}

fn get(parameters: &Value) -> Value {
    json!({ "operationId": "look", "parameters": parameters, "responses": { "200": { "description": "" } } })
}

#[test]
fn a_description_that_only_reads_is_checked_and_built_as_drafted() {
    let folder = folder_with("library.json", LIBRARY);
    let here = folder.path();
    let ran = run(here, &["import", "openapi", "library.json", "-o", "library.xp"]).exits(0);
    assert_eq!(ran.out, "");
    let ran =
        ran.says(&["drafted 2 of 2 operations as actions of `library`", "2 action(s) by GET", "to confirm"]);
    assert!(!ran.talk.contains("left out"), "{ran}");
    run(here, &["check", "library.xp"]).exits(0);
    run(here, &["fmt", "--check", "library.xp"]).exits(0);
    run(here, &["build", "library.xp", "--connector", "library", "-o", "declared.json"]).exits(0);
    let declared: Value =
        serde_json::from_slice(&std::fs::read(here.join("declared.json")).expect("built")).expect("JSON");
    assert_eq!(declared["actions"].as_array().map(Vec::len), Some(2), "{declared:#}");
}

#[test]
fn what_may_act_is_refused_until_a_person_says_what_it_does() {
    let description = one(
        "/orders/{order}/refunds",
        "post",
        &json!({
            "operationId": "refund",
            "summary": "only looks",
            "x-readOnlyHint": true,
            "parameters": [{ "name": "order", "in": "path", "required": true, "schema": { "type": "string" } }],
            "requestBody": { "required": true, "content": { "application/json": { "schema": {
                "type": "object", "required": ["cents"], "properties": { "cents": { "type": "integer" } }
            } } } },
            "responses": { "201": { "description": "" } }
        }),
    );
    let ran = import(&description).exits(0).says(&["1 action(s) by other methods", "refused until"]);
    let (refused, object) = check(&ran.out);
    refused.exits(2);
    assert_eq!(codes(&object), ["XP0409"], "{object:#}");
    let lacks = ran.out.matches("// to confirm: say `effect` and `changes`").count();
    assert_eq!(lacks, 1, "{ran}");
    let confirmed =
        ran.out.replace("// to confirm: say `effect` and `changes`", "effect pay\n    changes anything");
    check(&confirmed).0.exits(0);
}

#[test]
fn a_draft_is_as_it_was() {
    let ran = import(SHOP).exits(0);
    insta::assert_snapshot!("import_shop", format!("{}\n-- stderr\n{}", ran.out, ran.talk));
    let connector = connector(&ran);
    for action in &connector.actions {
        let is_get = action.name.text() == "getOrder";
        assert_eq!(says_what_it_does(action), is_get, "{}", action.name.text());
    }
    let codes_of =
        |text: &str| -> HashSet<String> { codes(&check(text).1).into_iter().map(str::to_owned).collect() };
    assert_eq!(codes_of(&ran.out), HashSet::from(["XP0409".to_owned()]));
    // A success that is not described is said by a person, too.
    let confirmed =
        ran.out.replace("// to confirm: say `effect` and `changes`", "effect write\nchanges anything");
    assert_eq!(codes_of(&confirmed), HashSet::from(["XP0332".to_owned()]));
    let missing = "// to confirm: no status of a success is described; say `http success`";
    assert_eq!(codes_of(&confirmed.replace(missing, "http success 200")), HashSet::new());
}

#[test]
fn a_hostile_description_is_text_and_nothing_else() {
    let ran = import(HOSTILE).exits(0);
    let connector = connector(&ran);
    let found = names(&connector);
    assert_eq!(found.len(), 6, "{ran}");
    let folded: HashSet<String> =
        found.iter().map(|name| name.to_lowercase().replace(['.', '_'], "")).collect();
    assert_eq!(folded.len(), found.len(), "{found:?}");
    let acting = connector.actions.iter().filter(|action| !says_what_it_does(action)).count();
    assert_eq!(acting, 4, "POST, PUT, PATCH and DELETE: {ran}");
    for text in [&ran.out, &ran.talk] {
        assert!(
            !text.contains("MARKER") && !text.contains("delete_all") && !text.contains('\u{202e}'),
            "{ran}"
        );
    }
    assert!(!ran.out.contains("root:"), "{ran}");
    for left in [
        "HOST",
        "X-HTTP-Method-Override",
        "X-A",
        "circle",
        "self.self",
        "out",
        "file",
        "beside",
        "nowhere",
        "bad",
        "trace",
    ] {
        let named = ran
            .out
            .lines()
            .any(|line| line.trim().starts_with("// left out: ") && line.contains(&format!("\"{left}")));
        assert!(named, "{left} is not named: {ran}");
    }
    // The names that can stand in a request arrive there as they are.
    let at: Vec<&str> = connector
        .actions
        .iter()
        .flat_map(|action| &action.clauses)
        .filter_map(|clause| match &clause.kind {
            ClauseKind::Http(ast::Transport::Result { at, .. }) => at.as_ref().map(|at| at.value.as_str()),
            ClauseKind::Http(ast::Transport::Line { text, value: Some(_), .. }) => match &text.kind {
                ast::ExprKind::Literal(ast::LiteralKind::Text(text)) => Some(text.as_str()),
                _ => None,
            },
            _ => None,
        })
        .collect();
    for name in ["\"}{{q}\\", "/\"\n}\n}\nconnector three {", "/ünï\tcödé {brace}", "/~1~1 comment"] {
        assert!(at.contains(&name), "{name:?} in {at:?}");
    }
}

/// Each text in each place of a description: the draft has one connector and one action, and reads as what it is.
#[test]
fn no_text_of_a_description_becomes_anything_else() {
    let long = "x".repeat(5_000);
    let texts = [
        "\"",
        "\\",
        "\\\"",
        "{",
        "}",
        "{{",
        "{a}",
        "\n",
        "\r\n",
        "\"\n}\naction x() {",
        "} } workflow w {",
        "// c",
        "/// d",
        "/* */",
        "*/",
        "'",
        "`",
        "$ref",
        "#",
        "..",
        ".",
        "",
        " ",
        "\t",
        "\0",
        "\u{1b}[31m",
        "\u{202e}",
        "\u{2028}",
        "\u{feff}",
        "é",
        "e\u{301}",
        "日本",
        "🦀",
        "a b",
        "a-b",
        "a.b",
        "a/b",
        "~",
        "~0",
        "~1",
        "%7B",
        "0",
        "-1",
        "true",
        "any",
        "workflow",
        "result",
        "effect",
        "http",
        "text",
        "list",
        "optional",
        "max",
        long.as_str(),
    ];
    for text in texts {
        let parameter = |place: &str| json!({ "name": text, "in": place, "required": true, "schema": { "type": "string", "enum": [text, "b"] } });
        let operation = json!({
            "operationId": text, "summary": text, "description": text, "tags": [text], "x-a": text,
            "parameters": [parameter("query"), parameter("header"), parameter("cookie"), parameter(text)],
            "requestBody": { "content": { "application/json": { "schema": { "title": text, "properties": {
                text: { "type": "string", "description": text, "format": text },
                "a": { "type": "object", "properties": { text: { "type": "array", "items": { "type": "string" } } } },
                "b": { "type": text }, "c": { "$ref": text }
            } } }, text: { "schema": { "type": "string" } } } },
            "responses": { "200": { "description": text, "content": { "application/json": { "schema": { "properties": {
                text: { "type": "string", "default": text, "enum": [text, "other", "third"] }
            } } } } }, text: {} }
        });
        let description = json!({
            "openapi": "3.1.0", "info": { "title": text }, "tags": [{ "name": text }],
            "paths": { "/fixed": { "post": operation, format!("y{text}"): {} }, text: { "get": { "responses": { text: {} } } } }
        });
        let ran = import(&description.to_string()).exits(0);
        let connector = connector(&ran);
        assert!(matches!(connector.actions.len(), 1 | 2), "{text:?}: {ran}");
        assert!(
            connector.resources.is_empty() && connector.types.is_empty() && connector.doc.is_none(),
            "{ran}"
        );
        let [acting, ..] = connector.actions.as_slice() else { panic!("{ran}") };
        assert!(!says_what_it_does(acting) && acting.doc.is_none(), "{text:?}: {ran}");
        let kinds: Vec<&ClauseKind> = acting.clauses.iter().map(|clause| &clause.kind).collect();
        let known = |kind: &&ClauseKind| {
            matches!(kind, ClauseKind::Reveals(_) | ClauseKind::Repeat(_) | ClauseKind::Http(_))
        };
        assert!(kinds.iter().all(known), "{text:?}: {ran}");
        assert!(ran.out.lines().all(|line| line.len() < 1_000), "{text:?} is cut: {ran}");
        let (_, object) = check(&ran.out);
        let wrong: Vec<&str> =
            codes(&object).into_iter().filter(|code| !["XP0409", "XP0332"].contains(code)).collect();
        assert!(wrong.is_empty(), "{text:?}: {object:#} {ran}");
    }
}

#[test]
fn references_lead_to_no_other_file_and_no_network() {
    let folder = folder_with(
        "other.json",
        r##"{ "a": { "type": "object", "properties": { "canary": { "type": "string" } } } }"##,
    );
    let other = folder.path().join("other.json");
    let references = [
        "other.json".to_owned(),
        "./other.json#/a".to_owned(),
        other.display().to_string(),
        format!("file://{}#/a", other.display()),
        "http://127.0.0.1:9/other.json#/a".to_owned(),
    ];
    let members: serde_json::Map<String, Value> = references
        .iter()
        .zip('a'..)
        .map(|(to, name)| (format!("member_{name}"), json!({ "$ref": to })))
        .collect();
    let body = json!({ "content": { "application/json": { "schema": { "type": "object", "properties": members } } } });
    let operation = json!({ "operationId": "go", "requestBody": body, "responses": { "200": {} } });
    let described = json!({ "openapi": "3.0.0", "paths": {
        "/go": { "post": operation },
        "/item": { "$ref": "other.json#/item" },
        "/answers": { "get": { "parameters": [{ "$ref": "other.json#/p" }], "responses": { "200": { "$ref": "other.json#/r" } } } }
    } });
    std::fs::write(folder.path().join("description.json"), described.to_string()).expect("written");
    let ran = run(folder.path(), &["import", "openapi", "description.json"]).exits(0);
    assert!(!ran.out.contains("canary") && !ran.talk.contains("canary"), "{ran}");
    let outside = ran.out.matches("its reference leads out of this document").count();
    assert_eq!(outside, references.len() + 3, "{ran}");
    // The programme opens the description alone.
    let trace = std::process::Command::new("strace")
        .args(["-f", "-e", "trace=network,open,openat", xp_tests::program("xpc").to_str().expect("a path")])
        .args(["import", "openapi", "description.json"])
        .current_dir(folder.path())
        .output();
    if let Ok(trace) = trace {
        let calls = String::from_utf8_lossy(&trace.stderr);
        if calls.contains("description.json") {
            assert!(!calls.contains("other.json\"") && !calls.contains("AF_INET"), "{calls}");
        }
    }
}

#[test]
fn numbers_and_their_cure_are_named() {
    let number = json!({ "type": "number" });
    let ran = import(&one(
        "/a",
        "get",
        &get(&json!([{ "name": "price", "in": "query", "required": true, "schema": number }])),
    ))
    .exits(0);
    assert!(ran.out.contains("// left out: query parameter \"price\" (required): a number is no type; declare it as `decimal(S)`"), "{ran}");
    ran.says(&["1  a number is no type"]);
}

#[test]
fn names_of_actions_come_from_method_and_path_if_there_is_no_identifier() {
    let operation = json!({ "responses": { "200": {} } });
    let ran = import(&one("/v1/order-items", "get", &operation)).exits(0);
    assert_eq!(names(&connector(&ran)), ["get_v1_order_items"]);
    let ran = import(&one("/", "delete", &operation)).exits(0);
    assert_eq!(names(&connector(&ran)), ["delete_base"]);
}

#[test]
fn limits_hold() {
    let parameters = |count: usize| -> Value {
        (0..count)
            .map(|at| json!({ "name": format!("p{at}"), "in": "query", "schema": { "type": "string" } }))
            .collect()
    };
    let ran = import(&one("/a", "get", &get(&parameters(200)))).exits(0);
    assert_eq!(connector(&ran).actions[0].params.len(), 200);
    import(&one("/a", "get", &get(&parameters(201))))
        .exits(2)
        .says(&["no operation that can be drafted", "more than 200 parameters"]);
    import(&one("/a", "get", &get(&parameters(1_001)))).exits(2).says(&["more than 200 parameters"]);

    let paths = |count: usize| -> serde_json::Map<String, Value> {
        (0..count).map(|at| (format!("/p{at}"), json!({ "get": { "responses": { "200": {} } } }))).collect()
    };
    let ran = import(&json!({ "openapi": "3.0.0", "paths": paths(2_000) }).to_string()).exits(0);
    assert_eq!(connector(&ran).actions.len(), 2_000);
    import(&json!({ "openapi": "3.0.0", "paths": paths(2_001) }).to_string())
        .exits(2)
        .says(&["more than 2000 operations"]);

    // Objects whose members are all each other: without a bound, a million million members.
    let wide: serde_json::Map<String, Value> = (0..1_000)
        .map(|at| (format!("m{at}"), json!({ "$ref": format!("#/components/schemas/s{}", at % 7) })))
        .collect();
    let schemas: serde_json::Map<String, Value> =
        (0..7).map(|at| (format!("s{at}"), json!({ "type": "object", "properties": wide }))).collect();
    let body =
        json!({ "content": { "application/json": { "schema": { "$ref": "#/components/schemas/s0" } } } });
    let operation = json!({ "requestBody": body, "responses": { "200": {} } });
    let described = json!({ "openapi": "3.0.0", "paths": { "/a": { "post": operation } }, "components": { "schemas": schemas } });
    import(&described.to_string()).exits(2).says(&["more than 1000 parts"]);

    let mut large = one("/a", "get", &get(&json!([])));
    large.push_str(&" ".repeat((16 << 20) + 1 - large.len()));
    import(&large).exits(2).says(&["has more than 16 MiB"]);
    large.pop();
    import(&large).exits(0);
}

#[test]
fn what_is_no_description_is_said() {
    for (text, said) in [
        ("openapi: 3.0.0\npaths: {}\n", "YAML"),
        ("", "no JSON"),
        ("[]", "version 3.0 or 3.1"),
        ("{}", "version 3.0 or 3.1"),
        (r#"{"swagger":"2.0","paths":{}}"#, "Swagger 2"),
        (r#"{"openapi":"4.0.0","paths":{}}"#, "version 3.0 or 3.1"),
        (r#"{"openapi":3,"paths":{}}"#, "version 3.0 or 3.1"),
        (r#"{"openapi":"3.0.0"}"#, "describes no paths"),
        (r#"{"openapi":"3.0.0","paths":[]}"#, "describes no paths"),
        (r#"{"openapi":"3.0.0","paths":{}}"#, "no operation that can be drafted"),
        (r#"{"openapi":"3.0.0","paths":{"/a":{"get":{},"get":{}}}}"#, "twice"),
        (r#"{"openapi":"3.0.0","paths":{"/a":{"get":1}}}"#, "no operation"),
        (r#"{"openapi":"3.0.0","paths":{"/a":{"head":{}}}}"#, "this method"),
    ] {
        let ran = import(text).exits(2).says(&["shop.json", said]);
        assert_eq!(ran.out, "", "{ran}");
    }
    let deep = format!(r#"{{"openapi":"3.0.0","paths":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    import(&deep).exits(2).says(&["no JSON that can be read"]);
    run(Path::new("/"), &["import", "openapi", "no-such-file.json"])
        .exits(2)
        .says(&["no-such-file.json", "cannot be read"]);
}

#[test]
fn a_draft_replaces_no_file() {
    let folder = folder_with("library.json", LIBRARY);
    let here = folder.path();
    std::fs::write(here.join("there.xp"), "what was there").expect("written");
    std::os::unix::fs::symlink("nowhere.xp", here.join("link.xp")).expect("a link");
    for output in ["there.xp", "link.xp", "library.json", "."] {
        run(here, &["import", "openapi", "library.json", "-o", output]).exits(2).says(&[output, "exists"]);
    }
    assert_eq!(std::fs::read_to_string(here.join("there.xp")).expect("there"), "what was there");
    assert!(!here.join("nowhere.xp").exists());
    run(here, &["import", "openapi", "library.json", "-o", "no/such/x.xp"]).exits(2).says(&["no/such/x.xp"]);
    for (name, fits) in [("books", true), ("2books", false), ("a b", false), ("workflow", false), ("", false)]
    {
        let ran = run(here, &["import", "openapi", "library.json", "--name", name]);
        assert_eq!(ran.code, if fits { 0 } else { 2 }, "{name:?}: {ran}");
        assert_eq!(ran.out.contains("\nconnector books {"), fits, "{ran}");
    }
}
