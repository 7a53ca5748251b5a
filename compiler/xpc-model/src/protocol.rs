//! What `xpc` and `xpc-prove` say to each other: lines of JSON, questions on stdin, answers on stdout.
//!
//! One process answers any number of requests, one after the other. For each there is one [`Answer::Verdict`] an
//! obligation, in order, as soon as it is known. Every line carries both versions, and a reader believes nothing of a line
//! before it has compared them: a prover of another build might mean something else by the same words.

use serde::{Deserialize, Serialize};

use crate::{Limits, Model, ProofObligation, Verdict};

/// Raised with every change of the types below.
pub const PROTOCOL: u32 = 1;

/// The version of the build. Both programs come from one workspace and are installed together.
pub const BUILD: &str = env!("CARGO_PKG_VERSION");

/// Longest line that is read, in bytes.
pub const MAX_LINE: usize = 512 * 1024 * 1024;

/// The versions at the head of every line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// [`PROTOCOL`] of whoever wrote the line.
    pub protocol: u32,
    /// [`BUILD`] of whoever wrote the line.
    pub build: String,
}

impl Version {
    /// Of this build.
    #[must_use]
    pub fn own() -> Self {
        Self { protocol: PROTOCOL, build: BUILD.to_owned() }
    }
}

/// A workflow with what is asked of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The workflow, with no obligations of its own: what is asked stands below.
    pub model: Model,
    /// What is asked.
    pub obligations: Vec<ProofObligation>,
    /// Bounds on the work.
    pub limits: Limits,
}

/// What a prover says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Answer {
    /// To one obligation.
    Verdict {
        /// Its position in the request.
        index: usize,
        /// Its name, so that an answer to another question is noticed.
        id: String,
        /// The answer.
        verdict: Box<Verdict>,
    },
    /// It cannot work: another version, another solver, a request it cannot read.
    Refused {
        /// Why.
        reason: String,
    },
}

#[derive(Serialize)]
struct LineRef<'a, T> {
    version: Version,
    body: &'a T,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<T> {
    #[serde(rename = "version")]
    _version: Version,
    body: T,
}

#[derive(Deserialize)]
struct Head {
    version: Version,
}

/// Why a line is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// It is by another build.
    #[error("it is version {} (protocol {}), this is version {BUILD} (protocol {PROTOCOL})", .0.build, .0.protocol)]
    Version(Version),
    /// It is none of ours.
    #[error("it does not speak as agreed: {0}")]
    Garbage(String),
}

/// A line, its line break included.
///
/// # Errors
/// The value has no JSON form.
pub fn write(body: &impl Serialize) -> Result<Vec<u8>, LineError> {
    let line = LineRef { version: Version::own(), body };
    let mut bytes = serde_json::to_vec(&line).map_err(garbage)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The answer on a line, when it is by a program of this build.
///
/// # Errors
/// It is of another version, or no answer.
pub fn read_answer(line: &[u8]) -> Result<Answer, LineError> {
    same_version(line)?;
    Ok(serde_json::from_slice::<Line<Answer>>(line).map_err(garbage)?.body)
}

/// The request on a line, when it is by a program of this build. Formulas may nest deeper than JSON readers like: whoever
/// asks has parsed them, and bounds them.
///
/// # Errors
/// It is of another version, or no request.
pub fn read_request(line: &[u8]) -> Result<Request, LineError> {
    same_version(line)?;
    let mut reader = serde_json::Deserializer::from_slice(line);
    reader.disable_recursion_limit();
    let request = Line::<Request>::deserialize(&mut reader).map_err(garbage)?.body;
    reader.end().map_err(garbage)?;
    Ok(request)
}

fn same_version(line: &[u8]) -> Result<(), LineError> {
    let Head { version } = serde_json::from_slice(line).map_err(garbage)?;
    if version == Version::own() { Ok(()) } else { Err(LineError::Version(version)) }
}

fn garbage(error: serde_json::Error) -> LineError {
    LineError::Garbage(error.to_string())
}
