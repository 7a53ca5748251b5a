//! The subcommands, one module each.

mod agent;
mod audit;
mod call;
mod checkpoint;
mod connectors;
mod doctor;
mod doubts;
mod evidence;
mod kill;
mod mcp;
mod people;
mod serve;
mod unkill;
mod up;
mod witness;

use std::future::Future;
use std::process::ExitCode;

use crate::{Agent, Audit, Checkpoint, Command, Failure};

pub use call::Call;

/// Result of a subcommand.
type Done = Result<ExitCode, Failure>;

/// Runs a subcommand.
pub fn run(command: Command) -> Done {
    match command {
        Command::Serve { config } => wait(serve::run(config)),
        Command::Up { file, param, person, accept, new_run, from, reads } => {
            wait(up::run(up::Up { file, params: param, persons: person, accept, new_run, from, reads }))
        }
        Command::Audit { command: Audit::Verify { file, log_key, artifact_key, witness_policy, format } } => {
            let ask = audit::Ask {
                file: &file,
                log_key: log_key.as_deref(),
                artifact_keys: &artifact_key,
                policy: witness_policy.as_deref(),
            };
            audit::verify(&ask, format)
        }
        Command::Evidence { run, output, transcript, server } => {
            wait(evidence::run(run, output, transcript, server))
        }
        Command::Kill { scope, reason, server } => wait(kill::run(scope, reason, server)),
        Command::Unkill { scope, reason, server } => wait(unkill::run(scope, reason, server)),
        Command::Doubts { command, server } => wait(doubts::run(command, server)),
        Command::Checkpoint { command: Checkpoint::Restore { file, from_witnesses: _, config } } => {
            wait(checkpoint::restore(config, file))
        }
        Command::Witness { name, listen, data, log } => wait(witness::run(name, listen, data, log)),
        Command::Mcp { run, print_config: Some(client), server, job_token: _ } => {
            mcp::print_config(client, &run, &server)
        }
        Command::Mcp { run, print_config: None, server, job_token } => wait(mcp::run(run, server, job_token)),
        Command::Agent { command: Agent::Enrol { name, controller, role, output, server, socket } } => {
            let door = crate::Server { server, socket, key: output };
            wait(async move { agent::enrol(&name, &controller, &role, &door).await })
        }
        Command::Agent { command: Agent::Start { artifact, params, server } } => {
            wait(async move { agent::start(artifact, &params, &server).await })
        }
        Command::People { command, server } => wait(people::run(command, server)),
        Command::Agent { command: Agent::Call(call) } => wait(call::run(call)),
        Command::Connectors { command } => wait(connectors::run(command)),
        Command::Doctor { config } => wait(doctor::run(config)),
    }
}

fn wait(work: impl Future<Output = Done>) -> Done {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Failure::Failed(error.to_string()))?.block_on(work)
}
