"""Measures how a packaged function starts: `make startup`.

Plays the Lambda Runtime API on a loopback port and runs the program against it. Prints the time from its start to its
first request for an event (median of 20, lowest and highest), and its peak of resident memory before any event and
after five. No topic and no bucket is set; the state table is one that forgets everything.
"""

from __future__ import annotations

import http.server
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

RUNS = 20
EVENTS = 5
NEXT = b"GET /2018-06-01/runtime/invocation/next "

LAMBDA = {
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "id",
    "AWS_SECRET_ACCESS_KEY": "key",
    "AWS_LAMBDA_FUNCTION_NAME": "startup",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/startup",
    "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
    "STATE_TABLE": "state",
}


class EmptyTable(http.server.BaseHTTPRequestHandler):
    """DynamoDB, as far as the functions use it, with a table that never has an item."""

    def do_POST(self) -> None:  # noqa: N802
        """Answers any call: nothing is read, everything is written."""
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"Responses":{},"UnprocessedKeys":{}}'
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *_: object) -> None:
        """Says nothing."""


def request(listener: socket.socket) -> tuple[socket.socket, bytes]:
    """The next request in full, and the connection that waits for its answer."""
    connection, _ = listener.accept()
    data = b""
    while True:
        head, end, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        if end and len(body) >= int(length[1] if length else 0):
            return connection, data
        part = connection.recv(65536)
        assert part, f"the connection ended within a request: {data!r}"
        data += part


def answer(connection: socket.socket, status: str, body: bytes) -> None:
    """Answers and hangs up, so that the next request has a connection of its own."""
    head = f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
    head += "Lambda-Runtime-Aws-Request-Id: 1\r\nLambda-Runtime-Deadline-Ms: 9999999999999\r\n"
    head += "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-west-1:123456789012:function:startup\r\n\r\n"
    connection.sendall(head.encode() + body)
    connection.close()


def run(program: str, events: list[bytes], table: str) -> tuple[float, int]:
    """Runs the program until it has asked for one event more; returns milliseconds to its first request, and KiB."""
    with socket.create_server(("127.0.0.1", 0)) as listener, open(os.devnull, "wb") as nowhere:
        listener.settimeout(10)
        api = {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % listener.getsockname()[1], "AWS_ENDPOINT_URL": table}
        quiet = [(os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1)]
        started = time.perf_counter()
        process = os.posix_spawn(program, [program], LAMBDA | api, file_actions=quiet)
        try:
            connection, asked = request(listener)
            milliseconds = (time.perf_counter() - started) * 1000
            for event in events:
                assert asked.startswith(NEXT), asked
                answer(connection, "200 OK", event)
                connection, told = request(listener)
                assert b"/response " in told.partition(b"\r\n")[0], told
                answer(connection, "202 Accepted", b"")
                connection, asked = request(listener)
            assert asked.startswith(NEXT), asked
            status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
        finally:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        connection.close()
    return milliseconds, int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


def instructions(program: str, table: str) -> int:
    """How many instructions the program takes until it asks for its first event, by callgrind, the loader's included."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        api = {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % listener.getsockname()[1], "AWS_ENDPOINT_URL": table}
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={os.devnull}", program]
        environment = LAMBDA | api | {"PATH": os.environ["PATH"]}
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            connection, asked = request(listener)
            assert asked.startswith(NEXT), asked
            process.terminate()
            said = process.communicate()[1]
        connection.close()
    found = re.search(r"Collected : (\d+)", said)
    assert found, said
    return int(found[1])


@contextmanager
def empty_table() -> Iterator[str]:
    """The URL of a state table that forgets everything."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), EmptyTable) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def main(program: str, *paths: str) -> None:
    """Prints what was measured of `program`, with the events in the files at `paths`."""
    events = list(islice(cycle(Path(path).read_bytes() for path in paths), EVENTS))
    with empty_table() as table:
        runs = [run(program, [], table) for _ in range(RUNS)]
        _, after = run(program, events, table)
    times = [milliseconds for milliseconds, _ in runs]
    print(f"{program}: {Path(program).stat().st_size / 1e6:.2f} MB")
    print(f"first request: {statistics.median(times):.1f} ms ({min(times):.1f} to {max(times):.1f}, {RUNS} runs)")
    print(f"peak memory: {statistics.median(memory for _, memory in runs) / 1024:.1f} MiB before any event, ", end="")
    print(f"{after / 1024:.1f} MiB after {EVENTS}")


if __name__ == "__main__":
    main(*sys.argv[1:])
