//! Start rules where what is made final is named by its content.

use super::{held_against_a_starter, refuted_by_a_rule_that_pins_nothing};

/// The workflow `checked`: `release` puts the commit that `developer` made of `patch` into a pull request, in this way, and `boss` judges
/// what the pull request is said to be of.
fn proposed(commit: &str) -> String {
    format!(
        r#"use std.github
use std.deploy
workflow checked(repo: github.Repo, branch: branch, patch: text) {{
  agent developer, release, boss
  separate roles developer, release, boss
  step write by developer {{
    may github.contents.write(repo, branch, path: "src/x.txt", text: patch) once per run as change
    submit c: commit
    outcome done auto when change
  }}
  step pr by release after write.done {{
    may github.pulls.ensure(repo, head: branch, base: repo.default_branch, commit: {commit}, title: "t", body: "b") once per run as p
    outcome done auto when p
  }}
  step review by boss after pr.done {{
    may github.pulls.read(repo, pr.p.number) max 3
    outcome approved of pr.p.head
    outcome rejected -> end
  }}
  step ship by release after review.approved {{
    may deploy.production(repo, commit: pr.p.head, tree: write.change.tree) once per run as shipped
    outcome done auto when shipped -> end
  }}
}}
"#
    )
}

#[test]
fn a_starter_does_not_judge_a_commit_of_what_they_chose_whoever_picks_it() {
    let pinned = "params = { \"repo.owner\" = \"acme\", \"repo.name\" = \"shop\", \"repo.default_branch\" = \"main\", \
                  \"repo.test_command\" = \"make\", branch = \"fix\" }\n";
    for commit in ["any", "write.c", "write.change.commit"] {
        let workflow = proposed(commit);
        let with = |controller| held_against_a_starter(&workflow, ("developer", "boss"), controller, pinned);
        with("audit").exits(0);
        with("sales").exits(3).says(&["XP0627", "`x` may choose `patch` and judge it"]);
    }
}

/// The commit by which the rule service measures is one that the run made of a parameter, whoever names it.
#[test]
fn what_is_in_a_commit_that_decides_a_measurement_is_not_the_starter_s() {
    let workflow = |named: &str, commit: &str| {
        format!(
            r#"use std.github
connector desk {{
  resource Order {{ id: int exact }} audience staff
  resource Service {{ name: text exact }} audience staff
  resource Pipeline {{ name: text exact }} audience staff
  action rules.load(commit: commit) {{
    effect deploy
    changes Service("rules") from github.Commit(commit)
    reads github.Commit(commit)
    repeat idempotent
  }}
  action rules.pick(commit: commit) -> {{ commit: commit }} {{
    effect read
    changes nothing
    reads nothing
    result.commit is commit
    repeat idempotent
  }}
  action rules.latest() -> {{ commit: commit }} {{
    effect read
    changes nothing
    reads Pipeline("rules")
    result.commit from Pipeline("rules")
    repeat idempotent
  }}
  action orders.check(order: int) -> {{ refundable: bool }} {{
    effect read
    attests
    changes nothing
    reads Order(order), Service("rules")
    about Order(order)
    measured by Service("rules")
    result.refundable from Order(order), Service("rules")
    repeat idempotent
  }}
}}
workflow checked(repo: github.Repo, branch: branch, patch: text, order: int) {{
  agent developer, release
  separate roles developer, release
  step write by developer {{
    may github.contents.write(repo, branch, path: "rules/x.txt", text: patch) once per run as change
    outcome done auto when change
  }}
  step pick by release after write.done {{
    {named}
  }}
  step load by release after pick.done {{
    may desk.rules.load(commit: {commit}) once per run as loaded
    outcome done auto when loaded
  }}
  step check by release after load.done {{
    may desk.orders.check(order) once per run as c
    outcome yes auto when c.refundable
    outcome no auto when not c.refundable -> end
  }}
}}
"#
        )
    };
    let used = |action: &str| format!("may {action} once per run as x\n    outcome done auto when x");
    for (named, commit) in [
        ("outcome done".to_owned(), "write.change.commit"),
        ("outcome done".to_owned(), "any"),
        ("submit c: commit\n    outcome done".to_owned(), "pick.c"),
        (used("desk.rules.pick(commit: any)"), "pick.x.commit"),
        (used("desk.rules.latest()"), "pick.x.commit"),
    ] {
        let ran = refuted_by_a_rule_that_pins_nothing(&workflow(&named, commit));
        ran.says(&["XP0627", "may choose `patch` freely", "it decides what `desk.orders.check` measures"]);
    }
}
