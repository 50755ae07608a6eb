//! Names of IP protocols.

pub(crate) const ICMP: u8 = 1;
pub(crate) const TCP: u8 = 6;
pub(crate) const UDP: u8 = 17;
pub(crate) const IPV6_ICMP: u8 = 58;
pub(crate) const SCTP: u8 = 132;

/// Whether packets of `protocol` have ports that flow logs may carry.
pub fn has_ports(protocol: u8) -> bool {
    matches!(protocol, TCP | UDP | SCTP)
}

/// The IANA keyword of an IP protocol in lower case: `tcp`, `ipv6-icmp`, `esp`.
///
/// From IANA's registry "Assigned Internet Protocol Numbers"; a space in a keyword is a hyphen here, and the word
/// "deprecated" is left out. `None` is a number that is unassigned, reserved or assigned without a keyword, such as
/// 61, "any host internal protocol".
pub fn protocol_name(number: u8) -> Option<&'static str> {
    static BY_NUMBER: [Option<&str>; 256] = by_number();
    BY_NUMBER[usize::from(number)]
}

const fn by_number() -> [Option<&'static str>; 256] {
    let (mut names, mut at) = ([None; 256], 0);
    while at < KEYWORDS.len() {
        names[KEYWORDS[at].0 as usize] = Some(KEYWORDS[at].1);
        at += 1;
    }
    names
}

const KEYWORDS: &[(u8, &str)] = &[
    (0, "hopopt"),
    (1, "icmp"),
    (2, "igmp"),
    (3, "ggp"),
    (4, "ipv4"),
    (5, "st"),
    (6, "tcp"),
    (7, "cbt"),
    (8, "egp"),
    (9, "igp"),
    (10, "bbn-rcc-mon"),
    (11, "nvp-ii"),
    (12, "pup"),
    (13, "argus"),
    (14, "emcon"),
    (15, "xnet"),
    (16, "chaos"),
    (17, "udp"),
    (18, "mux"),
    (19, "dcn-meas"),
    (20, "hmp"),
    (21, "prm"),
    (22, "xns-idp"),
    (23, "trunk-1"),
    (24, "trunk-2"),
    (25, "leaf-1"),
    (26, "leaf-2"),
    (27, "rdp"),
    (28, "irtp"),
    (29, "iso-tp4"),
    (30, "netblt"),
    (31, "mfe-nsp"),
    (32, "merit-inp"),
    (33, "dccp"),
    (34, "3pc"),
    (35, "idpr"),
    (36, "xtp"),
    (37, "ddp"),
    (38, "idpr-cmtp"),
    (39, "tp++"),
    (40, "il"),
    (41, "ipv6"),
    (42, "sdrp"),
    (43, "ipv6-route"),
    (44, "ipv6-frag"),
    (45, "idrp"),
    (46, "rsvp"),
    (47, "gre"),
    (48, "dsr"),
    (49, "bna"),
    (50, "esp"),
    (51, "ah"),
    (52, "i-nlsp"),
    (53, "swipe"),
    (54, "narp"),
    (55, "min-ipv4"),
    (56, "tlsp"),
    (57, "skip"),
    (58, "ipv6-icmp"),
    (59, "ipv6-nonxt"),
    (60, "ipv6-opts"),
    (62, "cftp"),
    (64, "sat-expak"),
    (65, "kryptolan"),
    (66, "rvd"),
    (67, "ippc"),
    (69, "sat-mon"),
    (70, "visa"),
    (71, "ipcv"),
    (72, "cpnx"),
    (73, "cphb"),
    (74, "wsn"),
    (75, "pvp"),
    (76, "br-sat-mon"),
    (77, "sun-nd"),
    (78, "wb-mon"),
    (79, "wb-expak"),
    (80, "iso-ip"),
    (81, "vmtp"),
    (82, "secure-vmtp"),
    (83, "vines"),
    (84, "iptm"),
    (85, "nsfnet-igp"),
    (86, "dgp"),
    (87, "tcf"),
    (88, "eigrp"),
    (89, "ospfigp"),
    (90, "sprite-rpc"),
    (91, "larp"),
    (92, "mtp"),
    (93, "ax.25"),
    (94, "ipip"),
    (95, "micp"),
    (96, "scc-sp"),
    (97, "etherip"),
    (98, "encap"),
    (100, "gmtp"),
    (101, "ifmp"),
    (102, "pnni"),
    (103, "pim"),
    (104, "aris"),
    (105, "scps"),
    (106, "qnx"),
    (107, "a/n"),
    (108, "ipcomp"),
    (109, "snp"),
    (110, "compaq-peer"),
    (111, "ipx-in-ip"),
    (112, "vrrp"),
    (113, "pgm"),
    (115, "l2tp"),
    (116, "ddx"),
    (117, "iatp"),
    (118, "stp"),
    (119, "srp"),
    (120, "uti"),
    (121, "smp"),
    (122, "sm"),
    (123, "ptp"),
    (124, "isis-over-ipv4"),
    (125, "fire"),
    (126, "crtp"),
    (127, "crudp"),
    (128, "sscopmce"),
    (129, "iplt"),
    (130, "sps"),
    (131, "pipe"),
    (132, "sctp"),
    (133, "fc"),
    (134, "rsvp-e2e-ignore"),
    (135, "mobility-header"),
    (136, "udplite"),
    (137, "mpls-in-ip"),
    (138, "manet"),
    (139, "hip"),
    (140, "shim6"),
    (141, "wesp"),
    (142, "rohc"),
    (143, "ethernet"),
    (144, "aggfrag"),
    (145, "nsh"),
    (146, "homa"),
    (147, "bit-emu"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords() {
        for (number, name) in [
            (0, Some("hopopt")),
            (1, Some("icmp")),
            (6, Some("tcp")),
            (17, Some("udp")),
            (41, Some("ipv6")),
            (47, Some("gre")),
            (50, Some("esp")),
            (51, Some("ah")),
            (58, Some("ipv6-icmp")),
            (61, None),
            (89, Some("ospfigp")),
            (107, Some("a/n")),
            (112, Some("vrrp")),
            (114, None),
            (124, Some("isis-over-ipv4")),
            (132, Some("sctp")),
            (135, Some("mobility-header")),
            (143, Some("ethernet")),
            (252, None),
            (253, None),
            (255, None),
        ] {
            assert_eq!(protocol_name(number), name, "{number}");
        }
    }

    /// All numbers up to the last assigned one have a keyword, but those that IANA leaves to any private use.
    #[test]
    fn the_table_is_complete() {
        let without: Vec<u8> = (0..=u8::MAX).filter(|number| protocol_name(*number).is_none()).collect();
        let expected: Vec<u8> = [61, 63, 68, 99, 114].into_iter().chain(148..=u8::MAX).collect();
        assert_eq!(without, expected);
    }

    #[test]
    fn the_table_is_sorted_and_its_names_are_unique() {
        assert!(KEYWORDS.is_sorted_by(|a, b| a.0 < b.0));
        let mut names: Vec<_> = KEYWORDS.iter().map(|(_, name)| *name).collect();
        names.sort_unstable();
        assert!(names.is_sorted_by(|a, b| a < b));
        assert!(
            names.iter().all(|name| !name.contains(char::is_whitespace) && **name == name.to_lowercase())
        );
    }
}
