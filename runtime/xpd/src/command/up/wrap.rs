//! `xpd up --from FILE`: wraps the MCP servers that a client is configured with. A server is started once its command was shown and
//! accepted, and a tool is part of the workflow once a person said by its name that it only reads.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use xp_artifact::ConnectorFile;
use xp_json::Tree;
use xpd_engine::keys::make_private_folder;

use super::clients::{self, Left, SECRETS, Server, shown};
use super::source::{text, xpc};
use super::{CONFIG, ask, folder};
use crate::Failure;
use crate::out::print;

/// The workflow that is written.
const WRAPPED: &str = "wrapped.xp";
/// Folder of the drafts of all tools.
const DRAFTS: &str = "drafts";
/// Tools of a server that are listed.
const LISTED: usize = 200;

/// A server with the tools that it lists.
struct Listed {
    server: Server,
    tools: Vec<Tree>,
}

/// A tool that somebody says only reads.
type Read = (String, String);

/// Writes the workflow and the tables of instances, and returns the workflow's file.
pub async fn wrap(from: &Path, accept: bool, reads: &[String]) -> Result<PathBuf, Failure> {
    if let Some(there) =
        [WRAPPED, folder::CONNECTORS, CONFIG].into_iter().find(|name| Path::new(name).exists())
    {
        return Err(Failure::Input(format!(
            "{there} is there already, and `--from` replaces nothing: `xpd up {WRAPPED}` goes on with what was made, or take an empty folder"
        )));
    }
    let (servers, mut left) = clients::read(from)?;
    tell(&servers, &left)?;
    if servers.is_empty() {
        return Err(Failure::Input(format!("{}: names no server that can be wrapped", from.display())));
    }
    let again = format!("xpd up --from {} --accept", from.display());
    let question = "Start these programs, each in a container without network, to list their tools?";
    let is_accepted = accept || (ask::is_attended() && ask::yes(question)?);
    if !is_accepted {
        return Err(Failure::Refused(format!(
            "nothing was started and nothing written; `{again}` starts these programs, each in a container without network, to list their tools"
        )));
    }
    let before = left.len();
    let listed = list(servers, &mut left).await?;
    tell(&[], left.get(before..).unwrap_or_default())?;
    let reads = reading(&listed, reads, &again)?;
    let (mut source, mut clauses, mut tables) = (String::new(), String::new(), toml::Table::new());
    for one in &listed {
        let name = &one.server.name;
        let own: Vec<&str> =
            reads.iter().filter(|(server, _)| server == name).map(|(_, tool)| tool.as_str()).collect();
        if own.is_empty() {
            continue;
        }
        let (declared, draft) = declared(one, &own)?;
        for action in &declared.actions {
            let pins: Vec<String> =
                action.params.iter().map(|param| format!("{}: any", param.name)).collect();
            // Writing to a string cannot fail.
            let _ = writeln!(clauses, "    may {name}.{}({}) max 100", action.name, pins.join(", "));
        }
        source += &draft;
        source.push('\n');
        tables.insert(name.clone(), toml::Value::Table(table(&one.server)?));
    }
    source += &format!(
        "/// Drafted by `xpd up --from`: the tools that you said only read, with any arguments.\n\
         workflow wrapped() {{\n  agent user\n\n  step look by user {{\n{clauses}    outcome done\n  }}\n}}\n"
    );
    let connectors = toml::Table::from_iter([("connector".to_owned(), toml::Value::Table(tables))]);
    let connectors = toml::to_string(&connectors).map_err(|error| Failure::Failed(error.to_string()))?;
    folder::write(Path::new(folder::CONNECTORS), &connectors)?;
    folder::write(Path::new(WRAPPED), &source)?;
    print(&format!(
        "made      {WRAPPED}, {}; drafts of all tools, for a workflow of your own: {DRAFTS}/\nbypass    {} still has these servers: remove them there, and then `bypass` from {CONFIG}\n",
        folder::CONNECTORS,
        from.display()
    ))?;
    Ok(PathBuf::from(WRAPPED))
}

fn tell(servers: &[Server], left: &[Left]) -> Result<(), Failure> {
    for server in servers {
        print(&format!("server    {}: {}\n", server.name, shown_all(&server.command)))?;
        let files = server.program.iter().chain(&server.read);
        let files: Vec<String> = files.map(|path| path.display().to_string()).collect();
        if !files.is_empty() {
            print(&format!("          reads {}\n", shown_all(&files)))?;
        }
        let names: Vec<&str> = server.environment.iter().map(|(name, _)| name.as_str()).collect();
        if !names.is_empty() {
            print(&format!("          variables {}, kept in {SECRETS}/\n", names.join(", ")))?;
        }
    }
    for Left { name, why } in left {
        print(&format!("left out  {name}: {why}\n"))?;
    }
    Ok(())
}

fn shown_all(words: &[String]) -> String {
    let words = words.iter().map(|word| word.chars().flat_map(char::escape_default).collect::<String>());
    words.collect::<Vec<_>>().join(" ")
}

/// The tools of each server; one that lists none is left out.
async fn list(servers: Vec<Server>, left: &mut Vec<Left>) -> Result<Vec<Listed>, Failure> {
    let here = std::env::current_dir().map_err(|error| Failure::Failed(error.to_string()))?;
    let mut all = Vec::new();
    for server in servers {
        seal(&server)?;
        let table = table(&server)?;
        match xpd_connectors::mcp::listed(&server.name, &table, &here).await {
            Ok(tools) => all.push(Listed { server, tools }),
            Err(why) => left.push(Left { name: server.name, why }),
        }
    }
    Ok(all)
}

/// The file of a variable.
fn sealed(server: &Server, name: &str) -> PathBuf {
    Path::new(SECRETS).join(format!("{}.{name}", server.name))
}

