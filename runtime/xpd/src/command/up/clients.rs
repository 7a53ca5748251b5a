//! The MCP servers of a client's configuration, as tables of instances. Nothing is started, and no value that may be a secret is in
//! what is printed, or in the configuration.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use secrecy::zeroize::Zeroizing;
use serde_json::{Map, Value};
use xp_json::Tree;

use crate::Failure;

/// Bytes of such a file.
const MAX_BYTES: u64 = 1 << 20;
/// Servers of such a file.
const MAX_SERVERS: usize = 64;
/// Folder of the files with secrets.
pub const SECRETS: &str = "secrets";
/// Folders beside the configuration that a program must not see.
const OWN: [&str; 5] = ["keys", "data", "build", "connectors", SECRETS];
/// Programs that fetch what they run.
const FETCH: [&str; 14] = [
    "npx", "npm", "pnpm", "pnpx", "yarn", "bunx", "bun", "uvx", "uv", "pipx", "deno", "docker", "podman",
    "nix",
];
/// Programs that run the program that their arguments name.
const RUN: [&str; 8] = ["python", "python3", "node", "ruby", "perl", "sh", "bash", "java"];
/// Parts of the name of an option whose value is a secret.
const SECRET: [&str; 8] = ["token", "key", "secret", "pass", "auth", "cred", "cookie", "bearer"];
/// Longest word of a command that is no path, and is not taken for a secret.
const MAX_WORD: usize = 20;

/// A server that can be wrapped.
pub struct Server {
    /// Name of the instance and of its connector.
    pub name: String,
    /// Command and arguments.
    pub command: Vec<String>,
    /// Folder of the program, which is pinned. None: a program of the system.
    pub program: Option<PathBuf>,
    /// What it may read.
    pub read: Vec<PathBuf>,
    /// Variables of its environment, each with its value.
    pub environment: Vec<(String, Zeroizing<String>)>,
}

/// A server that is left out.
pub struct Left {
    /// Its name, as it can be shown.
    pub name: String,
    /// Why.
    pub why: String,
}

/// The servers of a file: `mcpServers` in JSON (Claude Code, Claude Desktop and others), `mcp_servers` in TOML (Codex).
pub fn read(path: &Path) -> Result<(Vec<Server>, Vec<Left>), Failure> {
    let wrong = |why: &str| Failure::Input(format!("{}: {why}", path.display()));
    let found = std::fs::metadata(path).map_err(|error| wrong(&error.to_string()))?;
    if found.len() > MAX_BYTES {
        return Err(wrong("longer than 1 MiB"));
    }
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(|error| wrong(&error.to_string()))?);
    let is_toml = path.extension().is_some_and(|extension| extension == "toml");
    // Messages of parsers may quote the text, which holds secrets.
    let whole: Value = if is_toml {
        toml::from_str(&text).map_err(|_| wrong("this is no TOML that can be read"))?
    } else {
        Tree::read(text.as_bytes()).map_err(|why| wrong(&why.to_string()))?;
        serde_json::from_str(&text).map_err(|_| wrong("this is no JSON that can be read"))?
    };
    let key = if is_toml { "mcp_servers" } else { "mcpServers" };
    let Some(servers) = whole.get(key).and_then(Value::as_object) else {
        return Err(wrong(&format!("has no `{key}`")));
    };
    if servers.len() > MAX_SERVERS {
        return Err(wrong(&format!("has more than {MAX_SERVERS} servers")));
    }
    let (mut wanted, mut left, mut names) = (Vec::<Server>::new(), Vec::new(), BTreeSet::new());
    for (given, entry) in servers {
        let (name, shown) = (named(given), shown(given));
        let is_new = names.insert(name.clone());
        let one = match entry.as_object() {
            _ if !is_new => Err("another one has the same name but for case and signs".to_owned()),
            Some(entry) => server(name, entry),
            None => Err("is no object".to_owned()),
        };
        match one {
            Ok(one) => wanted.push(one),
            Err(why) => left.push(Left { name: shown, why }),
        }
    }
    Ok((wanted, left))
}

/// A name of others in a line of a terminal.
pub fn shown(name: &str) -> String {
    name.chars().flat_map(char::escape_default).take(60).collect()
}

/// The name of a connector for it.
fn named(given: &str) -> String {
    let sign = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let name: String = given.chars().take(40).map(sign).collect();
    let name = name.trim_matches('_');
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name.to_owned()
    } else {
        format!("server_{name}")
    }
}

