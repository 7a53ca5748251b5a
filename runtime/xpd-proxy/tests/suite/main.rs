//! The proxy over a real store: what reaches a connector and what does not.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "helpers of tests are tests too")]

#[cfg(test)]
mod claim;
#[cfg(test)]
mod doubt;
#[cfg(test)]
mod scrub;
#[cfg(test)]
mod stop;
#[cfg(test)]
mod support;
