"""Runs the emulator with what it lacks: a bucket as the destination of events whose every try failed, the formats of flow
logs, and the ARN of a role where a policy asks who calls."""

from __future__ import annotations

import json
import os
import runpy
import time
import uuid
from typing import Any
from xml.sax.saxutils import escape

from ministack.core import iam_evaluator
from ministack.services import ec2, iam, lambda_svc

from emulator import aws_client


def failed_event_key(function: str) -> str:
    """The key that Lambda gives to the record of a failed event."""
    now = time.gmtime()
    day, second = time.strftime("%Y/%m/%d", now), time.strftime("%Y-%m-%dT%H.%M.%S", now)
    return f"aws/lambda/async/{function}/{day}/{second}-{uuid.uuid4()}"


def invocation_record(function: str, event: object, error: object) -> dict[str, object]:
    """What Lambda says of an event whose every try failed."""
    return {
        "version": "1.0",
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": f"{function}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": event,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": error,
    }


def with_formats() -> None:
    """Lets flow logs keep their log group and format, and be found by the log group, as EC2 does it."""
    create, fields = ec2._create_flow_logs, {"logGroupName": "LogGroupName", "logFormat": "LogFormat"}

    def create_flow_logs(params: dict[str, Any]) -> Any:
        """Notes beside each new flow log what the emulator forgets."""
        before = set(ec2._flow_logs)
        answer = create(params)
        for made in set(ec2._flow_logs) - before:
            ec2._flow_logs[made] |= {name: ec2._p(params, given) for name, given in fields.items()}
        return answer

    def describe_flow_logs(params: dict[str, Any]) -> Any:
        """One flow log a page, so that whoever reads has to turn it."""
        wanted = ec2._parse_filters(params).get("log-group-name")
        found = [log for log in ec2._flow_logs.values() if not wanted or log.get("logGroupName") in wanted]
        start = int(ec2._p(params, "NextToken") or 0)
        page, more = found[start : start + 1], start + 1 < len(found)
        items = "".join(f"<item>{of(log)}</item>" for log in page)
        token = f"<nextToken>{start + 1}</nextToken>" if more else ""
        return ec2._xml(200, "DescribeFlowLogsResponse", f"<flowLogSet>{items}</flowLogSet>{token}")

    def of(log: dict[str, str]) -> str:
        """The elements of a flow log."""
        said = {"flowLogId": log["FlowLogId"]} | {name: log.get(name) for name in fields}
        return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in said.items() if value)

    ec2._ACTION_MAP |= {"CreateFlowLogs": create_flow_logs, "DescribeFlowLogs": describe_flow_logs}


def keep_failed_events() -> None:
    """Lets failed events go to buckets."""
    to_others = lambda_svc._route_async_failure

    def route(target: str, function: str, event: object, result: dict[str, Any]) -> None:
        """Puts the record into the bucket that `target` names, or leaves it to the emulator."""
        if ":s3:::" not in target:
            to_others(target, function, event, result)
            return
        record = invocation_record(function, event, result.get("body"))
        s3 = aws_client("s3", f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}")
        s3.put_object(Bucket=target.rpartition(":")[2], Key=failed_event_key(function), Body=json.dumps(record).encode())

    lambda_svc._route_async_failure = route


def name_roles() -> None:
    """Lets `aws:PrincipalArn` be the role's, with its path, where the emulator has that of the session."""
    of_others = iam_evaluator._resolve_condition_key

    def resolve(key: str, context: iam_evaluator.EvalContext) -> Any:
        """The value of a condition's key."""
        if key.lower() == "aws:principalarn" and ":assumed-role/" in context.principal_arn:
            name = context.principal_arn.split("/")[1]
            return iam._roles.get_scoped(context.principal_account, None, name)["Arn"]
        return of_others(key, context)

    iam_evaluator._resolve_condition_key = resolve


def main() -> None:
    """Starts the emulator as `python -m ministack` does."""
    with_formats()
    keep_failed_events()
    name_roles()
    runpy.run_module("ministack", run_name="__main__")


if __name__ == "__main__":
    main()
