//! What makes ordinary traffic hard to judge: packets without content, at the beginning, in the middle and at the end of
//! connections, refusals that mean nothing, and ports that tell nothing. In both formats, both ways.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::LazyLock;

use flow_generate::{Interface, Role, Settings, Traffic};
use flow_record::{Field, FlowRecord, Line, RecordFormat, VPC_DEFAULT, VPC_V5};

const FIN: u64 = 1;
const SYN: u64 = 2;
const RST: u64 = 4;

/// A record as a format shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    interface: String,
    source: (IpAddr, u64),
    destination: (IpAddr, u64),
    protocol: u64,
    packets: u64,
    bytes: u64,
    start: u64,
    end: u64,
    is_accepted: bool,
    /// None in version 2.
    flags: Option<u64>,
}

impl Seen {
    fn new(flow: &FlowRecord<'_>) -> Seen {
        let number = |field| flow.integer(field).unwrap();
        Seen {
            interface: flow.text(Field::InterfaceId).unwrap().to_owned(),
            source: (flow.address(Field::SrcAddr).unwrap(), number(Field::SrcPort)),
            destination: (flow.address(Field::DstAddr).unwrap(), number(Field::DstPort)),
            protocol: number(Field::Protocol),
            packets: number(Field::Packets),
            bytes: number(Field::Bytes),
            start: number(Field::Start),
            end: number(Field::End),
            is_accepted: flow.text(Field::Action) == Some("ACCEPT"),
            flags: flow.integer(Field::TcpFlags),
        }
    }

    fn is_v4(&self) -> bool {
        self.source.0.is_ipv4()
    }

    /// Packets, bytes and flags; 0 where there are none.
    fn shape(&self) -> (u64, u64, u64) {
        (self.packets, self.bytes, self.flags.unwrap_or_default())
    }

    fn is_tcp(&self, is_v4: bool) -> bool {
        self.protocol == 6 && self.is_accepted && self.is_v4() == is_v4
    }

    /// One way of a connection at an interface.
    fn way(&self) -> (&str, (IpAddr, u64), (IpAddr, u64)) {
        (&self.interface, self.source, self.destination)
    }

    fn way_back(&self) -> (&str, (IpAddr, u64), (IpAddr, u64)) {
        (&self.interface, self.destination, self.source)
    }
}

/// A working morning in one format.
struct Morning {
    roles: HashMap<String, Role>,
    /// Whose an address is.
    owners: HashMap<IpAddr, String>,
    records: Vec<Seen>,
}

/// An hour and a half: so many intervals.
const INTERVALS: usize = 90;

impl Morning {
    fn new(format: &str) -> Morning {
        let format: RecordFormat = format.parse().unwrap();
        let duration = Some(INTERVALS as u64 * 60);
        let settings = Settings { seed: 4, interfaces: 64, duration, ..Settings::default() };
        let mut traffic = Traffic::new(&settings);
        let roles = traffic.interfaces().iter().map(|one| (one.id.clone(), one.role)).collect();
        let ends = |one: &Interface| [(one.v4.into(), one.id.clone()), (one.v6.into(), one.id.clone())];
        let owners = traffic.interfaces().iter().flat_map(|one| ends(one)).collect();
        let mut records = Vec::new();
        for record in traffic.by_ref() {
            assert_eq!(record.scenario(), None, "nobody means harm");
            let line = record.display(&format).to_string();
            if let Line::Flow(flow) = format.parse(&line).unwrap() {
                records.push(Seen::new(&flow));
            }
        }
        assert_eq!(traffic.labels().count(), 0);
        Morning { roles, owners, records }
    }

    /// Whether an interface of this role saw it.
    fn is_at(&self, seen: &Seen, role: Role) -> bool {
        self.roles[&seen.interface] == role
    }

    /// Whether the interface that saw it sent it.
    fn is_egress(&self, seen: &Seen) -> bool {
        self.owners.get(&seen.source.0) == Some(&seen.interface)
    }
}

static V2: LazyLock<Morning> = LazyLock::new(|| Morning::new(VPC_DEFAULT));
static V5: LazyLock<Morning> = LazyLock::new(|| Morning::new(VPC_V5));

/// Runs `look` over both formats; in version 2 no flags are known.
fn in_both(look: impl Fn(&Morning, bool)) {
    assert!(V2.records.iter().all(|seen| seen.flags.is_none()));
    look(&V2, false);
    look(&V5, true);
}

