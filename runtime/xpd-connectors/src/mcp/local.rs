//! A server on this host, over its standard input and output.
//!
//! It runs in a container of its own for one call: without network, with an empty home, and with no more of the environment, the
//! files and the time than the operator names. Nothing of it is there for the next call but the files that it may write.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use xp_artifact::mcp::Mcp;
use xp_json::Tree;
use xpd_proxy::{ActError, Impact, Line, Scrubber, Secret};

use super::list::{MAX_PAGES, Tools};
use super::message::{self, Heard, Revision, Said};
use crate::lost::lost;
use crate::sandbox::folder::{Places, RunFolder};
use crate::sandbox::watch::{self, Excess};
use crate::sandbox::{Config, filter, inside, printable, walls};

/// Time in which a server answers whether it speaks the newest revision. One that does not know the question may say nothing.
const DISCOVER: Duration = Duration::from_secs(5);
/// Bytes of standard error that are kept.
const MAX_ERRORS: usize = 4_096;
/// Messages before an answer, at most.
const MAX_MESSAGES: usize = 10_000;

/// A program on this host.
#[derive(Debug)]
pub(super) struct Local {
    pub program: Program,
    pub room: Semaphore,
    pub places: Places,
}

/// How it is run.
#[derive(Clone, Debug)]
pub(super) struct Program {
    /// Command and arguments.
    pub command: Vec<String>,
    /// Folders and files that it may read.
    pub read: Vec<PathBuf>,
    /// Folders and files that it may write.
    pub write: Vec<PathBuf>,
    /// Variables of its environment.
    pub environment: Vec<(String, Secret)>,
    /// Its limits.
    pub limits: Config,
}

impl Program {
    /// The secrets that it is given.
    fn secrets(&self) -> Vec<Secret> {
        self.environment.iter().map(|(_, value)| value.clone()).collect()
    }
}

impl Local {
    /// Starts the server, calls a tool once, if it is the declared one, and ends the server.
    ///
    /// # Errors
    /// It is not, or nothing was answered that can be understood.
    pub async fn call(
        &self,
        mcp: &Mcp,
        arguments: Tree,
        impact: Impact,
        line: &Line,
        may: impl Fn() -> Result<(), ActError>,
    ) -> Result<(Said, Scrubber), ActError> {
        let closed = |_| ActError::NotSent("the server is closed".to_owned());
        let _room = self.room.acquire().await.map_err(closed)?;
        let place = self.places.place()?;
        let program = self.program.clone();
        let name = self.program.command.first().cloned().unwrap_or_default();
        let started = async move {
            let mut running = Running::start(place, &program).await?;
            let revision = running.open().await?;
            let tools = running.tools(&revision, |_| ()).await?;
            Ok((running, revision, tools))
        };
        let (mut running, revision, tools) =
            line.through(Impact::NoEffect, format!("start of {name}"), started).await?;
        tools.agree(mcp)?;
        let body = message::call("call", &mcp.tool, arguments, &revision);
        may()?;
        let called = async move {
            let (said, changed) = running.ask("call", &body, impact).await?;
            if changed {
                return Err(lost(impact, "the server's tools changed during the call"));
            }
            Ok(said)
        };
        let said = line.through(impact, format!("tools/call {}", mcp.tool), called).await?;
        Ok((said, Scrubber::new(self.program.secrets())))
    }
}

impl Local {
    /// Starts the server, asks for its tools, and ends it.
    ///
    /// # Errors
    /// It does not start, or lists no tools.
    pub async fn list(&self) -> Result<Vec<Tree>, ActError> {
        let mut running = Running::start(self.places.place()?, &self.program).await?;
        let revision = running.open().await?;
        let mut all = Vec::new();
        running
            .tools(&revision, |said| {
                if let Said::Result(result) = said {
                    all.extend(result.get("tools").and_then(Tree::as_list).into_iter().flatten().cloned());
                }
            })
            .await?;
        Ok(all)
    }
}

/// A task that ends with its owner.
#[derive(Debug)]
struct Task<T>(JoinHandle<T>);

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A server that runs. Dropping it ends all its processes.
struct Running {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    limits: Config,
    until: Instant,
    excess: Task<Excess>,
    _filter: NamedTempFile,
    // Dropped last: it ends what is left.
    _place: RunFolder,
}

