//! Random workflows of a size that people write, with loops, data, separate endings and four properties each.

#![expect(
    clippy::indexing_slicing,
    reason = "the lists are written out here, and the dice stay below their lengths"
)]

use std::collections::BTreeSet;

use super::text;

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Dice(u64);

impl Dice {
    fn below(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) >> 32).unwrap_or_default() % below.max(1)
    }
}

/// A workflow of so many steps.
pub fn source(seed: u64, steps: usize) -> String {
    let mut dice = Dice(seed);
    let roles = ["maker", "checker", "publisher", "owner"];
    let mut text = format!("// seed {seed}\n") + &text::head(&roles);
    let mut atoms: Vec<String> = Vec::new();
    // By step: the steps it waits for, directly or not.
    let mut above: Vec<BTreeSet<usize>> = Vec::new();
    for number in 0..steps {
        let guard = guard(&mut dice, &atoms);
        let named = |step: &usize| {
            guard.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == format!("s{step}"))
        };
        let parents: BTreeSet<usize> = (0..number).filter(named).collect();
        let waits: BTreeSet<usize> =
            parents.iter().flat_map(|step| above[*step].iter().chain([step])).copied().collect();
        let role = roles[dice.below(roles.len())];
        text += &format!("\n  step s{number} by {role}{} {{\n", text::after(&guard));
        text += [
            "    may github.issues.comment(repo, issue, body: content) max 3 as said\n",
            "    may github.issues.comment(repo, issue, body: content) once per opening as said\n",
            "    may github.issues.create(repo, title: content, body: content) once per run as said\n",
            "    may github.issues.read(repo, issue) max 10 as said\n",
        ][dice.below(4)];
        if dice.below(4) == 0 {
            text += &format!(
                "    may github.branches.create(repo, name: \"fix-{{issue}}-{number}\", from: repo.default_branch)\n        \
                              once per {} as branch\n",
                ["run", "opening"][dice.below(2)]
            );
        }
        text += ["    outcome done if said\n", "    outcome done\n"][dice.below(2)];
        atoms.push(format!("s{number}.done"));
        if dice.below(3) == 0 {
            text += ["    outcome other if said\n", "    outcome other\n"][dice.below(2)];
            atoms.push(format!("s{number}.other"));
        }
        if dice.below(3) == 0
            && let Some(back) = waits.iter().nth(dice.below(waits.len()))
        {
            let max = 1 + dice.below(4);
            text += &format!(
                "    outcome back -> reopen s{back} with notes (max {max}, then no)\n    outcome no -> end\n"
            );
        }
        text += "  }\n";
        above.push(waits);
    }
    text.push('\n');
    let atom = |dice: &mut Dice| atoms[dice.below(atoms.len())].clone();
    let effect = |dice: &mut Dice| ["write", "discuss", "read"][dice.below(3)];
    text += &format!("  prove effect {} requires {}\n", effect(&mut dice), atom(&mut dice));
    text += &format!("  prove effect write requires {} or {}\n", atom(&mut dice), atom(&mut dice));
    text += "  prove no role can effect write and effect discuss\n";
    text += &format!("  prove effect write at most {} per run\n}}\n", 1 + dice.below(6));
    text
}

fn guard(dice: &mut Dice, atoms: &[String]) -> String {
    if atoms.is_empty() || dice.below(8) == 0 {
        return String::new();
    }
    // Most often what stands shortly before, so that the workflow is deep.
    let mut atom = || {
        let back = dice.below(atoms.len().min(6));
        atoms[atoms.len() - 1 - back].clone()
    };
    let (a, b, c) = (atom(), atom(), atom());
    match dice.below(5) {
        0 | 1 => a,
        2 if a != b => format!("{a} and {b}"),
        3 if a != b => format!("{a} or {b}"),
        4 if a != b && b != c && a != c => format!("{a} and ({b} or {c})"),
        _ => a,
    }
}
