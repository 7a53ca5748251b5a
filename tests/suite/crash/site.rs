//! The stand-in for GitHub, a signed workflow, and an `xpd` that is restarted on the same folder.

use std::fs::Permissions;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use xp_artifact::SigningKey;
use xp_forge::{Forge, Options};

use super::client::Worker;

/// A workflow with one action of each kind of effect, in sequence.
const WORKFLOW: &str = include_str!("crash.xp");

pub struct Site {
    pub forge: Forge,
    folder: TempDir,
}

/// A running `xpd serve`, killed with SIGKILL when dropped.
pub struct Daemon {
    pub child: Child,
    pub log_key: String,
}

impl Daemon {
    /// Sends SIGTERM.
    pub fn stop(&self) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().expect("kill starts");
        assert!(sent.success(), "{sent}");
    }

    /// Sends SIGKILL and waits for the end.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a program that must succeed; returns its stderr.
fn run(folder: &Path, program: &str, args: &[&str]) -> String {
    let (code, said) = ended(folder, program, args);
    assert_eq!(code, Some(0), "{program} {args:?}: {said}");
    said
}

/// Runs a program; returns exit code and output.
fn ended(folder: &Path, program: &str, args: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(xp_tests::program(program));
    let done = command.current_dir(folder).args(args).output().expect("it starts");
    let said = String::from_utf8_lossy(&done.stderr);
    (done.status.code(), format!("{said}{}", String::from_utf8_lossy(&done.stdout)))
}

impl Site {
    pub fn new() -> Self {
        let forge =
            Forge::start(Options::default()).expect("the stand-in starts; run `cargo dev setup` first");
        forge.seed_repo("acme", "shop", "main", &[("src/a.py", "a = 1\n".into())]).expect("seeded");
        let site = Self { forge, folder: tempfile::tempdir().expect("a folder") };
        site.private("github", "xp-bot-token");
        let signer = SigningKey::from_seed(&[5; 32]);
        site.private("signer.pem", &signer.to_pem().expect("a key"));
        site.put("signer.pub.pem", &signer.public().to_pem().expect("a key"));
        site.put("worker.pub.pem", &Worker::key().public().to_pem().expect("a key"));
        site.put("judge.pub.pem", &Worker::judges_key().public().to_pem().expect("a key"));
        site.put(
            "roster.toml",
            "[[principal]]\nname = \"worker-1\"\ncontroller = \"team\"\nroles = [\"worker\"]\n\
             key_file = \"worker.pub.pem\"\n\n\
             [[principal]]\nname = \"judge-1\"\ncontroller = \"others\"\nroles = [\"judge\"]\n\
             key_file = \"judge.pub.pem\"\n\n\
             [[start]]\nartifact = \"crash\"\nprincipals = [\"worker-1\"]\nmax_open = 2\nmax_per_day = 9\n\
             params = { \"repo.owner\" = \"acme\", \"repo.name\" = \"shop\", \"repo.default_branch\" = \"main\", \
             \"repo.test_command\" = \"true\" }\n",
        );
        site.put("crash.xp", WORKFLOW);
        run(site.folder.path(), "xpc", &["build", "crash.xp", "-o", "crash.xpa", "--sign", "signer.pem"]);
        let daemon = site.serve(None);
        let server = format!("unix:{}", site.socket().display());
        run(site.folder.path(), "xpc", &["deploy", "crash.xpa", "--server", &server]);
        daemon.kill();
        site
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("xpd.sock")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a program in the folder; returns exit code and output.
    pub fn command(&self, program: &str, args: &[&str]) -> (Option<i32>, String) {
        ended(self.folder.path(), program, args)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn put(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).expect("written");
    }

    fn private(&self, name: &str, text: &str) {
        self.put(name, text);
        let mode = Permissions::from_mode(0o600);
        std::fs::set_permissions(self.folder.path().join(name), mode).expect("closed");
    }

    /// Starts the server with a crash point, or without.
    pub fn serve(&self, crash_at: Option<&str>) -> Daemon {
        self.serve_with(crash_at, &self.forge.url, &[])
    }

    /// As [`Self::serve`], with another upstream and further environment variables.
    pub fn serve_with(&self, crash_at: Option<&str>, upstream: &str, variables: &[(&str, &str)]) -> Daemon {
        let test = crash_at.map(|at| format!("[test]\ncrash_at = \"{at}\"\n")).unwrap_or_default();
        self.come_up(self.spawn(&test, upstream, variables))
    }

    /// Starts the server with additional configuration.
    pub fn serve_with_more(&self, more: &str) -> Daemon {
        self.come_up(self.spawn(more, &self.forge.url, &[]))
    }

    fn come_up(&self, mut child: Child) -> Daemon {
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
        let log_key = lines.find_map(|line| line.strip_prefix("log key ").map(str::to_owned));
        let mut daemon = Daemon { child, log_key: String::new() };
        daemon.log_key = log_key.unwrap_or_else(|| panic!("xpd did not come up: {}", self.log()));
        daemon
    }

    /// Asserts that the server does not start; returns its output.
    pub fn refuses_to_serve(&self, more: &str) -> String {
        let child = self.spawn(more, &self.forge.url, &[]);
        let mut daemon = Daemon { child, log_key: String::new() };
        super::until("its end", || daemon.child.try_wait().is_ok_and(|status| status.is_some()));
        let status = daemon.child.wait().expect("it ended");
        let said = self.log();
        assert_eq!(status.code(), Some(1), "{said}");
        said
    }

    /// The server's log since its last start.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("xpd.log")).unwrap_or_default()
    }

