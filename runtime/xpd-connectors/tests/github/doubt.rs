//! Actions in doubt: connections cut before and after the effect, and the results of probes.

use serde_json::{Value, json};
use xp_forge::{Fault, Rule, When};
use xp_harness::Proxied;
use xpd_connectors::github::{Config, Github};
use xpd_proxy::{ActError, Secret};

use crate::world::{SHOP, World, call, marked, plain, repo};

/// Each action with its arguments, and method and path of the request that has its effect.
async fn actions(world: &World) -> Vec<(&'static str, Value, &'static str, &'static str)> {
    world.forge.seed_issue(SHOP, "acme", "one", "", &[]).unwrap();
    world.forge.push(SHOP, "work", "xp-bot", "Start", &[("x", "x\n".into())]).unwrap();
    let ready = world.forge.push(SHOP, "ready", "xp-bot", "Ready", &[("y", "y\n".into())]).unwrap();
    let (number, commit) = world.proposed("fix", &[("a", "a\n".into())]).await;
    vec![
        ("issues.create", json!({ "repo": repo(), "title": "T", "body": "B" }), "POST", "/issues"),
        ("issues.comment", json!({ "repo": repo(), "number": 1, "body": "B" }), "POST", "/issues/1/comments"),
        (
            "contents.write",
            json!({ "repo": repo(), "branch": "work", "path": "x", "text": "2\n" }),
            "PATCH",
            "/git/refs/heads/work",
        ),
        ("branches.create", json!({ "repo": repo(), "name": "new", "from": "main" }), "POST", "/git/refs"),
        (
            "pulls.ensure",
            json!({ "repo": repo(), "head": "ready", "base": "main", "commit": ready, "title": "T", "body": "B" }),
            "POST",
            "/pulls",
        ),
        (
            "pulls.review",
            json!({ "repo": repo(), "number": number, "commit": commit, "body": "B" }),
            "POST",
            "/reviews",
        ),
        (
            "pulls.merge",
            json!({ "repo": repo(), "number": number, "commit": commit, "onto": world.main }),
            "PUT",
            "/merge",
        ),
    ]
}

#[tokio::test]
async fn a_cut_leaves_doubt_and_a_probe_ends_it() {
    let world = World::new();
    for (action, args, method, path) in actions(&world).await {
        let call = call(action, args.clone());
        let effects = world.forge.effects().len();
        assert_eq!(world.github.probe(&call).await, Ok(None), "{action} before");

        world.forge.fault(Rule::next(Fault::Cut, When::Before, method, path));
        let lost = world.github.act(&call).await.unwrap_err();
        assert!(matches!(lost, ActError::Unknown(_)), "{action}: {lost}");
        assert_eq!(world.github.probe(&call).await, Ok(None), "{action} not done");
        assert_eq!(world.forge.effects().len(), effects, "{action}");

        world.forge.fault(Rule::next(Fault::Cut, When::After, method, path));
        let lost = world.github.act(&call).await.unwrap_err();
        assert!(matches!(lost, ActError::Unknown(_)), "{action}: {lost}");
        let found = world.github.probe(&call).await.unwrap_or_else(|error| panic!("{action}: {error}"));
        assert_eq!(world.forge.effects().len(), effects + 1, "{action}");
        assert!(found.is_some(), "{action}: the probe did not find it");

        // Another use of the same action is not mistaken for it, if the upstream can carry a marker.
        if !["branches.create", "pulls.ensure"].contains(&action) {
            let other = marked(action, args, "grant-0002");
            assert_eq!(world.github.probe(&other).await, Ok(None), "{action} of another grant");
        }
    }
    assert_eq!(world.forge.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_cut_before_the_effect_is_no_doubt() {
    let world = World::new();
    for (action, args, _, _) in actions(&world).await {
        if action == "issues.create" {
            continue;
        }
        world.forge.fault(Rule::next(Fault::Cut, When::After, "GET", "/repos/acme/shop"));
        let lost = world.github.act(&call(action, args)).await.unwrap_err();
        assert!(matches!(lost, ActError::NotSent(_)), "{action}: {lost}");
    }
    // Objects to which nothing refers are not an effect.
    for path in ["/git/blobs", "/git/trees", "/git/commits"] {
        world.forge.fault(Rule::next(Fault::Cut, When::After, "POST", path));
        let args = json!({ "repo": repo(), "branch": "work", "path": "x", "text": "3\n" });
        let lost = world.github.act(&call("contents.write", args)).await.unwrap_err();
        assert!(matches!(lost, ActError::NotSent(_)), "{path}: {lost}");
    }
    assert_eq!(world.forge.effects().len(), 1, "the pull request that was seeded");
}

#[tokio::test]
async fn the_result_of_a_probe_is_the_result_of_the_act() {
    let world = World::new();
    for (action, args, _, _) in actions(&world).await {
        let call = call(action, args);
        let done = plain(world.github.act(&call).await.unwrap());
        let found = plain(world.github.probe(&call).await.unwrap().unwrap());
        assert_eq!(found, done, "{action}");
    }
    world.sound();
}

#[tokio::test]
async fn a_branch_with_commits_of_its_own_stays_in_doubt() {
    let world = World::new();
    world.forge.push(SHOP, "new", "stranger", "Mine", &[("x", "x\n".into())]).unwrap();
    let call = call("branches.create", json!({ "repo": repo(), "name": "new", "from": "main" }));
    assert!(matches!(world.github.probe(&call).await, Err(ActError::Unknown(_))));
}

#[tokio::test]
async fn nobody_listening_is_not_sent_and_a_bad_credential_is_refused() {
    let world = World::new();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let token = || Secret::new("canary-6d1f").unwrap();
    let nobody = Proxied::new(Github::new(Config::new(&format!("http://{closed}"), token())).unwrap());
    let call = call("issues.create", json!({ "repo": repo(), "title": "T", "body": "B" }));
    assert!(matches!(nobody.act(&call).await, Err(ActError::NotSent(_))));
    let stranger = Proxied::new(Github::new(Config::new(&world.forge.url, token())).unwrap());
    let refused = stranger.act(&call).await.unwrap_err();
    assert!(matches!(refused, ActError::Refused { status: 401, .. }));
    assert!(!format!("{refused:?}{refused}{stranger:?}").contains("canary"));
    assert!(matches!(stranger.probe(&call).await, Err(ActError::Refused { status: 401, .. })));
}
