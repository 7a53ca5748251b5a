//! The unix socket: bound only if no other server answers on it, and removed only while it is this server's
//! own.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::OFlags;
use tokio::net::{UnixListener, UnixStream};

/// Longest path of a unix socket, in bytes.
pub const MAX_PATH: usize = 107;

/// A socket bound by this server.
pub struct BoundSocket {
    path: PathBuf,
    // Held open, so that its inode number cannot be reused.
    own: File,
}

/// Binds a socket, replacing one that no server answers on.
pub async fn bind(path: &Path, mode: u32) -> Result<(UnixListener, BoundSocket)> {
    let _alone = alone(path).await?;
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => {
            if answers(path).await? {
                return Err(Error::new(ErrorKind::AddrInUse, "another server answers on this socket"));
            }
            std::fs::remove_file(path)?;
        }
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        // Anything else at the path is left alone; binding fails and reports it.
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, Permissions::from_mode(mode))?;
    let flags = i32::try_from((OFlags::PATH | OFlags::NOFOLLOW).bits()).unwrap_or_default();
    let own = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    Ok((listener, BoundSocket { path: path.to_owned(), own }))
}

/// Whether a server listens on the socket. Only a refused connection means that none does; a full backlog
/// means that one does.
pub async fn answers(path: &Path) -> Result<bool> {
    match UnixStream::connect(path).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(false),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(true),
        Err(error) => Err(error),
    }
}

impl BoundSocket {
    /// Removes the socket if it is still the one that was bound.
    pub async fn remove(self) {
        let Ok(_alone) = alone(&self.path).await else { return };
        let same = |a: &std::fs::Metadata, b: &std::fs::Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
        if let (Ok(own), Ok(found)) = (self.own.metadata(), std::fs::symlink_metadata(&self.path))
            && same(&own, &found)
        {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Locks the folder, so that two starting servers do not remove each other's socket.
async fn alone(path: &Path) -> Result<File> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = File::open(folder)?;
    for _ in 0..250 {
        if folder.try_lock().is_ok() {
            return Ok(folder);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err(Error::new(ErrorKind::ResourceBusy, "another program holds the lock of the socket's folder"))
}
