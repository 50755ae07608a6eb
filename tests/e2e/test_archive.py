"""The archive: what is put into its stream lies in its bucket, whatever the size."""

from __future__ import annotations

import base64
import gzip
import itertools
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator import ACCOUNT, REGION, Emulator
from stack import Stack, deploy
from waiting import wait_for


@pytest.fixture(scope="module")
def archive(emulator: Emulator, template: Path) -> Stack:
    """The archive of a log group, as most people have it."""
    emulator.client("logs").create_log_group(logGroupName="/vpc/archive")
    # The emulator does not know saved queries: test_athena.py has them.
    parameters = {"LogGroupName": "/vpc/archive", "SaveQueries": "false"}
    return deploy(emulator, template.parent / "templates/archive.yaml", "archive", parameters)


def line(number: int, status: str = "OK") -> str:
    """A record that no other is like: its number stands in `bytes`."""
    if status == "NODATA":
        return f"2 {ACCOUNT} eni-{number:017x} - - - - - - - 1418530010 1418530070 - NODATA"
    host = f"10.0.{number // 250 % 250}.{number % 250}"
    return f"2 {ACCOUNT} eni-0a 192.0.2.7 {host} 443 20641 6 2 {number} 1418530010 1418530070 ACCEPT OK"


def message(lines: list[str]) -> bytes:
    """What CloudWatch Logs puts into a stream."""
    events = [
        {"id": f"{number:056}", "timestamp": 1418530010000, "message": text} for number, text in enumerate(lines)
    ]
    whole = {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": "/vpc/archive",
        "logStream": "eni-0a-all",
        "subscriptionFilters": ["archive"],
        "logEvents": events,
    }
    return gzip.compress(json.dumps(whole).encode(), mtime=0)


def put(archive: Stack, records: list[bytes]) -> None:
    """Puts records into the stream as a producer does."""
    firehose = archive.emulator.client("firehose")
    answer = firehose.put_record_batch(
        DeliveryStreamName=archive.outputs["Stream"], Records=[{"Data": data} for data in records]
    )
    assert answer["FailedPutCount"] == 0, answer


def delivered(archive: Stack) -> list[dict[str, Any]]:
    """Every record in the bucket."""
    s3, bucket = archive.emulator.client("s3"), archive.outputs["ArchiveBucket"]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="flows/")
    keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    texts = [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys]
    lines = [text for body in texts for text in unpacked(body).decode().splitlines()]
    return [json.loads(text) for text in lines]


def unpacked(body: bytes) -> bytes:
    """An object's content: the stream compresses, where the emulator does as it is told."""
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body


def numbers(records: list[dict[str, Any]], interface: str = "eni-0a") -> Counter[int]:
    """How often each line was delivered, by its number."""
    return Counter(record["bytes"] for record in records if record.get("interface_id") == interface)


def await_delivery(archive: Stack, wanted: set[int]) -> None:
    """Waits until all lines with these numbers lie in the bucket."""
    missing = lambda: len(wanted - set(numbers(delivered(archive))))  # noqa: E731
    wait_for("delivery of every line", missing, lambda count: count == 0, seconds=60)


def test_records_of_every_shape_are_delivered_clean(archive: Stack) -> None:
    """Compressed messages, lines and objects: typed JSON lines, without NODATA; a record that can't be read harms none."""
    direct = json.dumps({"message": line(3)}).encode() + b"\n"
    raw = (line(4) + "\n").encode()
    put(archive, [message([line(1), line(2), line(0, "NODATA")]), direct, raw, b"\x1f\x8b\x08\x00", message([])])
    await_delivery(archive, {1, 2, 3, 4})
    found = delivered(archive)
    assert numbers(found) == Counter([1, 2, 3, 4])
    [first] = [record for record in found if record.get("bytes") == 1]
    expected = {
        "version": 2,
        "account_id": ACCOUNT,
        "interface_id": "eni-0a",
        "srcaddr": "192.0.2.7",
        "dstaddr": "10.0.0.1",
        "srcport": 443,
        "dstport": 20641,
        "protocol": 6,
        "packets": 2,
        "bytes": 1,
        "start": 1418530010,
        "end": 1418530070,
        "action": "ACCEPT",
        "log_status": "OK",
        "event_id": f"{0:056}",
    }
    assert {name: first.get(name) for name in expected} == expected


