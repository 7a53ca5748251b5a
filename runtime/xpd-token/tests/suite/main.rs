//! Tokens and keys through their public interface: what is accepted, and every attack that must not be.

#[cfg(test)]
mod keys;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tokens;
