//! `xpc check --roster`: which parameters a starter must not choose.

mod commits;
mod limits;
mod people;
mod places;

use super::{example_text, folder_with, run};

fn roster(params: &str) -> String {
    format!(
        "[[start]]\nartifact = \"bug_fix\"\nprincipals = [\"x\"]\nmax_open = 1\nmax_per_day = 1\n{params}"
    )
}

/// Checks the example with this roster.
fn checked(roster: &str, more: &[&str]) -> super::Ran {
    let folder = folder_with("bug_fix.xp", &example_text());
    std::fs::write(folder.path().join("roster.toml"), roster).expect("written");
    let arguments = [&["check", "bug_fix.xp", "--roster", "roster.toml"], more].concat();
    run(folder.path(), &arguments)
}

/// The workflow `checked`, held against a start rule without `params`.
fn refuted_by_a_rule_that_pins_nothing(workflow: &str) -> super::Ran {
    held_against_a_rule_that_pins_nothing(workflow).exits(3)
}

fn held_against_a_rule_that_pins_nothing(workflow: &str) -> super::Ran {
    let folder = folder_with("bank.xp", workflow);
    let rule = roster("").replace("bug_fix", "checked");
    std::fs::write(folder.path().join("roster.toml"), rule).expect("written");
    run(folder.path(), &["check", "bank.xp", "--roster", "roster.toml"])
}

/// The workflow `checked`, started by `x` of the controller `sales`, who plays the first role, while somebody of the other
/// controller plays the second.
fn held_against_a_starter(
    workflow: &str,
    (first, second): (&str, &str),
    controller: &str,
    params: &str,
) -> super::Ran {
    let folder = folder_with("bank.xp", workflow);
    let rule = roster(params).replace("bug_fix", "checked");
    let principals = format!(
        "[[principal]]\nname = \"x\"\ncontroller = \"sales\"\nroles = [\"{first}\"]\n\n\
         [[principal]]\nname = \"y\"\ncontroller = \"{controller}\"\nroles = [\"{second}\"]\n\n"
    );
    std::fs::write(folder.path().join("roster.toml"), principals + &rule).expect("written");
    run(folder.path(), &["check", "bank.xp", "--roster", "roster.toml"])
}

#[test]
fn the_example_s_roster_pins_what_it_must() {
    let path = xp_tests::root().join("examples/bug_fix/roster.toml");
    let text = std::fs::read_to_string(path).expect("a roster");
    let ran = checked(&text, &[]).exits(0);
    assert!(ran.out.contains("proved      start rule 1 of the roster"), "{ran}");
}

#[test]
fn what_is_left_open_is_named_with_the_reason() {
    let pinned = "params = { \"repo.name\" = \"shop\", \"repo.owner\" = \"acme\", \"repo.default_branch\" = \"main\" }\n";
    let ran = checked(&roster(pinned), &[]).exits(3);
    let ran =
        ran.says(&["XP0627", "`repo.test_command`", "decides what `sandbox.run` measures", "roster.toml:1"]);
    assert!(!ran.talk.contains("repo.owner"), "{ran}");
    checked(&roster(""), &[]).exits(3).says(&["`repo.owner`", "in which `github.Repo` the run acts"]);
    // A value of the whole record restricts each of its fields.
    let whole = "params = { repo = { owner = \"a\", name = \"b\", default_branch = \"main\", test_command = \"t\" } }\n";
    checked(&roster(whole), &[]).exits(0);
    let json = checked(&roster(""), &["--format", "json"]).exits(3).json();
    let found = json["diagnostics"].as_array().expect("a list");
    assert!(found.iter().any(|one| one["code"] == "XP0627" && one["file"] == "roster.toml"), "{json}");
}

#[test]
fn what_a_run_is_for_may_be_any() {
    let text = std::fs::read_to_string(xp_tests::root().join("stdlib/tests/desk.xp")).expect("a workflow");
    let folder = folder_with("desk.xp", &text);
    let rule = roster("").replace("bug_fix", "support");
    std::fs::write(folder.path().join("roster.toml"), rule).expect("written");
    run(folder.path(), &["check", "desk.xp", "--roster", "roster.toml"]).exits(0);
}

/// A rule that speaks of what is not there lets nobody start anything: said here, and not at the first start.
#[test]
fn names_and_values_that_cannot_be_are_said() {
    let text =
        std::fs::read_to_string(xp_tests::root().join("examples/bug_fix/roster.toml")).expect("a roster");
    assert!(text.contains("\"repo.owner\""));
    let ran = checked(&text.replace("\"repo.owner\"", "\"repo.ownr\""), &[]).exits(3);
    let ran = ran.says(&["XP0627", "`bug_fix` has no parameter `repo.ownr`", "did you mean `repo.owner`?"]);
    assert!(!ran.talk.contains("may choose `repo.owner`"), "one cause, two messages: {ran}");
    checked(&text.replace("\"repo.owner\" =", "\"tickt\" = 1\n\"repo.owner\" ="), &[])
        .exits(3)
        .says(&["`bug_fix` has no parameter `tickt`"]);
    let number = "params = { \"repo.name\" = 7, \"repo.owner\" = [\"a\", \"b\"], \"repo.default_branch\" = \"main\", \"repo.test_command\" = \"t\" }\n";
    checked(&roster(number), &[]).exits(3).says(&["`repo.name` is never `7`", "its type is `text`"]);
}

