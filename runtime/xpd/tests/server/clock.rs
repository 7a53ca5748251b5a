//! Changes of the host's wall clock while the server works.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use serde_json::json;
use xpd_store::{Clock, SystemClock};

use crate::support::{Agent, Reply, World, flow};

/// The host's wall clock, set by the test, and a monotonic counter advanced by the test.
#[derive(Default)]
struct Machine {
    set: AtomicI64,
    passed: AtomicU64,
}

impl Machine {
    fn set(&self, seconds: i64) {
        self.set.store(seconds * 1_000, Ordering::SeqCst);
    }

    fn pass(&self, seconds: u64) {
        self.passed.fetch_add(seconds * 1_000, Ordering::SeqCst);
    }
}

impl Clock for Machine {
    fn now(&self) -> u64 {
        let real = SystemClock.now() + self.passed.load(Ordering::SeqCst);
        real.saturating_add_signed(self.set.load(Ordering::SeqCst))
    }

    fn count(&self) -> u64 {
        SystemClock.count() + self.passed.load(Ordering::SeqCst)
    }
}

async fn world() -> (World, Arc<Machine>, String) {
    let machine = Arc::new(Machine::default());
    let world = World::at(flow::workflow(60), Arc::clone(&machine) as Arc<dyn Clock>).await;
    let run = world.start().await;
    (world, machine, run)
}

async fn push(agent: &Agent, id: u32) -> Reply {
    agent.ask("work", "fake.push", json!({ "id": id })).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn during_a_clock_jump_nothing_new_is_granted_and_grants_in_force_work() {
    for jump in [600, -600] {
        let (world, machine, run) = world().await;
        let ann = world.joined("ann", &run).await;
        let held = ann.granted("work", "fake.push", json!({ "id": 1 })).await;
        machine.set(jump);
        let refused = push(&ann, 2).await;
        assert_eq!(refused.refused("clock_off").status, 503);
        assert!(refused.body["detail"].as_str().unwrap().contains("jumped"), "{}", refused.body);
        world.agent("ann").start("A").await.refused("clock_off");
        assert_eq!(world.health().await, (503, vec![("clock".to_owned(), "failing".to_owned())]));
        ann.use_grant(&held, json!({})).await.ok();
        ann.use_grant(&held, json!({})).await.refused("replayed");
        // Proofs of administrators are accepted by either clock.
        let mut ada = world.agent("ada");
        world.kill(json!({ "principal": "eve" })).await.ok();
        ada.ahead = jump;
        let kill = json!({ "scope": { "principal": "ben" }, "reason": "" });
        ada.post_with("/v1/kill", None, &kill).await.ok();
        // Once the wall clock is right again, everything works at once.
        machine.set(0);
        let new = world.joined("ann", &run).await;
        new.act("work", "fake.push", json!({ "id": 3 })).await.ok();
        push(&ann, 4).await.ok();
        assert_eq!(world.fake.count("push"), 2);
        world.kill(json!({ "run": run })).await.ok();
        world.verifies(&run).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_clock_jump_makes_a_used_proof_valid_again() {
    let (world, machine, run) = world().await;
    let ann = world.joined("ann", &run).await;
    let path = format!("/v1/runs/{run}/offers");
    let proof = ann.proof("GET", &path, Some(&ann.session), b"");
    let again =
        async || Reply::of(ann.send("GET", &path, Some(&ann.session), &proof, Vec::new()).await).await;
    again().await.ok();
    for jump in [600, -600, 86_400] {
        machine.set(jump);
        // A write at that time triggers the deletion of expired proofs.
        world.kill(json!({ "principal": "none" })).await.refused("unknown");
        ann.get(&path).await.ok();
        again().await.refused("proof_replayed");
        machine.set(0);
        ann.get(&path).await.ok();
        again().await.refused("proof_replayed");
    }
    // An administrator's proof is recorded without expiry, since it is accepted by the wall clock too.
    let ada = world.agent("ada");
    let body = json!({ "scope": { "principal": "eve" }, "reason": "" }).to_string().into_bytes();
    let proof = ada.proof("POST", "/v1/kill", None, &body);
    let kill = async || Reply::of(ada.send("POST", "/v1/kill", None, &proof, body.clone()).await).await;
    kill().await.ok();
    machine.pass(400);
    machine.set(-400);
    kill().await.refused("proof_replayed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lasting_forward_jump_is_accepted() {
    let (world, machine, run) = world().await;
    let mut ann = world.joined("ann", &run).await;
    let held = ann.granted("work", "fake.push", json!({ "id": 1 })).await;
    machine.set(600);
    push(&ann, 2).await.refused("clock_off");
    machine.pass(31);
    // Agents on that host use its clock.
    ann.ahead = 631;
    ann.use_grant(&held, json!({})).await.refused("expired");
    push(&ann, 2).await.ok();
    assert_eq!(world.fake.count("push"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_lasting_backward_jump_the_server_waits_for_the_host() {
    let (world, machine, run) = world().await;
    let mut ann = world.joined("ann", &run).await;
    let held = ann.granted("work", "fake.push", json!({ "id": 1 })).await;
    machine.set(-600);
    push(&ann, 2).await.refused("clock_off");
    machine.pass(31);
    push(&ann, 2).await.refused("clock_off");
    // How long ago the token was issued is unknown.
    ann.use_grant(&held, json!({})).await.refused("expired");
    // A proof by the wall clock is refused with the reason that the clocks differ.
    ann.ahead = -569;
    push(&ann, 2).await.refused("clock_off");
    // A restart does not change this.
    let World { site, fake, running } = world;
    running.stop().await;
    let clock = Arc::clone(&machine) as Arc<dyn Clock>;
    let running = crate::support::Running::start_at(&site, &fake, clock).await;
    let world = World { site, fake, running };
    let mut again = world.agent("ann");
    again.start("A").await.refused("clock_off");
    machine.pass(602);
    again.ahead = 33;
    again.join(&run).await;
    again.use_grant(&held, json!({})).await.refused("expired");
    again.act("work", "fake.push", json!({ "id": 3 })).await.ok();
    assert_eq!(world.fake.count("push"), 1);
}
