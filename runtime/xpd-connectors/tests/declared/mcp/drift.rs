//! A tool is called only while it is listed as it was when the declaration was made.

use serde_json::json;
use xp_harness::Asked;
use xp_harness::stand_in::StandIn;
use xpd_proxy::Ending;

use super::server::{BOTH, Speaks, TOOLS, calls, events, id, instance, method, notes, result, server, tools};
use crate::world::{act_of, asked};

fn pay() -> Asked {
    asked("notes.pay", json!({ "id": "n-1", "amount": "12.50" }))
}

fn paying(speaks: Speaks, listed: impl Fn(usize) -> String + Send + Sync + 'static) -> StandIn {
    server(speaks, listed, |arrived, _| {
        result(200, arrived, &json!({ "content": [], "structuredContent": { "id": "p-1" } }))
    })
}

fn reason(ending: &Ending) -> &str {
    let Ending::Failed { returned: true, reason, .. } = ending else { panic!("{ending:?}") };
    reason
}

#[tokio::test]
async fn a_tool_that_changed_is_not_called() {
    type Listed = fn(usize) -> String;
    let cases: [(&str, Listed); 9] = [
        ("has changed", |_| tools(0).replace("Pays for a note.", "Pays for a note!")),
        ("has changed", |_| tools(0).replace("\"idempotentHint\": true", "\"idempotentHint\": false")),
        ("has changed", |_| {
            tools(0).replace("\"memo\": { \"type\": \"string\" }", "\"memo\": { \"type\": \"number\" }")
        }),
        ("has changed", |_| {
            tools(0).replace(
                "\"memo\": { \"type\": \"string\" }",
                "\"memo\": { \"type\": \"string\", \"x-mcp-header\": \"M\" }",
            )
        }),
        ("lists no tool `pay`", |_| tools(0).replace("\"pay\"", "\"pays\"")),
        ("two tools of one name", |_| tools(0).replace("\"read_note\"", "\"pay\"")),
        ("has no end", |_| "{\"tools\":[],\"nextCursor\":\"again\"}".to_owned()),
        ("lists no tools", |_| "{\"tools\":{}}".to_owned()),
        ("without a name", |_| "{\"tools\":[{}]}".to_owned()),
    ];
    for speaks in BOTH {
        for (why, listed) in cases {
            let upstream = paying(speaks, listed);
            let harness = instance(&upstream, "", None).await;
            let ending = act_of(&notes(), &harness, &pay()).await;
            assert!(reason(&ending).contains(why), "{why}: {ending:?}");
            assert_eq!(calls(&upstream), 0, "{why}");
        }
    }
}

#[tokio::test]
async fn order_and_spaces_are_no_change_and_a_tool_may_stand_on_a_later_page() {
    let upstream = paying(Speaks::Stateless, |number| {
        let tools: serde_json::Value = serde_json::from_str(TOOLS).unwrap();
        let (page, next) = if number % 2 == 1 { (0, json!("two")) } else { (1, json!(null)) };
        json!({ "nextCursor": next, "tools": [tools[page]] }).to_string()
    });
    let harness = instance(&upstream, "", None).await;
    assert!(matches!(act_of(&notes(), &harness, &pay()).await, Ending::Done(_)));
    let cursors =
        upstream.requests().iter().filter(|arrived| arrived.body.contains("\"cursor\":\"two\"")).count();
    assert_eq!(cursors, 1);
}

#[tokio::test]
async fn a_change_between_two_calls_is_seen_by_the_next_look() {
    for (keys, looks, second) in [("look_seconds = 0", 2, false), ("look_seconds = 3600", 1, true)] {
        let upstream = paying(Speaks::Sessions, |number| {
            if number == 1 { tools(0) } else { tools(0).replace("Pays for a note.", "Pays twice.") }
        });
        let harness = instance(&upstream, keys, None).await;
        assert!(matches!(act_of(&notes(), &harness, &pay()).await, Ending::Done(_)));
        let ending = act_of(&notes(), &harness, &pay()).await;
        assert_eq!(matches!(ending, Ending::Done(_)), second, "{ending:?}");
        let listed = upstream.requests().iter().filter(|arrived| method(arrived) == "tools/list").count();
        assert_eq!(listed, looks);
    }
}

#[tokio::test]
async fn a_call_during_which_the_tools_change_is_in_doubt() {
    let upstream = server(Speaks::Sessions, tools, |arrived, _| {
        let changed = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#.to_owned();
        let paid = json!({ "content": [], "structuredContent": { "id": "p-1" } });
        events(&[changed, json!({ "jsonrpc": "2.0", "id": id(arrived), "result": paid }).to_string()])
    });
    let harness = instance(&upstream, "look_seconds = 3600", None).await;
    let ending = act_of(&notes(), &harness, &pay()).await;
    assert!(
        matches!(&ending, Ending::Unknown(reason) if reason.contains("changed during the call")),
        "{ending:?}"
    );
    assert_eq!(calls(&upstream), 1);
    // And the next call looks again.
    act_of(&notes(), &harness, &pay()).await;
    let listed = upstream.requests().iter().filter(|arrived| method(arrived) == "tools/list").count();
    assert_eq!(listed, 2);
}
