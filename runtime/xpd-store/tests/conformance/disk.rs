//! A file that may not grow any more is a full disk, which SQLite reports as any failed write.

use std::process::Command;
use std::sync::Arc;

use xpd_store::{NoResident, StoreError, SystemClock, sqlite};

const FOLDER: &str = "XPD_STORE_TEST_FOLDER";

/// Runs itself again where no file may be larger than 256 KiB, and where writing beyond that is an error, not a signal.
#[test]
fn over_the_largest_size_of_a_file_the_disk_is_full() {
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

/// The inside of the test above.
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
