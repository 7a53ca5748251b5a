//! The sandbox and the deployment hook.

#[cfg(test)]
mod deploy_hook;
#[cfg(test)]
mod reach;
#[cfg(test)]
mod sandbox;
