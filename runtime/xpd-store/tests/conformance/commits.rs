//! Commits: what is kept, what is rolled back, and how the resident is notified.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use xpd_store::{Resident, Store, StoreError, Tx};

use crate::site::Site;

/// A resident that records the writer's calls.
#[derive(Default)]
struct Recorder {
    calls: Mutex<Vec<&'static str>>,
    /// Makes `undo` fail.
    stuck: AtomicBool,
    /// Makes `flush` fail.
    fails: AtomicBool,
}

impl Recorder {
    fn record(&self, what: &'static str) {
        self.calls.lock().unwrap().push(what);
    }

    fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }
}

impl Resident for Recorder {
    fn begin(&self) {
        self.record("begin");
    }

    fn undo(&self) -> bool {
        self.record("undo");
        !self.stuck.load(Ordering::SeqCst)
    }

    fn flush(&self, tx: &mut dyn Tx, _: bool) -> Result<bool, StoreError> {
        self.record("flush");
        if self.fails.load(Ordering::SeqCst) {
            return Err(StoreError::Broken("made up".to_owned()));
        }
        tx.remember_value("flushed", b"yes")?;
        Ok(false)
    }

    fn committed(&self) {
        self.record("committed");
    }

    fn clear(&self) {
        self.record("clear");
    }

    fn abandoned(&self) {
        self.record("given up");
    }

    fn waits(&self) -> bool {
        false
    }
}

async fn kept(store: &Store, key: &'static str) -> bool {
    store.read(move |rows| rows.remembered(key)).await.unwrap().is_some()
}

async fn keep(store: &Store, key: &'static str) -> Result<(), StoreError> {
    store.write(move |tx| tx.remember_value(key, b"")).await
}

fn own() -> StoreError {
    StoreError::Folder("its own".to_owned())
}

/// Three commands in one batch, of which the middle one fails after a write; returns their answers.
async fn three(store: &Arc<Store>) -> [Result<(), StoreError>; 3] {
    // Blocks the writer until all three are queued.
    let (go, wait) = mpsc::channel::<()>();
    let (begun, begins) = tokio::sync::oneshot::channel::<()>();
    let first = Arc::clone(store);
    let busy = tokio::spawn(async move {
        first
            .write(move |_| {
                let _ = begun.send(());
                let _ = wait.recv();
                Ok::<(), StoreError>(())
            })
            .await
    });
    begins.await.unwrap();
    let one = store.write(|tx| tx.remember_value("one", b""));
    let two = store.write(|tx| {
        tx.remember_value("two", b"")?;
        Err::<(), _>(own())
    });
    let three = store.write(|tx| tx.remember_value("three", b""));
    let release = async {
        // The commands were polled in order before, so they are queued and form the next batch.
        go.send(()).unwrap();
    };
    let (one, two, three, ()) = tokio::join!(one, two, three, release);
    busy.await.unwrap().unwrap();
    [one, two, three]
}

pub async fn what_fails_is_rolled_back_and_its_neighbours_are_kept(site: Site) {
    let store = Arc::new(site.open().unwrap());
    assert_eq!(three(&store).await, [Ok(()), Err(own()), Ok(())]);
    assert_eq!(
        (kept(&store, "one").await, kept(&store, "two").await, kept(&store, "three").await),
        (true, false, true)
    );
}

pub async fn a_failure_that_memory_cannot_follow_takes_the_commit_along(site: Site) {
    let witness = Arc::new(Recorder::default());
    let store = Arc::new(site.open_with(Arc::clone(&witness) as Arc<dyn Resident>).unwrap());
    witness.stuck.store(true, Ordering::SeqCst);
    let failed = store
        .write(|tx| {
            tx.remember_value("half", b"")?;
            Err::<(), _>(own())
        })
        .await;
    assert_eq!(failed, Err(own()), "whoever failed is told why");
    assert_eq!(witness.take(), ["begin", "undo", "clear"]);
    // The other commands of the batch learn that it was rolled back.
    assert_eq!(three(&store).await, [Err(StoreError::Aborted), Err(own()), Err(StoreError::Aborted)]);
    assert!(!kept(&store, "one").await && !kept(&store, "three").await);
    assert!(!kept(&store, "half").await && !kept(&store, "two").await);
    keep(&store, "after").await.unwrap();
}

pub async fn memory_is_written_before_the_commit_and_cleared_with_it(site: Site) {
    let witness = Arc::new(Recorder::default());
    let store = site.open_with(Arc::clone(&witness) as Arc<dyn Resident>).unwrap();
    keep(&store, "one").await.unwrap();
    assert_eq!(witness.take(), ["begin", "flush", "committed"]);
    assert!(kept(&store, "flushed").await, "in the same transaction");
    witness.fails.store(true, Ordering::SeqCst);
    assert_eq!(keep(&store, "two").await, Err(StoreError::Broken("made up".to_owned())));
    assert_eq!(witness.take(), ["begin", "flush", "clear"]);
    assert!(!kept(&store, "two").await);
    witness.fails.store(false, Ordering::SeqCst);
    keep(&store, "three").await.unwrap();
}

