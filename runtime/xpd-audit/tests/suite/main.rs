//! The log and its evidence through their public interface.

#[cfg(test)]
mod entries;
#[cfg(test)]
mod notes;
#[cfg(test)]
mod tiles;
#[cfg(test)]
mod trees;
