"""Many accounts: topics of one that the stacks of others tell, and an archive of one that they send to."""

from __future__ import annotations

import json
import re
import runpy
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from samtranslator.yaml_helper import yaml_parse

from conftest import Host
from emulator import ACCOUNT, REGION, Emulator, aws_client
from inbox import Inbox, inbox
from parsed_template import ARCHIVE, CENTRAL, TEMPLATE, of_type, parsed, references, resources_of, statements, text_of
from stack import ARTIFACTS, ROOT, Stack, deploy, deploy_as_stack_set

CENTRAL_ACCOUNT = "210987654321"
STRANGER = "999999999999"
ORGANIZATION = {"aws:PrincipalOrgID": {"Ref": "OrganizationId"}}
FUNCTIONS_ROLES = {"aws:PrincipalArn": {"Fn::Sub": "arn:${AWS::Partition}:iam::*:role/flowgauge/*"}}

# The property by which a type takes a name of ours, which a second stack of the account could not have too.
NAMES = {
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::Role": "RoleName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
}

# ---- The templates ---------------------------------------------------------------------------------------------------


def test_whoever_it_is_must_be_of_the_organisation() -> None:
    """No statement admits everybody without that condition."""
    admitting = 0
    for name, resource in resources_of(CENTRAL).items():
        for statement in statements(resource["Properties"]):
            if statement["Effect"] == "Allow" and "*" in json.dumps(statement["Principal"]):
                assert ORGANIZATION.items() <= statement["Condition"]["StringEquals"].items(), name
                admitting += 1
    assert admitting == 4, "expected both topics, the key and the bucket"


def test_only_functions_tell() -> None:
    """Of both topics and of their key: by the path that template.yaml gives to the roles of functions alone."""
    for name, resource in resources_of(CENTRAL).items():
        if resource["Type"] in ("AWS::SNS::TopicPolicy", "AWS::KMS::Key"):
            [functions] = [one for one in statements(resource["Properties"]) if one["Sid"] == "Functions"]
            assert functions["Condition"]["ArnLike"] == FUNCTIONS_ROLES, name
    roles = of_type(resources_of(TEMPLATE), "AWS::IAM::Role")
    telling = {name for name, role in roles.items() if "sns:Publish" in json.dumps(role)}
    assert {name for name, role in roles.items() if role["Properties"].get("Path") == "/flowgauge/"} == telling


def test_central_topics_take_nothing_without_tls_and_are_encrypted() -> None:
    """With a key that alarms of the organisation may use; services act for it or for this account."""
    resources = resources_of(CENTRAL)
    for name, topic in of_type(resources, "AWS::SNS::Topic").items():
        assert topic["Properties"]["KmsMasterKeyId"] == {"Fn::GetAtt": ["TopicKey", "Arn"]}, name
    covered = set()
    for policy in of_type(resources, "AWS::SNS::TopicPolicy").values():
        covered |= references(policy["Properties"]["Topics"])
        denied = next(statements(policy["Properties"]["PolicyDocument"]))
        assert denied["Effect"] == "Deny" and denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert covered == of_type(resources, "AWS::SNS::Topic").keys()
    for statement in statements(list(resources.values())):
        match statement["Principal"]:
            case {"Service": "cloudwatch.amazonaws.com"}:
                assert statement["Condition"]["StringEquals"] == {"aws:SourceOrgID": {"Ref": "OrganizationId"}}
                # The key leaves it to the topic which alarms may tell.
                names = {"AlarmNames"} if statement["Action"] == "sns:Publish" else set()
                assert references(statement["Condition"].get("ArnLike")) & {"AlarmNames"} == names
            case {"Service": _}:
                assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_the_outputs_of_the_one_are_the_parameters_of_the_other() -> None:
    """Under the same names, so that nobody has to translate."""
    central, detecting = parsed(CENTRAL), parsed(TEMPLATE)
    given = central["Outputs"].keys() - {"PackagesBucket"}
    assert given == {name for name in detecting["Parameters"] if name.startswith("Central")}
    assert parsed(ARCHIVE)["Outputs"]["Destination"]["Value"] == {"Fn::GetAtt": ["Destination", "Arn"]}