#[test]
fn what_passes_through_a_result_is_still_the_starter_s() {
    let workflow = r#"connector bank {
  resource House { name: text exact }
  resource Draft in House { name: text exact }
  action repeat(limit: int, house: text, mode: text) -> { limit: int, house: text } { effect read
    changes nothing
    reads nothing
    result.limit from limit
    result.house is house
    repeat idempotent }
  action check(house: text, name: text, limit: int) -> { small: bool } { effect read
    attests
    changes nothing
    reads Draft(house, name)
    about Draft(house, name)
    measured by limit
    repeat idempotent }
}
workflow checked(limit: int, house: text, mode: text) {
  agent a
  step hear by a {
    may bank.repeat(limit, house, mode) once per run as heard
    outcome done auto when heard
  }
  step check by a after hear.done {
    may bank.check(hear.heard.house, "d", limit: hear.heard.limit) once per opening as result
    outcome ok auto when result.small -> end
    outcome no auto when not result.small -> end
  }
}
"#;
    let ran = refuted_by_a_rule_that_pins_nothing(workflow);
    let ran =
        ran.says(&["`house`", "in which `bank.House` the run acts", "decides what `bank.check` measures"]);
    assert!(!ran.talk.contains("`mode` freely"), "{ran}");
}

/// What a starter chose, the starter made, and nobody judges work of their own.
#[test]
fn whoever_starts_a_run_does_not_judge_what_they_chose() {
    let workflow = r#"connector bank {
  action pay(payee: text) { effect pay
    final payee
    changes nothing
    reads nothing
    repeat manual }
  action look(payee: text) -> { payee: text } { effect read
    changes nothing
    reads nothing
    shows payee
    result.payee is payee
    repeat idempotent }
}
workflow checked(payee: text) {
  agent clerk, boss
  step judge by boss {
    may bank.look(payee) max 3
    outcome ok of payee
    outcome no -> end
  }
  step go by clerk after judge.ok {
    may bank.pay(payee) once per run as x
    outcome done auto when x -> end
  }
}
"#;
    let with = |controller: &str, params: &str| {
        held_against_a_starter(workflow, ("clerk", "boss"), controller, params)
    };
    with("audit", "").exits(0);
    with("sales", "").exits(3).says(&[
        "XP0627",
        "`x` may choose `payee` and judge it",
        "`bank.pay` makes it final on the judgement of `boss`",
    ]);
    with("sales", "params = { payee = \"acme\" }\n").exits(0);
}

#[test]
fn a_thing_that_decides_a_measurement_is_not_the_starter_s_to_name() {
    let workflow = r#"connector bank {
  resource Rules { name: text exact } audience house
  resource Draft { name: text exact }
  action check(name: text, rules: text) -> { small: bool } { effect read
    attests
    changes nothing
    reads Draft(name), Rules(rules)
    about Draft(name)
    measured by Rules(rules)
    repeat idempotent }
}
workflow checked(draft: text, rules: text) {
  agent a
  step check by a {
    may bank.check(draft, rules) once per opening as result
    outcome ok auto when result.small -> end
    outcome no auto when not result.small -> end
  }
}
"#;
    let ran = refuted_by_a_rule_that_pins_nothing(workflow);
    let ran = ran.says(&["`rules`", "decides what `bank.check` measures"]);
    assert!(!ran.talk.contains("`draft` freely"), "{ran}");
}

/// What a comparison holds against a measurement decides as much as what was measured, wherever it is written.
#[test]
fn a_parameter_that_is_compared_with_a_measurement_is_not_the_starter_s() {
    let ways = [
        ("", "auto when result.amount <= limit", "", ""),
        ("", "auto when limit >= result.amount", "", ""),
        ("", "if result.amount <= limit", "", ""),
        ("", "if result", "when check.result.amount <= limit", ""),
        ("", "if result", "and check.result.amount <= limit", ""),
        ("", "if result", "", "guard effect pay requires check.result.amount <= limit"),
    ];
    for (judge, ok, waits, guard) in ways {
        let ran = refuted_by_a_rule_that_pins_nothing(&payment(judge, ok, waits, guard));
        let ran =
            ran.says(&["XP0627", "`limit` freely", "other data are compared with it and nobody judges it"]);
        assert!(!ran.talk.contains("`draft` freely"), "{ran}");
    }
    let literal = payment("", "if result.amount <= 1000", "", "");
    held_against_a_rule_that_pins_nothing(&literal).exits(0);
}

