"""Measures how a packaged function starts: `make startup`.

Plays the Lambda Runtime API on a loopback port and runs the program against it. Prints the time from its start to its
first request for an event (median of 20, lowest and highest), and its peak of resident memory before any event and
after five. No topic and no bucket is set; the state table is one that forgets everything.

Where valgrind is, it also counts the instructions up to that request, those of the first event of each file, and how many
more it takes to tell on a topic what was found: the client of SNS and its first call, without TLS.
"""

from __future__ import annotations

import http.server
import os
import re
import shutil
import signal
import socket
import statistics
import sys
import tempfile
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
TOPIC = {"FINDINGS_TOPIC_ARN": "arn:aws:sns:eu-west-1:123456789012:findings"}
PUBLISHED = b"""<PublishBatchResponse><PublishBatchResult><Failed/><Successful>%s</Successful></PublishBatchResult>
</PublishBatchResponse>"""


class EmptyTable(http.server.BaseHTTPRequestHandler):
    """DynamoDB, as far as the functions use it, with a table that never has an item; and SNS, which takes everything."""

    def do_POST(self) -> None:  # noqa: N802
        """Answers any call: nothing is read, everything is written or published."""
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"Responses":{},"UnprocessedKeys":{}}'
        if b"Action=PublishBatch" in asked:
            ids = re.findall(rb"\.Id=(\d+)", asked)
            body = PUBLISHED % b"".join(b"<member><Id>%s</Id><MessageId>m</MessageId></member>" % id for id in ids)
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


def run(command: list[str], events: list[bytes], environment: dict[str, str]) -> tuple[float, int]:
    """Runs the program until it has asked for one event more; returns milliseconds to its first request, and KiB."""
    with socket.create_server(("127.0.0.1", 0)) as listener, open(os.devnull, "wb") as nowhere:
        listener.settimeout(60)
        api = {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % listener.getsockname()[1]}
        quiet = [(os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1)]
        started = time.perf_counter()
        process = os.posix_spawn(command[0], command, LAMBDA | api | environment, file_actions=quiet)
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
            # Valgrind writes down what it counted.
            os.kill(process, signal.SIGTERM)
            os.waitpid(process, 0)
        connection.close()
    return milliseconds, int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


def instructions(program: str, events: list[bytes], environment: dict[str, str]) -> int:
    """How many the program executes, outside of the system, until it has asked for one event more."""
    with tempfile.NamedTemporaryFile() as log, tempfile.NamedTemporaryFile() as profile:
        options = ["--tool=callgrind", f"--callgrind-out-file={profile.name}", f"--log-file={log.name}"]
        run([shutil.which("valgrind"), *options, program], events, environment)
        return int(re.search(r"Collected : (\d+)", Path(log.name).read_text(encoding="utf-8"))[1])


def with_event(program: str, event: bytes, endpoint: dict[str, str]) -> tuple[int, int]:
    """How many it executes with one event; how many more to tell what is in it: SNS's client and first call, without TLS."""
    silent = instructions(program, [event], endpoint)
    return silent, instructions(program, [event], endpoint | TOPIC) - silent


def count(program: str, paths: tuple[str, ...], endpoint: dict[str, str]) -> None:
    """Prints what valgrind counts, if it is there."""
    if not shutil.which("valgrind"):
        print("instructions: valgrind is not there to count them")
        return
    started = instructions(program, [], endpoint)
    print(f"instructions: {started / 1e6:.2f} million to the first request")
    for path in paths:
        worked, telling = with_event(program, Path(path).read_bytes(), endpoint)
        print(f"  {path}: {(worked - started) / 1e6:.2f} million, to tell it {telling / 1e6:.2f} million more")


@contextmanager
def empty_table() -> Iterator[dict[str, str]]:
    """An environment in which AWS is a state table that forgets everything."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), EmptyTable) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}"}
        server.shutdown()


def main(program: str, *paths: str) -> None:
    """Prints what was measured of `program`, with the events in the files at `paths`."""
    events = list(islice(cycle(Path(path).read_bytes() for path in paths), EVENTS))
    with empty_table() as endpoint:
        runs = [run([program], [], endpoint) for _ in range(RUNS)]
        _, after = run([program], events, endpoint)
        times = [milliseconds for milliseconds, _ in runs]
        print(f"{program}: {Path(program).stat().st_size / 1e6:.2f} MB")
        print(f"first request: {statistics.median(times):.1f} ms ({min(times):.1f} to {max(times):.1f}, {RUNS} runs)")
        before = statistics.median(memory for _, memory in runs)
        print(f"peak memory: {before / 1024:.1f} MiB before any event, {after / 1024:.1f} MiB after {EVENTS}")
        count(program, paths, endpoint)


if __name__ == "__main__":
    main(*sys.argv[1:])
