//! The stand-in for GitHub, which validates requests and answers against GitHub's description of its interface.

use std::path::Path;

use xp_forge::{Forge, Options, Validation};

use super::root;
use super::secret::random_text;
use crate::Done;

/// Starts one that takes this token, with its data below a folder.
pub fn start(token: &str, folder: &Path) -> Done<Forge> {
    let description = root().join(".xp/github-openapi.json");
    if !description.is_file() {
        return Err("GitHub's description of its interface is not there: run `cargo dev setup`".to_owned());
    }
    let validation = Validation::Against(description);
    let users = vec![(token.to_owned(), "xp-bot".to_owned()), (random_text()?, "maintainer".to_owned())];
    let options = Options { port: 0, users, dir: Some(folder.join("forge")), validation };
    Forge::start(options).map_err(|error| error.to_string())
}