/// A role that judged the limit before it decides has decided what may be, unless the starter is of that role.
#[test]
fn a_parameter_that_is_compared_and_judged_may_be_left_open_to_others() {
    let more =
        "step over by a after judge.ok and check.ok when check.result.amount > limit { outcome done -> end }";
    let before = payment("judge.ok and ", "if result", "when check.result.amount <= limit", more);
    let with = |controller: &str| held_against_a_starter(&before, ("a", "b"), controller, "");
    with("audit").exits(0);
    with("sales").exits(3).says(&[
        "XP0627",
        "`x` may choose `limit` and judge it",
        "other data are compared with it on the judgement of `b`",
    ]);
    // The step does not wait for the judgement.
    let beside = payment("", "if result", "when check.result.amount <= limit", "");
    held_against_a_starter(&beside, ("a", "b"), "audit", "").exits(3).says(&["`limit` freely"]);
}

/// A draft is checked and paid; `judge` judges the limit.
fn payment(judged: &str, ok: &str, waits: &str, guard: &str) -> String {
    format!(
        r#"connector bank {{
  resource Draft {{ id: text exact }}
  action check(id: text) -> {{ amount: int }} {{ effect read
    attests
    changes nothing
    reads Draft(id)
    about Draft(id)
    measured by nothing
    repeat idempotent }}
  action show(limit: int) -> {{ limit: int }} {{ effect read
    changes nothing
    reads nothing
    result.limit is limit
    shows limit
    repeat idempotent }}
  action pay() {{ effect pay
    changes nothing
    reads nothing
    repeat manual }}
}}
workflow checked(draft: text, limit: int) {{
  agent a, b
  separate roles a, b
  assume nobody else changes bank.Draft(draft) because "drafts are locked"
  finish when pay.done
  {guard}
  step judge by b {{ may bank.show(limit) max 3
    outcome ok of limit
    outcome no -> end }}
  step check by a {{ may bank.check(draft) max 3 as result
    outcome ok {ok}
    outcome no -> end }}
  step pay by a after {judged}check.ok {waits} {{ may bank.pay() once per run as paid
    outcome done if paid }}
}}
"#
    )
}

#[test]
fn a_roster_that_is_none_is_said_where_it_is_wrong() {
    checked("[[start]\n", &[]).exits(2).says(&["roster.toml:1", "this is no roster"]);
    checked("[[start]]\nartifact = 3\n", &[]).exits(2).says(&["roster.toml:2", "this is no roster"]);
    let folder = folder_with("bug_fix.xp", &example_text());
    run(folder.path(), &["check", "bug_fix.xp", "--roster", "none.toml"])
        .exits(2)
        .says(&["none.toml", "cannot be read"]);
}

/// Of what a field is made is not said, so it may be of any argument: silence proves no more than the worst that could be said.
#[test]
fn a_parameter_behind_a_silent_field_is_the_starter_s() {
    let workflow = r#"connector bank {
  action prep(payee: text, note: text) -> { payee: text } { effect read
    changes nothing
    reads nothing
    repeat idempotent }
  action pay(payee: text) { effect pay
    final payee
    changes nothing
    reads nothing
    repeat manual }
}
workflow checked(payee: text) {
  agent a, b
  separate roles a, b
  step hand by a { submit note: text
    outcome done }
  step judge by b after hand.done { outcome ok of hand.note
    outcome no -> end }
  step prepare by a after judge.ok { may bank.prep(payee, hand.note) once per run as draft
    outcome done auto when draft }
  step go by a after prepare.done { may bank.pay(payee: prepare.draft.payee) once per run as paid
    outcome done auto when paid }
}
"#;
    refuted_by_a_rule_that_pins_nothing(workflow)
        .says(&["`payee`", "`bank.pay` makes it final and nobody judges it"]);
}

#[test]
fn a_parameter_that_names_what_is_copied_is_the_starter_s() {
    let workflow = r#"connector git {
  resource Commit { id: commit exact } immutable
  action squash(commit: commit, note: text) -> { commit: commit } { effect write
    changes nothing
    reads Commit(commit)
    makes Commit(result.commit) from Commit(commit), note
    result.commit from Commit(commit), note
    repeat manual }
  action ship(commit: commit) { effect deploy
    final commit
    changes nothing
    reads Commit(commit)
    repeat manual }
}
workflow checked(start: commit) {
  agent a, b
  separate roles a, b
  step hand by a { submit note: text
    outcome done }
  step judge by b after hand.done { outcome ok of hand.note
    outcome no -> end }
  step squash by a after judge.ok { may git.squash(start, hand.note) once per run as made
    outcome done auto when made }
  step go by a after squash.done { may git.ship(squash.made.commit) once per run as shipped
    outcome done auto when shipped }
}
"#;
    refuted_by_a_rule_that_pins_nothing(workflow)
        .says(&["`start`", "`git.ship` makes it final and nobody judges it"]);
}

