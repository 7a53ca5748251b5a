//! Public MCP servers, unmodified, as `tests/dev/servers` names them. The list of tools that a server gives is imported, what a person
//! confirmed of it is proved about, registered and deployed, and agents use every tool once as the workflow allows and once as it does not.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use xp_artifact::SigningKey;

use super::servers::{Bridge, head};
use super::{Daemon, Folder};

/// What `cargo dev setup` installed.
fn installed(name: &str) -> PathBuf {
    let path = xp_tests::root().join(".xp").join(name);
    assert!(path.exists(), "`cargo dev setup` installs {}", path.display());
    path
}

fn node(server: &str) -> [String; 2] {
    let main = installed("mcp-servers/node_modules/@modelcontextprotocol").join(server).join("dist/index.js");
    ["node".to_owned(), main.display().to_string()]
}

/// Runs a server. What is written to it is in a file before it gets there.
const COPY: &str = r#"while IFS= read -r line; do printf '%s\n' "$line" >> "$0"; printf '%s\n' "$line"; done | /usr/bin/env "$@""#;

/// A server and the connector that is done by it.
struct Server {
    name: &'static str,
    /// What `env` runs.
    command: Vec<String>,
    /// The folder that holds its code.
    program: PathBuf,
    /// The folder that it works on, and whether it may `read` or `write` there.
    works_on: (&'static str, &'static str),
}

/// A file with declarations and one workflow.
struct Setup {
    text: &'static str,
    workflow: &'static str,
    /// Each is played by an agent of its own; the first one starts runs.
    roles: &'static [&'static str],
    servers: Vec<Server>,
}

/// The server for files of a folder.
fn filesystem(name: &'static str, folder: &Path, works_on: (&'static str, &'static str)) -> Server {
    let [node, main] = node("server-filesystem");
    let command = vec![node, main, folder.display().to_string()];
    Server { name, command, program: installed("mcp-servers"), works_on }
}

/// The server for the repository in `work`.
fn git_server(repository: &Path) -> Server {
    let program = installed("servers-python");
    let path = format!("PYTHONPATH={}", program.display());
    let python =
        ["PYTHONDONTWRITEBYTECODE=1", &path, "/usr/bin/python3", "-m", "mcp_server_git", "--repository"];
    let command = python.into_iter().map(str::to_owned).chain([repository.display().to_string()]).collect();
    Server { name: "git", command, program, works_on: ("work", "write") }
}

/// A run in which servers are used.
struct Run {
    folder: Folder,
    agents: BTreeMap<&'static str, Bridge>,
    tools: BTreeSet<String>,
    allowed: BTreeSet<String>,
    refused: BTreeSet<String>,
    id: String,
    daemon: Daemon,
}

/// A folder in which a server may work.
fn folder() -> Folder {
    let folder = Folder(tempfile::tempdir().unwrap());
    std::fs::create_dir(folder.path().join("work")).unwrap();
    folder
}

/// The tools that the server lists, as it answers.
fn listed(command: &[String]) -> String {
    let mut env = Command::new("/usr/bin/env");
    env.args(command).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = env.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut ask = |method: &str, params: Value| {
        let message = json!({ "jsonrpc": "2.0", "id": method, "method": method, "params": params });
        writeln!(input, "{message}").unwrap();
        let answer =
            lines.by_ref().map(Result::unwrap).find(|line| line.contains(&format!("\"id\":\"{method}\"")));
        answer.unwrap_or_else(|| panic!("{method} is not answered"))
    };
    let client = json!({ "name": "test", "version": "1" });
    ask("initialize", json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client }));
    let list = ask("tools/list", json!({}));
    drop(input);
    let _ = child.kill();
    let _ = child.wait();
    list
}

/// Lines that say which tools are meant.
fn meant(text: &str) -> BTreeSet<&str> {
    text.lines().map(str::trim).filter(|line| line.starts_with("mcp tool ")).collect()
}

