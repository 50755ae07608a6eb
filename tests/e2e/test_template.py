"""What the template must say and an emulator does not mind."""

from __future__ import annotations

import json
import re
import subprocess
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from documents import section
from parsed_template import (
    ARCHIVE,
    CENTRAL,
    QUERIES,
    TEMPLATE,
    Resource,
    of_type,
    parsed,
    references,
    resources_of,
    statements,
    text_of,
)
from stack import ROOT


@pytest.fixture(scope="module")
def resources() -> dict[str, Resource]:
    """The template's resources by name."""
    return resources_of(TEMPLATE)


@pytest.mark.parametrize("template", [TEMPLATE, ARCHIVE, CENTRAL, QUERIES])
def test_partitions_are_not_written_out(template: str) -> None:
    """The templates work in China and GovCloud as well."""
    assert "arn:aws" not in text_of(template) and "amazonaws.com.cn" not in text_of(template)


def test_filters_wait_for_the_permission(resources: dict[str, Resource]) -> None:
    """Without it the first deployment fails: CloudWatch Logs could not execute the function."""
    [permission] = of_type(resources, "AWS::Lambda::Permission")
    to_function = 0
    for name, subscription in of_type(resources, "AWS::Logs::SubscriptionFilter").items():
        if "SubscriptionFunction" in references(subscription["Properties"]["DestinationArn"]):
            assert subscription["DependsOn"] == permission, name
            to_function += 1
    assert to_function == 1


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


@pytest.mark.parametrize("template", [TEMPLATE, ARCHIVE])
def test_roles_name_what_they_may_touch(template: str) -> None:
    """No role may do everything, or something everywhere but for the one call that AWS bounds to nothing."""
    resources = resources_of(template)
    for name, role in resources.items():
        if role["Type"] not in ("AWS::IAM::Role", "AWS::IAM::Policy"):
            continue
        for statement in statements(role["Properties"].get("Policies", role["Properties"])):
            is_bounded = statement["Resource"] != "*" or statement["Action"] == "ec2:DescribeFlowLogs"
            assert is_bounded and "*" not in json.dumps(statement["Action"]), name


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


# ---- Alarms and the dashboard ----------------------------------------------------------------------------------------


def own_metrics() -> set[str]:
    """The metrics of the functions in docs/reference.md, which a test holds to the code."""
    metrics = section("docs/reference.md", "Metrics of the functions")
    return set(re.findall(r"^\| `(\w+)` \| Count \|", metrics, re.MULTILINE))


def test_alarms_go_where_the_operator_says(resources: dict[str, Resource]) -> None:
    """To the alerts topic, or to any ARN; and they say what to do."""
    for name, alarm in of_type(resources, "AWS::CloudWatch::Alarm").items():
        properties = alarm["Properties"]
        for actions in (properties["AlarmActions"], properties.get("OKActions", properties["AlarmActions"])):
            told = {"AlarmActionArns", "AlertsTopic"}
            # One that watches the stack's own topic is not there without it.
            central = set() if alarm.get("Condition") == "HasOwnAlerts" else {"CentralAlertsTopicArn"}
            assert references(actions) == told | central, name
        assert len(properties["AlarmDescription"]) > 40 and "TreatMissingData" in properties, name
        if properties["Namespace"] == "Flowgauge":
            assert properties["MetricName"] in own_metrics(), name


@pytest.mark.parametrize(("template", "else_to"), [(ARCHIVE, "AWS::NoValue"), (CENTRAL, "AlertsTopic")])
def test_alarms_of_the_other_templates_do_too(template: str, else_to: str) -> None:
    """The archive has no topic of its own."""
    for name, alarm in of_type(resources_of(template), "AWS::CloudWatch::Alarm").items():
        properties = alarm["Properties"]
        for actions in (properties["AlarmActions"], properties["OKActions"]):
            assert references(actions) == {"AlarmActionArns", else_to}, name
        assert len(properties["AlarmDescription"]) > 40 and "TreatMissingData" in properties, name


