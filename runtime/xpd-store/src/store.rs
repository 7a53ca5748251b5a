//! The store as its users see it: commands in, answers out.

use std::sync::Arc;

use tokio::sync::{oneshot, watch};

use crate::error::{CommandError, StoreError};
use crate::job::{Command, Job};
use crate::tx::{Read, Tx};

/// What keeps the rows. One writer runs jobs in order, several to a commit, and answers each after the commit is durable.
pub trait Backend: Send + Sync {
    /// Queues a job; an urgent one before all others, in a commit of its own.
    ///
    /// # Errors
    /// Too many wait, or the writer has stopped.
    fn submit(&self, job: Box<dyn Job>, urgent: bool) -> Result<(), StoreError>;
    /// For looking only.
    fn reader(&self) -> Arc<dyn Reader>;
    /// Whether there is room for more than what stops or ends things.
    fn has_room(&self) -> bool;
    /// Whether the last thing that was to be written found no room, or the reserve is gone.
    fn is_full(&self) -> bool;
    /// Gives the reserve up.
    fn release_reserve(&self);
    /// Makes the reserve again, if it is gone, and looks whether there is room again. False where there is none.
    fn refill_reserve(&self) -> bool;
    /// How full the disk is that the rows are kept on, in percent of what may be used; unknown where nobody says.
    fn disk_percent(&self) -> Option<u8>;
    /// Why the back end gave its rows up, once it did: from then on it answers nothing else.
    fn lost(&self) -> watch::Receiver<Option<StoreError>>;
}

/// Looks at committed rows, beside the writer.
pub trait Reader: Send + Sync {
    /// Shows one snapshot. Blocks.
    ///
    /// # Errors
    /// It cannot be read.
    fn look(&self, look: &mut dyn FnMut(&dyn Read)) -> Result<(), StoreError>;
}

/// The store of one server.
pub struct Store {
    backend: Box<dyn Backend>,
}

impl Store {
    /// Over a back end.
    #[must_use]
    pub fn new(backend: impl Backend + 'static) -> Self {
        Self { backend: Box::new(backend) }
    }

    /// Runs a command in the writer. Its answer comes after it is durable; an error rolls it back. While the reserve is
    /// gone it is refused.
    ///
    /// # Errors
    /// The command's own, or the store cannot.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut dyn Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: CommandError,
    {
        if !self.has_room() {
            return Err(StoreError::Full("the reserve is gone".to_owned()).into());
        }
        self.insist(work).await
    }

    /// The same for what stops things or ends what was begun: it may use what the reserve left.
    ///
    /// # Errors
    /// The command's own, or the store cannot.
    pub async fn insist<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut dyn Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: CommandError,
    {
        self.submit(work, false).await
    }

    /// The same for what stops things: it goes before everything that waits, so that nobody who asks for much delays it.
    ///
    /// # Errors
    /// The command's own, or the store cannot.
    pub async fn urge<T, E, F>(&self, work: F) -> Result<T, E>
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
        // No deadline here: a claim that was won must reach whoever acts on it. The doors have one.
        match answer.await {
            Ok(outcome) => outcome,
            Err(_) => Err(StoreError::Closed.into()),
        }
    }

    /// Looks at one committed snapshot, on a thread that may block.
    ///
    /// # Errors
    /// It cannot be read.
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

    /// Whether there is room for more than what stops or ends things.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.backend.has_room()
    }

    /// Whether the last thing that was to be written found no room, or the reserve is gone.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.backend.is_full()
    }

    /// Gives the reserve up.
    pub fn release_reserve(&self) {
        self.backend.release_reserve();
    }

    /// Makes the reserve again, if it is gone. False where there is no room for it. Blocks.
    #[must_use]
    pub fn refill_reserve(&self) -> bool {
        self.backend.refill_reserve()
    }
    /// How full the disk is, in percent of what may be used; unknown where nobody says.
    #[must_use]
    pub fn disk_percent(&self) -> Option<u8> {
        self.backend.disk_percent()
    }

    /// Waits until the rows are no longer those that were written here, and says why. Nothing is answered from then on.
    pub async fn lost(&self) -> StoreError {
        let mut lost = self.backend.lost();
        match lost.wait_for(Option::is_some).await {
            Ok(why) => why.clone().unwrap_or(StoreError::Closed),
            Err(_) => StoreError::Closed,
        }
    }
}
