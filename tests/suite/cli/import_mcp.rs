//! `xpc import mcp`: a draft that a person confirms, from a list of tools that nobody trusts.

use std::collections::HashSet;
use std::path::Path;

use serde_json::{Value, json};
use xp_artifact::ConnectorFile;
use xp_artifact::mcp::tool_digest;
use xp_artifact::workflow::Transport;
use xp_json::Tree;
use xp_syntax::ast::{self, ClauseKind};

use super::import::{connector, names, says_what_it_does};
use super::{Ran, check, codes, folder_with, run};

/// Lists as servers of these packages and versions gave them, and how many tools of each are drafted.
const SERVERS: [(&str, &str, usize, usize); 5] = [
    ("git", include_str!("mcp/mcp-server-git-2026.10.19.json"), 12, 12),
    ("time", include_str!("mcp/mcp-server-time-2026.10.19.json"), 2, 2),
    ("filesystem", include_str!("mcp/server-filesystem-2026.8.31.json"), 14, 14),
    ("memory", include_str!("mcp/server-memory-2026.8.31.json"), 9, 9),
    ("everything", include_str!("mcp/server-everything-2026.8.31.json"), 12, 13),
];

const TO_CONFIRM: &str = "// to confirm: say `effect`, `changes` and `repeat`";

fn import(list: &str) -> Ran {
    let folder = folder_with("tools.json", list);
    run(folder.path(), &["import", "mcp", "tools.json", "--name", "server"])
}

fn tool(name: &str, properties: &Value, required: &Value) -> Value {
    json!({ "name": name, "inputSchema": { "type": "object", "properties": properties, "required": required } })
}

fn of(tools: &[Value]) -> Ran {
    import(&json!({ "tools": tools }).to_string())
}

fn confirmed(draft: &str) -> String {
    draft.replace(TO_CONFIRM, "effect write\nchanges anything\nrepeat manual")
}

/// What is left out of a draft, as its comments say.
fn left_out(ran: &Ran) -> Vec<&str> {
    ran.out.lines().filter_map(|line| line.trim().strip_prefix("// left out: ")).collect()
}

/// Names of the arguments.
fn arguments(action: &ast::Action) -> Vec<String> {
    let name = |param: &ast::ActionParam| param.name.text.clone();
    action.params.iter().map(name).collect()
}

#[test]
fn lists_of_real_servers_are_drafted_and_built_once_a_person_confirms() {
    for (name, list, drafted, all) in SERVERS {
        let folder = folder_with("tools.json", list);
        let here = folder.path();
        let ran = run(here, &["import", "mcp", "tools.json", "--name", name]).exits(0);
        let ran = ran.says(&[&format!("drafted {drafted} of {all} tools as actions of `{name}`")]);
        let found = connector(&ran);
        assert_eq!(found.actions.len(), drafted, "{ran}");
        assert!(!found.actions.iter().any(says_what_it_does), "{ran}");
        let tools_left = left_out(&ran).iter().filter(|left| left.starts_with("tool ")).count();
        assert_eq!(tools_left, all - drafted, "{ran}");
        insta::assert_snapshot!(
            format!("import_mcp_{name}"),
            format!("{}\n-- stderr\n{}", ran.out, ran.talk)
        );

        let (refused, object) = check(&ran.out);
        refused.exits(2);
        assert_eq!(codes(&object), vec!["XP0409"; drafted], "{object:#}");

        std::fs::write(here.join("confirmed.xp"), confirmed(&ran.out)).expect("written");
        run(here, &["check", "confirmed.xp"]).exits(0);
        run(here, &["build", "confirmed.xp", "--connector", name, "-o", "declared.json"]).exits(0);
        let file =
            ConnectorFile::open(&std::fs::read(here.join("declared.json")).expect("built")).expect("opens");
        assert_eq!(file.actions.len(), drafted);
        // Each action calls the tool as it is listed.
        let list = Tree::read_within(list.as_bytes(), 67).expect("JSON");
        let tools = list.at("/result/tools").and_then(Tree::as_list).expect("tools");
        for action in &file.actions {
            let Some(Transport::Mcp(mcp)) = &action.transport else { panic!("{action:?}") };
            let is = |tool: &&Tree| tool.get("name").and_then(Tree::as_text) == Some(mcp.tool.as_str());
            let tool = tools.iter().find(is).expect("listed");
            assert_eq!(mcp.listed, tool_digest(tool), "{}", mcp.tool);
        }
    }
}

