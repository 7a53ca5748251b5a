//! An exceeded file size limit is a full disk, although SQLite reports it as a generic write failure.

use std::process::Command;
use std::sync::Arc;

use xpd_store::{NoResident, StoreError, SystemClock, sqlite};

const FOLDER: &str = "XPD_STORE_TEST_FOLDER";

/// Runs this test binary again with a file size limit of 256 KiB and with `SIGXFSZ` ignored.
#[test]
fn an_exceeded_file_size_limit_counts_as_a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    let script = "trap '' XFSZ; ulimit -f 512; exec \"$0\" disk::with_small_files --exact --nocapture";
    let output = Command::new("/bin/sh")
        .args(["-c", script])
        .arg(std::env::current_exe().unwrap())
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("full after"), "{said}");
}

/// The part of the test above that runs with the limit.
#[tokio::test]
async fn with_small_files() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let folder = std::path::Path::new(&folder);
    let store = sqlite::open(folder, SystemClock::shared(), Arc::new(NoResident), 4_096).unwrap();
    for number in 0..1_000 {
        let key = format!("key {number}");
        match store.write(move |tx| tx.remember_value(&key, &[7; 10_000])).await {
            Ok(()) => {}
            Err(StoreError::Full(_)) if number > 0 => return println!("full after {number}"),
            Err(other) => panic!("after {number}: {other:?}"),
        }
    }
    panic!("it never filled");
}
