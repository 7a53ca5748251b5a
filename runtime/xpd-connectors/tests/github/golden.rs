//! The exact requests of each action, one line per request, with object ids numbered by first mention.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::world::{SHOP, World, repo};

/// The requests since the last call.
fn wire(world: &World) -> Vec<String> {
    let lines = world.forge.take_requests().into_iter().map(|request| {
        assert_eq!(request.login.as_deref(), Some("xp-bot"));
        let body = if request.body.is_null() { String::new() } else { format!(" {}", request.body) };
        format!("{} {}{body} -> {}", request.method, request.path, request.status)
    });
    numbered(&lines.collect::<Vec<_>>().join("\n")).lines().map(str::to_owned).collect()
}

/// The text with every object id replaced by its number.
fn numbered(text: &str) -> String {
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let id = rest.get(..40).filter(|id| id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
        if let Some(id) = id {
            let next = known.len() + 1;
            out.push_str(&format!("#{}", known.entry(id.to_owned()).or_insert(next)));
            rest = &rest[40..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

async fn sent(world: &World, action: &str, args: Value) -> Vec<String> {
    world.forge.take_requests();
    world.act(action, args).await;
    wire(world)
}

#[tokio::test]
async fn issues() {
    let world = World::new();
    world.forge.seed_issue(SHOP, "acme", "one", "", &["high priority"]).unwrap();
    assert_eq!(
        sent(&world, "issues.search", json!({ "repo": repo(), "label": "high priority" })).await,
        [
            "GET /search/issues?q=repo%3Aacme%2Fshop%20label%3A%22high%20priority%22%20state%3Aopen%20is%3Aissue\
          &sort=created&order=asc&per_page=100 -> 200"
        ]
    );
    assert_eq!(
        sent(&world, "issues.create", json!({ "repo": repo(), "title": "T", "body": "B" })).await,
        [r#"POST /repos/acme/shop/issues {"title":"T","body":"B\n\nXp-Grant: grant-0001"} -> 201"#]
    );
    assert_eq!(
        sent(&world, "issues.read", json!({ "repo": repo(), "number": 1 })).await,
        [
            "GET /repos/acme/shop/issues/1 -> 200",
            "GET /repos/acme/shop/issues/1/comments?per_page=100&page=1 -> 200",
        ]
    );
    assert_eq!(
        sent(&world, "issues.comment", json!({ "repo": repo(), "number": 1, "body": "B\n" })).await,
        [
            "GET /repos/acme/shop/issues/1 -> 200",
            r#"POST /repos/acme/shop/issues/1/comments {"body":"B\n\nXp-Grant: grant-0001"} -> 201"#,
        ]
    );
    world.sound();
}

#[tokio::test]
async fn contents() {
    let world = World::new();
    world.forge.push(SHOP, "fix/1", "acme", "Start", &[("src/lib.rs", "1\n".into())]).unwrap();
    assert_eq!(
        sent(&world, "contents.read", json!({ "repo": repo(), "path": "src/lib.rs", "at": "fix/1" })).await,
        [
            "GET /repos/acme/shop/git/ref/heads/fix/1 -> 200",
            "GET /repos/acme/shop/git/commits/#1 -> 200",
            "GET /repos/acme/shop/git/trees/#2 -> 200",
            "GET /repos/acme/shop/git/trees/#3 -> 200",
            "GET /repos/acme/shop/git/blobs/#4 -> 200",
        ]
    );
    let args = json!({ "repo": repo(), "branch": "fix/1", "path": "src/lib.rs", "text": "2\n" });
    assert_eq!(
        sent(&world, "contents.write", args).await,
        [
            "GET /repos/acme/shop -> 200",
            "GET /repos/acme/shop/git/ref/heads/fix/1 -> 200",
            "GET /repos/acme/shop/git/commits/#1 -> 200",
            "GET /repos/acme/shop/git/trees/#2 -> 200",
            "GET /repos/acme/shop/git/trees/#3 -> 200",
            r#"POST /repos/acme/shop/git/blobs {"content":"Mgo=","encoding":"base64"} -> 201"#,
            concat!(
                r##"POST /repos/acme/shop/git/trees {"base_tree":"#2","tree":[{"path":"src/lib.rs","##,
                r##""mode":"100644","type":"blob","sha":"#4"}]} -> 201"##
            ),
            "GET /repos/acme/shop/git/trees/#5 -> 200",
            "GET /repos/acme/shop/git/trees/#6 -> 200",
            concat!(
                r##"POST /repos/acme/shop/git/commits {"message":"Change one file\n\nXp-Grant: grant-0001","##,
                r##""tree":"#5","parents":["#1"]} -> 201"##
            ),
            "GET /repos/acme/shop/git/commits/#7 -> 200",
            r##"PATCH /repos/acme/shop/git/refs/heads/fix/1 {"sha":"#7","force":false} -> 200"##,
        ]
    );
    world.sound();
}

#[tokio::test]
async fn branches() {
    let world = World::new();
    assert_eq!(
        sent(&world, "branches.create", json!({ "repo": repo(), "name": "fix/1", "from": "main" })).await,
        [
            "GET /repos/acme/shop -> 200",
            "GET /repos/acme/shop/git/ref/heads/fix/1 -> 404",
            "GET /repos/acme/shop/git/ref/heads/main -> 200",
            r##"POST /repos/acme/shop/git/refs {"ref":"refs/heads/fix/1","sha":"#1"} -> 201"##,
        ]
    );
    world.sound();
}

#[tokio::test]
async fn pulls() {
    let world = World::new();
    let commit = world.forge.push(SHOP, "fix/1", "xp-bot", "Work", &[("new", "n\n".into())]).unwrap();
    let args = json!({
        "repo": repo(), "head": "fix/1", "base": "main", "commit": commit, "title": "T", "body": "B",
    });
    assert_eq!(
        sent(&world, "pulls.ensure", args).await,
        [
            "GET /repos/acme/shop -> 200",
            "GET /repos/acme/shop/git/ref/heads/fix/1 -> 200",
            "GET /repos/acme/shop/git/ref/heads/main -> 200",
            "GET /repos/acme/shop/pulls?state=open&head=acme%3Afix%2F1&base=main -> 200",
            concat!(
                r#"POST /repos/acme/shop/pulls {"title":"T","head":"fix/1","base":"main","#,
                r#""body":"B\n\nXp-Grant: grant-0001"} -> 201"#
            ),
        ]
    );
    assert_eq!(
        sent(&world, "pulls.read", json!({ "repo": repo(), "number": 1 })).await,
        [
            "GET /repos/acme/shop/pulls/1 -> 200",
            "GET /repos/acme/shop/git/ref/heads/main -> 200",
            "GET /repos/acme/shop/compare/#1...#2 -> 200",
        ]
    );
    let args = json!({ "repo": repo(), "number": 1, "commit": commit, "body": "B", "verdict": "comment" });
    assert_eq!(
        sent(&world, "pulls.review", args).await,
        [
            "GET /repos/acme/shop/pulls/1 -> 200",
            concat!(
                r##"POST /repos/acme/shop/pulls/1/reviews {"commit_id":"#1","event":"COMMENT","##,
                r##""body":"B\n\nXp-Grant: grant-0001"} -> 200"##
            ),
        ]
    );
    let args = json!({ "repo": repo(), "number": 1, "commit": commit, "onto": world.main });
    assert_eq!(
        sent(&world, "pulls.merge", args).await,
        [
            "GET /repos/acme/shop -> 200",
            "GET /repos/acme/shop/pulls/1 -> 200",
            "GET /repos/acme/shop/git/ref/heads/main -> 200",
            "GET /repos/acme/shop/compare/#1...#2?per_page=1&page=2 -> 200",
            "GET /repos/acme/shop/git/commits/#2 -> 200",
            concat!(
                r##"PUT /repos/acme/shop/pulls/1/merge {"sha":"#2","merge_method":"merge","##,
                r##""commit_title":"Merge pull request #1","commit_message":"Xp-Grant: grant-0001"} -> 200"##
            ),
            "GET /repos/acme/shop/git/commits/#3 -> 200",
            "GET /repos/acme/shop/pulls/1 -> 200",
        ]
    );
    world.sound();
}
