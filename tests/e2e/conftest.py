"""What the end-to-end tests share: one emulator, the project's stack in it, and queues at both topics."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from emulator import ACCOUNT, REGION, Emulator, running_emulator
from inbox import Inbox, inbox
from stack import ARTIFACTS, ROOT, Stack, create_flow_log, deploy, stage

_numbers = itertools.count(1)

# A log group in a format of its own, which no setting says.
UNSET_GROUP = "/company/unset"
UNSET_FIELDS = ("start", "end", "action", "protocol", "packets", "srcaddr", "dstaddr", "dstport", "interface-id")
UNSET_FORMAT = " ".join(f"${{{name}}}" for name in UNSET_FIELDS)


@dataclass(frozen=True)
class Host:
    """One network interface that only one test uses, so that nobody else's findings are taken for its own."""

    interface: str
    address: str
    source: str
    start: int

    def refused_ping(self) -> str:
        """A record of four refused echo requests."""
        times = f"{self.start} {self.start + 9}"
        return f"2 {ACCOUNT} {self.interface} {self.source} {self.address} 0 0 1 4 336 {times} REJECT OK"

    def skipped(self) -> str:
        """A record that says that records are missing."""
        return f"2 {ACCOUNT} {self.interface} - - - - - - - {self.start} {self.start + 59} - SKIPDATA"


@pytest.fixture
def host() -> Host:
    """A network interface of the test's own, and the start of a minute that has just passed."""
    return new_host()


def new_host() -> Host:
    """Another network interface that nobody else uses."""
    number = next(_numbers)
    start = int(time.time()) // 60 * 60 - 120
    return Host(f"eni-{number:017x}", f"10.0.0.{number}", f"198.51.100.{number}", start)


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """A running emulator with a bucket for what is deployed."""
    with running_emulator(tmp_path_factory.mktemp("emulator")) as running:
        location = {"LocationConstraint": REGION}
        running.client("s3").create_bucket(Bucket=ARTIFACTS, CreateBucketConfiguration=location)
        yield running


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template beside a package in which a rule that is off by default is switched on."""
    rule = (ROOT / "rules/ping-denied.toml").read_text(encoding="utf-8")
    switched_on = rule.replace('mode = "off"', 'mode = "notify"')
    assert rule != switched_on, "expected `ping-denied` to be off by default"
    return stage(tmp_path_factory.mktemp("stage"), {"ping-denied.toml": switched_on})


@pytest.fixture(scope="session")
def stack(emulator: Emulator, template: Path) -> Stack:
    """The stack as most people have it: alerts in English from medium up."""
    return deploy(emulator, template, "flowgauge", {"RulesDirectory": "rules", "AlertEmail": "watch@example.com"})


@pytest.fixture(scope="session")
def unset(emulator: Emulator, template: Path) -> Stack:
    """A stack that reads a log group in a format of its own, and was not told of it."""
    emulator.client("logs").create_log_group(logGroupName=UNSET_GROUP)
    create_flow_log(emulator, "vpc-0000000a", UNSET_FORMAT, UNSET_GROUP)
    create_flow_log(emulator, "vpc-0000000b", "${version}", "/company/another")
    return deploy(emulator, template, "flowgauge-unset", {"LogGroupName": UNSET_GROUP, "RulesDirectory": "rules"})


@pytest.fixture
def findings(stack: Stack) -> Iterator[Inbox]:
    """What the findings topic sends during a test."""
    with inbox(stack.emulator, stack.outputs["FindingsTopic"]) as opened:
        yield opened


@pytest.fixture
def alerts(stack: Stack) -> Iterator[Inbox]:
    """What the alerts topic sends during a test."""
    with inbox(stack.emulator, stack.outputs["AlertsTopic"]) as opened:
        yield opened


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Shows with a failure what the emulator said last: functions' output is in it."""
    report = yield
    emulator = getattr(item, "funcargs", {}).get("emulator")
    if report.failed and emulator is not None:
        report.sections.append(("emulator's log", emulator.log.read_text(errors="replace")[-6000:]))
    return report
