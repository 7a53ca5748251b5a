//! People of a roster, held against the steps that wait for them.

use super::super::{folder_with, run};

const RELEASE: &str = "workflow release {
  agent planner
  human boss
  step plan by planner {
    submit reasons: text
    outcome ready
  }
  step approve by boss after plan.ready {
    outcome approved of plan.reasons by 2 distinct -> end
    outcome declined -> end
  }
}
";

/// The workflow with a roster in which a planner of the controller `a` starts runs, beside these: kind, controller, role.
fn held_against(people: &[(&str, &str, &str)]) -> super::super::Ran {
    let folder = folder_with("release.xp", RELEASE);
    let mut roster =
        "[[principal]]\nname = \"planner-1\"\ncontroller = \"a\"\nroles = [\"planner\"]\n".to_owned();
    for (number, (kind, controller, role)) in people.iter().enumerate() {
        roster += &format!(
            "[[principal]]\nname = \"p{number}\"\nkind = \"{kind}\"\ncontroller = \"{controller}\"\nroles = [\"{role}\"]\n"
        );
    }
    roster +=
        "[[start]]\nartifact = \"release\"\nprincipals = [\"planner-1\"]\nmax_open = 1\nmax_per_day = 1\n";
    std::fs::write(folder.path().join("roster.toml"), roster).expect("written");
    run(folder.path(), &["check", "release.xp", "--roster", "roster.toml", "--deny", "warnings"])
}

#[test]
fn a_step_that_waits_for_people_who_are_not_there_is_said() {
    held_against(&[("person", "b", "boss"), ("person", "c", "boss")]).exits(0);
    let few = |people: &[(&str, &str, &str)], there: &str| {
        let ran = held_against(people).exits(2);
        ran.says(&[
            "XP0629",
            "`planner-1` starts waits in step `approve` for 2 people of different controllers in `boss`",
            there,
        ]);
    };
    few(&[], "the roster has 0");
    few(&[("person", "b", "boss")], "the roster has 1");
    // One controller is one, whatever it calls its people; an agent is none; the starter's controller does not judge; another role.
    few(&[("person", "b", "boss"), ("person", "b", "boss")], "the roster has 1");
    few(&[("person", "b", "boss"), ("agent", "c", "boss")], "the roster has 1");
    few(&[("person", "b", "boss"), ("person", "a", "boss")], "the roster has 1");
    few(&[("person", "b", "boss"), ("person", "c", "planner")], "the roster has 1");
}
