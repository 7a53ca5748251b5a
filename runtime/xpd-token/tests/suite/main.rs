//! Tokens and keys through their public interface: what is accepted, and the attacks that must be refused.

#[cfg(test)]
mod keys;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tokens;
