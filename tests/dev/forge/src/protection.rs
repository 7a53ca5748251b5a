//! Branch protection as documented by GitHub: which pushes a protected branch accepts, and which merges.
//!
//! Stricter than GitHub in one point: where pull requests are required, GitHub also accepts a direct push of
//! exactly the merge commit of an approved pull request; the stand-in refuses every direct push.

use crate::git::GitError;
use crate::rules::Protection;
use crate::world::{Closed, Issue, Pull, Repo};

impl Protection {
    /// Why status checks exclude a commit from the branch.
    fn unchecked(&self, repo: &Repo, sha: &str) -> Option<String> {
        let checks = self.checks.as_ref()?;
        let state = |context: &str| {
            let mut all = repo.statuses.get(sha).into_iter().flatten();
            all.rfind(|status| status.context.eq_ignore_ascii_case(context)).map(|it| it.state.as_str())
        };
        let missing: Vec<&String> = checks.contexts.iter().filter(|name| state(name).is_none()).collect();
        match missing.as_slice() {
            [] => {}
            [one] => return Some(format!("Required status check \"{one}\" is expected.")),
            many => {
                let (count, all) = (many.len(), checks.contexts.len());
                return Some(format!("{count} of {all} required status checks are expected."));
            }
        }
        let failing = checks.contexts.iter().find(|name| state(name) != Some("success"))?;
        let word = if state(failing) == Some("pending") { "pending" } else { "failing" };
        Some(format!("Required status check \"{failing}\" is {word}."))
    }

    /// Why reviews exclude a pull request from the branch.
    fn unreviewed(&self, issue: &Issue, pull: &Pull) -> Option<String> {
        let rule = self.reviews.as_ref()?;
        let mut last: Vec<(&str, &str)> = Vec::new();
        for review in pull.reviews.iter().filter(|it| !matches!(it.state, "COMMENTED" | "PENDING")) {
            last.retain(|(author, _)| *author != review.author);
            last.push((&review.author, review.state));
        }
        if last.iter().any(|(_, state)| *state == "CHANGES_REQUESTED") {
            return Some("Changes have been requested.".to_owned());
        }
        let yes = |(author, state): &&(&str, &str)| *state == "APPROVED" && *author != issue.author;
        let count = u64::try_from(last.iter().filter(yes).count()).unwrap_or(u64::MAX);
        let (reviews, are) = if rule.count == 1 { ("review", "is") } else { ("reviews", "are") };
        (count < rule.count).then(|| {
            format!(
                "At least {} approving {reviews} {are} required by reviewers with write access.",
                rule.count
            )
        })
    }
}

impl Repo {
    /// The rules of a branch that apply to a user. The owner is the administrator.
    #[must_use]
    pub fn rules(&self, branch: &str, login: &str) -> Option<&Protection> {
        self.protections.get(branch).filter(|rules| rules.admins || login != self.owner)
    }

    /// Why a user may not move a branch to a commit directly.
    #[must_use]
    pub fn forbids_push(&self, branch: &str, login: &str, sha: &str, forward: bool) -> Option<String> {
        let rules = self.rules(branch, login)?;
        if !forward && !rules.force_pushes {
            return Some("Cannot force-push to this branch".to_owned());
        }
        if rules.reviews.is_some() {
            return Some("Changes must be made through a pull request.".to_owned());
        }
        rules.unchecked(self, sha)
    }

    /// Why a user may not delete a branch.
    #[must_use]
    pub fn forbids_deletion(&self, branch: &str, login: &str) -> Option<String> {
        let rules = self.rules(branch, login)?;
        (!rules.deletions).then(|| "Cannot delete this branch".to_owned())
    }

    /// Why a user may not merge a pull request.
    ///
    /// # Errors
    /// When git fails.
    pub fn forbids_merge(
        &self,
        issue: &Issue,
        pull: &Pull,
        login: &str,
        method: &str,
    ) -> Result<Option<String>, GitError> {
        let Some(rules) = self.rules(&pull.base, login) else { return Ok(None) };
        if rules.linear && method == "merge" {
            return Ok(Some("Merge commits are not allowed on this repository.".to_owned()));
        }
        if let Some(base) = self.branch(&pull.base)?
            && rules.checks.as_ref().is_some_and(|checks| checks.strict)
            && !self.git.is_ancestor(&base, &pull.head_sha)?
        {
            return Ok(Some("Head branch is out of date. Review and try the merge again.".to_owned()));
        }
        Ok(rules.unreviewed(issue, pull).or_else(|| rules.unchecked(self, &pull.head_sha)))
    }

