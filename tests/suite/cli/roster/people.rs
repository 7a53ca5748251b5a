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
    of(RELEASE, people)
}

fn of(source: &str, people: &[(&str, &str, &str)]) -> super::super::Ran {
    let folder = folder_with("release.xp", source);
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

#[test]
fn people_who_may_judge_so_differently_that_a_step_stays_open_are_said() {
    let three = RELEASE.replace(
        "outcome declined -> end",
        "outcome declined by 2 distinct -> end\n    outcome put_off by 2 distinct -> end",
    );
    let people = |names: &[&'static str]| -> Vec<(&str, &str, &str)> {
        names.iter().map(|name| ("person", *name, "boss")).collect()
    };
    let assumes = "enough people judge alike in step `approve`, which has no time limit: of 4 they always do";
    let ran = of(&three, &people(&["b", "c", "d"])).exits(2);
    assert!(ran.out.contains(assumes), "{ran}");
    ran.says(&["XP0629", "the 3 people whom the roster has for `boss` may judge so differently"]);
    let ran = of(&three, &people(&["b", "c", "d", "e"])).exits(0);
    assert!(ran.out.contains(assumes), "{ran}");
    // A time limit, or a single person, settles the step whatever the others say.
    let limited =
        three.replace("{\n    outcome approved", "{\n    within 3d else late -> end\n    outcome approved");
    assert_ne!(limited, three);
    let single = three.replace("put_off by 2 distinct", "put_off");
    for source in [limited, single] {
        let ran = of(&source, &people(&["b", "c"])).exits(0);
        assert!(!ran.out.contains("judge alike"), "{ran}");
    }
}
