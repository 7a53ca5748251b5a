//! Folders to begin with, embedded as text: a workflow, a small system that it acts on, and how that is started.

/// A folder to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its name.
    pub name: &'static str,
    /// What it shows.
    pub about: &'static str,
    /// The command that comes next, in its folder.
    pub next: &'static str,
    /// Its files: path and text.
    pub files: &'static [(&'static str, &'static str)],
}

macro_rules! template {
    ($name:literal, $about:literal, $next:literal, [$($file:literal),* $(,)?]) => {
        Template {
            name: $name,
            about: $about,
            next: $next,
            files: &[$(($file, include_str!(concat!("../templates/", $name, "/", $file)))),*],
        }
    };
}

/// Every template.
pub const TEMPLATES: &[Template] = &[
    template!(
        "docs-fix",
        "an agent corrects a page, a person approves it, another agent publishes it",
        "xpd up --param page=guide.md",
        ["workflow.xp", "connectors.toml", "README.md", "upstream/pages.py", "pages/guide.md"]
    ),
    template!(
        "payment",
        "an agent prepares a payment, a person approves it above a limit, another agent pays",
        "xpd up --param invoice=2026-118",
        [
            "workflow.xp",
            "connectors.toml",
            "README.md",
            "upstream/bank.py",
            "bank/invoices/2026-117.txt",
            "bank/invoices/2026-118.txt",
        ]
    ),
    template!(
        "plan-apply",
        "an agent plans a change of a system, another reviews it, a third applies exactly that plan",
        "xpd up --param stack=blog",
        [
            "workflow.xp",
            "connectors.toml",
            "README.md",
            "upstream/infra.py",
            "infra/stacks/shop/wanted.json",
            "infra/stacks/shop/state.json",
            "infra/stacks/blog/wanted.json",
            "infra/stacks/blog/state.json",
        ]
    ),
];
