"""A queue that is subscribed to a topic, to see what the topic sends."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from emulator import Emulator
from waiting import wait_for

Notification = dict[str, Any]


@dataclass
class Inbox:
    """What a topic has sent since the inbox was opened."""

    emulator: Emulator
    topic: str
    queue: str
    received: list[Notification] = field(default_factory=list)

    def await_about(self, text: str, count: int = 1, seconds: float = 30) -> list[Notification]:
        """Waits for `count` notifications whose message contains `text`."""
        what = f"{count} notification(s) about {text} on {self.topic.rpartition(':')[2]}"
        wait_for(what, self._receive, lambda received: len(_about(received, text)) >= count, seconds)
        return _about(self.received, text)

    def about(self, text: str) -> list[Notification]:
        """All that has been sent until now whose message contains `text`: a message of our own shows where now is."""
        mark = f"mark {uuid.uuid4()}"
        attributes = {"severity": {"DataType": "String", "StringValue": "medium"}}
        self.emulator.client("sns").publish(TopicArn=self.topic, Message=mark, MessageAttributes=attributes)
        self.await_about(mark)
        return _about(self.received, text)

    def _receive(self) -> list[Notification]:
        """Takes what is in the queue, and returns everything taken so far."""
        sqs = self.emulator.client("sqs")
        while messages := sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self.received.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return self.received


def _about(received: list[Notification], text: str) -> list[Notification]:
    """The notifications whose message contains `text`."""
    return [notification for notification in received if text in notification["Message"]]


@contextmanager
def inbox(emulator: Emulator, topic: str, filter_policy: dict[str, list[str]] | None = None) -> Iterator[Inbox]:
    """Subscribes a new queue to `topic` for the length of a `with` block."""
    sqs, sns = emulator.client("sqs"), emulator.client("sns")
    queue = sqs.create_queue(QueueName=f"inbox-{uuid.uuid4()}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": _policy(topic, arn)})
    attributes = {} if filter_policy is None else {"FilterPolicy": json.dumps(filter_policy)}
    subscription = sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes, ReturnSubscriptionArn=True
    )
    try:
        yield Inbox(emulator, topic, queue)
    finally:
        sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
        sqs.delete_queue(QueueUrl=queue)


def _policy(topic: str, queue: str) -> str:
    """The policy that lets `topic` send to `queue`."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
