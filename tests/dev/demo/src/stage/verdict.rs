//! The checks at the end of the demo.

use std::io::{Read as _, Write as _};

use serde_json::{Value, json};

use super::fixture::Fixture;
use super::hook::Delivery;
use super::network::outside;
use super::play::Play;
use super::world::World;
use crate::Done;
use crate::shared::checks::{Checks, flipped, leaks, verify};
use crate::shared::shell;

/// Makes all checks.
pub fn check(world: &World, fixture: &Fixture, play: &Play<'_>) -> Done<Checks> {
    let mut checks = Checks::default();
    let run = play.run.clone().ok_or("there was no run")?;
    checks.note("the run is finished and closed", finished(world, &run));
    if let Some(aside) = &play.aside {
        let killed = world.xpd(&["kill", "run", aside, "--reason", "the demo is over"]);
        checks.note(
            "the run of the late token is stopped by the operator",
            killed.map(|_| "killed".to_owned()),
        );
    }
    let merge = Merge::read(world, fixture);
    checks.note(
        "the merge's tree is the reviewed tree",
        merge.as_ref().map_err(Clone::clone).and_then(Merge::reviewed),
    );
    checks.note("before: the program's tests in a fresh clone", tests(world, fixture, &world.first, false));
    let head = merge.as_ref().map(|merge| merge.head.clone()).map_err(Clone::clone);
    checks.note(
        "after: the program's tests in a fresh clone",
        head.and_then(|head| tests(world, fixture, &head, true)),
    );
    checks.note("deployments: signature, commit and tree", deployments(world, &merge));
    checks.note("a deployment with a wrong signature", forged(world));
    checks.note("each agent is alone with its key and xpd's socket", alone(world, play));
    checks.note("the default branch takes nothing past a pull request", protected(world, fixture));
    checks.note("the forge saw only what GitHub's description allows", described(world));
    checks.note(
        "no secret in an artifact, a log, a brain or the evidence",
        evidence(world, &run).and_then(|()| leaks(world.folder.path(), "secrets/github", &world.secrets)),
    );
    checks.note(
        "the evidence, offline, with the log key from outside",
        verify(world.folder.path(), world.log_key(), true),
    );
    checks.note("the same evidence with a byte flipped", flipped(world.folder.path(), world.log_key()));
    Ok(checks)
}

fn finished(world: &World, run: &str) -> Done<String> {
    let summary = world.summary(run)?;
    if summary["status"] == json!("finished") && summary["closed"] == json!(true) {
        Ok(format!("{} entries", summary["entries"]))
    } else {
        Err(format!("it is {} (closed: {})", summary["status"], summary["closed"]))
    }
}

/// The merge according to git and to the stand-in.
struct Merge {
    head: String,
    tree: String,
    parents: Vec<String>,
    reviewed: String,
    reviewed_tree: String,
    first: String,
}

impl Merge {
    fn read(world: &World, fixture: &Fixture) -> Result<Self, String> {
        let bare = world.bare();
        let line = |args: &[&str]| shell::git(&bare, args);
        let head = line(&["rev-parse", &format!("refs/heads/{}", fixture.branch)])?;
        let state: Value = serde_json::from_str(&world.forge.state().map_err(|error| error.to_string())?)
            .map_err(|error| error.to_string())?;
        let issues = state["repos"][fixture.full_name()]["issues"].as_array().cloned().unwrap_or_default();
        let pulls: Vec<&Value> =
            issues.iter().map(|issue| &issue["pull"]).filter(|pull| !pull.is_null()).collect();
        let [pull] = pulls.as_slice() else { return Err(format!("there are {} pull requests", pulls.len())) };
        let reviews = pull["reviews"].as_array().cloned().unwrap_or_default();
        let [_, second] = reviews.as_slice() else {
            return Err(format!("there are {} reviews", reviews.len()));
        };
        let reviewed = second["commit"].as_str().unwrap_or_default().to_owned();
        Ok(Self {
            tree: line(&["rev-parse", &format!("{head}^{{tree}}")])?,
            parents: line(&["rev-parse", &format!("{head}^@")])?.lines().map(str::to_owned).collect(),
            reviewed_tree: line(&["rev-parse", &format!("{reviewed}^{{tree}}")])?,
            first: world.first.clone(),
            head,
            reviewed,
        })
    }

    fn reviewed(&self) -> Result<String, String> {
        if self.parents != [self.first.clone(), self.reviewed.clone()] {
            return Err(format!("its parents are {}", self.parents.join(" and ")));
        }
        if self.tree == self.reviewed_tree {
            Ok(format!("{} of {}, after one round of changes", &self.tree[..10], &self.head[..10]))
        } else {
            Err(format!("{} is not {}", self.tree, self.reviewed_tree))
        }
    }
}