def test_what_can_go_wrong_has_an_alarm(resources: dict[str, Resource]) -> None:
    """Of both functions, the topics and what the subscription counts."""
    watched = {
        (alarm["Properties"]["MetricName"], name)
        for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values()
        for dimension in alarm["Properties"].get("Dimensions", [])
        for name in references(dimension["Value"])
    }
    for metric in ("Errors", "Throttles", "Duration", "AsyncEventAge", "AsyncEventsDropped", "Invocations"):
        assert (metric, "SubscriptionFunction") in watched, metric
    for metric in ("DestinationDeliveryFailures", "RejectedLines", "UndecodableEvents", "DefinitionsRefused"):
        assert (metric, "SubscriptionFunction") in watched, metric
    assert ("Errors", "TickFunction") in watched and ("Invocations", "TickFunction") in watched
    for topic in of_type(resources, "AWS::SNS::Topic"):
        assert ("NumberOfNotificationsFailed", topic) in watched, topic


def test_what_can_go_wrong_with_the_archive_has_an_alarm() -> None:
    """Of its function, and of the stream at its end."""
    alarms = of_type(resources_of(ARCHIVE), "AWS::CloudWatch::Alarm").values()
    of_function = {"Errors", "Throttles", "Duration", "RecordsFailed", "RecordsPutBack", "RejectedLines"}
    watched = {
        alarm["Properties"]["MetricName"]: references(alarm["Properties"]["Dimensions"][0]["Value"]) for alarm in alarms
    }
    assert watched == {**dict.fromkeys(of_function, {"FirehoseFunction"}), "DeliveryToS3.DataFreshness": {"Stream"}}


def dashboard(resources: dict[str, Resource]) -> list[dict[str, Any]]:
    """The dashboard's widgets."""
    [board] = of_type(resources, "AWS::CloudWatch::Dashboard").values()
    text = board["Properties"]["DashboardBody"]["Fn::Sub"][0]
    return json.loads(text.replace("${OtherAlarms}", ""))["widgets"]


def test_the_dashboard_shows_every_alarm_and_metrics_that_there_are(resources: dict[str, Resource]) -> None:
    """All alarms, those that not every stack has by the same condition, and no two widgets on one place."""
    widgets = dashboard(resources)
    all_alarms = of_type(resources, "AWS::CloudWatch::Alarm")
    alarms = {name for name, alarm in all_alarms.items() if "Condition" not in alarm}
    shown = [arn for widget in widgets for arn in widget["properties"].get("alarms", [])]
    assert sorted(shown) == sorted(f"${{{name}.Arn}}" for name in alarms)
    [board] = of_type(resources, "AWS::CloudWatch::Dashboard").values()
    others = board["Properties"]["DashboardBody"]["Fn::Sub"][1]["OtherAlarms"]["Fn::Join"][1]
    conditions = {name: part["Fn::If"][0] for part in others for name in references(part)}
    assert conditions == {name: all_alarms[name]["Condition"] for name in all_alarms.keys() - alarms}
    metrics = [metric for widget in widgets for metric in widget["properties"].get("metrics", [])]
    assert {metric[1] for metric in metrics if metric[0] == "Flowgauge"} <= own_metrics()
    places = [place for widget in widgets for place in covered(widget)]
    assert len(places) == len(set(places)) and max(x for x, _ in places) == 23


def covered(widget: dict[str, Any]) -> list[tuple[int, int]]:
    """The places of the dashboard's grid that a widget covers."""
    columns = range(widget["x"], widget["x"] + widget["width"])
    return [(x, y) for x in columns for y in range(widget["y"], widget["y"] + widget["height"])]


def test_the_dashboards_queries_and_the_saved_ones_answer(resources: dict[str, Resource], tmp_path: Path) -> None:
    """Over generated flows, with names that the console knows."""
    program = ROOT / "target/debug/flowgauge"
    assert program.is_file(), f"expected {program}: run `make build` first, or `make e2e`, which does"
    flows = tmp_path / "flows.log"
    attacks = "exposed-database,brute-force-in,lateral-fan-out,skipped-records"
    generate = [program, "generate", "--duration", "1h", "--interfaces", "4", "--seed", "7", "--scenario", attacks]
    flows.write_bytes(subprocess.run(generate, check=True, capture_output=True, timeout=60).stdout)
    shown = [str(widget["properties"]["query"]) for widget in dashboard(resources) if widget["type"] == "log"]
    assert len(shown) == 4
    for query in shown:
        source, asked = query.split(" | ", 1)
        assert source == "SOURCE '${Group}'"
        assert len(answer(program, asked, flows)) > 0, asked
    saved = [query["Properties"]["QueryString"] for query in resources_of(QUERIES).values()]
    assert len(saved) >= 20
    assert any(len(answer(program, query, flows)) > 0 for query in saved)


