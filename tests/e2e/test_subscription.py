"""Flow logs in, findings and alerts out: the deployed stack as its users see it."""

from __future__ import annotations

import base64
import gzip
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from conftest import Host, new_host
from emulator import ACCOUNT, REGION, Emulator
from documents import names
from inbox import Inbox, inbox
from remains import made, there
from stack import ROOT, Stack, delete, deploy, subscription_event
from waiting import wait_for

TITLE = {"en": "Refused ping", "ja": "拒否された ping"}
# What the function logs of an event that has to be tried again, and what Lambda logs after any try.
FAILED_TRY = '"level":"ERROR"'
ENDED_TRY = "END RequestId: "


def message(stack: Stack, host: Host, *lines: str, group: str | None = None) -> dict[str, object]:
    """What CloudWatch Logs would say of `lines`."""
    return {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": group or stack.outputs["FlowLogGroup"],
        "logStream": f"{host.interface}-all",
        "subscriptionFilters": ["flowgauge"],
        "logEvents": [
            {"id": f"{host.start}{number:046}", "timestamp": host.start * 1000, "message": line}
            for number, line in enumerate(lines)
        ],
    }


def attributes(notification: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """The message attributes with their types."""
    found = notification.get("MessageAttributes", {})
    return {name: (attribute["Type"], attribute["Value"]) for name, attribute in found.items()}


def rules_of(notifications: list[dict[str, Any]]) -> list[str]:
    """The rules of findings, sorted."""
    return sorted(json.loads(notification["Message"])["rule"] for notification in notifications)


def assert_subject(subject: str, host: Host) -> None:
    """A subject is English and within what SNS takes, whatever the language of the text."""
    assert subject == f"[MEDIUM] {TITLE['en']}: {host.interface} {host.source} {host.address}"
    assert subject.isascii() and subject.isprintable() and len(subject) <= 100


def test_a_finding_is_told_to_programs_field_by_field(stack: Stack, host: Host, findings: Inbox) -> None:
    """A refused ping becomes one JSON finding with attributes for filter policies."""
    stack.put_flow_logs(host.interface, [host.refused_ping()], host.start)
    [notification] = findings.await_about(host.interface)
    finding = json.loads(notification["Message"])
    identity, links = finding.pop("id"), finding.pop("links")
    assert re.fullmatch(r"[0-9a-f]{32}", identity)
    assert list(links) == ["logs_insights"]
    console = f"https://{REGION}.console.aws.amazon.com/cloudwatch/home?region={REGION}#logsV2:logs-insights"
    assert links["logs_insights"].startswith(console)
    assert finding == {
        "schema": "flowgauge.finding/1",
        "rule": "ping-denied",
        "type": "Recon:VPC/PingDenied",
        "severity": "medium",
        "status": "new",
        "technique": "T1018",
        "mode": "notify",
        "title": TITLE,
        "subject": {"interfaceId": host.interface, "srcAddr": host.source, "dstAddr": host.address},
        "values": {"refused": 1, "packets": 4},
        "totals": {"refused": 1, "packets": 4},
        "threshold": "refused >= 1",
        "window": {"start": host.start - 55, "end": host.start + 5},
        "first_seen": host.start,
        "last_seen": host.start + 9,
        "samples": [host.refused_ping()],
        "query": "\n| ".join((
            "fields @timestamp, @message",
            "filter protocol = 1",
            'filter action = "REJECT"',
            f'filter interfaceId = "{host.interface}"',
            f'filter srcAddr = "{host.source}"',
            f'filter dstAddr = "{host.address}"',
            "sort @timestamp desc",
            "limit 1000",
        )),
        "account": ACCOUNT,
        "log_group": stack.outputs["FlowLogGroup"],
        "interface": host.interface,
    }
    assert attributes(notification) == {
        "severity": ("String", "medium"),
        "severity_id": ("Number", "3"),
        "finding_type": ("String", "Recon:VPC/PingDenied"),
        "rule": ("String", "ping-denied"),
        "status": ("String", "new"),
        "schema": ("String", "flowgauge.finding/1"),
        "account_id": ("String", ACCOUNT),
    }
    assert_subject(notification["Subject"], host)
    assert findings.about(host.interface) == [notification], "expected the finding once"


def test_people_get_english_text(stack: Stack, host: Host, alerts: Inbox) -> None:
    """A refused ping becomes one alert that says what, when, where, why and what to do."""
    stack.put_flow_logs(host.interface, [host.refused_ping()], host.start)
    [notification] = alerts.await_about(host.interface)
    text = notification["Message"]
    assert_subject(notification["Subject"], host)
    assert text.splitlines()[0] == notification["Subject"]
    assert f"{host.source} pinged {host.address} ({host.interface}) and was refused: 4 packets." in text
    why = "refused >= 1: refused = 1, packets = 4"
    for expected in ("When ", "Where ", "Why  ", why, "What to do", "Logs Insights", host.refused_ping()):
        assert expected in text, f"expected {expected!r} in:\n{text}"
    assert alerts.about(host.interface) == [notification], "expected the alert once"


def test_filter_policies_and_the_least_severity_hold(stack: Stack, host: Host, findings: Inbox, alerts: Inbox) -> None:
    """Every finding reaches the findings topic; a filter policy and the alerts topic take the severe one only."""
    with inbox(stack.emulator, stack.outputs["FindingsTopic"], {"severity": ["medium", "high", "critical"]}) as severe:
        stack.put_flow_logs(host.interface, [host.refused_ping(), host.skipped()], host.start)
        assert rules_of(findings.await_about(host.interface, 2)) == ["ping-denied", "skipdata"]
        assert rules_of(severe.about(host.interface)) == ["ping-denied"]
    assert [one["Subject"][:8] for one in alerts.about(host.interface)] == ["[MEDIUM]"]


def test_a_quiet_batch_calls_nobody(stack: Stack, host: Host) -> None:
    """Records that no rule minds cost no call to AWS."""
    idle = f"2 {ACCOUNT} {host.interface} - - - - - - - {host.start} {host.start + 59} - NODATA"
    calls = len(stack.emulator.gate.calls)
    assert stack.invoke(subscription_event(message(stack, host, idle)))["error"] is None
    assert stack.emulator.gate.calls[calls:] == []


def test_a_control_message_is_ignored(stack: Stack, host: Host, findings: Inbox, alerts: Inbox) -> None:
    """The message with which CloudWatch Logs tries a destination is answered, and that is all."""
    event = message(stack, host, host.refused_ping()) | {"messageType": "CONTROL_MESSAGE", "owner": "CloudwatchLogs"}
    calls = len(stack.emulator.gate.calls)
    assert stack.invoke(subscription_event(event))["error"] is None
    assert stack.emulator.gate.calls[calls:] == []
    assert findings.about(host.interface) == [] and alerts.about(host.interface) == []


def test_the_functions_own_log_is_refused(stack: Stack, host: Host, findings: Inbox, alerts: Inbox) -> None:
    """A subscription to the function's own log group, made by mistake, feeds nothing back."""
    own = stack.outputs["SubscriptionLogs"]
    calls = len(stack.emulator.gate.calls)
    result = stack.invoke(subscription_event(message(stack, host, host.refused_ping(), group=own)))
    assert result["error"] is None and '"SelfLogSkipped":1' in result["log"], result
    assert stack.emulator.gate.calls[calls:] == []
    assert findings.about(host.interface) == [] and alerts.about(host.interface) == []


NOT_EVENTS: dict[str, dict[str, object]] = {
    "no gzip": {"awslogs": {"data": "bm90IGd6aXA="}},
    "no base64": {"awslogs": {"data": "%"}},
    "another service's": {"Records": []},
    "over the cap": {"awslogs": {"data": base64.b64encode(gzip.compress(bytes(65 << 20), 9, mtime=0)).decode()}},
}


@pytest.mark.parametrize("event", NOT_EVENTS.values(), ids=NOT_EVENTS.keys())
def test_what_cant_be_decoded_is_kept(stack: Stack, event: dict[str, object]) -> None:
    """Bytes that will never decode lie in the failure bucket as they came, and are not tried again."""
    before = stack.failures()
    result = stack.invoke(event)
    assert result["error"] is None, f"expected no retry in vain: {result}"
    new = {key: body for key, body in stack.failures().items() if key not in before}
    assert len(new) == 1, f"expected one new object, saw {sorted(new)}; the function said {result}"
    [(key, body)] = new.items()
    assert key.startswith("undecodable/")
    assert json.loads(body) == event


def test_what_was_not_told_is_told_by_the_retry(stack: Stack, host: Host, findings: Inbox, alerts: Inbox) -> None:
    """While AWS is out of reach the function fails, and Lambda's next try tells everything."""
    event = subscription_event(message(stack, host, host.refused_ping()))
    failures = logged(stack, FAILED_TRY)
    with stack.emulator.gate.shut():
        stack.invoke_later(event)
        wait_for("a failed try in its log", lambda: logged(stack, FAILED_TRY), lambda seen: seen > failures, 60)
    [finding] = findings.await_about(host.interface, seconds=60)
    [alert] = alerts.await_about(host.interface, seconds=60)
    assert json.loads(finding["Message"])["rule"] == "ping-denied"
    assert_subject(alert["Subject"], host)


def logged(stack: Stack, text: str) -> int:
    """How often `text` stands in the function's log."""
    return stack.own_log().count(text)


def test_a_stack_is_updated_and_deleted(emulator: Emulator, template: Path, host: Host) -> None:
    """A changed parameter reaches the function; deletion leaves what docs/uninstall.md says, and nothing else."""
    parameters = {"RulesDirectory": "rules", "EncryptData": "true", "RefusedPingAlarm": "true", "SilencePeriods": "6"}
    deploy(emulator, template, "flowgauge-second", parameters)
    stack = deploy(emulator, template, "flowgauge-second", parameters | {"Language": "ja"})
    with inbox(emulator, stack.outputs["AlertsTopic"]) as alerts, inbox(emulator, stack.outputs["FindingsTopic"]) as findings:
        stack.put_flow_logs(host.interface, [host.refused_ping()], host.start)
        [notification] = alerts.await_about(host.interface)
        assert rules_of(findings.await_about(host.interface)) == ["ping-denied"]
    # The emulator makes a log group anew for a try that ends after the group has gone.
    wait_for("the end of the try in its log", lambda: logged(stack, ENDED_TRY), lambda seen: seen == 1)
    assert_subject(notification["Subject"], host)
    text = notification["Message"]
    assert text.splitlines()[0] == f"[中] {TITLE['ja']}: {host.interface} {host.source} {host.address}"
    assert f"{host.source} から {host.address}({host.interface})への ping が拒否されました(4 パケット)。" in text
    resources = made(stack)
    assert there(emulator, resources) == resources.keys()
    delete(stack)
    stays = names("docs/uninstall.md", "What stays, and why")
    assert there(emulator, resources) == resources.keys() & stays == {"FlowLogGroup", "FailureBucket", "DataKey"}


def test_what_does_not_belong_together_is_refused(emulator: Emulator, template: Path) -> None:
    """Before anything is made, with the reason."""
    parameters = {"RefusedPingAlarm": "true", "TrafficType": "ACCEPT"}
    with pytest.raises(AssertionError, match="TrafficType ACCEPT logs no refused ping"):
        deploy(emulator, template, "flowgauge-refused", parameters)


def test_definitions_come_from_a_bucket(emulator: Emulator, template: Path, host: Host) -> None:
    """Rules, networks and suppressions are read from S3; a mistake in them says where, and loses no event."""
    s3, bucket, key = emulator.client("s3"), "company-definitions", "rules/office.toml"
    rule = (ROOT / "rules/ping-denied.toml").read_text(encoding="utf-8").replace('mode = "off"', 'mode = "notify"')
    rule = rule.replace('id = "ping-denied"', 'id = "office-refused"')
    rule = rule.replace("filter protocol = 1", 'filter srcNetwork = "office"')
    wrong = rule.replace("| filter refused", "| filter refusals")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=bucket, Key=key, Body=wrong)
    s3.put_object(Bucket=bucket, Key="networks.txt", Body=b"198.51.100.0/24 office\n")
    quiet = new_host()
    until = datetime.now(UTC).date() + timedelta(days=2)
    expected = f'[[suppress]]\ninterface = "{quiet.interface}"\nreason = "our monitoring"\nuntil = {until}\n'
    s3.put_object(Bucket=bucket, Key="quiet.toml", Body=expected)
    parameters = {"DefinitionsBucket": bucket, "NetworksKey": "networks.txt", "SuppressionsKey": "quiet.toml"}
    stack = deploy(emulator, template, "flowgauge-definitions", parameters)
    event = subscription_event(message(stack, host, host.refused_ping()))
    with inbox(emulator, stack.outputs["FindingsTopic"]) as findings:
        failed = stack.invoke(event)
        assert failed["error"], f"expected an error: {failed}"
        assert failed["answer"]["errorType"] == "DefinitionsNotRead"
        line = wrong[: wrong.index("refusals")].count("\n") + 1
        where = f"s3://{bucket}/{key}:{line}:10: unknown name `refusals`"
        assert where in failed["answer"]["errorMessage"], failed["answer"]["errorMessage"]
        assert '"DefinitionsRefused":1' in failed["log"], failed["log"]
        s3.put_object(Bucket=bucket, Key=key, Body=rule)
        # A mistake is remembered for ten seconds.
        wait_for("the mended rule to be read", lambda: stack.invoke(event)["error"], lambda error: error is None)
        [notification] = findings.await_about(host.interface)
        suppressed = stack.invoke(subscription_event(message(stack, quiet, quiet.refused_ping())))
        assert suppressed["error"] is None, suppressed
        assert '"FindingsSuppressed":1' in suppressed["log"], suppressed["log"]
        assert not findings.about(quiet.interface)
    assert json.loads(notification["Message"])["rule"] == "office-refused"


