//! Speaks with `xpc-prove`, and believes it no more than it must: answers are taken in order and by name, and whatever goes
//! wrong is "unknown" or an error, never a proof.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use xpc_model::protocol::{self, Answer, LineError, MAX_LINE, Request};
use xpc_model::{Limits, Model, ProofObligation, Prover, ProverError, Verdict};

use super::locate;

/// How long a process that has closed its answers may take to end.
const GRACE: Duration = Duration::from_secs(2);
/// The end of what it says on stderr that is kept for the reason.
const MAX_TALK: usize = 4_096;
/// Answers that wait to be read.
const AHEAD: usize = 16;

/// `xpc-prove`, started with the first question at the latest.
#[derive(Debug, Default)]
pub struct ProverProcess {
    /// Where it is; looked for when nothing is given.
    program: Option<PathBuf>,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    questions: SyncSender<Vec<u8>>,
    answers: Receiver<Said>,
    talk: Arc<Mutex<Vec<u8>>>,
    /// Closed when all it says on stderr is in `talk`.
    talked: Receiver<()>,
    /// It has answered something: it is whole.
    proven: bool,
}

/// What comes out of the pipe.
#[derive(Debug)]
enum Said {
    Line(Vec<u8>),
    TooLong,
}

/// How the questions of one request ended early.
enum End {
    /// For a reason that may be the input's; the rest is unknown.
    Unknown(String),
    /// For one that is not.
    Failed(String),
}

impl ProverProcess {
    /// The installed one; see `XPC_PROVE` in the reference.
    #[must_use]
    pub fn installed() -> Self {
        Self::default()
    }

    /// This program.
    #[must_use]
    pub fn at(program: PathBuf) -> Self {
        Self { program: Some(program), running: None }
    }

    /// Starts it before there is a question, so that it loads the solver while sources are read. That it cannot be started, the first
    /// question says.
    pub fn begin(&mut self) {
        let _ = self.running();
    }

    fn running(&mut self) -> Result<&mut Running, ProverError> {
        let running = match self.running.take() {
            Some(running) => running,
            None => {
                let program = match &self.program {
                    Some(program) => program.clone(),
                    None => locate::program()?,
                };
                Running::start(&program).map_err(|error| {
                    ProverError(format!("the prover `{}` cannot be started: {error}", program.display()))
                })?
            }
        };
        Ok(self.running.insert(running))
    }
}

impl Prover for ProverProcess {
    fn prove(
        &mut self,
        model: &Model,
        obligations: &[ProofObligation],
        limits: Limits,
    ) -> Result<Vec<Verdict>, ProverError> {
        if obligations.is_empty() {
            return Ok(Vec::new());
        }
        let model =
            Model { workflow: model.workflow.clone(), spans: model.spans.clone(), obligations: Vec::new() };
        let request = Request { model, obligations: obligations.to_vec(), limits };
        let line = protocol::write(&request).map_err(|error| ProverError(format!("no question: {error}")))?;
        let mut verdicts = Vec::with_capacity(obligations.len());
        match self.running()?.ask(line, obligations, limits, &mut verdicts) {
            Ok(()) => {}
            Err(End::Unknown(reason)) => {
                self.running = None;
                verdicts.resize_with(obligations.len(), || Verdict::unknown(reason.clone()));
            }
            Err(End::Failed(reason)) => {
                self.running = None;
                return Err(ProverError(format!("the prover failed: {reason}")));
            }
        }
        Ok(verdicts)
    }
}