/// Clones, checks out, and runs the tests in a container.
fn tests(world: &World, fixture: &Fixture, commit: &str, pass: bool) -> Result<String, String> {
    let clone = world.at(if pass { "clone-after" } else { "clone-before" });
    let mut command = shell::program("git");
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("HOME", "/nonexistent");
    command.args(["-c", "safe.directory=*", "clone", "--quiet", "--no-local", "--branch", &fixture.branch]);
    shell::capture(command.arg(world.bare()).arg(&clone))?;
    shell::git(
        &clone.join(".git"),
        &["--work-tree", &clone.display().to_string(), "checkout", "--quiet", commit],
    )?;
    let mut bwrap = shell::container();
    bwrap.arg("--bind").arg(&clone).arg("/work").args([
        "--setenv",
        "PATH",
        "/usr/bin:/bin",
        "--chdir",
        "/work",
    ]);
    let output = shell::output(bwrap.args(["--", "/bin/sh", "-c", &fixture.test]))?;
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    match (output.status.success(), pass) {
        (true, true) => Ok(format!("pass at {}", &commit[..10])),
        (false, false) => Ok(format!("fail at {}", &commit[..10])),
        (true, false) => Err("they passed before anything was fixed".to_owned()),
        (false, true) => Err(format!("they fail\n{said}")),
    }
}

fn deployments(world: &World, merge: &Result<Merge, String>) -> Result<String, String> {
    let merge = merge.as_ref().map_err(Clone::clone)?;
    let (found, unsigned) =
        world.hook.with(|seen| (seen.accepted.values().cloned().collect::<Vec<_>>(), seen.unsigned));
    let staged =
        found.iter().any(|one| one.environment == "staging" && one.commit == merge.reviewed && one.fits);
    let shipped: Vec<&Delivery> = found.iter().filter(|one| one.environment == "production").collect();
    let right = matches!(shipped.as_slice(), [one]
        if one.commit == merge.head && one.tree.as_ref() == Some(&merge.tree) && one.fits);
    if staged && right && found.len() == 2 && unsigned == 0 {
        Ok("one to staging, one to production".to_owned())
    } else {
        Err(format!("{found:?}, {unsigned} wrongly signed"))
    }
}

/// Checks that the receiver refuses a delivery with a wrong signature.
fn forged(world: &World) -> Result<String, String> {
    let body = r#"{"environment":"production","repo":"a/b","commit":"0","tree":null,"id":"forged"}"#;
    let tag = "0".repeat(64);
    let answer = world.hook.post(&format!("sha256={tag}"), body).map_err(|error| error.to_string())?;
    let (count, unsigned) = world.hook.with(|seen| (seen.accepted.len(), seen.unsigned));
    if answer.contains(" 401 ") && unsigned == 1 && count == 2 {
        Ok("is refused with 401".to_owned())
    } else {
        Err(format!("{answer} ({count} accepted)"))
    }
}

/// Checks that branch protection refuses a push with the proxy's own credential.
fn protected(world: &World, fixture: &Fixture) -> Result<String, String> {
    let io = |error: std::io::Error| error.to_string();
    let token = world.secrets.first().ok_or("no credential")?;
    let body = json!({ "sha": world.first, "force": true }).to_string();
    let address = world.forge.url.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(address).map_err(io)?;
    write!(
        stream,
        "PATCH /repos/{}/git/refs/heads/{} HTTP/1.1\r\nhost: forge\r\nuser-agent: demo\r\n\
         authorization: Bearer {token}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        fixture.full_name(),
        fixture.branch,
        body.len()
    )
    .map_err(io)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(io)?;
    match answer.lines().next().unwrap_or_default() {
        line if line.contains(" 422 ") => {
            Ok("a push of the proxy's own credential is refused with 422".to_owned())
        }
        line => Err(line.to_owned()),
    }
}

fn alone(world: &World, play: &Play<'_>) -> Result<String, String> {
    outside(world)?;
    for (name, probe) in &play.probes {
        let answering: Vec<&Value> =
            probe["tried"].as_array().into_iter().flatten().filter(|one| one[1] == "answers").collect();
        let bare =
            probe["environment"].as_array().is_some_and(|names| names.iter().all(|name| name == "PWD"));
        let files = json!(["brain.json", "key.pem", "xp-demo", "xpd.sock"]);
        if !answering.is_empty()
            || probe["socket"] != 200
            || !bare
            || probe["interfaces"] != json!(["lo"])
            || probe["files"] != files
        {
            return Err(format!("{name}: {probe}"));
        }
    }
    Ok(format!("{} containers: no address answers, no variable, one key", play.probes.len()))
}

fn described(world: &World) -> Result<String, String> {
    let violations = world.forge.violations();
    if violations.is_empty() { Ok("no violation".to_owned()) } else { Err(violations.join("; ")) }
}

fn evidence(world: &World, run: &str) -> Done {
    world.xpd(&["evidence", run, "-o", "run.zip"]).map(drop)
}
