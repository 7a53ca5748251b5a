//! A snapshot of what the upstreams hold: the shop's files, and the state of the issue tracker.

use std::collections::BTreeMap;

use super::story::files;
use super::world::World;
use crate::Done;

/// A snapshot.
#[derive(PartialEq, Eq)]
pub struct Snapshot {
    files: BTreeMap<String, Vec<u8>>,
    tracker: String,
}

impl Snapshot {
    /// Takes a snapshot.
    pub fn take(world: &World) -> Done<Self> {
        let tracker = world.forge.state().map_err(|error| error.to_string())?;
        Ok(Self { files: files(&world.at("shop"))?, tracker })
    }

    /// The first part in which two snapshots differ.
    pub fn differs(&self, other: &Self) -> Option<&'static str> {
        if self.files != other.files {
            Some("the shop's files")
        } else if self.tracker != other.tracker {
            Some("the tracker's state")
        } else {
            None
        }
    }
}
