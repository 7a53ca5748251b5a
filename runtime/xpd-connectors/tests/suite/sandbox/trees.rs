//! Repositories that would exhaust the host.

use xp_scope::Value;
use xpd_proxy::ActError;

use super::{Repository, call, part};

/// A commit whose tree contains the next level's tree `wide` times, for `levels` levels, over a tree of
/// `first`.
fn nested(repository: &Repository, branch: &str, first: &str, wide: usize, levels: usize) -> String {
    let mut tree = repository.feed(&["mktree"], first);
    for _ in 0..levels {
        let lines: String = (0..wide).map(|n| format!("040000 tree {tree}\tf{n}\n")).collect();
        tree = repository.feed(&["mktree"], &lines);
    }
    let commit = repository.git(&["commit-tree", "-p", "HEAD", "-m", "nested", &tree]);
    repository.git(&["update-ref", &format!("refs/heads/{branch}"), &commit]);
    let bare = repository.bare.display().to_string();
    repository.git(&["push", "--quiet", "--force", &bare, &format!("{branch}:{branch}")]);
    commit
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tree_without_end_is_refused_soon() {
    let repository = Repository::new();
    let sandbox = repository.sandbox(|_| {});
    let blob = repository.git(&["rev-parse", "HEAD:src/answer"]);
    let file = format!("100644 blob {blob}\tfile\n");
    for (branch, first, wide, levels, wanted) in [
        ("files", file.as_str(), 10, 12, "the tree has more than 50000 f"),
        ("empty", "", 10, 12, "the tree has more than 50000 folders"),
        ("deep", file.as_str(), 1, 130, "the tree is more than 128 folders deep"),
        ("deeper", "", 1, 1_500, "the tree is more than 128 folders deep"),
    ] {
        let commit = nested(&repository, branch, first, wide, levels);
        let begun = std::time::Instant::now();
        let refused = sandbox.act(&call(&commit, "true")).await.unwrap_err();
        assert!(begun.elapsed().as_secs() < 30, "{branch} took {:?}", begun.elapsed());
        assert!(matches!(refused, ActError::Refused { status: 422, .. }), "{branch}: {refused:?}");
        assert!(refused.to_string().contains(wanted), "{branch}: {refused}");
    }
    // The size of the tree is that of its paths, although it has few objects.
    repository.git(&["checkout", "--quiet", "-B", "wide"]);
    repository.write("big", &"x".repeat(1 << 20));
    let big = repository.commit("big");
    repository.push("wide");
    let blob = repository.git(&["rev-parse", "HEAD:big"]);
    let wide = nested(&repository, "wider", &format!("100644 blob {blob}\tbig\n"), 10, 3);
    let small = repository.sandbox(|config| config.disk_mib = 16);
    let refused = small.act(&call(&wide, "true")).await.unwrap_err();
    assert_eq!(refused.to_string(), "refused (422): the tree has more than 8388608 bytes");
    // Controls.
    assert!(small.act(&call(&big, "true")).await.is_ok());
    let fits = nested(&repository, "fits", &file, 10, 3);
    let ran = sandbox.act(&call(&fits, "test $(find . -name file | wc -l) = 1000")).await.unwrap();
    assert_eq!(part(&ran, "passed"), &Value::Bool(true), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repository_too_large_to_fetch_fills_no_disk() {
    let repository = Repository::new();
    let mut state = 1_u64;
    let noise = (0..3 << 20).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b' ' + u8::try_from(state >> 58).unwrap())
    });
    repository.write("noise", &noise.collect::<String>());
    let commit = repository.commit("noise");
    repository.push("main");
    let refused =
        repository.sandbox(|config| config.fetch_mib = 1).act(&call(&commit, "true")).await.unwrap_err();
    assert_eq!(refused.to_string(), "not sent: `git fetch` failed");
    let ran = repository.sandbox(|config| config.fetch_mib = 4).act(&call(&commit, "true")).await.unwrap();
    assert_eq!(part(&ran, "passed"), &Value::Bool(true), "{ran:?}");
}
