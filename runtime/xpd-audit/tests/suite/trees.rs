//! Trees compared with another implementation; proofs of false statements.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof};
use proptest::prelude::*;
use sha2::Sha256;
use xpd_audit::merkle::{
    Frontier, Hash, Leaves, MissingNode, NodeReader, consistency_proof, empty_root, inclusion_proof,
    leaf_hash, root, verify_consistency, verify_inclusion,
};

fn data(index: u64) -> Vec<u8> {
    format!("entry {index}").into_bytes()
}

fn leaves(size: u64) -> Leaves {
    Leaves((0..size).map(|index| leaf_hash(&data(index))).collect())
}

fn other(size: u64) -> MemoryBackedTree<Sha256, Vec<u8>> {
    let mut tree = MemoryBackedTree::new();
    (0..size).for_each(|index| tree.push(data(index)));
    tree
}

fn flat(path: &[Hash]) -> Vec<u8> {
    path.concat()
}

/// A reader over the nodes that appending completed, without access to leaves.
struct Stored(std::collections::HashMap<(u8, u64), Hash>);

impl NodeReader for Stored {
    type Error = MissingNode;
    fn leaf(&self, index: u64) -> Result<Hash, MissingNode> {
        self.node(0, index)
    }
    fn node(&self, level: u8, index: u64) -> Result<Hash, MissingNode> {
        self.0.get(&(level, index)).copied().ok_or(MissingNode { level, index })
    }
}

