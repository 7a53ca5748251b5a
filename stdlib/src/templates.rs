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
pub const TEMPLATES: &[Template] = &[template!(
    "docs-fix",
    "an agent corrects a page, a person approves it, another agent publishes it",
    "xpd up --param page=guide.md",
    ["workflow.xp", "connectors.toml", "README.md", "upstream/pages.py", "pages/guide.md"]
)];
