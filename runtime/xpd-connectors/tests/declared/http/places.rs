//! Each place of a request: a value arrives as it is, or nothing arrives.

use serde_json::json;
use xpd_proxy::Ending;

use crate::world::{act, asked, instance};
use xp_harness::stand_in::{Arrived, StandIn, json as answer};

/// Values that readers of paths, queries, headers and bodies have taken for something else.
const VALUES: &[&str] = &[
    "plain",
    "a b",
    " a",
    "a ",
    "",
    ".",
    "..",
    "...",
    "%2e",
    "%2e%2e",
    "%2E%2e%2f",
    "a/b",
    "a\\b",
    "a;b",
    "a%2fb",
    "a%3bb",
    "%",
    "%%",
    "%00",
    "\u{0}",
    "\t",
    "a\tb",
    "a\nb",
    "a\r\nX: y",
    "?",
    "a?b=c",
    "#",
    "a#b",
    "&",
    "a&b=c",
    "=",
    "+",
    "a+b",
    "@",
    ":",
    "//",
    "a//b",
    "http://x",
    "ü",
    "é",
    "日本",
    "\u{202e}",
    "\u{feff}",
    "😀",
    "\"",
    "\\\"",
    "'",
    "`",
    "<x>",
    "{",
    "}",
    "{order}",
    "[0]",
    "*",
    "~",
    "~0",
    "~1",
    "null",
    "true",
    "0",
    "-1",
    "1e9",
    "\u{7f}",
    "\u{85}",
    "a\u{0}b",
    "\r",
    "~root",
    "$(id)",
    "|",
    "^",
    ",",
    "a,b",
];

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned()
}

/// The one value of each place that the request was made of, as a server reads it.
type Seen = fn(&Arrived) -> Vec<String>;

