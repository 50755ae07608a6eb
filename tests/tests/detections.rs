//! `docs/detections.md`, written from the rules: what each detects, and what of Amazon GuardDuty's findings that is.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fmt::Write as _;
use std::fs;

use flow_detect::{Mode, Rule, RuleSet, show_duration};
use flowgauge_tests::{assert_written, root};

/// What there is for a finding type of GuardDuty.
enum Answer {
    /// Rules that find it.
    Rules(&'static [&'static str]),
    /// It needs a memory of days.
    Planned(&'static str),
    /// Flow logs do not show it, or not with a list that this program could bring.
    Absent(&'static str),
}

use Answer::{Absent, Planned, Rules};

/// GuardDuty's EC2 finding types whose source is VPC Flow Logs ("GuardDuty EC2 finding types" in its user guide).
const GUARDDUTY: [(&str, Answer); 30] = [
    ("Backdoor:EC2/C&CActivity.B", Rules(&["known-bad-contact"])),
    ("Backdoor:EC2/DenialOfService.Dns", Rules(&["outbound-dos-dns"])),
    ("Backdoor:EC2/DenialOfService.Tcp", Rules(&["outbound-dos-tcp"])),
    ("Backdoor:EC2/DenialOfService.Udp", Rules(&["outbound-dos-udp"])),
    ("Backdoor:EC2/DenialOfService.UdpOnTcpPorts", Rules(&["outbound-dos-udp-on-tcp-port"])),
    ("Backdoor:EC2/DenialOfService.UnusualProtocol", Rules(&["outbound-dos-unusual-protocol"])),
    ("Backdoor:EC2/Spambot", Rules(&["spam"])),
    ("Behavior:EC2/NetworkPortUnusual", Planned("the ports that each host used before")),
    (
        "Behavior:EC2/TrafficVolumeUnusual",
        Planned("how much each host sent before; `exfiltration` has an absolute floor"),
    ),
    ("CryptoCurrency:EC2/BitcoinTool.B", Rules(&["mining", "known-bad-contact"])),
    ("DefenseEvasion:EC2/UnusualDNSResolver", Rules(&["unapproved-dns"])),
    (
        "DefenseEvasion:EC2/UnusualDoHActivity",
        Absent("DNS over HTTPS is HTTPS in a flow log; name the resolvers `threat...`"),
    ),
    ("DefenseEvasion:EC2/UnusualDoTActivity", Rules(&["unapproved-dns-over-tls"])),
    ("Impact:EC2/AbusedDomainRequest.Reputation", Absent("needs names, which flow logs do not have")),
    ("Impact:EC2/PortSweep", Rules(&["outbound-sweep", "web-sweep", "lateral-fan-out"])),
    ("Impact:EC2/WinRMBruteForce", Rules(&["brute-force-out", "brute-force-spread", "brute-force-in"])),
    ("Recon:EC2/PortProbeEMRUnprotectedPort", Rules(&["known-bad-contact", "admin-port-exposed"])),
    ("Recon:EC2/PortProbeUnprotectedPort", Rules(&["known-bad-contact", "admin-port-exposed"])),
    ("Recon:EC2/Portscan", Rules(&["vertical-scan", "slow-scan-inside"])),
    (
        "Trojan:EC2/BlackholeTraffic",
        Absent("a list of sinkholes is not ours to bring; name them `threat...`"),
    ),
    ("Trojan:EC2/DropPoint", Absent("a list of drop points is not ours to bring; name them `threat...`")),
    (
        "UnauthorizedAccess:EC2/MaliciousIPCaller.Custom",
        Rules(&["known-bad-contact", "known-bad-tried", "known-bad-refused"]),
    ),
    (
        "UnauthorizedAccess:EC2/MetadataDNSRebind",
        Absent("needs names, and traffic to the metadata service is not logged"),
    ),
    (
        "UnauthorizedAccess:EC2/RDPBruteForce",
        Rules(&["brute-force-out", "brute-force-spread", "brute-force-in"]),
    ),
    (
        "UnauthorizedAccess:EC2/SSHBruteForce",
        Rules(&["brute-force-out", "brute-force-spread", "brute-force-in"]),
    ),
    (
        "UnauthorizedAccess:EC2/TorClient",
        Absent("a list of Tor's guards is not ours to bring; name them `threat...`"),
    ),
    (
        "UnauthorizedAccess:EC2/TorRelay",
        Absent("a list of Tor's relays is not ours to bring; name them `threat...`"),
    ),
    ("UnauthorizedAccess:EC2/TorIPCaller", Absent("retired by AWS; name Tor's exits `threat...`")),
    ("Impact:EC2/MassIPScan", Absent("retired by AWS; `outbound-sweep` finds it")),
    ("Beacons to a command and control server", Planned("the times of each pair's connections over a day")),
];

/// What flow logs, or these rules over them, do not show, and why.
const BLIND: [(&str, &str); 16] = [
    (
        "Whom an IPv6 record without `flow-direction` belongs to",
        "All its addresses are public. Unless the networks file names your own prefix (or the other end is named `threat...`), \
         rules that need a direction stay silent over formats such as AWS's default.",
    ),
    (
        "A sweep or fan-out inside that only its targets' interfaces log",
        "Each target sees one try. `vertical-scan` and `brute-force-out` are about one pair and see it from either end; \
         `internal-sweep` and `lateral-fan-out` need the source's interface.",
    ),
    (
        "Scans and guesses from a server's port over formats without `tcp-flags`",
        "A record from port 443 to port 3306 may be a reply to a NAT gateway's client. `vertical-scan` then counts ports below \
         1024 only, which no client picks; sweeps count any, since they are about one port; password guessing counts none.",
    ),
    (
        "Tries of Windows, over formats without `tcp-flags`",
        "Its SYN has the 52 bytes (IPv6: 72) of an acknowledgement of Linux, of which every kept or closed connection leaves some. \
         Refused ones count; accepted ones that nobody answers count for `outbound-sweep` alone, which sees replies too. Nor does \
         `reply-refused` know a refused SYN-ACK of Windows there.",
    ),
    (
        "Scans without a SYN, and of UDP inside",
        "FIN, NULL and Xmas scans look like the ends of connections. Datagrams need no answer: inside they count where they are \
         refused, outside where their port is known for a service.",
    ),
    (
        "Databases and administration ports open to few, over formats without `tcp-flags`",
        "`admin-port-exposed` then believes clients from port 32768 on, since a NAT gateway gives its clients any port from 1024 on, \
         a database's too. The internet's scanners use such ports soon enough.",
    ),
    (
        "Git, Ansible and builds over SSH, told from guessing",
        "A fetch and a guess are as long and as large. `brute-force-out` tells both; suppress the git host's published ranges for \
         port 22, or the source.",
    ),
    (
        "Mining on ports 443, 80 or 8080, through a proxy or a VPN",
        "It looks like any other connection there; name the pools' networks `threat...`. `mining` adds up the seconds between the \
         first and last packet of each record: a miner that says one word a minute stays below it.",
    ),
    (
        "Floods spread over many interfaces, each below the threshold",
        "State is kept for each interface. But for SYNs, records of less than 100 packets are not counted: a flood from many \
         sources of a few packets each is not seen, since each of the internet's knocks would have to be written.",
    ),
    (
        "Floods that look like visitors",
        "TCP with content, acknowledgements in records of less than 100 packets, UDP from fewer than 200 sources that is let in: \
         flow logs do not tell them from uploads, downloads and streams.",
    ),
    (
        "ICMP types",
        "Flow logs have none. `icmp-tunnel` wants packets both ways, so that errors are none; a tunnel that nobody answers is not \
         seen. ICMP alone is no contact with a known bad address.",
    ),
    (
        "Resets that follow a SYN at once, over formats without `tcp-flags`",
        "They may make up a SYN's size: a scan of open ports is told as one of closed ports.",
    ),
    (
        "Exfiltration over AWS's default format",
        "It does not tell an upload from a backup to S3. `exfiltration` needs `flow-direction` and `pkt-dst-aws-service`. Records below \
         500 kB are not added up, nor a connection between ports that nobody knows which began before the hour.",
    ),
    (
        "Who is behind a NAT gateway or a load balancer",
        "Its interface shows its own address; log the subnets behind it too, with `pkt-srcaddr` and `pkt-dstaddr`. What a host does \
         through a NAT gateway is told of both, a finding each: suppress the gateway's address if you log those behind it.",
    ),
    (
        "What AWS does not log",
        "DNS by the VPC's own resolver, instance metadata, time sync, DHCP, licence activation, mirrored traffic, and what \
         SKIPDATA records stand for.",
    ),
    (
        "What takes longer than a day",
        "Beacons, slow exfiltration and whatever is odd only beside the days before need a longer memory than windows have.",
    ),
];

fn document() -> String {
    let rules = RuleSet::defaults();
    let mut text = String::from(
        "# Detections\n\nWritten from the rules by `make docs`; a test compares the two. `flowgauge rules show ID` prints all \
         that a rule says.\n\n| id | what | type | ATT&CK | severity | mode | window | fires when | told | after | state | in the console |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    rules.rules().iter().for_each(|rule| row(rule, &mut text));
    text.push_str(
        "\n`told`: a monotone rule as soon as a window passes, a closing one when a window has closed. `after`: how long after the \
         first record of what it tells, at most, once the threshold is reached: a monotone rule with the next batch, a closing one \
         when its window and the time that late records have are over. The aggregation interval and AWS's delivery come before \
         that; docs/scenarios.md has measured times. `state`: a local rule \
         keeps one group's records to one network interface, a spanning one does not. `in the console`: whether the CloudWatch \
         console runs the query unchanged.\n",
    );
    text.push_str("\n## Why these thresholds\n\nThe words at the head of each rule's file.\n\n");
    rules.rules().iter().for_each(|rule| writeln!(text, "- `{}`: {}", rule.id, reasons(rule)).unwrap());
    text.push_str("\n## Off by default\n\n| id | why |\n|---|---|\n");
    let off = rules.rules().iter().filter(|rule| rule.mode == Mode::Off);
    off.for_each(|rule| writeln!(text, "| `{}` | {} |", rule.id, why_off(rule)).unwrap());
    text.push_str("\n## What they can't see\n\n");
    BLIND.iter().for_each(|(what, why)| writeln!(text, "- **{what}.** {why}").unwrap());
    text.push_str(
        "\n## Beside GuardDuty\n\nGuardDuty's findings whose source is VPC Flow Logs. It publishes no thresholds, reads a stream of its own, and does \
         not judge IPv6 by flow logs; these rules do.\n\n| GuardDuty | here |\n|---|---|\n",
    );
    for (finding, answer) in &GUARDDUTY {
        let answer = match answer {
            Rules(ids) => ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", "),
            Planned(needs) => format!("planned; needs a memory of days: {needs}"),
            Absent(why) => format!("no: {why}"),
        };
        writeln!(text, "| {finding} | {answer} |").unwrap();
    }
    text
}

/// The comment at the head of a rule's file, on one line.
fn reasons(rule: &Rule) -> String {
    let file = fs::read_to_string(root().join("rules").join(format!("{}.toml", rule.id))).unwrap();
    let lines: Vec<_> = file.lines().map_while(|line| line.strip_prefix("# ")).map(str::trim).collect();
    assert!(!lines.is_empty(), "{}: the file does not begin with its reasons", rule.id);
    lines.join(" ")
}

/// What its file says from `Off` on.
fn why_off(rule: &Rule) -> String {
    let reasons = reasons(rule);
    let off =
        reasons.find("Off").unwrap_or_else(|| panic!("{}: its file does not say why it is off", rule.id));
    reasons[off..].to_owned()
}

/// How long after its first record something is told.
fn after(rule: &Rule) -> String {
    let windowing = rule.windowing;
    if rule.query.is_monotone() {
        "the next batch".to_owned()
    } else {
        show_duration(windowing.window + windowing.lateness)
    }
}

fn row(rule: &Rule, text: &mut String) {
    let enrichments: Vec<_> = rule.query.enrichments().iter().map(|name| name.insights_name()).collect();
    let portable = match (rule.query.detector(), enrichments.is_empty()) {
        (Some(detector), _) => format!("no: the detector `{detector}`"),
        (None, true) => "yes".to_owned(),
        (None, false) => format!("no: {}", enrichments.join(", ")),
    };
    writeln!(
        text,
        "| `{}` | {} | `{}` | {} | {} | {} | {} | `{}` | {} | {} | {} | {portable} |",
        rule.id,
        rule.words().title.en,
        rule.finding_type,
        rule.technique,
        rule.severity,
        rule.mode,
        show_duration(rule.windowing.window),
        rule.threshold(),
        if rule.query.is_monotone() { "monotone" } else { "closing" },
        after(rule),
        if rule.query.is_local() { "local" } else { "spanning" },
    )
    .unwrap();
}

#[test]
fn the_detections_are_what_the_rules_say() {
    assert_written("docs/detections.md", &document(), "the rules say");
}

#[test]
fn every_answer_is_a_rule_that_there_is() {
    let rules = RuleSet::defaults();
    for (finding, answer) in &GUARDDUTY {
        if let Rules(ids) = answer {
            assert!(!ids.is_empty());
            ids.iter().for_each(|id| assert!(rules.find(id).is_some(), "{finding}: there is no rule `{id}`"));
        }
    }
}
