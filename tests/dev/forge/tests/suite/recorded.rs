//! Comparison with Octokit's recordings of api.github.com: the same requests get answers of the same form.

use std::path::Path;

use reqwest::Method;
use serde_json::Value;

use crate::client::{As, forge, git};

/// Optional members that the stand-in omits.
const LACKING: &[&str] = &["/reactions is missing"];

/// Differences in form: members that the stand-in omits, or that have another type.
fn differences(recorded: &Value, found: &Value, at: &str, out: &mut Vec<String>) {
    match (recorded, found) {
        (Value::Object(wanted), Value::Object(members)) => {
            for (name, shape) in wanted {
                match members.get(name) {
                    Some(member) => differences(shape, member, &format!("{at}/{name}"), out),
                    None => out.push(format!("{at}/{name} is missing")),
                }
            }
        }
        (Value::Array(wanted), Value::Array(items)) => {
            if let (Some(shape), Some(item)) = (wanted.first(), items.first()) {
                differences(shape, item, &format!("{at}/0"), out);
            }
        }
        // A nullable member may be null in one and not in the other.
        (Value::String(kind), _) if kind == "null" || found.is_null() => {}
        (Value::String(kind), _) => {
            let same = match kind.as_str() {
                "text" => found.is_string(),
                "number" => found.is_number(),
                "flag" => found.is_boolean(),
                _ => false,
            };
            if !same {
                out.push(format!("{at} is {found}, not {kind}"));
            }
        }
        _ => out.push(format!("{at} is {found}, not {recorded}")),
    }
}

#[tokio::test]
async fn answers_have_the_recorded_shape() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/recorded.json");
    let recorded: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let (mut compared, mut all) = (0, Vec::new());
    for scenario in recorded["scenarios"].as_array().unwrap() {
        let name = scenario["scenario"].as_str().unwrap();
        let forge = forge();
        let main = forge.branch("acme/shop", "main").unwrap();
        forge.push("acme/shop", "older", "acme", "Second", &[("second", "2\n".into())]).unwrap();
        let second = git(&forge, &["rev-parse", "older"]);
        for exchange in scenario["exchanges"].as_array().unwrap() {
            let text = exchange.to_string();
            // The recording has numbered commit ids.
            let text = text.replace("0000000000000000000000000000000000000001", &second);
            let text = text.replace("0000000000000000000000000000000000000002", &main);
            let exchange: Value = serde_json::from_str(&text).unwrap();
            let method: Method = exchange["method"].as_str().unwrap().parse().unwrap();
            let path = format!("/repos/acme/shop{}", exchange["path"].as_str().unwrap());
            let body = Some(exchange["body"].clone()).filter(|body| !body.is_null());
            let what = format!("{name}: {method} {path}");
            let answer = As(&forge, "acme").ask(method, &path, "application/vnd.github+json", body).await;
            assert_eq!(
                u64::from(answer.status),
                exchange["status"].as_u64().unwrap(),
                "{what}: {}",
                answer.text
            );
            if !exchange["answer"].is_null() {
                let mut differs = Vec::new();
                differences(&exchange["answer"], &answer.json(), "", &mut differs);
                differs.retain(|line| !LACKING.contains(&line.as_str()));
                all.extend(differs.into_iter().map(|line| format!("{what}: {line}")));
            }
            if let Some(message) = exchange["message"].as_str() {
                assert_eq!(answer.at("/message"), message, "{what}");
            }
            compared += 1;
        }
        assert_eq!(forge.violations(), Vec::<String>::new(), "{name}");
    }
    assert_eq!(all, Vec::<String>::new());
    assert!(compared >= 15, "{compared} exchanges");
}
