//! The server through its HTTP interface, with a connector that counts effects.

#[cfg(test)]
mod clock;
mod compare;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod deploy;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod doors;
#[cfg(test)]
mod doubt;
#[cfg(test)]
mod guard;
#[cfg(test)]
mod happy;
#[cfg(test)]
mod human;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod leases;
#[cfg(test)]
mod load;
#[cfg(test)]
mod mcp;
#[cfg(test)]
mod oauth;
#[cfg(test)]
mod overlap;
#[cfg(test)]
mod people;
#[cfg(test)]
mod realms;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod reload;
#[cfg(test)]
mod repeat;
#[cfg(test)]
mod shadow;
#[cfg(test)]
mod storage;
#[cfg(test)]
mod support;
#[cfg(test)]
mod workloads;
