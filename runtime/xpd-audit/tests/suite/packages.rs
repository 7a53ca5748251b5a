//! Packages of an honest server.

use std::collections::BTreeSet;
use std::process::Command;

use xpd_audit::entry::Kind;
use xpd_audit::verify::{Trust, Verdict, verify_package};

use crate::sim::{ORIGIN, eventful, repack, trust, unpack};

#[test]
fn an_eventful_run_is_verified() {
    let run = eventful();
    let report = run.verify();
    assert_eq!(report.findings, []);
    assert_eq!(report.verdict, Verdict::Verified, "{report}");
    assert_eq!(report.run.as_deref(), Some("run-7"));
    assert_eq!(report.skipped, [""; 0]);
    assert_eq!(report.log.as_ref().map(|log| log.origin.as_str()), Some(ORIGIN));
    assert_eq!(report.entries.values().sum::<u64>(), run.entries.len() as u64);
    assert!(report.replayed > 25, "{report}");
    // The package has every kind of entry of a run but one, so the damage tests cover those. A run in which a time limit passes is verified
    // in the tests of the server.
    let kinds: BTreeSet<Kind> = report.entries.keys().copied().collect();
    let expected: BTreeSet<Kind> = Kind::ALL
        .iter()
        .copied()
        .filter(|kind| {
            use Kind::{ArtifactDeployed, ConfigChanged, KillLiftAsked, KillLifted, TimedOut};
            // Entries about people are the server's own as well.
            !matches!(kind, ArtifactDeployed | ConfigChanged | KillLiftAsked | KillLifted | TimedOut)
                && !kind.as_str().starts_with("person.")
        })
        .collect();
    assert_eq!(kinds, expected);
}

#[test]
fn the_report_says_what_is_not_proved() {
    let report = eventful().verify();
    let text = report.to_string();
    for part in ["past the proxy", "no witness", "one process", "1 refusals made before", "only counted"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.starts_with("verified\n"), "{text}");
}

#[test]
fn without_keys_from_outside_it_is_self_consistent_at_most() {
    let package = eventful().package();
    for trust in
        [Trust::default(), Trust { artifact_keys: vec![], ..trust() }, Trust { log_key: None, ..trust() }]
    {
        let report = verify_package(&package, &trust);
        assert_eq!(report.verdict, Verdict::SelfConsistent, "{report}");
        assert_eq!(report.findings, []);
    }
}

#[test]
fn the_same_evidence_is_the_same_bytes() {
    let run = eventful();
    assert_eq!(run.package(), run.package());
    assert_eq!(eventful().package(), run.package());
    // Control: a package that is unpacked and packed again verifies, so later tests fail only for their
    // change.
    let report = verify_package(&repack(unpack(&run.package())), &trust());
    assert_eq!(report.verdict, Verdict::Verified, "{report}");
}

#[test]
fn a_public_log_shows_commitments_only() {
    let run = eventful();
    for appended in &run.entries {
        let leaf = String::from_utf8(appended.leaf.clone()).unwrap();
        assert_eq!(leaf.len(), r#"{"c":"sha256:"}"#.len() + 64, "{leaf}");
    }
}

#[test]
fn python_alone_checks_the_package_as_its_page_says() {
    let folder = tempfile::tempdir().unwrap();
    let files = unpack(&eventful().package());
    for (name, bytes) in &files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let page = String::from_utf8(files["VERIFY.md"].clone()).unwrap();
    let (_, script) = page.split_once("```python\n").unwrap();
    let (script, _) = script.split_once("```").unwrap();
    std::fs::write(folder.path().join("check.py"), script).unwrap();
    let check = || Command::new("python3").arg("check.py").current_dir(folder.path()).output().unwrap();
    let output = check();
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("of run run-7 are in xpd.example/log"));
    let signed = Command::new("openssl")
        .args(["pkeyutl", "-verify", "-pubin", "-inkey", "keys/log.pem", "-rawin"])
        .args(["-in", "checkpoint.text", "-sigfile", "checkpoint.sig"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(signed.status.success(), "{signed:?}");
    // A change to an entry is detected.
    let mut events = files["events.jsonl"].clone();
    let at = events.len() / 2;
    events[at] ^= 1;
    std::fs::write(folder.path().join("events.jsonl"), events).unwrap();
    assert!(!check().status.success());
}
