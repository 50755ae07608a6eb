"""A log group whose format nobody sets: the function asks EC2 for that of its flow logs."""

from __future__ import annotations

import json
from typing import Any

from conftest import UNSET_FORMAT, UNSET_GROUP, Host, new_host
from emulator import ACCOUNT
from inbox import inbox
from stack import Stack, create_flow_log, subscription_event
from test_failures import kill

def refused_ping(host: Host) -> str:
    """A refused ping in the log group's format."""
    return f"{host.start} {host.start + 9} REJECT 1 4 {host.source} {host.address} 0 {host.interface}"


def ask(stack: Stack, line: str) -> dict[str, Any]:
    """Gives a line to an environment that has just started: the last line of its log that has metrics."""
    kill(stack)
    host = new_host()
    message = {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": UNSET_GROUP,
        "logStream": f"{host.interface}-all",
        "subscriptionFilters": ["flowgauge"],
        "logEvents": [{"id": f"{host.start}{host.interface}", "timestamp": host.start * 1000, "message": line}],
    }
    answer = stack.invoke(subscription_event(message))
    assert answer["error"] is None, answer
    lines = [line for line in answer["log"].splitlines() if '"Flows"' in line]
    return json.loads(lines[-1][lines[-1].index("{") :])


def test_lines_are_read_in_the_format_of_their_flow_log(unset: Stack, host: Host) -> None:
    """The first event already leads to a finding."""
    with inbox(unset.emulator, unset.outputs["FindingsTopic"]) as findings:
        unset.put_flow_logs(host.interface, [refused_ping(host)], host.start)
        [notification] = findings.await_about(host.interface)
    assert json.loads(notification["Message"])["rule"] == "ping-denied"
    said = ask(unset, refused_ping(new_host()))
    assert said["formats"] == [f"lines of `{UNSET_GROUP}` are read in the format of its flow logs: {UNSET_FORMAT}"]
    assert (said["Flows"], said["level"]) == (1, "INFO")


def test_two_formats_in_one_log_group_are_told(unset: Stack) -> None:
    """In the log and by a metric, until one of the flow logs has gone."""
    other = create_flow_log(unset.emulator, "vpc-0000000c", "${version} ${srcaddr}", UNSET_GROUP)
    said = ask(unset, refused_ping(new_host()))
    assert "flow logs of 2 formats deliver to `/company/unset`" in said["formats"][0]
    assert (said["MixedFormats"], said["level"]) == (1, "WARN")
    unset.emulator.client("ec2").delete_flow_logs(FlowLogIds=[other])
    assert "MixedFormats" not in ask(unset, refused_ping(new_host()))


def test_without_permission_all_is_as_before(unset: Stack) -> None:
    """The default format holds, no event fails, and the log says why."""
    iam, resources = unset.emulator.client("iam"), unset.emulator.client("cloudformation")
    resource = resources.describe_stack_resource(StackName=unset.name, LogicalResourceId="SubscriptionRole")
    role = resource["StackResourceDetail"]["PhysicalResourceId"]
    policy = iam.get_role_policy(RoleName=role, PolicyName="find-formats")["PolicyDocument"]
    iam.delete_role_policy(RoleName=role, PolicyName="find-formats")
    said = ask(unset, new_host().refused_ping())
    iam.put_role_policy(RoleName=role, PolicyName="find-formats", PolicyDocument=json.dumps(policy))
    assert (said["Flows"], said["FormatsNotFound"], said["level"]) == (1, 1, "WARN")
    [note] = said["formats"]
    assert "EC2 DescribeFlowLogs: " in note and "LOG_FORMAT says one" in note, note
