//! Repositories.

use serde_json::{Value, json};

use super::user::user;
use crate::clock;
use crate::world::{Repo, World};

/// Links of a repository: member name and suffix to the repository's URL.
const LINKS: &[(&str, &str)] = &[
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
];

/// A `repository`, as contained in a pull request.
#[must_use]
pub fn minimal(world: &World, repo: &Repo) -> Value {
    let full_name = repo.full_name();
    let url = format!("{}/repos/{full_name}", world.url);
    let html = format!("{}/{full_name}", world.url);
    let open = repo.issues.values().filter(|issue| issue.closed.is_none()).count();
    let mut shape = json!({
        "id": repo.id,
        "node_id": format!("R_{}", repo.id),
        "name": repo.name,
        "full_name": full_name,
        "private": true,
        "owner": user(world, &repo.owner),
        "html_url": html,
        "description": null,
        "fork": false,
        "url": url,
    });
    let Some(fields) = shape.as_object_mut() else { return shape };
    for (name, tail) in LINKS {
        fields.insert((*name).to_owned(), format!("{url}{tail}").into());
    }
    let rest = json!({
        "created_at": clock::text(repo.created),
        "updated_at": clock::text(repo.pushed),
        "pushed_at": clock::text(repo.pushed),
        "git_url": format!("{html}.git"),
        "ssh_url": format!("{html}.git"),
        "clone_url": format!("{html}.git"),
        "svn_url": html,
        "homepage": null,
        "size": 0,
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": null,
        "has_issues": true,
        "has_projects": false,
        "has_downloads": false,
        "has_wiki": false,
        "has_pages": false,
        "has_discussions": false,
        "forks_count": 0,
        "mirror_url": null,
        "archived": false,
        "disabled": false,
        "open_issues_count": open,
        "license": null,
        "allow_forking": false,
        "is_template": false,
        "web_commit_signoff_required": false,
        "topics": [],
        "visibility": "private",
        "forks": 0,
        "open_issues": open,
        "watchers": 0,
        "default_branch": repo.default_branch,
    });
    fields.extend(rest.as_object().cloned().unwrap_or_default());
    shape
}

/// A `full-repository`.
#[must_use]
pub fn full(world: &World, repo: &Repo) -> Value {
    let mut shape = minimal(world, repo);
    if let Some(fields) = shape.as_object_mut() {
        let more = json!({
            "permissions": { "admin": false, "maintain": false, "push": true, "triage": true, "pull": true },
            "allow_rebase_merge": false,
            "allow_squash_merge": true,
            "allow_merge_commit": true,
            "network_count": 0,
            "subscribers_count": 0,
        });
        fields.extend(more.as_object().cloned().unwrap_or_default());
    }
    shape
}