impl Setup {
    /// Everything up to a run with these parameters.
    fn run(&self, folder: Folder, params: &[(&str, Value)]) -> Run {
        let here = folder.path().to_owned();
        let signer = SigningKey::from_seed(&[5; 32]);
        folder.put("signer.pem", &signer.to_pem().unwrap());
        folder.put("signer.pub.pem", &signer.public().to_pem().unwrap());
        folder.put("setup.xp", self.text);
        let checked = folder.run("xpc", &["check", "setup.xp"], 0);
        assert!(checked.contains(" proved in "), "{checked}");
        folder.run("xpc", &["build", "setup.xp", "-o", "setup.xpa", "--sign", "signer.pem"], 0);

        let mut tools = BTreeSet::new();
        for server in &self.servers {
            tools.extend(server.imported(&folder, self.text));
            server.register(&folder);
        }
        self.roster(&folder, params);
        let tables: String = self.servers.iter().map(|server| server.table(&folder)).collect();
        let daemon = folder.serve_with(None, &tables);
        let at = format!("unix:{}", here.join("xpd.sock").display());
        folder.run("xpc", &["deploy", "setup.xpa", "--server", &at], 0);
        let key = format!("{}.pem", self.roles[0]);
        let mut start: Vec<String> = ["agent", "start", self.workflow, "--socket", "xpd.sock", "--key", &key]
            .map(str::to_owned)
            .to_vec();
        for (name, value) in params {
            start.extend(["--param".to_owned(), format!("{name}:={value}")]);
        }
        let start: Vec<&str> = start.iter().map(String::as_str).collect();
        let run = folder.run("xpd", &start, 0).trim().to_owned();
        let agents =
            self.roles.iter().map(|role| (*role, Bridge::new(&folder, &run, &format!("{role}.pem"))));
        let agents = agents.collect();
        Run { folder, agents, tools, allowed: BTreeSet::new(), refused: BTreeSet::new(), id: run, daemon }
    }

    fn roster(&self, folder: &Folder, params: &[(&str, Value)]) {
        let mut roster = String::new();
        for role in self.roles {
            let (name, key) = (format!("{role}-1"), format!("{role}.pem"));
            let enrol = ["agent", "enrol", &name, "--controller", role, "--role", role, "-o", &key];
            roster += folder.run("xpd", &enrol, 0).split_once("xpd: wrote ").unwrap().0;
        }
        let params: Vec<String> = params.iter().map(|(name, value)| format!("{name} = [{value}]")).collect();
        folder.put(
            "roster.toml",
            &format!(
                "{roster}\n[[start]]\nartifact = \"{}\"\nprincipals = [\"{}-1\"]\nparams = {{ {} }}\nmax_open = 2\nmax_per_day = 9\n",
                self.workflow,
                self.roles[0],
                params.join(", ")
            ),
        );
    }
}

impl Server {
    /// The tools that the server lists. What is declared of them is as `xpc import mcp` drafts it from this list.
    fn imported(&self, folder: &Folder, text: &str) -> BTreeSet<String> {
        let list = listed(&self.command);
        folder.put("tools.json", &list);
        let draft = folder.run("xpc", &["import", "mcp", "tools.json", "--name", self.name], 0);
        let connector = text.split("\nconnector ").find(|part| part.starts_with(&format!("{} ", self.name)));
        let declared = meant(connector.unwrap_or_else(|| panic!("{}: {text}", self.name)));
        assert!(!declared.is_empty() && declared.is_subset(&meant(&draft)), "{}: {declared:#?}", self.name);
        let list: Value = serde_json::from_str(&list).unwrap();
        let tools = list["result"]["tools"].as_array().unwrap();
        tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    }

    fn register(&self, folder: &Folder) {
        let file = format!("{}.json", self.name);
        folder.run("xpc", &["build", "setup.xp", "--connector", self.name, "-o", &file], 0);
        folder.put("xpd.toml", head());
        let shown = folder.run("xpd", &["connectors", "add", &file], 0);
        let accept = shown.split_once("xpd connectors add ").unwrap_or_else(|| panic!("{shown}")).1;
        let accept = accept.lines().next().unwrap().replace("YOUR-NAME", "ann");
        let accept: Vec<&str> = ["connectors", "add"].into_iter().chain(accept.split(' ')).collect();
        folder.run("xpd", &accept, 0);
    }

