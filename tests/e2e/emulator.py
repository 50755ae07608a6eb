"""The AWS emulator: started on a free loopback port, stopped with everything it started."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from gate import Gate
from waiting import wait_for

REGION = "eu-central-1"
ACCOUNT = "123456789012"
# Long enough for a test to see that a try has failed before the next one begins.
RETRY_SECONDS = 2


@dataclass(frozen=True)
class Emulator:
    """A running emulator as one account sees it, and the gate through which functions reach it."""

    url: str
    gate: Gate
    log: Path
    home: Path
    account: str = ACCOUNT

    def environment(self) -> dict[str, str]:
        """The environment in which AWS's tools reach the emulator, and nothing else."""
        return isolated_environment(self.home) | {"AWS_ENDPOINT_URL": self.url, "AWS_ACCESS_KEY_ID": self.account}

    def client(self, name: str) -> Any:
        """A boto3 client of the emulator."""
        return aws_client(name, self.url, self.account)

    def as_account(self, account: str) -> Emulator:
        """The same emulator, seen by another account."""
        return replace(self, account=account)


def aws_client(name: str, url: str, key: str = ACCOUNT, secret: str = "test", token: str | None = None) -> Any:
    """A boto3 client; a call is waited for as long as a function may run, and is made once."""
    client = boto3.client(
        name,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(read_timeout=60, retries={"total_max_attempts": 1}, proxies={}),
    )
    # As if the call had come over TLS, which the bucket's policy asks for.
    client.meta.events.register("before-send", _say_tls)
    return client


def _say_tls(request: Any, **_: object) -> None:
    """Adds the header of a load balancer that ended TLS."""
    request.headers["X-Forwarded-Proto"] = "https"


def isolated_environment(home: Path) -> dict[str, str]:
    """The environment without any AWS setting of the user; the emulator takes the access key for the account."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))}
    return kept | {
        "HOME": str(home),
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAM_CLI_TELEMETRY": "0",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


@contextmanager
def running_emulator(folder: Path) -> Iterator[Emulator]:
    """Runs an emulator whose files all lie in `folder`."""
    port = _free_port()
    gate = Gate(port)
    home, temporary = folder / "home", folder / "tmp"
    home.mkdir()
    temporary.mkdir()
    emulator = Emulator(f"http://127.0.0.1:{port}", gate, folder / "emulator.log", home)
    environment = isolated_environment(home) | {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        # Signatures are verified, and the policies of the function's role, of buckets and of keys hold.
        "AUTH": "true",
        "TMPDIR": str(temporary),
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": str(RETRY_SECONDS),
        # Functions inherit it: what they call passes the gate.
        "AWS_ENDPOINT_URL": gate.url,
    }
    with emulator.log.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("completed_emulator.py"))],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # A process group of its own: functions are its children and must end with it.
            start_new_session=True,
        )
    try:
        _wait_until_healthy(emulator, process)
        yield emulator
    finally:
        _stop(process)
        gate.close()


def _free_port() -> int:
    """A port that nothing listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def _wait_until_healthy(emulator: Emulator, process: subprocess.Popen[bytes]) -> None:
    """Returns once the emulator answers; says what it printed if it never does."""

    def look() -> str:
        if process.poll() is not None:
            return f"ended with status {process.returncode}: {emulator.log.read_text(errors='replace')[-2000:]}"
        try:
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"{emulator.url}/_ministack/health", timeout=2) as answer:
                return "healthy" if answer.status == 200 else f"status {answer.status}"
        except (urllib.error.URLError, OSError) as error:
            return str(error)

    seen = wait_for("the emulator's health", look, lambda seen: seen == "healthy" or seen.startswith("ended"))
    if seen != "healthy":
        raise AssertionError(f"the emulator {seen}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ends the emulator and its children: politely, then not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            continue
