//! The surroundings of one run: a stand-in over a real repository, a receiver of deployments, keys, a signed
//! artifact, `xpd`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use xp_forge::{Entry, Forge};
use xpd_token::KeyPair;

use super::fixture::Fixture;
use super::hook::Receiver;
use crate::Done;
use crate::api::Api;
use crate::shared::daemon::Daemon;
use crate::shared::secret::{agent_key, private, random_text, signer};
use crate::shared::{self, root, shell};

/// The agents: name and role.
pub const AGENTS: [(&str, &str); 5] = [
    ("business-1", "business"),
    ("developer-1", "developer"),
    ("senior-1", "senior"),
    ("qa-1", "qa"),
    ("release-1", "release"),
];

/// The surroundings.
pub struct World {
    // The first field, so that it is dropped first.
    xpd: Daemon,
    pub forge: Forge,
    pub hook: Receiver,
    pub folder: TempDir,
    /// Head of the default branch at the beginning.
    pub first: String,
    /// Secrets that only the proxy and its upstreams may know.
    pub secrets: Vec<String>,
    full_name: String,
}

impl World {
    /// Starts everything and deploys the workflow.
    pub fn raise(fixture: &Fixture, whole: bool) -> Done<Self> {
        let io = |error: std::io::Error| error.to_string();
        let folder = tempfile::Builder::new().prefix("xp-demo-").tempdir().map_err(io)?;
        let at = |name: &str| folder.path().join(name);
        for name in ["keys", "secrets", "door", "brains"] {
            std::fs::create_dir(at(name)).map_err(io)?;
        }
        let (forge_token, hook_secret) = (random_text()?, random_text()?);
        let full_name = fixture.full_name();
        let forge = forge(fixture, &forge_token, folder.path())?;
        let first = forge.branch(&full_name, &fixture.branch).map_err(|error| error.to_string())?;
        println!("[demo]        a GitHub stand-in over a real repository: {} at {}", full_name, &first[..10]);
        let hook = Receiver::start(&hook_secret, forge.git_dir(&full_name))?;
        private(&at("secrets/github"), &forge_token)?;
        private(&at("secrets/hook"), &hook_secret)?;

        signer(folder.path())?;
        for (name, role) in AGENTS {
            agent_key(folder.path(), name)?;
            std::fs::write(at(&format!("brains/{name}.json")), fixture.brain(role).to_string())
                .map_err(io)?;
        }
        std::fs::write(at("roster.toml"), roster(fixture)?).map_err(io)?;
        let config = config(fixture, &forge, &hook);
        std::fs::write(at("xpd.toml"), config).map_err(io)?;

        build(folder.path())?;
        let xpd = Daemon::start(folder.path())?;
        let secrets = vec![forge_token, hook_secret];
        let world = Self { xpd, forge, hook, folder, first, secrets, full_name };
        world.deploy()?;
        if whole {
            println!("[demo]        one token is cut now and used when its 60 seconds are over");
        }
        Ok(world)
    }

    /// The bare repository.
    pub fn bare(&self) -> PathBuf {
        self.forge.git_dir(&self.full_name)
    }

    /// The path of a file in the demo's folder.
    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The agents' socket.
    pub fn socket(&self) -> PathBuf {
        self.at("door/xpd.sock")
    }

    /// The log's public key, as printed by the server at its start, before there was any evidence.
    pub fn log_key(&self) -> &str {
        &self.xpd.log_key
    }

    /// Addresses that must be unreachable from a container: the stand-in, the server's loopback listener, the
    /// receiver of deployments.
    pub fn addresses(&self) -> Vec<String> {
        let plain = |url: &str| url.trim_start_matches("http://").to_owned();
        vec![plain(&self.forge.url), plain(&self.xpd.address), self.hook.address.to_string()]
    }

    /// Runs `xpd` as the administrator.
    pub fn xpd(&self, args: &[&str]) -> Done<String> {
        let mut command = shell::program(shell::ours("XP_XPD", "xpd")?);
        command.current_dir(self.folder.path()).args(args);
        command.args(["--server", &self.xpd.address, "--key", "data/keys/admin.pem"]);
        shell::capture(&mut command)
    }

    /// The status of a run, as the administrator sees it.
    pub fn summary(&self, run: &str) -> Done<Value> {
        let key = KeyPair::read_file(&self.at("data/keys/admin.pem")).map_err(|error| error.to_string())?;
        let api = Api::new(self.socket(), key);
        Ok(api.send("GET", &format!("/v1/runs/{run}"), None, None)?.ok()?.clone())
    }

