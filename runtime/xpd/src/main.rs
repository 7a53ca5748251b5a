//! The command line of `xpd`: `serve`, `up`, `audit verify`, `evidence`, `kill`, `unkill`, `doubts`, `checkpoint`, `witness`, `doctor`.

mod client;
mod command;
mod door;
mod out;
mod pin;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use xp_wire::body::KillScope;

const EXIT_CODES: &str = "\
Exit codes:
  0  success
  1  a failure for a reason other than the input
  2  invalid input: arguments, configuration, roster, keys, a missing file
  3  `audit verify`: a check failed, or the end of the run is missing; `doctor`: a fault was found; `checkpoint restore`: the checkpoint is not of this log; other commands: the server refused
  4  `audit verify`: every check holds, but only under keys from the package itself; calls of `agent`: it is not known whether the call was carried out
  5  `audit verify`: every check holds, and the run is a shadow run; calls of `agent`: the server was not reached, and nothing was carried out";

/// Runs compiled workflows with exact privileges and records every decision.
#[derive(Parser)]
#[command(name = "xpd", version, about, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server: orchestrator, proxy and store in one process
    Serve {
        /// Configuration file
        #[arg(long, value_name = "FILE", default_value = "xpd.toml")]
        config: PathBuf,
    },
    /// Make keys, roster and configuration for a workflow in this folder, once, and serve it
    Up {
        /// The workflow [default: the only `.xp` file of the folder]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// A value with which runs are started: a text, or JSON after `:=`, as in `limit:=3`; may be repeated
        #[arg(long, value_name = "NAME=VALUE")]
        param: Vec<String>,
        /// A person who takes the roles of people [default: you]; may be repeated
        #[arg(long, value_name = "NAME")]
        person: Vec<String>,
        /// Register the connectors that the file declares without asking
        #[arg(long)]
        accept: bool,
        /// Start another run, although one is open
        #[arg(long)]
        new_run: bool,
        /// Wrap the MCP servers of a client's configuration, such as `.mcp.json`, and draft a workflow from their tools
        #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "param", "person"])]
        from: Option<PathBuf>,
        /// With `--from`: a tool that only reads, at your word, as `SERVER.TOOL`; may be repeated
        #[arg(long, value_name = "SERVER.TOOL", requires = "from")]
        reads: Vec<String>,
    },
    /// Verify evidence, offline
    Audit {
        #[command(subcommand)]
        command: Audit,
    },
    /// Fetch the evidence of a run
    Evidence {
        /// Id of the run
        run: String,
        /// File to write the package to
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// Write the calls of the run instead, one JSON object in a line, for `xpc draft`
        #[arg(long)]
        transcript: bool,
        #[command(flatten)]
        server: Server,
    },
    /// Stop runs, principals or connectors now, and print the actions that were under way
    Kill {
        #[command(subcommand)]
        scope: Scope,
        /// Reason, for the log
        #[arg(long, global = true, default_value = "")]
        reason: String,
        #[command(flatten)]
        server: Server,
    },
    /// Ask to lift a kill: it is lifted when a second administrator of the roster asks, or at once for the
    /// holder of the recovery key. Without a scope, list the kills in force
    Unkill {
        #[command(subcommand)]
        scope: Option<Scope>,
        /// Reason, for the log
        #[arg(long, global = true, default_value = "")]
        reason: String,
        #[command(flatten)]
        server: Server,
    },
    /// List and resolve actions in doubt
    Doubts {
        #[command(subcommand)]
        command: Doubts,
        #[command(flatten)]
        server: Server,
    },
    /// Restore the checkpoint file beside the database
    Checkpoint {
        #[command(subcommand)]
        command: Checkpoint,
    },
    /// Cosign the logs of other servers (C2SP tlog-witness)
    Witness {
        /// Name of the witness, a URL without scheme: `witness.example/w1`
        #[arg(long)]
        name: String,
        /// Address to listen on. Requests and answers are signed, so the witness serves plain HTTP
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7412")]
        listen: std::net::SocketAddr,
        /// Folder for its key and the checkpoints it has cosigned; created at the first start
        #[arg(long, value_name = "FOLDER", default_value = "witness")]
        data: PathBuf,
        /// Public key of a log to cosign, as printed by `xpd serve`; may be repeated
        #[arg(long, value_name = "KEY", required = true)]
        log: Vec<String>,
    },
    /// Connect an MCP client to a run: a server on standard input and output that signs and forwards each message
    Mcp {
        /// Id of the run
        #[arg(long, value_name = "RUN")]
        run: String,
        /// Print the configuration of a client that starts this command, instead of running it
        #[arg(long, value_name = "CLIENT", value_enum)]
        print_config: Option<McpClient>,
        /// File with the token that a service gave to this job, exchanged once for a session of ten minutes. The key is made for it and
        /// kept in memory
        #[arg(long, value_name = "FILE", conflicts_with_all = ["key", "print_config"])]
        job_token: Option<PathBuf>,
        #[command(flatten)]
        server: Server,
    },
    /// Enrol agents, start runs and make an agent's calls, for scripts
    Agent {
        #[command(subcommand)]
        command: Agent,
    },
    /// Invite people, confirm their passkeys, and withdraw them
    People {
        #[command(subcommand)]
        command: People,
        #[command(flatten)]
        server: Server,
    },
    /// Register and list connectors that users declared
    Connectors {
        #[command(subcommand)]
        command: Connectors,
    },
    /// Check the configuration and the installation, and report all faults
    Doctor {
        /// Configuration file
        #[arg(long, value_name = "FILE", default_value = "xpd.toml")]
        config: PathBuf,
    },
}

