"""What an operator runs beside the stack: `flowgauge doctor` and `flowgauge test-alert`, against real services."""

from __future__ import annotations

import json
import shlex
import uuid
from typing import Any

import pytest

from conftest import UNSET_GROUP, Host
from completed_emulator import failed_event_key, invocation_record
from inbox import Inbox, inbox
from stack import Stack, create_flow_log
from waiting import wait_for


def doctor(stack: Stack, name: str, *options: str) -> tuple[int, list[dict[str, Any]]]:
    """Runs the doctor: its exit status and what it says of each check."""
    done = stack.flowgauge("doctor", name, "--json", *options)
    assert done.stdout, done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def verdicts(checks: list[dict[str, Any]]) -> dict[str, str]:
    """The verdict on each check, and on each topic."""
    return {
        check["check"] + (" of findings" if "FindingsTopic" in check["about"] else ""): check["verdict"] for check in checks
    }


def check_of(checks: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """The first check of a name."""
    return next(check for check in checks if check["check"] == name)


def test_a_sound_stack_is_told_so(unset: Stack, host: Host) -> None:
    """By the stack's name or the function's, in English and Japanese, and nothing is changed by it."""
    with inbox(unset.emulator, unset.outputs["AlertsTopic"]):
        line = f"{host.start} {host.start + 9} ACCEPT 6 4 {host.source} {host.address} 443 {host.interface}"
        unset.put_flow_logs(host.interface, [line], host.start)
        wait_for("a try in its log", unset.own_log, lambda log: '"Flows"' in log)
        status, checks = doctor(unset, unset.name)
        everything = {"credentials", "settings", "log-groups", "subscription", "format", "delivery", "recursion", "key"}
        assert verdicts(checks) == dict.fromkeys(everything | {"subscribers", "subscribers of findings", "key of findings", "failed-events"}, "ok"), checks
        assert status == 0
        assert "of its flow logs: ${start} ${end}" in check_of(checks, "format")["found"]
        _, again = doctor(unset, unset.outputs["SubscriptionFunction"], "--lang", "ja")
        assert verdicts(again) == verdicts(checks)
        assert "すべての行が関数に届きます" in check_of(again, "subscription")["found"]
        said = unset.flowgauge("doctor", unset.name)
        assert "ok      subscription  /company/unset: the function gets every line" in said.stdout, said.stdout
        assert "12 ok, 0 to look at, 0 failed" in said.stderr


def test_what_is_wrong_is_told_with_what_to_do(unset: Stack) -> None:
    """Two formats, nobody who hears, a function that reads its own log, an event that failed: each has failed."""
    emulator, function = unset.emulator, unset.outputs["SubscriptionFunction"]
    # A name that a shell would run, pasted without care.
    hostile = "-loop'; id; '"
    logs, own = emulator.client("logs"), unset.outputs["SubscriptionLogs"]
    arn = emulator.client("lambda").get_function_configuration(FunctionName=function)["FunctionArn"]
    other = create_flow_log(emulator, "vpc-0000000d", "${version} ${srcaddr}", UNSET_GROUP)
    logs.put_subscription_filter(logGroupName=own, filterName=hostile, filterPattern="", destinationArn=arn)
    key, record = failed_event_key(function), invocation_record(function, {"awslogs": {"data": ""}}, None)
    s3, bucket = emulator.client("s3"), unset.outputs["FailureBucket"]
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(record).encode())
    try:
        status, checks = doctor(unset, unset.name)
        failed = {check["check"] for check in checks if check["verdict"] == "failed"}
        assert failed == {"format", "recursion", "subscribers", "failed-events"}, checks
        assert status == 1
        assert all(check["advice"] for check in checks if check["verdict"] != "ok")
        advice = shlex.split(check_of(checks, "recursion")["advice"])
        assert advice == ["aws", "logs", "delete-subscription-filter", f"--log-group-name={own}", f"--filter-name={hostile}"]
        assert f"flowgauge redrive '{function}' --execute" in check_of(checks, "failed-events")["advice"]
    finally:
        logs.delete_subscription_filter(logGroupName=own, filterName=hostile)
        emulator.client("ec2").delete_flow_logs(FlowLogIds=[other])
        s3.delete_object(Bucket=bucket, Key=key)


def test_a_subscription_that_somebody_removed_is_missed(unset: Stack) -> None:
    """It has failed, with the places that are left."""
    logs = unset.emulator.client("logs")
    [mine] = logs.describe_subscription_filters(logGroupName=UNSET_GROUP)["subscriptionFilters"]
    logs.delete_subscription_filter(logGroupName=UNSET_GROUP, filterName=mine["filterName"])
    try:
        _, checks = doctor(unset, unset.name)
        found = check_of(checks, "subscription")
        assert (found["verdict"], "0 of 2 places" in found["found"]) == ("failed", True), found
    finally:
        kept = {name: mine[name] for name in ("logGroupName", "filterName", "filterPattern", "destinationArn")}
        logs.put_subscription_filter(**kept)


@pytest.mark.parametrize("topic", ["FindingsTopic", "AlertsTopic"])
def test_a_test_alert_is_marked_and_arrives(stack: Stack, topic: str) -> None:
    """At both topics, made as any other, with the ids that SNS gave."""
    with inbox(stack.emulator, stack.outputs["AlertsTopic"]), inbox(stack.emulator, stack.outputs[topic]) as opened:
        done = stack.flowgauge("test-alert", stack.name)
        assert done.returncode == 0, done
        [notification] = opened.await_about("eni-7e57")
        assert f"message {notification['MessageId']}" in done.stdout, done.stdout
        assert "expect   sqs " in done.stdout
    assert notification["Subject"].startswith("[MEDIUM] TEST alert, nothing happened: eni-7e57")
    assert notification["MessageAttributes"]["test"] == {"Type": "String", "Value": "true"}
    assert topic == "AlertsTopic" or notification["MessageAttributes"]["rule"]["Value"] == "flowgauge-test"


def test_a_test_through_the_logs_proves_the_whole_way(stack: Stack, findings: Inbox, alerts: Inbox) -> None:
    """Records in the log group become the alert that was announced."""
    done = stack.flowgauge("test-alert", stack.outputs["SubscriptionFunction"], "--through-logs")
    assert done.returncode == 0 and "wrote    101 records into " in done.stdout, done
    interface = done.stdout.split("administration ports: ")[1].split()[0]
    [finding] = findings.await_about(interface)
    assert json.loads(finding["Message"])["rule"] == "admin-port-tries"
    [alert] = alerts.await_about(interface)
    assert "Repeated tries on administration ports" in alert["Subject"]


def test_nobody_who_hears_is_a_failure(unset: Stack) -> None:
    """A test alert that no person can get has not proved anything."""
    done = unset.flowgauge("test-alert", unset.name)
    assert done.returncode == 1 and "nobody who has confirmed" in done.stderr, done


def test_an_unknown_name_is_told(stack: Stack) -> None:
    """With what both services say of it."""
    done = stack.flowgauge("doctor", f"no-{uuid.uuid4()}")
    assert done.returncode == 1 and "no function and no stack of this name" in done.stderr, done
