//! Pages about a shadow run say so.

use serde_json::json;

use super::house::{logged_in, request, world};
use crate::support::{artifact, flow, sealed};
use xp_harness::browser::Browser;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_that_a_run_is_a_shadow_run() {
    let Some(mut browser) = Browser::start() else { return };
    let world = world("\n[shadow]\nsends = { fake = [\"note\"] }\n").await;
    let file = world.site.folder.join("roster.toml");
    let roster = std::fs::read_to_string(&file).unwrap();
    let rule = "\n[[start]]\nartifact = \"flow\"\nprincipals = [\"amy\"]\nshadow = true\nmax_open = 9\nmax_per_day = 9\n\
                params = { place = \"A\" }\n";
    std::fs::write(&file, roster + rule).unwrap();
    world.running.reloader.try_reload().await.unwrap();
    world.admin().deploy_shadow(sealed(&artifact(flow::reviewed_by_people(60)))).await.ok();
    let enforced = super::house::waiting(&world, json!(["src/a.rs"])).await;
    let run = world.agent("amy").start("A").await.ok()["run"].as_str().unwrap().to_owned();
    let amy = world.joined("amy", &run).await;
    amy.act("work", "fake.note", json!({ "place": "A", "text": "x" })).await.ok();
    amy.submit("work", "files", json!(["src/b.rs"])).await.ok();
    amy.judge("work", "done").await.ok();

    browser.open("rita", json!({ "width": 375, "height": 800 })).await;
    logged_in(&world, &mut browser, "rita").await;
    let rows = "[...document.querySelectorAll('a.row')].map(row => [row.href.includes('RUN'), /shadow run/.test(row.innerText)])";
    let rows = browser.evaluate("rita", &rows.replace("RUN", &run)).await;
    assert_eq!(rows, json!([[false, false], [true, true]]), "the list marks the one and not the other");
    browser.picture("rita", "shadow-queue").await;
    browser.is_clean("rita").await;
    browser.goto("rita", &request(&world, &run)).await;
    assert!(browser.text("rita").await.contains("Shadow run: nothing is sent"));
    browser.picture("rita", "shadow-request").await;
    browser.is_clean("rita").await;
    browser.goto("rita", &format!("{}/runs/{run}", world.running.people)).await;
    assert!(browser.text("rita").await.contains("Shadow run: nothing is sent"));
    browser.goto("rita", &request(&world, &enforced)).await;
    assert!(!browser.text("rita").await.contains("Shadow run"));
    browser.end().await;
}
