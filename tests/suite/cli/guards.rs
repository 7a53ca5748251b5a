//! Guards from the source to a verified artifact: listed as enforced, with exit code 0.

use serde_json::{Value, json};
use xp_artifact::question::{Question, Status};
use xp_artifact::{Artifact, Envelope, SigningKey, Trust};

use super::build::keys;
use super::graph::Element;
use super::{example_text, folder_with, list, run, shape};

/// A condition that the step waits for anyway, so that all other properties remain proved.
const GUARD: &str = "guard effect merge requires review_code.approved";

/// The example with a guard.
fn source() -> String {
    let text = example_text();
    let end = text.rfind('}').expect("the end");
    format!("{}\n  {GUARD}\n}}\n", &text[..end])
}

fn checked(format: &str) -> String {
    let folder = folder_with("workflow.xp", &source());
    run(folder.path(), &["check", "workflow.xp", "--format", format]).exits(0).out
}

#[test]
fn enforced_properties_are_printed_after_proved_ones() {
    let out = checked("human");
    let place = |line: &str| out.lines().position(|found| found.trim() == line);
    let guard = place(&format!("enforced    {GUARD}")).unwrap_or_else(|| panic!("{out}"));
    let last = out.lines().enumerate().filter(|(_, line)| line.starts_with("  proved ")).map(|(at, _)| at);
    assert!(last.max() < Some(guard), "{out}");
    assert!(out.contains(" proved, 1 enforced in "), "{out}");
}

#[test]
fn enforced_properties_are_listed_separately_in_json() {
    let object: Value = serde_json::from_str(&checked("json")).expect("JSON");
    shape::holds(&object);
    let workflow = &list(&object, "workflows")[0];
    let enforced: Vec<&Value> =
        list(workflow, "obligations").iter().filter(|one| one["status"] == "enforced").collect();
    assert_eq!(enforced.len(), 1, "{workflow:#}");
    assert_eq!(enforced[0]["source"], GUARD);
    assert_eq!(workflow["enforced"], json!([enforced[0]["id"]]));

    let log: Value = serde_json::from_str(&checked("sarif")).expect("JSON");
    let run = &list(&log, "runs")[0];
    assert_eq!(run["results"], json!([]));
    assert_eq!(run["properties"]["enforced"][0]["source"], GUARD);

    let suites = Element::parse(&checked("junit"));
    let cases = &suites.children[0].children;
    let apart: Vec<&Element> =
        cases.iter().filter(|case| case.attribute("classname") == Some("bug_fix.enforced")).collect();
    assert_eq!(apart.len(), 1);
    assert_eq!((apart[0].attribute("name"), apart[0].children.len()), (Some(GUARD), 0));
}

#[test]
fn what_cannot_be_enforced_is_refused_with_its_place_and_a_cure() {
    let source = source().replace(GUARD, "guard untrusted text reaches effect merge only through senior");
    let folder = folder_with("workflow.xp", &source);
    let ran = run(folder.path(), &["check", "workflow.xp"]).exits(2);
    ran.says(&["XP0413", "untrusted text reaches effect merge only through senior", "write `prove`"]);
}

#[test]
fn an_artifact_says_what_its_machine_enforces() {
    let folder = folder_with("workflow.xp", &source());
    keys(folder.path(), "key");
    run(folder.path(), &["build", "workflow.xp", "-o", "out.xpa", "--sign", "key.pem"]).exits(0);
    let verify = |name: &str| run(folder.path(), &["verify", name, "--key", "key.pub"]);
    let ran = verify("out.xpa").exits(0);

    let bytes = std::fs::read(folder.path().join("out.xpa")).expect("built");
    let (_, artifact) = Envelope::open(&bytes, Trust::FormOnly).expect("good");
    assert_eq!(artifact.workflow.guards.len(), 1);
    let all = artifact.obligations.len();
    let proved = format!("{} of {all} obligations recorded as proved, 1 enforced", all - 1);
    assert!(ran.out.contains(&proved), "{ran}");
    let schema = jsonschema::validator_for(&Artifact::json_schema()).expect("a schema");
    assert!(schema.is_valid(&serde_json::to_value(&artifact).expect("JSON")));

    // Changed and signed again with the same key.
    let pem = std::fs::read_to_string(folder.path().join("key.pem")).expect("the key");
    let key = SigningKey::from_pem(&pem).expect("a key");
    let forged = |change: &dyn Fn(&mut Artifact)| {
        let mut artifact = artifact.clone();
        change(&mut artifact);
        let bytes = Envelope::seal(&artifact, &[&key]).and_then(|one| one.to_bytes()).expect("sealed");
        std::fs::write(folder.path().join("bad.xpa"), bytes).expect("written");
        verify("bad.xpa").exits(2).says(&["XP0708"]);
    };
    forged(&|artifact| artifact.workflow.guards.clear());
    forged(&|artifact| artifact.obligations.retain(|one| one.status != Status::Enforced));
    forged(&|artifact| {
        artifact.workflow.guards[0].question = Question::NeverStuck;
        for one in artifact.obligations.iter_mut().filter(|one| one.status == Status::Enforced) {
            one.question = Question::NeverStuck;
        }
    });
    // With the guard removed and the original signature.
    let mut envelope: Value = serde_json::from_slice(&bytes).expect("JSON");
    let mut without = artifact.clone();
    without.workflow.guards.clear();
    without.obligations.retain(|one| one.status != Status::Enforced);
    let without = Envelope::seal(&without, &[]).and_then(|one| one.to_bytes()).expect("sealed");
    envelope["payload"] = serde_json::from_slice::<Value>(&without).expect("JSON")["payload"].clone();
    std::fs::write(folder.path().join("cut.xpa"), envelope.to_string()).expect("written");
    verify("cut.xpa").exits(2).says(&["XP0706"]);
}
