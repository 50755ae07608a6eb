"""Measures every path that has a target, and writes docs/benchmarks.md: `make bench`.

The programs measure and print JSON; here they are run one after the other, and what they say becomes rows: the target, the
figure, and whether it is met. Figures of time are the least of many turns; ratios are of one run, in which all that is compared
took turns.
"""

from __future__ import annotations

import datetime
import json
import platform
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import counted
import startup
from counted import FOLDER, PROGRAM, ROOT

PEERS = ROOT / "target/peers/release/flow-peers"
ALLOCATIONS = ROOT / "target/release/examples/allocations"
LAMBDA = ROOT / "target/lambda"
PAGE = ROOT / "docs/benchmarks.md"
FIGURES = FOLDER / "figures.json"
TOLD = ROOT / "events/open-database.json"
"""An event in which something is found."""
FUNCTIONS = ("subscription", "firehose", "tick")
MORE_RULES = 20
FIRSTS = 20
SUBSCRIPTION = ("default", "v5", "default-50", "v5-50")
FIREHOSE = ("firehose-default", "firehose-v5")
HOTTEST = (("whole", "default"), ("whole", "v5"), ("rules", "default-50"), ("firehose", "firehose-v5"))
"""Of which the functions are told that take most."""


@dataclass(frozen=True)
class Row:
    """A target and what was measured."""

    path: str
    what: str
    limit: float
    found: float | None
    unit: str = ""
    at_least: bool = False
    digits: int = 2

    def is_met(self) -> bool | None:
        """None for what was not measured."""
        if self.found is None:
            return None
        return self.found >= self.limit if self.at_least else self.found <= self.limit

    def cells(self) -> list[str]:
        """As text."""
        show = lambda number: f"{number:,.{self.digits}f}".rstrip("0").rstrip(".") if self.digits else f"{number:,.0f}"  # noqa: E731
        target = f"{show(self.limit)}{self.unit} at {'least' if self.at_least else 'most'}"
        found = "-" if self.found is None else f"{self.found:,.{self.digits}f}{self.unit}"
        met = {True: "met", False: "**missed**", None: "not measured"}[self.is_met()]
        return [self.path, self.what, target, found, met]


def asked(*command: str | Path) -> dict:
    """What a program prints as JSON."""
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def measured(name: str, *paths: str) -> dict:
    """The seconds of paths over a scene."""
    return asked(PROGRAM, "measure", FOLDER / f"{name}.scene", *paths)


def against(what: str, scene: Path, *own: str) -> dict:
    """The seconds of the product's own paths and of their peers, where those are built."""
    return asked(PEERS, what, scene) if PEERS.is_file() else asked(PROGRAM, "measure", scene, *own)


def first_event(name: str) -> float:
    """The seconds of the first event in the life of a process, the median of some."""
    return statistics.median(asked(PROGRAM, "first", FOLDER / f"{name}.scene") for _ in range(FIRSTS))


def of_function(largest: Path) -> dict:
    """How the packaged function starts, and the memory that the largest event takes."""
    program = str(LAMBDA / "subscription/bootstrap")
    event = largest.read_text(encoding="utf-8").splitlines()[2].partition(" ")[2].encode()
    with startup.empty_table() as endpoint:
        runs = [startup.run([program], [], endpoint) for _ in range(startup.RUNS)]
        _, memory = startup.run([program], [event], endpoint)
        instructions = startup.instructions(program, [], endpoint)
        _, telling = startup.with_event(program, TOLD.read_bytes(), endpoint)
    return {
        "milliseconds": statistics.median(milliseconds for milliseconds, _ in runs),
        "instructions": instructions,
        "telling": telling,
        "event_bytes": len(event),
        "memory_mib": memory / 1024,
        "zip_mb": {name: (LAMBDA / f"{name}.zip").stat().st_size / 1e6 for name in FUNCTIONS},
    }


