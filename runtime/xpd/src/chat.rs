//! Tells bridges to chats what waits for their people.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use xpd_egress::Reach;
use xpd_engine::Orchestrator;
use xpd_engine::orchestrator::Telling;

use crate::config::Bridge;

/// How often it is looked what waits.
const EVERY: Duration = Duration::from_secs(1);
/// How long nothing is told after a failure.
const AGAIN: Duration = Duration::from_secs(10);
/// Time limit for a message.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Tells bridges until told to stop. `door` is the origin of the people's door.
pub(crate) async fn tell(
    orchestrator: Arc<Orchestrator>,
    bridges: Vec<Bridge>,
    door: String,
    mut stop: watch::Receiver<bool>,
) {
    let reach: BTreeMap<String, Reach> =
        bridges.into_iter().map(|bridge| (bridge.name, bridge.reach)).collect();
    let mut pause = EVERY;
    while tokio::time::timeout(pause, stop.wait_for(|stop| *stop)).await.is_err() {
        pause = EVERY;
        let Ok(all) = orchestrator.to_tell(&door).await else { continue };
        for telling in all {
            // A bridge that the configuration got since is told at the next start.
            let Some(reach) = reach.get(&telling.bridge) else { continue };
            match post(&telling, reach).await {
                Ok(()) => drop(orchestrator.told(telling).await),
                Err(error) => {
                    tracing::warn!(bridge = telling.bridge, error, "a bridge was not told what waits");
                    pause = AGAIN;
                }
            }
            if *stop.borrow() {
                return;
            }
        }
    }
}

async fn post(telling: &Telling, reach: &Reach) -> Result<(), String> {
    let url = reqwest::Url::parse(&telling.url).map_err(|error| error.to_string())?;
    let client = xpd_egress::client(&url, reach).map_err(|error| error.to_string())?;
    let client = client.timeout(TIMEOUT).build().map_err(|error| crate::with_causes(&error))?;
    let request =
        client.post(url).header("content-type", "application/json").body(telling.message.to_string());
    let answer = request.send().await.map_err(|error| crate::with_causes(&error.without_url()))?;
    if answer.status().is_success() { Ok(()) } else { Err(format!("status {}", answer.status().as_u16())) }
}
