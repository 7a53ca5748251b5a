//! Held requests and cut connections.

use std::time::Duration;

use serde_json::json;
use xp_forge::{Fault, Rule, When};

use crate::client::{As, answer, forge, sound};

const COMMENTS: &str = "/repos/acme/shop/issues/1/comments";

#[tokio::test]
async fn a_held_request_is_done_before_or_after_the_wait() {
    let forge = forge();
    forge.seed_issue("acme/shop", "acme", "t", "", &[]).unwrap();
    let bot = As(&forge, "xp-bot");
    for (when, during) in [(When::Before, 0), (When::After, 2)] {
        forge.fault(Rule::next(Fault::Hold, when, "POST", "/comments"));
        let ask = bot.post(COMMENTS, json!({ "body": "held" }));
        let watch = async {
            let seen = bot.get("/_standin/holds?parked=1").await.is(200);
            assert_eq!(seen.at("/parked/0"), format!("POST {COMMENTS}"));
            // Only the matching request is held.
            assert_eq!(bot.get(COMMENTS).await.is(200).json().as_array().unwrap().len(), during);
            bot.post("/_standin/release", json!(null)).await.is(204);
        };
        let (made, ()) = tokio::join!(ask, watch);
        made.is(201);
    }
    assert_eq!(forge.effects().len(), 2);
    sound(&forge);
}

#[tokio::test]
async fn a_cut_request_is_done_or_not_but_never_answered() {
    let forge = forge();
    forge.seed_issue("acme/shop", "acme", "t", "", &[]).unwrap();
    let bot = As(&forge, "xp-bot");
    for (when, effects) in [("before", 0), ("after", 1)] {
        let rule = json!({ "method": "POST", "path": "/comments", "when": when });
        bot.post("/_standin/cut", rule).await.is(204);
        let request = reqwest::Client::new()
            .post(format!("{}{COMMENTS}", forge.url))
            .header("authorization", "Bearer xp-bot-token")
            .header("user-agent", "suite")
            .json(&json!({ "body": "cut" }));
        assert!(request.send().await.is_err());
        assert_eq!(bot.get("/_standin/effects").await.is(200).at("/count"), effects);
    }
    bot.post(COMMENTS, json!({ "body": "again" })).await.is(201);
    sound(&forge);
}

#[tokio::test]
async fn a_client_that_goes_away_while_held_leaves_nothing() {
    let forge = forge();
    forge.seed_issue("acme/shop", "acme", "t", "", &[]).unwrap();
    let before = forge.state().unwrap();
    forge.fault(Rule::next(Fault::Hold, When::Before, "POST", "/comments"));
    let request = reqwest::Client::new()
        .post(format!("{}{COMMENTS}", forge.url))
        .header("authorization", "Bearer xp-bot-token")
        .header("user-agent", "suite")
        .json(&json!({ "body": "gone" }));
    let asking = tokio::spawn(answer(request));
    let bot = As(&forge, "xp-bot");
    bot.get("/_standin/holds?parked=1").await.is(200);
    asking.abort();
    while bot.get("/_standin/holds").await.is(200).at("/parked") != json!([]) {}
    assert!(!forge.wait_held(1, Duration::ZERO));
    assert_eq!(forge.state().unwrap(), before);
    sound(&forge);
}
