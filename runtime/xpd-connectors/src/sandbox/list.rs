//! The files of a tree, read as a stream: a few objects can expand to more paths than fit in memory.

use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use xp_scope::path::{self, MAX_PATH};
use xpd_proxy::ActError;

use super::git::Git;
use super::refused;

/// Upper bound on the files of a tree.
const MAX_FILES: usize = 50_000;
/// Upper bound on the folders of a tree.
const MAX_FOLDERS: usize = 50_000;
/// Upper bound on the segments of a path.
const MAX_DEPTH: usize = 128;
/// Upper bound on the bytes of a record before its path: mode, type, id, size.
const HEAD: usize = 160;
const WITHIN: Duration = Duration::from_secs(60);

/// A file of a tree.
pub(super) struct Entry {
    pub id: String,
    pub size: usize,
    pub executable: bool,
    pub path: String,
}

/// The files of a tree of at most `space` bytes. Takes bounded time and memory for every tree.
pub(super) async fn list(git: &Git, tree: &str, space: u64) -> Result<Vec<Entry>, ActError> {
    // `-t` lists folders too; otherwise a tree of empty folders would be walked without output.
    let mut child = git.start(&["ls-tree", "-r", "-t", "-z", "-l", "--full-tree", tree])?;
    let Some(stdout) = child.stdout.take() else {
        return Err(ActError::NotSent("git does not talk".to_owned()));
    };
    drop(child.stdin.take());
    let reading = async {
        let entries = read(BufReader::new(stdout), space).await?;
        match child.wait().await {
            Ok(status) if status.success() => Ok(entries),
            _ => Err(ActError::NotSent("`git ls-tree` failed".to_owned())),
        }
    };
    // Dropping the handle kills git, on every path out of this function.
    let late = |_| ActError::NotSent("git took too long".to_owned());
    let entries = tokio::time::timeout(WITHIN, reading).await.map_err(late)??;
    path::distinct(entries.iter().map(|entry| entry.path.as_str()))
        .map_err(|collision| refused(format!("{collision}")))?;
    Ok(entries)
}

/// Parses records of the form `<mode> <type> <id> <size>\t<path>\0`.
async fn read(mut from: impl AsyncBufRead + Unpin, space: u64) -> Result<Vec<Entry>, ActError> {
    let (mut entries, mut folders, mut bytes) = (Vec::new(), 0, 0_u64);
    let mut record = Vec::new();
    loop {
        record.clear();
        let most = u64::try_from(HEAD + MAX_PATH + 1).unwrap_or(u64::MAX);
        let broken = |_| ActError::NotSent("git broke off".to_owned());
        if (&mut from).take(most).read_until(0, &mut record).await.map_err(broken)? == 0 {
            return Ok(entries);
        }
        if record.pop() != Some(0) {
            return Err(refused(format!("the tree holds a path of more than {MAX_PATH} bytes")));
        }
        let Some(entry) = parse(&record)? else {
            folders += 1;
            if folders > MAX_FOLDERS {
                return Err(refused(format!("the tree has more than {MAX_FOLDERS} folders")));
            }
            continue;
        };
        bytes = bytes.saturating_add(u64::try_from(entry.size).unwrap_or(u64::MAX));
        entries.push(entry);
        if entries.len() > MAX_FILES {
            return Err(refused(format!("the tree has more than {MAX_FILES} files")));
        }
        if bytes > space {
            return Err(refused(format!("the tree has more than {space} bytes")));
        }
    }
}

/// A file, or `None` for a folder.
fn parse(record: &[u8]) -> Result<Option<Entry>, ActError> {
    let bad = || refused("the tree holds an entry that cannot be read".to_owned());
    let at = record.iter().position(|byte| *byte == b'\t').ok_or_else(bad)?;
    let (head, name) = record.split_at(at);
    let path = path::check_bytes(name.get(1..).unwrap_or_default())
        .map_err(|error| refused(format!("the tree holds {error}")))?;
    if path.split('/').count() > MAX_DEPTH {
        return Err(refused(format!("the tree is more than {MAX_DEPTH} folders deep")));
    }
    let head = std::str::from_utf8(head).map_err(|_| bad())?;
    let mut words = head.split_ascii_whitespace();
    let (mode, kind, id, size) = (words.next(), words.next(), words.next(), words.next());
    let executable = match (mode, kind) {
        (Some("040000"), Some("tree")) => return Ok(None),
        (Some("100644"), Some("blob")) => false,
        (Some("100755"), Some("blob")) => true,
        _ => return Err(refused(format!("`{path}` is neither a file nor a folder"))),
    };
    let size = size.and_then(|size| size.parse().ok()).ok_or_else(bad)?;
    Ok(Some(Entry { id: id.ok_or_else(bad)?.to_owned(), size, executable, path: path.to_owned() }))
}
