//! Arguments. An option whose feature is not built is not here, so that it is refused and never ignored.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

const EXIT_CODES: &str = "\
Exit codes:
  0  all holds
  1  the tool failed for a reason that is not the input's
  2  the input was rejected: syntax, types, structure, arguments, a file that cannot be read
  3  a property is refuted or vacuous
  4  something is unknown or conditional, nothing refuted";

/// Compiles agent workflows, proves what they can never do, and emits signed artifacts.
#[derive(Debug, Parser)]
#[command(name = "xpc", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Parse, resolve, analyse and prove
    Check(Check),
    /// Check, then emit the artifact
    Build(Build),
    /// Re-check an artifact's form, digest and signature; needs no source and no solver
    Verify(Verify),
    /// Format sources in the canonical way
    Fmt(Fmt),
    /// Draw a workflow
    Graph(Graph),
    /// Explain a diagnostic code
    Explain(Explain),
    /// Hand an artifact to a server
    Deploy(Deploy),
    /// Draft a connector of your own from the description of an interface or from a list of tools
    Import(Import),
    /// Draft a workflow from observed calls, and check it
    Draft(Draft),
    /// Begin with a workflow that is complete and small
    Init(Init),
}

#[derive(Debug, ClapArgs)]
pub struct Check {
    /// Files or folders; a folder means every `.xp` below it. None: the current folder
    pub files: Vec<PathBuf>,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Apply the cures that messages about the sources offer as edits, then check
    #[arg(long)]
    pub fix: bool,
    /// A roster: its start rules must pin what whoever starts a run must not choose
    #[arg(long, value_name = "FILE")]
    pub roster: Option<PathBuf>,
    /// Make warnings errors
    #[arg(long, value_enum)]
    pub deny: Option<Deny>,
    /// Say on stderr where the time went
    #[arg(long)]
    pub timings: bool,
    #[command(flatten)]
    pub limits: Limits,
}

/// Bounds on the solver's work; hitting one makes answers unknown.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub struct Limits {
    /// Longest time for one question to the solver, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=3_600_000))]
    pub query_ms: u32,
    /// Most memory for the solver, in megabytes
    #[arg(long, value_name = "MB", default_value_t = 4_096, value_parser = clap::value_parser!(u32).range(16..=1_048_576))]
    pub memory_mb: u32,
    /// Longest time for all questions of a workflow, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 600_000, value_parser = clap::value_parser!(u32).range(1..=86_400_000))]
    pub workflow_ms: u32,
}

