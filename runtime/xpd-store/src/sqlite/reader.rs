//! Reads concurrent with the writer, on read-only connections.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::custody::Custody;
use super::read::Rows;
use super::schema;
use crate::error::StoreError;
use crate::store::Reader;
use crate::tx::Read;

/// Upper bound on idle connections.
const MAX_IDLE: usize = 4;

/// A pool of read-only connections.
#[derive(Clone)]
pub(super) struct Pool {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    custody: Arc<Custody>,
}

impl Pool {
    pub fn new(path: &Path, custody: Arc<Custody>) -> Self {
        Self { path: path.to_owned(), idle: Arc::default(), custody }
    }

    /// Closes the idle connections.
    pub fn close(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Reader for Pool {
    fn look(&self, look: &mut dyn FnMut(&dyn Read)) -> Result<(), StoreError> {
        self.custody.verify()?;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let conn = match idle {
            Some(conn) => conn,
            None => {
                let conn = Connection::open_with_flags(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
                schema::configure(&conn)?;
                // Only the writer may checkpoint and remove the write-ahead log.
                conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
                conn
            }
        };
        // One snapshot for all queries of the closure.
        let transaction = conn.unchecked_transaction()?;
        look(&Rows::new(&transaction));
        transaction.finish()?;
        self.custody.verify()?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE {
            idle.push(conn);
        }
        Ok(())
    }
}
