//! The sandbox: what is accessible in it and what is not.

mod credentials;
mod limits;
mod trees;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use xp_harness::{Asked, Proxied};
use xp_scope::Value;
use xpd_connectors::sandbox::{Config, Sandbox};
use xpd_proxy::ActError;

struct Repository {
    _temp: tempfile::TempDir,
    work: PathBuf,
    bare: PathBuf,
}

impl Repository {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let (work, bare) = (temp.path().join("work"), temp.path().join("bare.git"));
        let repository = Self { _temp: temp, work, bare };
        std::fs::create_dir(&repository.work).unwrap();
        repository.git(&["init", "--quiet", "-b", "main"]);
        repository.write("src/answer", "41");
        repository.commit("first");
        let bare = repository.bare.display().to_string();
        repository.git(&["clone", "--quiet", "--bare", ".", &bare]);
        repository
    }

    fn git(&self, args: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "core.hooksPath=/dev/null"])
            .args(args)
            .current_dir(&self.work)
            .output()
            .unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Runs git with a text as input.
    fn feed(&self, args: &[&str], text: &str) -> String {
        let mut child = Command::new("git")
            .args(args)
            .current_dir(&self.work)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{args:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.work.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Commits all files and returns the commit.
    fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "--quiet", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn push(&self, to: &str) {
        self.git(&[
            "push",
            "--quiet",
            "--force",
            &self.bare.display().to_string(),
            &format!("HEAD:refs/heads/{to}"),
        ]);
    }

    fn sandbox(&self, more: impl FnOnce(&mut Config)) -> Proxied<Sandbox> {
        let mut config = Config {
            repositories: BTreeMap::from([("acme/app".to_owned(), self.bare.display().to_string())]),
            seconds: 20,
            ..Config::default()
        };
        more(&mut config);
        Proxied::new(Sandbox::new("sandbox", config).unwrap())
    }
}

fn call(commit: &str, command: &str) -> Asked {
    let text = |text: &str| Value::Text(text.to_owned());
    let repo = [("owner", "acme"), ("name", "app"), ("default_branch", "main"), ("test_command", "true")];
    let repo = repo.map(|(name, value)| (name.to_owned(), text(value)));
    Asked {
        action: "run".to_owned(),
        args: BTreeMap::from([
            ("repo".to_owned(), Value::Record(BTreeMap::from(repo))),
            ("commit".to_owned(), text(commit)),
            ("command".to_owned(), text(command)),
            ("network".to_owned(), text("none")),
        ]),
        marker: "xp-0123456789abcdef".to_owned(),
        since: 0,
        expected: Vec::new(),
    }
}

fn part<'v>(result: &'v Value, name: &str) -> &'v Value {
    result.at(&[name.to_owned()]).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_candidate_merge_is_what_runs() {
    let repository = Repository::new();
    let first = repository.git(&["rev-parse", "HEAD"]);
    repository.write("src/answer", "42");
    let change = repository.commit("change");
    repository.push("fix");
    repository.git(&["checkout", "--quiet", &first]);
    repository.write("README", "moved on");
    let base = repository.commit("meanwhile");
    repository.push("main");
    repository.git(&["merge", "--quiet", "--no-edit", &change]);
    let tree = repository.git(&["rev-parse", "HEAD^{tree}"]);

    let sandbox = repository.sandbox(|_| {});
    let ran =
        sandbox.act(&call(&change, "cat src/answer README; ls -A; pwd; test $(cat src/answer) = 42")).await;
    let ran = ran.unwrap();
    assert_eq!(part(&ran, "passed"), &Value::Bool(true), "{ran:?}");
    assert_eq!(part(&ran, "output").as_text().unwrap(), "42moved onREADME\nsrc\n/build\n");
    assert_eq!(
        (part(&ran, "base").as_text(), part(&ran, "tree").as_text()),
        (Some(base.as_str()), Some(tree.as_str()))
    );
    let failed = sandbox.act(&call(&base, "test $(cat src/answer) = 42")).await.unwrap();
    assert_eq!((part(&failed, "passed"), part(&failed, "exit_code")), (&Value::Bool(false), &Value::Int(1)));

    repository.git(&["checkout", "--quiet", &first]);
    repository.write("README", "another way");
    let conflict = repository.commit("conflict");
    repository.push("conflict");
    let refused = sandbox.act(&call(&conflict, "true")).await.unwrap_err();
    assert!(matches!(refused, ActError::Refused { status: 409, .. }), "{refused:?}");
    let missing = sandbox.act(&call(&"1".repeat(40), "true")).await.unwrap_err();
    assert!(matches!(missing, ActError::NotSent(_)), "{missing:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_else_is_in_reach() {
    let repository = Repository::new();
    let commit = repository.git(&["rev-parse", "HEAD"]);
    let sandbox = repository.sandbox(|_| {});
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let secret = std::env::temp_dir().join(format!("xpd-canary-{}", std::process::id()));
    std::fs::write(&secret, "canary").unwrap();
    let probes = [
        ("reach loopback", format!("bash -c 'echo > /dev/tcp/127.0.0.1/{port}'")),
        ("find another network", "test $(ls /sys/class/net 2>/dev/null | grep -vc '^lo$') != 0".to_owned()),
        ("read the host's files", format!("cat {}", secret.display())),
        ("read home folders", format!("ls /root/* /{}/*", "home")),
        ("read the repository", "ls -d .git /build/.git".to_owned()),
        ("write to the system", "touch /usr/x".to_owned()),
        ("write to the root", "mkdir /x".to_owned()),
        ("change the checkout", "touch /checkout/x".to_owned()),
        ("see other processes", "test $(ls -d /proc/[0-9]* | wc -l) -gt 12".to_owned()),
        ("inherit variables", "env | grep -v -e ^PATH= -e ^HOME= -e ^TMPDIR= -e ^LANG= -e ^CI= -e ^PWD= -e ^OLDPWD= -e ^SHLVL= -e ^_=".to_owned()),
        ("mount", "mount -t tmpfs none /tmp".to_owned()),
        ("see the kernel's settings", "test -n \"$(ls -A /proc/sys)\"".to_owned()),
        ("make a setting", "mkdir /proc/sys/kernel || touch /proc/sys/x".to_owned()),
        ("read a setting", "cat /proc/sys/kernel/core_pattern".to_owned()),
        ("write a setting", "echo 1 > /proc/sys/kernel/core_pattern".to_owned()),
        ("pull the kernel's triggers", "echo h > /proc/sysrq-trigger; test -s /proc/sysrq-trigger -o $? = 0".to_owned()),
        ("read what tells of the host", "cat /proc/kcore /proc/keys /proc/key-users /proc/timer_list /proc/kallsyms | grep .".to_owned()),
        ("find buses and interrupts", "ls -A /proc/bus /proc/irq /proc/fs /proc/acpi | grep -v ^/proc | grep .".to_owned()),
    ];
    for (what, command) in probes {
        let ran = sandbox.act(&call(&commit, &command)).await.unwrap();
        assert_eq!(part(&ran, "passed"), &Value::Bool(false), "could {what}: {ran:?}");
    }
    std::fs::remove_file(secret).unwrap();
    // Controls: permitted commands of the same form.
    for command in
        ["touch /build/x /tmp/x src/x", "ls /proc/self", "echo $((6*7))", "grep . /proc/meminfo", "nproc"]
    {
        let ran = sandbox.act(&call(&commit, command)).await.unwrap();
        assert_eq!(part(&ran, "passed"), &Value::Bool(true), "{command}: {ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repository_cannot_bring_its_own_rules() {
    let repository = Repository::new();
    // Filters, line endings and export rules that an ordinary checkout would apply.
    repository.write(".gitattributes", "*.txt text eol=crlf ident export-ignore filter=evil\n");
    repository.write("a.txt", "$Id$\nline\n");
    let commit = repository.commit("attributes");
    repository.push("attributes");
    let sandbox = repository.sandbox(|_| {});
    let ran = sandbox.act(&call(&commit, "cat a.txt")).await.unwrap();
    assert_eq!(part(&ran, "output").as_text().unwrap(), "$Id$\nline\n");

    std::os::unix::fs::symlink("/etc/passwd", repository.work.join("link")).unwrap();
    let link = repository.commit("link");
    repository.push("link");
    let refused = sandbox.act(&call(&link, "true")).await.unwrap_err();
    assert!(matches!(&refused, ActError::Refused { status: 422, .. }), "{refused:?}");
    std::fs::remove_file(repository.work.join("link")).unwrap();
    let hash = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{hash},sub")]);
    repository.git(&["commit", "--quiet", "-m", "submodule"]);
    let submodule = repository.git(&["rev-parse", "HEAD"]);
    repository.push("sub");
    let refused = sandbox.act(&call(&submodule, "true")).await.unwrap_err();
    assert!(matches!(&refused, ActError::Refused { status: 422, .. }), "{refused:?}");
}

#[tokio::test]
async fn arguments_are_checked_once_more() {
    let repository = Repository::new();
    let sandbox = repository.sandbox(|_| {});
    let good = call(&repository.git(&["rev-parse", "HEAD"]), "true");
    let with = |name: &str, value: Value| {
        let mut call = good.clone();
        call.args.insert(name.to_owned(), value);
        call
    };
    let text = |text: &str| Value::Text(text.to_owned());
    for call in [
        with("commit", text("main")),
        with("commit", text("--upload-pack=x")),
        with("network", text("all")),
        with("repo", Value::Record(BTreeMap::new())),
        Asked { action: "other".to_owned(), ..good.clone() },
    ] {
        let refused = sandbox.act(&call).await.unwrap_err();
        assert!(matches!(refused, ActError::NotSent(_)), "{refused:?}");
    }
}
