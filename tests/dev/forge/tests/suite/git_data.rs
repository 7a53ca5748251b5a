//! Contents, refs, commits, trees and blobs, compared with git.

use serde_json::json;
use xp_forge::Entry;

use crate::client::{As, forge, git, sound};

const REPO: &str = "/repos/acme/shop";
const ABSENT: &str = "1111111111111111111111111111111111111111";

#[tokio::test]
async fn a_file_written_by_path_is_a_commit_of_git() {
    let forge = forge();
    let bot = As(&forge, "xp-bot");
    let head = forge.branch("acme/shop", "main").unwrap();
    bot.post(&format!("{REPO}/git/refs"), json!({ "ref": "refs/heads/fix/1", "sha": head })).await.is(201);

    let put = |message: &str, content: &str, sha: Option<&str>| {
        let mut body = json!({ "message": message, "content": content, "branch": "fix/1" });
        if let Some(sha) = sha {
            body["sha"] = sha.into();
        }
        body
    };
    let path = format!("{REPO}/contents/src/new.rs");
    let made = bot.put(&path, put("Add it", "bmV3Cg==", None)).await.is(201);
    let commit = made.text_at("/commit/sha");
    let blob = made.text_at("/content/sha");
    assert_eq!(git(&forge, &["cat-file", "blob", &blob]), "new");
    assert_eq!(git(&forge, &["log", "-1", "--format=%s|%an|%P", "fix/1"]), format!("Add it|xp-bot|{head}"));
    assert_eq!(git(&forge, &["rev-parse", "fix/1"]), commit);
    assert_eq!(git(&forge, &["diff", "--name-only", "main", "fix/1"]), "src/new.rs");

    let unnamed = bot.put(&path, put("Change", "Mgo=", None)).await.is(422);
    assert!(unnamed.text_at("/message").contains("\"sha\" wasn't supplied"));
    bot.put(&path, put("Change", "Mgo=", Some(ABSENT))).await.is(409);
    bot.put(&path, put("Change", "***", Some(&blob))).await.is(422);
    bot.put(&path, put("Change", "Mgo=", Some(&blob))).await.is(200);
    assert_eq!(git(&forge, &["show", "fix/1:src/new.rs"]), "2");
    let lost = json!({ "message": "m", "content": "Mgo=", "branch": "nowhere" });
    bot.put(&path, lost).await.is(404);
    let odd = json!({ "message": "m", "content": "Mgo=", "branch": "fix/1" });
    bot.put(&format!("{REPO}/contents/a/.git/config"), odd).await.is(422);
    sound(&forge);
}

#[tokio::test]
async fn files_and_folders_are_read_at_a_ref() {
    let forge = forge();
    let bot = As(&forge, "xp-bot");
    let old = forge.branch("acme/shop", "main").unwrap();
    forge.push("acme/shop", "main", "acme", "Two", &[("src/lib.rs", "two\n".into())]).unwrap();

    let now = bot.get(&format!("{REPO}/contents/src/lib.rs")).await.is(200);
    assert_eq!(now.at("/content"), "dHdvCg==\n");
    let then = bot.get(&format!("{REPO}/contents/src/lib.rs?ref={old}")).await.is(200);
    assert_eq!(then.text_at("/sha"), git(&forge, &["rev-parse", &format!("{old}:src/lib.rs")]));
    let folder = bot.get(&format!("{REPO}/contents/src")).await.is(200);
    let kinds: Vec<_> =
        folder.json().as_array().unwrap().iter().map(|it| (it["path"].clone(), it["type"].clone())).collect();
    assert_eq!(kinds, [(json!("src/deep"), json!("dir")), (json!("src/lib.rs"), json!("file"))]);
    assert_eq!(bot.get(&format!("{REPO}/contents/")).await.is(200).json().as_array().unwrap().len(), 4);
    // For a link GitHub returns the file it leads to.
    let linked = bot.get(&format!("{REPO}/contents/link?ref={old}")).await.is(200);
    assert_eq!((linked.at("/type"), linked.at("/sha")), (json!("file"), then.at("/sha")));
    bot.get(&format!("{REPO}/contents/src/none.rs")).await.is(404);
    let nowhere = bot.get(&format!("{REPO}/contents/src/lib.rs?ref=nowhere")).await.is(404);
    assert_eq!(nowhere.at("/message"), "No commit found for the ref nowhere");
    sound(&forge);
}

