//! A folder with all files of a server, and the program run in it.

use std::fmt;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use xp_artifact::SigningKey;
use xpd_token::KeyPair;

/// Time limit for anything that is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

pub const ROSTER: &str =
    "[[principal]]\nname = \"ann\"\ncontroller = \"a\"\nroles = []\nkey_file = \"ann.pub.pem\"\n";
pub const CONFIG: &str = "[server]\nname = \"xpd.test\"\nlisten = \"127.0.0.1:0\"\nsocket = \"xpd.sock\"\ndata = \"data\"\n\
                          roster = \"roster.toml\"\n\n[artifacts]\ntrusted = [\"signer.pub.pem\"]\n";
pub const HOOK: &str =
    "[connector.deploy]\nstaging = { url = \"http://127.0.0.1:1/\", secret = { file = \"hook\" } }\n";

pub struct Site(tempfile::TempDir);

/// Exit code and output of a program.
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub talk: String,
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}\n{}{}", self.code, self.out, self.talk)
    }
}

impl Ran {
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    #[track_caller]
    pub fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.out.contains(part) || self.talk.contains(part), "{part}: {self}");
        }
        self
    }

    #[track_caller]
    pub fn never(self, part: &str) -> Self {
        assert!(!self.out.contains(part) && !self.talk.contains(part), "{part}: {self}");
        self
    }
}

/// A running `xpd serve`, killed when dropped.
pub struct Daemon {
    child: Child,
    pub url: String,
    pub log_key: String,
}

impl Daemon {
    pub fn signal(&self, name: &str) {
        let (name, id) = (format!("-{name}"), self.child.id().to_string());
        assert!(Command::new("kill").args([&name, &id]).status().expect("kill starts").success());
    }

    /// Sends SIGTERM and waits for the end.
    pub fn stop(mut self) {
        self.signal("TERM");
        wait(&mut self.child);
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "{what} did not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn wait(child: &mut Child) -> Option<i32> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a status") {
            return status.code();
        }
        if begun.elapsed() > PATIENCE {
            let _ = child.kill();
            panic!("it goes on and on");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

impl Site {
    pub fn new() -> Self {
        let site = Self(tempfile::tempdir().expect("a folder"));
        site.put("xpd.toml", CONFIG);
        site.put("roster.toml", ROSTER);
        site.put("signer.pub.pem", &SigningKey::from_seed(&[5; 32]).public().to_pem().expect("a key"));
        let ann = KeyPair::from_seed([3; 32]).expect("a key");
        site.put("ann.pub.pem", &ann.public().to_pem().expect("a key"));
        ann.write_file(&site.path("ann.pem")).expect("written");
        site.put("hook", "s3cret");
        site.mode("hook", 0o600);
        site
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn put(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("written");
    }

    pub fn mode(&self, name: &str, mode: u32) {
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(mode)).expect("changed");
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xpd"));
        command.current_dir(self.0.path()).args(args).env_remove("XPD_SERVER").stdin(Stdio::null());
        // Leftovers of a test's servers stay in its own folder.
        command.env("TMPDIR", self.0.path());
        command
    }

    /// Runs the program to its end.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Ran {
        finish(self.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts"))
    }

    /// The body of a public path, over the socket.
    pub fn get(&self, path: &str) -> String {
        let mut stream = std::os::unix::net::UnixStream::connect(self.path("xpd.sock")).expect("it listens");
        let request = format!("GET {path} HTTP/1.1\r\nhost: xpd\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("text");
        answer
    }

    /// Runs the program as root of a user namespace.
    #[track_caller]
    pub fn run_as_root(&self, args: &[&str]) -> Ran {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", env!("CARGO_BIN_EXE_xpd")]).args(args);
        command.current_dir(self.0.path()).env_remove("XPD_SERVER").stdin(Stdio::null());
        finish(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts"))
    }

    /// Starts the server.
    pub fn serve(&self) -> Daemon {
        self.serve_at(&self.path("xpd.toml"))
    }

    pub fn serve_at(&self, config: &Path) -> Daemon {
        let log = self.path("xpd.log");
        let mut command = self.command(&["serve", "--config", config.to_str().expect("a path")]);
        command.stdout(Stdio::piped()).stderr(std::fs::File::create(&log).expect("a log"));
        let mut child = command.spawn().expect("it starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
        let mut daemon = Daemon { child, url: String::new(), log_key: String::new() };
        for line in lines {
            if let Some(url) = line.strip_prefix("listening on http") {
                daemon.url = format!("http{url}");
            }
            if let Some(key) = line.strip_prefix("log key ") {
                daemon.log_key = key.to_owned();
                return daemon;
            }
        }
        panic!("xpd did not come up: {}", std::fs::read_to_string(&log).unwrap_or_default())
    }
}

/// Waits for a program and returns its output, which must fit in a pipe.
pub fn finish(mut child: Child) -> Ran {
    let code = wait(&mut child);
    let (mut out, mut talk) = (String::new(), String::new());
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_string(&mut out).expect("text");
    }
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut talk).expect("text");
    }
    Ran { code, out, talk }
}
