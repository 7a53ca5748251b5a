//! A browser without a script, that logs in at providers; and a certified provider, in a process of its own.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use reqwest::Url;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::support::{Reply, World};

/// An answer: status, headers and text.
pub struct Page {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

/// A browser at the people's door.
pub struct Visitor {
    /// The origin of the door.
    pub url: String,
    at: String,
    /// The cookies of the door.
    pub cookies: BTreeMap<String, String>,
    client: reqwest::Client,
}

impl Visitor {
    pub fn of(world: &World) -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let (url, at) = (world.running.people.clone(), world.running.people_at.clone());
        Self { url, at, cookies: BTreeMap::new(), client }
    }

    fn sent(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        let all: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header("Host", self.url.split_once("://").unwrap().1);
        if all.is_empty() { request } else { request.header("Cookie", all.join("; ")) }
    }

    /// Begins a login at a provider and returns where the browser is sent.
    pub async fn begin(&mut self, provider: &str) -> Url {
        self.try_begin(provider).await.ok()["to"].as_str().unwrap().parse().unwrap()
    }

    pub async fn try_begin(&mut self, provider: &str) -> Reply {
        let request =
            self.client.post(format!("{}/login/{provider}/begin", self.at)).header("Origin", &self.url);
        let request = self.sent(request).header("Content-Type", "application/json").body("{}");
        let answer = request.send().await.unwrap();
        self.keep(answer.headers());
        Reply::of(answer).await
    }

    /// Opens a page of the door, as a browser does that another site sends there.
    pub async fn get(&mut self, path: &str) -> Page {
        let request = self.sent(self.client.get(format!("{}{path}", self.at)));
        let sites = [
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Mode", "navigate"),
            ("Sec-Fetch-Dest", "document"),
        ];
        let request = match path.contains("/answer") {
            true => sites.iter().fold(request, |request, (name, value)| request.header(*name, *value)),
            false => request,
        };
        let answer = request.send().await.unwrap();
        self.keep(answer.headers());
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Page { status, headers, text: answer.text().await.unwrap() }
    }

    fn keep(&mut self, headers: &reqwest::header::HeaderMap) {
        for line in headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// The session cookie, as it is sent.
    pub fn session(&self) -> Option<String> {
        let mut own = self.cookies.iter().filter(|(name, _)| !name.ends_with("-login"));
        own.next().map(|(name, value)| format!("{name}={value}"))
    }
}

/// The value of a parameter of an address.
pub fn param(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// Path and query of an address.
pub fn path(url: &Url) -> String {
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

/// `oidc-provider`, as it is published.
pub struct Certified {
    pub issuer: String,
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Certified {
    /// `None`, with the reason on standard error, where the package is not installed and nothing says that it must be.
    pub async fn start() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
        let packages = root.join(".xp/oidc");
        if !packages.join("node_modules").is_dir() {
            assert!(std::env::var_os("CI").is_none(), "no OpenID provider: `cargo dev setup` installs it");
            eprintln!("SKIPPED: no OpenID provider; `cargo dev setup` installs it");
            return None;
        }
        let mut child = Command::new("node")
            .arg(root.join("tests/dev/oidc/provider.mjs"))
            .arg(&packages)
            .env_remove("LD_LIBRARY_PATH")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut output = BufReader::new(output).lines();
        let issuer = output.next_line().await.unwrap().expect("the provider is gone");
        Some(Self { issuer, child, input, output })
    }

    /// Serves browsers that come from this address.
    pub async fn serve(&mut self, redirect: &str) {
        let line = format!("{}\n", json!({ "redirect_uris": [redirect] }));
        self.input.write_all(line.as_bytes()).await.unwrap();
        assert_eq!(self.output.next_line().await.unwrap().as_deref(), Some("ready"));
    }

    pub async fn end(self) {
        let Self { mut child, input, output, .. } = self;
        drop((input, output));
        child.wait().await.unwrap();
    }
}

/// A browser at the provider. It stays logged in there.
#[derive(Default)]
pub struct AtProvider {
    cookies: BTreeMap<String, String>,
    /// How many forms were sent.
    pub forms: usize,
}

impl AtProvider {
    /// Follows the provider from an address, logs in as `login` where it asks, and returns the address to which it sends the browser.
    pub async fn through(&mut self, from: Url, login: &str, back: &str) -> Url {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let (mut at, mut form) = (from, None);
        for _ in 0..20 {
            let request = match form.take() {
                None => client.get(at.clone()),
                Some(body) => client
                    .post(at.clone())
                    .header("Content-Type", "application/x-www-form-urlencoded")
                    .body::<String>(body),
            };
            let all: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let answer = request.header("Cookie", all.join("; ")).send().await.unwrap();
            for line in answer.headers().get_all("set-cookie") {
                let (name, value) =
                    line.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
            if let Some(to) = answer.headers().get("location") {
                at = at.join(to.to_str().unwrap()).unwrap();
                if at.as_str().starts_with(back) {
                    return at;
                }
                continue;
            }
            let text = answer.text().await.unwrap();
            let action = text.split_once("action=\"").unwrap_or_else(|| panic!("{at}: {text}")).1;
            at = at.join(action.split('"').next().unwrap()).unwrap();
            self.forms += 1;
            form = Some(match text.contains("value=\"login\"") {
                true => format!("prompt=login&login={login}&password=x"),
                false => "prompt=consent".to_owned(),
            });
        }
        panic!("{at}: the provider does not come to an end");
    }
}
