"""A gate between functions and the emulator: it counts their calls, ends TLS for them, and can be shut."""

from __future__ import annotations

import http.client
import http.server
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PER_CONNECTION = {"connection", "content-length", "transfer-encoding"}


class Gate:
    """Forwards HTTP from a free loopback port to another port while it is open."""

    def __init__(self, target_port: int) -> None:
        """Opens the gate before `target_port`."""
        self.target_port = target_port
        self._lock = threading.Lock()
        self._is_open = True
        self._calls: list[str] = []
        self._visitor: Callable[[int], bool] | None = None
        self._visits = 0
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    @property
    def url(self) -> str:
        """The address to give to functions."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def calls(self) -> list[str]:
        """The services that were called, with the operation where the service names it, refused calls included."""
        with self._lock:
            return list(self._calls)

    @contextmanager
    def shut(self) -> Iterator[None]:
        """Hangs up on every caller for the length of a `with` block: AWS is out of reach."""
        self._set_open(False)
        try:
            yield
        finally:
            self._set_open(True)

    @contextmanager
    def watched(self, visitor: Callable[[int], bool]) -> Iterator[None]:
        """Asks `visitor` of each call whether it may pass, for the length of a `with` block; calls count from 1."""
        with self._lock:
            self._visitor, self._visits = visitor, 0
        try:
            yield
        finally:
            with self._lock:
                self._visitor = None

    def admits(self, service: str) -> bool:
        """Notes a call of `service` and tells whether it may pass."""
        with self._lock:
            self._calls.append(service)
            if self._visitor is not None:
                self._visits += 1
                return self._visitor(self._visits)
            return self._is_open

    def close(self) -> None:
        """Ends the gate for good."""
        self._server.shutdown()
        self._server.server_close()

    def _set_open(self, is_open: bool) -> None:
        """Opens or shuts the gate."""
        with self._lock:
            self._is_open = is_open


def _handler(gate: Gate) -> type[http.server.BaseHTTPRequestHandler]:
    """The class that answers the requests that come to `gate`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        """Carries one request through the gate."""

        protocol_version = "HTTP/1.1"

        def carry(self) -> None:
            """Forwards the request and its answer, or hangs up."""
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
            service = _service(self.headers.get("Authorization", ""))
            if not gate.admits(f"{service}.{target}" if target else service):
                self.close_connection = True
                return
            connection = http.client.HTTPConnection("127.0.0.1", gate.target_port, timeout=60)
            try:
                self._forward(connection, body)
                self._answer(connection.getresponse())
            finally:
                connection.close()

        do_DELETE = do_GET = do_HEAD = do_POST = do_PUT = carry

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Says nothing: a test prints what matters to it."""

        def _forward(self, connection: http.client.HTTPConnection, body: bytes) -> None:
            """Sends the request on as it is, for its headers are signed."""
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                connection.putheader(name, value)
            # As a load balancer says it that ends TLS: the bucket's policy refuses anything else.
            connection.putheader("X-Forwarded-Proto", "https")
            connection.endheaders(body)

        def _answer(self, response: http.client.HTTPResponse) -> None:
            """Sends the answer back."""
            body = response.read()
            self.send_response_only(response.status, response.reason)
            for name, value in response.getheaders():
                if name.lower() not in PER_CONNECTION:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def _service(authorization: str) -> str:
    """The service that a request is signed for."""
    scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request", authorization)
    return scope.group(1) if scope else "unsigned"
