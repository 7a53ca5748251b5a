//! Faulty and malicious upstreams: redirects, failures, endless answers, false statements.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use xp_harness::{Asked, Proxied};
use xpd_connectors::github::{Config, Github};
use xpd_proxy::{ActError, Secret};

use crate::world::{call, plain, repo};

/// An upstream with one answer to every request; if `flood`, it repeats the answer without end.
async fn upstream(answer: &'static str, flood: bool) -> Proxied<Github> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = Config::new(
        &format!("http://{}", listener.local_addr().unwrap()),
        Secret::new("canary-91ab").unwrap(),
    );
    config.timeout = Duration::from_secs(10);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut bytes = [0; 4096];
                if stream.read(&mut bytes).await.is_err()
                    || stream.write_all(answer.as_bytes()).await.is_err()
                {
                    return;
                }
                let junk = [b' '; 65_536];
                while flood && stream.write_all(&junk).await.is_ok() {}
            });
        }
    });
    Proxied::new(Github::new(config).unwrap())
}

/// An upstream with answers by path, and 404 for all others.
async fn answering(answers: Vec<(&'static str, serde_json::Value)>) -> Proxied<Github> {
    answering_also(answers, axum::Router::new()).await
}

/// As [`answering`], with further routes.
async fn answering_also(
    answers: Vec<(&'static str, serde_json::Value)>,
    mut router: axum::Router,
) -> Proxied<Github> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    for (path, answer) in answers {
        router = router.route(path, axum::routing::get(async move || axum::Json(answer)));
    }
    tokio::spawn(async move { axum::serve(listener, router).await });
    Proxied::new(Github::new(Config::new(&url, Secret::new("canary-91ab").unwrap())).unwrap())
}

fn create() -> Asked {
    call("issues.create", json!({ "repo": repo(), "title": "T", "body": "B" }))
}

fn read() -> Asked {
    call("issues.read", json!({ "repo": repo(), "number": 1 }))
}

#[tokio::test]
async fn its_failures_are_told_apart_by_what_they_may_have_done() {
    for (answer, flood, effect, reading) in [
        (
            "HTTP/1.1 301 Moved\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            false,
            "301",
            "301",
        ),
        ("HTTP/1.1 307 Moved\r\nlocation: /\r\ncontent-length: 0\r\n\r\n", false, "307", "307"),
        ("HTTP/1.1 502 Bad\r\ncontent-length: 0\r\n\r\n", false, "in doubt", "not sent"),
        // A proxy on the way may answer this without knowing whether the upstream received the request.
        ("HTTP/1.1 408 Late\r\ncontent-length: 0\r\n\r\n", false, "in doubt", "not sent"),
        ("HTTP/1.1 403 No\r\ncontent-length: 11\r\n\r\ncanary-91ab", false, "403", "403"),
        ("HTTP/1.1 201 Made\r\ncontent-length: 99\r\n\r\n{", false, "in doubt", "not sent"),
        ("HTTP/1.1 201 Made\r\ncontent-length: 2\r\n\r\n{}", false, "in doubt", "not sent"),
        ("HTTP/1.1 200 Ok\r\n\r\n", true, "in doubt", "not sent"),
        ("nonsense\r\n\r\n", false, "in doubt", "not sent"),
    ] {
        let github = upstream(answer, flood).await;
        for (call, wanted) in [(create(), effect), (read(), reading)] {
            let error = github.act(&call).await.expect_err(answer);
            assert!(error.to_string().contains(wanted), "{answer:?} {}: {error}", call.action);
            assert!(!format!("{error:?}").contains("canary"));
        }
    }
}

/// A pull request from a fork by the same owner has the requested branch names.
#[tokio::test]
async fn a_pull_request_of_another_repository_is_not_the_one() {
    let (head, base) = ("a".repeat(40), "b".repeat(40));
    let pull = |from: &str| {
        json!([{
            "number": 7, "title": "T", "body": null, "state": "open",
            "head": { "ref": "fix", "sha": head, "repo": { "full_name": from } },
            "base": { "ref": "main", "sha": base, "repo": { "full_name": "acme/shop" } },
        }])
    };
    let args =
        json!({ "repo": repo(), "head": "fix", "base": "main", "commit": head, "title": "T", "body": "B" });
    for (from, found) in [("acme/fork", false), ("acme/shop", true), ("Acme/Shop", true)] {
        let reference = |name: &str, sha: &str| json!({ "ref": format!("refs/heads/{name}"), "object": { "type": "commit", "sha": sha } });
        let github = answering(vec![
            ("/repos/acme/shop/git/ref/heads/main", reference("main", &base)),
            ("/repos/acme/shop/pulls", pull(from)),
        ])
        .await;
        let probed = github.probe(&call("pulls.ensure", args.clone())).await.unwrap();
        assert_eq!(probed.is_some(), found, "{from}");
    }
}

#[tokio::test]
async fn an_upstream_that_never_answers_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = Config::new(
        &format!("http://{}", listener.local_addr().unwrap()),
        Secret::new("canary-91ab").unwrap(),
    );
    config.timeout = Duration::from_millis(50);
    let github = Proxied::new(Github::new(config).unwrap());
    assert!(matches!(github.act(&create()).await, Err(ActError::Unknown(_))));
    assert!(matches!(github.act(&read()).await, Err(ActError::NotSent(_))));
}

#[tokio::test]
async fn a_marker_that_is_none_goes_nowhere() {
    let github = upstream("HTTP/1.1 500 No\r\n\r\n", false).await;
    let call = Asked { marker: "x\ny".to_owned(), ..create() };
    assert!(matches!(github.act(&call).await, Err(ActError::NotSent(_))));
    assert!(matches!(github.probe(&call).await, Err(ActError::NotSent(_))));
}

