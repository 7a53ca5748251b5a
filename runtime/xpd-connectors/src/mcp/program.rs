//! The folder of a program, pinned by the digest of all that is in it.

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use xp_scope::Digest;

/// Files and folders of a program at most.
const MAX_ENTRIES: usize = 200_000;
/// Bytes of a program at most.
const MAX_BYTES: u64 = 4 << 30;

/// The digest of a folder: names, contents, whether files can be executed, and where links lead.
///
/// # Errors
/// Something cannot be read, is neither file, folder nor link, or there is too much.
pub fn digest(folder: &Path) -> Result<Digest, String> {
    let (mut hash, mut entries, mut bytes) = (Sha256::new(), 0_usize, 0_u64);
    hash.update(b"xp-program-v1\0");
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        entries += 1;
        if entries > MAX_ENTRIES {
            return Err(format!("holds more than {MAX_ENTRIES} files"));
        }
        let failed = |error: std::io::Error| format!("{}: {error}", path.display());
        let found = std::fs::symlink_metadata(&path).map_err(failed)?;
        let name = path.strip_prefix(folder).unwrap_or(&path).as_os_str().as_encoded_bytes();
        let mut part = |text: &[u8]| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        };
        part(name);
        if found.is_dir() {
            part(b"folder");
            let mut inside: Vec<_> = std::fs::read_dir(&path)
                .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
                .map_err(failed)?;
            inside.sort();
            inside.reverse();
            open.extend(inside);
        } else if found.is_symlink() {
            part(b"link");
            part(std::fs::read_link(&path).map_err(failed)?.as_os_str().as_encoded_bytes());
        } else if found.is_file() {
            bytes = bytes.saturating_add(found.len());
            if bytes > MAX_BYTES {
                return Err(format!("holds more than {MAX_BYTES} bytes"));
            }
            part(if found.permissions().mode() & 0o111 == 0 { b"file" } else { b"program" });
            part(Digest::from_bytes(of_file(&path).map_err(failed)?).to_string().as_bytes());
        } else {
            return Err(format!("{}: is neither file, folder nor link", path.display()));
        }
    }
    Ok(Digest::from_bytes(hash.finalize().into()))
}

fn of_file(path: &Path) -> std::io::Result<[u8; 32]> {
    let mut file = std::fs::File::open(path)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 64 * 1024]);
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(hash.finalize().into());
        }
        hash.update(buffer.get(..count).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_in_it_counts() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("b")).unwrap();
        std::fs::write(at("b/one"), "1").unwrap();
        std::os::unix::fs::symlink("b/one", at("link")).unwrap();
        let first = digest(folder.path()).unwrap();
        assert_eq!(digest(folder.path()).unwrap(), first);
        let mut seen = vec![first];
        let mut changed = |what: &str| {
            let now = digest(folder.path()).unwrap();
            assert!(!seen.contains(&now), "{what}");
            seen.push(now);
        };
        std::fs::write(at("b/one"), "2").unwrap();
        changed("content");
        std::fs::set_permissions(at("b/one"), std::fs::Permissions::from_mode(0o755)).unwrap();
        changed("mode");
        std::fs::remove_file(at("link")).unwrap();
        std::os::unix::fs::symlink("b", at("link")).unwrap();
        changed("link");
        std::fs::rename(at("b/one"), at("b/two")).unwrap();
        changed("name");
        std::fs::create_dir(at("c")).unwrap();
        changed("folder");
        assert!(digest(Path::new("/nowhere")).is_err());
    }
}
