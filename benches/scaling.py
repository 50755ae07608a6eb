"""Time and peak memory against the size of what comes: `make bench-scaling` writes docs/scaling/*.csv with it.

- batch.csv: records of one event, in AWS's default format, warm;
- rules.csv: how many rules there are, all alike, over events of 10,000 records;
- columns.csv: columns of a record, over events of 10,000 records;
- groups.csv: groups of a query over a million lines.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Iterable
from ipaddress import IPv4Address
from pathlib import Path

from counted import FOLDER, PROGRAM, ROOT
from used import used

FLOWGAUGE = ROOT / "target/release/flowgauge"
CSV = ROOT / "docs/scaling"
SIZES = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
RECORDS = 40_000
RULES = (1, 2, 5, 10, 20, 34, 50, 64, 80, 100)
WIDTHS = (9, 11, 14, 20, 25, 29)
GROUPS = (10, 100, 1000, 10_000, 100_000, 1_000_000)
LINES = 1_000_000
DEFAULT = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
COLUMNS = (
    "interface-id srcaddr dstaddr srcport dstport protocol start end action packets bytes version account-id log-status vpc-id "
    "subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type sublocation-id "
    "pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path"
).split()


def made(format: str, size: int, number: int) -> Path:
    """A scene of its own."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / "scaling.scene"
    with path.open("wb") as file:
        subprocess.run([PROGRAM, "scene", format, str(size), str(number)], stdout=file, check=True)
    return path


def nanoseconds(scene: Path, *paths: str) -> list[str]:
    """Of each path, for a record."""
    found = json.loads(subprocess.run([PROGRAM, "measure", scene, *paths], stdout=subprocess.PIPE, check=True).stdout)
    return [f"{found['seconds'][path] / found['records'] * 1e9:.1f}" for path in paths]


def least(command: list[str | Path]) -> tuple[float, float]:
    """The least CPU seconds of three runs, and the least peak of resident memory in MiB."""
    seconds, memory = zip(*(used(command) for _ in range(3)), strict=True)
    return min(seconds), min(memory) / 2**20


def peak(path: str, scene: Path) -> str:
    """MiB of a process that takes a scene of one event through a path."""
    _, memory = least([PROGRAM, "run", path, scene, "1"])
    return f"{memory:.1f}"


def batches() -> Iterable[list]:
    """One row a size."""
    yield ["records of an event", "floor ns/record", "rules ns/record", "whole ns/record", "peak MiB of one event"]
    for size in SIZES:
        times = nanoseconds(made(DEFAULT, size, max(RECORDS // size, 2)), "floor", "rules", "whole")
        yield [size, *times, peak("whole", made(DEFAULT, size, 1))]


def rules() -> Iterable[list]:
    """All in one run, so that they take turns."""
    yield ["rules", "ns/record", "peak MiB of one event"]
    times = nanoseconds(made(DEFAULT, 10_000, 2), *(f"rules={number}" for number in RULES))
    one = made(DEFAULT, 10_000, 1)
    for number, time in zip(RULES, times, strict=True):
        yield [number, time, peak(f"rules={number}", one)]


def columns() -> Iterable[list]:
    """One row a width."""
    yield ["columns", "floor ns/record", "read ns/record", "rules ns/record", "peak MiB of one event"]
    for width in WIDTHS:
        format = " ".join(COLUMNS[:width])
        times = nanoseconds(made(format, 10_000, 2), "floor", "read", "rules")
        yield [width, *times, peak("rules", made(format, 10_000, 1))]


def groups() -> Iterable[list]:
    """One row a number of groups: as many pairs of addresses, in turn."""
    yield ["groups", "ns/line", "peak MiB"]
    path = FOLDER / "groups.log"
    query = "stats sum(bytes) by srcAddr, dstAddr | sort dstAddr | limit 1"
    for number in GROUPS:
        addresses = [IPv4Address(0x0A00_0000 + place) for place in range(number)]
        with path.open("w", encoding="ascii") as file:
            file.writelines(
                f"2 123456789012 eni-1 {addresses[place % number]} 192.0.2.1 40000 443 6 1 40 1700000000 1700000059 ACCEPT OK\n"
                for place in range(LINES)
            )
        seconds, memory = least([FLOWGAUGE, "query", query, "--max-groups", str(2 * LINES), path])
        yield [number, f"{seconds / LINES * 1e9:.0f}", f"{memory:.1f}"]
    path.unlink()


def main() -> None:
    """Writes a file for each."""
    CSV.mkdir(parents=True, exist_ok=True)
    for name, found in (("batch", batches), ("rules", rules), ("columns", columns), ("groups", groups)):
        print(f"{name} ...", file=sys.stderr, flush=True)
        measured = list(found())
        with (CSV / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(measured)


if __name__ == "__main__":
    main()
