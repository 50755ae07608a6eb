"""What the built-in rules add to the CPU time of decoding and parsing, and what one more rule adds.

Measured over generated CloudWatch Logs events (base64, gzip, JSON), which is what the function gets: `detect` beside a query
that reads every line and keeps nothing. The least of several runs each, without what the same takes over an empty input:
that is paid once in the life of a process, and shown apart.
"""

import os
import pathlib
import resource
import subprocess
import tempfile

PROGRAM = "target/release/flowgauge"
# Short runs, and many: what else the machine does misses some of them.
RECORDS = 200_000
TURNS = 50
MORE = 20

# As busy as a built-in one: it is asked of most records and matches few.
RULE = """
id = "more-{n}"
type = "Recon:VPC/More"
title = {{ en = "more", ja = "more" }}
severity = "low"
mode = "notify"
technique = "T1046"
window = "10m"
query = '''
filter action = "ACCEPT" and protocol = 6 and bytes > packets * 1400 and dstExternal = 1 and side = "request" and dstPort != {n}
| stats count(*) as flows, count_distinct(dstAddr) as hosts by interfaceId, srcAddr
| filter flows >= 1000000
'''
explain = {{ en = "more", ja = "more" }}
advice = {{ en = ["a", "b", "c"], ja = ["a", "b", "c"] }}
"""


def seconds(arguments):
    """The CPU time of one run, the system's on its behalf included: the two together are counted exactly, each alone is not."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([PROGRAM, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def beyond_start(commands, events):
    """The CPU time of each command over `events`, without that of a run over nothing: the least of several.

    They take turns, so that whatever else the machine does meets all of them.
    """
    runs = [[*command, source] for command in commands for source in (events, os.devnull)]
    best = [float("inf")] * len(runs)
    for _ in range(TURNS):
        best = [min(before, seconds(run)) for before, run in zip(best, runs)]
    return [whole - start for whole, start in zip(best[::2], best[1::2])], best[3]


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for format in ("v2", "v5"):
            events = folder / f"{format}.json"
            with events.open("w") as out:
                subprocess.run([PROGRAM, "generate", "--records", str(RECORDS), "--interfaces", "50", "--output", "events",
                                "--format", format], stdout=out, stderr=subprocess.DEVNULL, check=True)
            # The header of a file says the format as the other commands take it.
            lines = subprocess.run([PROGRAM, "generate", "--records", "1", "--format", format], capture_output=True,
                                   text=True, check=True).stdout.splitlines()
            options = ["--format", lines[0]] if len(lines) > 1 else []
            rules = folder / "rules"
            rules.mkdir(exist_ok=True)
            for number in range(MORE):
                (rules / f"more-{number}.toml").write_text(RULE.format(n=number))
            commands = [
                ["query", "filter bytes < 0 | stats count(*)", *options],
                ["detect", *options],
                ["detect", "--rules", str(rules), *options],
            ]
            (read, detect, more), start = beyond_start(commands, str(events))
            print(f"{format}: reading {RECORDS:,} lines {read * 1000:.0f} ms; with the built-in rules {detect * 1000:.0f} ms, "
                  f"{detect / read - 1:+.0%}; each of {MORE} more {(more - detect) / MORE / read:+.1%}; start {start * 1000:.0f} ms")


if __name__ == "__main__":
    main()
