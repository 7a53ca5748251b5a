//! A database that is unlinked, replaced or modified by others while open: nothing more is acknowledged, and
//! nothing acknowledged is lost.

use std::path::Path;

use xpd_store::{EntryRow, Store, StoreError, sqlite};

use crate::site::Site;

const FILES: [&str; 3] = ["xpd.sqlite", "xpd.sqlite-wal", "xpd.sqlite-shm"];

fn site() -> Site {
    Site::new(sqlite::open)
}

/// Appends the next entry of a log.
async fn append(store: &Store) -> Result<u64, StoreError> {
    store
        .write(|tx| {
            let index = tx.log_size()?;
            let (run, kind, bytes) = (None, "kind".to_owned(), b"entry".to_vec());
            tx.insert_entry(&EntryRow { index, run, kind, salt: [7; 32], bytes })?;
            Ok(index + 1)
        })
        .await
}

async fn size(store: &Store) -> Result<u64, StoreError> {
    store.read(|rows| rows.log_size()).await
}

fn copy(from: &Path, to: &Path) {
    for name in FILES {
        let _ = std::fs::copy(from.join(name), to.join(name));
    }
}

#[track_caller]
fn replaced<T: std::fmt::Debug>(answer: Result<T, StoreError>) -> String {
    match answer {
        Err(StoreError::Replaced(why)) => why,
        other => panic!("{other:?}"),
    }
}

