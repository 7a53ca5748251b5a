//! The resolver of the HTTP clients: resolves by the system's resolver, and returns permitted addresses only.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::reach::Reach;

/// A name resolves to addresses of which none may be reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{host}` resolves to {}, which must be named by `reach`", Listed(.addresses))]
pub struct OutOfReach {
    host: String,
    addresses: Vec<IpAddr>,
}

/// The cause of a failed request, if the name of the host resolves to addresses of which none may be reached.
/// Nothing was sent then.
#[must_use]
pub fn out_of_reach(error: &reqwest::Error) -> Option<&OutOfReach> {
    let mut next = error.source();
    while let Some(cause) = next {
        if let Some(found) = cause.downcast_ref() {
            return Some(found);
        }
        next = cause.source();
    }
    None
}

/// Addresses with commas between them.
struct Listed<'a>(&'a [IpAddr]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, address) in self.0.iter().enumerate() {
            write!(f, "{}{address}", if number == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// A future lookup of a name.
pub(crate) type Looking = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// A lookup of a name. Other than the system's only in tests of this crate.
pub(crate) type Lookup = Arc<dyn Fn(String) -> Looking + Send + Sync>;

/// The lookup by the system's resolver.
pub(crate) fn by_system(host: String) -> Looking {
    Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.collect()) })
}

/// Resolves one host.
pub(crate) struct Resolver {
    pub host: Option<String>,
    pub reach: Arc<Reach>,
    pub lookup: Lookup,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, lookup, host) =
            (Arc::clone(&self.reach), Arc::clone(&self.lookup), name.as_str().to_owned());
        let is_ours = self.host.as_ref().is_some_and(|ours| ours.eq_ignore_ascii_case(&host));
        Box::pin(async move {
            if !is_ours {
                return Err(io::Error::other("the client is for another host").into());
            }
            let found = lookup(host.clone()).await?;
            let permitted: Vec<SocketAddr> =
                found.iter().copied().filter(|address| reach.permits(address.ip())).collect();
            if permitted.is_empty() && !found.is_empty() {
                let mut addresses: Vec<IpAddr> = found.iter().map(SocketAddr::ip).collect();
                addresses.dedup();
                return Err(OutOfReach { host, addresses }.into());
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}
