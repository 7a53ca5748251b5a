//! Tools of almost one name: what is offered as a cure is one.

use super::Checked;

const CONNECTORS: &str = "
connector wa {
  action it() {
    effect read
    changes nothing
    repeat manual
  }
  action i_t() {
    effect read
    changes nothing
    repeat manual
  }
}
";

/// Each workflow with the cure that its fault names, and an edit that does what it says.
#[test]
fn the_cure_takes_the_fault_away() {
    let step =
        |name: &str, lines: &str| format!("  step {name} by worker {{\n{lines}    outcome done\n  }}\n");
    let it = "    may wa.it() once per run\n";
    let cases = [
        // The judgements of two steps.
        (step("a_b", "") + &step("ab", ""), "rename the step `ab`", ("step ab", "step second")),
        // One of those that every workflow has.
        (step("a", it), "rename the step `a`", ("step a", "step first")),
        (
            step("s", "    submit x_y: text\n    submit xy: text\n"),
            "rename the submission `xy` of step `s`",
            ("submit xy", "submit other"),
        ),
        (
            step("s", &format!("{it}    may wa.i_t() once per run\n")),
            "grant one of the two actions in another step than `s`",
            (
                "    may wa.i_t() once per run\n    outcome done\n  }",
                "    outcome done\n  }\n  step t by worker {\n    may wa.i_t() once per run\n    outcome done\n  }",
            ),
        ),
    ];
    for (steps, cure, (from, to)) in cases {
        let text = format!("{CONNECTORS}\nworkflow w() {{\n  agent worker\n{steps}}}\n");
        let checked = Checked::of(&text);
        let found: Vec<_> = checked.diagnostics.iter().filter(|one| one.code.id == "XP0415").collect();
        assert_eq!(found.len(), 1, "{text}\n{}", checked.drawn());
        assert!(found[0].help.iter().any(|help| help == cure), "{cure}\n{}", checked.drawn());
        assert!(found[0].primary.is_some(), "{}", checked.drawn());
        let cured = Checked::of(&text.replace(from, to));
        assert!(!cured.codes().contains(&"XP0415") && !cured.models.is_empty(), "{cure}\n{}", cured.drawn());
    }
}