    /// The instance, whose messages to the server are kept in a file.
    fn table(&self, folder: &Folder) -> String {
        let asked = format!("asked-{}.jsonl", self.name);
        folder.put(&asked, "");
        let at = folder.path().join(&asked).display().to_string();
        let copied = ["/usr/bin/sh", "-c", COPY, &at].map(str::to_owned);
        let command: Vec<&String> = copied.iter().chain(&self.command).collect();
        let write = match self.works_on {
            (folder, "write") => format!("write = [{folder:?}, {asked:?}]"),
            (folder, _) => format!("read = [{folder:?}]\nwrite = [{asked:?}]"),
        };
        let made = |digest: &str| {
            format!(
                "[connector.{}]\ncommand = {command:?}\nprogram = {{ folder = {:?}, digest = {digest:?} }}\n{write}\n",
                self.name, self.program
            )
        };
        folder.put("xpd.toml", &format!("{}{}", head(), made("sha256:0")));
        let said = folder.run("xpd", &["connectors", "list"], 0);
        let digest = said.rsplit_once("which is ").unwrap_or_else(|| panic!("{said}")).1;
        made(digest.split(": ").next().unwrap())
    }
}

/// The tool of the server that a tool of the run is done by.
fn of(tool: &str) -> &str {
    tool.rsplit('.').next().unwrap()
}

impl Run {
    /// All that was written to the servers, line by line.
    fn asked(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let asked = entries.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
        asked
            .flat_map(|path| {
                std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
            })
            .collect()
    }

    /// How often this tool was called, and how often any was.
    fn calls(&self, tool: &str) -> (usize, usize) {
        let messages = self.asked().into_iter().map(|line| serde_json::from_str::<Value>(&line).unwrap());
        let calls: Vec<Value> = messages.filter(|message| message["method"] == "tools/call").collect();
        (calls.iter().filter(|call| call["params"]["name"] == tool).count(), calls.len())
    }

    fn agent(&mut self, role: &str) -> &mut Bridge {
        self.agents.get_mut(role).unwrap()
    }

    /// Uses a tool, and returns the result.
    #[track_caller]
    fn allowed(&mut self, role: &str, tool: &str, arguments: Value) -> Value {
        let before = self.calls(of(tool));
        let answer = self.agent(role).call(tool, arguments);
        assert_ne!(answer["isError"], json!(true), "{tool}: {answer}");
        assert_eq!(self.calls(of(tool)), (before.0 + 1, before.1 + 1), "{tool} is called once");
        self.allowed.insert(of(tool).to_owned());
        answer["structuredContent"]["result"].clone()
    }

    /// A tool is refused with this code, and the server is not asked.
    #[track_caller]
    fn refused(&mut self, role: &str, tool: &str, arguments: Value, code: &str) {
        let before = self.asked();
        assert_eq!(self.agent(role).refused(tool, arguments), code, "{tool}");
        assert_eq!(self.asked(), before, "{tool}: nothing is asked");
        self.refused.insert(of(tool).to_owned());
    }

    #[track_caller]
    fn own(&mut self, role: &str, tool: &str, arguments: Value) {
        let answer = self.agent(role).call(tool, arguments);
        assert_ne!(answer["isError"], json!(true), "{tool}: {answer}");
    }

    /// Every tool that the server lists was used once and refused once.
    fn is_complete(&self, tools: usize) {
        assert_eq!(self.tools.len(), tools);
        assert_eq!(self.allowed, self.tools, "allowed");
        assert_eq!(self.refused, self.tools, "refused");
    }

    /// The evidence of the run holds.
    fn holds(&self) {
        let socket = self.folder.path().join("xpd.sock").display().to_string();
        self.folder.run("xpd", &["evidence", &self.id, "-o", "run.xpe", "--socket", &socket], 0);
        let key = &self.daemon.log_key;
        let verify = ["audit", "verify", "run.xpe", "--log-key", key, "--artifact-key", "signer.pub.pem"];
        self.folder.run("xpd", &verify, 0);
    }

