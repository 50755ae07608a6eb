"""What the functions read and call, beside what the templates give and permit; no emulator is needed."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from documents import section
from parsed_template import (
    ARCHIVE,
    CENTRAL,
    TEMPLATE,
    Resource,
    listed,
    of_type,
    parsed,
    references,
    resources_of,
    retained,
    statements,
    text_of,
)
from stack import FUNCTIONS, ROOT

TEMPLATES = (TEMPLATE, ARCHIVE, CENTRAL)
DETECTING = ("SubscriptionFunction", "TickFunction")
ROLES = {"subscription": (TEMPLATE, "SubscriptionRole"), "tick": (TEMPLATE, "TickRole")}
ROLES["firehose"] = (ARCHIVE, "FirehoseFunctionRole")

# The IAM action of each call that code makes: of the SDK, and beside it.
ACTIONS = {
    "DescribeFlowLogs": "ec2:DescribeFlowLogs",
    "batch_get_item": "dynamodb:BatchGetItem",
    "put_item": "dynamodb:PutItem",
    "query": "dynamodb:Query",
    "publish_batch": "sns:Publish",
    "list_objects_v2": "s3:ListBucket",
    "get_object": "s3:GetObject",
    "put_object": "s3:PutObject",
    "s3.list": "s3:ListBucket",
    "s3.get": "s3:GetObject",
    "s3.put": "s3:PutObject",
    "put_record_batch": "firehose:PutRecordBatch",
    "put_records": "kinesis:PutRecords",
    # Operators' own: no function makes these.
    "copy_object": None,
    "delete_object": None,
    "get_function_configuration": None,
    "get_policy": None,
    "get_topic_attributes": None,
    "list_subscriptions_by_topic": None,
    "publish": None,
    **dict.fromkeys(("GetCallerIdentity", "DescribeStackResource", "DescribeKey", "GetKeyPolicy", "ListServiceQuotas")),
    **dict.fromkeys(("DescribeSubscriptionFilters", "DescribeMetricFilters", "DescribeLogGroups", "DescribeLogStreams", "FilterLogEvents")),
    **dict.fromkeys(("CreateLogStream", "PutLogEvents")),
    "invoke": None,
}
# What the code of a function could call, and doesn't.
NOT_CALLED = {
    ("subscription", "dynamodb:Query"): "only the tick asks what is due",
    ("firehose", "sns:Publish"): "only its way to read settings is shared with those who tell",
    ("firehose", "s3:ListBucket"): "the template has networks in the package only",
    ("firehose", "s3:GetObject"): "the template has networks in the package only",
}
# What is permitted for others that act in a role's name.
BY_OTHERS = {
    "logs:CreateLogStream": "Lambda writes the function's log",
    "logs:PutLogEvents": "Lambda writes the function's log",
    "kms:Decrypt": "SNS, S3 and DynamoDB use keys in the caller's name",
    "kms:DescribeKey": "DynamoDB looks at the key in the caller's name",
    "kms:Encrypt": "DynamoDB uses the key in the caller's name",
    "kms:GenerateDataKey": "SNS, S3 and DynamoDB use keys in the caller's name",
    "kms:ReEncryptFrom": "DynamoDB uses the key in the caller's name",
    "kms:ReEncryptTo": "DynamoDB uses the key in the caller's name",
}


def variables(heading: str) -> set[str]:
    """The variables under a heading of docs/reference.md, which a test holds to the code."""
    return set(re.findall(r"^\| `([A-Z_]+)` \|", section("docs/reference.md", heading), re.MULTILINE))


def given(template: str, function: str) -> dict[str, Any]:
    """The variables that a function gets, those of all functions among them."""
    document = parsed(template)
    common = document.get("Globals", {}).get("Function", {}).get("Environment", {}).get("Variables", {})
    own = document["Resources"][function]["Properties"].get("Environment", {}).get("Variables", {})
    return common | own


@pytest.mark.parametrize("function", DETECTING)
def test_variables_are_those_that_code_reads(function: str) -> None:
    """All but the roots of a proxy, which are for those who have one."""
    assert given(TEMPLATE, function).keys() == variables("Environment of the functions") - {"AWS_CA_BUNDLE"}


def test_the_transformation_gets_what_code_reads() -> None:
    """All but those for streams of one's own."""
    own = {"PARTITION_KEYS", "PUT_BACK"}
    read = variables("Environment of the Firehose function")
    assert given(ARCHIVE, "FirehoseFunction").keys() - own == read - own
    assert given(ARCHIVE, "FirehoseFunction").keys() <= read