    /// The merge base of a pull request's branches.
    ///
    /// # Errors
    /// When git fails.
    pub fn fork(&self, pull: &Pull) -> Result<Option<String>, GitError> {
        match self.branch(&pull.base)? {
            Some(base) => self.git.merge_base(&base, &pull.head_sha),
            None => Ok(None),
        }
    }

    /// Dismisses the approvals that are stale under the rules of the base: those given for another head or
    /// another merge base.
    ///
    /// # Errors
    /// When git fails.
    pub fn dismiss_stale(&mut self, number: u64) -> Result<(), GitError> {
        let Some(pull) = self.issues.get(&number).and_then(|issue| issue.pull.clone()) else { return Ok(()) };
        let rule = self.protections.get(&pull.base).and_then(|rules| rules.reviews.as_ref());
        if !rule.is_some_and(|reviews| reviews.dismiss_stale) {
            return Ok(());
        }
        let fork = self.fork(&pull)?;
        let kept = self.issues.get_mut(&number).and_then(|issue| issue.pull.as_mut());
        for review in kept.into_iter().flat_map(|kept| &mut kept.reviews) {
            let fresh = review.head == pull.head_sha && review.fork == fork;
            if review.state == "APPROVED" && !fresh {
                review.state = "DISMISSED";
            }
        }
        Ok(())
    }

    /// Changes the base of an open pull request. Returns the reason if it is refused.
    ///
    /// # Errors
    /// When git fails.
    pub fn retarget(&mut self, number: u64, base: &str) -> Result<Result<(), &'static str>, GitError> {
        let Some(sha) = self.branch(base)? else { return Ok(Err("invalid")) };
        let Some(pull) = self.issues.get(&number).filter(|issue| issue.closed.is_none()) else {
            return Ok(Err("Cannot change the base branch of a closed pull request."));
        };
        let head = pull.pull.as_ref().map(|pull| pull.head.clone());
        let same = |issue: &Issue| {
            issue.closed.is_none()
                && issue
                    .pull
                    .as_ref()
                    .is_some_and(|other| Some(&other.head) == head.as_ref() && other.base == base)
        };
        if self.issues.values().any(|issue| issue.number != number && same(issue)) {
            return Ok(Err("A pull request already exists for base branch and head branch"));
        }
        if let Some(pull) = self.issues.get_mut(&number).and_then(|issue| issue.pull.as_mut()) {
            base.clone_into(&mut pull.base);
            pull.base_sha = sha;
        }
        self.dismiss_stale(number)?;
        Ok(Ok(()))
    }

    /// After a branch was deleted: open pull requests into it are retargeted to the base of the merged pull
    /// request from it, or closed if there is none.
    ///
    /// # Errors
    /// When git fails.
    pub fn orphaned(&mut self, branch: &str, at: u64, by: &str) -> Result<(), GitError> {
        let mut pulls = self.issues.values().filter_map(|issue| issue.pull.as_ref()).rev();
        let onward = pulls.find(|pull| pull.merged.is_some() && pull.head == branch);
        let onward = onward.map(|pull| pull.base.clone());
        let into = |issue: &&Issue| {
            issue.closed.is_none() && issue.pull.as_ref().is_some_and(|pull| pull.base == branch)
        };
        let numbers: Vec<u64> = self.issues.values().filter(into).map(|issue| issue.number).collect();
        for number in numbers {
            let moved = match &onward {
                Some(base) => self.retarget(number, base)?.is_ok(),
                None => false,
            };
            if let Some(issue) = self.issues.get_mut(&number).filter(|_| !moved) {
                issue.closed = Some(Closed { at, by: by.to_owned(), reason: "completed".to_owned() });
                issue.updated = at;
            }
        }
        Ok(())
    }
}