    fn work(&self, name: &str) -> PathBuf {
        self.folder.path().join("work").join(name)
    }
}

#[test]
fn every_tool_of_the_filesystem_server_is_used_and_refused() {
    let folder = folder();
    let work = folder.path().join("work");
    let at = |name: &str| work.join(name).display().to_string();
    std::fs::write(at("one.md"), "One.\n").unwrap();
    std::fs::write(at("dot.png"), b"\x89PNG\r\n").unwrap();
    let names = json!([at("one.md")]);
    let setup = Setup {
        text: include_str!("public/filesystem.xp"),
        workflow: "files",
        roles: &["editor", "reader"],
        servers: vec![filesystem("filesystem", &work, ("work", "write"))],
    };
    let mut run = setup.run(folder, &[("dir", json!(work)), ("names", names)]);
    let (elsewhere, draft) = (json!({ "path": "/etc" }), at("draft.md"));

    let content =
        |result: &Value| result["content"].as_str().unwrap_or_else(|| panic!("{result}")).to_owned();
    for (tool, seen) in [
        ("look.filesystem.list_directory", "[FILE] one.md"),
        ("look.filesystem.list_directory_with_sizes", "one.md"),
        ("look.filesystem.directory_tree", "\"name\": \"one.md\""),
        ("look.filesystem.search_files", "one.md"),
    ] {
        run.refused("reader", tool, elsewhere.clone(), "out_of_scope");
        let result = run.allowed("reader", tool, json!({}));
        assert!(content(&result).contains(seen), "{tool}: {result}");
    }
    run.refused("editor", "look.filesystem.list_allowed_directories", json!({}), "wrong_role");
    let result = run.allowed("reader", "look.filesystem.list_allowed_directories", json!({}));
    assert!(content(&result).ends_with("/work"), "{result}");
    let tool = "look.filesystem.read_multiple_files";
    run.refused("reader", tool, json!({ "paths": [at("one.md"), "/etc/passwd"] }), "out_of_scope");
    let result = run.allowed("reader", tool, json!({}));
    assert!(content(&result).contains("One."), "{result}");
    let tool = "look.filesystem.read_media_file";
    run.refused("reader", tool, json!({ "path": at("one.md") }), "out_of_scope");
    assert_eq!(run.allowed("reader", tool, json!({})), json!({ "data": "iVBORw0K", "mime": "image/png" }));

    run.refused("editor", "work.filesystem.write_file", json!({ "content_": "x" }), "out_of_sequence");
    run.own("reader", "judge.look", json!({ "outcome": "seen" }));
    run.refused("editor", "work.filesystem.create_directory", json!({ "path": at("other") }), "out_of_scope");
    run.allowed("editor", "work.filesystem.create_directory", json!({}));
    assert!(run.work("done").is_dir());
    run.allowed("editor", "work.filesystem.write_file", json!({ "content_": "A note.\n" }));
    assert_eq!(std::fs::read_to_string(&draft).unwrap(), "A note.\n");
    let edits = json!([{ "oldText": "A note.", "newText": "A better note." }]);
    let tool = "work.filesystem.edit_file";
    run.refused("editor", tool, json!({ "path": at("one.md"), "edits": edits }), "out_of_scope");
    run.refused("editor", tool, json!({ "edits": [{ "oldText": "A note." }] }), "bad_value");
    run.allowed("editor", tool, json!({ "edits": edits }));
    assert_eq!(std::fs::read_to_string(&draft).unwrap(), "A better note.\n");
    assert_eq!(std::fs::read_to_string(run.work("one.md")).unwrap(), "One.\n");
    let tool = "work.filesystem.move_file";
    run.refused("editor", tool, json!({ "destination": at("one.md") }), "out_of_scope");
    run.allowed("editor", tool, json!({}));
    let moved = run.work("done/note.md");
    assert_eq!(std::fs::read_to_string(&moved).unwrap(), "A better note.\n");
    assert!(!Path::new(&draft).exists());

    for (tool, seen) in
        [("read_file", "A better note."), ("read_text_file", "A better note."), ("get_file_info", "size: 15")]
    {
        let tool = format!("check.filesystem.{tool}");
        run.refused("reader", &tool, json!({ "path": at("one.md") }), "out_of_scope");
        let result = run.allowed("reader", &tool, json!({}));
        assert!(content(&result).contains(seen), "{tool}: {result}");
    }
    run.is_complete(14);
    run.own("reader", "judge.check", json!({ "outcome": "accepted" }));
    run.holds();
}

