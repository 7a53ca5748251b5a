//! Links, confirmation, login, sessions.

use serde_json::json;

use super::house::{ask, enrolled, invited, login, world};
use xp_harness::browser::Browser;

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_works_once_an_administrator_confirmed_its_number() {
    let Some(mut browser) = Browser::start() else { return };
    let world = world("").await;
    browser.open("rita", json!({})).await;
    let link = invited(&world, "rita").await;
    // Whoever fetches the link, a bot among them, spends nothing: the secret is in the fragment.
    for _ in 0..3 {
        let (page, _) = link.split_once('#').unwrap();
        assert_eq!(reqwest::get(page).await.unwrap().status(), 200);
    }
    browser.goto("rita", &link).await;
    assert!(!browser.evaluate("rita", "location.href").await.as_str().unwrap().contains('#'));
    browser.picture("rita", "enrol").await;
    browser.is_clean("rita").await;
    browser.click("rita", "#make").await;
    let number = browser.visible("rita", "#number").await;
    assert!(number.len() == 6 && number.bytes().all(|byte| byte.is_ascii_digit()), "{number}");
    browser.picture("rita", "enrolled").await;
    browser.is_clean("rita").await;

    let url = format!("{}/login", world.running.people);
    let refused = |text: &str| text.contains("no passkey works under this name");
    browser.goto("rita", &url).await;
    browser.picture("rita", "login").await;
    browser.is_clean("rita").await;
    browser.tell("fill", "rita", json!({ "at": "#name", "text": "rita" })).await;
    browser.click("rita", "#login button").await;
    assert!(refused(&browser.visible("rita", "#message").await));

    let wrong = if number == "000000" { "000001" } else { "000000" };
    ask(&world, "confirm", json!({ "person": "rita", "number": wrong })).await.refused("not_allowed");
    ask(&world, "confirm", json!({ "person": "sam", "number": number })).await.refused("not_allowed");
    ask(&world, "confirm", json!({ "person": "rita", "number": number })).await.ok();
    login(&world, &mut browser, "rita", "rita").await;
    let first = browser.tell("cookies", "rita", json!({ "url": url })).await;
    assert_eq!(first[0]["httpOnly"], json!(true));
    assert_eq!(first[0]["sameSite"], json!("Strict"));
    login(&world, &mut browser, "rita", "rita").await;
    let second = browser.tell("cookies", "rita", json!({ "url": url })).await;
    assert_ne!(first[0]["value"], second[0]["value"], "each login has a session of its own");
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let old = format!("xpd={}", first[0]["value"].as_str().unwrap());
    let answer = client.get(&world.running.people).header("Cookie", old).send().await.unwrap();
    assert_eq!(answer.headers()["location"], "/login", "and ends the one before");

    ask(&world, "revoke", json!({ "person": "rita" })).await.ok();
    browser.goto("rita", &world.running.people.clone()).await;
    browser.tell("at", "rita", json!({ "path": "/login" })).await;
    let kinds = world.kinds();
    let people: Vec<&str> = kinds.iter().filter_map(|kind| kind.strip_prefix("person.")).collect();
    assert_eq!(people, ["invited", "enrolled", "confirmed", "logged_in", "logged_in", "revoked"]);
    browser.end().await;
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_used_again_suspends_the_passkey() {
    let Some(mut browser) = Browser::start() else { return };
    let world = world("").await;
    browser.open("rita", json!({})).await;
    browser.open("thief", json!({})).await;
    // Both have the link; the thief is slower.
    let link = invited(&world, "rita").await;
    browser.goto("thief", &link).await;
    browser.goto("rita", &link).await;
    browser.click("rita", "#make").await;
    let number = browser.visible("rita", "#number").await;
    ask(&world, "confirm", json!({ "person": "rita", "number": number })).await.ok();
    login(&world, &mut browser, "rita", "rita").await;
    browser.click("thief", "#make").await;
    let said = browser.visible("thief", "#message").await;
    assert!(said.contains("used before"), "{said}");
    // Her session ended with it.
    browser.goto("rita", &world.running.people.clone()).await;
    browser.tell("at", "rita", json!({ "path": "/login" })).await;
    assert!(world.kinds().contains(&"person.suspended".to_owned()));
    // A new link heals it.
    ask(&world, "revoke", json!({ "person": "rita" })).await.ok();
    let number = enrolled(&world, &mut browser, "rita").await;
    ask(&world, "confirm", json!({ "person": "rita", "number": number })).await.ok();
    login(&world, &mut browser, "rita", "rita").await;
    browser.end().await;
    world.running.stop().await;
}