/// Every further command is refused, and the store reports the loss; returns the reason.
async fn is_lost(store: &Store) -> String {
    replaced(size(store).await);
    replaced(append(store).await);
    replaced(store.write_past_reserve(|tx| tx.remember_value("late", b"")).await);
    replaced(Err::<(), _>(store.lost().await))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unlinked_files_stop_the_store_and_leave_what_was_committed_beside_it() {
    for names in [&FILES[..], &FILES[..1], &FILES[1..2], &FILES[2..]] {
        let site = site();
        let store = site.open().unwrap();
        for expected in 1..=3 {
            assert_eq!(append(&store).await, Ok(expected));
        }
        for name in names {
            std::fs::remove_file(site.folder.path().join(name)).unwrap();
        }
        let why = is_lost(&store).await;
        assert!(why.contains("gone") && why.contains("xpd.sqlite.rescued"), "{why}");
        drop(store);
        for name in FILES {
            let _ = std::fs::remove_file(site.folder.path().join(name));
        }
        let rescued = site.folder.path().join("xpd.sqlite.rescued");
        std::fs::rename(rescued, site.folder.path().join("xpd.sqlite")).unwrap();
        let store = site.open().unwrap();
        assert_eq!(size(&store).await, Ok(3), "{names:?}: nothing acknowledged is lost");
        assert_eq!(append(&store).await, Ok(4));
    }
}

/// Unlinked between the check before a commit and the commit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_unlinked_under_a_commit_loses_nothing_that_was_acknowledged() {
    let site = site();
    let store = site.open().unwrap();
    assert_eq!(append(&store).await, Ok(1));
    let file = site.folder.path().join("xpd.sqlite");
    let unlinked = store.write(move |tx| {
        let (run, kind, bytes) = (None, "kind".to_owned(), b"entry".to_vec());
        tx.insert_entry(&EntryRow { index: 1, run, kind, salt: [7; 32], bytes })?;
        std::fs::remove_file(&file).map_err(|error| StoreError::Io(error.to_string()))
    });
    let why = replaced(unlinked.await);
    assert!(why.contains("gone") && why.contains("xpd.sqlite.rescued"), "{why}");
    drop(store);
    let rescued = site.folder.path().join("xpd.sqlite.rescued");
    let rescued = rusqlite::Connection::open(rescued).unwrap();
    let first =
        rescued.query_row("SELECT count(*) FROM entries WHERE idx = 0", [], |row| row.get::<_, i64>(0));
    assert_eq!(first, Ok(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replaced_database_is_noticed_without_requests() {
    let site = site();
    let store = site.open().unwrap();
    append(&store).await.unwrap();
    std::fs::remove_file(site.folder.path().join("xpd.sqlite")).unwrap();
    let lost = tokio::time::timeout(std::time::Duration::from_secs(10), store.lost()).await.unwrap();
    assert!(matches!(lost, StoreError::Replaced(_)), "{lost}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_copy_put_in_place_stops_the_store_and_is_left_alone() {
    // Replaced by renaming, or overwritten in place.
    for rename in [true, false] {
        let site = site();
        let older = tempfile::tempdir().unwrap();
        let store = site.open().unwrap();
        append(&store).await.unwrap();
        drop(store);
        copy(site.folder.path(), older.path());
        let store = site.open().unwrap();
        append(&store).await.unwrap();
        append(&store).await.unwrap();
        let copied = std::fs::read(older.path().join("xpd.sqlite")).unwrap();
        if rename {
            let staged = site.folder.path().join("staged");
            std::fs::copy(older.path().join("xpd.sqlite"), &staged).unwrap();
            std::fs::rename(&staged, site.folder.path().join("xpd.sqlite")).unwrap();
        } else {
            std::fs::copy(older.path().join("xpd.sqlite"), site.folder.path().join("xpd.sqlite")).unwrap();
        }
        let why = is_lost(&store).await;
        assert_eq!(why.contains("rescued"), rename, "{why}");
        drop(store);
        let left = std::fs::read(site.folder.path().join("xpd.sqlite")).unwrap();
        assert!(!rename || left == copied, "the file in its place is left as it is");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_program_that_writes_stops_the_store() {
    let site = site();
    let store = site.open().unwrap();
    append(&store).await.unwrap();
    let other = rusqlite::Connection::open(site.folder.path().join("xpd.sqlite")).unwrap();
    other.execute_batch("UPDATE entries SET salt = zeroblob(32)").unwrap();
    assert!(is_lost(&store).await.contains("another program"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_that_only_reads_does_not_stop_the_store() {
    let site = site();
    let store = site.open().unwrap();
    append(&store).await.unwrap();
    let path = site.folder.path().join("xpd.sqlite");
    let other = rusqlite::Connection::open(&path).unwrap();
    let count = |conn: &rusqlite::Connection| {
        conn.query_row("SELECT count(*) FROM entries", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(count(&other), 1);
    drop(other);
    std::fs::hard_link(&path, site.folder.path().join("linked")).unwrap();
    let backup = rusqlite::Connection::open(&path).unwrap();
    backup.execute("VACUUM INTO ?1", [site.folder.path().join("backup").display().to_string()]).unwrap();
    assert_eq!(append(&store).await, Ok(2));
    assert_eq!(size(&store).await, Ok(2));
    assert!(sqlite::check(site.folder.path()).unwrap().contains("2 log entries"));
    assert_eq!(append(&store).await, Ok(3));
    drop(store);
    assert_eq!(count(&backup), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_closed_leaves_one_file() {
    // Writer and readers close on threads of their own, so a single close does not show the order.
    for _ in 0..20 {
        let site = site();
        let store = site.open().unwrap();
        append(&store).await.unwrap();
        let (a, b, c, d) = tokio::join!(size(&store), size(&store), size(&store), size(&store));
        assert_eq!([a, b, c, d], [Ok(1), Ok(1), Ok(1), Ok(1)]);
        drop(store);
        assert!(!site.folder.path().join("xpd.sqlite-wal").exists(), "it is folded back");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_of_another_program_is_waited_for_and_no_alarm() {
    let site = site();
    let store = site.open().unwrap();
    append(&store).await.unwrap();
    let other = rusqlite::Connection::open(site.folder.path().join("xpd.sqlite")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(append(&store).await, Err(StoreError::Busy));
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(append(&store).await, Ok(2));
}
