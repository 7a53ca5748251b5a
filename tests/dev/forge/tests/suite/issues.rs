//! Issues, labels, comments, search, and authentication.

use serde_json::json;

use crate::client::{As, answer, forge, sound};

const REPO: &str = "/repos/acme/shop";

#[tokio::test]
async fn an_issue_from_opening_to_closing() {
    let forge = forge();
    let bot = As(&forge, "xp-bot");
    let made = bot
        .post(
            &format!("{REPO}/issues"),
            json!({ "title": "Broken", "body": "see src/lib.rs", "labels": ["bug"] }),
        )
        .await
        .is(201);
    assert_eq!(made.at("/number"), 1);
    assert_eq!(made.at("/user/login"), "xp-bot");
    assert_eq!(made.headers["location"], made.text_at("/url"));
    assert!(made.headers["server"].to_str().unwrap().contains("stand-in"));

    let owner = As(&forge, "acme");
    let note = owner.post(&format!("{REPO}/issues/1/comments"), json!({ "body": "on it" })).await.is(201);
    let listed = bot.get(&format!("{REPO}/issues/1/comments")).await.is(200);
    assert_eq!(listed.at("/0"), note.json());
    assert_eq!(bot.get(&format!("{REPO}/issues/1")).await.is(200).at("/comments"), 1);

    owner.post(&format!("{REPO}/issues/1/labels"), json!({ "labels": ["high-priority"] })).await.is(200);
    let labels = bot.get(&format!("{REPO}/issues/1/labels")).await.is(200);
    assert_eq!((labels.at("/0/name"), labels.at("/1/name")), (json!("bug"), json!("high-priority")));
    assert_eq!(bot.get(&format!("{REPO}/labels")).await.is(200).json().as_array().unwrap().len(), 2);

    let closed = owner
        .patch(&format!("{REPO}/issues/1"), json!({ "state": "closed", "state_reason": "not_planned" }))
        .await
        .is(200);
    assert_eq!(closed.at("/state_reason"), "not_planned");
    assert_eq!(bot.get(&format!("{REPO}/issues")).await.is(200).json(), json!([]));
    assert_eq!(bot.get(&format!("{REPO}/issues?state=all")).await.is(200).at("/0/number"), 1);
    sound(&forge);
}

#[tokio::test]
async fn search_takes_quoted_literals() {
    let forge = forge();
    forge.seed_repo("acme", "other", "main", &[("a", "a\n".into())]).unwrap();
    for (title, labels) in
        [("one", vec!["high-priority"]), ("two", vec!["low"]), ("three", vec!["high-priority"])]
    {
        forge.seed_issue("acme/shop", "acme", title, "", &labels).unwrap();
    }
    forge.seed_issue("acme/other", "acme", "elsewhere", "", &["high-priority"]).unwrap();
    let bot = As(&forge, "xp-bot");
    bot.patch(&format!("{REPO}/issues/3"), json!({ "state": "closed" })).await.is(200);

    let find = async |q: &str| {
        let url = reqwest::Url::parse_with_params("http://x/search/issues", [("q", q)]).unwrap();
        bot.get(&format!("{}?{}", url.path(), url.query().unwrap())).await
    };
    let found = find("repo:acme/shop label:\"high-priority\" state:open is:issue").await.is(200);
    assert_eq!(found.at("/total_count"), 1);
    assert_eq!(found.at("/items/0/title"), "one");
    assert_eq!(find("repo:acme/shop is:issue is:closed").await.is(200).at("/items/0/title"), "three");
    assert_eq!(find("repo:acme/shop TWO").await.is(200).at("/total_count"), 1);
    assert_eq!(find("repo:acme/shop is:pr").await.is(200).at("/total_count"), 0);
    let hidden = find("repo:acme/nowhere is:issue").await.is(422);
    assert_eq!(hidden.at("/errors/0/resource"), "Search");
    assert!(forge.malformed().is_empty());
    let missing = bot.get("/search/issues").await.is(422);
    assert_eq!(missing.at("/errors/0/code"), "missing");
    sound(&forge);
}

#[tokio::test]
async fn lists_come_in_pages() {
    let forge = forge();
    for number in 0..5 {
        forge.seed_issue("acme/shop", "acme", &format!("issue {number}"), "", &[]).unwrap();
    }
    let bot = As(&forge, "xp-bot");
    let first = bot.get(&format!("{REPO}/issues?per_page=2&direction=asc")).await.is(200);
    assert_eq!(first.json().as_array().unwrap().len(), 2);
    let link = first.headers["link"].to_str().unwrap();
    let next = format!("<{}{REPO}/issues?per_page=2&direction=asc&page=2>; rel=\"next\"", forge.url);
    assert!(link.starts_with(&next), "{link}");
    let last = bot.get(&format!("{REPO}/issues?per_page=2&direction=asc&page=3")).await.is(200);
    assert_eq!(last.at("/0/number"), 5);
    assert!(!last.headers["link"].to_str().unwrap().contains("next"));
    sound(&forge);
}

#[tokio::test]
async fn a_request_without_title_is_refused_as_github_does() {
    let forge = forge();
    let bot = As(&forge, "xp-bot");
    let before = forge.state().unwrap();
    let refused = bot.post(&format!("{REPO}/issues"), json!({ "body": "no title" })).await.is(422);
    assert_eq!(refused.at("/message"), "Validation Failed");
    let error = json!({ "resource": "Issue", "code": "missing_field", "field": "title" });
    assert_eq!(refused.at("/errors/0"), error);
    bot.post(&format!("{REPO}/issues/7/comments"), json!({ "body": "x" })).await.is(404);
    bot.get(&format!("{REPO}/issues/7")).await.is(404);
    bot.get("/repos/acme/nowhere").await.is(404);
    // The REST API has no operation to delete issues.
    bot.delete(&format!("{REPO}/issues/1")).await.is(404);
    assert_eq!(forge.state().unwrap(), before);
    assert_eq!(forge.malformed().len(), 1, "{:?}", forge.malformed());
    assert!(forge.effects().is_empty());
    sound(&forge);
}

#[tokio::test]
async fn who_asks_must_be_known() {
    let forge = forge();
    let url = format!("{}{REPO}", forge.url);
    let client = reqwest::Client::new();
    let bare = answer(client.get(&url).header("user-agent", "suite")).await.is(401);
    assert_eq!(bare.at("/message"), "Requires authentication");
    let wrong = client.get(&url).header("user-agent", "suite").header("authorization", "Bearer nonsense");
    assert_eq!(answer(wrong).await.is(401).at("/message"), "Bad credentials");
    let old = client.get(&url).header("user-agent", "suite").header("authorization", "token xp-bot-token");
    answer(old).await.is(200);
    answer(client.get(&url).header("authorization", "Bearer xp-bot-token")).await.is(403);
    let broken = client
        .post(format!("{url}/issues"))
        .header("user-agent", "suite")
        .header("authorization", "Bearer xp-bot-token")
        .body("{");
    assert_eq!(answer(broken).await.is(400).at("/message"), "Problems parsing JSON");
    assert_eq!(As(&forge, "xp-bot").get("/user").await.is(200).at("/login"), "xp-bot");
    sound(&forge);
}
