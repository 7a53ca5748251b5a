//! Complete actions through a server in this process: over HTTP on loopback, with signed proofs, durable
//! before the answer.

mod added;
mod agent;
mod site;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Barrier, oneshot};
use tokio::task::JoinSet;

use crate::figures::{Sample, heading, row, time};
use crate::{Done, disk};
pub use added::measure as measure_added;
use agent::Agent;
use site::{Counting, Site};

/// Number of measurements for each number of agents.
const ROUNDS: usize = 5;
/// Number of agents, and of actions per agent in a measurement.
const CROWDS: [(usize, usize); 2] = [(1, 200), (64, 20)];

pub fn measure(scratch: &Path) -> Done {
    heading("whole actions through xpd on SQLite (request, claim, act, complete)");
    let folder = scratch.join("server");
    std::fs::create_dir(&folder)?;
    let before = disk::fdatasync(&folder)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let crowds = runtime.block_on(serve(&folder))?;
    let after = disk::fdatasync(&folder)?;
    for (name, sync) in [("before", &before), ("after", &after)] {
        let (median, late) = (time(sync.median()), time(sync.percentile(99)));
        row(&format!("fdatasync of 4 KiB here, {name}"), &format!("p50 {median}, p99 {late}"));
    }
    let sync = (before.median() + after.median()) / 2;
    for crowd in crowds {
        let rate =
            |sample: &Sample| format!("{:.0}/s", f64::from(crowd.actions) / sample.median().as_secs_f64());
        let middle = crowd.latency.median();
        row(
            &format!("{} agents at once: full actions", crowd.agents),
            &format!(
                "{}; p50 {}, p99 {} ({} actions, {ROUNDS} rounds)",
                rate(&crowd.rounds),
                time(middle),
                time(crowd.latency.percentile(99)),
                crowd.latency.len()
            ),
        );
        row(
            "  its p50 in fdatasyncs of this disk",
            &format!("{:.1}", middle.as_secs_f64() / sync.as_secs_f64()),
        );
    }
    println!(
        "  An action is two HTTP requests, two proofs signed and checked, a grant signed and checked, and three"
    );
    println!("  durable transactions, one after the other. The agents share these cores with the server.");
    Ok(())
}

/// Throughput and latency for a number of agents.
struct Crowd {
    agents: usize,
    /// Actions per measurement, by all agents together.
    actions: u32,
    rounds: Sample,
    latency: Sample,
}

async fn serve(folder: &Path) -> Done<Vec<Crowd>> {
    let most = CROWDS.iter().map(|(agents, _)| *agents).max().unwrap_or_default();
    let site = Site::write(folder, most)?;
    let connector = Arc::new(Counting::default());
    let server = site.open(Arc::<Counting>::clone(&connector)).await?;
    let url = server.url().ok_or("the server has no address")?;
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(server.run(async { drop(stopped.await) }));
    site::deploy(folder, &url).await?;

    let mut crowds = Vec::new();
    let mut total = 0;
    for (agents, actions) in CROWDS {
        let (mut rounds, mut latency) = (Vec::new(), Vec::new());
        // The first round fills connections, caches and the store's pages, and is not counted.
        for round in 0..=ROUNDS {
            let (took, each) = crowd(&url, agents, actions).await?;
            total += each.len();
            if round > 0 {
                rounds.push(took);
                latency.extend(each);
            }
        }
        let actions = u32::try_from(agents * actions)?;
        crowds.push(Crowd { agents, actions, rounds: Sample::of(rounds), latency: Sample::of(latency) });
    }
    if connector.acted() != total {
        return Err(format!("{total} actions were answered and {} carried out", connector.acted()).into());
    }
    drop(stop);
    task.await??;
    Ok(crowds)
}

/// Runs the agents, each in a run of its own. Returns the time from the first request to the last answer, and
/// the latency of each action.
async fn crowd(url: &str, agents: usize, actions: usize) -> Done<(Duration, Vec<Duration>)> {
    let ready = Arc::new(Barrier::new(agents + 1));
    let mut tasks = JoinSet::new();
    for number in 0..agents {
        let (url, ready) = (url.to_owned(), Arc::clone(&ready));
        tasks.spawn(async move {
            let joined = Agent::joined(number, &url).await;
            ready.wait().await; // Also where joining failed: nobody waits for ever.
            let agent = joined?;
            let mut taken = Vec::with_capacity(actions);
            for id in 0..actions {
                let begun = Instant::now();
                agent.act(id).await?;
                taken.push(begun.elapsed());
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(taken)
        });
    }
    ready.wait().await;
    let begun = Instant::now();
    let mut each = Vec::with_capacity(agents * actions);
    while let Some(done) = tasks.join_next().await {
        each.extend(done??);
    }
    Ok((begun.elapsed(), each))
}
