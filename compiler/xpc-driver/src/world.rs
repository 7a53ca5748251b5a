//! What the pipeline needs of its surroundings.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use xpc_model::Limits;

/// Files, clock and limits: a disk for a command, open buffers over a disk for an editor, memory for a test.
pub trait World {
    /// What is at a path, links followed; [`Kind::Other`] for nothing.
    fn kind(&self, path: &Path) -> Kind;

    /// What a folder holds, in any order, links not followed.
    ///
    /// # Errors
    /// The folder cannot be read.
    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>>;

    /// The first bytes of a file, at most so many.
    ///
    /// # Errors
    /// The file cannot be read.
    fn read(&self, path: &Path, most: usize) -> io::Result<Vec<u8>>;

    /// The same for all paths that lead to one file.
    fn identity(&self, path: &Path) -> PathBuf;

    /// Time since some moment; never less than before.
    fn now(&self) -> Duration;

    /// Bounds on the work for one workflow.
    fn limits(&self) -> Limits;
}

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The folder's path with the entry's name.
    pub path: PathBuf,
    /// What it is.
    pub kind: Kind,
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A link in a listing, a pipe, a device, or nothing.
    Other,
}
