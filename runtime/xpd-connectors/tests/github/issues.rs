//! Issues and comments.

use serde_json::json;

use crate::world::{SHOP, World, repo};

#[tokio::test]
async fn an_issue_is_made_read_and_commented() {
    let world = World::new();
    let body = "Fails in `src/lib.rs:2`, see tests/a.rs.";
    let made = world.act("issues.create", json!({ "repo": repo(), "title": "Wrong", "body": body })).await;
    assert_eq!((&made["number"], &made["title"]), (&json!(1), &json!("Wrong")));
    assert_eq!(made["body"]["paths"], json!(["src/lib.rs", "tests/a.rs"]));
    let note = world.act("issues.comment", json!({ "repo": repo(), "number": 1, "body": "I look" })).await;
    assert!(note["id"].as_u64().unwrap() > 0);
    world.forge.seed_comment(SHOP, 1, "stranger", "me too").unwrap();
    let read = world.act("issues.read", json!({ "repo": repo(), "number": 1 })).await;
    let signed = format!("{body}\n\nXp-Grant: grant-0001");
    assert_eq!(read["body"], json!({ "text": signed, "paths": ["src/lib.rs", "tests/a.rs"] }));
    let comments = json!([
        { "author": "xp-bot", "text": "I look\n\nXp-Grant: grant-0001" },
        { "author": "stranger", "text": "me too" },
    ]);
    assert_eq!(read["comments"], comments);
    world.sound();
}

#[tokio::test]
async fn a_search_finds_open_issues_of_the_repository_only() {
    let world = World::new();
    world.forge.seed_repo("acme", "other", "main", &[("a", "a\n".into())]).unwrap();
    for (name, title, labels) in [
        (SHOP, "first", vec!["high-priority"]),
        (SHOP, "low", vec!["low"]),
        ("acme/other", "elsewhere", vec!["high-priority"]),
        (SHOP, "second", vec!["low", "high-priority"]),
    ] {
        world.forge.seed_issue(name, "acme", title, "in src/lib.rs", &labels).unwrap();
    }
    let found = world.act("issues.search", json!({ "repo": repo(), "label": "high-priority" })).await;
    let titles: Vec<_> = found["issues"].as_array().unwrap().iter().map(|it| it["title"].clone()).collect();
    assert_eq!(titles, ["first", "second"]);
    assert_eq!(found["issues"][0]["body"]["paths"], json!(["src/lib.rs"]));
    for label in ["x\" repo:acme/other label:\"high-priority", "a\\", "a\nb", ""] {
        let (status, _) = world.refused("issues.search", json!({ "repo": repo(), "label": label })).await;
        assert_eq!(status, 0, "{label:?} was sent");
    }
    world.sound();
}

#[tokio::test]
async fn what_is_not_there_is_refused() {
    let world = World::new();
    world.proposed("fix/1", &[("new", "n\n".into())]).await;
    for (action, args, status) in [
        ("issues.read", json!({ "repo": repo(), "number": 9 }), 404),
        // A pull request is not an issue.
        ("issues.read", json!({ "repo": repo(), "number": 1 }), 404),
        ("issues.comment", json!({ "repo": repo(), "number": 9, "body": "x" }), 404),
        ("issues.comment", json!({ "repo": repo(), "number": 1, "body": "x" }), 404),
        ("issues.delete", json!({ "repo": repo(), "number": 1 }), 0),
        ("issues.read", json!({ "repo": repo(), "number": 0 }), 0),
        ("issues.read", json!({ "repo": repo(), "number": 1, "extra": true }), 0),
        ("issues.read", json!({ "repo": repo() }), 0),
        ("issues.comment", json!({ "repo": repo(), "number": 1, "body": "x\nXp-Grant: grant-0002" }), 0),
    ] {
        assert_eq!(world.refused(action, args).await.0, status, "{action}");
    }
    for (field, value) in
        [("owner", "a/b"), ("owner", ".."), ("name", "shop?x"), ("name", ""), ("default_branch", "-x")]
    {
        let mut repo = repo();
        repo[field] = value.into();
        let (status, _) = world.refused("issues.read", json!({ "repo": repo, "number": 1 })).await;
        assert_eq!(status, 0, "{field} {value}");
    }
    world.sound();
}
