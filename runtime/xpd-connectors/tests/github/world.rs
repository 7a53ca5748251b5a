//! The stand-in with a repository, and a connector to it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use xp_forge::{Entry, Forge, Options};
use xp_harness::{Asked, Proxied};
use xp_scope::Value;
use xpd_connectors::github::{Config, Github};
use xpd_proxy::{ActError, Secret};

/// Name of the repository.
pub const SHOP: &str = "acme/shop";
/// An object id that does not exist.
pub const ABSENT: &str = "1111111111111111111111111111111111111111";

pub struct World {
    pub forge: Forge,
    pub github: Proxied<Github>,
    pub main: String,
}

impl World {
    pub fn new() -> Self {
        let forge =
            Forge::start(Options::default()).expect("the stand-in starts; run `cargo dev setup` first");
        let files: &[(&str, Entry)] = &[
            ("README.md", "shop\n".into()),
            ("src/lib.rs", "pub fn one() -> u8 {\n    2\n}\n".into()),
            ("src/deep/a.rs", "// a\n".into()),
            ("bin/run", Entry::Executable(b"#!/bin/sh\n".to_vec())),
            ("link", Entry::Symlink("src/lib.rs".to_owned())),
            ("folder", Entry::Symlink("src".to_owned())),
            ("sub", Entry::Gitlink(ABSENT.to_owned())),
            ("image", Entry::File(vec![0xff, 0xfe, 0])),
        ];
        let main = forge.seed_repo("acme", "shop", "main", files).expect("seeded");
        let github = as_user(&forge, "xp-bot");
        Self { forge, github, main }
    }

    /// Performs an action that must succeed.
    pub async fn act(&self, action: &str, args: serde_json::Value) -> serde_json::Value {
        plain(self.github.act(&call(action, args)).await.unwrap_or_else(|error| panic!("{action}: {error}")))
    }

    /// Performs an action that must be refused without a change at the upstream. Returns status and reason.
    pub async fn refused(&self, action: &str, args: serde_json::Value) -> (u16, String) {
        let before = self.refs();
        let effects = self.forge.effects().len();
        let error = self.github.act(&call(action, args)).await.expect_err(action);
        assert_eq!(
            (self.refs(), self.forge.effects().len()),
            (before, effects),
            "{action} changed something"
        );
        match error {
            ActError::Refused { status, reason } => (status, reason),
            ActError::NotSent(reason) => (0, reason),
            ActError::Stopped(reason) | ActError::Unknown(reason) | ActError::NotRepeated(reason) => {
                panic!("in doubt: {reason}")
            }
        }
    }

    pub async fn probe(&self, action: &str, args: serde_json::Value) -> Option<serde_json::Value> {
        self.github.probe(&call(action, args)).await.expect(action).map(plain)
    }

    /// A branch with a commit and a pull request; returns number and commit.
    pub async fn proposed(&self, branch: &str, files: &[(&str, Entry)]) -> (u64, String) {
        let commit = self.forge.push(SHOP, branch, "xp-bot", "Work", files).unwrap();
        let args = json!({
            "repo": repo(), "head": branch, "base": "main", "commit": commit, "title": "Work", "body": "done",
        });
        let made = self.act("pulls.ensure", args).await;
        (made["number"].as_u64().unwrap(), commit)
    }

    pub fn refs(&self) -> String {
        self.git(&["for-each-ref"])
    }

    /// Runs git on the bare repository.
    pub fn git(&self, args: &[&str]) -> String {
        let dir = self.forge.git_dir(SHOP);
        let done = Command::new("git").arg("-C").arg(dir).args(args).output().expect("git starts");
        assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).expect("UTF-8").trim_end().to_owned()
    }

    /// Runs git with a text as input.
    pub fn feed(&self, args: &[&str], text: &str) -> String {
        let mut child = Command::new("git")
            .arg("-C")
            .arg(self.forge.git_dir(SHOP))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("git starts");
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let done = child.wait_with_output().unwrap();
        assert!(done.status.success(), "git {args:?}");
        String::from_utf8(done.stdout).expect("UTF-8").trim_end().to_owned()
    }

    /// Checks the repository with `git fsck`, and the traffic against GitHub's description.
    pub fn sound(&self) {
        self.git(&["fsck", "--strict", "--no-dangling"]);
        assert_eq!(self.forge.violations(), Vec::<String>::new());
        assert_eq!(self.forge.malformed(), Vec::<String>::new());
    }
}

pub fn as_user(forge: &Forge, login: &str) -> Proxied<Github> {
    let secret = Secret::new(&format!("{login}-token")).unwrap();
    Proxied::new(Github::new(Config::new(&forge.url, secret)).unwrap())
}

/// The repository, as an argument.
pub fn repo() -> serde_json::Value {
    json!({ "owner": "acme", "name": "shop", "default_branch": "main", "test_command": "cargo test" })
}

/// A call marked `grant-0001`.
pub fn call(action: &str, args: serde_json::Value) -> Asked {
    marked(action, args, "grant-0001")
}

pub fn marked(action: &str, args: serde_json::Value, marker: &str) -> Asked {
    let Value::Record(args) = serde_json::from_value(args).expect("typed arguments") else {
        panic!("arguments are a record")
    };
    Asked {
        action: action.to_owned(),
        args: BTreeMap::from_iter(args),
        marker: marker.to_owned(),
        since: now(),
        expected: Vec::new(),
    }
}

/// Milliseconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis().try_into().unwrap()
}

/// A value as JSON.
pub fn plain(value: Value) -> serde_json::Value {
    serde_json::to_value(value).unwrap()
}
