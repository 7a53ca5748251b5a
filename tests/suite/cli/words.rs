//! Messages that name the cause and the correction.

use super::{check, codes, edited, folder_with, list, run, text};

/// A workflow of one step with these grants and this property.
fn one_step(grants: &str, claim: &str) -> String {
    format!(
        "use std.github\n\nworkflow w(repo: github.Repo) {{\n  agent dev\n\n  step a by dev {{\n{grants}    outcome done\n  }}\n\n  prove {claim}\n}}\n"
    )
}

const CREATE: &str =
    "    may github.branches.create(repo, name: \"topic\", from: repo.default_branch) once per run\n";
const WRITE: &str =
    "    may github.contents.write(repo, branch: \"work\", path: within [\"src/**\"], text: content)\n";

#[test]
fn a_bound_names_the_grant_that_allows_most() {
    let source = one_step(&format!("{CREATE}{WRITE}"), "effect write at most 100 per run");
    let (ran, object) = check(&source);
    let found = list(&object, "diagnostics").iter().find(|one| one["code"] == "XP0625").expect("XP0625");
    let write =
        source.lines().position(|line| line.contains("contents.write")).expect("the grant") as u64 + 1;
    assert_eq!(super::line(&found["span"]), write, "{ran}");
    assert!(text(found, "message").contains("effect write"), "{ran}");
    ran.exits(3);
    // 101 uses are drawn as two lines, and the following events keep their numbers.
    let talk = run(folder_with("w.xp", &source).path(), &["check", "w.xp"]).exits(3).talk;
    let uses = |action: &str| talk.lines().filter(|line| line.contains(&format!("uses {action}"))).count();
    assert_eq!((uses("github.contents.write"), uses("github.branches.create")), (1, 1), "{talk}");
    assert!(talk.contains("100 times") && talk.contains("101  line"), "{talk}");
}

#[test]
fn at_most_none_advises_nothing_forbidden() {
    let (ran, object) = check(&one_step(CREATE, "effect write at most 0 per run"));
    let help = format!("{:#}", list(&object, "diagnostics")[0]["help"]);
    assert!(!help.contains("max 0") && help.contains("take the grant away"), "{help}");
    ran.exits(3);
}

#[test]
fn wildcards_leave_files_that_steer_builds_out_and_say_so() {
    for (pattern, path) in [("Cargo.*", "Cargo.lock"), ("src/**", "src/.env")] {
        let grant = WRITE.replace("within [\"src/**\"]", &format!("\"{path}\""));
        let (ran, object) =
            check(&one_step(&grant, &format!("github.contents.write only within [\"{pattern}\"]")));
        let one = list(&object, "diagnostics").iter().find(|one| one["code"] == "XP0624").expect("XP0624");
        assert!(format!("{:#}", one["help"]).contains("no wildcard matches"), "{ran}");
    }
}

#[test]
fn a_path_of_an_effect_that_has_none() {
    let (ran, object) =
        check(&edited("prove effect merge at most 1 per run", "prove effect merge only within [\"src/**\"]"));
    assert_eq!(codes(&object), ["XP0313"], "{ran}");
    ran.exits(2);
}

/// The exit code is 2, and every format reports it.
#[test]
fn denied_warnings_are_said_in_every_format() {
    let source = format!("use std.deploy\n{}", one_step("", "never effect write or vacuous"));
    let folder = folder_with("w.xp", &source);
    let say = |format: &str| {
        run(folder.path(), &["check", "w.xp", "--deny", "warnings", "--format", format]).exits(2)
    };
    run(folder.path(), &["check", "w.xp"]).exits(0).says(&["warning["]);
    let human = say("human").says(&["warning["]);
    assert!(human.out.contains("warnings are denied"), "{human}");
    assert!(list(&say("json").json(), "diagnostics").iter().any(|one| one["severity"] == "error"));
    assert!(say("sarif").out.contains("\"level\": \"error\""));
    assert!(say("junit").out.contains("<failure"));
    let github = say("github").out;
    assert!(github.contains("::error") && github.contains("warnings are denied"), "{github}");
}

#[test]
fn help_has_the_exit_codes() {
    let ran = run(&xp_tests::root(), &["--help"]).exits(0);
    for code in ["0  all holds", "1  the tool", "2  the input", "3  a property", "4  something"] {
        assert!(ran.out.contains(code), "{ran}");
    }
}

/// A note about why an outcome counts as no judgement is for runs that come by it.
#[test]
fn an_outcome_that_the_run_does_not_come_by_is_not_blamed() {
    let text = r#"connector bank {
  resource Draft { id: text exact } audience staff
  action make(payee: text, amount: int) -> { id: text } { effect write
    changes nothing
    makes Draft(result.id) from payee, amount
    reads nothing
    result.id from nothing
    repeat manual }
  action check(id: text) -> { amount: int } { effect read
    attests
    changes nothing
    reads Draft(id)
    about Draft(id)
    measured by nothing
    repeat idempotent }
  action pay(id: text) { effect pay
    changes nothing
    removes Draft(id)
    reads Draft(id)
    final id
    irreversible
    repeat manual }
}
workflow late_check() {
  agent clerk, cashier
  separate roles clerk, cashier
  step prepare by clerk { may bank.make(any, any) once per run as d
    outcome ready if d }
  step check by cashier after prepare.ready { within 2h else late
    may bank.check(prepare.d.id) max 3 as c
    outcome small of prepare.d.id auto when c.amount <= 1000 counts as judgement because "small"
    outcome large auto when c.amount > 1000 -> end
    outcome late }
  step pay by cashier after check.any { may bank.pay(prepare.d.id) once per run as p
    outcome done if p }
}
"#;
    let (ran, object) = check(text);
    let one = list(&object, "diagnostics").iter().find(|one| one["code"] == "XP0612").expect("XP0612");
    let notes = format!("{:#}", one["notes"]);
    assert!(!notes.contains("counts as no judgement"), "{ran}");
    ran.exits(3);
}
