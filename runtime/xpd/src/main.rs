//! The runtime: `xpd serve | audit verify | evidence | kill | unkill | doubts | checkpoint | witness | doctor`.

mod client;
mod command;
mod out;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use xp_wire::body::KillScope;

const EXIT_CODES: &str = "\
Exit codes:
  0  it holds, or it is done
  1  it failed for a reason that is not the input's
  2  the input was rejected: arguments, configuration, roster, keys, a file that is missing
  3  `audit verify`: the package does not hold, or the run's end is not in it; `doctor`: something is wrong; `checkpoint restore`: it is not of this log; else: the server refused
  4  `audit verify`: the package holds, but only by keys that came with it";

/// The runtime of compiled workflows.
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
        /// The configuration
        #[arg(long, value_name = "FILE", default_value = "xpd.toml")]
        config: PathBuf,
    },
    /// Work on evidence, offline
    Audit {
        #[command(subcommand)]
        command: Audit,
    },
    /// Fetch the evidence of a run
    Evidence {
        /// The run
        run: String,
        /// Where the package goes
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        #[command(flatten)]
        server: Server,
    },
    /// Stop something now; what was under way is named
    Kill {
        #[command(subcommand)]
        scope: Scope,
        /// Why
        #[arg(long, global = true, default_value = "")]
        reason: String,
        #[command(flatten)]
        server: Server,
    },
    /// Ask that a kill be lifted: the second administrator of the roster who asks lifts it, or whoever holds the recovery
    /// key alone. Without a scope: what is stopped
    Unkill {
        #[command(subcommand)]
        scope: Option<Scope>,
        /// Why
        #[arg(long, global = true, default_value = "")]
        reason: String,
        #[command(flatten)]
        server: Server,
    },
    /// Actions whose end nobody knows
    Doubts {
        #[command(subcommand)]
        command: Doubts,
        #[command(flatten)]
        server: Server,
    },
    /// The signed state of the log that is kept beside the database
    Checkpoint {
        #[command(subcommand)]
        command: Checkpoint,
    },
    /// Cosign the logs of other servers (C2SP tlog-witness)
    Witness {
        /// Its name, a URL without a scheme: `witness.example/w1`
        #[arg(long)]
        name: String,
        /// Where it listens; what it is asked and answers is signed, so there is no TLS here
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7412")]
        listen: std::net::SocketAddr,
        /// Its key, and what it has cosigned; made at the first start
        #[arg(long, value_name = "FOLDER", default_value = "witness")]
        data: PathBuf,
        /// The public key of a log that it cosigns, as `xpd serve` prints it; may stand more than once
        #[arg(long, value_name = "KEY", required = true)]
        log: Vec<String>,
    },
    /// Say what is wrong with this installation
    Doctor {
        /// The configuration
        #[arg(long, value_name = "FILE", default_value = "xpd.toml")]
        config: PathBuf,
    },
}

#[derive(Subcommand)]
enum Audit {
    /// Check a package: in the log, complete, granted, used once, and what the artifact's machine gives
    Verify {
        /// The package
        file: PathBuf,
        /// The log's public key, as text or in a file; without it the answer is at most `self-consistent`
        #[arg(long, value_name = "KEY")]
        log_key: Option<String>,
        /// A key that may sign artifacts, as an SPKI PEM file; may stand more than once
        #[arg(long, value_name = "FILE")]
        artifact_key: Vec<PathBuf>,
        /// Which witnesses must have cosigned the log (C2SP tlog-policy); a log it names is trusted as by --log-key
        #[arg(long, value_name = "FILE")]
        witness_policy: Option<PathBuf>,
        /// How to say it
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
}

#[derive(Subcommand)]
enum Checkpoint {
    /// Put one back that is missing, while the server is stopped, if it is of the log in the database
    #[command(group = clap::ArgGroup::new("source").required(true))]
    Restore {
        /// One that was exported; `checkpoint` in a package of evidence is one
        #[arg(value_name = "FILE", group = "source")]
        file: Option<PathBuf>,
        /// The largest that a witness of `log.witness_policy` shows
        #[arg(long, group = "source")]
        from_witnesses: bool,
        /// The configuration
        #[arg(long, value_name = "FILE", default_value = "xpd.toml")]
        config: PathBuf,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Human,
    Json,
}

#[derive(Subcommand)]
enum Scope {
    /// All runs, and no new ones
    Everything,
    /// Every run of an artifact, by its digest, or of all artifacts of a workflow, by its name; and no new ones
    Artifact {
        /// Digest or name
        artifact: String,
    },
    /// One run, for good
    Run {
        /// Its id
        run: String,
    },
    /// One principal, in every run
    Principal {
        /// Its name
        name: String,
    },
    /// One connector instance, in every run
    Connector {
        /// Its name
        name: String,
    },
}

impl Scope {
    /// As it is sent, and in words.
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
    /// List them
    List,
    /// Say that an action was carried out, with its result as JSON, or that it was not
    #[command(group = clap::ArgGroup::new("word").required(true))]
    Resolve {
        /// The token
        jti: String,
        /// It was carried out, and this came back; `{}` for an action that gives nothing back
        #[arg(long, value_name = "JSON", group = "word")]
        done: Option<String>,
        /// It was not carried out, and never will be
        #[arg(long, group = "word")]
        not_done: bool,
    },
}

/// Which server, and as whom.
#[derive(Args)]
struct Server {
    /// Its URL, by the name it gives itself [env: XPD_SERVER]
    #[arg(long, global = true, value_name = "URL")]
    server: Option<String>,
    /// Its unix socket, instead [default: data/admin.sock, or http://127.0.0.1:7411 where that is not]
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "server")]
    socket: Option<PathBuf>,
    /// The administrator's key: one's own, or `keys/admin.pem` in the server's folder
    #[arg(long, global = true, value_name = "FILE", default_value = "data/keys/admin.pem")]
    key: PathBuf,
}

/// Why a command came to nothing.
enum Failure {
    /// Not the input's fault.
    Failed(String),
    /// The input's fault.
    Input(String),
    /// The server refused, or something does not hold.
    Refused(String),
}

fn main() -> ExitCode {
    // More than one provider may be linked in; without a choice the first connection would panic.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    // Keys must not end up in a core dump, nor in the hands of another process of the same user.
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    match Cli::try_parse() {
        Ok(cli) => command::run(cli.command).unwrap_or_else(out::end),
        Err(error) => out::usage(&error),
    }
}