def calls_of_modules() -> dict[str, set[str]]:
    """The IAM actions of the calls in each module of `flow-aws`, by every type that the module makes public."""
    calls: dict[str, set[str]] = {}
    for path in sorted((ROOT / "shared/flow-aws/src").glob("*.rs")):
        code = path.read_text(encoding="utf-8").split("#[cfg(test)]")[0]
        made = re.findall(r"\bclient(?:\(\))?\s*\.\s*([a-z0-9_]+)\(\)", code)
        made += re.findall(r"\bcalls(?:\(\))?\s*\.\s*(?:query|json)\(\s*\"(\w+)\"", code)
        made += [f"s3.{call}" for call in re.findall(r"\bs3\s*\.\s*(\w+)\(", code)]
        assert set(made) <= ACTIONS.keys(), f"{path.name}: expected calls with known actions, found {made}"
        actions = {action for call in made if (action := ACTIONS[call])}
        for name in re.findall(r"^pub struct (\w+)", code, re.MULTILINE):
            calls[name] = actions
    return calls


def called(function: str) -> set[str]:
    """The IAM actions of the calls that a function's program may make."""
    paths = [*(ROOT / f"functions/{function}/src").glob("*.rs"), ROOT / "shared/flow-function/src/config.rs"]
    words = {word for path in paths for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))}
    actions = set().union(*(actions for name, actions in calls_of_modules().items() if name in words))
    return {action for action in actions if (function, action) not in NOT_CALLED}


def permitted(function: str) -> set[str]:
    """The actions that a function's role may take."""
    template, role = ROLES[function]
    resources = resources_of(template)
    beside = [
        resource["Properties"]
        for resource in resources.values()
        if resource["Type"] == "AWS::IAM::Policy" and {"Ref": role} in resource["Properties"]["Roles"]
    ]
    found = statements([*resources[role]["Properties"]["Policies"], *beside])
    return {action for statement in found for action in listed(statement["Action"])}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_call_is_permitted_and_every_permission_used(function: str) -> None:
    """A call more in the code, or a permission more in the template, is a failure here."""
    assert called(function) - permitted(function) == set(), "calls that are not permitted"
    assert permitted(function) - called(function) - BY_OTHERS.keys() == set(), "permissions that nobody uses"


def test_calls_are_found() -> None:
    """What the test above compares is not empty."""
    assert "ec2:DescribeFlowLogs" in called("subscription") - called("tick")
    assert called("tick") >= {"dynamodb:Query", "sns:Publish", "s3:GetObject"}
    assert called("firehose") == {"firehose:PutRecordBatch", "kinesis:PutRecords"}


@pytest.mark.parametrize("template", [TEMPLATE, ARCHIVE])
def test_roles_are_bounded_and_trust_one_service(template: str) -> None:
    """A boundary of the account's can be set on each, no account or person may assume one, and services say for whom."""
    for name, role in of_type(resources_of(template), "AWS::IAM::Role").items():
        assert references(role["Properties"]["PermissionsBoundary"]) == {"PermissionsBoundary", "AWS::NoValue"}, name
        for statement in statements(role["Properties"]["AssumeRolePolicyDocument"]):
            assert list(statement["Principal"]) == ["Service"], name
            # Lambda's is for functions that are given the role, which takes iam:PassRole in this account.
            is_lambda = statement["Principal"]["Service"] == "lambda.amazonaws.com"
            assert is_lambda or "aws:SourceArn" in json.dumps(statement["Condition"]), name


