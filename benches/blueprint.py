"""The Python way of a Firehose transformation: `python benches/blueprint.py FILE`, with a scene of `flow-paths scene`.

Works as the blueprint that AWS gives for CloudWatch Logs in Firehose is documented to: each record is decoded from base64,
gzip and JSON, what is no data message is dropped, every log event goes through a function, and the results are joined and
encoded as base64 again. The function splits a line to a dict by the names of its format and writes that as JSON.

Prints as JSON the least CPU seconds of several runs over the event, from its JSON to the answer's.
"""

from __future__ import annotations

import base64
import gzip
import json
import sys
import time
from pathlib import Path

RUNS = 15


def transformed(line: str, names: list[str]) -> str:
    """One record as a line of JSON."""
    return json.dumps(dict(zip(names, line.split(" "), strict=True))) + "\n"


def answered(record: dict[str, str], names: list[str]) -> dict[str, str]:
    """The answer to one record."""
    message = json.loads(gzip.decompress(base64.b64decode(record["data"])))
    if message["messageType"] != "DATA_MESSAGE":
        return {"recordId": record["recordId"], "result": "Dropped", "data": record["data"]}
    joined = "".join([transformed(event["message"], names) for event in message["logEvents"]])
    data = base64.b64encode(joined.encode()).decode()
    return {"recordId": record["recordId"], "result": "Ok", "data": data}


def answer(event: str, names: list[str]) -> str:
    """The answer to an event."""
    return json.dumps({"records": [answered(record, names) for record in json.loads(event)["records"]]})


def main(path: str) -> None:
    """Prints the least time over the scene at `path`."""
    format, records, line = Path(path).read_text(encoding="utf-8").splitlines()
    names, event = format.split(), line.partition(" ")[2]
    lines = [base64.b64decode(record["data"]).count(b"\n") for record in json.loads(answer(event, names))["records"]]
    assert sum(lines) == int(records), f"{sum(lines)} lines for {records} records"
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        answer(event, names)
        times.append(time.process_time() - start)
    print(json.dumps({"records": int(records), "events": 1, "seconds": {"blueprint": min(times)}}))


if __name__ == "__main__":
    main(sys.argv[1])