/// A judgement counts where the final use waits for it, and where it lets the run go on.
#[test]
fn a_parameter_that_names_what_is_read_is_the_starter_s() {
    let workflow = r#"connector bank {
  resource Invoice { id: text exact } audience staff
  action read(id: text, note: text) -> { payee: text } {
    effect read
    changes nothing
    reads Invoice(id)
    result.payee from Invoice(id), note
    repeat idempotent
  }
  action pay(payee: text) { effect pay changes nothing reads nothing final payee irreversible repeat manual }
}
workflow checked(invoice: text) {
  agent a, b
  separate roles a, b
  assume nobody else changes bank.Invoice(any) because "billing freezes invoices"
  step hand by a { submit note: text
    outcome done }
  step judge by b after hand.done { outcome ok of hand.note
    outcome no -> end }
  step read by a after judge.ok { may bank.read(invoice, hand.note) once per run as r
    outcome done auto when r }
  step go by a after read.done { may bank.pay(read.r.payee) once per run as p
    outcome done auto when p }
}
"#;
    refuted_by_a_rule_that_pins_nothing(workflow)
        .says(&["`invoice`", "`bank.pay` makes it final and nobody judges it"]);
}

#[test]
fn a_container_whose_things_have_readers_of_their_own_is_not_the_starter_s_to_name() {
    let workflow = r#"connector board {
  resource Repo { name: text exact } audience staff
  resource Issue in Repo { no: int exact } audience readers of Repo
  action open(repo: text, text: text) -> { no: int } {
    effect write
    changes nothing
    makes Issue(Repo(repo), result.no) from text
    reads nothing
    result.no from nothing
    repeat manual
  }
}
workflow checked(repo: text) {
  agent a
  step write by a { may board.open(repo, content) once per run as i
    outcome done auto when i }
}
"#;
    refuted_by_a_rule_that_pins_nothing(workflow)
        .says(&["`repo`", "it says in which `board.Repo` the run acts"]);
}

#[test]
fn what_is_put_into_a_final_thing_is_the_starter_s() {
    let workflow = r#"connector desk {
  resource Doc { name: text exact }
  action put(name: text, text: text) { effect write changes Doc(name) from text reads nothing repeat manual }
  action view(text: text) -> { text: text } { effect read changes nothing reads nothing result.text is text shows text repeat idempotent }
  action publish(name: text) { effect publish final name changes nothing reads Doc(name) irreversible repeat manual }
}
workflow checked(note: text) {
  agent a, b
  separate roles a, b
  assume nobody else changes desk.Doc(any) because "the folder is ours"
  step judge by b { may desk.view(note) once per run
    outcome ok of note
    outcome no -> end }
  step put by a after judge.ok { may desk.put("d", note) once per run as x
    outcome done auto when x }
  step go by a after put.done { may desk.publish("d") once per run as x
    outcome done auto when x }
}
"#;
    let with = |controller: &str| held_against_a_starter(workflow, ("a", "b"), controller, "");
    with("audit").exits(0);
    with("sales").exits(3).says(&["XP0627", "`x` may choose `note` and judge it"]);
}

#[test]
fn a_parameter_judged_beside_the_way_is_the_starter_s() {
    let workflow = |after: &str, bad: &str| {
        format!(
            r#"connector bank {{
  action view(payee: text) -> {{ payee: text }} {{ effect read
    shows payee
    changes nothing
    reads nothing
    result.payee is payee
    repeat idempotent }}
  action pay(payee: text) {{ effect pay
    final payee
    changes nothing
    reads nothing
    repeat manual }}
}}
workflow checked(payee: text) {{
  agent a, b
  separate roles a, b
  step start by a {{ outcome done }}
  step look by b {{ may bank.view(payee) max 3
    outcome judged of payee{bad}
    outcome skip }}
  step go by a after {after} {{ may bank.pay(payee) once per run as paid
    outcome done auto when paid }}
}}
"#
        )
    };
    let reason = ["`payee`", "`bank.pay` makes it final and nobody judges it"];
    refuted_by_a_rule_that_pins_nothing(&workflow("start.done", "")).says(&reason);
    refuted_by_a_rule_that_pins_nothing(&workflow("start.done", " -> end")).says(&reason);
    refuted_by_a_rule_that_pins_nothing(&workflow("look.any", "")).says(&reason);
    let ran = held_against_a_rule_that_pins_nothing(&workflow("look.judged", ""));
    assert!(!ran.talk.contains("XP0627"), "{ran}");
}

#[test]
fn where_an_undescribed_tool_acts_is_not_the_starter_s() {
    let workflow = r#"connector tools {
  action scan(place: text, what: text) -> { ok: bool } { effect write
    changes anything
    repeat manual }
}
workflow checked(place: text) {
  agent a
  step scan by a { may tools.scan(place, content) once per run as found
    outcome done if found }
}
"#;
    refuted_by_a_rule_that_pins_nothing(workflow).says(&["`place`", "where `tools.scan` acts"]);
}

