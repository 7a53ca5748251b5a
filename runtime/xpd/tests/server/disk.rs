//! Limits on what agents can make the server store, and operation on a full disk.

use serde_json::json;

use crate::support::{World, until};

async fn entries(ann: &crate::support::Agent) -> u64 {
    ann.summary().await["entries"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn submissions_of_an_opening_are_counted() {
    let world = World::new().await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    for n in 0..100 {
        ann.submit("work", "files", json!([format!("src/{n}.rs")])).await.ok();
    }
    ann.submit("work", "files", json!(["src/a.rs"])).await.refused("too_many");
    let world = world.restart().await;
    let ann = world.joined("ann", &run).await;
    ann.submit("work", "files", json!(["src/a.rs"])).await.refused("too_many");
    // The submission stays valid, and another opening has attempts of its own.
    ann.act("work", "fake.note", json!({ "text": "x" })).await.ok();
    ann.judge("work", "done").await.ok();
    let ben = world.joined("ben", &run).await;
    assert_eq!(ben.view("review", "work.files").await.ok()["value"], json!(["src/99.rs"]));
    ben.judge("review", "changes").await.ok();
    ann.submit("work", "files", json!(["src/b.rs"])).await.ok();
    world.kill(json!({ "run": run })).await.ok();
    world.verifies(&run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_shown_before_is_not_recorded_again() {
    let world = World::new().await;
    let run = world.start().await;
    let (ann, ben) = (world.joined("ann", &run).await, world.joined("ben", &run).await);
    let propose = async |file: &str| {
        ann.act("work", "fake.note", json!({ "text": "x" })).await.ok();
        ann.submit("work", "files", json!([file])).await.ok();
        ann.judge("work", "done").await.ok();
    };
    propose("src/a.rs").await;
    let before = entries(&ann).await;
    let first = ben.view("review", "work.files").await;
    for _ in 0..20 {
        let again = ben.view("review", "work.files").await;
        assert_eq!(again.ok(), first.ok());
    }
    assert_eq!(entries(&ann).await, before + 1);
    // Views are recorded per principal and per opening, and each is authorised.
    let eve = world.joined("bob", &run).await;
    eve.view("review", "work.files").await.refused("wrong_role");
    ben.judge("review", "changes").await.ok();
    ben.view("review", "work.files").await.refused("out_of_sequence");
    propose("src/a.rs").await;
    let before = entries(&ann).await;
    let anew = ben.view("review", "work.files").await;
    assert_ne!(anew.ok()["index"], first.body["index"]);
    assert_eq!(entries(&ann).await, before + 1);
    ben.judge("review", "approved").await.ok();
    world.kill(json!({ "run": run })).await.ok();
    ben.view("review", "work.files").await.refused("killed");
    world.verifies(&run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_that_carry_much_are_counted() {
    let world = World::new().await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    let text = "x".repeat(60_000);
    let much: serde_json::Map<_, _> = (0..15).map(|n| (format!("a{n}"), json!(text))).collect();
    let much = json!(much);
    let mut logged = 0;
    for _ in 0..12 {
        let refused = ann.ask("ship", "fake.push", much.clone()).await;
        assert!(refused.status >= 400, "{}", refused.body);
        logged += usize::from(refused.body["index"].is_u64());
    }
    assert!((1..=9).contains(&logged), "{logged} of 900 kB each were kept");
    // They are refused nevertheless, and permitted requests succeed.
    ann.act("work", "fake.push", json!({ "id": 1 })).await.ok();
    world.kill(json!({ "run": run })).await.ok();
    world.verifies(&run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_reason_does_not_keep_a_kill_from_working() {
    let world = World::new().await;
    let run = world.start().await;
    for scope in [json!({ "run": run }), json!({ "principal": "ann" }), json!("everything")] {
        let body = json!({ "scope": scope, "reason": "x".repeat(200_000) });
        world.admin().post_with("/v1/kill", None, &body).await.ok();
    }
    world.verifies(&run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reserve_is_made_and_ordinary_work_waits_for_it() {
    let world = World::new().await;
    let reserve = world.site.folder.join("data/reserve");
    let size = std::fs::metadata(&reserve).unwrap().len();
    assert!(size >= 1 << 20, "{size}");
    let World { site, fake, running } = world;
    running.stop().await;
    // While the reserve cannot be restored, kills work and everything else is refused.
    std::fs::remove_file(&reserve).unwrap();
    std::fs::create_dir_all(reserve.join("in-the-way")).unwrap();
    let running = crate::support::Running::start(&site, &fake).await;
    let world = World { site, fake, running };
    world.agent("ann").start("A").await.refused("storage_full");
    world.kill(json!({ "principal": "ben" })).await.ok();
    std::fs::remove_dir_all(&reserve).unwrap();
    until("the reserve", async || world.agent("ann").start("A").await.status == 201).await;
    assert_eq!(std::fs::metadata(&reserve).unwrap().len(), size);
}