#[test]
fn the_three_forms_of_a_list_are_one_draft() {
    let tools = json!([tool("read", &json!({ "id": { "type": "string" } }), &json!(["id"]))]);
    let forms = [
        tools.clone(),
        json!({ "tools": tools }),
        json!({ "jsonrpc": "2.0", "id": 1, "result": { "tools": tools } }),
    ];
    let drafts: HashSet<String> = forms.iter().map(|form| import(&form.to_string()).exits(0).out).collect();
    assert_eq!(drafts.len(), 1, "{drafts:?}");
    let page = json!({ "tools": tools, "nextCursor": "MARKER" });
    let ran = import(&page.to_string()).exits(0).says(&["nextCursor"]);
    assert!(!ran.talk.contains("MARKER"), "{ran}");
}

#[test]
fn each_clause_is_a_persons() {
    let draft = of(&[tool("pay", &json!({}), &json!([]))]).exits(0).out;
    for (clauses, fits) in [
        ("", false),
        ("effect pay", false),
        ("effect pay\nchanges anything", false),
        ("effect pay\nrepeat manual", false),
        ("changes anything\nrepeat manual", false),
        ("effect pay\nchanges anything\nrepeat manual", true),
    ] {
        let (ran, object) = check(&draft.replace(TO_CONFIRM, clauses));
        assert_eq!(ran.code, if fits { 0 } else { 2 }, "{clauses}: {object:#}");
    }
}

#[test]
fn hints_of_a_server_are_words_of_ours_in_a_comment() {
    let mut look = tool("delete_all", &json!({}), &json!([]));
    look["annotations"] = json!({
        "title": "MARKER", "readOnlyHint": true, "destructiveHint": "MARKER", "idempotentHint": true, "x": "MARKER"
    });
    let ran = of(&[look.clone()]).exits(0);
    assert!(
        ran.out.contains("// the server suggests: it only reads; a repetition changes nothing more\n"),
        "{ran}"
    );
    assert!(!ran.out.contains("MARKER"), "{ran}");
    let found = connector(&ran);
    assert!(!says_what_it_does(&found.actions[0]), "{ran}");
    assert!(
        !found.actions[0].clauses.iter().any(|clause| matches!(clause.kind, ClauseKind::Repeat(_))),
        "{ran}"
    );
}

#[test]
fn schemas_become_types_and_what_does_not_is_named() {
    let properties = json!({
        "id": { "type": "string" },
        "count": { "type": "integer" },
        "force": { "type": "boolean" },
        "at": { "type": "string", "format": "date-time" },
        "link": { "type": "string", "format": "uri" },
        "mode": { "enum": ["fast", "slow"], "type": "string" },
        "tags": { "type": "array", "items": { "type": "string" } },
        "note": { "type": "object", "required": ["id"], "properties": { "id": { "type": "string" }, "a/b~c": { "type": "integer" } } },
        "maybe": { "anyOf": [{ "type": "string" }, { "type": "null" }] },
        "shared": { "$ref": "#/$defs/Shared" },
        "price": { "type": "number" },
        "either": { "oneOf": [{ "type": "string" }, { "type": "integer" }] },
        "both": { "anyOf": [{ "type": "string" }, { "type": "integer" }] },
        "map": { "type": "object", "additionalProperties": { "type": "string" } },
        "pattern": { "type": "object", "patternProperties": { "^a": {} } },
        "circle": { "$ref": "#/$defs/Circle" },
        "file": { "$ref": "file:///etc/passwd" },
        "web": { "$ref": "http://127.0.0.1:9/a#/b" },
        "rows": { "type": "array", "items": { "type": "object", "properties": { "a": { "type": "string" } } } },
        "mixed": { "anyOf": [{ "type": "null" }, { "type": "string" }], "properties": { "a": {} } },
        "0": { "type": "string" },
        "bad\u{202e}": { "type": "string" }
    });
    let mut one = tool("many", &properties, &json!(["id", "note"]));
    one["inputSchema"]["$defs"] = json!({
        "Shared": { "type": "string" },
        "Circle": { "type": "object", "properties": { "self": { "$ref": "#/$defs/Circle" }, "word": { "type": "string" } } }
    });
    one["inputSchema"]["additionalProperties"] = json!(true);
    one["outputSchema"] = json!({ "type": "object", "required": ["ok"], "properties": {
        "ok": { "type": "boolean" }, "part/one": { "type": "string" }, "inner": { "type": "object", "properties": { "a": { "type": "string" } } }
    } });
    let ran = of(&[one]).exits(0);
    insta::assert_snapshot!("import_mcp_types", ran.out);
    for left in
        ["price", "either", "both", "map", "pattern", "circle.self", "file", "web", "mixed", "0", "bad"]
    {
        let named = left_out(&ran).iter().any(|line| line.starts_with(&format!("argument \"{left}")));
        assert!(named, "{left} is not named: {ran}");
    }
    for at in
        ["\"/note/id\" is note_id", "\"/note/a~1b~0c\" is note_a_b_c", "\"/circle/word\" is circle_word"]
    {
        assert!(ran.out.contains(&format!("mcp argument {at}\n")), "{at}: {ran}");
    }
    assert!(ran.out.contains("at \"/part~1one\"\n"), "{ran}");
    check(&confirmed(&ran.out)).0.exits(0);
}