/// What a starter chose, the starter made, also where it went into a thing that somebody else named.
#[test]
fn a_starter_does_not_judge_a_draft_made_of_what_they_chose() {
    let workflow = r#"connector desk {
  resource Draft { id: text exact } immutable minted
  action make(body: text) -> { id: text } { effect write
    changes nothing
    reads nothing
    makes Draft(result.id) from body
    result.id from nothing
    repeat manual }
  action show(id: text) -> { id: text } { effect read
    shows id
    changes nothing
    reads Draft(id)
    result.id is id
    repeat idempotent }
  action publish(id: text) { effect publish
    final id
    changes nothing
    reads Draft(id)
    repeat manual }
}
workflow checked(body: text) {
  agent a, b
  separate roles a, b
  step make by a { may desk.make(body) once per run as draft
    outcome done auto when draft }
  step judge by b after make.done { may desk.show(make.draft.id) max 3
    outcome ok of make.draft.id
    outcome no -> end }
  step go by a after judge.ok { may desk.publish(make.draft.id) once per run as out
    outcome done auto when out }
}
"#;
    let folder = folder_with("desk.xp", workflow);
    let rule = "[[principal]]\nname = \"p\"\ncontroller = \"e\"\nroles = [\"a\", \"b\"]\nkey_file = \"p.pem\"\n\n\
        [[start]]\nartifact = \"checked\"\nprincipals = [\"p\"]\nmax_open = 1\nmax_per_day = 1\n";
    std::fs::write(folder.path().join("roster.toml"), rule).expect("written");
    let ran = run(folder.path(), &["check", "desk.xp", "--roster", "roster.toml"]).exits(3);
    ran.says(&["XP0627", "`body`"]);
    let other = rule.replace("[\"a\", \"b\"]", "[\"a\"]");
    std::fs::write(folder.path().join("roster.toml"), other).expect("written");
    run(folder.path(), &["check", "desk.xp", "--roster", "roster.toml"]).exits(0);
}

/// A container may be named by an argument of an action that does not say what it reads, or by a field of a result.
#[test]
fn where_a_silent_action_or_a_field_says_the_run_acts_is_not_the_starter_s() {
    let workflow = |reads: &str| {
        format!(
            r#"connector git {{
  resource Repo {{ name: text exact }} audience readers of Repo
  resource File in Repo {{ path: path exact }}
  action read(repo: text, path: path) -> {{ repo: text, text: text }} {{ effect read
    changes nothing
{reads}    repeat idempotent }}
  action list(repo: text) -> {{ text: text }} {{ effect read
    changes nothing
    reads every File in Repo("own")
    repeat idempotent }}
}}
workflow checked(repo: text) {{
  agent a
  step read by a {{
    may git.list("own") max 3
    may git.read(repo, path: any) once per run as got
    outcome done if got }}
}}
"#
        )
    };
    for reads in ["", "    reads File(result.repo, path)\n    result.repo from repo\n"] {
        refuted_by_a_rule_that_pins_nothing(&workflow(reads)).says(&["XP0627", "`repo`"]);
    }
}

/// What a starter chose, put into a thing that is then final, or by which something is measured.
#[test]
fn what_goes_into_a_thing_is_still_the_starter_s() {
    let workflow = |given: &str, steps: &str| {
        format!(
            r#"connector desk {{
  resource Draft {{ id: text exact }} immutable minted
  resource Rules {{ name: text exact }}
  action make(body: text, note: text) -> {{ id: text }} {{ effect write
    changes nothing
    reads nothing
    makes Draft(result.id) from body, note
    result.id from nothing
    repeat manual }}
  action put(rules: text) {{ effect write
    changes Rules("r") from rules
    reads nothing
    repeat manual }}
  action check(id: text) -> {{ ok: bool }} {{ effect read
    attests
    changes nothing
    reads Draft(id), Rules("r")
    about Draft(id)
    measured by Rules("r")
    repeat idempotent }}
  action extract(id: text, note: text) -> {{ payee: text }} {{ effect read
    changes nothing
    reads Draft(id)
    result.payee from Draft(id), note
    repeat idempotent }}
  action publish(id: text) {{ effect publish
    final id
    changes nothing
    reads Draft(id)
    repeat manual }}
  action pay(payee: text) {{ effect pay
    final payee
    changes nothing
    reads nothing
    repeat manual }}
}}
workflow checked({given}: text) {{
  agent a, b
  separate roles a, b
  step hand by a {{ submit note: text
    outcome done }}
  step judge by b after hand.done {{ outcome ok of hand.note
    outcome no -> end }}
{steps}}}
"#
        )
    };
    let made = "  step make by a after judge.ok { may desk.make(body, note: hand.note) once per run as draft
    outcome done auto when draft }
  step go by a after make.done { may desk.publish(make.draft.id) once per run as out
    outcome done auto when out }\n";
    refuted_by_a_rule_that_pins_nothing(&workflow("body", made))
        .says(&["`body`", "`desk.publish` makes it final"]);
    let named = "  step read by a after judge.ok { may desk.extract(draft, note: hand.note) once per run as x
    outcome done auto when x }
  step go by a after read.done { may desk.pay(read.x.payee) once per run as out
    outcome done auto when out }\n";
    refuted_by_a_rule_that_pins_nothing(&workflow("draft", named))
        .says(&["`draft`", "`desk.pay` makes it final"]);
    let rules = "  step put by a after judge.ok { may desk.put(rules) once per run as set
    outcome done auto when set }
  step check by a after put.done { may desk.check(\"d\") once per opening as r
    outcome ok auto when r.ok -> end
    outcome no auto when not r.ok -> end }\n";
    refuted_by_a_rule_that_pins_nothing(&workflow("rules", rules))
        .says(&["`rules`", "decides what `desk.check` measures"]);
}