/// GitHub has answered like this for a missing branch.
#[tokio::test]
async fn a_ref_that_only_begins_like_the_branch_is_not_it() {
    let reference =
        json!({ "ref": "refs/heads/fix-2", "object": { "type": "commit", "sha": "a".repeat(40) } });
    let github = answering(vec![("/repos/acme/shop/git/ref/heads/fix", reference)]).await;
    let args = json!({ "repo": repo(), "path": "a", "at": "fix" });
    let refused = github.act(&call("contents.read", args)).await.unwrap_err();
    assert!(matches!(refused, ActError::Refused { status: 409, .. }), "{refused}");
}

/// The commit exists and has the tree of the merge. If the pull request is not merged, it is GitHub's test
/// merge; with another parent, it is not the requested merge, whatever its tree.
#[tokio::test]
async fn a_merge_is_what_the_host_says_and_the_commit_shows() {
    let (head, base, tree) = ("a".repeat(40), "b".repeat(40), "c".repeat(40));
    let side =
        |name: &str, sha: &str| json!({ "ref": name, "sha": sha, "repo": { "full_name": "acme/shop" } });
    let pull = json!({
        "number": 7, "title": "T", "body": null, "state": "open", "merged": false,
        "head": side("fix", &head), "base": side("main", &base),
    });
    let commit = |sha: &str, parents: &[&str]| {
        let parents: Vec<_> = parents.iter().map(|sha| json!({ "sha": sha })).collect();
        json!({ "sha": sha, "tree": { "sha": tree }, "parents": parents, "message": "m" })
    };
    let trial = "d".repeat(40);
    let other = "e".repeat(40);
    for (merged, onto, diverged) in
        [(true, &base, Some(false)), (true, &other, Some(true)), (false, &base, None)]
    {
        let answer = json!({ "sha": trial, "merged": merged });
        let put = axum::routing::put(async move || axum::Json(answer));
        let github = answering_also(
            vec![
                ("/repos/acme/shop", json!({ "full_name": "acme/shop", "default_branch": "main" })),
                ("/repos/acme/shop/pulls/7", pull.clone()),
                (
                    "/repos/acme/shop/git/ref/heads/main",
                    json!({ "ref": "refs/heads/main", "object": { "type": "commit", "sha": base } }),
                ),
                (
                    "/repos/acme/shop/compare/{pair}",
                    json!({ "merge_base_commit": { "sha": base }, "ahead_by": 1, "behind_by": 0 }),
                ),
                (HEAD_COMMIT, commit(&head, &[&base])),
                (TRIAL_COMMIT, commit(&trial, &[onto, &head])),
            ],
            axum::Router::new().route("/repos/acme/shop/pulls/7/merge", put),
        )
        .await;
        let args = json!({ "repo": repo(), "number": 7, "commit": head, "onto": base });
        let ended = github.act(&call("pulls.merge", args)).await;
        match diverged {
            Some(diverged) => assert_eq!(plain(ended.unwrap())["diverged"], diverged),
            None => assert!(matches!(ended, Err(ActError::Unknown(_))), "{ended:?}"),
        }
    }
}

/// GitHub reports a merge and its commit cannot be read: a doubt, not a refusal that would return the use.
#[tokio::test]
async fn a_merge_that_is_not_read_back_is_in_doubt() {
    let (head, base, tree) = ("a".repeat(40), "b".repeat(40), "c".repeat(40));
    let side =
        |name: &str, sha: &str| json!({ "ref": name, "sha": sha, "repo": { "full_name": "acme/shop" } });
    let pull = json!({
        "number": 7, "title": "T", "body": null, "state": "open", "merged": false,
        "head": side("fix", &head), "base": side("main", &base),
    });
    let compared = json!({ "merge_base_commit": { "sha": base }, "ahead_by": 1, "behind_by": 0 });
    let commit =
        json!({ "sha": head, "tree": { "sha": tree }, "parents": [{ "sha": base }], "message": "m" });
    let args = json!({ "repo": repo(), "number": 7, "commit": head, "onto": base });
    for answer in [
        json!({ "sha": "d".repeat(40), "merged": true }),
        json!({ "sha": "nonsense", "merged": true }),
        json!({ "sha": "d".repeat(40), "merged": false }),
    ] {
        let put = axum::routing::put(async move || axum::Json(answer));
        let github = answering_also(
            vec![
                ("/repos/acme/shop", json!({ "full_name": "acme/shop", "default_branch": "main" })),
                ("/repos/acme/shop/pulls/7", pull.clone()),
                (
                    "/repos/acme/shop/git/ref/heads/main",
                    json!({ "ref": "refs/heads/main", "object": { "type": "commit", "sha": base } }),
                ),
                ("/repos/acme/shop/compare/{pair}", compared.clone()),
                (HEAD_COMMIT, commit.clone()),
            ],
            axum::Router::new().route("/repos/acme/shop/pulls/7/merge", put),
        )
        .await;
        let lost = github.act(&call("pulls.merge", args.clone())).await.unwrap_err();
        assert!(matches!(lost, ActError::Unknown(_)), "{lost}");
    }
}

/// Path of the commit `aaaa…`.
const HEAD_COMMIT: &str = "/repos/acme/shop/git/commits/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
/// Path of the commit `dddd…`.
const TRIAL_COMMIT: &str = "/repos/acme/shop/git/commits/dddddddddddddddddddddddddddddddddddddddd";