def test_the_function_may_put_back_into_its_own_stream_alone(archive: Stack) -> None:
    """The policy names the stream that the template makes."""
    iam, role = archive.emulator.client("iam"), role_of(archive)
    statements = iam.get_role_policy(RoleName=role, PolicyName="put-back")["PolicyDocument"]["Statement"]
    stream = archive.emulator.client("firehose").describe_delivery_stream(
        DeliveryStreamName=archive.outputs["Stream"]
    )["DeliveryStreamDescription"]
    [statement] = statements
    assert (statement["Action"], statement["Resource"]) == ("firehose:PutRecordBatch", stream["DeliveryStreamARN"])


def test_athena_finds_the_records_by_the_hour(archive: Stack) -> None:
    """The table looks where the stream writes, in hours that need no adding."""
    table = archive.emulator.client("glue").get_table(DatabaseName="flowgauge_archive", Name="flows")["Table"]
    stream = archive.emulator.client("firehose").describe_delivery_stream(
        DeliveryStreamName=archive.outputs["Stream"]
    )["DeliveryStreamDescription"]
    [destination] = stream["Destinations"]
    prefix = destination["ExtendedS3DestinationDescription"]["Prefix"]
    hour = prefix.removeprefix("flows/!{timestamp:").removesuffix("}/")
    parameters, bucket = table["Parameters"], archive.outputs["ArchiveBucket"]
    assert parameters["projection.arrival.format"] == hour
    assert parameters["storage.location.template"] == f"s3://{bucket}/flows/${{arrival}}"
    assert parameters["projection.arrival.range"] == "NOW-365DAYS,NOW"


def test_the_stream_has_a_name_of_its_own(emulator: Emulator, template: Path) -> None:
    """A stack's name may be twice as long as a stream's. This one reads a Kinesis stream, into which it may put back."""
    emulator.client("kinesis").create_stream(StreamName="source", ShardCount=1)
    arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/source"
    parameters = {"LogGroupName": "", "KinesisStreamArn": arn, "Database": "other", "SaveQueries": "false"}
    long = deploy(emulator, template.parent / "templates/archive.yaml", "long-" + "n" * 95, parameters)
    name = long.outputs["Stream"]
    stream = emulator.client("firehose").describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
    assert (len(name) <= 64, stream["DeliveryStreamType"]) == (True, "KinesisStreamAsSource")
    policy = emulator.client("iam").get_role_policy(RoleName=role_of(long), PolicyName="put-back")["PolicyDocument"]
    assert [(one["Action"], one["Resource"]) for one in policy["Statement"]] == [("kinesis:PutRecords", arn)]


def role_of(archive: Stack) -> str:
    """The function's role."""
    resource = archive.emulator.client("cloudformation").describe_stack_resource(
        StackName=archive.name, LogicalResourceId="FirehoseFunctionRole"
    )
    return resource["StackResourceDetail"]["PhysicalResourceId"]


def allow(archive: Stack, action: str, arn: str) -> None:
    """Lets the function put records into another stream as well."""
    statement = {"Effect": "Allow", "Action": action, "Resource": arn}
    archive.emulator.client("iam").put_role_policy(
        RoleName=role_of(archive),
        PolicyName=f"put-back-{action.partition(':')[0]}",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )


Taken = Callable[[], list[tuple[str, bytes]]]


@pytest.fixture
def kinesis_stream(archive: Stack) -> tuple[dict[str, str], Taken]:
    """A Kinesis stream that the function may put records into: what an event says of it, and what it took since."""
    kinesis = archive.emulator.client("kinesis")
    kinesis.create_stream(StreamName="flows", ShardCount=1)
    active = lambda: kinesis.describe_stream(StreamName="flows")["StreamDescription"]["StreamStatus"]  # noqa: E731
    wait_for("the stream to be active", active, lambda seen: seen == "ACTIVE")
    arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/flows"
    allow(archive, "kinesis:PutRecords", arn)
    shard = kinesis.get_shard_iterator(
        StreamName="flows", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]

    def taken() -> list[tuple[str, bytes]]:
        nonlocal shard
        page = kinesis.get_records(ShardIterator=shard, Limit=10_000)
        shard = page["NextShardIterator"]
        return [(record["PartitionKey"], record["Data"]) for record in page["Records"]]

    return {"sourceKinesisStreamArn": arn, "deliveryStreamArn": "arn:aws:firehose:::deliverystream/none"}, taken


