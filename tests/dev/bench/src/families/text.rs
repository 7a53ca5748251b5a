//! Fragments of source that the families share.

/// The beginning of a workflow with these roles, all of them separate.
pub fn head(roles: &[&str]) -> String {
    let roles = roles.join(", ");
    format!(
        "use std.github\n\nworkflow generated(repo: github.Repo, issue: int) {{\n  agent {roles}\n  separate roles {roles}\n"
    )
}

/// ` after …`, or an empty text.
pub fn after(guard: &str) -> String {
    if guard.is_empty() { String::new() } else { format!(" after {guard}") }
}

/// A step with an action without lasting effect.
pub fn make(name: &str, role: &str, guard: &str) -> String {
    format!(
        "\n  step {name} by {role}{} {{\n    may github.issues.comment(repo, issue, body: content) max 100 as said\n    \
         outcome done if said\n  }}\n",
        after(guard)
    )
}

/// A step that reads and may reopen another.
pub fn review(name: &str, role: &str, guard: &str, back: &str) -> String {
    format!(
        "\n  step {name} by {role}{} {{\n    may github.issues.read(repo, issue) max 10\n    outcome ok\n    \
         outcome back -> reopen {back} with notes (max 3, then no)\n    outcome no -> end\n  }}\n",
        after(guard)
    )
}

/// The step that writes.
pub fn publish(role: &str, guard: &str) -> String {
    format!(
        "\n  step publish by {role}{} {{\n    may github.branches.create(repo, name: \"fix-{{issue}}\", from: repo.default_branch)\n        \
         once per run as branch\n    outcome done auto when branch\n  }}\n",
        after(guard)
    )
}

/// A property of separation between discussing and writing, and the end of the workflow.
pub const APART: &str = "\n  prove no role can effect write and effect discuss\n}\n";
