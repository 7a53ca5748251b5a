//! `xpd connectors`: registers connectors that users declared, lists those that are there, and tests instances.

mod test;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use xp_artifact::ConnectorFile;
use xp_artifact::Transport;
use xp_artifact::http::{Answered, BodyFormat, Filler, Http, Part};
use xp_artifact::mcp::{Mcp, Told};
use xp_artifact::requests::{named, template};
use xp_artifact::workflow::{Action, Repeat};
use xp_scope::Value;
use xpd::config::Config;
use xpd::registered::{Acceptance, unusual};
use xpd_connectors::declared::WITHOUT_KEY;

use super::Done;
use crate::out::print;
use crate::{Connectors, Failure};

pub async fn run(command: Connectors) -> Done {
    match command {
        Connectors::Add { file, accept, by, changes_nothing, config } => {
            add(&file, accept.as_deref(), by.as_deref(), changes_nothing.into_iter().collect(), &config)
        }
        Connectors::List { config } => list(&config),
        Connectors::Test { instance, plan, against, config } => {
            test::run(&instance, &plan, &against, &config).await
        }
    }
}

fn add(
    file: &Path,
    accept: Option<&str>,
    by: Option<&str>,
    changes_nothing: BTreeSet<String>,
    config: &Path,
) -> Done {
    let input = |error: &dyn std::fmt::Display| Failure::Input(format!("{}: {error}", file.display()));
    let config = Config::read(config).map_err(|error| Failure::Input(error.to_string()))?;
    let bytes = std::fs::read(file).map_err(|error| input(&error))?;
    let declared = ConnectorFile::open(&bytes).map_err(|error| input(&error))?;
    let digest = declared.digest().map_err(|error| input(&error))?.to_string();
    let Some(accepted) = accept else {
        print(&shown(&declared, &digest))?;
        let named: String = unusual(&declared).map(|name| format!(" --changes-nothing {name}")).collect();
        let already = config.registered.connectors.get(&declared.name);
        if already.is_some_and(|(_, known)| known.digest == digest) {
            print("This declaration is registered already.\n")?;
            return Ok(ExitCode::SUCCESS);
        }
        print(&format!(
            "Nothing is registered yet. To accept this declaration:\n  xpd connectors add {} --accept {digest} --by YOUR-NAME{named}\n",
            file.display()
        ))?;
        return Ok(ExitCode::SUCCESS);
    };
    if accepted != digest {
        return Err(Failure::Refused(format!(
            "the declaration has digest {digest}, not {accepted}; nothing is registered"
        )));
    }
    let Some(by) = by.map(str::trim).filter(|by| !by.is_empty()) else {
        return Err(Failure::Input("`--by` names the person who accepts the declaration".to_owned()));
    };
    register(&config, &declared, digest, by, changes_nothing)?;
    if !config.connectors.values().any(|instance| instance.kind == declared.name) {
        print(&format!(
            "No instance serves it yet. Add one to {}:\n  [connector.{}]\n  {}\n",
            config.file.display(),
            declared.name,
            if is_by_tools(&declared) {
                "base_url = \"https://…/mcp\"   # or: command = [\"/usr/bin/…\"], for a program on this host"
            } else {
                "base_url = \"https://…\""
            }
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Registers an accepted declaration.
pub(super) fn register(
    config: &Config,
    declared: &ConnectorFile,
    digest: String,
    by: &str,
    changes_nothing: BTreeSet<String>,
) -> Result<(), Failure> {
    let acceptance = Acceptance { digest: digest.clone(), by: by.to_owned(), at: now(), changes_nothing };
    config.registered.add(declared, acceptance).map_err(|error| Failure::Input(error.to_string()))?;
    print(&format!("registered: {} {digest}, accepted by {by}\n", declared.name))
}

fn is_by_tools(file: &ConnectorFile) -> bool {
    file.actions.iter().any(|action| matches!(action.transport, Some(Transport::Mcp(_))))
}

/// What a declaration would allow.
pub(super) fn shown(file: &ConnectorFile, digest: &str) -> String {
    let mut text = format!("connector {}\ndigest    {digest}\n", file.name);
    for action in &file.actions {
        let Some(transport) = &action.transport else { continue };
        let (sends, places) = match transport {
            Transport::Http(http) => {
                (format!("{} {}", http.method.as_str(), template(&http.path, action)), places(action, http))
            }
            Transport::Mcp(mcp) => {
                (format!("tools/call {}, listed as {}", mcp.tool, mcp.listed), told(action, mcp))
            }
        };
        text.push_str(&format!("\n  {}\n    sends     {sends}\n", action.name));
        for place in places {
            text.push_str(&format!("              {}\n", plain(&place)));
        }
        let mut does = vec![format!("effect {}", action.effect.as_str())];
        if action.is_harmless() {
            does.push("changes nothing".to_owned());
        }
        for (said, words) in [
            (action.irreversible, "irreversible"),
            (action.publishes, "publishes its arguments"),
            (action.attests, "attests"),
            (action.reveals_untrusted, "reveals untrusted text"),
            (action.reveals_private, "reveals private data"),
        ] {
            if said {
                does.push(words.to_owned());
            }
        }
        text.push_str(&format!("    declared  {}\n", does.join(", ")));
        let (success, condition) = match transport {
            Transport::Http(http) => {
                let statuses: Vec<String> = http.success.statuses.iter().map(ToString::to_string).collect();
                (statuses.join(", "), http.success.condition.as_ref())
            }
            Transport::Mcp(mcp) => ("a result that is no error".to_owned(), mcp.condition.as_ref()),
        };
        let condition =
            condition.map(|condition| format!(" with {} at {}", written(&condition.is), condition.at));
        let condition = plain(&condition.unwrap_or_default());
        text.push_str(&format!("    success   {success}{condition}; any other answer is a doubt\n"));
        text.push_str(&format!("    a doubt   {}\n", doubt(action, transport)));
    }
    text.push('\n');
    text
}

/// Every value in the request besides its path, and every field that is read, as one line each.
fn places(action: &Action, http: &Http) -> Vec<String> {
    let mut lines = Vec::new();
    let mut add = |place: &str, parts: &[Part]| {
        lines.extend(
            parts.iter().map(|part| format!("{place} {} is {}", part.name, filled(action, &part.value))),
        );
    };
    add("query", &http.query);
    add("header", &http.headers);
    if let Some(body) = &http.body {
        add(if body.format == BodyFormat::Json { "json" } else { "form" }, &body.parts);
    }
    if let Some(probe) = &http.probe {
        add("probe query", &probe.query);
        lines.push(format!("probe GET {}, identifier at {}", template(&probe.path, action), probe.marker));
    }
    lines.extend(http.marker.iter().map(|marker| format!("identifier of the use at {}", marker.at)));
    lines.extend(http.results.iter().map(|reading| {
        let from = match &reading.from {
            Answered::Body(at) => format!("at {at}"),
            Answered::Header(name) => format!("at header {name}"),
        };
        format!("result{} {from}", dotted(&reading.field))
    }));
    lines
}

/// Every argument of the call, and every field that is read, as one line each.
fn told(action: &Action, mcp: &Mcp) -> Vec<String> {
    let arguments = mcp.arguments.iter();
    let mut lines: Vec<String> =
        arguments.map(|part| format!("argument {} is {}", part.name, filled(action, &part.value))).collect();
    lines.extend(mcp.key.iter().map(|key| format!("identifier of the use at {}", key.at)));
    lines.extend(mcp.results.iter().map(|reading| {
        let from = match &reading.from {
            Told::Structured(at) => format!("at {at}"),
            Told::Text => "at text".to_owned(),
            Told::TextJson(at) => format!("at text {at}"),
        };
        format!("result{} {from}", dotted(&reading.field))
    }));
    lines
}

fn filled(action: &Action, value: &Filler) -> String {
    match value {
        Filler::Literal(value) => written(value),
        Filler::Argument(argument) => named(argument, action),
    }
}

fn written(value: &Value) -> String {
    String::from_utf8_lossy(&value.canonical()).into_owned()
}

fn dotted(field: &[String]) -> String {
    field.iter().map(|name| format!(".{name}")).collect()
}

/// A line that cannot rewrite the terminal on which the declaration is read.
fn plain(line: &str) -> String {
    line.chars().flat_map(|c| if c == '"' { vec![c] } else { c.escape_debug().collect() }).collect()
}

fn doubt(action: &Action, transport: &Transport) -> String {
    let key = match transport {
        Transport::Http(http) => {
            http.key.as_ref().map(|key| (format!("the header {}", key.header), key.seconds))
        }
        Transport::Mcp(mcp) => mcp.key.as_ref().map(|key| (format!("the argument {}", key.at), key.seconds)),
    };
    match (action.repeat, key) {
        (Repeat::Manual, _) => "is left to a person".to_owned(),
        (Repeat::Probe, _) => {
            "is looked for; that it was not done is believed once a test saw the probe find what was made"
                .to_owned()
        }
        (Repeat::Idempotent, Some((at, seconds))) => plain(&format!(
            "is repeated with {at} within {seconds} s, less a tenth, once a test saw that the upstream acts once for one key"
        )),
        (Repeat::Idempotent, None) if action.is_harmless() => "is repeated".to_owned(),
        (Repeat::Idempotent, None) => {
            format!(
                "is repeated within {WITHOUT_KEY} s, less a tenth, once a test saw that a repetition changes nothing"
            )
        }
    }
}

fn list(config: &Path) -> Done {
    let config = Config::read(config).map_err(|error| Failure::Input(error.to_string()))?;
    for (name, instance) in &config.connectors {
        let known = config.registered.connectors.get(&instance.kind);
        let kind = match known {
            Some((_, acceptance)) => format!(
                "{} {}, accepted by {} at {}",
                instance.kind, acceptance.digest, acceptance.by, acceptance.at
            ),
            None => format!("{} (part of the server)", instance.kind),
        };
        let health = match instance.make(name, &config.file) {
            Ok(_) => "can be made".to_owned(),
            Err(error) => format!("cannot be made: {error}"),
        };
        print(&format!("{name}: {kind}\n  {health}\n"))?;
    }
    for (name, (_, acceptance)) in &config.registered.connectors {
        if !config.connectors.values().any(|instance| instance.kind == *name) {
            print(&format!(
                "{name} {}, accepted by {} at {}\n  no instance\n",
                acceptance.digest, acceptance.by, acceptance.at
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The time, RFC 3339.
fn now() -> String {
    let at = time::OffsetDateTime::now_utc().replace_nanosecond(0).ok();
    at.and_then(|at| at.format(&time::format_description::well_known::Rfc3339).ok()).unwrap_or_default()
}
