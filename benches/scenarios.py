"""Which generated scenarios the built-in rules find, for seeds, formats, aggregation intervals and address families.

Prints two tables in Markdown: in how many of the seeds the right rule has found the right subject, and how long after the
first labelled record its first message would have been sent, the median of the seeds. The time is that of `flowgauge
replay`, the records' own; the aggregation interval and AWS's delivery come on top.
"""

import ipaddress
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor

PROGRAM = "target/release/flowgauge"

# Scenario: the rule that should find it, how long to play, and in whose hands the subject lies.
SCENARIOS = {
    "outbound-sweep": ("outbound-sweep", "1h", "actor"),
    "vertical-scan": ("vertical-scan", "1h", "actor"),
    "internal-sweep": ("internal-sweep", "1h", "actor"),
    "slow-scan": ("slow-scan", "25h", "actor"),
    "lateral-fan-out": ("lateral-fan-out", "1h", "actor"),
    "brute-force-out": ("brute-force-out", "1h", "actor"),
    "brute-force-in": ("brute-force-in", "1h", "target"),
    "exposed-database": ("admin-port-exposed", "1h", "target"),
    "known-bad-contact": ("known-bad-contact", "1h", "target"),
    "denied-egress": ("denied-egress", "1h", "actor"),
    "exfiltration": ("exfiltration", "2h", "target"),
    "unapproved-dns": ("unapproved-dns", "2h", "actor"),
    "dns-over-tls": ("unapproved-dns-over-tls", "2h", "actor"),
    "dns-tunnel": ("dns-tunnel", "2h", "target"),
    "icmp-tunnel": ("icmp-tunnel", "1h", "target"),
    "long-connection": ("long-connection", "14h", "target"),
    "outbound-tcp-flood": ("outbound-dos-tcp", "1h", "target"),
    "outbound-udp-flood": ("outbound-dos-udp", "1h", "target"),
    "outbound-dns-flood": ("outbound-dos-dns", "1h", "target"),
    "outbound-udp-on-tcp-port-flood": ("outbound-dos-udp-on-tcp-port", "1h", "target"),
    "outbound-unusual-protocol-flood": ("outbound-dos-unusual-protocol", "1h", "target"),
    "inbound-flood": ("inbound-flood", "1h", "target"),
    "inbound-amplification": ("inbound-amplification", "1h", "target"),
    "spam": ("spam", "1h", "actor"),
    "mining": ("mining", "4h", "target"),
    "skipped-records": ("skipdata", "1h", "interface"),
    "reply-refused": ("reply-refused", "1h", "target"),
    "refused-inside": ("refused-inside", "1h", "target"),
    "transit-loss": ("transit-loss", "1h", None),
}
SEEDS = range(10)

# The network's own prefix, named as a user would: without `flow-direction` nothing else tells whose an IPv6 address is.
OWN_IPV6 = "2001:db8:10::/48"


def program(*arguments):
    run = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"{' '.join(arguments)}: {run.stderr}")
    return run.stdout


def mode(rule):
    """The quietest that has the rule on: with those that are off, whose state is large, everything takes ten times as long."""
    is_off = tomllib.loads(pathlib.Path(f"rules/{rule}.toml").read_text())["mode"] == "off"
    return "all" if is_off else "observe"


def subject_of(finding):
    return [str(value) for value in finding["subject"].values()]


def is_address(text):
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def found(scenario, seed, format, seconds, family, folder):
    """How many seconds after the first labelled record the right rule tells of the right subject; none if it does not.

    And how many subjects it tells of besides, with an address that is not of the label: what a NAT gateway passes on, or a mistake.
    """
    rule, duration, subject = SCENARIOS[scenario]
    labels, lines, networks = folder / "labels", folder / "lines", folder / "networks"
    options = ["--ipv6"] if family == 6 else []
    text = program("generate", "--seed", str(seed), "--scenario", scenario, "--format", format, "--duration", duration,
                   "--aggregation", str(seconds), "--interfaces", "6", "--labels", str(labels), *options)
    lines.write_text(text)
    label = json.loads(labels.read_text().splitlines()[0])
    ends = [label[end] for end in ("actor", "target") if label[end]]
    threat = scenario == "known-bad-contact"
    named = [f"{end}/{128 if ':' in end else 32} {'threat-' if threat and end == label['target'] else 'own-'}{number}"
             for number, end in enumerate(ends)] if threat or scenario == "refused-inside" else []
    networks.write_text("\n".join([f"{OWN_IPV6} own", *named]))
    # The header says the format, except of AWS's default.
    history = json.loads(program("replay", "--mode", mode(rule), "--output", "json", "--top", "10000", "--networks", str(networks),
                                 str(lines)))
    findings = next(known["top"] for known in history["rules"] if known["rule"] == rule)
    right = [finding for finding in findings
             if subject is None or label[subject] in subject_of(finding)]
    others = [finding for finding in findings if any(is_address(value) and value not in ends for value in subject_of(finding))]
    first = min((max(finding["first"] - label["start"], 0) for finding in right), default=None)
    return first, len(others)


def cell(arguments):
    """In how many of the seeds it was found, and after how long."""
    scenario, format, seconds, family = arguments
    delays, others = [], 0
    for seed in SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            delay, more = found(scenario, seed, format, seconds, family, pathlib.Path(folder))
        delays.append(delay)
        others += more
    delays = [delay for delay in delays if delay is not None]
    hits = f"{len(delays)}/{len(SEEDS)}" + (f" and {others} others" if others else "")
    return hits, shown(statistics.median_high(delays)) if delays else "-"


def shown(seconds):
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m{seconds % 60:02}s"


def main():
    wanted = sys.argv[1:] or list(SCENARIOS)
    cases = [(format, seconds, family) for format in ("v2", "v5") for seconds in (60, 600) for family in (4, 6)]
    head = [f"{format}, {seconds} s, IPv{family}" for format, seconds, family in cases]
    times = []
    print("| scenario | rule |", " | ".join(head), "|")
    print("|---|---|" + "---|" * len(head))
    for scenario in wanted:
        if scenario == "transit-loss":
            print(f"| {scenario} | transit-loss |", " | ".join(["-"] * len(cases)), "|")
            continue
        with ThreadPoolExecutor(2) as pool:
            cells = list(pool.map(cell, [(scenario, *case) for case in cases]))
        times.append((scenario, [time for _, time in cells]))
        print(f"| {scenario} | {SCENARIOS[scenario][0]} |", " | ".join(hits for hits, _ in cells), "|", flush=True)
    print("\n| scenario |", " | ".join(head), "|")
    print("|---|" + "---|" * len(head))
    for scenario, cells in times:
        print(f"| {scenario} |", " | ".join(cells), "|")


if __name__ == "__main__":
    main()