impl Running {
    fn start(program: &std::path::Path) -> std::io::Result<Self> {
        let mut child = Command::new(program)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (questions, to_write) = sync_channel::<Vec<u8>>(1);
        let (say, answers) = sync_channel(AHEAD);
        let talk = Arc::new(Mutex::new(Vec::new()));
        let (talking, talked) = sync_channel::<()>(1);
        if let Some(mut stdin) = child.stdin.take() {
            // A prover that does not read must not hold up whoever waits for it with a limit. Ends with the channel, or
            // with the pipe; that it was closed shows in what is read.
            thread::spawn(move || {
                for line in to_write {
                    if stdin.write_all(&line).and_then(|()| stdin.flush()).is_err() {
                        return;
                    }
                }
            });
        }
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || lines(stdout, &say));
        }
        if let Some(mut stderr) = child.stderr.take() {
            let kept = Arc::clone(&talk);
            thread::spawn(move || {
                let _talking = talking;
                let mut chunk = [0; 1_024];
                while let Ok(read @ 1..) = stderr.read(&mut chunk) {
                    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                    kept.extend(chunk.iter().take(read));
                    let over = kept.len().saturating_sub(MAX_TALK);
                    kept.drain(..over);
                }
            });
        }
        Ok(Self { child, questions, answers, talk, talked, proven: false })
    }

    fn ask(
        &mut self,
        line: Vec<u8>,
        obligations: &[ProofObligation],
        limits: Limits,
        verdicts: &mut Vec<Verdict>,
    ) -> Result<(), End> {
        let limit = Duration::from_millis(u64::from(limits.workflow_ms));
        let begun = Instant::now();
        if self.questions.try_send(line).is_err() {
            return Err(self.ended());
        }
        for (index, obligation) in obligations.iter().enumerate() {
            let left = limit.saturating_sub(begun.elapsed());
            let line = match self.answers.recv_timeout(left) {
                Ok(Said::Line(line)) => line,
                Ok(Said::TooLong) => return Err(End::Failed("an answer is too long".to_owned())),
                Err(RecvTimeoutError::Disconnected) => return Err(self.ended()),
                Err(RecvTimeoutError::Timeout) => {
                    let reason = format!("no answer within {} ms for the workflow", limits.workflow_ms);
                    return Err(End::Unknown(format!("{reason} (`--workflow-ms`)")));
                }
            };
            let answer = protocol::read_answer(&line).map_err(|error| match error {
                LineError::Version(_) => End::Failed(format!("{error}; install both from one release")),
                LineError::Garbage(_) => End::Failed(error.to_string()),
            })?;
            match answer {
                Answer::Refused { reason } => return Err(End::Failed(reason)),
                Answer::Verdict { index: of, id, verdict } if (of, &id) == (index, &obligation.id) => {
                    self.proven = true;
                    verdicts.push(*verdict);
                }
                Answer::Verdict { id, .. } => {
                    let reason = format!("it was asked `{}` and answers `{id}`", obligation.id);
                    return Err(End::Failed(reason));
                }
            }
        }
        Ok(())
    }

    /// Why there will be no more answers. A signal may be the doing of the question: out of memory, out of stack.
    fn ended(&mut self) -> End {
        let Some(status) = self.wait() else {
            return End::Failed("it closed its answers and did not end".to_owned());
        };
        // A child of its own may hold stderr open: no wait without an end.
        let _ = self.talked.recv_timeout(GRACE);
        let talk = self.talk.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let talk = String::from_utf8_lossy(&talk);
        let last = talk.lines().map(str::trim).rfind(|line| !line.is_empty());
        let said = last.map(|line| format!(": {line}")).unwrap_or_default();
        let how = format!("it ended ({status}) before it answered{said}");
        if signalled(status) {
            return End::Unknown(format!("the prover gave no answer: {how}"));
        }
        if self.proven {
            return End::Failed(how);
        }
        End::Failed(format!("{how}; it must be installed with the solver's library beside it"))
    }

    fn wait(&mut self) -> Option<ExitStatus> {
        let begun = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if begun.elapsed() < GRACE => thread::sleep(Duration::from_millis(1)),
                Ok(None) | Err(_) => return None,
            }
        }
    }
}

impl Drop for Running {
    /// It has nothing of its own to finish.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Hands lines on until the pipe closes or nobody listens.
fn lines(stdout: impl Read, say: &SyncSender<Said>) {
    let mut stdout = BufReader::new(stdout);
    loop {
        let mut line = Vec::new();
        let most = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
        match stdout.by_ref().take(most).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) if line.ends_with(b"\n") => {
                if say.send(Said::Line(line)).is_err() {
                    return;
                }
            }
            // Cut short: by the end of the process, or by us.
            Ok(read) => {
                if read == MAX_LINE {
                    let _ = say.send(Said::TooLong);
                }
                return;
            }
        }
    }
}

#[cfg(unix)]
fn signalled(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt as _;
    status.signal().is_some()
}

#[cfg(not(unix))]
fn signalled(_: ExitStatus) -> bool {
    false
}