    fn spawn(&self, more: &str, upstream: &str, variables: &[(&str, &str)]) -> Child {
        let config = format!(
            "[server]\nname = \"xpd.test\"\nsocket = \"xpd.sock\"\ndata = \"data\"\nroster = \"roster.toml\"\n\n\
             [artifacts]\ntrusted = [\"signer.pub.pem\"]\n\n\
             [connector.github]\nbase_url = \"{}\"\ntoken = {{ file = \"github\" }}\n\n\
             [limits]\ngrace_seconds = 0\ndisk_percent = 101\n{more}",
            upstream
        );
        self.put("xpd.toml", &config);
        let log = std::fs::File::create(self.path("xpd.log")).expect("a log");
        Command::new(xp_tests::program("xpd"))
            .current_dir(self.folder.path())
            .args(["serve", "--config", "xpd.toml"])
            .env("XPD_TEST_HOOKS", "1")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("xpd starts")
    }

    /// Runs `xpd` in the folder; returns exit code and output.
    pub fn run(&self, args: &[&str]) -> (Option<i32>, String) {
        ended(self.folder.path(), "xpd", args)
    }

    /// Kills a run.
    pub fn stop(&self, run_id: &str) {
        let socket = self.socket().display().to_string();
        run(self.folder.path(), "xpd", &["kill", "run", run_id, "--socket", &socket]);
    }

    /// Fetches and verifies the evidence of a run. Returns the output of the first command, and exit code and
    /// output of the second.
    pub fn evidence(&self, run_id: &str, log_key: &str) -> (String, Option<i32>, String) {
        let (folder, socket) = (self.folder.path(), self.socket().display().to_string());
        let said = run(folder, "xpd", &["evidence", run_id, "-o", "run.xpe", "--socket", &socket]);
        let keys = ["--log-key", log_key, "--artifact-key", "signer.pub.pem"];
        let (code, verdict) =
            ended(folder, "xpd", &[&["audit", "verify", "run.xpe"], keys.as_slice()].concat());
        (said, code, verdict)
    }

    /// Asserts that the evidence of a run verifies under the keys known before.
    pub fn evidence_holds(&self, run_id: &str, log_key: &str) {
        let (said, code, verdict) = self.evidence(run_id, log_key);
        assert_eq!((said.as_str(), code), ("", Some(0)), "{verdict}");
    }
}
