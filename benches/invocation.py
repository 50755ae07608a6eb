"""Measures what an invocation takes of a packaged function's processor beside its records: `make invocation`.

Plays the Lambda Runtime API and DynamoDB on loopback ports, as `startup.py` does, gives the program generated events and
reads the CPU time of its thread after each. Prints what a least-squares fit says of it: microseconds for any event, for each
call of AWS (without TLS), and nanoseconds for each record. The first events, which open connections, are left out.
"""

from __future__ import annotations

import http.server
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from itertools import count
from pathlib import Path

from startup import LAMBDA, EmptyTable, answer, request

TRAFFIC = ["generate", "--seed", "7", "--interfaces", "40", "--duration", "2h", "--output", "events"]
WARM = 50


class CountingTable(EmptyTable):
    """An empty table that counts calls, and keeps connections open as DynamoDB does."""

    protocol_version = "HTTP/1.1"
    calls = 0

    def do_POST(self) -> None:  # noqa: N802
        """One call more."""
        type(self).calls += 1
        super().do_POST()


def processor(process: int) -> int:
    """Nanoseconds that a process of one thread has had of a processor."""
    return int(Path(f"/proc/{process}/schedstat").read_text(encoding="ascii").split()[0])


def samples(program: str, events: list[bytes], table: str) -> list[tuple[int, int]]:
    """Of each event the nanoseconds and the calls."""
    taken: list[tuple[int, int]] = []
    with socket.create_server(("127.0.0.1", 0)) as listener, open(os.devnull, "wb") as nowhere:
        listener.settimeout(10)
        api = {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % listener.getsockname()[1], "AWS_ENDPOINT_URL": table}
        quiet = [(os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1)]
        process = os.posix_spawn(program, [program], LAMBDA | api, file_actions=quiet)
        try:
            connection, _ = request(listener)
            for event in events:
                before, calls = processor(process), CountingTable.calls
                answer(connection, "200 OK", event)
                connection, told = request(listener)
                assert b"/response " in told.partition(b"\r\n")[0], told
                answer(connection, "202 Accepted", b"")
                connection, _ = request(listener)
                taken.append((processor(process) - before, CountingTable.calls - calls))
        finally:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        connection.close()
    return taken


def solve(rows: list[list[float]]) -> list[float]:
    """The solution of linear equations, each row ending with its right side."""
    size = len(rows)
    for place in range(size):
        pivot = max(range(place, size), key=lambda row: abs(rows[row][place]))
        rows[place], rows[pivot] = rows[pivot], rows[place]
        for other in range(size):
            if other != place:
                factor = rows[other][place] / rows[place][place]
                rows[other] = [a - factor * b for a, b in zip(rows[other], rows[place])]
    return [row[size] / row[place] for place, row in enumerate(rows)]


def fit(points: list[tuple[list[float], float]]) -> list[float]:
    """What each of the given numbers adds to the last, by least squares."""
    size = len(points[0][0])
    rows = [
        [sum(given[row] * given[column] for given, _ in points) for column in range(size)]
        + [sum(given[row] * value for given, value in points)]
        for row in range(size)
    ]
    return solve(rows)


def main(program: str, flowgauge: str) -> None:
    """Prints what was measured of `program`, with events that `flowgauge` makes."""
    events = subprocess.run([flowgauge, *TRAFFIC], check=True, capture_output=True).stdout.splitlines()
    records = [lines(flowgauge, event) for event in events]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), CountingTable)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    table = f"http://127.0.0.1:{server.server_port}"
    taken = samples(program, events, table)
    points = [
        ([1.0, float(calls), float(number)], float(nanoseconds))
        for (nanoseconds, calls), number in list(zip(taken, records))[WARM:]
    ]
    event, call, record = fit(points)
    silent = [value for given, value in points if given[1] == 0]
    print(f"{len(points)} events, {sum(given[1] for given, _ in points):.0f} calls, {sum(records[WARM:])} records")
    print(f"an event {event / 1000:.0f} us, a call {call / 1000:.0f} us, a record {record:.0f} ns")
    print(f"{len(silent)} events without a call, {sum(silent) / len(silent) / 1000:.0f} us on average")


def lines(flowgauge: str, event: bytes) -> int:
    """How many records an event holds."""
    return len(subprocess.run([flowgauge, "parse", "--output", "text"], input=event, check=True, capture_output=True).stdout.splitlines())


if __name__ == "__main__":
    main(*sys.argv[1:])
