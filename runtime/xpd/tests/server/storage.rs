//! Data folders that are full, older than the checkpoint, another server's, or damaged.

use std::sync::Arc;

use serde_json::json;

use crate::support::{Fake, Running, Site, World, artifact, flow, open, sealed};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_database_is_refused() {
    let world = World::new().await;
    let run = world.start().await;
    let World { site, fake, running } = world;
    running.stop().await;
    let data = site.folder.join("data");
    let names = ["xpd.sqlite", "xpd.sqlite-wal", "xpd.sqlite-shm"];
    for name in names {
        let _ = std::fs::copy(data.join(name), site.folder.join(name));
    }
    let running = Running::start(&site, &fake).await;
    let world = World { site, fake, running };
    let ann = world.joined("ann", &run).await;
    ann.act("work", "fake.push", json!({ "id": 1 })).await.ok();
    let World { site, fake, running } = world;
    running.stop().await;
    for name in names {
        let _ = std::fs::remove_file(data.join(name));
        let _ = std::fs::copy(site.folder.join(name), data.join(name));
    }
    let refused = open(&site, &fake).await.err().unwrap().to_string();
    assert!(refused.contains("older database"), "{refused}");
}

/// A log as long as the signed checkpoint, or longer, under the same key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_history_under_the_same_key_is_refused() {
    let names = ["xpd.sqlite", "xpd.sqlite-wal", "xpd.sqlite-shm", "checkpoint"];
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        for name in names {
            let _ = std::fs::remove_file(to.join(name));
            let _ = std::fs::copy(from.join(name), to.join(name));
        }
    };
    let mut world = World::new().await;
    let run = world.start().await;
    let mut signed = Vec::new();
    for pushes in [1, 2] {
        let World { site, fake, running } = world;
        running.stop().await;
        let data = site.folder.join("data");
        if pushes == 1 {
            copy(&data, &site.folder);
        } else {
            signed = std::fs::read(data.join("checkpoint")).unwrap();
            copy(&site.folder, &data);
        }
        let running = Running::start(&site, &fake).await;
        world = World { site, fake, running };
        let ann = world.joined("ann", &run).await;
        for id in 1..=pushes {
            ann.act("work", "fake.push", json!({ "id": id })).await.ok();
        }
    }
    let World { site, fake, running } = world;
    running.stop().await;
    let checkpoint = site.folder.join("data/checkpoint");
    let own = std::fs::read(&checkpoint).unwrap();
    std::fs::write(&checkpoint, signed).unwrap();
    let refused = open(&site, &fake).await.err().unwrap().to_string();
    assert!(refused.contains("are not those that were signed"), "{refused}");
    std::fs::write(&checkpoint, own).unwrap();
    open(&site, &fake).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_the_version_before_is_brought_forward_and_a_later_one_refused() {
    let world = World::new().await;
    let run = world.start().await;
    let World { site, fake, running } = world;
    running.stop().await;
    let database = site.folder.join("data/xpd.sqlite");
    let alter = |sql: &str| rusqlite::Connection::open(&database).unwrap().execute_batch(sql).unwrap();
    alter(
        "DROP TABLE deployments; CREATE INDEX artifacts_by_name ON artifacts (name, deployed);
         DROP TABLE tallies; DROP TABLE left_to_person; DROP TABLE stops;
         ALTER TABLE checkpoints DROP COLUMN cosigned; PRAGMA user_version = 1;
         CREATE TABLE kills (
           scope TEXT PRIMARY KEY, reason TEXT NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL
         ) STRICT, WITHOUT ROWID;
         INSERT INTO kills VALUES ('principal eve', 'lost', 'admin', 1);",
    );
    let running = Running::start(&site, &fake).await;
    let world = World { site, fake, running };
    let ann = world.joined("ann", &run).await;
    ann.submit("work", "files", json!(["src/a.rs"])).await.ok();
    world.kill(json!({ "principal": "eve" })).await.refused("killed");
    let World { site, fake, running } = world;
    running.stop().await;
    alter("PRAGMA user_version = 99;");
    let refused = open(&site, &fake).await.err().unwrap().to_string();
    assert!(refused.contains("version 99"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_folder_has_one_server() {
    let world = World::new().await;
    let refused = open(&world.site, &world.fake).await.err().unwrap().to_string();
    assert!(refused.contains("another xpd"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_others_may_read_are_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new().await;
    let World { site, fake, running } = world;
    running.stop().await;
    let loosen = |path: &str, mode: u32| {
        std::fs::set_permissions(site.folder.join(path), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    for (path, loose, tight) in
        [("data", 0o755, 0o700), ("data/keys", 0o750, 0o700), ("data/keys/log.pem", 0o640, 0o600)]
    {
        loosen(path, loose);
        let refused = open(&site, &fake).await.err().unwrap().to_string();
        assert!(refused.contains("mode"), "{path}: {refused}");
        loosen(path, tight);
    }
    open(&site, &fake).await.unwrap();
}

#[test]
fn what_is_wrong_is_named_with_its_file() {
    let site = Site::new();
    let read = |text: &str| {
        std::fs::write(site.folder.join("xpd.toml"), text).unwrap();
        xpd::config::Config::read(&site.folder.join("xpd.toml")).unwrap_err().to_string()
    };
    for (text, says) in [
        ("", "server"),
        ("[server]\ndata = \"d\"\nroster = \"r\"\n", "listen"),
        ("[server]\nlisten = \"0.0.0.0:1\"\ndata = \"d\"\nroster = \"r\"\n", "loopback"),
        ("[server]\nsocket = \"s\"\ndata = \"d\"\nroster = \"r\"\nmore = 1\n", "more"),
        ("[server]\nsocket = \"s\"\ndata = \"d\"\nroster = \"r\"\n", "trusted"),
    ] {
        let said = read(text);
        assert!(said.contains("xpd.toml") && said.contains(says), "{said}");
    }
}

/// Runs a test of this file again in a mount namespace with the data folder on a tmpfs of `mib` MiB.
fn on_a_disk(mib: u32, more: &str, test: &str) {
    let site = Site::new();
    site.write(more);
    let script = format!(
        "mount -t tmpfs -o size={mib}m,mode=700 tmpfs {0}/data && exec {1} {test} --exact --nocapture",
        site.folder.display(),
        std::env::current_exe().unwrap().display()
    );
    std::fs::create_dir(site.folder.join("data")).unwrap();
    let status = std::process::Command::new("unshare")
        .args(["-rm", "sh", "-c", &script])
        .env("XPD_TEST_SMALL_DISK", &site.folder)
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
}

fn disk(status: &str) -> Vec<(String, String)> {
    vec![("disk".to_owned(), status.to_owned())]
}

#[test]
fn a_full_disk_loses_nothing_that_was_acknowledged() {
    on_a_disk(3, "reserve_bytes = 524288\n", "storage::on_a_small_disk");
}

#[test]
fn on_a_disk_that_is_nearly_full_no_new_run_is_started() {
    on_a_disk(32, "reserve_bytes = 524288\ndisk_percent = 80\n", "storage::on_a_disk_that_fills");
}

/// The part of the test above that runs in the namespace.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_disk_that_fills() {
    let Ok(folder) = std::env::var("XPD_TEST_SMALL_DISK") else { return };
    let site = Site::at(std::path::Path::new(&folder));
    let fake = Arc::new(Fake::default());
    let running = Running::start(&site, &fake).await;
    let world = World { site, fake, running };
    world.deploy(sealed(&artifact(flow::workflow(60)))).await.ok();
    let run = world.start().await;
    assert_eq!(world.health().await, (200, vec![]));
    let ballast = world.site.folder.join("data/ballast");
    std::fs::write(&ballast, vec![1_u8; 26 << 20]).unwrap();
    let refused = world.agent("ann").start("A").await;
    assert_eq!((refused.status, refused.code()), (507, "disk_low"), "{}", refused.body);
    assert!(refused.body["detail"].as_str().unwrap().contains("80 %"), "{}", refused.body);
    assert!(refused.body["index"].is_u64(), "it is on the record: {}", refused.body);
    assert_eq!(world.health().await, (200, disk("degraded")));
    // Open runs continue to their end.
    let ann = world.joined("ann", &run).await;
    ann.act("work", "fake.push", json!({ "id": 1 })).await.ok();
    assert_eq!(world.fake.count("push"), 1);
    std::fs::remove_file(&ballast).unwrap();
    world.start().await;
    assert_eq!(world.health().await, (200, vec![]));
    world.kill(json!({ "run": run })).await.ok();
    world.verifies(&run).await;
}

/// The part of the test above that runs in the namespace.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_small_disk() {
    let Ok(folder) = std::env::var("XPD_TEST_SMALL_DISK") else { return };
    let site = Site::at(std::path::Path::new(&folder));
    let fake = Arc::new(Fake::default());
    let running = Running::start(&site, &fake).await;
    let world = World { site, fake, running };
    world.deploy(sealed(&artifact(flow::workflow(60)))).await.ok();
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    let other = world.start().await;
    let mut held = None;
    let ballast = world.site.folder.join("data/ballast");
    let mut done: Vec<u64> = Vec::new();
    let mut full = 0;
    let mut id = 0_u64;
    while full < 5 {
        id += 1;
        assert!(id < 5_000, "the disk never filled");
        if id == 5 {
            held = Some(ann.granted("work", "fake.push", json!({ "id": 99 })).await);
            // Fills the disk except for a small rest.
            let mut size = 4 << 20;
            while size > 4_096 {
                let bytes = vec![1_u8; size];
                let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&ballast).unwrap();
                if std::io::Write::write_all(&mut file, &bytes).is_err() {
                    size /= 2;
                }
            }
        }
        let before = world.fake.count("push");
        let asked = ann.ask("work", "fake.push", json!({ "id": id % 40 })).await;
        let grant = match asked.body["grant"].as_str() {
            Some(grant) => grant.to_owned(),
            None => {
                assert!(["storage_full", "used_up", "too_many"].contains(&asked.code()), "{}", asked.body);
                full += 1;
                continue;
            }
        };
        let used = ann.use_grant(&grant, json!({})).await;
        match used.status {
            200 => done.push(used.body["index"].as_u64().unwrap()),
            _ => {
                assert_eq!(used.code(), "storage_full", "{}", used.body);
                full += 1;
            }
        }
        let after = world.fake.count("push");
        assert!(after <= before + 1);
    }
    assert_eq!(world.health().await, (503, disk("failing")), "it still answers, and says so");
    // A kill works immediately, and grants issued before it are void.
    let held = held.expect("a token from before");
    world.kill(json!({ "principal": "ann" })).await.ok();
    world.kill(json!({ "run": other })).await.ok();
    let answer = ann.use_grant(&held, json!({})).await;
    assert!(["killed", "storage_full"].contains(&answer.code()), "{}", answer.body);
    // With space again, requests that a kill does not stop work, and everything acknowledged is present.
    std::fs::remove_file(&ballast).unwrap();
    crate::support::until("room", async || ann.use_grant(&held, json!({})).await.code() == "killed").await;
    let stopped = vec![("kill".to_owned(), "degraded".to_owned())];
    crate::support::until("the end of the alarm", async || world.health().await == (200, stopped.clone()))
        .await;
    let world = world.restart().await;
    assert!(world.site.folder.join("data/reserve").exists());
    let ben = world.joined("ben", &other).await;
    assert_eq!(ben.summary().await["status"], "killed");
    let mut ann = world.agent("ann");
    ann.join(&run).await;
    ann.ask("work", "fake.note", json!({ "text": "after" })).await.refused("killed");
    world.kill(json!({ "run": run })).await.ok();
    let trust = xpd_audit::verify::Trust {
        log_key: Some(world.running.log_key.parse().unwrap()),
        artifact_keys: vec![crate::support::signer().public()],
        policy: None,
    };
    let report = xpd_audit::verify::verify_package(&world.evidence(&run).await, &trust);
    assert_eq!(report.verdict, xpd_audit::verify::Verdict::Verified, "{report}");
    for index in &done {
        assert!(report.log.as_ref().is_some_and(|log| *index < log.size), "entry {index} is gone");
    }
    assert!(!done.is_empty());
}
