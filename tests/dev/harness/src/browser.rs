//! Chromium under the control of a test.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// The browser.
pub struct Browser {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").canonicalize().unwrap()
}

impl Browser {
    /// `None`, with the reason on standard error, where no Chromium is installed and nothing says that there must be one.
    pub fn start() -> Option<Self> {
        let chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
        let found = chromium.iter().find(|path| Path::new(path).exists());
        let packages = root().join(".xp/browser");
        let (Some(chromium), true) = (found, packages.join("node_modules").is_dir()) else {
            assert!(std::env::var_os("CI").is_none(), "no Chromium: `cargo dev setup` installs it");
            eprintln!("SKIPPED: no Chromium or no packages for it; `cargo dev setup` installs both");
            return None;
        };
        let home = std::env::temp_dir();
        let mut child = Command::new("node")
            .arg(root().join("tests/dev/browser/drive.mjs"))
            .arg(&packages)
            .arg(chromium)
            // The user who runs the tests may have no home.
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", &home)
            .env("XDG_CACHE_HOME", &home)
            .env_remove("LD_LIBRARY_PATH")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Some(Self { child, input, output: BufReader::new(output).lines() })
    }

    /// Closes it.
    pub async fn end(self) {
        let Self { mut child, input, output } = self;
        drop((input, output));
        child.wait().await.unwrap();
    }

    /// Gives a command; it must succeed.
    #[track_caller]
    pub fn tell(&mut self, command: &str, name: &str, with: Value) -> impl Future<Output = Value> + '_ {
        let caller = std::panic::Location::caller();
        let mut ask = json!({ "command": command, "name": name });
        ask.as_object_mut().unwrap().extend(with.as_object().cloned().unwrap_or_default());
        async move {
            self.input.write_all(format!("{ask}\n").as_bytes()).await.unwrap();
            let line = self.output.next_line().await.unwrap().expect("the browser is gone");
            let answer: Value = serde_json::from_str(&line).unwrap();
            assert!(answer.get("ok").is_some(), "{caller}: {ask}: {answer}");
            answer["ok"].clone()
        }
    }

    /// A page with an authenticator.
    pub async fn open(&mut self, name: &str, with: Value) {
        self.tell("open", name, with).await;
        self.tell("authenticator", name, json!({})).await;
    }

    /// Opens an address and returns the status.
    pub async fn goto(&mut self, name: &str, url: &str) -> u64 {
        self.tell("goto", name, json!({ "url": url })).await.as_u64().unwrap()
    }

    /// Clicks on what a selector finds.
    pub async fn click(&mut self, name: &str, at: &str) {
        self.tell("click", name, json!({ "at": at })).await;
    }

    /// Waits until what a selector finds is visible, and returns its text.
    pub async fn visible(&mut self, name: &str, at: &str) -> String {
        self.tell("visible", name, json!({ "at": at })).await.as_str().unwrap().to_owned()
    }

    /// The text of the page.
    pub async fn text(&mut self, name: &str) -> String {
        self.tell("text", name, json!({})).await.as_str().unwrap().to_owned()
    }

    /// The value of a script in the page.
    pub async fn evaluate(&mut self, name: &str, script: &str) -> Value {
        self.tell("evaluate", name, json!({ "script": script })).await
    }

    /// Takes a picture if a folder for them is named.
    pub async fn picture(&mut self, name: &str, picture: &str) {
        if let Some(folder) = std::env::var_os("XP_PICTURES") {
            let path = Path::new(&folder).join(format!("{picture}.png"));
            self.tell("shot", name, json!({ "path": path })).await;
        }
    }

    /// Asserts that axe finds nothing and that the page reported nothing.
    pub async fn is_clean(&mut self, name: &str) {
        assert_eq!(self.tell("axe", name, json!({})).await, json!([]), "{name}");
        assert_eq!(self.tell("reported", name, json!({})).await, json!([]), "{name}");
    }
}
