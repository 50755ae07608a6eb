//! Attacks, and what else a detection should find: laid over ordinary traffic, and labelled.
//!
//! A new scenario is a function in a file of this folder and a row in [`Scenario::ALL`].

mod abuse;
mod access;
mod flood;
mod health;
mod leak;
mod scan;
mod stage;

use flow_record::{Field, RecordFormat};

pub(crate) use stage::{Skip, Staged};

use crate::outside::Family;
use crate::routes::Routes;
use stage::Stage;

/// One kind of attack or fault.
#[derive(Debug)]
pub struct Scenario {
    /// The name, in words joined by hyphens.
    pub name: &'static str,
    /// The ATT&CK technique; none of what is no attack.
    pub technique: Option<&'static str>,
    /// What happens, in a sentence.
    pub summary: &'static str,
    /// Fields without one of which no record shows it.
    needs: &'static [Field],
    play: fn(&mut Stage<'_>),
}

const LOST: [Field; 4] = [
    Field::PacketsLostNoRoute,
    Field::PacketsLostBlackhole,
    Field::PacketsLostMtuExceeded,
    Field::PacketsLostTtlExpired,
];

const fn row(
    name: &'static str,
    technique: &'static str,
    summary: &'static str,
    play: fn(&mut Stage<'_>),
) -> Scenario {
    Scenario { name, technique: Some(technique), summary, needs: &[], play }
}

impl Scenario {
    /// All of them.
    pub const ALL: &[Scenario] = &[
        row(
            "outbound-sweep",
            "T1046",
            "a host tries SSH on 300 hosts of the internet, most of which never answer",
            scan::outbound_sweep,
        ),
        row(
            "vertical-scan",
            "T1046",
            "a host tries 400 ports of a neighbour, nearly all of them closed",
            scan::vertical_scan,
        ),
        row(
            "internal-sweep",
            "T1046",
            "a host tries one port on 200 neighbours, most of which never answer",
            scan::internal_sweep,
        ),
        row(
            "slow-scan",
            "T1595",
            "one source tries a port of a public host every ten minutes for a day, and is refused",
            scan::slow_scan,
        ),
        row(
            "lateral-fan-out",
            "T1021",
            "a host opens administration ports of 30 neighbours",
            scan::lateral_fan_out,
        ),
        row(
            "brute-force-out",
            "T1110",
            "a host guesses passwords of a host on the internet: SSH, RDP, WinRM, FTP or a database, as the seed has it",
            access::brute_force_out,
        ),
        row(
            "brute-force-in",
            "T1110",
            "40 sources guess passwords of a public host that lets them in, at one of the same doors",
            access::brute_force_in,
        ),
        row(
            "exposed-database",
            "T1133",
            "a database answers someone on the internet",
            access::exposed_database,
        ),
        row(
            "known-bad-contact",
            "T1071",
            "a host talks to an address that is on everyone's list",
            access::known_bad_contact,
        ),
        row(
            "denied-egress",
            "T1041",
            "a host tries to get out on unusual ports and is refused 600 times",
            access::denied_egress,
        ),
        row(
            "exfiltration",
            "T1041",
            "a host sends four gibibytes to the internet within half an hour",
            leak::exfiltration,
        ),
        row("unapproved-dns", "T1071.004", "a host asks a name server on the internet", leak::unapproved_dns),
        row(
            "dns-over-tls",
            "T1071.004",
            "a host asks a name server on the internet over TLS",
            leak::dns_over_tls,
        ),
        row(
            "dns-tunnel",
            "T1071.004",
            "a host sends 3000 long names to a name server on the internet",
            leak::dns_tunnel,
        ),
        row("icmp-tunnel", "T1095", "a host exchanges large pings with the internet", leak::icmp_tunnel),
        row(
            "long-connection",
            "T1572",
            "one connection to the internet stays open for 13 hours",
            leak::long_connection,
        ),
        row(
            "outbound-tcp-flood",
            "T1498.001",
            "a host floods a public web server with connections",
            flood::tcp,
        ),
        row("outbound-udp-flood", "T1498.001", "a host floods a public address with UDP", flood::udp),
        row(
            "outbound-dns-flood",
            "T1498.002",
            "a host floods a public name server with questions",
            flood::dns,
        ),
        row(
            "outbound-udp-on-tcp-port-flood",
            "T1498.001",
            "a host floods a port that TCP uses with UDP",
            flood::udp_on_tcp_port,
        ),
        row(
            "outbound-unusual-protocol-flood",
            "T1498.001",
            "a host floods a public address with IGMP",
            flood::unusual_protocol,
        ),
        row(
            "inbound-flood",
            "T1498.001",
            "6000 sources a minute open connections to a load balancer and leave them",
            flood::inbound,
        ),
        row(
            "inbound-amplification",
            "T1498.002",
            "600 servers send a host replies over UDP that it never asked for",
            flood::amplification,
        ),
        row("spam", "T1071.003", "a host delivers mail to 80 servers within half an hour", abuse::spam),
        row("mining", "T1496", "a host works for a mining pool for three hours", abuse::mining),
        row(
            "skipped-records",
            "T1562.008",
            "AWS skips records of one interface in ten intervals",
            health::skipped_records,
        ),
        Scenario {
            technique: None,
            ..row(
                "reply-refused",
                "",
                "a network ACL lets requests in and refuses the replies",
                health::reply_refused,
            )
        },
        Scenario {
            technique: None,
            ..row(
                "refused-inside",
                "",
                "a database refuses a web server that should reach it",
                health::refused_inside,
            )
        },
        Scenario {
            technique: None,
            needs: &LOST,
            ..row(
                "transit-loss",
                "",
                "a transit gateway loses packets for want of a route, a blackhole, their size and their age",
                health::transit_loss,
            )
        },
    ];

    /// The one of this name.
    pub fn find(name: &str) -> Option<&'static Scenario> {
        Self::ALL.iter().find(|scenario| scenario.name == name)
    }

    /// Whether records of this format show it.
    pub fn fits(&self, format: &RecordFormat) -> bool {
        self.needs.is_empty() || self.needs.iter().any(|field| format.has(*field))
    }

    /// All of it, from `start` on.
    pub(crate) fn stage(
        &self,
        routes: &Routes,
        seed: u64,
        family: Family,
        start: u64,
        length: u64,
    ) -> Staged {
        let mut stage = Stage::new(routes, seed, self.name, family, start, length);
        (self.play)(&mut stage);
        stage.staged
    }
}
