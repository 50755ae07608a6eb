"""What documents say of the template is so, and the Japanese ones keep step; no emulator is needed."""

from __future__ import annotations

import json
import re
import runpy
import tomllib
from pathlib import Path

import pytest

from documents import names, read, section
from parsed_template import (
    ARCHIVE,
    CENTRAL,
    TEMPLATE,
    Resource,
    listed,
    of_type,
    parsed,
    resources_of,
    retained,
    statements,
)
from stack import ROOT

TRANSLATED = {
    "README.md": "README.ja.md",
    "docs/operate.md": "docs/ja/operate.md",
    "docs/security.md": "docs/ja/security.md",
    "docs/cost.md": "docs/ja/cost.md",
    "docs/uninstall.md": "docs/ja/uninstall.md",
    "docs/accounts.md": "docs/ja/accounts.md",
}
OPERATORS = [*TRANSLATED, *TRANSLATED.values(), "docs/parameters.md"]
FENCE = re.compile(r"^( *)```[a-z]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)

COLUMN = re.compile(r"(?<!\\)\|")


def test_the_parameters_are_the_templates() -> None:
    """A table row for each, as `make docs` writes it."""
    written = runpy.run_path(str(ROOT / "packaging/parameters.py"))["document"]()
    assert read("docs/parameters.md") == written, "docs/parameters.md is not what the template says: run `make docs`"


ALARMS = {
    TEMPLATE: "When an alarm comes",
    ARCHIVE: "When an alarm of the archive comes",
    CENTRAL: "When an alarm of the central stack comes",
}


@pytest.mark.parametrize(("template", "heading"), ALARMS.items())
def test_every_alarm_has_its_row(template: str, heading: str) -> None:
    """And every row its alarm."""
    assert names("docs/operate.md", heading) == of_type(resources_of(template), "AWS::CloudWatch::Alarm").keys()


def test_the_alarms_cost_what_they_cost() -> None:
    """Those which the stack always has."""
    alarms = of_type(resources_of(TEMPLATE), "AWS::CloudWatch::Alarm")
    topics = {None, "HasOwnFindings", "HasOwnAlerts"}
    always = [name for name, alarm in alarms.items() if alarm.get("Condition") in topics]
    assert f"\n| {len(always)} alarms*" in read("docs/cost.md")


def test_the_alarms_of_many_accounts_cost_what_they_cost() -> None:
    """Ten cents each: those of a stack without topics of its own, and of the central one."""
    each = [one for one in of_type(resources_of(TEMPLATE), "AWS::CloudWatch::Alarm").values() if "Condition" not in one]
    once = of_type(resources_of(CENTRAL), "AWS::CloudWatch::Alarm")
    price = f"| alarms* ($0.10 each) | {len(each)}, ${len(each) / 10:.2f} | {len(once)}, ${len(once) / 10:.2f} |"
    assert price in section("docs/accounts.md", "What it costs")
    assert f"An account without traffic costs about ${len(each) / 10:.2f}." in section("docs/accounts.md", "What it costs")
    assert f"{len(each)} 個、${len(each) / 10:.2f} | {len(once)} 個" in read("docs/ja/accounts.md")


def allowed(resources: dict[str, Resource]) -> set[str]:
    """The actions that policies of resources allow, but for the assuming of roles."""
    # A destination has its policy as text.
    texts = [one["Properties"].get("DestinationPolicy", {}).get("Fn::Sub", "{}") for one in resources.values()]
    found = statements([resources, *map(json.loads, texts)])
    actions = {action for one in found if one["Effect"] == "Allow" for action in listed(one["Action"])}
    return actions - {"sts:AssumeRole"}


def explained(heading: str) -> set[str]:
    """The actions in the tables of a section of docs/security.md."""
    rows = re.findall(r"^\| .+ \|$", section("docs/security.md", heading), re.MULTILINE)
    return {action for row in rows for action in re.findall(r"`([a-z0-9]+:[\w*]+)`", row)}


PERMISSIONS = {
    TEMPLATE: "What the functions may do",
    ARCHIVE: "What the archive may do",
    CENTRAL: "What the central stack allows",
}


@pytest.mark.parametrize(("template", "heading"), PERMISSIONS.items())
def test_every_permission_has_its_reason(template: str, heading: str) -> None:
    """Each action that a template allows stands in its table, and no other; those of keys have a table of their own."""
    resources = resources_of(template)
    keys = {name: one for name, one in resources.items() if one["Type"] == "AWS::KMS::Key"}
    others = {name: one for name, one in resources.items() if name not in keys}
    # Of the central stack's key it is the key's policy that says what other accounts may.
    by_key = explained(heading) & allowed(keys) if template == CENTRAL else set()
    assert explained(heading) - by_key == allowed(others)


def test_every_use_of_a_key_has_its_reason() -> None:
    """Of all templates."""
    keys = [of_type(resources_of(template), "AWS::KMS::Key") for template in (TEMPLATE, CENTRAL)]
    assert explained("Who may use the keys") == set().union(*map(allowed, keys))


def test_what_other_templates_store_says_how_it_is_encrypted() -> None:
    """Buckets and streams by name."""
    kinds = {"AWS::S3::Bucket", "AWS::KinesisFirehose::DeliveryStream"}
    resources = {**resources_of(ARCHIVE), **resources_of(CENTRAL)}
    stores = {name for name, resource in resources.items() if resource["Type"] in kinds}
    assert names("docs/security.md", "What is encrypted") == stores


def test_every_permission_across_accounts_has_its_reason() -> None:
    """Of the central stack, the archive's destination and who sends to it, and no other stands in the table."""
    archive = resources_of(ARCHIVE)
    destination = archive["Destination"]["Properties"]["DestinationPolicy"]["Fn::Sub"]
    sender = resources_of(TEMPLATE)["ArchiveFilterRole"]
    allowed = {
        action
        for statement in statements([resources_of(CENTRAL), json.loads(destination), archive["DestinationRole"], sender])
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
    }
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \|", section("docs/accounts.md", "Who may do what"), re.MULTILINE)
    assert allowed - {"sts:AssumeRole"} == {action for cell in rows for action in re.findall(r"`([^`]+)`", cell)}


def test_what_stays_is_what_the_document_says() -> None:
    """Resources that the template retains, and parts of it that go."""
    resources = resources_of(TEMPLATE)
    kept = retained(resources) | retained(resources_of(ARCHIVE)) | retained(resources_of(CENTRAL))
    assert names("docs/uninstall.md", "What stays, and why") == kept
    assert names("docs/uninstall.md", "What goes") <= resources.keys() - kept


def test_the_environments_of_sam_set_parameters_that_there_are() -> None:
    """A mistyped name would only show when somebody deploys."""
    environments = tomllib.loads(read("samconfig.toml"))
    parameters = parsed(TEMPLATE)["Parameters"]
    for environment in ("dev", "prod"):
        for setting in environments[environment]["deploy"]["parameters"]["parameter_overrides"]:
            name, value = setting.split("=")
            allowed = parameters[name].get("AllowedValues")
            assert allowed is None or value in map(str, allowed), setting


@pytest.mark.parametrize("document", OPERATORS)
def test_links_lead_somewhere(document: str) -> None:
    """Files that are linked exist, and headings that are linked in them."""
    for target in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", read(document))):
        if target.startswith("https://"):
            continue
        path, _, heading = target.partition("#")
        file = (ROOT / document).parent / path if path else ROOT / document
        assert file.exists(), f"{document}: {target}"
        if heading and file.suffix == ".md":
            assert heading in anchors(file), f"{document}: {target}"


def anchors(file: Path) -> set[str]:
    """The anchors that GitHub gives to a file's headings."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", file.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def outline(document: str) -> list[str]:
    """The levels of headings, the shapes of tables and the code of a document, in order; comments may differ."""
    text = read(document)
    parts = []
    position = 0
    for fence in [*FENCE.finditer(text), None]:
        parts += prose(text[position : fence.start() if fence else None])
        if fence:
            parts.append(re.sub(r"(^|\s+)#.*$", "", fence[2], flags=re.MULTILINE))
            position = fence.end()
    return parts


def prose(text: str) -> list[str]:
    """The same of text without code."""
    found = []
    for line in text.splitlines():
        if heading := re.match(r"#+ ", line):
            found.append(heading[0])
        elif line.startswith("|"):
            found.append(f"row of {len(COLUMN.findall(line)) - 1}")
        elif point := re.match(r"( *)(?:-|\d+\.) ", line):
            found.append(f"point at {len(point[1])}")
    return found


@pytest.mark.parametrize(("english", "japanese"), TRANSLATED.items())
def test_the_japanese_documents_keep_step(english: str, japanese: str) -> None:
    """Headings, rows of tables, points and code are the same in number and order."""
    assert outline(japanese) == outline(english)


@pytest.mark.parametrize(("english", "japanese"), TRANSLATED.items())
def test_the_japanese_documents_name_the_same_things(english: str, japanese: str) -> None:
    """Rows of tables begin with the same names, and no parameter, alarm or command is left out."""

    def in_backticks(document: str) -> set[str]:
        return {" ".join(name.split()) for name in re.findall(r"`([^`]+)`", FENCE.sub("", read(document)))}

    assert in_backticks(japanese) == in_backticks(english)