#[tokio::test]
async fn a_commit_is_built_from_its_parts() {
    let forge = forge();
    let bot = As(&forge, "xp-bot");
    let head = forge.branch("acme/shop", "main").unwrap();
    let base = bot.get(&format!("{REPO}/git/commits/{head}")).await.is(200).text_at("/tree/sha");
    let blob = bot
        .post(&format!("{REPO}/git/blobs"), json!({ "content": "aGkK", "encoding": "base64" }))
        .await
        .is(201)
        .text_at("/sha");
    assert_eq!(bot.get(&format!("{REPO}/git/blobs/{blob}")).await.is(200).at("/content"), "aGkK\n");
    let lines = json!([
        { "path": "src/hi.rs", "mode": "100644", "type": "blob", "sha": blob },
        { "path": "src/deep", "mode": "100755", "type": "blob", "content": "a file now\n" },
        { "path": "README.md", "mode": "100644", "type": "blob", "sha": null },
    ]);
    let tree = bot
        .post(&format!("{REPO}/git/trees"), json!({ "base_tree": base, "tree": lines }))
        .await
        .is(201)
        .text_at("/sha");
    assert_eq!(
        git(&forge, &["ls-tree", "-r", "--name-only", &tree]),
        "bin/run\nlink\nsrc/deep\nsrc/hi.rs\nsrc/lib.rs"
    );
    let all = bot.get(&format!("{REPO}/git/trees/{tree}?recursive=1")).await.is(200);
    let paths: Vec<_> = all.at("/tree").as_array().unwrap().iter().map(|it| it["path"].clone()).collect();
    assert_eq!(paths, ["bin", "bin/run", "link", "src", "src/deep", "src/hi.rs", "src/lib.rs"]);
    assert_eq!(bot.get(&format!("{REPO}/git/trees/main")).await.is(200).text_at("/sha"), base);

    let message = "Both\n\nXp-Grant: 1";
    let body = json!({ "message": message, "tree": tree, "parents": [head] });
    let made = bot.post(&format!("{REPO}/git/commits"), body).await.is(201);
    let commit = made.text_at("/sha");
    assert_eq!(git(&forge, &["log", "-1", "--format=%T|%P", &commit]), format!("{tree}|{head}"));
    assert_eq!(git(&forge, &["log", "-1", "--format=%B", &commit]), message);
    assert_eq!(bot.get(&format!("{REPO}/git/commits/{commit}")).await.is(200).json(), made.json());

    for (path, body) in [
        ("commits", json!({ "message": "m", "tree": ABSENT })),
        ("commits", json!({ "message": "m", "tree": tree, "parents": [ABSENT] })),
        ("commits", json!({ "message": "m", "tree": blob })),
        ("trees", json!({ "tree": [{ "path": "a", "mode": "100644", "type": "blob", "sha": ABSENT }] })),
        ("trees", json!({ "tree": [{ "path": "a/.git/b", "mode": "100644", "type": "blob", "sha": blob }] })),
        ("trees", json!({ "tree": [{ "path": "../a", "mode": "100644", "type": "blob", "sha": blob }] })),
        ("trees", json!({ "base_tree": ABSENT, "tree": [] })),
        ("blobs", json!({ "content": "***", "encoding": "base64" })),
    ] {
        bot.post(&format!("{REPO}/git/{path}"), body).await.is(422);
    }
    for path in ["commits", "trees", "blobs"] {
        bot.get(&format!("{REPO}/git/{path}/{ABSENT}")).await.is(404);
    }
    sound(&forge);
}

#[tokio::test]
async fn refs_move_forward_only_unless_forced() {
    let forge = forge();
    let bot = As(&forge, "xp-bot");
    let one = forge.branch("acme/shop", "main").unwrap();
    let two = forge.push("acme/shop", "next", "acme", "Two", &[("two", "2\n".into())]).unwrap();
    let refs = format!("{REPO}/git/refs");
    let made = bot.post(&refs, json!({ "ref": "refs/heads/a/b", "sha": one })).await.is(201);
    assert_eq!(bot.get(&format!("{REPO}/git/ref/heads/a/b")).await.is(200).json(), made.json());
    let again = bot.post(&refs, json!({ "ref": "refs/heads/a/b", "sha": two })).await.is(422);
    assert_eq!(again.at("/message"), "Reference already exists");
    for body in [
        json!({ "ref": "refs/heads/x", "sha": ABSENT }),
        json!({ "ref": "heads/x", "sha": one }),
        json!({ "ref": "refs/heads/..", "sha": one }),
        json!({ "ref": "refs/heads/a", "sha": one }),
        json!({ "ref": "refs/heads/x" }),
    ] {
        bot.post(&refs, body).await.is(422);
    }
    bot.patch(&format!("{refs}/heads/a/b"), json!({ "sha": two, "force": false })).await.is(200);
    let back = bot.patch(&format!("{refs}/heads/a/b"), json!({ "sha": one })).await.is(422);
    assert_eq!(back.at("/message"), "Update is not a fast forward");
    assert_eq!(git(&forge, &["rev-parse", "a/b"]), two);
    bot.patch(&format!("{refs}/heads/a/b"), json!({ "sha": one, "force": true })).await.is(200);
    assert_eq!(git(&forge, &["rev-parse", "a/b"]), one);
    bot.patch(&format!("{refs}/heads/none"), json!({ "sha": one })).await.is(422);

    let listed = bot.get(&format!("{REPO}/branches")).await.is(200);
    let names: Vec<_> = listed.json().as_array().unwrap().iter().map(|it| it["name"].clone()).collect();
    assert_eq!(names, ["a/b", "main", "next"]);
    assert_eq!(bot.get(&format!("{REPO}/branches/a%2Fb")).await.is(200).text_at("/commit/sha"), one);
    bot.get(&format!("{REPO}/branches/none")).await.is(404);
    let same = bot.get(&format!("{REPO}/git/matching-refs/heads/a")).await.is(200);
    assert_eq!(same.json().as_array().unwrap().len(), 1);

    bot.delete(&format!("{refs}/heads/a/b")).await.is(204);
    bot.delete(&format!("{refs}/heads/a/b")).await.is(422);
    bot.delete(&format!("{refs}/heads/main")).await.is(422);
    bot.get(&format!("{REPO}/git/ref/heads/a/b")).await.is(404);
    assert_eq!(git(&forge, &["for-each-ref", "--format=%(refname)"]), "refs/heads/main\nrefs/heads/next");
    sound(&forge);
}

