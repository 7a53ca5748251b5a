//! Requests are validated against GitHub's description.

use std::path::PathBuf;

use serde_json::json;
use xp_forge::{Forge, ForgeError, Options, Validation};

use crate::client::{As, forge};

#[tokio::test]
async fn what_the_stand_in_would_take_and_github_not_is_a_violation() {
    let forge = forge();
    let bot = As(&forge, "xp-bot");
    // The stand-in's own code does not read these fields.
    let body = json!({ "title": "t", "assignees": "not a list" });
    let refused = bot.post("/repos/acme/shop/issues", body).await.is(500);
    assert!(refused.text_at("/message").contains("/assignees"), "{}", refused.text);
    bot.get("/repos/acme/shop/issues?no_such=1").await.is(500);
    bot.get("/repos/acme/shop/issues?per_page=many").await.is(500);
    bot.get("/repos/acme/shop/issues?sort=nonsense").await.is(500);
    assert_eq!(forge.violations().len(), 4, "{:?}", forge.violations());
}

#[test]
fn without_the_description_it_does_not_start() {
    let validation = Validation::Against(PathBuf::from("/nonexistent/openapi.json"));
    let started = Forge::start(Options { validation, ..Options::default() });
    assert!(matches!(started, Err(ForgeError::Spec(_))));
}
