//! The repository and the current user.

use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::shape;
use crate::world::World;

/// `GET /repos/{owner}/{repo}`.
pub fn get(world: &mut World, call: &Call) -> Answer {
    let repo = call.repo(world)?;
    Ok(Reply::ok(shape::full(world, repo)))
}

/// `GET /user`.
pub fn me(world: &mut World, call: &Call) -> Answer {
    Ok(Reply::ok(shape::me(world, &call.login)))
}
