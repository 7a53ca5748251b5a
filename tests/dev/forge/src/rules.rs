//! Rules of protected branches, and commit statuses.

use serde_json::Value;

/// The rules of one branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    /// Checks that must have passed.
    pub checks: Option<Checks>,
    /// Changes require a pull request with reviews.
    pub reviews: Option<Reviews>,
    /// Whether the rules apply to administrators.
    pub admins: bool,
    /// No merge commits (linear history).
    pub linear: bool,
    /// Whether force pushes are permitted.
    pub force_pushes: bool,
    /// Whether the branch may be deleted.
    pub deletions: bool,
}

/// Required status checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checks {
    /// The head must contain the tip of the base.
    pub strict: bool,
    /// Their names.
    pub contexts: Vec<String>,
}

/// Required reviews.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviews {
    /// Number of approvals.
    pub count: u64,
    /// Approvals are dismissed when what they were given for changes.
    pub dismiss_stale: bool,
}

/// The latest status of a check of a commit.
#[derive(Clone, Debug)]
pub struct Status {
    /// Numeric id.
    pub id: u64,
    /// Name of the check.
    pub context: String,
    /// `error`, `failure`, `pending` or `success`.
    pub state: String,
    /// Description.
    pub description: Option<String>,
    /// URL with details.
    pub target: Option<String>,
    /// Login of the reporter.
    pub by: String,
    /// Time of the report.
    pub at: u64,
}

/// Rules that GitHub has and the stand-in does not enforce. They are refused, so that no test relies on them.
const NOT_ENFORCED: &[&str] = &[
    "/restrictions",
    "/required_pull_request_reviews/dismissal_restrictions",
    "/required_pull_request_reviews/bypass_pull_request_allowances",
    "/required_pull_request_reviews/require_code_owner_reviews",
    "/required_pull_request_reviews/require_last_push_approval",
    "/required_conversation_resolution",
    "/block_creations",
    "/lock_branch",
    "/allow_fork_syncing",
];

impl Protection {
    /// From the body of `PUT …/protection`.
    ///
    /// # Errors
    /// The rule that the stand-in does not enforce.
    pub fn from_json(body: &Value) -> Result<Self, &'static str> {
        let asked = |path: &&&str| {
            !matches!(body.pointer(path), None | Some(Value::Null | Value::Bool(false)))
                && body.pointer(path).and_then(Value::as_object).is_none_or(|map| !map.is_empty())
        };
        if let Some(path) = NOT_ENFORCED.iter().find(asked) {
            return Err(path);
        }
        let given = |path: &str| body.pointer(path).filter(|value| !value.is_null());
        let flag = |path: &str| given(path).and_then(Value::as_bool).unwrap_or(false);
        let names = |list: &Value, name: fn(&Value) -> Option<&str>| {
            list.as_array().into_iter().flatten().filter_map(name).map(str::to_owned).collect::<Vec<_>>()
        };
        let checks = given("/required_status_checks").map(|checks| {
            let mut contexts = names(checks.get("contexts").unwrap_or(&Value::Null), Value::as_str);
            contexts.extend(names(checks.get("checks").unwrap_or(&Value::Null), |check| {
                check.get("context").and_then(Value::as_str)
            }));
            contexts.sort();
            contexts.dedup();
            Checks { strict: flag("/required_status_checks/strict"), contexts }
        });
        let reviews = given("/required_pull_request_reviews").map(|reviews| Reviews {
            count: reviews.get("required_approving_review_count").and_then(Value::as_u64).unwrap_or(1),
            dismiss_stale: flag("/required_pull_request_reviews/dismiss_stale_reviews"),
        });
        Ok(Self {
            checks,
            reviews,
            admins: flag("/enforce_admins"),
            linear: flag("/required_linear_history"),
            force_pushes: flag("/allow_force_pushes"),
            deletions: flag("/allow_deletions"),
        })
    }
}
