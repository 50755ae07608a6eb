"""The archive's saved queries, over what the transformation delivers, in a SQL engine: the table's columns hold every
value, and the answers are what plain Python counts."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot

from parsed_template import ARCHIVE, resources_of
from stack import ROOT

PROGRAM = str(ROOT / "target/debug/flowgauge")
# Of Athena's types those that the table has, as DuckDB calls them.
TYPES = {"bigint": "BIGINT", "string": "VARCHAR"}


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    """The archive's resources by name."""
    return resources_of(ARCHIVE)


@pytest.fixture(scope="module")
def columns(resources: dict[str, Any]) -> dict[str, str]:
    """The table's columns with their types in DuckDB."""
    described = resources["FlowsTable"]["Properties"]["TableInput"]["StorageDescriptor"]["Columns"]
    return {column["Name"]: TYPES[column["Type"]] for column in described}


def flowgauge(*arguments: str, text: str = "", **variables: str) -> str:
    """What the program writes."""
    done = subprocess.run(
        [PROGRAM, *arguments], input=text, env=os.environ | variables, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def delivered(lines: str, **variables: str) -> list[str]:
    """The lines of flat output that the function makes of these, with a line that is no record among them."""
    event = flowgauge("event", "firehose", "--lines", "500", text="no record\n" + lines)
    answers = flowgauge("invoke", "firehose", "-", text=event, **variables).splitlines()
    records = [record for answer in answers for record in json.loads(answer)["records"] if record["result"] == "Ok"]
    return [line for record in records for line in base64.b64decode(record["data"]).decode().splitlines()]


@pytest.fixture(scope="module", params=[{}, {"SAMPLE_ACCEPTED": "4", "MERGE": "true"}], ids=["all", "reduced"])
def output(request: pytest.FixtureRequest) -> list[str]:
    """What is delivered of a network's traffic: everything, and as little as may be."""
    return delivered(flowgauge("generate", "--seed", "3", "--records", "5000"), **request.param)


@pytest.fixture
def flows(output: list[str], columns: dict[str, str], tmp_path: Path) -> duckdb.DuckDBPyConnection:
    """A database with the table, in which the output came in this hour."""
    path = tmp_path / "flows.jsonl"
    path.write_text("\n".join(output), encoding="utf-8")
    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'")
    hour = datetime.now(UTC).strftime("%Y/%m/%d/%H")
    database.execute(
        f"CREATE TABLE flows AS SELECT *, '{hour}' AS arrival FROM read_json($path, format = 'newline_delimited', "
        "columns = $columns)",
        {"path": str(path), "columns": columns},
    )
    return database


def answer(
    flows: duckdb.DuckDBPyConnection, resources: dict[str, Any], name: str, *values: str
) -> list[dict[str, Any]]:
    """The rows with which a saved query answers."""
    query = resources[name]["Properties"]["QueryString"]
    [translated] = sqlglot.transpile(query, read="athena", write="duckdb")
    cursor = flows.execute(translated, list(values))
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_nothing_that_is_delivered_is_lost_in_the_table(
    flows: duckdb.DuckDBPyConnection, output: list[str], columns: dict[str, str]
) -> None:
    """Every row has the values of its line, and no line has a key without a column."""
    names = list(columns)
    rows = flows.execute(f"SELECT {', '.join(json.dumps(name) for name in names)} FROM flows").fetchall()
    found = [{name: value for name, value in zip(names, row, strict=True) if value is not None} for row in rows]
    assert found == [json.loads(line) for line in output]
    assert sum("error_kind" in row for row in found) == 1


def test_top_talkers(flows: duckdb.DuckDBPyConnection, resources: dict[str, Any], output: list[str]) -> None:
    """The sums of all pairs, each record as often as it stands for others."""
    total: Counter[tuple[str, str]] = Counter()
    for record in map(json.loads, output):
        if "bytes" in record:
            total[record["srcaddr"], record["dstaddr"]] += record["bytes"] * record.get("sample_weight", 1)
    expected = sorted(total.items(), key=lambda item: (-item[1], item[0]))[:25]
    found = answer(flows, resources, "TopTalkers")
    assert [((row["srcaddr"], row["dstaddr"]), row["bytes"]) for row in found] == expected
    assert len(found) == 25


def test_refused_by_source(flows: duckdb.DuckDBPyConnection, resources: dict[str, Any], output: list[str]) -> None:
    """Who was refused how often, at how many addresses and ports, and from when."""
    refused: dict[str, list[dict[str, Any]]] = {}
    for record in map(json.loads, output):
        if record.get("action") == "REJECT":
            refused.setdefault(record["srcaddr"], []).append(record)
    expected = []
    for source, records in refused.items():
        addresses, ports = ({record.get(key) for record in records} - {None} for key in ("dstaddr", "dstport"))
        count = sum(record.get("merged_records", 1) for record in records)
        first = min(record["start"] for record in records)
        expected.append((source, count, len(addresses), len(ports), first))
    expected.sort(key=lambda row: (-row[1], row[0]))
    found = answer(flows, resources, "RefusedBySource")
    keys = ("srcaddr", "refused", "addresses", "ports")
    rows = [(*(row[key] for key in keys), round(row["first_seen"].timestamp())) for row in found]
    assert rows == expected[:25] and rows


def test_traffic_of_an_address(flows: duckdb.DuckDBPyConnection, resources: dict[str, Any], output: list[str]) -> None:
    """All records of an address within the hours, and none outside them."""
    hour = datetime.now(UTC).strftime("%Y/%m/%d/%H")
    records = [record for record in map(json.loads, output) if "srcaddr" in record]
    [(address, _)] = Counter(record["srcaddr"] for record in records).most_common()[-1:]
    expected = [record for record in records if address in (record["srcaddr"], record["dstaddr"])]
    found = answer(flows, resources, "TrafficOfAddress", "2000/01/01/00", hour, address)
    assert sorted(row["bytes"] for row in found) == sorted(record["bytes"] for record in expected)
    assert found and not answer(flows, resources, "TrafficOfAddress", "2000/01/01/00", "2000/01/01/23", address)
