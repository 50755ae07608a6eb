"""Windows that outlive an invocation, and alerts that come once: the deployed stack over many deliveries."""

from __future__ import annotations

import json
import random
import re
import subprocess
import uuid
from typing import Any

from conftest import Host
from emulator import ACCOUNT, REGION, Emulator
from inbox import Inbox
from stack import ROOT, Stack, subscription_event

TRIES = 120
BATCHES = 40


def batches(stack: Stack, host: Host) -> list[dict[str, object]]:
    """Refused tries of one source on administration ports, a few an event; every log event has an id of its own."""
    events = []
    for number in range(BATCHES):
        at = host.start - 1800 + number * 40
        tries = range(number * TRIES // BATCHES, (number + 1) * TRIES // BATCHES)
        lines = [
            f"2 {ACCOUNT} {host.interface} {host.source} {host.address} {40000 + n} {(22, 3389)[n % 2]} 6 1 40"
            f" {at + n % 3} {at + 9} REJECT OK"
            for n in tries
        ]
        events.append(
            subscription_event(
                {
                    "messageType": "DATA_MESSAGE",
                    "owner": ACCOUNT,
                    "logGroup": stack.outputs["FlowLogGroup"],
                    "logStream": f"{host.interface}-all",
                    "subscriptionFilters": ["flowgauge"],
                    "logEvents": [
                        {"id": f"{at}{n:046}", "timestamp": at * 1000, "message": line}
                        for n, line in zip(tries, lines, strict=True)
                    ],
                }
            )
        )
    return events


def episode(stack: Stack, source: str) -> dict[str, Any]:
    """The record that the state table holds of the finding about `source`."""
    pages = stack.emulator.client("dynamodb").get_paginator("scan").paginate(TableName=stack.outputs["StateTable"])
    items = [item for page in pages for item in page["Items"] if item["key"]["S"].startswith("episode/")]
    [record] = [json.loads(item["state"]["S"]) for item in items if source in item["state"]["S"]]
    return record


def test_tries_over_many_batches_are_one_alert(stack: Stack, host: Host, findings: Inbox, alerts: Inbox) -> None:
    """120 tries in 40 events, each delivered twice and out of order: one alert, and the record says 120."""
    deliveries = batches(stack, host) * 2
    random.Random(7).shuffle(deliveries)
    for event in deliveries:
        assert stack.invoke(event)["error"] is None
    [alert] = alerts.about(host.source)
    attempts = int(re.search(r"attempts = (\d+)", alert["Message"])[1])
    assert 100 < attempts <= TRIES, alert["Message"]
    [finding] = findings.about(host.source)
    assert json.loads(finding["Message"])["status"] == "new"
    record = episode(stack, host.source)
    values = {value["name"]: value["value"] for value in record["finding"]["peak"]["values"]}
    assert values["attempts"] == {"integer": TRIES}, record
    assert record["told"]["status"] == "new" and "claim" not in record


def test_the_table_keeps_the_contract_and_a_soak_finds_what_one_process_does(stack: Stack, emulator: Emulator) -> None:
    """32 writers, 1,000 events, faults before and after every call and kills anywhere, over real clients."""
    dynamodb = emulator.client("dynamodb")
    made = dynamodb.describe_table(TableName=stack.outputs["StateTable"])["Table"]
    table = f"soak-{uuid.uuid4()}"
    [index] = made["GlobalSecondaryIndexes"]
    dynamodb.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=made["AttributeDefinitions"],
        KeySchema=made["KeySchema"],
        GlobalSecondaryIndexes=[{key: index[key] for key in ("IndexName", "KeySchema", "Projection")}],
    )
    soak = ROOT / "target/debug/soak"
    assert soak.is_file(), f"expected {soak}: run `make build` first, or `make e2e`, which does"
    credentials = {"AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "test"}
    environment = emulator.environment() | credentials | {"STATE_TABLE": table}
    done = subprocess.run([str(soak)], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "findings:" in done.stdout, f"{done.stdout}\n{done.stderr}"