#[derive(Subcommand)]
enum Audit {
    /// Verify a package: inclusion in the log, completeness, one grant per action, replay of each decision
    Verify {
        /// The package
        file: PathBuf,
        /// Public key of the log, as text or in a file; without it the verdict is at most `self-consistent`
        #[arg(long, value_name = "KEY")]
        log_key: Option<String>,
        /// Public key of an artifact signer, as an SPKI PEM file; may be repeated
        #[arg(long, value_name = "FILE")]
        artifact_key: Vec<PathBuf>,
        /// Policy of the witnesses that must have cosigned the log (C2SP tlog-policy); a log it names is
        /// trusted as by --log-key
        #[arg(long, value_name = "FILE")]
        witness_policy: Option<PathBuf>,
        /// Output format
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
}

#[derive(Subcommand)]
enum Checkpoint {
    /// Restore a missing checkpoint of the log in the database, while the server is stopped
    #[command(group = clap::ArgGroup::new("source").required(true))]
    Restore {
        /// An exported checkpoint; the file `checkpoint` in an evidence package is one
        #[arg(value_name = "FILE", group = "source")]
        file: Option<PathBuf>,
        /// Use the largest checkpoint that a witness of `log.witness_policy` serves
        #[arg(long, group = "source")]
        from_witnesses: bool,
        /// Configuration file
        #[arg(long, value_name = "FILE", default_value = "xpd.toml")]
        config: PathBuf,
    },
}

#[derive(Subcommand)]
enum Connectors {
    /// Show what a declaration would allow, with its digest; with --accept, register it
    Add {
        /// The declaration, as `xpc build CONNECTOR.xp -o NAME.json` writes it
        file: PathBuf,
        /// Register the declaration that has this digest
        #[arg(long, value_name = "DIGEST")]
        accept: Option<String>,
        /// The person who accepts it, for the record
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        /// Confirm that an action changes nothing although it is not a GET; may be repeated
        #[arg(long, value_name = "ACTION")]
        changes_nothing: Vec<String>,
        /// Configuration file
        #[arg(long, value_name = "FILE", default_value = "xpd.toml")]
        config: PathBuf,
    },
    /// Do the actions of a plan at the upstream of an instance, and record what was seen of keys and failures. It acts there
    Test {
        /// The instance
        instance: String,
        /// The plan: `{"calls": [{"action": …, "args": {…}, "fails": STATUS, "observe": {"action": …, "args": {…}}}]}`
        #[arg(long, value_name = "FILE")]
        plan: PathBuf,
        /// The address of the upstream, as a confirmation: `base_url` of the instance
        #[arg(long, value_name = "URL")]
        against: String,
        /// Configuration file
        #[arg(long, value_name = "FILE", default_value = "xpd.toml")]
        config: PathBuf,
    },
    /// List instances and registered declarations, with their digests and what is wrong with them
    List {
        /// Configuration file
        #[arg(long, value_name = "FILE", default_value = "xpd.toml")]
        config: PathBuf,
    },
}

#[derive(Subcommand)]
enum Agent {
    /// Make an agent's key and print the lines for the roster, which an administrator adds
    Enrol {
        /// Name of the principal
        name: String,
        /// For whom the agent acts
        #[arg(long, value_name = "NAME")]
        controller: String,
        /// A role that it may take; may be repeated
        #[arg(long, value_name = "ROLE", required = true)]
        role: Vec<String>,
        /// File for the private key, which must not exist. Keep it outside the agent's working folder
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// URL of the door that the key is for, as the server names itself; the key is then used at that server alone
        #[arg(long, value_name = "URL")]
        server: Option<String>,
        /// Unix socket of that door
        #[arg(long, value_name = "FILE", conflicts_with = "server")]
        socket: Option<PathBuf>,
    },
    /// Start a run and print its id
    Start {
        /// Digest of an artifact, or name of a workflow: the one deployed last
        artifact: String,
        /// A parameter: a text, or JSON after `:=`, as in `limit:=3`; may be repeated
        #[arg(long = "param", value_name = "NAME=VALUE")]
        params: Vec<String>,
        #[command(flatten)]
        server: Server,
    },
    #[command(flatten)]
    Call(command::Call),
}

#[derive(Subcommand)]
enum People {
    /// Print a one-time link with which a person of the roster enrols a passkey within ten minutes
    Invite {
        /// Name of the person
        name: String,
    },
    /// Confirm the passkey whose number the person reads to you
    Confirm {
        /// Name of the person
        name: String,
        /// The number on the person's screen
        number: String,
    },
    /// Withdraw all passkeys, links and sessions of a person
    Revoke {
        /// Name of the person
        name: String,
    },
    /// List the passkeys
    List,
}

/// A client of MCP.
#[derive(Clone, Copy, ValueEnum)]
enum McpClient {
    ClaudeCode,
    Codex,
    Copilot,
    Inspector,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Human,
    Json,
}

#[derive(Subcommand)]
enum Scope {
    /// All runs, and the start of new ones
    Everything,
    /// Every run of an artifact, given by digest, or of all artifacts of a workflow, given by name, and the
    /// start of new ones
    Artifact {
        /// Digest of an artifact, or name of a workflow
        artifact: String,
    },
    /// One run, permanently
    Run {
        /// Id of the run
        run: String,
    },
    /// One principal, in every run
    Principal {
        /// Name of the principal
        name: String,
    },
    /// One connector instance, in every run
    Connector {
        /// Name of the instance
        name: String,
    },
}

impl Scope {
    /// The scope in its wire form and as text.
    fn wire(self) -> (KillScope, String) {
        match self {
            Self::Everything => (KillScope::Everything, "everything".to_owned()),
            Self::Artifact { artifact } => {
                (KillScope::Artifact(artifact.clone()), format!("artifact {artifact}"))
            }
            Self::Run { run } => (KillScope::Run(run.clone()), format!("run {run}")),
            Self::Principal { name } => (KillScope::Principal(name.clone()), format!("principal {name}")),
            Self::Connector { name } => (KillScope::Connector(name.clone()), format!("connector {name}")),
        }
    }
}

#[derive(Subcommand)]
enum Doubts {
    /// List the actions in doubt
    List,
    /// State that an action was performed, with its result as JSON, or that it was not
    #[command(group = clap::ArgGroup::new("word").required(true))]
    Resolve {
        /// The grant's id, as listed
        jti: String,
        /// The action was performed, with this result; `{}` for an action without a result
        #[arg(long, value_name = "JSON", group = "word")]
        done: Option<String>,
        /// The action was not performed and will not be
        #[arg(long, group = "word")]
        not_done: bool,
    },
}

/// The server to contact, and the key to use.
#[derive(Args)]
struct Server {
    /// URL of the server, as the server names itself [env: XPD_SERVER]
    #[arg(long, global = true, value_name = "URL")]
    server: Option<String>,
    /// Unix socket of the server [default: data/admin.sock, or http://127.0.0.1:7411 if there is none]
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "server")]
    socket: Option<PathBuf>,
    /// Private key of the caller. For administrators: one's own, or `keys/admin.pem` in the server's folder
    #[arg(long, global = true, value_name = "FILE", default_value = "data/keys/admin.pem")]
    key: PathBuf,
}

/// Why a command failed.
enum Failure {
    /// A failure that does not depend on the input.
    Failed(String),
    /// Invalid input.
    Input(String),
    /// The server refused, or a check failed.
    Refused(String),
}

fn main() -> ExitCode {
    // More than one provider may be linked in; without a choice the first connection would panic.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    // Disables core dumps and tracing by other processes of the same user, which would expose keys.
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    match Cli::try_parse() {
        Ok(cli) => command::run(cli.command).unwrap_or_else(out::end),
        Err(error) => out::usage(&error),
    }
}