#[tokio::test]
async fn a_value_arrives_as_it_is_or_nothing_arrives() {
    let places: [(&str, &str, Seen); 5] = [
        ("orders.cancel", "order", |request| {
            let path = request.line.strip_prefix("DELETE /api/orders/").expect("the path of the template");
            assert!(!path.contains(['/', '?', '#', ';']), "{path}");
            vec![decoded(path)]
        }),
        ("orders.cancel", "trace", |request| vec![request.header("x-trace").unwrap_or_default().to_owned()]),
        ("orders.find", "customer", |request| {
            let query =
                request.line.strip_prefix("GET /api/orders?customer=").expect("the query of the template");
            let (value, rest) = query.split_once('&').unwrap();
            assert_eq!(rest, "tag=x&tag=y&limit=10");
            vec![decoded(value)]
        }),
        ("orders.place", "sku", |request| {
            let body = request.body.strip_prefix("sku=").expect("the form of the template");
            let (value, rest) = body.split_once('&').unwrap();
            assert_eq!(rest, "count=1&metadata%5Bxp%5D=xp-00112233445566778899aabbccddeeff");
            vec![decoded(value)]
        }),
        ("orders.refund", "reason", |request| {
            let body: serde_json::Value = serde_json::from_str(&request.body).expect("JSON");
            let mut body = body.as_object().unwrap().clone();
            let reason = body.remove("reason").unwrap();
            let rest: serde_json::Value =
                serde_json::from_str(r#"{"amount":{"value":12.50,"currency":"EUR"}}"#).unwrap();
            assert_eq!(serde_json::Value::Object(body), rest);
            assert!(request.body.contains("\"value\":12.50"), "{}", request.body);
            vec![reason.as_str().unwrap().to_owned()]
        }),
    ];
    let whole = json!({
        "orders.cancel": { "order": "o", "trace": "t" },
        "orders.find": { "customer": "c", "tags": ["x", "y"], "limit": 10 },
        "orders.place": { "sku": "s", "count": 1 },
        "orders.refund": { "order": "o", "amount": "12.50", "reason": "r" },
    });
    let upstream = StandIn::new(|_, _| answer(404, "{}"));
    let harness = instance(&upstream, "", None).await;
    let mut arrived = 0;
    for (action, argument, seen) in places {
        for value in VALUES {
            // What is no value of the type is refused before it comes here.
            if value.contains('\u{0}') {
                continue;
            }
            let mut args = whole[action].clone();
            args[argument] = json!(value);
            let before = upstream.requests().len();
            let ending = act(&harness, &asked(action, args)).await;
            let requests = upstream.requests().split_off(before);
            match &requests[..] {
                [] => assert!(
                    matches!(ending, Ending::Failed { returned: true, status: None, .. }),
                    "{action} {value:?}: {ending:?}"
                ),
                [request] => {
                    arrived += 1;
                    assert_eq!(seen(request), [(*value).to_owned()], "{action}.{argument}");
                    assert_eq!(request.header("x"), None);
                }
                more => panic!("{more:?}"),
            }
        }
    }
    // Bodies take every text; paths and headers take fewer.
    assert!(arrived > 200, "{arrived}");
}

#[tokio::test]
async fn nothing_is_removed_where_one_thing_was_meant() {
    let upstream = StandIn::new(|_, _| answer(200, "{}"));
    let harness = instance(&upstream, "", None).await;
    for order in ["..", ".", "", "../..", "%2e%2e", "o/../..", "..;", "..\\"] {
        let ending = act(&harness, &asked("orders.cancel", json!({ "order": order, "trace": "t" }))).await;
        assert!(matches!(ending, Ending::Failed { returned: true, .. }), "{order}: {ending:?}");
    }
    assert_eq!(upstream.requests().len(), 0);
}

#[tokio::test]
async fn requests_are_as_declared_to_the_byte() {
    let upstream = StandIn::new(|_, _| answer(404, "{}"));
    let harness = instance(&upstream, "", None).await;
    for (action, args) in [
        ("orders.read", json!({ "order": "o-1" })),
        ("orders.find", json!({ "customer": "a b", "tags": [], "limit": 3 })),
        ("orders.refund", json!({ "order": "o-1", "amount": "1000.00" })),
        ("orders.place", json!({ "sku": "a&b", "count": -2 })),
        ("orders.name", json!({ "order": "o 1", "title": "T\n\"" })),
        ("orders.cancel", json!({ "order": "o-1", "trace": "t 1" })),
        (
            "orders.replace",
            json!({ "order": "o-1", "version": "\"v7\"", "lines": [{ "sku": "a", "count": 2 }] }),
        ),
    ] {
        act(&harness, &asked(action, args)).await;
    }
    let seen: Vec<String> = upstream
        .requests()
        .into_iter()
        .map(|request| {
            let headers = request.headers.iter().filter(|(name, _)| {
                !matches!(name.as_str(), "host" | "content-length" | "accept" | "user-agent")
            });
            assert_eq!(request.header("user-agent"), Some("xpd"));
            let headers: Vec<String> = headers.map(|(name, value)| format!(" [{name}: {value}]")).collect();
            format!("{}{} {}", request.line, headers.concat(), request.body).trim_end().to_owned()
        })
        .collect();
    let marker = "xp-00112233445566778899aabbccddeeff";
    let wanted = [
        "GET /api/orders/o-1".to_owned(),
        "GET /api/orders?customer=a%20b&limit=3".to_owned(),
        format!(
            "POST /api/orders/o-1/refunds [idempotency-key: {marker}] [content-type: application/json] \
             {{\"amount\":{{\"value\":1000.00,\"currency\":\"EUR\"}}}}"
        ),
        format!(
            "POST /api/orders [content-type: application/x-www-form-urlencoded] sku=a%26b&count=-2&metadata%5Bxp%5D={marker}"
        ),
        format!("PUT /api/orders/o%201 [content-type: application/json] {{\"title\":\"T\\n\\\"\",\"xp\":\"{marker}\"}}"),
        "DELETE /api/orders/o-1 [x-trace: t 1]".to_owned(),
        "PUT /api/orders/o-1/lines [if-match: \"v7\"] [content-type: application/json] [{\"sku\":\"a\",\"count\":2}]".to_owned(),
    ];
    assert_eq!(seen, wanted);
}
