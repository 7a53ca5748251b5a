//! The calls of an agent in a run, for scripts: JSON in and out. Each is one call of a tool at the MCP door.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;
use xp_json::Tree;
use xp_wire::RefusalCode;

use super::Done;
use crate::client::{Client, Trouble};
use crate::door::{Door, REVISION};
use crate::out::{print, say};
use crate::{Failure, Server};

/// Exit code: it is not known whether the call was carried out.
const DOUBT: u8 = 4;
/// Exit code: the server was not reached, and nothing was carried out.
const UNREACHED: u8 = 5;

/// Bytes of JSON that are read.
const MAX_JSON: u64 = 1 << 20;
/// The revision of MCP of the messages.
const MCP: &str = "2026-07-28";

/// A call.
#[derive(Subcommand)]
pub enum Call {
    /// Print what is open, and what other steps wait for
    Offers {
        #[command(flatten)]
        at: At,
    },
    /// Wait until something else is open, at most 55 seconds, and print what is open
    Await {
        /// `seen` of the last answer of `offers` or `await`: returns at once if that is no longer so
        #[arg(long, value_name = "SEEN")]
        seen: Option<String>,
        #[command(flatten)]
        at: At,
    },
    /// Request a grant and use it
    Act {
        /// The step
        step: String,
        /// The action, `CONNECTOR.ACTION`
        action: String,
        /// The arguments as a JSON object; `-` reads them from standard input. None: all are fixed by the workflow
        #[arg(value_name = "JSON")]
        json: Option<String>,
        /// Read the arguments from a file
        #[arg(long, value_name = "FILE", conflicts_with = "json")]
        file: Option<PathBuf>,
        /// The grant that is meant, if several of the step are for this action
        #[arg(long, value_name = "NAME")]
        grant: Option<String>,
        #[command(flatten)]
        at: At,
    },
    /// Make a submission
    Submit {
        /// The step
        step: String,
        /// The name of the submission
        name: String,
        /// The value as JSON, so a text with its quotation marks; `-` reads it from standard input
        #[arg(value_name = "JSON", required_unless_present = "file", allow_negative_numbers = true)]
        json: Option<String>,
        /// Read the value from a file
        #[arg(long, value_name = "FILE", conflicts_with = "json")]
        file: Option<PathBuf>,
        #[command(flatten)]
        at: At,
    },
    /// Print a datum of the run, which may be judged afterwards
    View {
        /// The step in which it is looked at
        step: String,
        /// The datum, as `offers` names it
        datum: String,
        #[command(flatten)]
        at: At,
    },
    /// Judge how a step ends
    Judge {
        /// The step
        step: String,
        /// The outcome
        outcome: String,
        /// Notes for those whose work is sent back
        #[arg(long, value_name = "TEXT")]
        notes: Option<String>,
        #[command(flatten)]
        at: At,
    },
    /// Print what became of an earlier action
    Result {
        /// `index` of the answer to it
        index: u64,
        #[command(flatten)]
        at: At,
    },
}

/// Where a call is made.
#[derive(Args)]
pub struct At {
    /// Id of the run
    #[arg(long, value_name = "RUN")]
    run: String,
    #[command(flatten)]
    server: Server,
}

/// A call of a tool.
struct Asked {
    tool: String,
    arguments: Vec<(String, Tree)>,
    /// It changes nothing, so it may be repeated whatever became of it.
    reads: bool,
    at: At,
}