def all_figures() -> dict:
    """Everything, by name."""
    say = lambda what: print(f"{what} ...", file=sys.stderr, flush=True)  # noqa: E731
    say("scenes")
    scenes = {name: counted.scene(name) for name in (*SUBSCRIPTION, *FIREHOSE, "largest")}
    figures: dict = {"machine": machine(), "paths": {}, "first": {}, "peers": {}}
    for name in SUBSCRIPTION:
        say(f"paths: {name}")
        figures["paths"][name] = measured(name, "floor", "read", "rules", "whole")
    figures["first"] = {name: first_event(name) for name in ("default-50", "v5-50")}
    say("one more rule")
    figures["more"] = measured("default", "rules", f"rules+{MORE_RULES}")
    say("peers" if PEERS.is_file() else "Python alone: the other peers are not built")
    for name in FIREHOSE:
        figures["peers"][name] = against("firehose", scenes[name], "firehose-floor", "firehose")
        figures["peers"][name]["seconds"] |= asked(sys.executable, ROOT / "benches/blueprint.py", scenes[name])["seconds"]
    figures["peers"]["default"] = against("subscription", scenes["default"], "floor", "rules")
    say("allocations")
    figures["allocations"] = asked(ALLOCATIONS)
    say("instructions")
    wanted = [("floor", "default"), ("floor", "v5"), ("floor", "default-50"), ("firehose-floor", "firehose-v5"), *HOTTEST]
    figures["instructions"] = {f"{path} {name}": per_record(counted.counted(path, name)) for path, name in wanted}
    figures["hottest"] = {f"{path} {name}": counted.hottest(path, name) for path, name in HOTTEST}
    say("the packaged function")
    figures["function"] = of_function(scenes["largest"])
    return figures


def per_record(count: dict[str, int] | None) -> float | None:
    """Instructions a record."""
    return count["instructions"] / count["record"] if count else None