#[test]
fn every_tool_of_the_memory_server_is_used_and_refused() {
    let folder = folder();
    let graph = folder.path().join("work/graph.jsonl");
    std::fs::write(&graph, "{\"type\":\"entity\",\"name\":\"old\",\"entityType\":\"ship\",\"observations\":[\"red\",\"slow\"]}\n").unwrap();
    let [node, main] = node("server-memory");
    let server = Server {
        name: "memory",
        command: vec![format!("MEMORY_FILE_PATH={}", graph.display()), node, main],
        program: installed("mcp-servers"),
        works_on: ("work", "write"),
    };
    let setup = Setup {
        text: include_str!("public/memory.xp"),
        workflow: "memory",
        roles: &["clerk", "curator"],
        servers: vec![server],
    };
    let mut run = setup.run(folder, &[("topic", json!("ship")), ("names", json!(["old"]))]);
    let said = || std::fs::read_to_string(&graph).unwrap();
    let old = json!({ "name": "old", "entityType": "ship", "observations": ["red", "slow"] });
    let found = json!({ "entities": [old], "relations": [] });

    run.refused("curator", "propose.memory.read_graph", json!({}), "wrong_role");
    assert_eq!(run.allowed("clerk", "propose.memory.read_graph", json!({})), found);
    run.refused("clerk", "propose.memory.search_nodes", json!({ "query": "" }), "out_of_scope");
    assert_eq!(run.allowed("clerk", "propose.memory.search_nodes", json!({})), found);
    let entities = json!([{ "name": "new", "entityType": "ship", "observations": [] }, { "name": "pier", "entityType": "place", "observations": [] }]);
    let relations = json!([{ "from": "new", "to": "old", "relationType": "tows" }]);
    let observations = json!([{ "entityName": "new", "contents": ["fast"] }]);
    let deletions = json!([{ "entityName": "old", "observations": ["slow"] }]);
    let plan = json!({ "entities": entities, "relations": relations, "observations": observations, "deletions": deletions });
    run.own("clerk", "submit.propose.plan", json!({ "value": plan }));
    run.own("clerk", "judge.propose", json!({ "outcome": "proposed" }));

    run.refused("curator", "review.memory.open_nodes", json!({ "names": ["old", "new"] }), "out_of_scope");
    assert_eq!(run.allowed("curator", "review.memory.open_nodes", json!({})), found);
    run.refused("clerk", "add.memory.create_entities", json!({ "entities": entities }), "out_of_sequence");
    run.own("curator", "view", json!({ "step": "review", "datum": "propose.plan" }));
    run.own("curator", "judge.review", json!({ "outcome": "approved" }));

    let before = said();
    let more = json!([{ "name": "new", "entityType": "ship", "observations": ["approved by nobody"] }]);
    run.refused("clerk", "add.memory.create_entities", json!({ "entities": more }), "out_of_scope");
    let back = json!([{ "from": "old", "to": "new", "relationType": "tows" }]);
    run.refused("clerk", "add.memory.create_relations", json!({ "relations": back }), "out_of_scope");
    let other = json!([{ "entityName": "old", "contents": ["fast"] }]);
    run.refused("clerk", "add.memory.add_observations", json!({ "observations": other }), "out_of_scope");
    assert_eq!(said(), before);
    assert_eq!(run.allowed("clerk", "add.memory.create_entities", json!({}))["entities"], entities);
    assert!(said().contains("\"name\":\"pier\""), "{}", said());
    assert_eq!(run.allowed("clerk", "add.memory.create_relations", json!({}))["relations"], relations);
    assert!(said().contains("\"relationType\":\"tows\""), "{}", said());
    let added = json!([{ "entityName": "new", "addedObservations": ["fast"] }]);
    assert_eq!(run.allowed("clerk", "add.memory.add_observations", json!({}))["results"], added);
    assert!(said().contains("[\"fast\"]"), "{}", said());
    run.own("clerk", "judge.add", json!({ "outcome": "done" }));

    let before = said();
    run.refused("clerk", "remove.memory.delete_observations", json!({}), "wrong_role");
    let all = json!([{ "entityName": "old", "observations": ["red", "slow"] }]);
    run.refused("curator", "remove.memory.delete_observations", json!({ "deletions": all }), "out_of_scope");
    run.refused("curator", "remove.memory.delete_relations", json!({ "relations": back }), "out_of_scope");
    run.refused(
        "curator",
        "remove.memory.delete_entities",
        json!({ "entityNames": ["pier"] }),
        "out_of_scope",
    );
    assert_eq!(said(), before);
    run.allowed("curator", "remove.memory.delete_observations", json!({}));
    assert!(said().contains("[\"red\"]"), "{}", said());
    run.allowed("curator", "remove.memory.delete_relations", json!({}));
    assert!(!said().contains("tows"), "{}", said());
    run.allowed("curator", "remove.memory.delete_entities", json!({}));
    assert!(!said().contains("\"old\"") && said().contains("\"pier\""), "{}", said());
    run.is_complete(9);
    run.own("curator", "judge.remove", json!({ "outcome": "done" }));
    run.holds();
}