@pytest.fixture
def firehose_stream(archive: Stack) -> tuple[dict[str, str], Taken]:
    """A Firehose stream without a function, for the emulator's can't call itself; the same of it."""
    emulator = archive.emulator
    location = {"LocationConstraint": REGION}
    emulator.client("s3").create_bucket(Bucket="plain", CreateBucketConfiguration=location)
    destination = {"BucketARN": "arn:aws:s3:::plain", "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/any"}
    arn = emulator.client("firehose").create_delivery_stream(
        DeliveryStreamName="plain", ExtendedS3DestinationConfiguration=destination
    )["DeliveryStreamARN"]
    allow(archive, "firehose:PutRecordBatch", arn)
    seen: set[str] = set()

    def taken() -> list[tuple[str, bytes]]:
        s3 = emulator.client("s3")
        keys = {item["Key"] for item in s3.list_objects_v2(Bucket="plain").get("Contents", [])} - seen
        seen.update(keys)
        return [("", s3.get_object(Bucket="plain", Key=key)["Body"].read()) for key in sorted(keys)]

    return {"deliveryStreamArn": arn}, taken


def event(stream: dict[str, str], entries: list[tuple[str, bytes]]) -> dict[str, Any]:
    """The event in which `stream` brings records; entries are partition keys, where there are any, and data."""
    records = []
    for number, (key, data) in enumerate(entries):
        record = {
            "recordId": str(number),
            "approximateArrivalTimestamp": 1684864917398,
            "data": base64.b64encode(data).decode(),
        }
        if key:
            record["kinesisRecordMetadata"] = {"partitionKey": key, "subsequenceNumber": ""}
        records.append(record)
    return {"invocationId": "1", "region": REGION, "records": records} | stream


def invoke(archive: Stack, event: dict[str, Any]) -> dict[str, Any]:
    """The function's answer."""
    answer = archive.emulator.client("lambda").invoke(
        FunctionName=archive.outputs["FirehoseFunction"], Payload=json.dumps(event)
    )
    text = answer["Payload"].read()
    assert answer.get("FunctionError") is None, text[:2000]
    assert len(text) <= 6_000_000
    return json.loads(text)


@pytest.mark.parametrize("kind", ["kinesis", "firehose"])
def test_what_has_no_room_goes_back_until_nothing_is_left(
    archive: Stack, kind: str, request: pytest.FixtureRequest
) -> None:
    """Records where the answer is full and one too large for any: every line arrives once, keys are kept."""
    stream, taken = request.getfixturevalue(f"{kind}_stream")
    large, small = 18_000, 1_000
    bounds = [0, large, *range(large + small, large + 6 * small + 1, small)]
    parts = [message([line(number) for number in range(*pair)]) for pair in itertools.pairwise(bounds)]
    entries = [(f"key-{number}" if kind == "kinesis" else "", data) for number, data in enumerate(parts)]
    keys = {key for key, _ in entries}
    arrived: Counter[int] = Counter()
    rounds = 0
    while entries:
        rounds += 1
        assert rounds < 10, "expected an end"
        answer = invoke(archive, event(stream, entries))["records"]
        assert [record["recordId"] for record in answer] == [str(number) for number in range(len(entries))]
        results = Counter(record["result"] for record in answer)
        assert set(results) <= {"Ok", "Dropped"}, results
        for record in answer:
            if record["result"] == "Ok":
                lines = base64.b64decode(record["data"]).decode().splitlines()
                arrived.update(json.loads(text)["bytes"] for text in lines)
        entries = taken()
        assert len(entries) >= results["Dropped"]
        assert {key for key, _ in entries} <= keys
    assert rounds > 1, "expected records to be put back"
    assert arrived == Counter(range(bounds[-1]))