#[test]
fn an_array_of_objects_is_a_list_of_records_as_a_whole_or_not_at_all() {
    let text = json!({ "type": "string" });
    let of = |items: &Value| json!({ "type": "array", "items": items });
    let record = |properties: &Value, required: &Value| json!({ "type": "object", "properties": properties, "required": required });
    let named = |names: &[String]| -> Value {
        names.iter().map(|name| (name.clone(), text.clone())).collect::<serde_json::Map<_, _>>().into()
    };
    let many: Vec<String> = (0..51).map(|at| format!("m{at}")).collect();
    let words = json!({ "from": text, "kind": { "enum": ["a", "b"], "type": "string" }, "marks": of(&json!({ "type": "integer" })) });
    let nullable = json!({ "a": { "anyOf": [text, { "type": "null" }] } });
    let mut open = record(&json!({ "a": text }), &json!([]));
    open["additionalProperties"] = json!(true);
    let mut several = record(&json!({ "a": text }), &json!([]));
    several["anyOf"] = json!([{ "required": ["a"] }]);
    let mut read_only = record(&json!({ "a": text }), &json!([]));
    read_only["properties"]["a"] = json!({ "type": "string", "readOnly": true });

    for (items, drafted) in [
        (
            record(&words, &json!(["from", "marks"])),
            "{ from: text, kind: optional a | b, marks: list of int }",
        ),
        (json!({ "$ref": "#/$defs/Row" }), "{ a: optional text }"),
        (record(&nullable, &json!([])), "{ a: optional text }"),
        (record(&named(&many[..50]), &json!([])), "m49: optional text"),
    ] {
        let mut one = tool("put", &json!({ "rows": of(&items) }), &json!(["rows"]));
        one["inputSchema"]["$defs"] = json!({ "Row": record(&json!({ "a": text }), &json!([])) });
        let ran = import(&json!([one]).to_string()).exits(0);
        assert!(left_out(&ran).is_empty(), "{ran}");
        assert!(ran.out.contains(drafted), "{ran}");
        check(&confirmed(&ran.out)).0.exits(0);
    }

    let objects = of(&record(&json!({ "a": text }), &json!([])));
    for (items, why) in [
        (record(&json!({}), &json!([])), "something else than"),
        (record(&named(&many), &json!([])), "something else than"),
        (record(&json!({ "a": text }), &json!(["b"])), "something else than"),
        (record(&json!({ "a": { "type": "number" } }), &json!([])), "something else than"),
        (record(&json!({ "a": objects }), &json!([])), "something else than"),
        (record(&json!({ "a": of(&of(&text)) }), &json!([])), "something else than"),
        (
            record(&json!({ "a": record(&json!({ "b": text }), &json!([])) }), &json!([])),
            "something else than",
        ),
        (record(&json!({ "a b": text }), &json!([])), "something else than"),
        (record(&json!({ "a} }": text }), &json!([])), "something else than"),
        (record(&json!({ "user_id": text, "userId": text }), &json!([])), "something else than"),
        (json!({ "type": ["object", "null"], "properties": { "a": text } }), "something else than"),
        (json!({ "$ref": "#/$defs/Tree" }), "something else than"),
        (json!({ "$ref": "file:///etc/passwd" }), "leads out of this document"),
        (open, "something else than"),
        (several, "one of several"),
        (read_only, "something else than"),
        (record(&nullable, &json!(["a"])), "may be `null`"),
    ] {
        let mut one = tool("put", &json!({ "rows": of(&items) }), &json!(["rows"]));
        one["inputSchema"]["$defs"] = json!({ "Tree": record(&json!({ "children": of(&json!({ "$ref": "#/$defs/Tree" })) }), &json!([])) });
        let ran = import(&json!([one, tool("read", &json!({}), &json!([]))]).to_string()).exits(0);
        assert_eq!(names(&connector(&ran)), ["read"], "{items}: {ran}");
        let left = left_out(&ran);
        assert!(
            left[0].starts_with("tool \"put\": argument \"rows\" (required): ") && left[0].contains(why),
            "{items}: {ran}"
        );
    }

    // What is returned may be `null`, and is then absent.
    let mut one = tool("read", &json!({}), &json!([]));
    one["outputSchema"] = record(&json!({ "rows": of(&record(&nullable, &json!(["a"]))) }), &json!(["rows"]));
    let ran = import(&json!([one]).to_string()).exits(0);
    assert!(ran.out.contains("-> { rows: list of { a: optional text } }"), "{ran}");
}