pub async fn run(call: Call) -> Done {
    let asked = asked(call)?;
    let door = Door::new(Client::of_agent(&asked.at.server)?, asked.at.run);
    let text = |text: &str| Tree::Text(text.to_owned());
    let record = |members: Vec<(&str, Tree)>| {
        Tree::Record(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    };
    let client = record(vec![("name", text("xpd agent")), ("version", text(env!("CARGO_PKG_VERSION")))]);
    let meta = record(vec![
        (REVISION, text(MCP)),
        ("io.modelcontextprotocol/clientInfo", client),
        ("io.modelcontextprotocol/clientCapabilities", record(Vec::new())),
    ]);
    let (name, arguments) = (text(&asked.tool), Tree::Record(asked.arguments));
    let message = record(vec![
        ("jsonrpc", text("2.0")),
        ("id", Tree::Number("1".to_owned())),
        ("method", text("tools/call")),
        ("params", record(vec![("name", name), ("arguments", arguments), ("_meta", meta)])),
    ]);
    let line = message.to_string().into_bytes();
    match door.send(&message, line, None).await {
        Ok(answer) => answered(&answer, asked.reads),
        Err(Trouble::Own(failure)) => Err(failure),
        Err(Trouble::Refused(problem)) => {
            let (code, again) = (problem.code, problem.code.is_retryable());
            let body = json!({
                "code": code, "detail": problem.detail, "clause": problem.clause, "retryable": again,
                "until": again.then_some("await"), "index": problem.index,
            });
            ended(
                &body.to_string(),
                &format!("{code}: {}", problem.detail),
                refusal(code.as_str(), asked.reads),
            )
        }
        Err(Trouble::Unanswered(why)) if !asked.reads => lost(&why),
        // After the session was opened, the same answer to a call is no answer to it.
        Err(Trouble::Foreign(why)) if door.is_open().await && !asked.reads => lost(&why),
        Err(Trouble::Unreached(why) | Trouble::Unanswered(why) | Trouble::Foreign(why)) => {
            ended(&json!({ "code": "unreached", "detail": why }).to_string(), &why, UNREACHED)
        }
    }
}

/// The end of a call whose answer was lost.
fn lost(why: &str) -> Done {
    let why = format!(
        "{why}; the call may have been carried out: the same command gives its answer if it is given within two minutes"
    );
    ended(&json!({ "code": "unanswered", "detail": why }).to_string(), &why, DOUBT)
}

/// The exit code of a refusal.
fn refusal(code: &str, reads: bool) -> u8 {
    // Where the server failed inside, the log of the run says whether it was done.
    let open = [RefusalCode::InDoubt, RefusalCode::Internal].map(RefusalCode::as_str);
    if open.contains(&code) && !reads { DOUBT } else { 3 }
}

/// Prints the answer of a tool.
fn answered(answer: &Tree, reads: bool) -> Done {
    if answer.at("/result/isError") == Some(&Tree::Bool(false))
        && let Some(content) = answer.at("/result/structuredContent")
    {
        print(&format!("{content}\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    match answer.at("/result/_meta") {
        Some(meta) => {
            let said = |name: &str| meta.get(name).and_then(Tree::as_text).unwrap_or_default();
            let code = said("code");
            ended(&meta.to_string(), &format!("{code}: {}", said("detail")), refusal(code, reads))
        }
        None => {
            let why =
                answer.at("/error/message").and_then(Tree::as_text).unwrap_or("an answer without a result");
            // Every other error is found before anything is done.
            let inside =
                answer.at("/error/code").is_none_or(|code| *code == Tree::Number("-32603".to_owned()));
            if inside && !reads {
                return lost(why);
            }
            let code = if inside { RefusalCode::Internal } else { RefusalCode::BadRequest };
            ended(&json!({ "code": code, "detail": why, "retryable": false }).to_string(), why, 3)
        }
    }
}

/// Prints a JSON value, and for people why it is no success.
fn ended(value: &str, why: &str, code: u8) -> Done {
    print(&format!("{value}\n"))?;
    say(why);
    Ok(ExitCode::from(code))
}

/// The tool of a call, and its arguments.
fn asked(call: Call) -> Result<Asked, Failure> {
    use xp_artifact::tools;
    let text = |name: &str, text: String| (name.to_owned(), Tree::Text(text));
    let (tool, arguments, reads, at) = match call {
        Call::Offers { at } => ("offers".to_owned(), Vec::new(), true, at),
        Call::Await { seen, at } => {
            ("await".to_owned(), seen.map(|seen| text("seen", seen)).into_iter().collect(), true, at)
        }
        Call::Act { step, action, json, file, grant, at } => {
            let given = if json.is_none() && file.is_none() {
                Tree::Record(Vec::new())
            } else {
                read(json.as_deref(), file.as_deref())?
            };
            let Tree::Record(mut arguments) = given else {
                return Err(Failure::Input(
                    "the arguments are a JSON object, such as `{\"id\": 7}`".to_owned(),
                ));
            };
            arguments.extend(grant.map(|grant| text(tools::GRANT, grant)));
            (tools::act(&step, &action), arguments, false, at)
        }
        Call::Submit { step, name, json, file, at } => {
            let value = read(json.as_deref(), file.as_deref())?;
            (tools::submit(&step, &name), vec![("value".to_owned(), value)], false, at)
        }
        Call::View { step, datum, at } => {
            ("view".to_owned(), vec![text("step", step), text("datum", datum)], true, at)
        }
        Call::Judge { step, outcome, notes, at } => {
            let notes = notes.map(|notes| text("notes", notes));
            let arguments = std::iter::once(text("outcome", outcome)).chain(notes).collect();
            (tools::judge(&step), arguments, false, at)
        }
        Call::Result { index, at } => {
            let index = ("index".to_owned(), Tree::Number(index.to_string()));
            ("result".to_owned(), vec![index], true, at)
        }
    };
    Ok(Asked { tool, arguments, reads, at })
}

/// Reads JSON from the command line, standard input or a file. Digits of numbers stay as they are.
fn read(json: Option<&str>, file: Option<&Path>) -> Result<Tree, Failure> {
    let (bytes, from) = match (json, file) {
        (Some("-"), _) => (taken(std::io::stdin()), "standard input".to_owned()),
        (Some(json), _) => (Ok(json.as_bytes().to_vec()), "the arguments".to_owned()),
        (None, Some(file)) if file == Path::new("-") => {
            (taken(std::io::stdin()), "standard input".to_owned())
        }
        (None, Some(file)) => (std::fs::File::open(file).and_then(taken), file.display().to_string()),
        (None, None) => return Err(Failure::Input("JSON is missing".to_owned())),
    };
    let bytes = bytes.map_err(|error| Failure::Input(format!("{from}: {error}")))?;
    if bytes.len() as u64 > MAX_JSON {
        return Err(Failure::Input(format!("{from}: longer than {MAX_JSON} bytes")));
    }
    Tree::read(&bytes).map_err(|error| {
        let cure = "write a value as JSON, a text with its quotation marks: '\"a text\"'";
        Failure::Input(format!("{from}: {error}; {cure}"))
    })
}

fn taken(from: impl std::io::Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_JSON + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
