//! An address block such as `10.0.0.0/24` or `2001:db8::/32`, and whether a text is an address in it.

use std::net::IpAddr;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cidr {
    network: IpAddr,
    prefix_bits: u32,
}

impl Cidr {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let network: IpAddr = address.parse().ok()?;
        let prefix_bits: u32 = bits.parse().ok()?;
        let width = if network.is_ipv4() { 32 } else { 128 };
        (prefix_bits <= width).then_some(Self { network, prefix_bits })
    }

    pub(super) fn contains(&self, text: &str) -> bool {
        match (self.network, text.parse::<IpAddr>()) {
            (IpAddr::V4(network), Ok(IpAddr::V4(address))) => {
                same_prefix(u32::from(network).into(), u32::from(address).into(), 32 - self.prefix_bits)
            }
            (IpAddr::V6(network), Ok(IpAddr::V6(address))) => {
                same_prefix(network.into(), address.into(), 128 - self.prefix_bits)
            }
            _ => false,
        }
    }
}

/// A shift by the whole width (a /0 block) would overflow: every address is in that one.
fn same_prefix(left: u128, right: u128, host_bits: u32) -> bool {
    left.checked_shr(host_bits) == right.checked_shr(host_bits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("10.0.0.0/24", "10.0.0.255", true)]
    #[case("10.0.0.0/24", "10.0.1.0", false)]
    #[case("10.0.0.7/24", "10.0.0.1", true)]
    #[case("0.0.0.0/0", "255.1.2.3", true)]
    #[case("10.0.0.1/32", "10.0.0.1", true)]
    #[case("10.0.0.1/32", "10.0.0.2", false)]
    #[case("2001:db8::/32", "2001:db8:1::1", true)]
    #[case("2001:db8::/32", "2001:db9::1", false)]
    #[case("::/0", "2001:db9::1", true)]
    #[case("10.0.0.0/8", "2001:db8::1", false)]
    #[case("10.0.0.0/8", "not an address", false)]
    fn contains(#[case] block: &str, #[case] address: &str, #[case] expected: bool) {
        assert_eq!(Cidr::parse(block).unwrap().contains(address), expected);
    }

    #[rstest]
    #[case("10.0.0.0")]
    #[case("10.0.0.0/33")]
    #[case("::/129")]
    #[case("10.0.0/8")]
    fn refuses(#[case] block: &str) {
        assert_eq!(Cidr::parse(block), None);
    }
}
