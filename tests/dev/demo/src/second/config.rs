//! Roster and configuration: those of the example, with this run's places and keys.

use std::path::Path;

use toml::{Table, Value};

use super::story::{Story, fixture};
use crate::Done;
use crate::shared::{root, shell};

/// The agent.
pub const AGENT: &str = "fixer-1";
/// The person.
pub const PERSON: &str = "rita";

const SERVER: &str = "node_modules/@modelcontextprotocol/server-filesystem/dist/index.js";

fn read(name: &str) -> Done<Table> {
    let path = fixture().join(name);
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

fn tables<'a>(table: &'a mut Table, name: &str) -> impl Iterator<Item = &'a mut Table> {
    table.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_table_mut)
}

/// The roster, in which the agent has a key and the start rule names this issue and this file.
pub fn roster(story: &Story, issue: u64, file: &Path) -> Done<String> {
    let mut roster = read("roster.toml")?;
    for principal in tables(&mut roster, "principal") {
        if principal.get("name").and_then(Value::as_str) == Some(AGENT) {
            principal.insert("key_file".to_owned(), format!("keys/{AGENT}.pub.pem").into());
        }
    }
    let issue = i64::try_from(issue).map_err(|error| error.to_string())?;
    for rule in tables(&mut roster, "start") {
        let mut params = Table::new();
        params.insert("owner".to_owned(), story.owner.clone().into());
        params.insert("name".to_owned(), story.name.clone().into());
        params.insert("issue".to_owned(), vec![Value::from(issue)].into());
        params.insert("file".to_owned(), vec![Value::from(file.display().to_string())].into());
        rule.insert("params".to_owned(), params.into());
    }
    toml::to_string(&roster).map_err(|error| error.to_string())
}

/// The configuration without connectors. People reach the server at this port.
pub fn head(port: u16) -> String {
    format!(
        "[server]\nname = \"xpd.demo\"\nsocket = \"door/xpd.sock\"\ndata = \"data\"\nroster = \"roster.toml\"\n\n\
         [artifacts]\ntrusted = [\"keys/signer.pub.pem\"]\n\n\
         [people]\nlisten = \"127.0.0.1:{port}\"\n\n\
         [limits]\ndisk_percent = 101\n\n"
    )
}

/// The connectors, with the stand-in's address and the installed server, whose folder has this digest.
pub fn connectors(tracker: &str, shop: &Path, digest: &str) -> Done<String> {
    let servers = root().join(".xp/mcp-servers").canonicalize().map_err(|_| missing("the MCP server"))?;
    if !servers.join(SERVER).is_file() {
        return Err(missing("the MCP server"));
    }
    let mut file = read("connectors.toml")?;
    let connectors = file.get_mut("connector").and_then(Value::as_table_mut).ok_or("no connectors")?;
    let mut set = |name: &str, key: &str, value: Value| -> Done {
        let table = connectors.get_mut(name).and_then(Value::as_table_mut);
        table.ok_or_else(|| format!("no `{name}`"))?.insert(key.to_owned(), value);
        Ok(())
    };
    set("tracker", "base_url", tracker.into())?;
    let text = |path: &Path| path.display().to_string();
    let command = ["/usr/bin/env".to_owned(), "node".to_owned(), text(&servers.join(SERVER)), text(shop)];
    set("files", "command", command.to_vec().into())?;
    let mut program = Table::new();
    program.insert("folder".to_owned(), text(&servers).into());
    program.insert("digest".to_owned(), digest.into());
    set("files", "program", program.into())?;
    set("files", "write", vec![text(shop)].into())?;
    toml::to_string(&file).map_err(|error| error.to_string())
}

/// Registers the declarations of `fix.xp` with a server whose configuration has no connectors yet.
pub fn register(folder: &Path) -> Done {
    let run = |variable: &str, name: &str, args: &[&str]| {
        let mut command = shell::program(shell::ours(variable, name)?);
        shell::capture(command.current_dir(folder).args(args))
    };
    for (name, reads) in [("tracker", None), ("files", Some("read_text_file"))] {
        let file = format!("{name}.json");
        let digest = run("XP_XPC", "xpc", &["build", "fix.xp", "--connector", name, "-o", &file])?;
        let mut add = vec!["connectors", "add", &file, "--accept", &digest, "--by", "the operator"];
        add.extend(reads.into_iter().flat_map(|action| ["--changes-nothing", action]));
        run("XP_XPD", "xpd", &add)?;
        println!("[operator]    registers the connector `{name}`, {}", digest.get(..17).unwrap_or(&digest));
    }
    Ok(())
}

/// What `cargo dev setup` installs and is not there.
pub fn missing(what: &str) -> String {
    format!("{what} is not installed: run `cargo dev setup`")
}