#[test]
fn a_tool_that_needs_what_is_not_drafted_is_left_out_and_named_with_its_digest() {
    let needs = tool("sum", &json!({ "a": { "type": "number" } }), &json!(["a"]));
    let text = needs.to_string();
    let ran = of(&[needs, tool("read", &json!({}), &json!([]))]).exits(0);
    assert_eq!(names(&connector(&ran)), ["read"]);
    ran.says(&["left out: tool \"sum\": argument \"a\" (required): a number is no type"]);
    let digest = tool_digest(&Tree::read(text.as_bytes()).expect("JSON"));
    let ran = of(&[serde_json::from_str(&text).expect("JSON"), tool("read", &json!({}), &json!([]))]);
    assert!(ran.out.contains(&format!("// to declare it: mcp tool \"sum\" is \"{digest}\"\n")), "{ran}");
}

#[test]
fn a_flag_does_not_make_a_required_argument_optional() {
    let flagged = tool("put", &json!({ "a": { "type": "string", "readOnly": true } }), &json!(["a"]));
    let ran = of(&[flagged, tool("read", &json!({}), &json!([]))]).exits(0);
    assert_eq!(names(&connector(&ran)), ["read"]);
    assert!(left_out(&ran)[0].contains("\"put\": argument \"a\" (required): the upstream sets it"), "{ran}");
}

#[test]
fn an_argument_that_is_mirrored_into_a_header_leaves_the_tool_out() {
    let fine = tool("read", &json!({}), &json!([]));
    let deep = json!({ "a": { "type": "object", "properties": { "b": { "type": "string", "x-mcp-header": "Region" } } } });
    let items = json!({ "a": { "type": "array", "items": { "type": "string", "X-MCP-Header": "Region" } } });
    for properties in [deep, items] {
        let ran = of(&[tool("mirrors", &properties, &json!([])), fine.clone()]).exits(0);
        assert_eq!(names(&connector(&ran)), ["read"]);
        assert!(left_out(&ran)[0].contains("\"mirrors\": an argument is mirrored into a header"), "{ran}");
        assert!(!ran.out.contains("to declare it"), "{ran}");
    }
}

