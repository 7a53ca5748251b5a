//! The surroundings: the shop's folder, a stand-in for GitHub as the issue tracker, keys, a signed artifact, `xpd`.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use xp_forge::{Entry, Forge};
use xpd_token::KeyPair;

use super::config::{self, AGENT};
use super::story::{Story, fixture};
use crate::Done;
use crate::api::Api;
use crate::shared::daemon::Daemon;
use crate::shared::secret::{agent_key, private, random_text, signer};
use crate::shared::{self, shell};

/// The surroundings.
pub struct World {
    // The first field, so that it is dropped first.
    xpd: Daemon,
    pub forge: Forge,
    pub folder: TempDir,
    pub story: Story,
    /// The origin at which people reach the server.
    pub people: String,
    /// The issue that reports the bug.
    pub issue: u64,
    /// The one that the issue's text asks to close.
    pub other: u64,
    /// The tracker's credential, which only the server may know.
    pub secret: String,
}

impl World {
    /// Starts everything and deploys the workflow.
    pub fn raise(story: Story, keep: bool) -> Done<Self> {
        let io = |error: std::io::Error| error.to_string();
        let folder =
            tempfile::Builder::new().prefix("xp-demo-").disable_cleanup(keep).tempdir().map_err(io)?;
        let at = |name: &str| folder.path().join(name);
        for name in ["keys", "secrets", "door", "shop", "pictures"] {
            std::fs::create_dir(at(name)).map_err(io)?;
        }
        for (name, bytes) in &story.files {
            std::fs::write(at("shop").join(name), bytes).map_err(io)?;
        }
        let secret = random_text()?;
        private(&at("secrets/tracker"), &secret)?;
        let forge = shared::forge::start(&secret, folder.path())?;
        let (issue, other) = seed(&forge, &story)?;
        println!(
            "[demo]        the tracker is a stand-in for GitHub: issue {issue} of {}",
            story.full_name()
        );
        signer(folder.path())?;
        agent_key(folder.path(), AGENT)?;
        let file = at("shop").join(&story.file);
        std::fs::write(at("roster.toml"), config::roster(&story, issue, &file)?).map_err(io)?;
        let port =
            std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).map_err(io)?;
        let head = config::head(port.port());
        std::fs::write(at("xpd.toml"), &head).map_err(io)?;

        prove(folder.path())?;
        config::register(folder.path())?;
        // A wrong digest of the server's program is refused with the right one.
        let connectors = |digest: &str| config::connectors(&forge.url, &at("shop"), digest);
        std::fs::write(at("xpd.toml"), format!("{head}{}", connectors("sha256:0")?)).map_err(io)?;
        let digest = digest(folder.path())?;
        std::fs::write(at("xpd.toml"), format!("{head}{}", connectors(&digest)?)).map_err(io)?;

        let xpd = Daemon::start(folder.path())?;
        let people = format!("http://localhost:{}", port.port());
        let world = Self { xpd, forge, folder, story, people, issue, other, secret };
        let server = format!("unix:{}", world.socket().display());
        world.program("XP_XPC", "xpc", &["deploy", "fix.xpa", "--server", &server])?;
        println!("[demo]        the artifact is deployed to xpd; its log key is {}", world.log_key());
        Ok(world)
    }

    /// The path of a file in the act's folder.
    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The file with the bug.
    pub fn file(&self) -> PathBuf {
        self.at("shop").join(&self.story.file)
    }

    /// The agents' socket.
    pub fn socket(&self) -> PathBuf {
        self.at("door/xpd.sock")
    }

    /// The log's public key, as printed by the server at its start.
    pub fn log_key(&self) -> &str {
        &self.xpd.log_key
    }

    /// Addresses that must be unreachable for the client: the tracker and the people's door.
    pub fn addresses(&self) -> [String; 2] {
        let plain = |url: &str| url.trim_start_matches("http://").trim_end_matches("/api").to_owned();
        let people = plain(&self.people).replace("localhost", "127.0.0.1");
        [plain(&self.forge.url), people]
    }

    fn program(&self, variable: &str, name: &str, args: &[&str]) -> Done<String> {
        let mut command = shell::program(shell::ours(variable, name)?);
        shell::capture(command.current_dir(self.folder.path()).args(args))
    }

    /// Runs `xpd`, as the administrator where that is needed.
    pub fn xpd(&self, args: &[&str]) -> Done<String> {
        self.program("XP_XPD", "xpd", args)
    }

    /// Starts a run as the agent.
    pub fn start(&self) -> Done<String> {
        let params = [
            format!("owner={}", self.story.owner),
            format!("name={}", self.story.name),
            format!("issue:={}", self.issue),
            format!("file={}", self.file().display()),
        ];
        let key = format!("keys/{AGENT}.pem");
        let mut start = vec!["agent", "start", "fix", "--socket", "door/xpd.sock", "--key", &key];
        start.extend(params.iter().flat_map(|param| ["--param", param]));
        self.xpd(&start)
    }

    /// The status of a run, as the administrator sees it.
    pub fn summary(&self, run: &str) -> Done<Value> {
        let key = KeyPair::read_file(&self.at("data/keys/admin.pem")).map_err(|error| error.to_string())?;
        let api = Api::new(self.socket(), key);
        Ok(api.send("GET", &format!("/v1/runs/{run}"), None, None)?.ok()?.clone())
    }
}

fn seed(forge: &Forge, story: &Story) -> Done<(u64, u64)> {
    let failed = |error: xp_forge::ForgeError| error.to_string();
    let files: Vec<(&str, Entry)> =
        story.files.iter().map(|(name, bytes)| (name.as_str(), Entry::File(bytes.clone()))).collect();
    forge.seed_repo(&story.owner, &story.name, "main", &files).map_err(failed)?;
    let opened = |who: &str, issue: &str| {
        let (title, body) = (story.text(&format!("/{issue}/title")), story.text(&format!("/{issue}/body")));
        forge.seed_issue(&story.full_name(), who, title, body, &[]).map_err(failed)
    };
    Ok((opened("passer-by", "issue")?, opened("maintainer", "other_issue")?))
}

/// Proves, builds and signs the workflow.
fn prove(folder: &Path) -> Done {
    let xpc = |args: &[&str]| {
        let mut command = shell::program(shell::ours("XP_XPC", "xpc")?);
        shell::capture(command.current_dir(folder).args(args))
    };
    std::fs::copy(fixture().join("fix.xp"), folder.join("fix.xp")).map_err(|error| error.to_string())?;
    let said = xpc(&["check", "--roster", "roster.toml", "fix.xp"])?;
    for line in said.lines().filter(|line| line.trim_start().starts_with("proved      prove ")) {
        println!("[demo]        {}", line.trim());
    }
    println!("[demo]        {}", said.lines().last().unwrap_or_default());
    xpc(&["build", "fix.xp", "-o", "fix.xpa", "--sign", "keys/signer.pem"]).map(drop)
}

/// The digest of the MCP server's folder.
fn digest(folder: &Path) -> Done<String> {
    let mut command = shell::program(shell::ours("XP_XPD", "xpd")?);
    let output = shell::output(command.current_dir(folder).args(["connectors", "list"]))?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    let found = said.rsplit_once("which is ").and_then(|(_, rest)| rest.split(": ").next());
    found.map(str::to_owned).ok_or(said)
}