/// A thing that the run makes of judged text, into which a later use puts what the starter chose.
fn put_in_later(made: &str, put: &str, judge: &str, name: &str) -> String {
    format!(
        r#"connector q {{
  resource Doc {{ name: text exact }} audience staff
  action mk(name: text, text: text) -> {{ name: text }} {{ effect write
    changes nothing
    makes Doc(name) from text
    reads nothing
    result.name is name
    repeat manual }}
  action mk2(text: text) -> {{ name: text }} {{ effect write
    changes nothing
    makes Doc(result.name) from text
    reads nothing
    result.name from nothing
    repeat manual }}
  action upd(name: text, text: text) {{ effect write
    changes Doc(name) from text
    reads nothing
    repeat manual }}
  action look(name: text) -> {{ name: text, text: text }} {{ effect read
    shows name
    changes nothing
    reads Doc(name)
    result.name is name
    result.text from Doc(name)
    repeat idempotent }}
  action say(text: text) -> {{ text: text }} {{ effect read
    shows text
    changes nothing
    reads nothing
    result.text is text
    repeat idempotent }}
  action pubdoc(name: text) {{ effect publish
    final name
    changes nothing
    reads Doc(name)
    irreversible
    repeat manual }}
}}
workflow checked(note: text) {{
  agent a, b
  separate roles a, b
  assume nobody else changes every q.Doc because "no other account writes there"
  step p by a {{ submit t: text
    outcome done }}
  step j by b after p.done {{ outcome ok of p.t
    outcome no -> end }}
  step u by a after j.ok {{ may {made} once per run as d
    outcome done auto when d }}
  step v by a after u.done {{ may q.upd({name}, text: {put}) once per run as d
    outcome done auto when d }}
{judge}  step go by a after {last} {{ may q.pubdoc({name}) once per run as x
    outcome done auto when x }}
}}
"#,
        last = if judge.is_empty() { "v.done" } else { "l.ok" },
    )
}

/// Whichever way a final thing is named, what a later use put into it is made final with it.
#[test]
fn what_a_later_use_puts_into_what_the_run_made_is_the_starter_s() {
    let (new, named) = ("q.mk2(text: p.t)", "q.mk(\"x\", text: p.t)");
    for (made, name) in [(new, "u.d.name"), (named, "\"x\"")] {
        let with_a_note = put_in_later(made, "\"{p.t} {note}\"", "", name);
        refuted_by_a_rule_that_pins_nothing(&with_a_note).says(&["`note`", "`q.pubdoc` makes it final"]);
        held_against_a_rule_that_pins_nothing(&put_in_later(made, "p.t", "", name)).exits(0);
    }
}

/// Who judges the thing by the name that the run gave to it has judged what is in it; who made that must not be the judge.
#[test]
fn a_judgement_of_the_name_of_what_the_run_made_is_one_of_what_was_put_into_it() {
    let judge = "  step l by b after v.done { may q.look(u.d.name) max 3 as t
    outcome ok of u.d.name if t
    outcome no -> end }\n";
    let workflow = put_in_later("q.mk2(text: p.t)", "\"{p.t} {note}\"", judge, "u.d.name");
    held_against_a_rule_that_pins_nothing(&workflow).exits(0);
    held_against_a_starter(&workflow, ("a", "b"), "purchase", "").exits(0);
    held_against_a_starter(&workflow, ("a", "b"), "sales", "").exits(3).says(&["`note`", "judge it"]);
}

/// What a role judged of what was put in later was chosen by whoever started the run.
#[test]
fn a_starter_does_not_judge_what_is_put_in_later() {
    let workflow = put_in_later("q.mk2(text: p.t)", "note", "", "u.d.name").replace(
        "  step u by a after j.ok",
        "  step n by b after j.ok { may q.say(note) max 3\n    outcome ok of note\n    outcome no -> end }\n  step u by a after n.ok",
    );
    held_against_a_starter(&workflow, ("a", "b"), "purchase", "").exits(0);
    held_against_a_starter(&workflow, ("a", "b"), "sales", "").exits(3).says(&["`note`", "judge it"]);
}

