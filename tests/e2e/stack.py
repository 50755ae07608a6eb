"""The project's own template, deployed to the emulator with SAM CLI."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator import ACCOUNT, REGION, Emulator

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = Path("target/lambda")
FUNCTIONS = ("subscription", "tick", "firehose")
SAM = [str(ROOT / "target/venv/sam/bin/python"), "-m", "samcli"]
ARTIFACTS = "artifacts"


@dataclass(frozen=True)
class Stack:
    """A deployed stack and the names of what is in it."""

    name: str
    emulator: Emulator
    outputs: dict[str, str]

    def invoke(self, event: object) -> dict[str, Any]:
        """Calls the function and waits: its error, if any, and what it logged."""
        answer = self.emulator.client("lambda").invoke(
            FunctionName=self.outputs["SubscriptionFunction"], Payload=json.dumps(event), LogType="Tail"
        )
        return {
            "error": answer.get("FunctionError"),
            "answer": json.loads(answer["Payload"].read() or b"null"),
            "log": base64.b64decode(answer.get("LogResult", "")).decode(errors="replace"),
        }

    def invoke_later(self, event: object) -> None:
        """Calls the function as CloudWatch Logs does: asynchronously, with two retries."""
        self.emulator.client("lambda").invoke(
            FunctionName=self.outputs["SubscriptionFunction"], Payload=json.dumps(event), InvocationType="Event"
        )

    def put_flow_logs(self, interface: str, lines: list[str], at: int) -> None:
        """Writes flow log records of `interface` to the log group, as the flow log service does."""
        logs, group, stream = self.emulator.client("logs"), self.outputs["FlowLogGroup"], f"{interface}-all"
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        events = [{"timestamp": at * 1000, "message": line} for line in lines]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    def own_log(self) -> str:
        """Everything that the function has logged."""
        logs = self.emulator.client("logs")
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=self.outputs["SubscriptionLogs"])
        return "\n".join(event["message"] for page in pages for event in page["events"])

    def tick(self) -> None:
        """Runs the tick once, as the schedule does every minute."""
        answer = self.emulator.client("lambda").invoke(FunctionName=self.outputs["TickFunction"], Payload=b"{}")
        assert answer.get("FunctionError") is None, answer["Payload"].read()

    def flowgauge(self, *arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Runs the program as its operator does; it reaches AWS through the gate."""
        program = ROOT / "target/debug/flowgauge"
        environment = self.emulator.environment() | {"AWS_ENDPOINT_URL": self.emulator.gate.url} | (environment or {})
        command = [str(program), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)

    def failures(self) -> dict[str, bytes]:
        """What lies in the failure bucket, by key."""
        s3, bucket = self.emulator.client("s3"), self.outputs["FailureBucket"]
        keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
        return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def subscription_event(message: dict[str, object]) -> dict[str, object]:
    """The Lambda event in which CloudWatch Logs sends `message`."""
    data = gzip.compress(json.dumps(message).encode(), mtime=0)
    return {"awslogs": {"data": base64.b64encode(data).decode()}}


def stage(folder: Path, rules: dict[str, str]) -> Path:
    """Copies the templates and built packages to `folder`, with `rules` beside the programs; returns the first."""
    for function in FUNCTIONS:
        built = ROOT / PACKAGES / function / "bootstrap"
        assert built.is_file(), f"expected {built}: run `make build` first, or `make e2e`, which does"
        package = folder / PACKAGES / function
        (package / "rules").mkdir(parents=True)
        shutil.copy2(built, package / "bootstrap")
        for name, text in rules.items():
            (package / "rules" / name).write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / "templates", folder / "templates")
    return Path(shutil.copy2(ROOT / "template.yaml", folder / "template.yaml"))


