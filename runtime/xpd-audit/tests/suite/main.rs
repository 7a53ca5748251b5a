//! Log and evidence through their public interface.

#[cfg(test)]
mod approvals;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod entries;
#[cfg(test)]
mod forgery;
#[cfg(test)]
mod notes;
#[cfg(test)]
mod overlap;
#[cfg(test)]
mod packages;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod rechained;
#[cfg(test)]
mod shadow;
#[cfg(test)]
mod sim;
#[cfg(test)]
mod tiles;
#[cfg(test)]
mod trees;
#[cfg(test)]
mod witness;
#[cfg(test)]
mod workflow;
