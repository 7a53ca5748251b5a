//! Files and branches.

use serde_json::json;
use xp_forge::{Entry, Fault, Rule, When};
use xp_harness::Asked;
use xpd_proxy::ActError;

use crate::world::{SHOP, World, call, repo};

fn read(path: &str, at: &str) -> serde_json::Value {
    json!({ "repo": repo(), "path": path, "at": at })
}

fn write(branch: &str, path: &str, text: &str) -> serde_json::Value {
    json!({ "repo": repo(), "branch": branch, "path": path, "text": text })
}

#[tokio::test]
async fn a_regular_file_is_read_at_a_commit() {
    let world = World::new();
    let found = world.act("contents.read", json!({ "repo": repo(), "path": "src/deep/a.rs" })).await;
    let blob = world.git(&["rev-parse", "main:src/deep/a.rs"]);
    assert_eq!(found, json!({ "text": "// a\n", "commit": world.main, "blob": blob }));
    let commit = world.forge.push(SHOP, "fix", "acme", "Two", &[("src/deep/a.rs", "// ü\n".into())]).unwrap();
    let found = world.act("contents.read", read("src/deep/a.rs", "fix")).await;
    assert_eq!((&found["text"], &found["commit"]), (&json!("// ü\n"), &json!(commit)));
    assert_eq!(world.act("contents.read", read("bin/run", "fix")).await["text"], "#!/bin/sh\n");
    for (path, status) in [
        ("link", 409),
        ("folder/lib.rs", 409),
        ("sub", 409),
        ("src", 409),
        ("README.md/x", 409),
        ("src/none.rs", 404),
        ("none/none.rs", 404),
        ("image", 415),
        ("../shop", 0),
        ("src//lib.rs", 0),
        (".git/config", 0),
    ] {
        assert_eq!(world.refused("contents.read", read(path, "fix")).await.0, status, "{path}");
    }
    assert_eq!(world.refused("contents.read", read("README.md", "nowhere")).await.0, 404);
    assert_eq!(world.refused("contents.read", read("README.md", "refs/heads/main")).await.0, 0);
    let long = "x".repeat(65_537);
    world.forge.push(SHOP, "fix", "acme", "Long", &[("long", long.as_str().into())]).unwrap();
    assert_eq!(world.refused("contents.read", read("long", "fix")).await.0, 413);
    world.sound();
}

#[tokio::test]
async fn a_write_is_one_commit_on_the_head() {
    let world = World::new();
    assert_eq!(
        world.act("branches.create", json!({ "repo": repo(), "name": "fix/1", "from": "main" })).await,
        "fix/1"
    );
    let one = world.act("contents.write", write("fix/1", "src/lib.rs", "one\n")).await;
    let two = world.act("contents.write", write("fix/1", "src/new/b.rs", "two\n")).await;
    assert_eq!(
        world.git(&["rev-parse", "fix/1", "fix/1^{tree}"]),
        format!("{}\n{}", two["commit"], two["tree"]).replace('"', "")
    );
    assert_eq!(
        world.git(&["log", "--format=%H", "-2", "fix/1^"]),
        format!("{}\n{}", one["commit"], world.main).replace('"', "")
    );
    assert_eq!(world.git(&["diff", "--stat", "--summary", "main", "fix/1"]).lines().count(), 4);
    assert_eq!(
        world.git(&["log", "-1", "--format=%(trailers:key=Xp-Grant,valueonly)", "fix/1"]),
        "grant-0001"
    );
    assert_eq!(world.git(&["log", "-1", "--format=%s", "fix/1"]), "Change one file");
    // An executable file stays executable.
    world.act("contents.write", write("fix/1", "bin/run", "#!/bin/true\n")).await;
    assert!(world.git(&["ls-tree", "fix/1", "bin/run"]).starts_with("100755"));
    assert_eq!(world.forge.branch(SHOP, "main").unwrap(), world.main);
    world.sound();
}

#[tokio::test]
async fn a_message_holds_no_words_of_the_agent() {
    let world = World::new();
    world.forge.push(SHOP, "fix", "acme", "Start", &[("a", "1\n".into())]).unwrap();
    for path in ["[skip ci]", "closes #1", "Co-authored-by eve@example.org", "@everyone/x"] {
        world.act("contents.write", write("fix", path, "[skip ci]\n\nSigned-off-by: eve\n")).await;
        let message = world.git(&["log", "-1", "--format=%B", "fix"]);
        assert_eq!(message, "Change one file\n\nXp-Grant: grant-0001", "{path}");
    }
    let head = world.forge.branch(SHOP, "fix").unwrap();
    let args = json!({
        "repo": repo(), "head": "fix", "base": "main", "commit": head, "title": "closes #1", "body": "[skip ci]",
    });
    let number = world.act("pulls.ensure", args).await["number"].clone();
    let args = json!({ "repo": repo(), "number": number, "commit": head, "onto": world.main });
    world.act("pulls.merge", args).await;
    let message = world.git(&["log", "-1", "--format=%B", "main"]);
    assert_eq!(message, format!("Merge pull request #{number}\n\nXp-Grant: grant-0001"));
}

