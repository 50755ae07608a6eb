"""What the template must say and an emulator does not mind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from stack import ROOT

Resource = dict[str, Any]


@pytest.fixture(scope="module")
def text() -> str:
    """The template as it is written."""
    return (ROOT / "template.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def resources(text: str) -> dict[str, Resource]:
    """The template's resources by name."""
    return yaml_parse(text)["Resources"]


def of_type(resources: dict[str, Resource], kind: str) -> dict[str, Resource]:
    """The resources of one type; there is at least one."""
    found = {name: resource for name, resource in resources.items() if resource["Type"] == kind}
    assert found, f"expected a resource of type {kind}"
    return found


def statements(policy: object) -> Iterator[dict[str, Any]]:
    """Every statement of every policy document that is somewhere in `policy`."""
    if isinstance(policy, dict):
        if "Effect" in policy:
            yield policy
        for part in policy.values():
            yield from statements(part)
    elif isinstance(policy, list):
        for part in policy:
            yield from statements(part)


def test_partitions_are_not_written_out(text: str) -> None:
    """The template works in China and GovCloud as well."""
    assert "arn:aws" not in text and "amazonaws.com.cn" not in text


def test_filters_wait_for_the_permission(resources: dict[str, Resource]) -> None:
    """Without it the first deployment fails: CloudWatch Logs could not execute the function."""
    [permission] = of_type(resources, "AWS::Lambda::Permission")
    for name, subscription in of_type(resources, "AWS::Logs::SubscriptionFilter").items():
        assert subscription["DependsOn"] == permission, name


def test_only_this_accounts_log_group_may_invoke(resources: dict[str, Resource]) -> None:
    """Both conditions stand in every permission."""
    for name, permission in of_type(resources, "AWS::Lambda::Permission").items():
        assert {"SourceAccount", "SourceArn"} <= permission["Properties"].keys(), name


def test_functions_log_elsewhere_than_lambda_would(resources: dict[str, Resource]) -> None:
    """A log group named after the function comes back without retention once the stack is gone."""
    groups = of_type(resources, "AWS::Logs::LogGroup")
    for name, function in of_type(resources, "AWS::Serverless::Function").items():
        group = function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
        assert "RetentionInDays" in groups[group]["Properties"], name
        assert function["Properties"]["Environment"]["Variables"]["OWN_LOG_GROUP"] == {"Ref": group}, name


def test_roles_name_what_they_may_touch(resources: dict[str, Resource]) -> None:
    """No role may do everything, or something everywhere."""
    for name, role in of_type(resources, "AWS::IAM::Role").items():
        for statement in statements(role["Properties"]["Policies"]):
            assert statement["Resource"] != "*" and "*" not in json.dumps(statement["Action"]), name


def test_topics_are_encrypted_with_a_key_that_alarms_may_use(resources: dict[str, Resource]) -> None:
    """With the AWS managed key an alarm would vanish without a trace."""
    for name, topic in of_type(resources, "AWS::SNS::Topic").items():
        assert topic["Properties"]["KmsMasterKeyId"]["Fn::If"][1] == {"Fn::GetAtt": ["TopicKey", "Arn"]}, name
    principals = [statement["Principal"] for statement in statements(resources["TopicKey"]["Properties"]["KeyPolicy"])]
    assert {"Service": "cloudwatch.amazonaws.com"} in principals


def test_every_event_that_fails_for_good_is_kept(resources: dict[str, Resource]) -> None:
    """After its last try Lambda drops an event that has nowhere to go; a tick is followed by the next."""
    for name, function in of_type(resources, "AWS::Serverless::Function").items():
        if "Events" in function["Properties"]:
            continue
        assert "OnFailure" in function["Properties"]["EventInvokeConfig"]["DestinationConfig"], name
