//! The store's interface: asynchronous commands and reads.

use std::sync::Arc;

use tokio::sync::{oneshot, watch};

use crate::error::{CommandError, StoreError};
use crate::job::{Command, Job};
use crate::tx::{Read, Tx};

/// A back end. A single writer runs jobs in order, several per commit, and answers each after its commit is
/// durable.
pub trait Backend: Send + Sync {
    /// Queues a job. An urgent job precedes all ordinary ones and is committed separately from them.
    ///
    /// # Errors
    /// The queue is full, or the writer has stopped.
    fn submit(&self, job: Box<dyn Job>, urgent: bool) -> Result<(), StoreError>;
    /// A reader.
    fn reader(&self) -> Arc<dyn Reader>;
    /// Whether ordinary commands may write: the disk is not full and the reserve exists.
    fn has_room(&self) -> bool;
    /// Whether the last write failed for lack of space, or the reserve is gone.
    fn is_full(&self) -> bool;
    /// Releases the reserve.
    fn release_reserve(&self);
    /// Creates the reserve again if it is gone and checks for space. Returns false if there is none.
    fn refill_reserve(&self) -> bool;
    /// Disk usage in percent of the available space; `None` if unknown.
    fn disk_percent(&self) -> Option<u8>;
    /// The reason why the back end abandoned its rows, once it did. From then on every command fails with it.
    fn lost(&self) -> watch::Receiver<Option<StoreError>>;
}

/// Reads committed rows, concurrently with the writer.
pub trait Reader: Send + Sync {
    /// Runs `look` on one snapshot. Blocks.
    ///
    /// # Errors
    /// The rows cannot be read.
    fn look(&self, look: &mut dyn FnMut(&dyn Read)) -> Result<(), StoreError>;
}

/// The store of a server.
pub struct Store {
    backend: Box<dyn Backend>,
}

impl Store {
    /// A store over a back end.
    #[must_use]
    pub fn new(backend: impl Backend + 'static) -> Self {
        Self { backend: Box::new(backend) }
    }

    /// Runs an ordinary command in the writer. It is answered once durable; an error rolls it back. Refused
    /// while the reserve is gone.
    ///
    /// # Errors
    /// The command's own error, or a failure of the store.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut dyn Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: CommandError,
    {
        if !self.has_room() {
            return Err(StoreError::Full("the reserve is gone".to_owned()).into());
        }
        self.write_past_reserve(work).await
    }

    /// As [`Self::write`], for commands that stop something or record the end of something begun: not refused
    /// while the reserve is gone.
    ///
    /// # Errors
    /// The command's own error, or a failure of the store.
    pub async fn write_past_reserve<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut dyn Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: CommandError,
    {
        self.submit(work, false).await
    }

    /// As [`Self::write_past_reserve`], for kills: precedes all waiting commands, so load cannot delay it.
    ///
    /// # Errors
    /// The command's own error, or a failure of the store.
    pub async fn write_urgent<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut dyn Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: CommandError,
    {
        self.submit(work, true).await
    }

    async fn submit<T, E, F>(&self, work: F, urgent: bool) -> Result<T, E>
    where
        F: FnOnce(&mut dyn Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: CommandError,
    {
        let (send, answer) = oneshot::channel();
        self.backend.submit(Box::new(Command::new(work, send)), urgent)?;
        // No timeout here: the outcome of a claim must reach the caller that acts on it. The HTTP layer has a
        // timeout.
        match answer.await {
            Ok(outcome) => outcome,
            Err(_) => Err(StoreError::Closed.into()),
        }
    }

    /// Reads one committed snapshot on a blocking thread.
    ///
    /// # Errors
    /// The rows cannot be read.
    pub async fn read<T, F>(&self, look: F) -> Result<T, StoreError>
    where
        F: FnOnce(&dyn Read) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let reader = self.backend.reader();
        let looked = tokio::task::spawn_blocking(move || {
            let (mut look, mut found) = (Some(look), None);
            reader.look(&mut |rows| found = look.take().map(|look| look(rows)))?;
            found.unwrap_or(Err(StoreError::Closed))
        });
        looked.await.map_err(|_| StoreError::Closed)?
    }

    /// Whether ordinary commands may write: the disk is not full and the reserve exists.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.backend.has_room()
    }

    /// Whether the last write failed for lack of space, or the reserve is gone.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.backend.is_full()
    }

    /// Releases the reserve.
    pub fn release_reserve(&self) {
        self.backend.release_reserve();
    }

    /// Creates the reserve again if it is gone. Returns false if there is no space. Blocks.
    #[must_use]
    pub fn refill_reserve(&self) -> bool {
        self.backend.refill_reserve()
    }
    /// Disk usage in percent of the available space; `None` if unknown.
    #[must_use]
    pub fn disk_percent(&self) -> Option<u8> {
        self.backend.disk_percent()
    }

    /// Waits until the database is abandoned and returns the reason. From then on every command fails.
    pub async fn lost(&self) -> StoreError {
        let mut lost = self.backend.lost();
        match lost.wait_for(Option::is_some).await {
            Ok(why) => why.clone().unwrap_or(StoreError::Closed),
            Err(_) => StoreError::Closed,
        }
    }
}