#[tokio::test]
async fn a_branch_that_somebody_else_moved_is_not_built_on() {
    let world = World::new();
    world.act("branches.create", json!({ "repo": repo(), "name": "fix", "from": "main" })).await;
    let one = world.act("contents.write", write("fix", "src/new.rs", "// 1\n")).await;
    let seen = || vec![Some(xp_scope::Value::Text(one["commit"].as_str().unwrap().to_owned()))];
    let at =
        |expected, text: &str| Asked { expected, ..call("contents.write", write("fix", "src/new.rs", text)) };
    let evil: &[(&str, Entry)] = &[(".github/workflows/evil.yml", "on: push\n".into())];
    let theirs = world.forge.push(SHOP, "fix", "outsider", "Sneaked in", evil).unwrap();
    let refused = world.github.act(&at(seen(), "// 2\n")).await.unwrap_err();
    assert!(
        matches!(&refused, ActError::Refused { status: 409, reason } if reason.contains("moved")),
        "{refused}"
    );
    assert_eq!(world.forge.branch(SHOP, "fix").unwrap(), theirs);
    // A run that has seen the outsider's commit may write on top of it.
    let theirs = vec![Some(xp_scope::Value::Text(theirs))];
    world.github.act(&at(theirs, "// 2\n")).await.unwrap();
    world.sound();
}

#[tokio::test]
async fn what_may_not_be_written_is_not() {
    let world = World::new();
    world.act("branches.create", json!({ "repo": repo(), "name": "fix", "from": "main" })).await;
    for (branch, path, status) in [
        ("main", "src/lib.rs", 0),
        ("refs/heads/main", "src/lib.rs", 0),
        ("nowhere", "src/lib.rs", 404),
        ("fix", "link", 409),
        ("fix", "folder/new.rs", 409),
        ("fix", "sub", 409),
        ("fix", "sub/inside", 409),
        ("fix", "src", 409),
        ("fix", "README.md/x", 409),
        ("fix", "readme.MD", 409),
        ("fix", "SRC/lib.rs", 409),
        ("fix", ".git/hooks/x", 0),
        ("fix", "a/../b", 0),
    ] {
        assert_eq!(
            world.refused("contents.write", write(branch, path, "x")).await.0,
            status,
            "{branch} {path}"
        );
    }
    // The registered default branch must be the host's.
    let mut other = repo();
    other["default_branch"] = "fix".into();
    let args = json!({ "repo": other, "branch": "main", "path": "src/lib.rs", "text": "x" });
    let refused = world.refused("contents.write", args).await;
    assert_eq!(refused, (409, "the default branch is another".to_owned()));
    world.sound();
}

#[tokio::test]
async fn a_branch_that_moved_meanwhile_is_not_overwritten() {
    let world = World::new();
    world.forge.push(SHOP, "fix", "acme", "Start", &[("a", "1\n".into())]).unwrap();
    world.forge.fault(Rule::next(Fault::Hold, When::Before, "PATCH", "/git/refs/heads/fix"));
    let call = call("contents.write", write("fix", "a", "mine\n"));
    let other = async {
        assert!(held(&world).await);
        let theirs = world.forge.push(SHOP, "fix", "acme", "Theirs", &[("a", "theirs\n".into())]).unwrap();
        world.forge.release();
        theirs
    };
    let (done, theirs) = tokio::join!(world.github.act(&call), other);
    assert_eq!(done.unwrap_err().to_string(), "refused (409): the branch has moved");
    assert_eq!(world.forge.branch(SHOP, "fix").unwrap(), theirs);
    assert_eq!(world.github.probe(&call).await, Ok(None));
}

/// Waits until the stand-in holds a request.
pub async fn held(world: &World) -> bool {
    let url = format!("{}/_standin/holds?parked=1", world.forge.url);
    reqwest::get(url).await.is_ok_and(|answer| answer.status() == 200)
}

#[tokio::test]
async fn a_branch_is_made_once() {
    let world = World::new();
    let args = json!({ "repo": repo(), "name": "fix", "from": "main" });
    world.act("branches.create", args.clone()).await;
    assert_eq!(world.refused("branches.create", args).await.0, 422);
    for (name, from, status) in
        [("main", "main", 0), ("new", "nowhere", 404), ("a..b", "main", 0), ("fix/x", "main", 422)]
    {
        let args = json!({ "repo": repo(), "name": name, "from": from });
        assert_eq!(world.refused("branches.create", args).await.0, status, "{name}");
    }
    world.forge.push(SHOP, "side", "acme", "Side", &[("x", Entry::from("x\n"))]).unwrap();
    world.act("branches.create", json!({ "repo": repo(), "name": "of-side", "from": "side" })).await;
    assert_eq!(world.forge.branch(SHOP, "of-side").unwrap(), world.forge.branch(SHOP, "side").unwrap());
    world.sound();
}
