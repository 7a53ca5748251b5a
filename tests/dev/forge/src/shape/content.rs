//! Files and directories in the form of the contents API.

use base64::Engine;
use serde_json::{Value, json};

use crate::git::TreeEntry;
use crate::world::{Repo, World};

/// The members that all kinds of content have.
#[must_use]
pub fn listed(world: &World, repo: &Repo, at: &str, entry: &TreeEntry) -> Value {
    let kind = kind(&entry.mode);
    let full_name = repo.full_name();
    let url = format!("{}/repos/{full_name}/contents/{}?ref={at}", world.url, path(&entry.path));
    let html = format!("{}/{full_name}/blob/{at}/{}", world.url, path(&entry.path));
    let objects = if entry.kind == "tree" { "trees" } else { "blobs" };
    let object = format!("{}/repos/{full_name}/git/{objects}/{}", world.url, entry.sha);
    let download =
        (kind == "file").then(|| format!("{}/raw/{full_name}/{at}/{}", world.url, path(&entry.path)));
    json!({
        "name": entry.path.rsplit('/').next().unwrap_or_default(),
        "path": entry.path,
        "sha": entry.sha,
        "size": entry.size.unwrap_or(0),
        "url": url,
        "html_url": html,
        "git_url": object,
        "download_url": download,
        "type": kind,
        "_links": { "self": url, "git": object, "html": html },
    })
}

/// A `content-file`, or a `content-symlink` or `content-submodule`.
#[must_use]
pub fn file(world: &World, repo: &Repo, at: &str, entry: &TreeEntry, bytes: &[u8]) -> Value {
    let mut shape = listed(world, repo, at, entry);
    if let Some(fields) = shape.as_object_mut() {
        match kind(&entry.mode) {
            "symlink" => {
                fields.insert("target".to_owned(), String::from_utf8_lossy(bytes).into_owned().into());
            }
            "submodule" => {
                let elsewhere = format!("{}/elsewhere.git", world.url);
                fields.insert("submodule_git_url".to_owned(), elsewhere.into());
            }
            _ => {
                fields.insert("content".to_owned(), wrapped(bytes).into());
                fields.insert("encoding".to_owned(), "base64".into());
            }
        }
    }
    shape
}

/// A `content-directory`.
#[must_use]
pub fn directory(world: &World, repo: &Repo, at: &str, entries: &[TreeEntry]) -> Value {
    entries.iter().map(|entry| listed(world, repo, at, entry)).collect()
}

/// Base64 in lines of 60, as GitHub sends it.
#[must_use]
pub fn wrapped(bytes: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    let mut lines = String::with_capacity(text.len() + text.len() / 60 + 1);
    for (at, letter) in text.chars().enumerate() {
        if at > 0 && at % 60 == 0 {
            lines.push('\n');
        }
        lines.push(letter);
    }
    lines.push('\n');
    lines
}

/// GitHub's term for a mode.
fn kind(mode: &str) -> &'static str {
    match mode {
        "040000" => "dir",
        "120000" => "symlink",
        "160000" => "submodule",
        _ => "file",
    }
}

/// A path encoded for a URL.
fn path(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
