//! Files out of a tree: raw blobs, written by us, hashed again once they lie there. No filters, no links, no `.git`.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use xp_scope::path;

use super::git::Git;
use crate::connectors::ActError;

const MAX_FILES: usize = 50_000;
const LIST: Duration = Duration::from_secs(60);

/// A file of the tree.
struct Entry {
    id: String,
    executable: bool,
    path: String,
}

/// Writes the files of a tree into a new folder.
pub(super) async fn fill(git: &Git, tree: &str, folder: &Path, space: u64) -> Result<(), ActError> {
    let listing = git.ask(&["ls-tree", "-r", "-z", "-l", "--full-tree", tree], LIST).await?;
    let entries = read(&listing, space)?;
    std::fs::create_dir(folder).map_err(|error| io(&error))?;
    write(git, &entries, folder).await?;
    check(git, &entries, folder).await
}

fn io(error: &std::io::Error) -> ActError {
    ActError::NotSent(format!("the checkout cannot be written: {error}"))
}

fn refused(reason: String) -> ActError {
    ActError::Refused { status: 422, reason }
}

/// `<mode> <type> <id> <size>\t<path>\0` for each.
fn read(listing: &[u8], space: u64) -> Result<Vec<Entry>, ActError> {
    let mut entries = Vec::new();
    let mut bytes: u64 = 0;
    for line in listing.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
        let bad = || refused("the tree holds an entry that cannot be read".to_owned());
        let at = line.iter().position(|byte| *byte == b'\t').ok_or_else(bad)?;
        let (head, name) = line.split_at(at);
        let path = path::check_bytes(name.get(1..).unwrap_or_default())
            .map_err(|error| refused(format!("the tree holds {error}")))?;
        let head = std::str::from_utf8(head).map_err(|_| bad())?;
        let mut words = head.split_ascii_whitespace();
        let (mode, _, id, size) = (words.next(), words.next(), words.next(), words.next());
        let executable = match mode {
            Some("100644") => false,
            Some("100755") => true,
            _ => return Err(refused(format!("`{path}` is neither a file nor a folder"))),
        };
        bytes = bytes.saturating_add(size.and_then(|size| size.parse().ok()).unwrap_or(u64::MAX));
        entries.push(Entry { id: id.ok_or_else(bad)?.to_owned(), executable, path: path.to_owned() });
    }
    if entries.len() > MAX_FILES || bytes > space {
        return Err(refused("the tree is too large".to_owned()));
    }
    path::distinct(entries.iter().map(|entry| entry.path.as_str()))
        .map_err(|collision| refused(format!("{collision}")))?;
    Ok(entries)
}

async fn write(git: &Git, entries: &[Entry], folder: &Path) -> Result<(), ActError> {
    let mut child = git.start(&["cat-file", "--batch"])?;
    let (Some(mut ask), Some(answer)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(ActError::NotSent("git does not talk".to_owned()));
    };
    let mut answer = BufReader::new(answer);
    for entry in entries {
        ask.write_all(format!("{}\n", entry.id).as_bytes()).await.map_err(|error| io(&error))?;
        ask.flush().await.map_err(|error| io(&error))?;
        let mut head = String::new();
        answer.read_line(&mut head).await.map_err(|error| io(&error))?;
        let mut words = head.split_ascii_whitespace();
        let (id, kind, size) = (words.next(), words.next(), words.next().and_then(|size| size.parse().ok()));
        let (Some(id), Some("blob"), Some(size)) = (id, kind, size) else {
            return Err(ActError::NotSent("git lost a blob".to_owned()));
        };
        if id != entry.id {
            return Err(ActError::NotSent("git gave another blob".to_owned()));
        }
        let mut content: Vec<u8> = vec![0; size];
        answer.read_exact(&mut content).await.map_err(|error| io(&error))?;
        answer.read_u8().await.map_err(|error| io(&error))?;
        let path = folder.join(&entry.path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|error| io(&error))?;
        }
        let mode = if entry.executable { 0o755 } else { 0o644 };
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&path)
            .map_err(|error| io(&error))?;
        file.write_all(&content).map_err(|error| io(&error))?;
    }
    drop(ask);
    let _ = child.wait().await;
    Ok(())
}

/// The files that lie there hash to the ids the tree names.
async fn check(git: &Git, entries: &[Entry], folder: &Path) -> Result<(), ActError> {
    let mut child = git.start(&["hash-object", "--no-filters", "--stdin-paths"])?;
    let (Some(mut ask), Some(answer)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(ActError::NotSent("git does not talk".to_owned()));
    };
    let mut answer = BufReader::new(answer).lines();
    for entry in entries {
        let path = folder.join(&entry.path);
        ask.write_all(format!("{}\n", path.display()).as_bytes()).await.map_err(|error| io(&error))?;
        ask.flush().await.map_err(|error| io(&error))?;
        let id = answer.next_line().await.map_err(|error| io(&error))?;
        if id.as_deref() != Some(entry.id.as_str()) {
            return Err(ActError::NotSent(format!("`{}` is not what the tree says", entry.path)));
        }
    }
    drop(ask);
    let _ = child.wait().await;
    Ok(())
}