def answer(program: Path, query: str, flows: Path) -> list[object]:
    """The rows that `flowgauge query` gives, when it takes only what the console knows."""
    command = [program, "query", "--portable", "--output", "json", query, flows]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{query}: {done.stderr}"
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


# ---- Parameters ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("template", [TEMPLATE, ARCHIVE, CENTRAL, QUERIES])
def test_parameters_are_grouped_and_described(template: str) -> None:
    """Each stands in one group, says what it is, and takes only what it means."""
    document = parsed(template)
    groups = document["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert sorted(name for group in groups for name in group["Parameters"]) == sorted(document["Parameters"])
    for name, parameter in document["Parameters"].items():
        assert len(parameter["Description"]) > 20, name
        bounds = {"AllowedPattern", "AllowedValues", "MaxLength", "MaxValue"}
        assert bounds & parameter.keys() or parameter["Type"] == "CommaDelimitedList", name


def test_formats_of_one_name_are_one() -> None:
    """Whoever switches flow logs on as recommended can archive them under the same name."""
    formats = [parsed(template)["Mappings"]["Formats"]["recommended"]["Fields"] for template in (TEMPLATE, ARCHIVE)]
    assert formats[0] == formats[1]
    patterns = [parsed(template)["Parameters"]["LogFormat"]["AllowedPattern"] for template in (TEMPLATE, ARCHIVE)]
    assert patterns[0] == patterns[1]


def holds(condition: dict[str, Any], given: dict[str, str]) -> bool:
    """Whether a condition of a rule is met by values of parameters, compared as texts."""
    [(function, parts)] = condition.items()
    value = lambda part: given[part["Ref"]] if isinstance(part, dict) else part  # noqa: E731
    match function:
        case "Fn::Not":
            return not holds(parts[0], given)
        case "Fn::Or":
            return any(holds(part, given) for part in parts)
        case "Fn::And":
            return all(holds(part, given) for part in parts)
        case "Fn::Equals":
            return value(parts[0]) == value(parts[1])
        case "Fn::Contains":
            return value(parts[1]) in parts[0]
    raise AssertionError(function)


def test_the_archives_ages_are_those_that_s3_takes() -> None:
    """Every choice of the three: moved before it goes, and a month in the one class before the next."""
    document = parsed(ARCHIVE)
    names = ("InfrequentAfterDays", "GlacierAfterDays", "ArchiveDays")
    rules = [document["Rules"][rule] for rule in ("RecordsMoveBeforeTheyGo", "RecordsRestBeforeTheyMoveOn")]
    taken = 0
    for infrequent, glacier, gone in product(*(document["Parameters"][name]["AllowedValues"] for name in names)):
        given = dict(zip(names, map(str, (infrequent, glacier, gone)), strict=True))
        is_taken = all(holds(assertion["Assert"], given) for rule in rules for assertion in rule["Assertions"])
        rests = not (infrequent and glacier) or glacier >= infrequent + 30
        assert is_taken == (rests and gone > max(infrequent, glacier)), given
        taken += is_taken
    assert taken > 100


@pytest.mark.parametrize("template", [TEMPLATE, ARCHIVE])
def test_no_concurrency_would_stop_the_function(template: str) -> None:
    """It is refused; everything else that the parameter takes is not."""
    [assertion] = parsed(template)["Rules"]["FunctionRuns"]["Assertions"]
    taken = [text for text in ("-1", "0", "1", "2") if holds(assertion["Assert"], {"ReservedConcurrency": text})]
    assert taken == ["-1", "1", "2"]


def test_outputs_are_those_that_scripts_use(resources: dict[str, Resource]) -> None:
    """Whatever else is added, these names stay."""
    outputs = parsed(TEMPLATE)["Outputs"]
    stays = {"FlowLogGroup", "FindingsTopic", "AlertsTopic", "SubscriptionFunction", "SubscriptionLogs", "TickFunction"}
    assert stays | {"TickLogs", "StateTable", "FailureBucket", "Dashboard", "DataKey"} == outputs.keys()
