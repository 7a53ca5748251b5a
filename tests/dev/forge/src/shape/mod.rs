//! The JSON of GitHub's answers. Each shape is validated against GitHub's OpenAPI description if validation
//! is on.

mod commit;
mod content;
mod issue;
mod protection;
mod pull;
mod repo;
mod user;

pub use commit::{commit, git_commit, reference};
pub use content::{directory, file, listed, wrapped};
pub use issue::{comment, issue, label, search_item};
pub use protection::{protection, simple_status, status};
pub use pull::{changed_file, pull, pull_simple, review};
pub use repo::{full, minimal};
pub use user::me;
