"""Runs the emulator with what it lacks: a bucket as the destination of events whose every try failed, and the ARN of a
role where a policy asks who calls."""

from __future__ import annotations

import json
import os
import runpy
import time
import uuid
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import iam, lambda_svc

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
    keep_failed_events()
    name_roles()
    runpy.run_module("ministack", run_name="__main__")


if __name__ == "__main__":
    main()
