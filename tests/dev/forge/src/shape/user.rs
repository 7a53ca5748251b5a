//! Users.

use serde_json::{Value, json};

use crate::world::World;

/// A `simple-user`.
#[must_use]
pub fn user(world: &World, login: &str) -> Value {
    let url = format!("{}/users/{login}", world.url);
    let id = world.login_id(login);
    json!({
        "login": login,
        "id": id,
        "node_id": format!("U_{id}"),
        "avatar_url": format!("{}/avatars/{id}", world.url),
        "gravatar_id": "",
        "url": url,
        "html_url": format!("{}/{login}", world.url),
        "followers_url": format!("{url}/followers"),
        "following_url": format!("{url}/following{{/other_user}}"),
        "gists_url": format!("{url}/gists{{/gist_id}}"),
        "starred_url": format!("{url}/starred{{/owner}}{{/repo}}"),
        "subscriptions_url": format!("{url}/subscriptions"),
        "organizations_url": format!("{url}/orgs"),
        "repos_url": format!("{url}/repos"),
        "events_url": format!("{url}/events{{/privacy}}"),
        "received_events_url": format!("{url}/received_events"),
        "type": "User",
        "user_view_type": "public",
        "site_admin": false,
    })
}

/// The `public-user` of a token.
#[must_use]
pub fn me(world: &World, login: &str) -> Value {
    let mut shape = user(world, login);
    if let Some(fields) = shape.as_object_mut() {
        let since = "2026-01-01T00:00:00Z";
        let more = json!({
            "name": login, "company": null, "blog": "", "location": null, "email": null, "hireable": null, "bio": null,
            "public_repos": world.repos.len(), "public_gists": 0, "followers": 0, "following": 0,
            "created_at": since, "updated_at": since,
        });
        fields.extend(more.as_object().cloned().unwrap_or_default());
    }
    shape
}