def test_the_central_template_has_no_roles() -> None:
    """They would need a boundary and a row above."""
    assert not {"AWS::IAM::Role", "AWS::IAM::Policy"} & {one["Type"] for one in resources_of(CENTRAL).values()}


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_star_stands_without_its_reason(template: str) -> None:
    """On its line or on one of the two above."""
    lines = text_of(template).split("\nResources:\n")[1].splitlines()
    for number, line in enumerate(lines):
        code = line.split(" #")[0]
        if re.search(r"[*](?! )", code) and "count(*)" not in code and not code.lstrip().startswith("#"):
            assert any("#" in near for near in lines[max(0, number - 2) : number + 1]), line


# ---- Encryption ------------------------------------------------------------------------------------------------------


def key_of(resource: Resource) -> object:
    """Where a store says with which key it is encrypted."""
    properties = resource["Properties"]
    match resource["Type"]:
        case "AWS::Logs::LogGroup":
            return properties["KmsKeyId"]
        case "AWS::DynamoDB::Table":
            return properties["SSESpecification"]
        case "AWS::S3::Bucket":
            return properties["BucketEncryption"]
        case "AWS::SNS::Topic":
            return properties["KmsMasterKeyId"]
        case "AWS::KinesisFirehose::DeliveryStream":
            return properties["DeliveryStreamEncryptionConfigurationInput"]
        case "AWS::Athena::WorkGroup":
            return properties["WorkGroupConfiguration"]["ResultConfiguration"]["EncryptionConfiguration"]
    raise AssertionError(resource["Type"])


# What may hold data, and the key of the operator's that each store can be encrypted with, where there is one.
KINDS = {
    *("AWS::Logs::LogGroup", "AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SNS::Topic", "AWS::SQS::Queue"),
    *("AWS::Kinesis::Stream", "AWS::KinesisFirehose::DeliveryStream", "AWS::Athena::WorkGroup"),
}
STORES = {
    (TEMPLATE, "AWS::Logs::LogGroup"): {"DataKey"},
    (TEMPLATE, "AWS::DynamoDB::Table"): {"DataKey"},
    (TEMPLATE, "AWS::S3::Bucket"): {"DataKey"},
    (TEMPLATE, "AWS::SNS::Topic"): {"TopicKey"},
    (ARCHIVE, "AWS::Logs::LogGroup"): {"LogKeyArn"},
    (ARCHIVE, "AWS::S3::Bucket"): set(),
    (ARCHIVE, "AWS::KinesisFirehose::DeliveryStream"): set(),
    (ARCHIVE, "AWS::Athena::WorkGroup"): set(),
    (CENTRAL, "AWS::SNS::Topic"): {"TopicKey"},
    (CENTRAL, "AWS::S3::Bucket"): set(),
}


@pytest.mark.parametrize(("store", "keys"), STORES.items())
def test_every_store_says_how_it_is_encrypted(store: tuple[str, str], keys: set[str]) -> None:
    """Without a key of the operator's, AWS's own keys encrypt all but topics."""
    template, kind = store
    for name, resource in of_type(resources_of(template), kind).items():
        assert key_of(resource) and references(key_of(resource)) - {"AWS::NoValue"} == keys, name


def test_nothing_else_holds_data() -> None:
    """A store of another type needs a line above."""
    found = {(template, one["Type"]) for template in TEMPLATES for one in resources_of(template).values()}
    assert {(template, kind) for template, kind in found if kind in KINDS} == STORES.keys()


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_holds_data_says_what_becomes_of_it(template: str) -> None:
    """When the stack is deleted, and when a resource is replaced."""
    kinds = {"AWS::Logs::LogGroup", "AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key"}
    for name, resource in resources_of(template).items():
        if resource["Type"] in kinds:
            assert {"DeletionPolicy", "UpdateReplacePolicy"} <= resource.keys(), name


STAYS = {TEMPLATE: {"FlowLogGroup", "FailureBucket", "DataKey"}, ARCHIVE: {"ArchiveBucket"}, CENTRAL: {"PackagesBucket"}}


@pytest.mark.parametrize(("template", "stays"), STAYS.items())
def test_the_key_of_what_stays_stays(template: str, stays: set[str]) -> None:
    """Else the evidence could not be read."""
    assert retained(resources_of(template)) == stays


