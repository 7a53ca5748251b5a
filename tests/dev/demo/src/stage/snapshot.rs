//! A snapshot of the state: the stand-in's data, the repository according to git, and the deployments.

use super::world::World;
use crate::Done;
use crate::shared::shell;

/// A snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    forge: String,
    refs: String,
    objects: String,
    deployed: usize,
}

impl Snapshot {
    /// Takes a snapshot.
    pub fn take(world: &World) -> Done<Self> {
        let bare = world.bare();
        let objects = ["cat-file", "--batch-all-objects", "--batch-check", "--unordered"];
        let mut objects: Vec<String> = shell::git(&bare, &objects)?.lines().map(str::to_owned).collect();
        objects.sort();
        Ok(Self {
            forge: world.forge.state().map_err(|error| error.to_string())?,
            refs: shell::git(&bare, &["for-each-ref"])?,
            objects: objects.join("\n"),
            deployed: world.hook.with(|seen| seen.accepted.len()),
        })
    }

    /// The first part in which two snapshots differ.
    pub fn differs(&self, other: &Self) -> Option<&'static str> {
        if self.forge != other.forge {
            Some("the forge's state")
        } else if self.refs != other.refs {
            Some("the branches")
        } else if self.objects != other.objects {
            Some("the objects of the repository")
        } else if self.deployed != other.deployed {
            Some("what was deployed")
        } else {
            None
        }
    }
}