/// How often there is a pair of one way and the other of one connection in the same interval, by their shapes.
fn pairs(morning: &Morning, is_v4: bool) -> BTreeMap<[(u64, u64, u64); 2], usize> {
    let candidates = || morning.records.iter().filter(|seen| seen.is_tcp(is_v4) && seen.packets <= 8);
    let ways: HashMap<_, _> =
        candidates().map(|seen| ((seen.way(), seen.start / 60), seen.shape())).collect();
    let mut pairs = BTreeMap::new();
    for seen in candidates() {
        if let Some(back) = ways.get(&(seen.way_back(), seen.start / 60)) {
            *pairs.entry([seen.shape(), *back]).or_default() += 1;
        }
    }
    pairs
}

/// Requires these pairs, whose flags count only where there are any.
fn require(morning: &Morning, has_flags: bool, is_v4: bool, wanted: &[[(u64, u64, u64); 2]]) {
    let pairs = pairs(morning, is_v4);
    for pair in wanted {
        let [mut there, mut back] = *pair;
        if !has_flags {
            (there.2, back.2) = (0, 0);
        }
        let found = pairs.get(&[there, back]).copied().unwrap_or_default();
        assert!(found >= 3, "{pair:?} with flags {has_flags}, IPv4 {is_v4}: {found}");
    }
}

#[test]
fn idle_connections_are_closed_later() {
    in_both(|morning, has_flags| {
        let v4 = [
            [(2, 104, FIN), (2, 104, FIN)],
            [(2, 104, FIN), (1, 52, FIN)],
            [(1, 52, FIN), (2, 104, FIN)],
            [(1, 52, FIN), (1, 40, RST)],
            [(1, 52, FIN), (1, 52, 0)],
            [(2, 80, FIN), (2, 80, FIN)],
        ];
        require(morning, has_flags, true, &v4);
        let v6 = [
            [(2, 144, FIN), (2, 144, FIN)],
            [(2, 144, FIN), (1, 72, FIN)],
            [(1, 72, FIN), (2, 144, FIN)],
            [(1, 72, FIN), (1, 60, RST)],
        ];
        require(morning, has_flags, false, &v6);
        // One side resets, and the other says nothing more.
        let alone = |bytes| (1, bytes, if has_flags { RST } else { 0 });
        for (is_v4, bytes) in [(true, 40), (false, 60)] {
            let is_alone = |seen: &&Seen| seen.is_tcp(is_v4) && seen.shape() == alone(bytes);
            assert!(morning.records.iter().filter(is_alone).count() > 10, "{bytes}");
        }
    });
}

/// What closes a connection belongs to one that was open, at the same interface, with content.
#[test]
fn nothing_is_closed_that_was_not_open() {
    let morning = &*V5;
    let mut open = HashSet::new();
    let mut tails = 0;
    for seen in morning.records.iter().filter(|seen| seen.protocol == 6 && seen.is_accepted) {
        if seen.flags.unwrap() & SYN != 0 {
            open.insert(seen.way());
        } else {
            assert!(open.contains(&seen.way()), "{seen:?}");
            tails += usize::from(seen.flags != Some(0) && seen.packets <= 2 && seen.bytes <= 144);
        }
    }
    assert!(tails > 1000, "{tails}");
}

#[test]
fn idle_connections_are_kept_alive() {
    in_both(|morning, has_flags| {
        require(morning, has_flags, true, &[[(1, 52, 0), (1, 52, 0)], [(4, 208, 0), (4, 208, 0)]]);
        require(morning, has_flags, true, &[[(1, 41, 0), (1, 52, 0)]]);
        require(morning, has_flags, false, &[[(1, 72, 0), (1, 72, 0)]]);
        let mut ports = BTreeSet::new();
        for seen in morning.records.iter().filter(|seen| seen.is_tcp(true) && seen.shape() == (1, 52, 0)) {
            assert_eq!(seen.start, seen.end, "one packet has one time");
            ports.insert(seen.destination.1);
        }
        for port in [443, 993, 5432] {
            assert!(ports.contains(&port), "{port}");
        }
    });
}