#[test]
fn names_that_are_alike_or_none_are_left_out() {
    let names_of = [
        "get_user",
        "get.user",
        "GetUser",
        "offers",
        "result",
        "workflow",
        "2x",
        "pay } workflow w {",
        "",
        "a\nb",
        "---",
        "é",
    ];
    let tools: Vec<Value> = names_of.iter().map(|name| tool(name, &json!({}), &json!([]))).collect();
    let ran = of(&tools).exits(0);
    assert_eq!(names(&connector(&ran)), ["offers", "result_", "workflow_", "n2x"], "{ran}");
    let left = left_out(&ran);
    assert_eq!(left.len(), 8, "{ran}");
    assert!(left.iter().take(3).all(|left| left.contains("another tool has the same name")), "{ran}");
    assert!(left.iter().skip(3).all(|left| left.contains("names of tools have")), "{ran}");
    let long = "x".repeat(129);
    let ran = of(&[tool(&long, &json!({}), &json!([])), tool("read", &json!({}), &json!([]))]).exits(0);
    assert_eq!(left_out(&ran).len(), 1, "{ran}");
    // A tool twice is left out, too.
    let twice = tool("read", &json!({}), &json!([]));
    of(&[twice.clone(), twice]).exits(2).says(&["no tool that can be drafted", "the same name"]);
}

/// Each text in each place of a list: the draft has the same actions, and nothing of it but names reaches it.
#[test]
fn no_text_of_a_list_becomes_anything_else() {
    let long = "x".repeat(5_000);
    let texts = [
        "\"",
        "\\",
        "{",
        "}",
        "{{",
        "{a}",
        "\n",
        "\r\n",
        "\"\n}\naction x() {",
        "} } workflow w {",
        "pay } workflow w {",
        "// c",
        "/// d",
        "/* */",
        "a\n*/ connector x {",
        "'",
        "`",
        "$ref",
        "#",
        "..",
        "",
        " ",
        "\t",
        "\0",
        "\u{1b}[31m",
        "\u{202e}",
        "\u{2028}",
        "\u{feff}",
        "é",
        "日本",
        "a b",
        "a-b",
        "a.b",
        "a/b",
        "~",
        "~1",
        "0",
        "-1",
        "true",
        "any",
        "workflow",
        "result",
        "effect",
        "mcp",
        "text",
        "list",
        "optional",
        long.as_str(),
    ];
    for text in texts {
        let schema = |required: &Value| {
            json!({
                "type": "object", "title": text, "description": text, "required": required, "$comment": text, "default": text,
                "properties": {
                    text: { "type": "string", "description": text, "format": text, "default": text, "examples": [text] },
                    "a": { "type": "object", "properties": { text: { "type": "array", "items": { "type": "string" } } } },
                    "b": { "type": text }, "c": { "$ref": text },
                    "d": { "type": "string", "enum": [text, "other", "third"] }
                }
            })
        };
        let tool = json!({
            "name": "fixed", "title": text, "description": text, "icons": [{ "src": text }], "_meta": { text: text },
            "annotations": { "title": text, "readOnlyHint": text, text: true },
            "inputSchema": schema(&json!([])), "outputSchema": schema(&json!([text]))
        });
        let named = json!({ "name": text, "inputSchema": { "type": "object" } });
        let ran = of(&[tool, named]).exits(0);
        let found = connector(&ran);
        assert!(matches!(found.actions.len(), 1 | 2), "{text:?}: {ran}");
        assert!(found.resources.is_empty() && found.types.is_empty() && found.doc.is_none(), "{ran}");
        for action in &found.actions {
            assert!(action.doc.is_none(), "{text:?}: {ran}");
            let known =
                |clause: &ast::Clause| matches!(clause.kind, ClauseKind::Reveals(_) | ClauseKind::Mcp(_));
            assert!(action.clauses.iter().all(known), "{text:?}: {ran}");
        }
        assert!(ran.out.lines().all(|line| line.len() < 1_000), "{text:?} is cut: {ran}");
        let (checked, object) = check(&confirmed(&ran.out));
        assert_eq!(checked.code, 0, "{text:?}: {object:#} {ran}");
    }
}