impl From<Limits> for xpc_model::Limits {
    fn from(limits: Limits) -> Self {
        let Limits { query_ms, memory_mb, workflow_ms } = limits;
        Self { query_ms, memory_mb, workflow_ms, ..Self::default() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Deny {
    Warnings,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Human,
    Json,
    Sarif,
    Junit,
    Github,
}

#[derive(Debug, ClapArgs)]
pub struct Build {
    /// The source file
    pub file: PathBuf,
    /// Where to write the artifact
    #[arg(short, long, value_name = "OUT.xpa")]
    pub output: PathBuf,
    /// Ed25519 private key (PKCS#8 PEM) to sign with
    #[arg(long, value_name = "KEY")]
    pub sign: Option<PathBuf>,
    /// Build the declaration of a connector instead, which a server registers (`xpd connectors add`). A file that declares
    /// one connector and no workflow is built so
    #[arg(long, value_name = "NAME", conflicts_with_all = ["workflow", "sign"])]
    pub connector: Option<String>,
    /// The workflow to build, where the file declares several
    #[arg(long, value_name = "NAME")]
    pub workflow: Option<String>,
    #[command(flatten)]
    pub limits: Limits,
}

#[derive(Debug, ClapArgs)]
pub struct Verify {
    /// The artifact
    pub artifact: PathBuf,
    /// Ed25519 public key (SPKI PEM) the artifact must be signed with
    #[arg(long, value_name = "PUB")]
    pub key: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub struct Fmt {
    /// Files or folders. None: the current folder
    pub files: Vec<PathBuf>,
    /// Change nothing; exit 2 and name the files that are not formatted
    #[arg(long)]
    pub check: bool,
}

#[derive(Debug, ClapArgs)]
pub struct Graph {
    /// The source file
    pub file: PathBuf,
    /// What to draw
    #[arg(long, value_enum, default_value_t = Drawing::Mermaid)]
    pub format: Drawing,
    /// The workflow to draw, where the file declares several
    #[arg(long, value_name = "NAME")]
    pub workflow: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Drawing {
    Svg,
    Dot,
    Mermaid,
}

#[derive(Debug, ClapArgs)]
pub struct Explain {
    /// The code, `XP0301`. None: a list of all codes
    #[arg(conflicts_with = "list")]
    pub code: Option<String>,
    /// List all codes with their titles
    #[arg(long)]
    pub list: bool,
}

#[derive(Debug, ClapArgs)]
pub struct Deploy {
    /// The artifact
    pub artifact: PathBuf,
    /// Base URL of the server, `http://127.0.0.1:7411` or `unix:/run/xpd.sock`
    #[arg(long, value_name = "URL")]
    pub server: String,
    /// The administrator's key of the server: `keys/admin.pem` in its folder
    #[arg(long, value_name = "KEY", default_value = "data/keys/admin.pem")]
    pub key: PathBuf,
    /// Deploy it in shadow: its runs are decided and recorded, and send nothing but what the server's operator lists
    #[arg(long)]
    pub shadow: bool,
    /// File with a bearer credential, where something that asks for one stands before the server
    #[arg(long, value_name = "FILE", env = "XPC_ADMIN_CREDENTIAL_FILE")]
    pub credential: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub struct Import {
    #[command(subcommand)]
    pub from: ImportFrom,
}

#[derive(Debug, Subcommand)]
pub enum ImportFrom {
    /// From an OpenAPI description of version 3.0 or 3.1, in JSON
    Openapi(Source),
    /// From the tools that an MCP server lists: the answer to `tools/list`, in JSON
    Mcp(McpSource),
}

#[derive(Debug, ClapArgs)]
pub struct Source {
    /// What is read. Nothing else is read or asked
    pub file: PathBuf,
    /// Name of the connector. None: that of the file
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Where to write the draft, which must not exist. None: stdout
    #[arg(short, long, value_name = "OUT.xp")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub struct McpSource {
    #[command(flatten)]
    pub source: Source,
    /// A tool that only reads, at your word: its action is drafted as one that changes nothing and may be repeated. May be repeated
    #[arg(long, value_name = "TOOL")]
    pub reads: Vec<String>,
}

#[derive(Debug, ClapArgs)]
pub struct Draft {
    /// The calls, one JSON object in a line
    #[arg(long, value_name = "TRANSCRIPT")]
    pub from: PathBuf,
    /// The run whose calls are meant, where the transcript has several
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
    /// Take the call in this line although it was not accepted; may be repeated
    #[arg(long, value_name = "LINE")]
    pub include: Vec<usize>,
    /// A source with the connectors of the actions, which is put before the workflow
    #[arg(long, value_name = "FILE.xp")]
    pub with: Option<PathBuf>,
    /// An artifact in force: print what the draft adds to it and leaves out. The exit code is 3 if it permits more
    #[arg(long, value_name = "IN-FORCE.xpa")]
    pub beside: Option<PathBuf>,
    /// Where to write the draft, which must not exist
    #[arg(short, long, value_name = "OUT.xp")]
    pub output: PathBuf,
    #[command(flatten)]
    pub limits: Limits,
}

#[derive(Debug, ClapArgs)]
pub struct Init {
    /// What to begin with. None: the list
    pub template: Option<String>,
    /// The folder, which is made if it is not there. None of the template's files may be in it
    #[arg(default_value = ".")]
    pub folder: PathBuf,
}
