//! Checkout of a tree: raw blobs, written by this process and hashed again afterwards. No filters, no
//! symbolic links, no `.git`.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use xpd_proxy::ActError;

use super::git::Git;
use super::list::{Entry, list};

/// Writes the files of a tree into a new folder.
pub(super) async fn fill(git: &Git, tree: &str, folder: &Path, space: u64) -> Result<(), ActError> {
    let entries = list(git, tree, space).await?;
    std::fs::create_dir(folder).map_err(|error| io(&error))?;
    write(git, &entries, folder).await?;
    check(git, &entries, folder).await
}

fn io(error: &std::io::Error) -> ActError {
    ActError::NotSent(format!("the checkout cannot be written: {error}"))
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
        if id != entry.id || size != entry.size {
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

/// Checks that the written files hash to the ids in the tree.
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
