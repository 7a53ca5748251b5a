//! The minimal cost of a commit on this disk: a page written and one `fdatasync`.

use std::io::Write as _;
use std::path::Path;

use crate::Done;
use crate::figures::Sample;

pub fn fdatasync(folder: &Path) -> Done<Sample> {
    let path = folder.join("fdatasync");
    let mut file = std::fs::File::create(&path)?;
    let page = [0x5a; 4096];
    let sample = Sample::repeat(300, || {
        file.write_all(&page)?;
        Ok(file.sync_data()?)
    })?;
    std::fs::remove_file(&path)?;
    Ok(sample)
}