def test_an_existing_log_group_is_read(emulator: Emulator, template: Path, host: Host) -> None:
    """The name of an existing log group is enough to read it, in its own format, with alerts for chat."""
    group = "/company/flow-logs"
    emulator.client("logs").create_log_group(logGroupName=group)
    record = f"{host.start} {host.start + 9} REJECT 1 4 {host.source} {host.address} {host.interface}"
    fields = ("start", "end", "action", "protocol", "packets", "srcaddr", "dstaddr", "interface-id")
    parameters = {
        "LogGroupName": group,
        "LogFormat": " ".join(f"${{{name}}}" for name in fields),
        "AlertFormat": "chat",
        "RulesDirectory": "rules",
        "CustomerManagedKey": "false",
    }
    stack = deploy(emulator, template, "flowgauge-existing", parameters)
    with inbox(emulator, stack.outputs["AlertsTopic"]) as alerts:
        stack.put_flow_logs(host.interface, [record], host.start)
        [notification] = alerts.await_about(host.interface)
    chat = json.loads(notification["Message"])
    assert (chat["version"], chat["source"], chat["content"]["textType"]) == ("1.0", "custom", "client-markdown")
    assert chat["content"]["title"] == f"[MEDIUM] {TITLE['en']}: {host.interface} {host.source} {host.address}"
    assert chat["metadata"]["threadId"] == chat["id"]
    assert record in chat["content"]["description"]