/// Writes the variables into files that only their owner reads.
fn seal(server: &Server) -> Result<(), Failure> {
    if server.environment.is_empty() {
        return Ok(());
    }
    make_private_folder(Path::new(SECRETS)).map_err(|error| Failure::Failed(error.to_string()))?;
    for (name, value) in &server.environment {
        folder::write(&sealed(server, name), value)?;
    }
    Ok(())
}

/// The table of its instance.
fn table(server: &Server) -> Result<toml::Table, Failure> {
    let path = |path: &Path| text(path).map(|path| toml::Value::String(path.to_owned()));
    let mut table = toml::Table::new();
    let command = server.command.iter().cloned().map(toml::Value::String).collect();
    table.insert("command".to_owned(), toml::Value::Array(command));
    if let Some(folder) = &server.program {
        let digest = xpd_connectors::program_digest(folder)
            .map_err(|why| Failure::Input(format!("{}: {why}", folder.display())))?;
        let pin = [("folder", path(folder)?), ("digest", toml::Value::String(digest.to_string()))];
        let pin = pin.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        table.insert("program".to_owned(), toml::Value::Table(pin));
    }
    let read = server.read.iter().map(|one| path(one)).collect::<Result<_, _>>()?;
    table.insert("read".to_owned(), toml::Value::Array(read));
    let mut environment = toml::Table::new();
    for (name, _) in &server.environment {
        let file = toml::Table::from_iter([("file".to_owned(), path(&sealed(server, name))?)]);
        environment.insert(name.clone(), toml::Value::Table(file));
    }
    table.insert("environment".to_owned(), toml::Value::Table(environment));
    Ok(table)
}

/// The tools that somebody says only read: named on the command line, or asked for where their server suggests it.
fn reading(listed: &[Listed], given: &[String], again: &str) -> Result<Vec<Read>, Failure> {
    let mut all: Vec<(Read, bool)> = Vec::new();
    for one in listed {
        for tool in one.tools.iter().take(LISTED) {
            let Some(name) = tool.get("name").and_then(Tree::as_text) else { continue };
            let suggested = tool.at("/annotations/readOnlyHint") == Some(&Tree::Bool(true));
            all.push(((one.server.name.clone(), name.to_owned()), suggested));
        }
    }
    let is_asked = given.is_empty() && ask::is_attended();
    let mut reads = Vec::new();
    for ((server, tool), suggested) in &all {
        let said = if *suggested { "  (its server says that it only reads)" } else { "" };
        print(&format!("tool      {server}.{}{said}\n", shown(tool)))?;
        if is_asked && *suggested && ask::yes(&format!("Does {server}.{} only read?", shown(tool)))? {
            reads.push((server.clone(), tool.clone()));
        }
    }
    for name in given {
        let known = all.iter().find(|((server, tool), _)| format!("{server}.{tool}") == *name);
        let ((server, tool), _) = known
            .ok_or_else(|| Failure::Input(format!("`--reads {}`: no server lists this tool", shown(name))))?;
        reads.push((server.clone(), tool.clone()));
    }
    if reads.is_empty() {
        // Only a name of plain signs is put into a command that somebody may copy.
        let plain =
            |tool: &str| tool.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
        let some = all.iter().filter(|((_, tool), suggested)| *suggested && plain(tool));
        let some: String = some.map(|((server, tool), _)| format!(" --reads {server}.{tool}")).collect();
        let some = if some.is_empty() { " --reads SERVER.TOOL".to_owned() } else { some };
        return Err(Failure::Refused(format!(
            "no tool can be used until you say that it only reads, and nothing is served. If that is true of these: {again}{some}"
        )));
    }
    reads.sort();
    reads.dedup();
    Ok(reads)
}

/// The declaration of a server's tools that only read, and its text. A draft of all its tools is left for the operator.
fn declared(one: &Listed, reads: &[&str]) -> Result<(ConnectorFile, String), Failure> {
    let name = &one.server.name;
    let failed =
        |path: &Path, error: &dyn std::fmt::Display| Failure::Failed(format!("{}: {error}", path.display()));
    make_private_folder(Path::new(DRAFTS)).map_err(|error| Failure::Failed(error.to_string()))?;
    let whole = Path::new(DRAFTS).join(format!("{name}.tools.json"));
    folder::write(&whole, &Tree::List(one.tools.clone()).to_string())?;
    let all = Path::new(DRAFTS).join(format!("{name}.xp"));
    if !all.exists() {
        xpc(&["import", "mcp", text(&whole)?, "--name", name, "-o", text(&all)?])?;
    }
    let is_read =
        |tool: &&Tree| tool.get("name").and_then(Tree::as_text).is_some_and(|name| reads.contains(&name));
    let own: Vec<Tree> = one.tools.iter().filter(is_read).cloned().collect();
    let list = folder::made(&format!("{name}.tools.json"))?;
    folder::write(&list, &Tree::List(own).to_string())?;
    let mut arguments = vec!["import", "mcp", text(&list)?, "--name", name];
    arguments.extend(reads.iter().flat_map(|tool| ["--reads", *tool]));
    let draft = xpc(&arguments)?.stdout;
    let draft = String::from_utf8(draft).map_err(|error| failed(&list, &error))?;
    let source = folder::made(&format!("{name}.xp"))?;
    folder::write(&source, &draft)?;
    let built = folder::made(&format!("{name}.json"))?;
    xpc(&["build", text(&source)?, "--connector", name, "-o", text(&built)?])?;
    let bytes = std::fs::read(&built).map_err(|error| failed(&built, &error))?;
    Ok((ConnectorFile::open(&bytes).map_err(|error| failed(&built, &error))?, draft))
}