#[test]
fn monitors_open_and_close() {
    in_both(|morning, has_flags| {
        let v4 = [
            [(4, 216, SYN | FIN), (2, 112, 19)],
            [(4, 216, SYN | FIN), (3, 164, 19)],
            [(3, 132, SYN | RST), (1, 52, 18)],
            [(3, 132, SYN | FIN), (2, 92, 22)],
        ];
        require(morning, has_flags, true, &v4);
        let v6 = [
            [(4, 296, SYN | FIN), (2, 152, 19)],
            [(4, 296, SYN | FIN), (3, 224, 19)],
            [(3, 192, SYN | RST), (1, 72, 18)],
            [(3, 192, SYN | FIN), (2, 132, 22)],
        ];
        require(morning, has_flags, false, &v6);
        let looks = morning.records.iter().filter(|seen| seen.protocol == 6 && seen.packets == 4);
        let looks =
            looks.filter(|seen| [216, 296].contains(&seen.bytes) && morning.is_at(seen, Role::Monitor));
        let (mut hosts, mut ports, mut sites) = (HashSet::new(), HashMap::new(), HashSet::new());
        for seen in looks {
            let (host, port) = seen.destination;
            match host {
                IpAddr::V4(address) if address.is_private() => {
                    hosts.extend((port == 8080).then_some(host));
                    ports.entry(host).or_insert_with(HashSet::new).insert(port);
                }
                _ => sites.extend((port == 8443).then_some(host)),
            }
        }
        assert!(hosts.len() >= 10, "one port of many hosts: {}", hosts.len());
        assert!(ports.values().any(|ports| ports.len() >= 20), "many ports of one host");
        assert!(sites.len() >= 10 && sites.iter().any(IpAddr::is_ipv6), "hosts outside: {}", sites.len());
    });
}

#[test]
fn late_packets_are_not_let_out() {
    in_both(|morning, has_flags| {
        let mut shapes = BTreeSet::new();
        let mut tried = BTreeSet::new();
        for seen in morning.records.iter().filter(|seen| !seen.is_accepted) {
            if !morning.is_egress(seen) {
                continue;
            }
            let flags = seen.flags.unwrap_or_default();
            if [443, 8080, 3306, 5432].contains(&seen.source.1) && seen.protocol == 6 {
                assert_eq!(flags & SYN, 0, "{seen:?}");
                shapes.insert((seen.is_v4(), seen.shape()));
            } else {
                tried.insert((seen.destination.1, seen.shape()));
            }
        }
        let flagged = |flags: u64| if has_flags { flags } else { 0 };
        for (is_v4, bare, reset) in [(true, 52, 40), (false, 72, 60)] {
            for packets in 1..=3 {
                assert!(shapes.contains(&(is_v4, (packets, packets * bare, flagged(FIN)))), "{packets} FINs");
            }
            assert!(shapes.contains(&(is_v4, (1, bare, 0))), "a keep-alive");
            assert!(shapes.contains(&(is_v4, (1, reset, flagged(RST)))), "a reset");
        }
        assert_eq!(tried, BTreeSet::from([(123, (1, 76, 0)), (8530, (3, 156, flagged(SYN)))]));
    });
}

#[test]
fn gateways_take_any_port() {
    in_both(|morning, has_flags| {
        let mut ports = HashSet::new();
        let mut unnamed = HashMap::<u64, usize>::new();
        for seen in &morning.records {
            if morning.is_egress(seen) && seen.is_tcp(true) {
                if morning.is_at(seen, Role::NatGateway) && !is_private(seen.destination.0) {
                    ports.insert(seen.source.1);
                }
                let is_content = seen.bytes > 1000 && seen.flags.is_none_or(|flags| flags == 0);
                if is_content && [12_345, 31_234].contains(&seen.destination.1) {
                    *unnamed.entry(seen.destination.1).or_default() += 1;
                }
            }
        }
        assert!(ports.iter().all(|port| *port >= 1024));
        let low = ports.iter().filter(|port| **port < 32_768).count();
        assert!((0.4..0.6).contains(&(low as f64 / ports.len() as f64)), "{low} of {}", ports.len());
        assert!(ports.iter().any(|port| *port > 61_000));
        assert!(unnamed.len() == 2 && unnamed.values().all(|count| *count > 20), "{unnamed:?} {has_flags}");
        let web = morning.records.iter().filter(|seen| seen.protocol == 6 && seen.destination.1 == 5432);
        assert!(web.filter(|seen| seen.source.1 < 32_768).count() > 10, "clients with a widened range");
    });
}

fn is_private(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(address) if address.is_private())
}

/// One interface posts its events every twenty seconds, over a connection each.
#[test]
fn events_are_forwarded() {
    in_both(|morning, has_flags| {
        let mut posts: HashMap<_, Vec<u64>> = HashMap::new();
        for seen in morning.records.iter().filter(|seen| seen.destination.1 == 5985 && seen.is_accepted) {
            assert!((2000..20_000).contains(&seen.bytes), "{seen:?}");
            assert!(!has_flags || seen.flags == Some(SYN | FIN));
            posts.entry((&seen.interface, seen.source.0, seen.destination.0)).or_default().push(seen.start);
        }
        assert!(posts.len() >= 4, "two clients and both ends: {}", posts.len());
        for times in posts.values() {
            assert!(
                times.len() == 3 * INTERVALS && times.windows(2).all(|two| two[1] - two[0] == 20),
                "{times:?}"
            );
        }
        let back = morning.records.iter().filter(|seen| seen.source.1 == 5985 && seen.is_accepted).count();
        assert_eq!(back, posts.values().map(Vec::len).sum::<usize>());
    });
}

