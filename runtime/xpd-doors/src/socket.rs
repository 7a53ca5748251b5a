//! The unix socket: bound where nobody answers, and removed only while it is this server's own.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::OFlags;
use tokio::net::{UnixListener, UnixStream};

/// Longest path that a socket can be bound to.
pub const MAX_PATH: usize = 107;

/// A socket of this server's.
pub struct Place {
    path: PathBuf,
    // Held open: while it is, no other file can be given its number.
    own: File,
}

/// Binds a socket, in place of a dead one if need be.
pub async fn bind(path: &Path, mode: u32) -> Result<(UnixListener, Place)> {
    let _alone = alone(path).await?;
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => {
            if answers(path).await? {
                return Err(Error::new(ErrorKind::AddrInUse, "another server answers on this socket"));
            }
            std::fs::remove_file(path)?;
        }
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        // Whatever else stands there is not ours to take away: binding says so.
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, Permissions::from_mode(mode))?;
    let flags = i32::try_from((OFlags::PATH | OFlags::NOFOLLOW).bits()).unwrap_or_default();
    let own = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    Ok((listener, Place { path: path.to_owned(), own }))
}

/// Whether somebody listens there. Only a refusal says that nobody does: one whose queue is full lives.
pub async fn answers(path: &Path) -> Result<bool> {
    match UnixStream::connect(path).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(false),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(true),
        Err(error) => Err(error),
    }
}

impl Place {
    /// Takes the socket away, if it still is the one that was bound.
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

/// The lock of the folder, so that of two servers none takes away what the other just bound.
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