/// What git answers in a repository.
#[track_caller]
fn git(repository: &Path, args: &[&str]) -> String {
    let done = Command::new("git").arg("-C").arg(repository).args(args).output().unwrap();
    assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

/// A repository with one commit on `main`, one of whose files has changed since.
fn repository(at: &Path) {
    git(at, &["init", "--quiet", "--initial-branch", "main"]);
    git(at, &["config", "user.name", "A"]);
    git(at, &["config", "user.email", "a@example.com"]);
    std::fs::write(at.join("a.txt"), "one\n").unwrap();
    git(at, &["add", "."]);
    git(at, &["commit", "--quiet", "-m", "First."]);
    std::fs::write(at.join("a.txt"), "two\n").unwrap();
    std::fs::write(at.join("b.txt"), "not meant\n").unwrap();
}

#[test]
fn every_tool_of_the_git_server_is_used_and_refused() {
    let folder = folder();
    let repo = folder.path().join("work");
    repository(&repo);
    let setup = Setup {
        text: include_str!("public/git.xp"),
        workflow: "commit",
        roles: &["dev", "reviewer"],
        servers: vec![git_server(&repo)],
    };
    let mut run =
        setup.run(folder, &[("repo", json!(repo)), ("files", json!(["a.txt"])), ("topic", json!("topic"))]);
    let elsewhere = json!({ "repo_path": "/" });
    let text = |result: &Value| result["text"].as_str().unwrap_or_else(|| panic!("{result}")).to_owned();

    for (tool, seen) in [
        ("git_status", "modified:   a.txt"),
        ("git_log", "Message: First."),
        ("git_branch", "* main"),
        ("git_diff_unstaged", "+two"),
        ("git_create_branch", "Created branch 'topic'"),
        ("git_checkout", "Switched to branch 'topic'"),
    ] {
        let tool = format!("stage.git.{tool}");
        run.refused("dev", &tool, elsewhere.clone(), "out_of_scope");
        let result = run.allowed("dev", &tool, json!({}));
        assert!(text(&result).contains(seen), "{tool}: {result}");
    }
    assert_eq!(git(&repo, &["branch", "--show-current"]), "topic");
    run.refused("dev", "stage.git.git_add", json!({ "files": ["."] }), "out_of_scope");
    run.allowed("dev", "stage.git.git_add", json!({}));
    let staged = || git(&repo, &["diff", "--cached", "--name-only"]);
    assert_eq!(staged(), "a.txt");
    run.refused("reviewer", "stage.git.git_reset", json!({}), "wrong_role");
    assert_eq!(staged(), "a.txt");
    run.allowed("dev", "stage.git.git_reset", json!({}));
    assert_eq!(staged(), "");
    run.allowed("dev", "stage.git.git_add", json!({}));
    run.own("dev", "judge.stage", json!({ "outcome": "ready" }));

    let head = git(&repo, &["rev-parse", "HEAD"]);
    run.refused("dev", "record.git.git_commit", json!({ "message": "Mine." }), "out_of_sequence");
    run.refused("dev", "review.git.git_diff_staged", json!({}), "wrong_role");
    let result = run.allowed("reviewer", "review.git.git_diff_staged", json!({}));
    assert!(text(&result).contains("+two") && !text(&result).contains("b.txt"), "{result}");
    run.own("reviewer", "judge.review", json!({ "outcome": "approved" }));
    run.refused("reviewer", "record.git.git_commit", json!({ "message": "Mine." }), "wrong_role");
    assert_eq!(git(&repo, &["rev-parse", "HEAD"]), head);
    run.allowed("dev", "record.git.git_commit", json!({ "message": "Second." }));
    assert_eq!(git(&repo, &["log", "--format=%s", "--name-only", "main..topic"]), "Second.\n\na.txt");

    for (tool, wrong, seen) in [
        ("git_show", json!({ "revision": "HEAD~1" }), "Second."),
        ("git_diff", json!({ "target": "main~3" }), "+two"),
    ] {
        let tool = format!("look.git.{tool}");
        run.refused("reviewer", &tool, wrong, "out_of_scope");
        let result = run.allowed("reviewer", &tool, json!({}));
        assert!(text(&result).contains(seen), "{tool}: {result}");
    }
    run.is_complete(12);
    run.own("reviewer", "judge.look", json!({ "outcome": "seen" }));
    run.holds();
}

#[test]
fn a_bot_raises_a_dependency_in_the_manifest_and_a_maintainer_commits_what_was_staged() {
    let folder = folder();
    let repo = folder.path().join("work");
    repository(&repo);
    let manifest = repo.join("Cargo.toml");
    let old = "[package]\nname = \"a\"\n\n[dependencies]\nserde = \"1.0.1\"\n";
    std::fs::write(&manifest, old).unwrap();
    git(&repo, &["add", "Cargo.toml"]);
    git(&repo, &["commit", "--quiet", "-m", "A manifest."]);
    let setup = Setup {
        text: include_str!("../../../examples/dependency_bot/dependency_bot.xp"),
        workflow: "dependency_bot",
        roles: &["bot", "maintainer"],
        servers: vec![filesystem("filesystem", &repo, ("work", "write")), git_server(&repo)],
    };
    let params = [
        ("repo", json!(repo)),
        ("manifest", json!(manifest)),
        ("files", json!(["Cargo.toml"])),
        ("branch", json!("raise-serde")),
    ];
    let mut run = setup.run(folder, &params);
    let raise = |to: &str| json!({ "edits": [{ "oldText": "serde = \"1.0.1\"", "newText": format!("serde = \"{to}\"") }] });
    let log = || git(&repo, &["log", "--format=%s", "main..raise-serde"]);

    run.refused("bot", "raise.filesystem.edit_file", raise("1.0.2"), "out_of_sequence");
    run.refused("bot", "start.git.git_create_branch", json!({ "branch_name": "main" }), "out_of_scope");
    run.allowed("bot", "start.git.git_create_branch", json!({}));
    run.allowed("bot", "switch.git.git_checkout", json!({}));
    let read = run.allowed("bot", "raise.filesystem.read_text_file", json!({}));
    assert_eq!(read["content"], old);
    let mut elsewhere = raise("1.0.2");
    elsewhere["path"] = json!(repo.join("a.txt"));
    run.refused("bot", "raise.filesystem.edit_file", elsewhere, "out_of_scope");
    run.refused("maintainer", "raise.filesystem.edit_file", raise("1.0.2"), "wrong_role");
    run.allowed("bot", "raise.filesystem.edit_file", raise("1.0.2"));
    assert_eq!(std::fs::read_to_string(&manifest).unwrap(), old.replace("1.0.1", "1.0.2"));
    run.own("bot", "judge.raise", json!({ "outcome": "ready" }));
    run.refused("bot", "stage.git.git_add", json!({ "files": ["."] }), "out_of_scope");
    run.allowed("bot", "stage.git.git_add", json!({}));

    run.refused("maintainer", "record.git.git_commit", json!({ "message": "x" }), "out_of_sequence");
    let seen = run.allowed("maintainer", "review.git.git_diff_staged", json!({}));
    assert!(seen["text"].as_str().unwrap().contains("+serde = \"1.0.2\""), "{seen}");
    run.own("maintainer", "judge.review", json!({ "outcome": "approved" }));
    run.refused("bot", "raise.filesystem.edit_file", raise("6.6.6"), "step_closed");
    run.refused("bot", "record.git.git_commit", json!({ "message": "x" }), "wrong_role");
    assert_eq!(log(), "");
    run.allowed("maintainer", "record.git.git_commit", json!({ "message": "Raise serde to 1.0.2." }));
    assert_eq!(log(), "Raise serde to 1.0.2.");
    assert_eq!(git(&repo, &["show", "--format=", "--name-only", "raise-serde"]), "Cargo.toml");
    run.refused("maintainer", "record.git.git_commit", json!({ "message": "again" }), "run_over");
    run.holds();
}

#[test]
fn what_leaves_the_house_is_what_an_officer_approved_letter_by_letter() {
    let folder = folder();
    let (house, outbox) = (folder.path().join("house"), folder.path().join("work"));
    std::fs::create_dir(&house).unwrap();
    let dataset = house.join("orders.csv");
    std::fs::write(&dataset, "order,email,total\n1,ada@example.com,30\n").unwrap();
    let setup = Setup {
        text: include_str!("../../../examples/data_export/data_export.xp"),
        workflow: "data_export",
        roles: &["analyst", "officer", "sender"],
        servers: vec![
            filesystem("house", &house, ("house", "read")),
            filesystem("outbox", &outbox, ("work", "write")),
        ],
    };
    let mut run = setup.run(folder, &[("dataset", json!(dataset))]);
    let parcel = |path: &Path, text: &str| json!({ "path": path, "text": text });
    let (path, safe) = (outbox.join("orders.csv"), "order,total\n1,30\n");
    let files = || std::fs::read_dir(&outbox).unwrap().count();

    run.refused("analyst", "extract.house.read_text_file", json!({ "path": "/etc/passwd" }), "out_of_scope");
    run.refused("sender", "extract.house.read_text_file", json!({}), "wrong_role");
    let read = run.allowed("analyst", "extract.house.read_text_file", json!({}));
    assert!(read["content"].as_str().unwrap().contains("ada@example.com"), "{read}");
    let all = parcel(&path, read["content"].as_str().unwrap());
    run.own("analyst", "submit.extract.parcel", json!({ "value": all }));
    run.own("analyst", "judge.extract", json!({ "outcome": "ready" }));
    run.refused("sender", "send.outbox.write_file", json!({}), "out_of_sequence");
    run.own("officer", "view", json!({ "step": "look", "datum": "extract.parcel" }));
    run.own("officer", "judge.look", json!({ "outcome": "changes", "notes": "without addresses" }));
    run.own("analyst", "submit.extract.parcel", json!({ "value": parcel(&path, safe) }));
    run.own("analyst", "judge.extract", json!({ "outcome": "ready" }));
    run.own("officer", "view", json!({ "step": "look", "datum": "extract.parcel" }));
    run.own("officer", "judge.look", json!({ "outcome": "approved" }));

    run.refused("sender", "send.outbox.write_file", all, "out_of_scope");
    run.refused("analyst", "send.outbox.write_file", json!({}), "wrong_role");
    assert_eq!(files(), 0);
    run.allowed("sender", "send.outbox.write_file", json!({}));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), safe);
    assert_eq!(files(), 1);
    run.refused("sender", "send.outbox.write_file", json!({}), "run_over");
    run.holds();
}
