//! The words that hosts, bots and build servers obey, and the mark that stops them.

/// What stands where an order was broken.
pub const MARK: char = '·';

/// Words that close, reopen or move the issue named after them (GitHub, GitLab, Gitea, Bitbucket, Shortcut, Azure).
pub(super) const CLOSING: &[&str] = &[
    "close",
    "closes",
    "closed",
    "closing",
    "complete",
    "completes",
    "completed",
    "deliver",
    "delivers",
    "delivered",
    "finish",
    "finishes",
    "finished",
    "fix",
    "fixes",
    "fixed",
    "fixing",
    "hold",
    "holds",
    "implement",
    "implements",
    "implemented",
    "implementing",
    "invalidate",
    "invalidates",
    "invalidated",
    "reopen",
    "reopens",
    "reopened",
    "reopening",
    "resolve",
    "resolves",
    "resolved",
    "resolving",
    "start",
    "starts",
    "started",
    "wontfix",
];

/// Words that may stand between such a word and the reference.
pub(super) const BETWEEN: &[&str] = &[
    "and", "bug", "bugs", "issue", "issues", "merge", "number", "or", "pr", "prs", "pull", "request",
    "requests", "story", "task", "tasks", "the", "ticket", "tickets", "work", "item", "items",
];

/// Orders without a sigil. In each the first letter is set apart, since their readers take any separator between words.
pub(super) const PHRASES: &[&[&str]] = &[
    &["lgtm"],
    &["bors"],
    &["recheck"],
    &["reverify"],
    &["test", "this", "please"],
    &["ok", "to", "test"],
    &["add", "to", "whitelist"],
    &["add", "to", "allowlist"],
];

/// What is skipped by name when joined with `skip` or `no` by a hyphen or underscore, brackets or not.
pub(super) const SKIPPED: &[&str] = &[
    "action",
    "actions",
    "build",
    "builds",
    "cd",
    "check",
    "checks",
    "ci",
    "deploy",
    "deployment",
    "pipeline",
    "pipelines",
    "test",
    "tests",
    "travis",
    "workflow",
    "workflows",
];

/// Trailers of one word; those of several are known by their hyphens.
pub(super) const TRAILERS: &[&str] = &[
    "bug",
    "bugs",
    "cc",
    "closes",
    "closing",
    "depends",
    "fixes",
    "implements",
    "issue",
    "issues",
    "link",
    "references",
    "refs",
    "relates",
    "resolves",
    "see",
    "supersedes",
    "task",
    "tasks",
    "topic",
];
