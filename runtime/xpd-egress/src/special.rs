//! Addresses that are not global unicast, from the registries of special-purpose addresses (RFC 6890).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network: an address, and the number of leading bits that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    pub address: IpAddr,
    pub bits: u32,
}

impl Network {
    const fn v4(address: [u8; 4], bits: u32) -> Self {
        let [a, b, c, d] = address;
        Self { address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), bits }
    }

    const fn v6(first: u16, second: u16, bits: u32) -> Self {
        Self { address: IpAddr::V6(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0)), bits }
    }

    /// Whether the network has the address. An IPv4 network has no IPv6 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                (ours.to_bits() ^ theirs.to_bits()).leading_zeros() >= self.bits
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                (ours.to_bits() ^ theirs.to_bits()).leading_zeros() >= self.bits
            }
            _ => false,
        }
    }
}

/// IPv4 networks that are not global unicast.
const V4: [Network; 16] = [
    Network::v4([0, 0, 0, 0], 8),        // this network
    Network::v4([10, 0, 0, 0], 8),       // private
    Network::v4([100, 64, 0, 0], 10),    // shared (carrier-grade NAT)
    Network::v4([127, 0, 0, 0], 8),      // loopback
    Network::v4([168, 63, 129, 16], 32), // in no registry: a cloud's host, seen from its machines only
    Network::v4([169, 254, 0, 0], 16),   // link-local
    Network::v4([172, 16, 0, 0], 12),    // private
    Network::v4([192, 0, 0, 0], 24),     // protocol assignments
    Network::v4([192, 0, 2, 0], 24),     // documentation
    Network::v4([192, 88, 99, 0], 24),   // relays of 6to4
    Network::v4([192, 168, 0, 0], 16),   // private
    Network::v4([198, 18, 0, 0], 15),    // benchmarking
    Network::v4([198, 51, 100, 0], 24),  // documentation
    Network::v4([203, 0, 113, 0], 24),   // documentation
    Network::v4([224, 0, 0, 0], 4),      // multicast
    Network::v4([240, 0, 0, 0], 4),      // reserved, and limited broadcast
];

/// The only IPv6 addresses that are global unicast.
const GLOBAL_V6: Network = Network::v6(0x2000, 0, 3);

/// Networks below [`GLOBAL_V6`] that are not.
const V6: [Network; 4] = [
    Network::v6(0x2001, 0, 23), // protocol assignments: Teredo, benchmarking, ORCHID and others
    Network::v6(0x2001, 0xdb8, 32), // documentation
    Network::v6(0x2002, 0, 16), // 6to4: an IPv4 address inside
    Network::v6(0x3fff, 0, 20), // documentation
];

/// The prefix of NAT64 (RFC 6052).
const NAT64: Network = Network::v6(0x64, 0xff9b, 96);

/// Whether an address is global unicast.
pub(crate) fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => !V4.iter().any(|network| network.contains(address)),
        IpAddr::V6(_) => GLOBAL_V6.contains(address) && !V6.iter().any(|network| network.contains(address)),
    }
}

/// The address to which packets go: the IPv4 address inside an IPv6 one that is mapped, compatible or of
/// NAT64, otherwise the address itself.
pub(crate) fn unwrapped(address: IpAddr) -> IpAddr {
    let IpAddr::V6(six) = address else { return address };
    let inner = |bits: u128| IpAddr::V4(Ipv4Addr::from_bits((bits & u128::from(u32::MAX)) as u32));
    let bits = six.to_bits();
    let mapped_or_compatible =
        matches!(bits >> 32, 0 | 0xffff) && !six.is_unspecified() && !six.is_loopback();
    if mapped_or_compatible || NAT64.contains(address) { inner(bits) } else { address }
}