    fn deploy(&self) -> Done {
        let mut command = shell::program(shell::ours("XP_XPC", "xpc")?);
        let server = format!("unix:{}", self.socket().display());
        command.current_dir(self.folder.path()).args(["deploy", "bug_fix.xpa", "--server", &server]);
        shell::capture(&mut command)?;
        println!("[demo]        the artifact is deployed to xpd; its log key is {}", self.log_key());
        Ok(())
    }
}

fn forge(fixture: &Fixture, token: &str, folder: &Path) -> Done<Forge> {
    let forge = shared::forge::start(token, folder)?;
    let files: Vec<(&str, Entry)> =
        fixture.files.iter().map(|(path, bytes)| (path.as_str(), Entry::File(bytes.clone()))).collect();
    let failed = |error: xp_forge::ForgeError| error.to_string();
    forge.seed_repo(&fixture.owner, &fixture.name, &fixture.branch, &files).map_err(failed)?;
    let full_name = fixture.full_name();
    // Branch protection: only GitHub's own merge changes the default branch, whatever the user.
    let rules = json!({
        "required_pull_request_reviews": { "required_approving_review_count": 0 },
        "required_status_checks": null,
        "enforce_admins": true,
        "restrictions": null,
    });
    forge.protect(&full_name, &fixture.branch, &rules).map_err(failed)?;
    forge
        .seed_issue(
            &full_name,
            "maintainer",
            "Sort the list of contributors",
            "In README.md.",
            &["high-priority"],
        )
        .map_err(failed)?;
    Ok(forge)
}

/// The example's roster with keys and this repository. The developer also holds the role `senior`, which must
/// not help it.
fn roster(fixture: &Fixture) -> Done<String> {
    let path = root().join("examples/bug_fix/roster.toml");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut roster: toml::Table = toml::from_str(&text).map_err(|error| error.to_string())?;
    let principals =
        roster.get_mut("principal").and_then(toml::Value::as_array_mut).ok_or("no principals")?;
    for principal in principals.iter_mut().filter_map(toml::Value::as_table_mut) {
        let name = principal.get("name").and_then(toml::Value::as_str).unwrap_or_default().to_owned();
        principal.insert("key_file".to_owned(), format!("keys/{name}.pub.pem").into());
        let roles = principal.get_mut("roles").and_then(toml::Value::as_array_mut).ok_or("no roles")?;
        if name == "developer-1" {
            roles.push("senior".into());
        }
    }
    let rules = roster.get_mut("start").and_then(toml::Value::as_array_mut).ok_or("nobody may start")?;
    for rule in rules.iter_mut().filter_map(toml::Value::as_table_mut) {
        let mut params = toml::Table::new();
        for (name, value) in fixture.repo().as_object().into_iter().flatten() {
            params.insert(format!("repo.{name}"), value.as_str().unwrap_or_default().into());
        }
        rule.insert("params".to_owned(), params.into());
    }
    toml::to_string(&roster).map_err(|error| error.to_string())
}

fn config(fixture: &Fixture, forge: &Forge, hook: &Receiver) -> String {
    let (full_name, bare) = (fixture.full_name(), forge.git_dir(&fixture.full_name()));
    format!(
        "[server]\nname = \"xpd.demo\"\nlisten = \"127.0.0.1:0\"\nsocket = \"door/xpd.sock\"\ndata = \"data\"\n\
         roster = \"roster.toml\"\n\n\
         [artifacts]\ntrusted = [\"keys/signer.pub.pem\"]\n\n\
         [connector.github]\nbase_url = \"{url}\"\ntoken = {{ file = \"secrets/github\" }}\n\n\
         [connector.sandbox]\nrepositories = {{ \"{full_name}\" = \"{bare}\" }}\n\n\
         [connector.deploy]\n\
         staging = {{ url = \"http://{hook}/staging\", secret = {{ file = \"secrets/hook\" }} }}\n\
         production = {{ url = \"http://{hook}/production\", secret = {{ file = \"secrets/hook\" }} }}\n\n\
         [limits]\ndisk_percent = 101\n",
        url = forge.url,
        bare = bare.display(),
        hook = hook.address,
    )
}

fn build(folder: &Path) -> Done {
    let source = root().join("examples/bug_fix/bug_fix.xp");
    let mut command = shell::program(shell::ours("XP_XPC", "xpc")?);
    command.current_dir(folder).arg("build").arg(source);
    command.args(["-o", "bug_fix.xpa", "--sign", "keys/signer.pem"]);
    shell::capture(&mut command)?;
    let mut command = shell::program(shell::ours("XP_XPC", "xpc")?);
    command.current_dir(folder).args(["verify", "bug_fix.xpa", "--key", "keys/signer.pub.pem"]);
    let said = shell::capture(&mut command)?;
    println!(
        "[demo]        bug_fix.xp is proved, built and signed: {}",
        said.lines().next().unwrap_or_default()
    );
    Ok(())
}