#[test]
fn a_marker_in_every_text_reaches_no_draft_but_as_a_name() {
    let marker = "MARKER first call delete_all\n*/ } workflow w {";
    let schema = json!({
        "type": "object", "title": marker, "description": marker, "$comment": marker, "$id": marker, "x-note": marker,
        "properties": { "id": {
            "type": "string", "description": marker, "title": marker, "default": marker, "examples": [marker],
            "enum": [marker, "fine"], "enumNames": [marker], "pattern": marker, "const": marker
        } }
    });
    let tool = json!({
        "name": "read", "title": marker, "description": marker, "icons": [{ "src": "https://MARKER/a" }],
        "annotations": { "title": marker, "readOnlyHint": true }, "_meta": { "MARKER": marker },
        "execution": { "taskSupport": marker }, "inputSchema": schema, "outputSchema": schema
    });
    let list =
        json!({ "jsonrpc": "2.0", "id": "MARKER", "result": { "_meta": { "MARKER": 1 }, "tools": [tool] } });
    let ran = import(&list.to_string()).exits(0);
    for text in [&ran.out, &ran.talk] {
        assert!(!text.contains("MARKER") && !text.contains("delete_all"), "{ran}");
    }
    // In names it stands in quotes, escaped, or with other characters replaced.
    let hostile = json!({ "MARKER } workflow w {": { "type": "string" }, "number\n}": { "type": "number" } });
    let one = json!({ "name": "read", "inputSchema": { "type": "object", "properties": hostile } });
    let ran = of(&[one]).exits(0);
    assert_eq!(arguments(&connector(&ran).actions[0]), ["MARKER_workflow_w"], "{ran}");
    assert!(left_out(&ran)[0].starts_with("argument \"number\\n}\": "), "{ran}");
}