pub async fn time_never_goes_back(site: Site) {
    let store = site.open().unwrap();
    let now = async |store: &Store| store.write(|tx| Ok::<_, StoreError>(tx.now())).await.unwrap();
    site.clock.set(5_000_000);
    assert_eq!(now(&store).await, 5_000_000);
    site.clock.set(1_000_000);
    assert_eq!(now(&store).await, 5_000_000);
    site.clock.set(6_000_000);
    assert_eq!(now(&store).await, 6_000_000);
}

pub async fn without_its_reserve_only_what_insists_is_written(site: Site) {
    let store = site.open().unwrap();
    assert!(store.has_room());
    store.release_reserve();
    assert!(!store.has_room());
    assert!(matches!(keep(&store, "one").await, Err(StoreError::Full(_))));
    store.write_past_reserve(|tx| tx.remember_value("two", b"")).await.unwrap();
    assert!(store.refill_reserve() && store.has_room());
    keep(&store, "three").await.unwrap();
    assert_eq!((kept(&store, "one").await, kept(&store, "two").await), (false, true));
}

pub async fn a_folder_has_one_store_and_is_free_after_it(site: Site) {
    let store = site.open().unwrap();
    assert_eq!(site.open().err(), Some(StoreError::InUse));
    drop(store);
    assert!(site.open().is_ok());
}

pub async fn what_was_answered_is_there_after_a_restart(site: Site) {
    let store = site.open().unwrap();
    keep(&store, "one").await.unwrap();
    drop(store);
    let store = site.open().unwrap();
    assert!(kept(&store, "one").await);
}

pub async fn what_stops_things_goes_before_all_that_waits(site: Site) {
    let store = Arc::new(site.open().unwrap());
    let (enter, entered) = mpsc::channel();
    let (let_go, hold) = mpsc::channel::<()>();
    let busy = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            store
                .write(move |_| {
                    enter.send(()).unwrap();
                    hold.recv().unwrap();
                    Ok::<_, StoreError>(())
                })
                .await
        })
    };
    tokio::task::spawn_blocking(move || entered.recv().unwrap()).await.unwrap();
    // The writer is inside a command; the following jobs wait for it.
    let order = Arc::new(Mutex::new(Vec::new()));
    let note = |what: &'static str| {
        let order = Arc::clone(&order);
        move |_: &mut dyn Tx| {
            order.lock().unwrap().push(what);
            Ok::<_, StoreError>(())
        }
    };
    let mut waiting = Vec::new();
    for _ in 0..5_000 {
        let (store, work) = (Arc::clone(&store), note("usual"));
        waiting.push(tokio::spawn(async move { store.write(work).await }));
    }
    // Once some are refused as `Busy`, all of them have been submitted.
    while !waiting.iter().any(tokio::task::JoinHandle::is_finished) {
        tokio::task::yield_now().await;
    }
    let kill = {
        let (store, work) = (Arc::clone(&store), note("urgent"));
        tokio::spawn(async move {
            let mut urged = Box::pin(store.write_urgent(work));
            // A command is in the queue once its future was polled.
            let first =
                std::future::poll_fn(|context| std::task::Poll::Ready(urged.as_mut().poll(context))).await;
            assert!(first.is_pending());
            let_go.send(()).unwrap();
            urged.await
        })
    };
    kill.await.unwrap().unwrap();
    busy.await.unwrap().unwrap();
    for one in waiting {
        assert!(matches!(one.await.unwrap(), Ok(()) | Err(StoreError::Busy)));
    }
    assert_eq!(order.lock().unwrap().first(), Some(&"urgent"));
}

/// Unlinked during a commit: the commit is not acknowledged, and the resident is notified of the loss once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_resident_is_notified_once_of_an_abandoned_database() {
    let site = Site::new(xpd_store::sqlite::open);
    let witness = Arc::new(Recorder::default());
    let store = site.open_with(Arc::clone(&witness) as Arc<dyn Resident>).unwrap();
    keep(&store, "a").await.unwrap();
    witness.take();
    let file = site.folder.path().join("xpd.sqlite");
    let removed = store.write(move |tx| {
        tx.remember_value("b", b"")?;
        std::fs::remove_file(&file).map_err(|error| StoreError::Io(error.to_string()))
    });
    assert!(matches!(removed.await, Err(StoreError::Replaced(_))));
    assert_eq!(witness.take(), ["begin", "flush", "clear", "given up"]);
    assert!(matches!(keep(&store, "c").await, Err(StoreError::Replaced(_))));
    assert!(!witness.take().contains(&"given up"));
}
