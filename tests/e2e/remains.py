"""What of a stack is there, before and after it is deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from emulator import Emulator
from stack import Stack

# What an account has of each type, by the names that CloudFormation knows it by.
KINDS: dict[str, Callable[[Emulator], Iterator[str]]] = {
    "AWS::CloudWatch::Alarm": lambda e: _every(e, "cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    "AWS::CloudWatch::Dashboard": lambda e: _every(e, "cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    "AWS::DynamoDB::Table": lambda e: iter(e.client("dynamodb").list_tables()["TableNames"]),
    "AWS::Events::Rule": lambda e: iter(rule["Name"] for rule in e.client("events").list_rules()["Rules"]),
    "AWS::IAM::Role": lambda e: _every(e, "iam", "list_roles", "Roles", "RoleName"),
    "AWS::KMS::Key": lambda e: _keys(e.client("kms")),
    "AWS::Lambda::Function": lambda e: _every(e, "lambda", "list_functions", "Functions", "FunctionName"),
    "AWS::Logs::LogGroup": lambda e: _every(e, "logs", "describe_log_groups", "logGroups", "logGroupName"),
    "AWS::S3::Bucket": lambda e: iter(bucket["Name"] for bucket in e.client("s3").list_buckets()["Buckets"]),
    "AWS::SNS::Topic": lambda e: _every(e, "sns", "list_topics", "Topics", "TopicArn"),
}
# What is nothing without one of these.
PARTS = {
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Permission",
    "AWS::Logs::MetricFilter",
    "AWS::Logs::SubscriptionFilter",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
}


def _every(emulator: Emulator, service: str, operation: str, key: str, name: str) -> Iterator[str]:
    """One field of everything that an operation lists, page after page."""
    for page in emulator.client(service).get_paginator(operation).paginate():
        yield from (item[name] for item in page[key])


def _keys(kms: Any) -> Iterator[str]:
    """Keys that encrypt and decrypt."""
    for page in kms.get_paginator("list_keys").paginate():
        for key in page["Keys"]:
            if kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "Enabled":
                yield key["KeyId"]


def made(stack: Stack) -> dict[str, tuple[str, str]]:
    """The type and the physical name of each resource of a stack, by its name in the template; without mere parts."""
    answer = stack.emulator.client("cloudformation").describe_stack_resources(StackName=stack.name)
    found = {
        resource["LogicalResourceId"]: (resource["ResourceType"], resource["PhysicalResourceId"])
        for resource in answer["StackResources"]
    }
    assert {kind for kind, _ in found.values()} <= KINDS.keys() | PARTS, "a type that nobody looks for"
    return {name: one for name, one in found.items() if one[0] in KINDS}


def there(emulator: Emulator, resources: dict[str, tuple[str, str]]) -> set[str]:
    """Which of these resources are there, by their names in the template."""
    has = {kind: set(KINDS[kind](emulator)) for kind in {kind for kind, _ in resources.values()}}
    return {name for name, (kind, physical) in resources.items() if physical in has[kind]}
