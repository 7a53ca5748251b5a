//! The zip file of a package: uncompressed, sorted by name, without times or owners, so the same evidence
//! gives the same bytes.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipArchive, ZipWriter};

/// Upper bound on the size of a package that is read, in bytes.
pub const MAX_PACKAGE_BYTES: usize = 1 << 30;
const MAX_FILES: usize = 100_000;

/// Files by name.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// Packs files.
pub(crate) fn write(files: &Files) -> Result<Vec<u8>, String> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .system(System::Unix)
        .unix_permissions(0o644);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let failed = |error: zip::result::ZipError| error.to_string();
    for (name, bytes) in files {
        archive.start_file(name.as_str(), options).map_err(failed)?;
        archive.write_all(bytes).map_err(|error| error.to_string())?;
    }
    Ok(archive.finish().map_err(failed)?.into_inner())
}

/// Unpacks files and lists faults of the archive. Files with a wrong checksum are returned too, so that later
/// checks can name what is damaged.
pub(crate) fn read(bytes: &[u8]) -> (Files, Vec<String>) {
    let mut files = Files::new();
    let mut faults = Vec::new();
    if bytes.len() > MAX_PACKAGE_BYTES {
        return (files, vec!["the package is too large".to_owned()]);
    }
    let mut archive = match ZipArchive::new(Cursor::new(bytes)) {
        Ok(archive) => archive,
        Err(error) => return (files, vec![format!("not a zip file: {error}")]),
    };
    if archive.len() > MAX_FILES {
        return (files, vec!["the package has too many files".to_owned()]);
    }
    // Local headers and the central directory must agree, so that every reader of the archive sees the same
    // content.
    if let Err(error) = archive.validate_header_consistency() {
        faults.push(format!("the archive is ambiguous: {error}"));
    }
    for at in 0..archive.len() {
        match unpack(&mut archive, at) {
            Ok((name, content, fault)) => {
                faults.extend(fault.map(|fault| format!("`{name}`: {fault}")));
                files.insert(name, content);
            }
            Err(fault) => faults.push(fault),
        }
    }
    (files, faults)
}

type Unpacked = (String, Vec<u8>, Option<String>);

fn unpack(archive: &mut ZipArchive<Cursor<&[u8]>>, at: usize) -> Result<Unpacked, String> {
    let mut file = archive.by_index(at).map_err(|error| format!("file {at}: {error}"))?;
    let name = file.name().map_err(|error| format!("file {at}: {error}"))?.into_owned();
    if file.compression() != CompressionMethod::Stored || file.size() != file.compressed_size() {
        return Err(format!("`{name}` is compressed"));
    }
    let mut content = Vec::new();
    // A checksum error is reported after the content has been read in full.
    let fault = file.read_to_end(&mut content).err().map(|error| error.to_string());
    Ok((name, content, fault))
}
