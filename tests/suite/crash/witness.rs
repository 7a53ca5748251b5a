//! With a witness, two histories under one log key cannot both verify: the server stops on the second one,
//! and its evidence fails under the policy.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use xpd_token::KeyPair;

use super::client::Worker;
use super::custody::{FILES, begin, copy, does, ends};
use super::site::{Daemon, Site};
use super::until;

/// A running `xpd witness`, ended when dropped.
struct Witness {
    child: Child,
    url: String,
    key: String,
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a witness of this name on the given port, or on a free one.
fn witness(site: &Site, name: &str, log_key: &str, listen: &str) -> Witness {
    let folder = site.path(name);
    let mut child = Command::new(xp_tests::program("xpd"))
        .args(["witness", "--name", &format!("witness.example/{name}"), "--listen", listen, "--log", log_key])
        .args(["--data", folder.to_str().expect("a path")])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let mut line = |prefix: &str| {
        let line = lines.next().unwrap_or_default();
        line.strip_prefix(prefix).unwrap_or_else(|| panic!("{prefix}: {line}")).to_owned()
    };
    let url = line("listening on ");
    let key = line("witness key ");
    Witness { child, url, key }
}

const CONFIG: &str = "[log]\nwitness_policy = \"witness.policy\"\nexport = \"exported\"\n";

fn policy(site: &Site, k: usize, witnesses: &[&Witness]) {
    let mut text = String::new();
    let mut names = String::new();
    for (at, witness) in witnesses.iter().enumerate() {
        text += &format!("witness w{at} {} {}\n", witness.key, witness.url);
        names += &format!(" w{at}");
    }
    site.put("witness.policy", &format!("{text}group all {k}{names}\nquorum all\n"));
}

fn log_key(site: &Site) -> String {
    let key = KeyPair::read_file(&site.path("data/keys/log.pem")).expect("the log's key");
    key.public().vkey("xpd.test")
}

/// Kills a run and stores its evidence under a name.
fn evidence(site: &Site, worker: &Worker, name: &str) {
    site.stop(&worker.run);
    let socket = site.socket().display().to_string();
    let (code, said) = site.run(&["evidence", &worker.run, "-o", name, "--socket", &socket]);
    assert_eq!(code, Some(0), "{said}");
}

fn verify(site: &Site, name: &str, policy: bool) -> (Option<i32>, String) {
    let log_key = log_key(site);
    let mut args = vec!["audit", "verify", name, "--log-key", &log_key, "--artifact-key", "signer.pub.pem"];
    if policy {
        args.extend(["--witness-policy", "witness.policy"]);
    }
    site.run(&args)
}

fn health(worker: &Worker) -> String {
    worker.send("GET", "/healthz", None, None).expect("an answer").body.to_string()
}

#[test]
fn of_two_histories_under_one_key_one_verifies() {
    let site = Site::new();
    let first = tempfile::tempdir().expect("a folder");
    let all = [FILES[0], FILES[1], FILES[2], "data/checkpoint"];
    let one = witness(&site, "one", &log_key(&site), "127.0.0.1:0");
    policy(&site, 1, &[&one]);
    let daemon = site.serve_with_more(CONFIG);
    daemon.kill();
    copy(&site.path(""), first.path(), &all);
    // The first history.
    let daemon = site.serve_with_more(CONFIG);
    let worker = begin(&site);
    does(&worker, 0);
    evidence(&site, &worker, "a.zip");
    daemon.kill();
    let (code, said) = verify(&site, "a.zip", true);
    assert!(
        code == Some(0) && said.contains("cosigned  w0") && !said.contains("no witness was asked"),
        "{said}"
    );
    assert_eq!(verify(&site, "a.zip", false).0, Some(0));

    // Database and checkpoint file are restored together. Nothing in the folder shows it; the witness does.
    copy(first.path(), &site.path(""), &all);
    let said = site.refuses_to_serve(CONFIG);
    assert!(said.contains("witness `w0`") && said.contains("an older database was put back"), "{said}");
    assert_eq!(site.forge.effects().len(), 1, "nothing is done twice");

    // While the witness is unreachable, the server continues and its evidence has no cosignature.
    let address = one.url.strip_prefix("http://").expect("a URL").to_owned();
    drop(one);
    let mut daemon = site.serve_with_more(CONFIG);
    let worker = begin(&site);
    does(&worker, 0);
    until("the condition", || health(&worker).contains(r#""name":"witness""#));
    evidence(&site, &worker, "b.zip");
    let (code, said) = verify(&site, "b.zip", false);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = verify(&site, "b.zip", true);
    assert!(code == Some(3) && said.starts_with("failed\n"), "{said}");
    assert!(
        said.contains("cosigned by no witness of the policy, and the policy's quorum is 1 of (w0)"),
        "{said}"
    );
    // The witness is reachable again and does not cosign the second history; the server learns its checkpoint
    // and stops.
    let one = witness(&site, "one", &log_key(&site), &address);
    let said = ends(&site, &mut daemon);
    assert!(said.contains("witness `w0` has cosigned"), "{said}");
    let seen = reqwest_get(&one, "xpd.test");
    assert!(seen.contains("witness.example/one"), "{seen}");
    assert_eq!(verify(&site, "b.zip", true).0, Some(3));
    assert_eq!(verify(&site, "a.zip", true).0, Some(0));
}

/// What a witness serves about a log, fetched with `curl`.
fn reqwest_get(witness: &Witness, origin: &str) -> String {
    let url = format!("{}/{}/checkpoint", witness.url, xpd_audit::witness::origin_hash(origin));
    let output = Command::new("curl").args(["-sS", "--fail", &url]).output().expect("curl starts");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn k_of_n_is_enough_and_fewer_are_not() {
    let site = Site::new();
    let key = log_key(&site);
    let [one, two, three] = ["one", "two", "three"].map(|name| witness(&site, name, &key, "127.0.0.1:0"));
    policy(&site, 2, &[&one, &two, &three]);
    drop(three);
    let daemon: Daemon = site.serve_with_more(CONFIG);
    let worker = begin(&site);
    does(&worker, 0);
    evidence(&site, &worker, "run.zip");
    let (code, said) = verify(&site, "run.zip", true);
    assert!(code == Some(0) && said.contains("cosigned  w0, w1"), "{said}");
    // The exported checkpoint is cosigned too, and so is the published one.
    let cosigned = |text: &str| text.contains("witness.example/one") && text.contains("witness.example/two");
    until("the export", || std::fs::read_to_string(site.path("exported")).is_ok_and(|text| cosigned(&text)));
    // A missing checkpoint file is restored from a witness.
    daemon.kill();
    std::fs::remove_file(site.path("data/checkpoint")).expect("removed");
    let (code, said) = site.run(&["checkpoint", "restore", "--from-witnesses"]);
    assert!(code == Some(0) && said.contains("restored"), "{said}");
    drop(two);
    let daemon = site.serve_with_more(CONFIG);
    let worker = begin(&site);
    until("the condition", || health(&worker).contains("the policy's quorum is 2 of (w0, w1, w2)"));
    evidence(&site, &worker, "late.zip");
    assert_eq!(verify(&site, "late.zip", true).0, Some(3));
    assert_eq!(verify(&site, "late.zip", false).0, Some(0));
    daemon.kill();
}