def test_the_archive_admits_an_organisation() -> None:
    """To its destination, and senders show a role that may write to their own log group."""
    resources = resources_of(ARCHIVE)
    [destination] = of_type(resources, "AWS::Logs::Destination").values()
    [statement] = statements(json.loads(destination["Properties"]["DestinationPolicy"]["Fn::Sub"]))
    assert statement["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "${OrganizationId}"}}
    assert statement["Action"] == "logs:PutSubscriptionFilter" and statement["Resource"].endswith("${AWS::StackName}")
    assert destination["Properties"]["DestinationName"] == {"Ref": "AWS::StackName"}
    assert destination["Properties"]["TargetArn"] == {"Fn::GetAtt": ["Stream", "Arn"]}
    sender = resources_of(TEMPLATE)["ArchiveFilterRole"]["Properties"]
    [writing] = statements(sender["Policies"])
    assert writing["Action"] == "logs:PutLogEvents" and "LogGroupName" in references(writing["Resource"])


TOPIC = f"arn:aws:sns:{REGION}:{CENTRAL_ACCOUNT}:topic"
KEY = f"arn:aws:kms:{REGION}:{CENTRAL_ACCOUNT}:key/0a1b"
STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/a"
REFUSED = {
    "a key alone": (TEMPLATE, {"CentralTopicKeyArn": KEY}, "needs a central topic"),
    "mail to another's topic": (TEMPLATE, {"CentralAlertsTopicArn": TOPIC, "AlertEmail": "a@b.c"}, "a topic of this stack"),
    # Without what the emulator does not know.
    "an archive of nothing": (ARCHIVE, {"SaveQueries": "false"}, "KinesisStreamArn or OrganizationId is given"),
    "an archive of two": (
        ARCHIVE,
        {"SaveQueries": "false", "LogGroupName": "/a", "KinesisStreamArn": STREAM},
        "one of them is given",
    ),
    "no organisation": (CENTRAL, {"OrganizationId": "123456789012"}, "OrganizationId"),
}


@pytest.mark.parametrize(("name", "parameters", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_does_not_belong_together_is_refused(
    emulator: Emulator, template: Path, name: str, parameters: dict[str, str], reason: str
) -> None:
    """Before anything is made, with the reason."""
    with pytest.raises(AssertionError, match=reason):
        deploy(emulator, template.parent / name, "refused", parameters)


# ---- The stack set ---------------------------------------------------------------------------------------------------


def packaged() -> dict[str, Any]:
    """The template as `sam package` writes it: packages lie in S3."""
    return yaml_parse(re.sub(r"CodeUri: target/lambda/(\w+)/", rf"CodeUri: s3://{ARTIFACTS}/\1.zip", text_of(TEMPLATE)))


def test_a_stack_set_takes_the_template() -> None:
    """No macro, no name that two stacks of an account could both have, no region written out, no parameter without a
    default, and all that the template says."""
    program = runpy.run_path(str(ROOT / "packaging/stackset.py"))
    template = program["expanded"](packaged())
    assert "Transform" not in template and "AWS::Serverless" not in json.dumps(template)
    assert program["REGION"] not in json.dumps(template)
    for name, resource in template["Resources"].items():
        assert NAMES.get(resource["Type"]) not in resource["Properties"], name
    parameters = parsed(TEMPLATE)["Parameters"]
    assert template["Parameters"] == parameters and all("Default" in one for one in parameters.values())
    kept = {name for name, resource in resources_of(TEMPLATE).items() if not resource["Type"].startswith("AWS::Serverless")}
    assert all(template["Resources"][name] == resources_of(TEMPLATE)[name] for name in kept)
    assert template["Resources"]["SubscriptionFunction"]["Properties"]["Architectures"] == [{"Ref": "Architecture"}]
    assert len(json.dumps(template)) < 1_000_000, "expected a template that CloudFormation takes from S3"


# ---- Two accounts ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Accounts:
    """A member's stack, the central account, and what it made."""

    member: Stack
    central: Emulator
    outputs: dict[str, str]


@pytest.fixture(scope="module")
def accounts(emulator: Emulator, template: Path) -> Accounts:
    """Central topics in one account, and a stack of another that tells them."""
    # The emulator takes each account for the head of an organisation of its own: the member's is the one admitted.
    organization = emulator.client("organizations").describe_organization()["Organization"]["Id"]
    central = emulator.as_account(CENTRAL_ACCOUNT)
    location = {"LocationConstraint": REGION}
    central.client("s3").create_bucket(Bucket="central-artifacts", CreateBucketConfiguration=location)
    parameters = {"OrganizationId": organization, "AlertEmail": "security@example.com"}
    outputs = deploy(central, template.parent / "templates/central.yaml", "central", parameters, "central-artifacts").outputs
    given = {name: value for name, value in outputs.items() if name.startswith("Central")}
    member = deploy_as_stack_set(emulator, template, "flowgauge-member", {"RulesDirectory": "rules"} | given)
    return Accounts(member, central, outputs)


@pytest.fixture
def central_alerts(accounts: Accounts) -> Iterator[Inbox]:
    """What the central alerts topic sends during a test."""
    with inbox(accounts.central, accounts.outputs["CentralAlertsTopicArn"]) as opened:
        yield opened


def test_another_accounts_topics_are_told(accounts: Accounts, host: Host, central_alerts: Inbox) -> None:
    """A refused ping in the member's log group is a finding and an alert in the central account."""
    member = accounts.member
    with inbox(accounts.central, accounts.outputs["CentralFindingsTopicArn"]) as findings:
        member.put_flow_logs(host.interface, [host.refused_ping()], host.start)
        [finding] = findings.await_about(host.interface)
    [alert] = central_alerts.await_about(host.interface)
    assert json.loads(finding["Message"])["account"] == member.emulator.account != CENTRAL_ACCOUNT
    assert finding["TopicArn"].split(":")[4] == CENTRAL_ACCOUNT and host.interface in alert["Subject"]


@pytest.mark.parametrize(
    ("account", "path", "is_heard"),
    [(ACCOUNT, "/flowgauge/", True), (ACCOUNT, "/", False), (STRANGER, "/flowgauge/", False)],
    ids=["a function's role", "another role of the organisation", "such a role elsewhere"],
)
def test_nobody_else_is_heard(accounts: Accounts, account: str, path: str, is_heard: bool) -> None:
    """Whatever a role's own account permits it."""
    topic, emulator = accounts.outputs["CentralAlertsTopicArn"], accounts.central.as_account(account)
    given = credentials_of_role(emulator, path, {"Effect": "Allow", "Action": "sns:Publish", "Resource": topic})
    sns = aws_client("sns", emulator.url, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    if is_heard:
        sns.publish(TopicArn=topic, Message="heard")
    else:
        with pytest.raises(ClientError, match="is not authorized"):
            sns.publish(TopicArn=topic, Message="not heard")


def test_an_operator_is_told_whom_to_ask(accounts: Accounts, central_alerts: Inbox) -> None:
    """A member's role under the path sends a test alert that arrives, and may not see who hears, whatever it is permitted."""
    permission = {"Effect": "Allow", "Action": ["sns:*", "lambda:*", "kms:*"], "Resource": "*"}
    given = credentials_of_role(accounts.member.emulator, "/flowgauge/", permission)
    environment = {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }
    function = accounts.member.outputs["SubscriptionFunction"]
    done = accounts.member.flowgauge("test-alert", function, environment=environment)
    assert done.returncode == 0 and f"ask the topic's owner, account {CENTRAL_ACCOUNT}" in done.stderr, done
    central_alerts.await_about("eni-7e57")
    done = accounts.member.flowgauge("doctor", function, "--json", environment=environment)
    checks = [json.loads(line) for line in done.stdout.splitlines()]
    of_topics = [check for check in checks if check["check"] in ("subscribers", "key")]
    assert len(of_topics) == 4 and {check["verdict"] for check in of_topics} == {"warning"}, of_topics
    assert all(f"ask its owner, in account {CENTRAL_ACCOUNT}" in check["advice"] for check in of_topics)


def document(statement: dict[str, Any]) -> str:
    """A policy of one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def credentials_of_role(emulator: Emulator, path: str, permission: dict[str, Any]) -> dict[str, str]:
    """The credentials of a new role of an account under a path."""
    iam, name = emulator.client("iam"), f"teller-{uuid.uuid4()}"
    trust = {"Effect": "Allow", "Principal": {"AWS": emulator.account}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=document(trust))
    iam.put_role_policy(RoleName=name, PolicyName="tell", PolicyDocument=document(permission))
    role = f"arn:aws:iam::{emulator.account}:role{path}{name}"
    given: dict[str, str] = emulator.client("sts").assume_role(RoleArn=role, RoleSessionName="try")["Credentials"]
    return given