impl Running {
    async fn start(place: RunFolder, program: &Program) -> Result<Self, ActError> {
        let failed = |why: String| ActError::NotSent(why);
        let limits = program.limits.clone();
        if watch::is_short(&limits) {
            return Err(failed("the host has too little memory left for a server".to_owned()));
        }
        let filter = filter::file(place.path()).map_err(failed)?;
        let mut bwrap = walls(place.path(), filter.path(), &limits);
        for path in &program.read {
            bwrap.arg("--ro-bind").arg(path).arg(path);
        }
        for path in &program.write {
            bwrap.arg("--bind").arg(path).arg(path);
        }
        for (name, value) in &program.environment {
            bwrap.env(name, value.expose());
        }
        inside(&mut bwrap, "/tmp", &limits).args(&program.command);
        bwrap.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child =
            bwrap.spawn().map_err(|error| failed(format!("bubblewrap cannot be run: {error}")))?;
        let (Some(input), Some(output), Some(errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(failed("bubblewrap does not talk".to_owned()));
        };
        let secrets = program.secrets();
        // Ends with the last process of the server, and then has all that was written.
        tokio::spawn(async move {
            let mut errors = BufReader::new(errors);
            let mut kept = Vec::new();
            let mut buffer = [0; 1_024];
            while let Ok(count @ 1..) = errors.read(&mut buffer).await {
                if kept.len() < MAX_ERRORS {
                    kept.extend_from_slice(buffer.get(..count).unwrap_or_default());
                }
            }
            kept.truncate(MAX_ERRORS);
            if !kept.is_empty() {
                let text = Scrubber::new(secrets).text(&printable(&kept));
                tracing::info!(stderr = ?text, "a server on this host wrote");
            }
        });
        let outer = child.id();
        let view = tokio::select! {
            _ = child.wait() => None,
            view = watch::view(outer) => view,
        };
        let Some(view) = view else {
            let _ = child.kill().await;
            return Err(failed("the server on this host does not start".to_owned()));
        };
        let excess = {
            let limits = limits.clone();
            Task(tokio::spawn(async move { watch::excess(view, &limits).await }))
        };
        let until = Instant::now() + Duration::from_secs(limits.seconds);
        let output = BufReader::new(output);
        Ok(Self { child, input, output, limits, until, excess, _filter: filter, _place: place })
    }

    /// Finds out which revision the server speaks.
    async fn open(&mut self) -> Result<Revision, ActError> {
        let id = "discover";
        let body = message::request(id, "server/discover", Tree::Record(Vec::new()), &Revision::Stateless);
        let until = self.until;
        self.until = until.min(Instant::now() + DISCOVER);
        let first = self.ask(id, &body, Impact::NoEffect).await;
        self.until = until;
        if let Ok((said, _)) = &first
            && message::is_stateless(said)
        {
            return Ok(Revision::Stateless);
        }
        let id = "initialize";
        let (said, _) = self.ask(id, &message::initialize(id), Impact::NoEffect).await?;
        let Some(version) = message::chosen(&said) else {
            return Err(ActError::NotSent("the server speaks no known revision of the protocol".to_owned()));
        };
        self.write(&message::initialized(), Impact::NoEffect).await?;
        Ok(Revision::Opened { version, session: None })
    }

    /// Its tools. Every page is handed on as it came.
    async fn tools(&mut self, revision: &Revision, mut page: impl FnMut(&Said)) -> Result<Tools, ActError> {
        let mut tools = Tools::default();
        let mut cursor = None;
        for _ in 0..MAX_PAGES {
            let body = message::list("list", cursor.as_deref(), revision);
            let (said, _) = self.ask("list", &body, Impact::NoEffect).await?;
            page(&said);
            cursor = tools.page(&said)?;
            if cursor.is_none() {
                return Ok(tools);
            }
        }
        Err(ActError::NotSent("the server's list has no end".to_owned()))
    }

    async fn write(&mut self, message: &Tree, impact: Impact) -> Result<(), ActError> {
        let text = format!("{message}\n");
        let written = timeout_at(self.until, async {
            self.input.write_all(text.as_bytes()).await?;
            self.input.flush().await
        });
        match written.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(lost(impact, "the server on this host does not listen")),
        }
    }

    /// Sends a request and waits for its answer. Says whether the list of tools changed meanwhile.
    async fn ask(&mut self, id: &str, message: &Tree, impact: Impact) -> Result<(Said, bool), ActError> {
        self.write(message, impact).await?;
        let mut changed = false;
        for _ in 0..MAX_MESSAGES {
            let read = timeout_at(self.until, line(&mut self.output, self.limits.output_bytes));
            let line = tokio::select! {
                read = read => match read {
                    Ok(Some(line)) => line,
                    Ok(None) => return Err(lost(impact, "the server on this host ended or wrote too much")),
                    Err(_) => return Err(lost(impact, "the server on this host did not answer in time")),
                },
                excess = &mut self.excess.0 => return Err(lost(impact, exceeded(excess.ok().as_ref()))),
            };
            match message::heard(&line) {
                Some(Heard::Answer(of, said)) if of == id => return Ok((said, changed)),
                // A late answer to the question for the revision.
                Some(Heard::Answer(of, _)) if of == "discover" => {}
                Some(Heard::Changed) => changed = true,
                Some(Heard::Other) => {}
                Some(Heard::Asks) => {
                    return Err(lost(impact, "the server asks for something before it answers"));
                }
                Some(Heard::Answer(..)) | None => {
                    // An error without an identifier answers what the server could not read.
                    if id == "discover" {
                        return Err(ActError::NotSent("the server does not know the question".to_owned()));
                    }
                    return Err(lost(impact, "the server's answer cannot be understood"));
                }
            }
        }
        Err(lost(impact, "the server's answer does not come"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.start_kill();
    }
}

fn exceeded(excess: Option<&Excess>) -> &'static str {
    match excess {
        Some(Excess::Memory) => "the server on this host took too much memory",
        Some(Excess::Processes) => "the server on this host started too many processes",
        Some(Excess::Host) => "the host has too little memory left",
        Some(Excess::Unknown) | None => "what the server on this host takes cannot be watched",
    }
}

/// A line without its end. `None` at the end of the stream, or if the line is too long.
async fn line(from: &mut BufReader<ChildStdout>, most: usize) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    loop {
        let byte = from.read_u8().await.ok()?;
        if byte == b'\n' {
            return Some(line);
        }
        if line.len() >= most {
            return None;
        }
        line.push(byte);
    }
}
