//! A server with a door for people, and people who use it.

use serde_json::{Value, json};
use xp_artifact::workflow::Workflow;

use crate::support::{Agent, Reply, Site, World, flow};
use xp_harness::browser::Browser;

/// A text that tries to look like something else.
pub const HOSTILE: &str = "src/\u{202E}txt.<b>approved by security</b>";

pub async fn world(settings: &str) -> World {
    world_of(flow::reviewed_by_people(60), settings).await
}

/// As `world`, with another workflow.
pub async fn world_of(workflow: Workflow, settings: &str) -> World {
    let site = Site::new();
    site.write(&format!("\n[people]\nlisten = \"127.0.0.1:0\"\n{settings}"));
    World::on(site, workflow, xpd_store::SystemClock::shared()).await
}

/// The administrator, over the socket in the data folder.
pub fn admin(world: &World) -> Agent {
    let key = xpd_token::KeyPair::read_file(&world.site.folder.join("data/keys/admin.pem")).unwrap();
    let socket = world.site.folder.join("data/admin.sock");
    let client = reqwest::Client::builder().unix_socket(socket).build().unwrap();
    Agent::over(key, xpd::serve::SOCKET_URL, client)
}

pub async fn ask(world: &World, what: &str, body: Value) -> Reply {
    admin(world).post_with(&format!("/v1/people/{what}"), None, &body).await
}

pub async fn invited(world: &World, person: &str) -> String {
    let reply = ask(world, "invite", json!({ "person": person })).await;
    reply.ok()["link"].as_str().unwrap().to_owned()
}

/// Enrols a passkey and returns the number that the page shows.
pub async fn enrolled(world: &World, browser: &mut Browser, person: &str) -> String {
    let link = invited(world, person).await;
    assert_eq!(browser.goto(person, &link).await, 200);
    browser.click(person, "#make").await;
    browser.visible(person, "#number").await
}

/// A person with a confirmed passkey who is logged in.
pub async fn logged_in(world: &World, browser: &mut Browser, person: &str) {
    let number = enrolled(world, browser, person).await;
    ask(world, "confirm", json!({ "person": person, "number": number })).await.ok();
    login(world, browser, person, person).await;
}

/// Logs in on a page.
pub async fn login(world: &World, browser: &mut Browser, page: &str, person: &str) {
    browser.goto(page, &format!("{}/login", world.running.people)).await;
    browser.tell("fill", page, json!({ "at": "#name", "text": person })).await;
    browser.click(page, "#login button").await;
    browser.tell("at", page, json!({ "path": "/" })).await;
}

/// A run that waits for a review.
pub async fn waiting(world: &World, files: Value) -> String {
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    ann.act("work", "fake.note", json!({ "place": "A", "text": "I wrote it" })).await.ok();
    // Refused: it is no place of the run.
    ann.ask("work", "fake.note", json!({ "place": "B", "text": "elsewhere" })).await.refused("out_of_scope");
    ann.submit("work", "files", files).await.ok();
    ann.judge("work", "done").await.ok();
    run
}

pub fn request(world: &World, run: &str) -> String {
    format!("{}/runs/{run}/steps/review", world.running.people)
}

/// Chooses an outcome, once its button works.
pub async fn choose(browser: &mut Browser, page: &str, outcome: &str) {
    browser.click(page, &format!("button[value={outcome}]:enabled")).await;
}

/// The outcome of the step `review`, if it has one.
pub async fn outcome(world: &World, run: &str) -> Value {
    let summary = admin(world).get(&format!("/v1/runs/{run}")).await;
    let steps = summary.ok()["steps"].as_array().unwrap().clone();
    steps.iter().find(|step| step["step"] == "review").unwrap()["outcome"].clone()
}
