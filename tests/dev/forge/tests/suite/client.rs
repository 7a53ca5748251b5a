//! A plain HTTP client and plain git, independent of the stand-in's code.

use std::path::Path;
use std::process::Command;

use reqwest::{Method, StatusCode};
use serde_json::Value;
use xp_forge::{Entry, Forge, Options};

/// A stand-in with one repository, `acme/shop`.
pub fn forge() -> Forge {
    let forge = Forge::start(Options::default()).expect("the stand-in starts; run `cargo dev setup` first");
    let files: &[(&str, Entry)] = &[
        ("README.md", "shop\n".into()),
        ("src/lib.rs", "pub fn one() -> u8 {\n    1\n}\n".into()),
        ("src/deep/mod.rs", "// deep\n".into()),
        ("bin/run", Entry::Executable(b"#!/bin/sh\n".to_vec())),
        ("link", Entry::Symlink("src/lib.rs".to_owned())),
    ];
    forge.seed_repo("acme", "shop", "main", files).expect("seeded");
    forge
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn at(&self, pointer: &str) -> Value {
        self.json().pointer(pointer).cloned().unwrap_or_else(|| panic!("no {pointer} in {}", self.text))
    }

    pub fn text_at(&self, pointer: &str) -> String {
        self.at(pointer).as_str().unwrap_or_else(|| panic!("{pointer} is no text")).to_owned()
    }

    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }
}

/// A client with a user's token.
pub struct As<'a>(pub &'a Forge, pub &'a str);

impl As<'_> {
    pub async fn ask(&self, method: Method, path: &str, accept: &str, body: Option<Value>) -> Answer {
        let mut request = reqwest::Client::new()
            .request(method, format!("{}{path}", self.0.url))
            .header("authorization", format!("Bearer {}-token", self.1))
            .header("user-agent", "suite")
            .header("accept", accept);
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, "application/vnd.github+json", None).await
    }

    pub async fn diff(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, "application/vnd.github.diff", None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, "application/vnd.github+json", Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PUT, path, "application/vnd.github+json", Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PATCH, path, "application/vnd.github+json", Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, path, "application/vnd.github+json", None).await
    }
}

pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.expect("answered");
    let (status, headers): (StatusCode, _) = (response.status(), response.headers().clone());
    let text = response.text().await.expect("a body");
    Answer { status: status.as_u16(), headers, text }
}

/// Runs git on the bare repository.
pub fn git(forge: &Forge, args: &[&str]) -> String {
    git_in(&forge.git_dir("acme/shop"), args)
}

pub fn git_in(dir: &Path, args: &[&str]) -> String {
    let done = Command::new("git").arg("-C").arg(dir).args(args).output().expect("git starts");
    assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("UTF-8").trim_end().to_owned()
}

/// Asserts that the repository passes `git fsck` and that nothing violated GitHub's description.
pub fn sound(forge: &Forge) {
    git(forge, &["fsck", "--strict", "--no-dangling"]);
    assert_eq!(forge.violations(), Vec::<String>::new());
}
