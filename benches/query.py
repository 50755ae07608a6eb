"""Measures `flowgauge query` on large files: `make bench-query`.

Makes, once, three gzip files of 1 GB of lines in target/: lines in no order, those of a network whose hosts talk to the same
others all day, and those of a generated network that much of the internet knocks at. Prints the CPU time and peak memory of
decompressing each alone and of queries over it, the least of three runs, with their ratios. Then a million groups of two
addresses, of IPv4 and of IPv6.
"""

from __future__ import annotations

import gzip
import random
import subprocess
import sys
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from used import used

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "target"
PROGRAM = TARGET / "release/flowgauge"
INFLATE = TARGET / "release/examples/inflate"
BYTES = 1_000_000_000
PAIRS = 20_000
RUNS = 3
GROUPS = 1_000_000

BY_PAIR = "stats sum(bytes) by srcAddr, dstAddr"
QUERIES = [
    BY_PAIR,
    "stats sum(bytes) as b by srcAddr, dstAddr | sort b desc | limit 10",
    "filter dstPort = 80 | limit 100000000",
    "fields @timestamp, @message | sort @timestamp desc | filter protocol=17 and action='ACCEPT' | limit 100",
    "stats count(*), pct(bytes, 95) by bin(1h)",
]


def generated() -> Path:
    """1 GB of lines as gzip at the level that AWS's files have, 6."""
    path = TARGET / "query-1gb.log.gz"
    if not path.is_file():
        partial = path.with_suffix(".partial")
        command = [PROGRAM, "generate", "--records", "20000000", "--interfaces", "200"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as made:
            assert made.stdout is not None
            left = BYTES
            with gzip.open(partial, "wb", compresslevel=6) as packed:
                while left > 0 and (part := made.stdout.read(min(left, 1 << 20))):
                    left -= len(part)
                    packed.write(part)
            assert left == 0, f"expected {BYTES} bytes, {left} are missing"
            made.kill()
        partial.rename(path)
    return path


def shuffled() -> Path:
    """1 GB of lines between 20,000 pairs of addresses in no order: they compress half as well."""
    path = TARGET / "query-1gb-shuffled.log.gz"
    if path.is_file():
        return path
    numbers = random.Random(7)
    draw = lambda below: int(numbers.random() * below)  # noqa: E731
    pairs = [f"172.{draw(256)}.{draw(256)}.{draw(256)} 10.{draw(256)}.{draw(256)}.{draw(256)}" for _ in range(PAIRS)]
    partial, left = path.with_suffix(".partial"), BYTES
    with gzip.open(partial, "wb", compresslevel=6) as packed:
        while left > 0:
            size, start = 40 + draw(90_000), 1_700_000_000 + draw(3600)
            line = (
                f"2 123456789012 eni-{draw(64):017x} {pairs[draw(PAIRS)]} {1024 + draw(64_000)} 443 6 {1 + size // 700} "
                f"{size} {start} {start + 60} ACCEPT OK\n"
            ).encode()
            packed.write(line)
            left -= len(line)
    partial.rename(path)
    return path


def steady() -> Path:
    """1 GB of lines between 2,000 pairs of addresses, both directions of what a third of them says in each minute."""
    path = TARGET / "query-1gb-steady.log.gz"
    if path.is_file():
        return path
    numbers = random.Random(3)
    ports = [443, 443, 443, 53, 80, 123, 3306, 5432]
    pairs = [
        (
            f"eni-{numbers.randrange(32):017x}",
            f"10.0.{numbers.randrange(16)}.{numbers.randrange(256)}",
            f"{numbers.choice([3, 10, 52, 54, 172])}.{numbers.randrange(256)}.{numbers.randrange(256)}.{numbers.randrange(256)}",
            numbers.choice(ports),
        )
        for _ in range(2000)
    ]
    partial, left, minute = path.with_suffix(".partial"), BYTES, 1_700_000_000
    with gzip.open(partial, "wb", compresslevel=6) as packed:
        while left > 0:
            lines = []
            for interface, host, other, port in numbers.sample(pairs, 700):
                client, packets = 32_768 + numbers.randrange(28_000), 1 + int(numbers.expovariate(1 / 12))
                protocol, size = 17 if port in (53, 123) else 6, packets * (40 + numbers.randrange(1200))
                rest = f"{protocol} {packets} {size} {minute + numbers.randrange(4)} {minute + 58} ACCEPT OK"
                lines.append(f"2 123456789012 {interface} {host} {other} {client} {port} {rest}\n")
                lines.append(f"2 123456789012 {interface} {other} {host} {port} {client} {rest}\n")
            part = "".join(lines).encode()
            packed.write(part)
            left -= len(part)
            minute += 60
    partial.rename(path)
    return path


def many_groups(version: int) -> Path:
    """A line for each of a million pairs of addresses of this version of IP."""
    path = TARGET / f"query-groups-ipv{version}.log.gz"
    numbers = random.Random(7)
    with gzip.open(path, "wt", compresslevel=1) as packed:
        for number in range(GROUPS):
            if version == 4:
                source, other = IPv4Address((10 << 24) + number), IPv4Address(numbers.randbytes(4))
            else:
                source, other = IPv6Address((0x2001_0DB8 << 96) + number), IPv6Address(b"\x26" + numbers.randbytes(15))
            packed.write(f"2 1 eni-1 {source} {other} 40000 443 6 1 40 1700000000 1700000059 ACCEPT OK\n")
    return path


def measure(command: list[str | Path]) -> tuple[float, float]:
    """The least CPU time in seconds of some runs, and the largest peak of resident memory in MB."""
    seconds, memory = zip(*(used(command) for _ in range(RUNS)), strict=True)
    return min(seconds), max(memory) / 1e6


def show(what: str, seconds: float, memory: float, floor: float) -> None:
    """One line of the table."""
    print(f"{seconds:7.2f} s {seconds / floor:6.2f} {memory:8.1f} MB  {what}", flush=True)


def main() -> int:
    """Prints one line a measurement."""
    print("   CPU     ratio     peak     of")
    for file in [shuffled(), steady(), generated()]:
        print(f"{file.name}: {BYTES} bytes in {file.stat().st_size}")
        floor, memory = measure([INFLATE, file])
        show("decompression alone", floor, memory, floor)
        for query in QUERIES:
            seconds, memory = measure([PROGRAM, "query", query, "--output", "csv", file])
            show(query, seconds, memory, floor)
    for version in (4, 6):
        file = many_groups(version)
        print(f"{file.name}: {GROUPS} pairs of addresses, a line each")
        floor, memory = measure([INFLATE, file])
        show("decompression alone", floor, memory, floor)
        seconds, memory = measure([PROGRAM, "query", BY_PAIR, "--max-groups", str(2 * GROUPS), "--output", "csv", file])
        show(BY_PAIR, seconds, memory, floor)
    return 0


if __name__ == "__main__":
    sys.exit(main())