fn server(name: String, entry: &Map<String, Value>) -> Result<Server, String> {
    if entry.contains_key("url") {
        return Err("is a server at an address: declare it by hand (`xpc import mcp`, `base_url`)".to_owned());
    }
    if entry.contains_key("cwd") {
        return Err("has a working folder of its own: name files by absolute paths instead".to_owned());
    }
    let Some(command) = entry.get("command").and_then(Value::as_str) else {
        return Err("has no `command`".to_owned());
    };
    let words = match entry.get("args") {
        None => Vec::new(),
        Some(args) => texts(args).ok_or("has `args` that are no list of texts")?,
    };
    let base = Path::new(command).file_name().unwrap_or_default().to_string_lossy().into_owned();
    if FETCH.contains(&base.as_str()) {
        return Err(format!(
            "`{base}` fetches what it runs: install the server, and name the installed program in its place"
        ));
    }
    let at = if command.contains('/') { PathBuf::from(command) } else { Path::new("/usr/bin").join(command) };
    let at =
        real(&at).ok_or("names a program that is neither a file nor in /usr/bin: write its absolute path")?;
    let of_system = at.starts_with("/usr");
    let mut program = if of_system { None } else { Some(at.clone()) };
    let stem = base.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let runs = RUN.contains(&base.as_str()) || RUN.contains(&stem);
    let (mut command, mut read) = (vec![text(&at)?], Vec::new());
    let mut before = "";
    for (number, word) in (1..).zip(&words) {
        let path = if hints(before) { None } else { real(Path::new(word)) };
        if let Some(path) = path {
            if runs && program.is_none() && path.is_file() {
                program = Some(path.clone());
            } else {
                read.push(path.clone());
            }
            command.push(text(&path)?);
        } else if is_plain(word) && !hints(before) {
            command.push((*word).to_owned());
        } else {
            return Err(format!(
                "argument {number} may be a secret, and arguments are seen by every user of this host: give it by a \
                 variable or file instead, or write the table of the instance by hand"
            ));
        }
        before = word;
    }
    let program = program.map(|program| folder_of(&program)).transpose()?;
    for path in program.iter().chain(&read) {
        is_apart(path)?;
    }
    let environment = match entry.get("env") {
        None => Vec::new(),
        Some(env) => environment(env)?,
    };
    Ok(Server { name, command, program, read, environment })
}

fn texts(list: &Value) -> Option<Vec<&str>> {
    list.as_array()?.iter().map(Value::as_str).collect()
}

fn text(path: &Path) -> Result<String, String> {
    path.to_str().map(str::to_owned).ok_or_else(|| "names a file whose name is not UTF-8".to_owned())
}

fn real(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok()
}

/// Whether the word behind this one is a secret.
fn hints(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    word.starts_with('-') && SECRET.iter().any(|part| word.contains(part))
}

/// A word that nobody keeps secret: an option without a value, a word of letters, a small number.
fn is_plain(word: &str) -> bool {
    let short = word.len() <= MAX_WORD;
    let option = word.starts_with('-') && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let letters = word.bytes().all(|byte| byte.is_ascii_lowercase());
    let number = word.len() <= 5 && word.bytes().all(|byte| byte.is_ascii_digit());
    !word.is_empty() && short && (option || letters || number)
}

/// The folder that holds a program and what it needs.
fn folder_of(program: &Path) -> Result<PathBuf, String> {
    let parts: Vec<Component<'_>> = program.components().collect();
    let modules = parts.iter().position(|part| part.as_os_str() == "node_modules");
    if let Some(at) = modules {
        return Ok(parts.iter().take(at + 1).collect());
    }
    program.parent().map(Path::to_owned).ok_or_else(|| "names no program".to_owned())
}

/// Whether a path can be shown to a program: neither this folder nor one above it, nothing that the server keeps here, no home.
fn is_apart(path: &Path) -> Result<(), String> {
    let here =
        std::env::current_dir().and_then(|here| here.canonicalize()).map_err(|error| error.to_string())?;
    let home = std::env::var_os("HOME").and_then(|home| real(Path::new(&home)));
    let own = OWN.iter().any(|name| path.starts_with(here.join(name)));
    if here.starts_with(path) || own || home.is_some_and(|home| home.starts_with(path)) {
        return Err(format!(
            "would see {}, in which keys are: put its program and files into a folder of their own",
            path.display()
        ));
    }
    Ok(())
}

fn environment(env: &Value) -> Result<Vec<(String, Zeroizing<String>)>, String> {
    let all = env.as_object().ok_or("has `env` that is no object")?;
    let one = |(name, value): (&String, &Value)| {
        let is_name = !name.is_empty()
            && name.len() <= 64
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_name {
            return Err("has a variable with another name than of letters, digits and `_`".to_owned());
        }
        let value = value.as_str().map(str::trim).filter(|value| {
            !value.is_empty() && !value.contains("${") && value.bytes().all(|byte| byte.is_ascii_graphic())
        });
        let value = value.ok_or_else(|| {
            format!("has the variable {name}, whose value is no text of visible characters that stands there")
        })?;
        Ok((name.clone(), Zeroizing::new(value.to_owned())))
    };
    all.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_may_be_a_secret_is_no_part_of_a_command() {
        for word in ["--verbose", "-v", "stdio", "8080"] {
            assert!(is_plain(word), "{word}");
        }
        for word in ["", "canary-2b7e1516", "--token=abc", "sk_live", "Abc", "123456", "a b", "https://u:p@h"]
        {
            assert!(!is_plain(word), "{word}");
        }
        assert!(hints("--api-key") && hints("--TOKEN") && !hints("--port"));
    }

    #[test]
    fn names_become_names_of_connectors() {
        assert_eq!(named("My-Server"), "my_server");
        assert_eq!(named("1"), "server_1");
        assert_eq!(named("} workflow w {"), "workflow_w");
    }
}