/// Logs go one way over UDP, always from the same port.
#[test]
fn logs_go_one_way() {
    in_both(|morning, _| {
        let mut sent: HashMap<_, Vec<u64>> = HashMap::new();
        for seen in morning.records.iter().filter(|seen| seen.protocol == 17 && seen.destination.1 == 514) {
            assert!((180..=260).contains(&(seen.bytes / seen.packets)));
            if !is_private(seen.destination.0) && seen.is_accepted {
                sent.entry((seen.way(), morning.is_at(seen, Role::NatGateway)))
                    .or_default()
                    .push(seen.packets);
            }
        }
        let intervals = |records: &&Vec<u64>| records.len() == INTERVALS;
        assert!(sent.values().filter(intervals).count() >= 3, "{:?}", sent.values().map(Vec::len));
        assert!(sent.keys().any(|(_, is_gateway)| *is_gateway));
        assert!(
            sent.values()
                .filter(intervals)
                .all(|packets| packets.iter().sum::<u64>() > INTERVALS as u64 * 2400)
        );
        let answers = morning.records.iter().filter(|seen| seen.protocol == 17 && seen.source.1 == 514);
        assert_eq!(answers.filter(|seen| seen.is_accepted).count(), 0);
    });
}

/// Customers behind routers fetch files from ports that the server chose: neither port tells who began.
#[test]
fn files_are_fetched_over_passive_ftp() {
    in_both(|morning, has_flags| {
        let control: HashSet<_> = morning
            .records
            .iter()
            .filter(|seen| seen.destination.1 == 21 && seen.is_accepted)
            .map(|seen| (&seen.interface, seen.source.0))
            .collect();
        assert!(control.len() >= 3, "{}", control.len());
        let mut fetched: HashMap<_, (u64, bool, bool)> = HashMap::new();
        for seen in &morning.records {
            let is_customer = control.contains(&(&seen.interface, seen.destination.0));
            if is_customer && seen.is_accepted && (50_000..=51_000).contains(&seen.source.1) {
                let (bytes, has_syn, has_none) = fetched.entry(seen.way()).or_default();
                *bytes += seen.bytes;
                *has_syn |= seen.flags.is_some_and(|flags| flags & SYN != 0);
                *has_none |= seen.flags == Some(0);
            }
        }
        assert!(fetched.keys().any(|(_, _, client)| client.1 < 32_768));
        assert!(fetched.values().all(|(bytes, has_syn, _)| *bytes >= 60 << 20 || !*has_syn));
        let is_long =
            fetched.values().any(|(bytes, has_syn, has_none)| *bytes > 60 << 20 && *has_syn && *has_none);
        assert!(!has_flags || is_long, "{fetched:?}");
        let asked = morning.records.iter().filter(|seen| fetched.contains_key(&seen.way_back())).count();
        assert!(asked > 3, "acknowledgements come back");
    });
}

/// All of it is a few percent, by day and at night.
#[test]
fn most_records_have_content() {
    let share = |start| {
        let settings = Settings { interfaces: 100, start, duration: Some(1800), ..Settings::default() };
        let format: RecordFormat = VPC_DEFAULT.parse().unwrap();
        let (mut all, mut bare) = (0_u64, 0_u64);
        for record in Traffic::new(&settings) {
            let line = record.display(&format).to_string();
            let Line::Flow(flow) = format.parse(&line).unwrap() else { continue };
            let number = |field| flow.integer(field).unwrap();
            let (packets, bytes) = (number(Field::Packets), number(Field::Bytes));
            let is_v4 = flow.address(Field::SrcAddr).unwrap().is_ipv4();
            all += 1;
            let is_bare = packets <= 8 && bytes <= packets * if is_v4 { 60 } else { 80 };
            bare += u64::from(
                is_bare && number(Field::Protocol) == 6 && flow.text(Field::Action) == Some("ACCEPT"),
            );
        }
        bare as f64 / all as f64
    };
    let monday_nine = Settings::default().start;
    for (start, shares) in [(monday_nine, 0.02..0.08), (monday_nine - 6 * 3600, 0.04..0.15)] {
        let found = share(start);
        assert!(shares.contains(&found), "{found} is not in {shares:?}");
    }
}