#[test]
fn known_answers_of_rfc_6962() {
    // Test vectors of the Certificate Transparency reference implementation.
    let inputs =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let unhex = |text: &str| -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    };
    let mut tree = Frontier::default();
    assert_eq!(hex(&tree.root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (input, expected) in inputs.iter().zip(roots) {
        tree.push(leaf_hash(&unhex(input)));
        assert_eq!(hex(&tree.root()), expected);
    }
}

#[test]
fn small_trees_agree_with_another_implementation_in_every_proof() {
    for size in 1..=40 {
        let (mine, theirs) = (leaves(size), other(size));
        let total = root(&mine, size).unwrap();
        assert_eq!(total.as_slice(), theirs.root().as_bytes().as_slice());
        for index in 0..size {
            let path = inclusion_proof(&mine, index, size).unwrap();
            assert_eq!(flat(&path), theirs.prove_inclusion(index as usize).as_bytes(), "{index} of {size}");
            assert!(verify_inclusion(&mine.0[index as usize], index, size, &path, &total));
        }
        for old in 1..size {
            let path = consistency_proof(&mine, old, size).unwrap();
            let before = root(&mine, old).unwrap();
            assert_eq!(
                flat(&path),
                theirs.prove_consistency((size - old) as usize).as_bytes(),
                "{old} to {size}"
            );
            assert!(verify_consistency(old, &before, size, &total, &path));
        }
    }
}

#[test]
fn a_proof_proves_nothing_else() {
    for size in 1..=20 {
        let tree = leaves(size);
        let total = root(&tree, size).unwrap();
        for index in 0..size {
            let path = inclusion_proof(&tree, index, size).unwrap();
            let leaf = tree.0[index as usize];
            // At the size that the checkpoint signs; a root alone does not determine the size.
            for other in (0..=size).filter(|other| *other != index) {
                assert!(!verify_inclusion(&leaf, other, size, &path, &total), "{index} as {other} of {size}");
            }
            for at in 0..path.len() {
                let mut damaged = path.clone();
                damaged[at][0] ^= 1;
                assert!(!verify_inclusion(&leaf, index, size, &damaged, &total));
                let mut short = path.clone();
                short.remove(at);
                assert!(!verify_inclusion(&leaf, index, size, &short, &total));
            }
            let mut long = path.clone();
            long.push(leaf);
            assert!(!verify_inclusion(&leaf, index, size, &long, &total));
            assert!(!verify_inclusion(&leaf_hash(b"other"), index, size, &path, &total));
        }
    }
}

#[test]
fn a_changed_history_is_inconsistent() {
    for new in 2..=24 {
        let tree = leaves(new);
        let total = root(&tree, new).unwrap();
        for old in 1..new {
            let path = consistency_proof(&tree, old, new).unwrap();
            let mut forked = tree.clone();
            forked.0[(old - 1) as usize][7] ^= 1;
            let before = root(&forked, old).unwrap();
            assert!(!verify_consistency(old, &before, new, &total, &path));
            let before = root(&tree, old).unwrap();
            for at in 0..path.len() {
                let mut damaged = path.clone();
                damaged[at][0] ^= 1;
                assert!(!verify_consistency(old, &before, new, &total, &damaged), "{old} {new} {at}");
            }
            assert!(!verify_consistency(old, &before, new, &total, &path[1..]));
            assert!(!verify_consistency(new, &total, old, &before, &path));
        }
        assert!(verify_consistency(new, &total, new, &total, &[]));
        assert!(!verify_consistency(new, &total, new, &leaf_hash(b""), &[]));
        assert!(!verify_consistency(new, &total, new, &total, &[total]));
        assert!(verify_consistency(0, &empty_root(), new, &total, &[]));
        assert!(!verify_consistency(0, &total, new, &total, &[]));
    }
}

#[test]
fn nothing_is_proved_outside_the_tree() {
    let tree = leaves(4);
    assert_eq!(inclusion_proof(&tree, 4, 4), Ok(vec![]));
    assert!(!verify_inclusion(&tree.0[0], 4, 4, &[], &tree.0[0]));
    assert!(!verify_inclusion(&tree.0[0], 0, 0, &[], &tree.0[0]));
    assert_eq!(consistency_proof(&tree, 4, 4), Ok(vec![]));
    assert_eq!(consistency_proof(&tree, 5, 4), Ok(vec![]));
    assert_eq!(inclusion_proof(&tree, 0, 5), Err(MissingNode { level: 0, index: 4 }));
}

#[test]
fn the_edge_survives_storage() {
    let mut tree = Frontier::default();
    for index in 0..70 {
        assert_eq!(Frontier::from_bytes(&tree.to_bytes()).as_ref(), Some(&tree));
        tree.push(leaf_hash(&data(index)));
    }
    let bytes = tree.to_bytes();
    assert_eq!(Frontier::from_bytes(&bytes[..bytes.len() - 1]), None);
    assert_eq!(Frontier::from_bytes(&bytes[..40]), None);
    assert_eq!(Frontier::from_bytes(&[]), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Large trees: proofs made from stored nodes are verified by the other implementation.
    #[test]
    fn large_trees_agree(size in 1_u64..2_000, a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
        let mut tree = Frontier::default();
        let mut stored = Stored(Default::default());
        for index in 0..size {
            for node in tree.push(leaf_hash(&data(index))) {
                prop_assert!(stored.0.insert((node.level, node.index), node.hash).is_none());
            }
        }
        let theirs = other(size);
        prop_assert_eq!(tree.root().to_vec(), theirs.root().as_bytes().to_vec());
        prop_assert_eq!(root(&stored, size).unwrap(), tree.root());

        let index = a.index(size as usize) as u64;
        let path = inclusion_proof(&stored, index, size).unwrap();
        prop_assert_eq!(&path, &inclusion_proof(&leaves(size), index, size).unwrap());
        let proof = InclusionProof::<Sha256>::try_from_bytes(flat(&path)).unwrap();
        prop_assert!(theirs.root().verify_inclusion(&data(index), index, &proof).is_ok());
        prop_assert!(verify_inclusion(&leaf_hash(&data(index)), index, size, &path, &tree.root()));

        let old = b.index(size as usize) as u64 + 1;
        let path = consistency_proof(&stored, old, size).unwrap();
        let before = root(&stored, old).unwrap();
        prop_assert!(verify_consistency(old, &before, size, &tree.root(), &path));
        if old < size {
            let proof = ConsistencyProof::<Sha256>::try_from_bytes(flat(&path)).unwrap();
            prop_assert!(theirs.root().verify_consistency(&other(old).root(), &proof).is_ok());
        }
    }

    /// No proof makes the check panic or run long.
    #[test]
    fn checks_never_panic(index: u64, size: u64, path in prop::collection::vec(any::<Hash>(), 0..70), hash: Hash) {
        prop_assert!(!verify_inclusion(&hash, index, size, &path, &[0; 32]));
        prop_assert!(!verify_consistency(index, &hash, size, &[0; 32], &path) || hash == [0; 32]);
    }
}
