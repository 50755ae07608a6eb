"""Invocations that die, and events whose every try failed: nothing of them is lost."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path

from conftest import Host, new_host
from emulator import ACCOUNT
from inbox import Inbox
from completed_emulator import failed_event_key, invocation_record
from stack import Stack, subscription_event
from waiting import wait_for

# Longer than a claim holds.
LEASE_AND_MORE = 75
# What an event calls that leads to one new finding: its state, its record, the limit of alerts, both topics, confirm.
READ, WRITE = "dynamodb.BatchGetItem", "dynamodb.PutItem"
CALLS = [READ, WRITE, READ, WRITE, READ, WRITE, "sns", "sns", WRITE]


def message(stack: Stack, host: Host, lines: list[str], at: int) -> dict[str, object]:
    """What CloudWatch Logs would say of `lines`."""
    return {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": stack.outputs["FlowLogGroup"],
        "logStream": f"{host.interface}-all",
        "subscriptionFilters": ["flowgauge"],
        "logEvents": [
            {"id": f"{at}{number:046}", "timestamp": at * 1000, "message": line} for number, line in enumerate(lines)
        ],
    }


def refused_ping(stack: Stack, host: Host) -> dict[str, object]:
    """An event with one refused ping."""
    return subscription_event(message(stack, host, [host.refused_ping()], host.start))


def processes_of(stack: Stack) -> list[int]:
    """The processes that run the function of a stack: in this emulator, since names are the same in any."""
    function, gate = stack.outputs["SubscriptionFunction"], stack.emulator.gate.url
    wanted = {f"AWS_LAMBDA_FUNCTION_NAME={function}".encode(), f"AWS_ENDPOINT_URL={gate}".encode()}

    def environment(process: Path) -> set[bytes]:
        try:
            return set((process / "environ").read_bytes().split(b"\0"))
        except OSError:
            return set()

    numbers = [process for process in Path("/proc").iterdir() if process.name.isdigit()]
    return [int(process.name) for process in numbers if wanted <= environment(process)]


def kill(stack: Stack) -> bool:
    """Kills whatever runs the function of a stack, at once and without a word; what it was about to do does not happen."""
    for process in processes_of(stack):
        os.kill(process, signal.SIGKILL)
    return False


@dataclass(frozen=True)
class Death:
    """When the function dies: before which of its calls, and how many alerts people may get all the same."""

    moment: str
    call: int
    alerts: int


DEATHS = [
    Death("between merge and claim", 3, 1),
    Death("between claim and publish", 7, 1),
    # Nobody knows that the alert is out: it comes again.
    Death("between publish and confirm", 9, 2),
]


def test_a_killed_function_loses_no_alert(stack: Stack, alerts: Inbox) -> None:
    """Killed anywhere, the alert comes by the next try or by the tick; twice only where it was out already."""
    gate = stack.emulator.gate
    # The first event of an environment asks EC2 for the format of its log group.
    assert stack.invoke(refused_ping(stack, new_host()))["error"] is None
    before = len(gate.calls)
    assert stack.invoke(refused_ping(stack, new_host()))["error"] is None
    assert gate.calls[before:] == CALLS, "the calls of an event are not what this test takes them for"
    hosts = {death: new_host() for death in DEATHS}
    for death, host in hosts.items():
        event = refused_ping(stack, host)
        with gate.watched(lambda number, death=death: number < death.call or kill(stack)):
            assert stack.invoke(event)["error"], f"expected the function to die {death.moment}"
        # Lambda tries again.
        assert stack.invoke(event)["error"] is None

    def told() -> dict[str, int]:
        stack.tick()
        return {death.moment: len(alerts.about(host.interface)) for death, host in hosts.items()}

    expected = {death.moment: death.alerts for death in DEATHS}
    wait_for(f"the alerts {expected}", told, lambda seen: seen == expected, LEASE_AND_MORE)
    for host in hosts.values():
        assert stack.invoke(refused_ping(stack, host))["error"] is None
    assert told() == expected


def failed_events(stack: Stack) -> list[str]:
    """The keys of the records of failed events."""
    return [key for key in stack.failures() if key.startswith("aws/lambda/async/")]


def redrive(stack: Stack, rules: Path, *options: str) -> tuple[list[str], str]:
    """Runs `flowgauge redrive`: the lines it prints, and what it says besides."""
    done = stack.flowgauge("redrive", stack.outputs["SubscriptionFunction"], "--rules", str(rules), *options)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout.splitlines(), done.stderr


def test_what_was_never_told_is_redriven(
    stack: Stack, template: Path, host: Host, findings: Inbox, alerts: Inbox
) -> None:
    """After its last try an event lies in the bucket as it was, and tells everything once it is redriven."""
    rules = template.parent / "target/lambda/subscription/rules"
    with stack.emulator.gate.shut():
        stack.invoke_later(refused_ping(stack, host))
        [key] = wait_for("the event in the bucket", lambda: failed_events(stack), bool, 120)
    assert findings.about(host.interface) == []
    lines, said = redrive(stack, rules)
    assert [line.split()[:2] for line in lines] == [["invoke", key]] and "nothing was done" in said
    assert failed_events(stack) == [key] and findings.about(host.interface) == []
    lines, _ = redrive(stack, rules, "--execute")
    assert [line.split()[:2] for line in lines] == [["invoke", key]]
    assert len(findings.await_about(host.interface)) == 1 and len(alerts.await_about(host.interface)) == 1
    assert failed_events(stack) == [] and f"redriven/{key}" in stack.failures()


def test_what_comes_too_late_is_told_as_delayed(
    stack: Stack, template: Path, host: Host, findings: Inbox, alerts: Inbox
) -> None:
    """Events of hours ago are looked at together: what they lead to is told once, and says that it comes late."""
    rules = template.parent / "target/lambda/subscription/rules"
    s3, function = stack.emulator.client("s3"), stack.outputs["SubscriptionFunction"]
    start = host.start - 6 * 3600
    for part in range(3):
        at = start + part * 60
        line = f"2 {ACCOUNT} {host.interface} {host.source} {host.address} 40000 22 6 1 40 {at} {at + 9} REJECT OK"
        event = subscription_event(message(stack, host, [line] * 40, at))
        record = json.dumps(invocation_record(function, event, None)).encode()
        s3.put_object(Bucket=stack.outputs["FailureBucket"], Key=failed_event_key(function), Body=record)
    lines, _ = redrive(stack, rules)
    assert [line.split()[0] for line in lines] == ["late", "late", "late", "delayed"], lines
    assert "Repeated tries on administration ports" in lines[-1] and host.address in lines[-1]
    _, said = redrive(stack, rules, "--execute")
    assert "1 message to findings" in said and "1 message to alerts" in said, said
    [finding] = findings.await_about(host.interface)
    told = json.loads(finding["Message"])
    assert (told["delayed"], told["status"], told["values"]["attempts"]) == (True, "new", 120)
    [alert] = alerts.await_about(host.interface)
    assert "Delayed" in alert["Message"]
    assert failed_events(stack) == []
    lines, _ = redrive(stack, rules, "--execute")
    assert lines == [] and len(findings.about(host.interface)) == 1


def test_what_cant_be_redriven_stays(stack: Stack, template: Path, host: Host) -> None:
    """An object that is no event is told with its reason, and stays where it is."""
    rules = template.parent / "target/lambda/subscription/rules"
    s3, function = stack.emulator.client("s3"), stack.outputs["SubscriptionFunction"]
    key = failed_event_key(function)
    s3.put_object(Bucket=stack.outputs["FailureBucket"], Key=key, Body=b'{"requestPayload": {"awslogs": {"data": "%"}}}')
    try:
        done = stack.flowgauge("redrive", function, "--rules", str(rules), "--execute")
        [line] = [line for line in done.stdout.splitlines() if key in line]
        assert done.returncode == 1 and line.startswith("stays") and "base64" in line, done
        assert key in stack.failures()
    finally:
        s3.delete_object(Bucket=stack.outputs["FailureBucket"], Key=key)
    done = stack.flowgauge("redrive", function)
    assert done.returncode == 1 and "name a copy of it with --rules" in done.stderr, done
