//! Paths and contents of tiles.

use std::collections::BTreeMap;

use xpd_audit::merkle::{Frontier, Leaves, leaf_hash, root};
use xpd_audit::tiles::{Tile, bundle, entries};

fn tile(level: u8, index: u64, width: u64) -> Tile {
    Tile { level, index, width }
}

#[test]
fn paths_are_c2sps() {
    for (tile, path) in [
        (tile(0, 0, 256), "tile/0/000"),
        (tile(0, 1_234_067, 256), "tile/0/x001/x234/067"),
        (tile(3, 1000, 256), "tile/3/x001/000"),
        (tile(1, 0, 112), "tile/1/000.p/112"),
        (tile(0, 273, 1), "tile/0/273.p/1"),
    ] {
        assert_eq!(tile.path(), path);
    }
    assert_eq!(tile(0, 273, 112).entries_path(), "tile/entries/273.p/112");
    assert_eq!(tile(0, 1_234_067, 256).entries_path(), "tile/entries/x001/x234/067");
}

#[test]
fn tiles_hold_the_tree() {
    let size = 1_000;
    let leaves = Leaves((0..size).map(|n: u32| leaf_hash(&n.to_be_bytes())).collect());
    let all = [tile(0, 0, 256), tile(0, 1, 256), tile(0, 2, 256), tile(0, 3, 232), tile(1, 0, 3)];
    let files: BTreeMap<String, Vec<u8>> =
        all.into_iter().map(|tile| (tile.path(), tile.bytes(&leaves).unwrap())).collect();
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["tile/0/000", "tile/0/001", "tile/0/002", "tile/0/003.p/232", "tile/1/000.p/3"]);
    // Level 1 consists of the roots of level 0, as a reader computes them from the files alone.
    let hashes = |name: &str| files[name].chunks(32).map(|hash| hash.try_into().unwrap()).collect::<Vec<_>>();
    let mut upper = Vec::new();
    let mut all = Frontier::default();
    for name in ["tile/0/000", "tile/0/001", "tile/0/002", "tile/0/003.p/232"] {
        let mut one = Frontier::default();
        for hash in hashes(name) {
            one.push(hash);
            all.push(hash);
        }
        upper.push(one.root());
    }
    assert_eq!(hashes("tile/1/000.p/3"), upper[..3]);
    assert_eq!(all.root(), root(&leaves, 1_000).unwrap());
}

#[test]
fn bundles_come_back() {
    let long = vec![7; 65_535];
    let list: Vec<&[u8]> = vec![b"", b"a", &long];
    let bytes = bundle(list.iter().copied()).unwrap();
    assert_eq!(bytes[..5], [0, 0, 0, 1, b'a']);
    assert_eq!(entries(&bytes).unwrap(), list);
    assert_eq!(entries(&bytes[..bytes.len() - 1]), None);
    assert_eq!(entries(&bytes[..4]), None);
    assert_eq!(entries(&bytes[..3]), None);
    assert_eq!(entries(&[]), Some(vec![]));
    assert!(bundle([vec![0; 65_536].as_slice()]).is_err());
}
