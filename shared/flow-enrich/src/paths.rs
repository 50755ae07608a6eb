//! The ways out of a VPC that `traffic-path` numbers.

/// The name of a `traffic-path` number: the way that egress traffic takes to its destination.
///
/// Numbers are those of "Flow log records" in the Amazon VPC user guide. Names are stable; `None` is a number newer
/// than this table.
///
/// | number | name | meaning |
/// |---|---|---|
/// | 1 | `same-vpc` | another resource in the same VPC, AWS-managed interfaces and an Outpost's local gateway included |
/// | 2 | `internet-or-gateway-endpoint` | an internet gateway or a gateway VPC endpoint: what 7 and 8 now tell apart |
/// | 3 | `virtual-private-gateway` | a virtual private gateway |
/// | 4 | `intra-region-peering` | a VPC peering connection within the region |
/// | 5 | `inter-region-peering` | a VPC peering connection to another region |
/// | 6 | `local-zone-or-wavelength` | a Local Zone or a Wavelength zone |
/// | 7 | `gateway-endpoint` | a gateway VPC endpoint |
/// | 8 | `internet-gateway` | an internet gateway |
pub fn traffic_path_name(number: u64) -> Option<&'static str> {
    match number {
        1 => Some("same-vpc"),
        2 => Some("internet-or-gateway-endpoint"),
        3 => Some("virtual-private-gateway"),
        4 => Some("intra-region-peering"),
        5 => Some("inter-region-peering"),
        6 => Some("local-zone-or-wavelength"),
        7 => Some("gateway-endpoint"),
        8 => Some("internet-gateway"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slugs_are_those_of_the_documentation() {
        let rows: Vec<_> = include_str!("paths.rs")
            .lines()
            .filter_map(|line| line.strip_prefix("/// | ")?.split_once(" | `"))
            .map(|(number, rest)| (number.parse().unwrap(), rest.split_once('`').unwrap().0))
            .collect();
        assert_eq!(rows.iter().map(|row| row.0).collect::<Vec<u64>>(), [1, 2, 3, 4, 5, 6, 7, 8]);
        for (number, slug) in rows {
            assert_eq!(traffic_path_name(number), Some(slug), "{number}");
        }
        assert_eq!([0, 9, u64::MAX].map(traffic_path_name), [None; 3]);
    }
}