def machine() -> dict[str, str]:
    """Where and when."""
    model = next((line.partition(": ")[2] for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "")
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    cores = subprocess.run(["nproc"], capture_output=True, text=True, check=True).stdout.strip()
    load = Path("/proc/loadavg").read_text().split()[1]
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    return {
        "date": date,
        "CPU": f"{model or platform.machine()}, {cores} cores",
        "kernel": f"{platform.system()} {platform.release()}",
        "rustc": rustc,
        "Python": platform.python_version(),
        "load": f"{load} over five minutes before",
    }


def ratio(figures: dict, over: str, under: str) -> float | None:
    """Of the seconds of two in one run; none if one was not measured."""
    seconds = figures["seconds"]
    return seconds[over] / seconds[under] if over in seconds else None


def each(figures: dict, path: str, what: str) -> float:
    """The seconds for a record or an event."""
    return figures["seconds"][path] / figures[what]


def rows(figures: dict) -> list[Row]:
    """Every target."""
    paths, peers, function = figures["paths"], figures["peers"], figures["function"]
    default, small = paths["default"], paths["default-50"]
    event, batch = "subscription event of 10,000 records to findings", "batch of 50 records, all distinct, warm"
    more = figures["more"]
    one_more = (more["seconds"][f"rules+{MORE_RULES}"] - more["seconds"]["rules"]) / MORE_RULES / more["records"]
    found = [
        Row(event, "times the floor", 1.7, ratio(default, "whole", "floor")),
        Row(event, "instructions a record", 4000, figures["instructions"]["whole default"], digits=0),
        Row(event, "million records a second", 4.5, 1e-6 / each(default, "whole", "records"), at_least=True),
        Row("the same, 29 fields", "times the floor", 1.7, ratio(paths["v5"], "whole", "floor")),
        Row(batch, "times the floor", 1.4, ratio(small, "rules", "floor")),
        Row(batch, "a batch", 20, each(small, "rules", "events") * 1e6, " µs", digits=1),
        Row(batch, "the first after the start", 150, figures["first"]["default-50"] * 1e6, " µs", digits=0),
        Row(f"{batch}, with state in memory", "times the floor", 1.4, ratio(small, "whole", "floor")),
        Row(f"{batch}, with state in memory", "a batch", 20, each(small, "whole", "events") * 1e6, " µs", digits=1),
        Row("one more rule, up to 64", "a record", 0.5, one_more * 1e9, " ns"),
    ]
    for name, fields in (("firehose-default", ""), ("firehose-v5", ", 29 fields")):
        path = f"Firehose event to its answer in flat JSON{fields}"
        found += [
            Row(path, "times the floor", 2.4, ratio(peers[name], "firehose", "firehose-floor")),
            Row(path, "times as fast as VRL", 10, ratio(peers[name], "vrl", "firehose"), at_least=True, digits=1),
            Row(path, "times as fast as AWS's Python blueprint", 25, ratio(peers[name], "blueprint", "firehose"),
                at_least=True, digits=1),
        ]
    sizes = function["zip_mb"]
    naive = ratio(peers["default"], "naive", "rules")
    found += [
        Row("subscription event, every record read and judged", "times as fast as `aws_lambda_events` and a split", 7, naive,
            at_least=True, digits=1),
        Row("heap allocations", "for a record that no rule matches", 0, figures["allocations"]["quiet"]),
        Row("largest subscription event", "peak memory of the function", 64, function["memory_mib"], " MiB", digits=1),
        Row("start of the function", "to its first request for an event", 2, function["milliseconds"], " ms", digits=1),
        Row("start of the function", "million instructions", 4, function["instructions"] / 1e6),
        Row("start of the function", "million instructions for the first client of SNS", 1.5, function["telling"] / 1e6),
        *(Row(f"package of `{name}`", "zip", 4, size, " MB", digits=1) for name, size in sizes.items()),
    ]
    return found


def table(head: list[str], body: list[list[str]]) -> str:
    """Markdown."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def path_table(figures: dict) -> str:
    """What each part of a subscription event's way takes."""
    body = []
    for name, found in figures["paths"].items():
        for path, what in (("floor", "base64, inflate, CRC"), ("read", "and every line read"),
                           ("rules", "and all rules asked, what matches folded"),
                           ("whole", "and state in memory: items read, merged, judged, written")):
            body.append([name, what, f"{each(found, path, 'records') * 1e9:,.0f}", f"{each(found, path, 'events') * 1e6:,.1f}",
                         f"{ratio(found, path, 'floor'):.2f}"])
    return table(["scene", "way", "ns a record", "µs an event", "times the floor"], body)


def peer_table(figures: dict) -> str:
    """Each beside the floor of its scene, which is measured first."""
    body = []
    for name, found in figures["peers"].items():
        floor = next(iter(found["seconds"]))
        for path in found["seconds"]:
            body.append([name, path, f"{each(found, path, 'records') * 1e9:,.0f}", f"{ratio(found, path, floor):.2f}"])
    return table(["scene", "", "ns a record", "times the floor"], body)


def hottest_table(figures: dict) -> str:
    """The functions that take most of each path, the first first."""
    columns = figures["hottest"]
    cell = lambda found: f"{found[1]:.1%} `{found[0]}`"  # noqa: E731
    body = [[cell(found) for found in row] for row in zip(*columns.values(), strict=True)]
    return table([f"`{path}`" for path in columns], body)


def page(figures: dict) -> str:
    """docs/benchmarks.md."""
    template = (ROOT / "benches/benchmarks.md.in").read_text(encoding="utf-8")
    counts = [[name.split()[0], name.split()[1], f"{found:,.0f}"] for name, found in figures["instructions"].items() if found]
    parts = {
        "machine": table(["", ""], [[key, value] for key, value in figures["machine"].items()]),
        "targets": table(["path", "", "target", "measured", ""], [row.cells() for row in rows(figures)]),
        "paths": path_table(figures),
        "peers": peer_table(figures),
        "hottest": hottest_table(figures),
        "instructions": table(["path", "scene", "instructions a record"], counts),
        "ordinary": f"{figures['allocations']['ordinary']:.3f}",
        "quiet": f"{figures['allocations']['quiet']:.3f}",
        "largest": f"{figures['function']['event_bytes']:,}",
    }
    for name, text in parts.items():
        template = template.replace(f"@{name}@", text.rstrip("\n"))
    return template


def main() -> None:
    """Measures, prints the targets, and writes the page."""
    figures = all_figures()
    FIGURES.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    for row in rows(figures):
        path, what, target, found, met = row.cells()
        print(f"{path:50} {what:48} {target:>22} {found:>12}  {met}")
    PAGE.write_text(page(figures), encoding="utf-8")
    print(f"written: {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
