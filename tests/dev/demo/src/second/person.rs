//! The person: Chromium without a window, with a virtual authenticator.

use std::path::Path;

use serde_json::json;
use xp_harness::browser::Browser;

use super::config::{PERSON, missing};
use super::world::World;
use crate::Done;
use crate::shared::{pad, root};

/// Fails where there is no browser.
pub fn available() -> Done {
    let chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    let found = chromium.iter().any(|path| Path::new(path).exists());
    if found && root().join(".xp/browser/node_modules").is_dir() {
        Ok(())
    } else {
        Err(missing("Chromium, in which a person approves,"))
    }
}

/// Makes a passkey, reads the request of a run's review, and approves it. Returns the
/// value that was shown, letter by letter.
pub fn approve(world: &World, run: &str) -> Done<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(decide(world, run))
}

async fn decide(world: &World, run: &str) -> Done<String> {
    let say = |text: &str| println!("[{PERSON}] {}{text}", pad(PERSON));
    let mut browser = Browser::start().ok_or_else(|| missing("Chromium"))?;
    browser.open(PERSON, json!({})).await;
    let link = world.xpd(&["people", "invite", PERSON])?;
    browser.goto(PERSON, link.lines().next().unwrap_or_default()).await;
    browser.click(PERSON, "#make").await;
    let number = browser.visible(PERSON, "#number").await;
    world.xpd(&["people", "confirm", PERSON, &number])?;
    say("makes a passkey, and reads a number to the operator, who confirms it");
    browser.goto(PERSON, &format!("{}/login", world.people)).await;
    browser.tell("fill", PERSON, json!({ "at": "#name", "text": PERSON })).await;
    browser.click(PERSON, "#login button").await;
    browser.tell("at", PERSON, json!({ "path": "/" })).await;
    browser.tell("shot", PERSON, json!({ "path": world.at("pictures/list.png") })).await;

    browser.goto(PERSON, &format!("{}/runs/{run}/steps/review", world.people)).await;
    let shown = "[...document.querySelectorAll('pre')].map((one) => one.textContent).join('\\u{0}')";
    let shown = browser.evaluate(PERSON, shown).await.as_str().unwrap_or_default().to_owned();
    browser.visible(PERSON, "button[value=approved]:enabled").await;
    browser.tell("shot", PERSON, json!({ "path": world.at("pictures/request.png") })).await;
    say("is shown the text that the file is to have");
    browser.click(PERSON, "button[value=approved]:enabled").await;
    browser.visible(PERSON, ".notice").await;
    browser.tell("shot", PERSON, json!({ "path": world.at("pictures/decided.png") })).await;
    browser.end().await;
    Ok(shown)
}
