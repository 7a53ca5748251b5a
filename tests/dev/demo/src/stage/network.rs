//! Reachability of addresses from inside a container and from outside.

use std::net::TcpStream;

use serde_json::{Value, json};

use super::world::World;
use crate::Done;
use crate::shared::ledger::Refused;

/// The refusal by the network, for the table: the operating system's error, with the namespace as the clause.
pub fn inside(probe: &Value, addresses: usize) -> Refused {
    let answers: Vec<&str> =
        probe["tried"].as_array().into_iter().flatten().filter_map(|one| one[1].as_str()).collect();
    let reached = answers.len() == addresses && answers.iter().all(|answer| *answer != "answers");
    Refused {
        request: json!({ "connect": "forge, xpd's loopback door, deployments", "from": "inside the container" }),
        code: if reached { "unreachable" } else { "answered" }.to_owned(),
        clause: Some(format!("bwrap --unshare-all; inside: {}", answers.first().unwrap_or(&"?"))),
        detail: probe.to_string(),
        reached: 0,
    }
}

/// Checks that the addresses are reachable from outside, without which the probe inside would show nothing.
pub fn outside(world: &World) -> Done {
    for address in world.addresses() {
        TcpStream::connect(&address)
            .map_err(|error| format!("{address} does not answer even outside: {error}"))?;
    }
    Ok(())
}
