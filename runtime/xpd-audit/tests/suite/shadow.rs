//! Packages of shadow runs: never `verified`, and the mark cannot be taken away.

use serde_json::Value as Json;
use xp_machine::Event;
use xp_scope::Value;
use xpd_audit::verify::{Fault, Trust, Verdict, verify_package};

use crate::sim::{Log, Run, dev, repack, text, trust, unpack, with_lines};

fn shadow() -> Run {
    let mut run = Run::shadow("run-7", Log::new());
    run.act(&dev(), "work", "host.notes.write", text("one"), Value::Bool(true));
    run.ask(Event::Kill { reason: "test".into() }).unwrap();
    run.close();
    run
}

#[test]
fn a_shadow_run_is_never_verified() {
    let package = shadow().package();
    let report = verify_package(&package, &trust());
    assert_eq!(report.verdict, Verdict::Shadow, "{report}");
    assert!(report.to_string().starts_with("shadow\n"), "{report}");
    assert!(report.not_proved.iter().any(|claim| claim.contains("enforced run")), "{report}");
    // The other verdicts say it as well.
    let own = verify_package(&package, &Trust::default());
    assert_eq!((own.verdict, own.shadow), (Verdict::SelfConsistent, true), "{own}");
    assert!(own.to_string().starts_with("self-consistent (shadow)\n"), "{own}");
    let cut = with_lines(&package, |lines| drop(lines.pop()));
    let cut = verify_package(&cut, &trust());
    assert!(cut.to_string().contains("(shadow)") && cut.verdict != Verdict::Shadow, "{cut}");
}

#[test]
fn the_mark_cannot_be_taken_away_or_put_on() {
    let package = shadow().package();
    let member = ",\"shadow\":true";
    let unmarked = |line: &mut Vec<u8>| {
        let text = String::from_utf8(line.clone()).unwrap();
        assert!(text.contains(member), "each entry has the mark: {text}");
        *line = text.replace(member, "").into_bytes();
    };
    // From one entry, and from all of them together with the manifest.
    for all in [false, true] {
        let changed = with_lines(&package, |lines| {
            let many = if all { lines.len() } else { 1 };
            lines.iter_mut().take(many).for_each(unmarked);
        });
        let mut files = unpack(&changed);
        if all {
            let mut manifest: Json = serde_json::from_slice(&files["manifest.json"]).unwrap();
            manifest.as_object_mut().unwrap().remove("shadow").unwrap();
            files.insert("manifest.json".into(), serde_json::to_vec(&manifest).unwrap());
        }
        let report = verify_package(&repack(files), &trust());
        assert_eq!(report.verdict, Verdict::Failed, "{report}");
        assert!(report.findings.iter().any(|finding| finding.fault == Fault::Inclusion), "{report}");
    }
    // From the manifest alone.
    let mut files = unpack(&package);
    let mut manifest: Json = serde_json::from_slice(&files["manifest.json"]).unwrap();
    manifest.as_object_mut().unwrap().remove("shadow").unwrap();
    files.insert("manifest.json".into(), serde_json::to_vec(&manifest).unwrap());
    let report = verify_package(&repack(files), &trust());
    assert_eq!((report.verdict, report.shadow), (Verdict::Failed, true), "{report}");
    assert!(report.findings.iter().any(|finding| finding.fault == Fault::Manifest), "{report}");
}

#[test]
fn a_run_is_not_part_shadow() {
    // A server that marks only the first entries.
    let mut run = Run::shadow("run-7", Log::new());
    let mut chain = serde_json::to_value(&run.chain).unwrap();
    chain.as_object_mut().unwrap().remove("shadow").unwrap();
    run.chain = serde_json::from_value(chain).unwrap();
    run.ask(Event::Kill { reason: "test".into() }).unwrap();
    run.close();
    let report = run.verify();
    assert_eq!(report.verdict, Verdict::Failed, "{report}");
    assert!(report.findings.iter().any(|finding| finding.fault == Fault::Chain), "{report}");
}
