//! The `xpd` program as an operator uses it.

#[cfg(test)]
mod agent;
#[cfg(test)]
mod connectors;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod folder;
#[cfg(test)]
mod log;
#[cfg(test)]
mod reload;
#[cfg(test)]
mod server;
#[cfg(test)]
mod site;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod witness;