#[tokio::test]
async fn two_commits_are_compared_from_where_they_parted() {
    let forge = forge();
    let bot = As(&forge, "xp-bot");
    let fork = forge.branch("acme/shop", "main").unwrap();
    let side = forge
        .push(
            "acme/shop",
            "side",
            "acme",
            "Side",
            &[("src/lib.rs", "one\ntwo\n".into()), ("new", "n\n".into())],
        )
        .unwrap();
    let main = forge.push("acme/shop", "main", "acme", "Main", &[("README.md", "shop!\n".into())]).unwrap();
    let seen = bot.get(&format!("{REPO}/compare/main...side")).await.is(200);
    assert_eq!(seen.at("/status"), "diverged");
    assert_eq!((seen.at("/ahead_by"), seen.at("/behind_by")), (json!(1), json!(1)));
    assert_eq!(seen.text_at("/merge_base_commit/sha"), fork);
    assert_eq!(seen.at("/files/0/filename"), "new");
    assert_eq!((seen.at("/files/1/additions"), seen.at("/files/1/deletions")), (json!(2), json!(3)));
    let text = bot.diff(&format!("{REPO}/compare/{main}...{side}")).await.is(200).text;
    assert_eq!(text.trim_end(), git(&forge, &["diff", &fork, &side]));
    assert_eq!(bot.get(&format!("{REPO}/compare/main...main")).await.is(200).at("/status"), "identical");
    let second = bot.get(&format!("{REPO}/compare/main...side?per_page=1&page=2")).await.is(200);
    assert_eq!((second.at("/files"), second.at("/commits")), (json!([]), json!([])));
    bot.get(&format!("{REPO}/compare/main...none")).await.is(404);

    let log = bot.get(&format!("{REPO}/commits?sha=side")).await.is(200);
    assert_eq!((log.text_at("/0/sha"), log.text_at("/1/sha")), (side.clone(), fork));
    let one = bot.get(&format!("{REPO}/commits/{side}")).await.is(200);
    assert_eq!(one.at("/stats/total"), 6);
    bot.get(&format!("{REPO}/commits/none")).await.is(422);
    sound(&forge);
}

#[tokio::test]
async fn reads_change_nothing() {
    let forge = forge();
    let bot = As(&forge, "xp-bot");
    let gitlink = Entry::Gitlink(forge.branch("acme/shop", "main").unwrap());
    forge.push("acme/shop", "side", "acme", "Side", &[("new", "n\n".into()), ("sub", gitlink)]).unwrap();
    forge.push("acme/shop", "main", "acme", "Main", &[("README.md", "shop!\n".into())]).unwrap();
    bot.post(&format!("{REPO}/pulls"), json!({ "title": "t", "head": "side", "base": "main" })).await.is(201);
    let before = forge.state().unwrap();
    for path in ["", "/pulls/1", "/pulls", "/pulls/1/files", "/compare/main...side", "/contents/sub?ref=side"]
    {
        bot.get(&format!("{REPO}{path}")).await.is(200);
    }
    assert_eq!(bot.get(&format!("{REPO}/pulls/1")).await.at("/mergeable"), true);
    assert_eq!(forge.state().unwrap(), before);
    let held = bot.get("/_standin/state").await.is(200);
    assert_eq!(held.text, before);
    sound(&forge);
}