def deploy(
    emulator: Emulator, template: Path, name: str, parameters: dict[str, str], artifacts: str = ARTIFACTS
) -> Stack:
    """Deploys or updates a stack by a bucket of the account and returns it."""
    overrides = [f"ParameterKey={key},ParameterValue={json.dumps(value)}" for key, value in parameters.items()]
    command = [*SAM, "deploy", "--template-file", str(template), "--stack-name", name, "--region", REGION]
    command += ["--s3-bucket", artifacts, "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset"]
    command += ["--no-fail-on-empty-changeset", "--no-progressbar", "--parameter-overrides", *overrides]
    environment = emulator.environment()
    done = subprocess.run(command, cwd=template.parent, env=environment, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, f"sam deploy ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return deployed(emulator, name)


def deploy_as_stack_set(emulator: Emulator, template: Path, name: str, parameters: dict[str, str]) -> Stack:
    """Makes a stack as a stack set does: of the template that `make stackset` writes, with no macro and nobody to ask."""
    packaged, written = template.with_name("packaged.yaml"), template.with_name("stackset.json")
    package = [*SAM, "package", "--template-file", str(template), "--region", REGION, "--s3-bucket", ARTIFACTS]
    package += ["--output-template-file", str(packaged), "--no-progressbar"]
    expand = [SAM[0], str(ROOT / "packaging/stackset.py"), str(packaged), str(written)]
    for command in (package, expand):
        environment = emulator.environment()
        done = subprocess.run(command, env=environment, cwd=template.parent, capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    cloudformation = emulator.client("cloudformation")
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    # Too large for a call: it lies beside the packages.
    emulator.client("s3").put_object(Bucket=ARTIFACTS, Key=written.name, Body=written.read_bytes())
    url = f"{emulator.url}/{ARTIFACTS}/{written.name}"
    cloudformation.create_stack(StackName=name, TemplateURL=url, Parameters=given, Capabilities=["CAPABILITY_IAM"])
    made = cloudformation.get_waiter("stack_create_complete")
    made.wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    return deployed(emulator, name)


def deployed(emulator: Emulator, name: str) -> Stack:
    """A stack that is there, with what the emulator lacks."""
    cloudformation = emulator.client("cloudformation")
    for resource in cloudformation.describe_stack_resources(StackName=name)["StackResources"]:
        match resource["ResourceType"]:
            case "AWS::IAM::Role":
                _let_batches_be_published(emulator.client("iam"), resource["PhysicalResourceId"])
            case "AWS::SNS::Topic":
                _let_batches_come(emulator.client("sns"), resource["PhysicalResourceId"])
    stacks = cloudformation.describe_stacks(StackName=name)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stacks[0]["Outputs"]}
    return Stack(name, emulator, outputs)


def create_flow_log(emulator: Emulator, vpc: str, log_format: str, group: str) -> str:
    """Switches flow logs on that deliver to a log group; gives the flow log's id."""
    made = emulator.client("ec2").create_flow_logs(
        ResourceType="VPC",
        ResourceIds=[vpc],
        TrafficType="ALL",
        LogGroupName=group,
        DeliverLogsPermissionArn=f"arn:aws:iam::{ACCOUNT}:role/deliver",
        LogFormat=log_format,
    )
    return made["FlowLogIds"][0]


def _let_batches_be_published(iam: Any, role: str) -> None:
    """Allows PublishBatch where Publish is allowed: AWS has no action of that name, but the emulator asks for it."""
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=_with_batches(document))


def _let_batches_come(sns: Any, topic: str) -> None:
    """The same for what a topic says of other accounts."""
    document = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=_with_batches(document))


def _with_batches(document: dict[str, Any]) -> str:
    """A policy document whose statements of Publish stand there for PublishBatch too."""
    of_batches = json.loads(re.sub(r"\bsns:Publish\b", "sns:PublishBatch", json.dumps(document)))
    added = [statement for statement in of_batches["Statement"] if statement not in document["Statement"]]
    return json.dumps(document | {"Statement": [*document["Statement"], *added]})


def delete(stack: Stack) -> None:
    """Deletes a stack and waits until it is gone."""
    cloudformation = stack.emulator.client("cloudformation")
    cloudformation.delete_stack(StackName=stack.name)
    gone = cloudformation.get_waiter("stack_delete_complete")
    gone.wait(StackName=stack.name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