@pytest.mark.parametrize("template", TEMPLATES)
def test_buckets_are_closed_and_want_tls(template: str) -> None:
    """To the public whatever a policy says, and to all in clear text."""
    resources = resources_of(template)
    policies = of_type(resources, "AWS::S3::BucketPolicy").values()
    for name, bucket in of_type(resources, "AWS::S3::Bucket").items():
        blocked = bucket["Properties"]["PublicAccessBlockConfiguration"]
        assert len(blocked) == 4 and all(blocked.values()), name
        [policy] = [one["Properties"] for one in policies if one["Properties"]["Bucket"] == {"Ref": name}]
        denied = next(statements(policy["PolicyDocument"]))
        assert denied["Effect"] == "Deny" and denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}, name


KEY_POLICIES = {
    (CENTRAL, "TopicKey"): {
        "Account": ({"kms:*"}, "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"),
        "Functions": ({"kms:Decrypt", "kms:GenerateDataKey"}, "*"),
        "Alarms": ({"kms:Decrypt", "kms:GenerateDataKey*"}, "cloudwatch.amazonaws.com"),
        "Queues": ({"kms:Decrypt", "kms:GenerateDataKey"}, "sns.amazonaws.com"),
    },
    (TEMPLATE, "TopicKey"): {
        "Account": ({"kms:*"}, "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"),
        "Alarms": ({"kms:Decrypt", "kms:GenerateDataKey*"}, "cloudwatch.amazonaws.com"),
        "Queues": ({"kms:Decrypt", "kms:GenerateDataKey"}, "sns.amazonaws.com"),
    },
    (TEMPLATE, "DataKey"): {
        "Account": ({"kms:*"}, "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"),
        "Logs": (
            {"kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"},
            "logs.${AWS::Region}.${AWS::URLSuffix}",
        ),
    },
}


@pytest.mark.parametrize(("key", "expected"), KEY_POLICIES.items())
def test_key_policies_name_who_needs_them(key: tuple[str, str], expected: dict[str, tuple[set[str], str]]) -> None:
    """Whoever is missing fails in silence, and whoever is too many may read."""
    found = {}
    template, name = key
    for statement in statements(resources_of(template)[name]["Properties"]["KeyPolicy"]):
        [principal] = statement["Principal"].values()
        principal = principal["Fn::Sub"] if isinstance(principal, dict) else principal
        found[statement["Sid"]] = (set(listed(statement["Action"])), principal)
        assert statement["Sid"] == "Account" or "Condition" in statement, "a service acts for somebody"
    assert found == expected


@pytest.mark.parametrize("role", ["SubscriptionRole", "TickRole"])
def test_roles_may_use_keys_through_services_only(role: str) -> None:
    """A key's policy leaves it to IAM: the role's own policy is what permits."""
    used = set()
    for statement in statements(resources_of(TEMPLATE)[role]["Properties"]["Policies"]):
        if "kms:" in json.dumps(statement["Action"]):
            used |= references(statement["Resource"])
            assert "kms:ViaService" in statement["Condition"]["StringEquals"]
    assert used == {"TopicKey", "CentralTopicKeyArn", "DataKey", "DefinitionsKeyArn"}


def test_topics_take_nothing_without_tls() -> None:
    """And alarms only from this account."""
    resources = resources_of(TEMPLATE)
    covered = set()
    for policy in of_type(resources, "AWS::SNS::TopicPolicy").values():
        covered |= references(policy["Properties"]["Topics"])
        denied, *allowed = statements(policy["Properties"]["PolicyDocument"])
        assert denied["Effect"] == "Deny" and denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        for statement in allowed:
            assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert covered == of_type(resources, "AWS::SNS::Topic").keys()


# ---- Suppressions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_suppression_says_why(template: str) -> None:
    """Of what checkov would find."""
    for name, resource in resources_of(template).items():
        for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", []):
            assert re.fullmatch(r"CKV2?_AWS_\d+", skip["id"]) and len(skip["comment"]) > 15, name