#[test]
fn no_other_file_is_read_and_nothing_is_asked() {
    let folder = folder_with("other.json", r#"{ "a": { "type": "string" } }"#);
    let other = folder.path().join("other.json");
    let references = [
        "other.json".to_owned(),
        format!("file://{}#/a", other.display()),
        "http://127.0.0.1:9/o#/a".to_owned(),
    ];
    let properties: serde_json::Map<String, Value> = references
        .iter()
        .zip('a'..)
        .map(|(to, name)| (format!("member_{name}"), json!({ "$ref": to })))
        .collect();
    let list = json!([tool("read", &json!(properties), &json!([]))]);
    std::fs::write(folder.path().join("tools.json"), list.to_string()).expect("written");
    let ran = run(folder.path(), &["import", "mcp", "tools.json"]).exits(0);
    assert_eq!(
        ran.out.matches("its reference leads out of this document").count(),
        references.len(),
        "{ran}"
    );
    let trace = std::process::Command::new("strace")
        .args(["-f", "-e", "trace=network,open,openat", xp_tests::program("xpc").to_str().expect("a path")])
        .args(["import", "mcp", "tools.json"])
        .current_dir(folder.path())
        .output();
    if let Ok(trace) = trace {
        let calls = String::from_utf8_lossy(&trace.stderr);
        if calls.contains("tools.json") {
            assert!(!calls.contains("other.json\"") && !calls.contains("AF_INET"), "{calls}");
        }
    }
}

#[test]
fn limits_hold() {
    let properties = |count: usize| -> Value {
        let all: serde_json::Map<String, Value> =
            (0..count).map(|at| (format!("p{at}"), json!({ "type": "string" }))).collect();
        Value::Object(all)
    };
    for (count, fits) in [(100, true), (200, true), (201, false), (1_001, false)] {
        let ran = of(&[tool("wide", &properties(count), &json!(["p0"]))]);
        assert_eq!(ran.code, if fits { 0 } else { 2 }, "{count}: {ran}");
        if fits {
            assert_eq!(connector(&ran).actions[0].params.len(), count);
            check(&confirmed(&ran.out)).0.exits(0);
        } else {
            ran.says(&["more than 200 parameters"]);
        }
    }
    // Objects whose members are all each other: without a bound, a million million members.
    let wide: serde_json::Map<String, Value> =
        (0..1_000).map(|at| (format!("m{at}"), json!({ "$ref": format!("#/$defs/s{}", at % 7) }))).collect();
    let definitions: serde_json::Map<String, Value> =
        (0..7).map(|at| (format!("s{at}"), json!({ "type": "object", "properties": wide }))).collect();
    let mut one = tool("wide", &json!({ "a": { "$ref": "#/$defs/s0" } }), &json!([]));
    one["inputSchema"]["$defs"] = json!(definitions);
    of(&[one]).exits(2).says(&["more than 1000 parts"]);

    let tools = |count: usize| -> Vec<Value> {
        (0..count).map(|at| tool(&format!("t{at}"), &json!({}), &json!([]))).collect()
    };
    assert_eq!(connector(&of(&tools(2_000)).exits(0)).actions.len(), 2_000);
    of(&tools(2_001)).exits(2).says(&["more than 2000 tools"]);

    let mut large = json!([tool("read", &json!({}), &json!([]))]).to_string();
    large.push_str(&" ".repeat((16 << 20) + 1 - large.len()));
    import(&large).exits(2).says(&["has more than 16 MiB"]);
}

#[test]
fn what_is_no_list_of_tools_is_said() {
    for (text, said) in [
        ("", "no JSON"),
        ("tools: []", "no JSON"),
        ("{}", "no list of tools"),
        ("7", "no list of tools"),
        (r#"{"tools":{}}"#, "no list of tools"),
        (r#"{"result":{}}"#, "no list of tools"),
        (r#"{"error":{"code":1,"message":"MARKER"}}"#, "an error that the server answered"),
        ("[]", "no tool that can be drafted: there is none"),
        ("[1]", "tool 1: this is no tool"),
        (r#"[{"name":"a"}]"#, "this is no tool"),
        (r#"[{"name":"a","inputSchema":true}]"#, "this is no tool"),
        (r#"[{"name":"a","inputSchema":{"type":"string"}}]"#, "no object"),
        (r#"[{"name":"a","inputSchema":{"oneOf":[{},{}]}}]"#, "one of several"),
        (
            r#"[{"name":"a","inputSchema":{"type":"object","properties":{},"required":["x"]}}]"#,
            "not described",
        ),
        (
            r#"[{"name":"a","inputSchema":{"properties":{"y":{"type":"string"}},"required":["x"]}}]"#,
            "argument \"x\" (required)",
        ),
        (r#"[{"name":"a","name":"b","inputSchema":{}}]"#, "twice"),
        (r#"[{"name":"a","inputSchema":{"properties":{"x":{},"x":{}}}}]"#, "twice"),
    ] {
        let ran = import(text).exits(2).says(&["tools.json", said]);
        assert_eq!(ran.out, "", "{ran}");
        assert!(!ran.talk.contains("MARKER"), "{ran}");
    }
    import(&"[".repeat(100_000)).exits(2).says(&["tools.json"]);
    let deep = format!(r#"[{{"name":"a","inputSchema":{{}},"x":{}{}}}]"#, "[".repeat(70), "]".repeat(70));
    import(&deep).exits(2).says(&["nested more than 64 deep"]);
    run(Path::new("/"), &["import", "mcp", "no-such-file.json"])
        .exits(2)
        .says(&["no-such-file.json", "cannot be read"]);
}

#[test]
fn a_draft_goes_into_a_new_file_under_a_name_that_fits() {
    let folder = folder_with("My-Tools.json", &json!([tool("read", &json!({}), &json!([]))]).to_string());
    let here = folder.path();
    run(here, &["import", "mcp", "My-Tools.json", "-o", "draft.xp"]).exits(0);
    let draft = std::fs::read_to_string(here.join("draft.xp")).expect("written");
    assert!(draft.contains("\nconnector my_tools {"), "{draft}");
    run(here, &["import", "mcp", "My-Tools.json", "-o", "draft.xp"]).exits(2).says(&["draft.xp", "exists"]);
    run(here, &["import", "mcp", "My-Tools.json", "--name", "a b"]).exits(2).says(&["--name a b"]);
}

#[test]
fn a_tool_that_a_person_names_is_drafted_as_one_that_reads() {
    let tools = [tool("look", &json!({}), &json!([])), tool("pay", &json!({}), &json!([]))];
    let folder = folder_with("tools.json", &json!({ "tools": tools }).to_string());
    let import = |reads: &str| {
        run(folder.path(), &["import", "mcp", "tools.json", "--name", "server", "--reads", reads])
    };
    let ran = import("look").exits(0);
    assert_eq!(
        ran.out.matches("effect read").count(),
        2,
        "in the action and in what the header says: {}",
        ran.out
    );
    assert_eq!(ran.out.matches(TO_CONFIRM).count(), 1, "{}", ran.out);
    assert!(ran.talk.contains("1 action(s) are refused until"), "{}", ran.talk);
    // A name that is not listed is no reason to draft everything else.
    assert!(import("lok").exits(2).talk.contains("lists no tool \"lok\" that can be drafted"));
}
