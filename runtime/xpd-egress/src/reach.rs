//! The addresses that the operator names.

use std::net::IpAddr;

use crate::special::{Network, is_global, unwrapped};

/// The addresses that may be reached besides global unicast ones.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    named: Vec<Network>,
}

/// Upper bound on the networks of one list.
const MOST: usize = 256;

impl Reach {
    /// Reads addresses and networks: `10.0.0.0/8`, `127.0.0.1`, `fd00::/8`.
    ///
    /// # Errors
    /// An entry is neither, or has bits after its prefix.
    pub fn parse(named: &[String]) -> Result<Self, String> {
        if named.len() > MOST {
            return Err(format!("more than {MOST} addresses and networks; name larger networks"));
        }
        let named: Result<Vec<Network>, String> = named.iter().map(|text| network(text)).collect();
        Ok(Self { named: named? })
    }

    /// Whether an address may be reached: it is global unicast, or named. Of an IPv6 address with an IPv4
    /// address inside (mapped, compatible, NAT64), the latter counts.
    #[must_use]
    pub fn permits(&self, address: IpAddr) -> bool {
        let inner = unwrapped(address);
        let named = |network: &Network| network.contains(address) || network.contains(inner);
        is_global(inner) || self.named.iter().any(named)
    }
}

impl std::fmt::Display for Reach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (number, Network { address, bits }) in self.named.iter().enumerate() {
            write!(f, "{}{address}/{bits}", if number > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

fn network(text: &str) -> Result<Network, String> {
    let wrong = || format!("`{text}` is no address and no network such as `10.0.0.0/8`");
    let (address, bits) = match text.split_once('/') {
        None => (text, None),
        Some((address, bits)) => (address, Some(bits)),
    };
    let address: IpAddr = address.parse().map_err(|_| wrong())?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let digits = |bits: &str| !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit());
    let bits = match bits {
        None => most,
        Some(bits) if digits(bits) => {
            bits.parse().ok().filter(|bits: &u32| *bits <= most).ok_or_else(wrong)?
        }
        Some(_) => return Err(wrong()),
    };
    let first = first(address, bits);
    if first != address {
        return Err(format!("`{text}` has bits after its prefix; write `{first}/{bits}`"));
    }
    Ok(Network { address, bits })
}

/// The first address of the network of an address.
fn first(address: IpAddr, bits: u32) -> IpAddr {
    match address {
        IpAddr::V4(four) => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or_default();
            IpAddr::V4((four.to_bits() & mask).into())
        }
        IpAddr::V6(six) => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or_default();
            IpAddr::V6((six.to_bits() & mask).into())
        }
    }
}