/// A vote on a draft, of which `field` says what the answer comes from.
fn voted(field: &str, measured: &str) -> String {
    format!(
        r#"connector desk {{
  resource Draft {{ id: text exact }} immutable minted audience staff
  resource Rules {{ n: text exact }} audience staff
  action make(text: text) -> {{ id: text }} {{ effect write
    changes nothing
    reads nothing
    makes Draft(result.id) from text
    result.id from nothing
    repeat manual }}
  action vote(id: text, ok: bool, rules: text) -> {{ ok: bool }} {{ effect read
    attests
    changes nothing
    reads Draft(id), Rules(rules)
    about Draft(id)
    measured by {measured}
    result.ok {field}
    repeat idempotent }}
  action publish(id: text) {{ effect publish
    changes nothing
    reads Draft(id)
    final id
    repeat manual }}
}}
workflow checked(ok: bool, rules: text) {{
  agent a
  step make by a {{ may desk.make(content) once per run as draft
    outcome done auto when draft }}
  step vote by a after make.done {{ may desk.vote(make.draft.id, ok, rules) once per run as result
    outcome ok of make.draft.id auto when result.ok counts as judgement because "the desk votes"
    outcome no auto when not result.ok -> end }}
  step publish by a after vote.ok {{ may desk.publish(make.draft.id) once per run as x
    outcome done auto when x }}
}}
"#
    )
}

#[test]
fn what_a_measured_field_comes_from_is_not_the_starter_s() {
    let asks = |field: &str, measured: &str, named: &str, other: &str| {
        let ran = refuted_by_a_rule_that_pins_nothing(&voted(field, measured));
        let ran = ran.says(&["XP0627", &format!("choose `{named}`"), "decides what `desk.vote` measures"]);
        assert!(!ran.talk.contains(&format!("choose `{other}`")), "{ran}");
    };
    asks("is ok", "nothing", "ok", "rules");
    asks("from Draft(id), rules", "nothing", "rules", "ok");
    asks("from Draft(id), Rules(rules)", "nothing", "rules", "ok");
    asks("from Draft(id)", "Rules(rules)", "rules", "ok");
    let ran = held_against_a_rule_that_pins_nothing(&voted("from Draft(id)", "nothing"));
    assert!(!ran.talk.contains("XP0627"), "{ran}");
}

#[test]
fn a_part_of_the_name_of_what_is_removed_is_not_the_starter_s() {
    let workflow = |pin: &str| {
        format!(
            r#"connector desk {{
  resource Doc {{ name: text exact }} audience staff
  action remove(name: text) {{ effect delete
    changes nothing
    reads nothing
    removes Doc(name)
    repeat manual }}
}}
workflow checked(n: text) {{
  agent a, b
  separate roles a, b
  step write by a {{ submit t: text
    outcome done }}
  step judge by b after write.done {{ outcome ok of write.t
    outcome no -> end }}
  step go by a after judge.ok {{ may desk.remove({pin}) once per run as x
    outcome done auto when x }}
}}
"#
        )
    };
    let asks = |pin: &str| held_against_a_rule_that_pins_nothing(&workflow(pin));
    asks("\"{write.t}-{n}\"").exits(3).says(&["XP0627", "choose `n`", "`desk.remove` makes it final"]);
    // A run is for what its parameters name.
    for pin in ["write.t", "n", "\"doc-{n}\""] {
        let ran = asks(pin);
        assert!(!ran.talk.contains("XP0627"), "{pin}: {ran}");
    }
}

#[test]
fn a_judgement_of_what_equals_a_parameter_is_one_of_the_parameter() {
    let workflow = "connector c {
  resource Rev { id: commit exact } immutable
  resource Env { name: text exact }
  action test(rev: commit) -> { commit: commit, passed: bool } {
    effect read  attests  changes nothing  reads Rev(rev)  about Rev(rev)  measured by nothing
    result.commit is rev  result.passed from Rev(rev)  repeat idempotent
  }
  action show(rev: commit) -> { commit: commit, diff: text } {
    effect read  changes nothing  reads Rev(rev)  shows commit
    result.commit is rev  result.diff from Rev(rev)  repeat idempotent
  }
  action deploy(rev: commit) {
    effect deploy  changes Env(\"prod\") from rev  reads Rev(rev)  final rev  irreversible  repeat idempotent
  }
}
workflow checked(commit: commit) {
  agent dev, senior, ops
  separate roles dev, senior, ops
  step test by dev {
    may c.test(commit) once per opening as t
    outcome passed auto when t.passed
    outcome failed auto when not t.passed -> end
  }
  step review by senior after test.passed {
    may c.show(test.t.commit) max 3
    outcome ok of test.t.commit
    outcome no -> end
  }
  step go by ops after review.ok { may c.deploy(commit) once per run as d  outcome done auto when d }
}
";
    held_against_a_starter(workflow, ("dev", "senior"), "bank", "").exits(0);
    let ran = held_against_a_starter(workflow, ("dev", "senior"), "sales", "").exits(3);
    assert!(ran.talk.contains("may choose `commit` and judge it"), "{ran}");
    let ran = refuted_by_a_rule_that_pins_nothing(&workflow.replace("ok of test.t.commit", "ok"));
    assert!(ran.talk.contains("makes it final and nobody judges it"), "{ran}");
}

