//! The prover through its public interface.

#[cfg(test)]
mod build;
#[cfg(test)]
mod derived;
#[cfg(test)]
mod example;
#[cfg(test)]
mod explore;
#[cfg(test)]
mod guards;
#[cfg(test)]
mod hostile;
mod ids;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod random;
#[cfg(test)]
mod small;
#[cfg(test)]
mod words;
