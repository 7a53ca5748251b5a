//! Paths and contents of tiles.

use std::collections::BTreeMap;

use xpd_audit::merkle::{Frontier, Leaves, leaf_hash, root};
use xpd_audit::tiles::{Tile, bundle, entries, tiles_since};

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
fn the_specifications_example_of_a_tree() {
    // tlog-tiles: a log of 70,000 entries has 273 full tiles and a partial one of 112 at level 0, one full tile and a
    // partial one of 17 at level 1, and a partial one of 1 at level 2.
    let tiles = tiles_since(0, 70_000);
    let level = |level| tiles.iter().filter(move |tile| tile.level == level);
    assert_eq!(level(0).filter(|tile| tile.width == 256).count(), 273);
    assert_eq!(level(0).next_back(), Some(&tile(0, 273, 112)));
    assert_eq!(level(1).collect::<Vec<_>>(), [&tile(1, 0, 256), &tile(1, 1, 17)]);
    assert_eq!(level(2).collect::<Vec<_>>(), [&tile(2, 0, 1)]);
    assert_eq!(tiles.len(), 277);
    assert_eq!(tiles_since(0, 0), []);
    assert_eq!(tiles_since(70_000, 70_000), []);
}

#[test]
fn growing_exports_what_is_new() {
    assert_eq!(tiles_since(255, 256), [tile(0, 0, 256), tile(1, 0, 1)]);
    assert_eq!(tiles_since(256, 257), [tile(0, 1, 1)]);
    assert_eq!(tiles_since(300, 600), [tile(0, 1, 256), tile(0, 2, 88), tile(1, 0, 2)]);
    // In steps or at once, the full tiles are the same.
    let full = |tiles: Vec<Tile>| tiles.into_iter().filter(|tile| tile.width == 256).collect::<Vec<_>>();
    let mut steps: Vec<Tile> = (0..70).flat_map(|n| full(tiles_since(n * 1000, (n + 1) * 1000))).collect();
    steps.sort();
    assert_eq!(steps, full(tiles_since(0, 70_000)));
}

#[test]
fn tiles_hold_the_tree() {
    let size = 1_000;
    let leaves = Leaves((0..size).map(|n: u32| leaf_hash(&n.to_be_bytes())).collect());
    let files: BTreeMap<String, Vec<u8>> =
        tiles_since(0, 1_000).into_iter().map(|tile| (tile.path(), tile.bytes(&leaves).unwrap())).collect();
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["tile/0/000", "tile/0/001", "tile/0/002", "tile/0/003.p/232", "tile/1/000.p/3"]);
    // Level 1 is made of the roots of level 0, as a reader of the files finds out alone.
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