#[test]
fn a_run_does_not_act_in_a_commit() {
    let workflow = "use std.deploy
use std.github
connector c {
  action show(commit: commit) -> { commit: commit, diff: text } {
    effect read  changes nothing  reads github.Commit(commit)  shows commit
    result.commit is commit  result.diff from github.Commit(commit)  repeat idempotent
  }
}
workflow checked(repo: github.Repo, commit: commit, tree: tree) {
  agent dev, senior
  separate roles dev, senior
  step review by senior {
    may c.show(commit) max 3
    outcome ok of commit
    outcome no -> end
  }
  step go by dev after review.ok {
    may deploy.production(repo, commit, tree) once per run as d
    outcome done auto when d
  }
}
";
    held_against_a_rule_that_pins_nothing(workflow).exits(0);
    let unjudged = workflow.replace("outcome ok of commit", "outcome ok");
    let ran = refuted_by_a_rule_that_pins_nothing(&unjudged);
    assert!(ran.talk.contains("may choose `commit` freely, and `deploy.production` makes it final"), "{ran}");
}

/// The clerk writes a note of the starter into a draft that the starter names; the boss is shown the draft and approves its name.
fn shown(look: &str, outcome: &str, clerk_after: &str) -> String {
    format!(
        r#"connector bank {{
  resource Draft {{ name: text exact }}
  action edit(name: text, note: text) {{ effect write changes Draft(name) from note reads nothing repeat probe }}
  action look(name: text) -> {{ name: text, note: text }} {{ effect read changes nothing reads Draft(name) shows name
    result.name is name result.note from Draft(name) repeat idempotent }}
  action echo(name: text) -> {{ name: text }} {{ effect read changes nothing reads nothing shows name result.name is name
    repeat idempotent }}
  action pay(name: text) {{ effect pay changes nothing reads Draft(name) final name irreversible repeat manual }}
}}
workflow checked(draft: text, note: text) {{
  agent clerk, boss, cashier
  separate roles clerk, boss, cashier
  assume nobody else changes every bank.Draft because "ours"
  step write by clerk{clerk_after} {{ may bank.edit(draft, note) max 3
    outcome done }}
  step review by boss {look}
    {outcome}
    outcome no -> end }}
  step pay by cashier after review.ok and write {{ may bank.pay(draft) once per run as p
    outcome done auto when p }}
}}
"#
    )
}

#[test]
fn what_is_put_into_a_thing_that_a_judge_was_shown_may_be_any() {
    let with = |look: &str, outcome: &str, clerk_after: &str| {
        held_against_a_rule_that_pins_nothing(&shown(look, outcome, clerk_after))
    };
    let looks = "after write { may bank.look(draft) max 3 as seen";
    with(looks, "outcome ok of draft if seen", "").exits(0);
    // Nothing else shows the name.
    with(looks, "outcome ok of draft", "").exits(0);
    // The boss may have seen the name alone.
    let both = "after write { may bank.look(draft) max 3 as seen may bank.echo(draft) max 3";
    with(both, "outcome ok of draft", "").exits(3).says(&["XP0627", "`note`"]);
    // The note is put in after the look.
    with("{ may bank.look(draft) max 3 as seen", "outcome ok of draft if seen", " after review.ok")
        .exits(3)
        .says(&["XP0627", "`note`"]);
}

#[test]
fn a_starter_does_not_judge_what_is_in_a_thing_that_they_chose() {
    let workflow =
        shown("after write { may bank.look(draft) max 3 as seen", "outcome ok of draft if seen", "");
    let with = |controller: &str, params: &str| {
        held_against_a_starter(&workflow, ("clerk", "boss"), controller, params)
    };
    with("audit", "").exits(0);
    let named = "params = { draft = \"d\" }\n";
    with("sales", named).exits(3).says(&["XP0627", "`x` may choose `note` and judge it"]);
    with("audit", named).exits(0);
}

/// The command, and the branch onto which the commit is merged, decide what the sandbox says of it.
#[test]
fn the_commit_that_a_sandbox_measures_may_be_any() {
    let workflow = r#"use std.github
use std.sandbox
workflow checked(repo: github.Repo, commit: commit) {
  agent qa
  step test by qa {
    may sandbox.run(repo, commit, command: repo.test_command) once per opening as tests
    outcome passed auto when tests.passed -> end
    outcome failed auto when not tests.passed -> end
  }
}
"#;
    let ran = refuted_by_a_rule_that_pins_nothing(workflow);
    let ran = ran.says(&["`repo.test_command`", "`repo.owner`", "`repo.default_branch`"]);
    assert!(!ran.talk.contains("choose `commit`"), "{ran}");
}
