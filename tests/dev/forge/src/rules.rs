//! The rules of protected branches and the checks of commits, as they are told.

use serde_json::Value;

/// The rules of one branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    /// Checks that must have passed.
    pub checks: Option<Checks>,
    /// Changes come by pull request only, with reviews.
    pub reviews: Option<Reviews>,
    /// Holds for administrators too.
    pub admins: bool,
    /// No merge commits.
    pub linear: bool,
    /// History may be rewritten.
    pub force_pushes: bool,
    /// The branch may be deleted.
    pub deletions: bool,
}

/// Required status checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checks {
    /// The head must hold the tip of the base.
    pub strict: bool,
    /// Their names.
    pub contexts: Vec<String>,
}

/// Required reviews.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviews {
    /// How many approvals.
    pub count: u64,
    /// Approvals end when what they are about changes.
    pub dismiss_stale: bool,
}

/// The state of a check of a commit, as it was reported last.
#[derive(Clone, Debug)]
pub struct Status {
    /// Numeric id.
    pub id: u64,
    /// Name of the check.
    pub context: String,
    /// `error`, `failure`, `pending` or `success`.
    pub state: String,
    /// What it says.
    pub description: Option<String>,
    /// Where to look.
    pub target: Option<String>,
    /// Who reported it.
    pub by: String,
    /// When.
    pub at: u64,
}

/// What is asked for and not enforced here; to accept it would promise what does not hold.
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
