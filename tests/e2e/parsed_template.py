"""The templates as CloudFormation reads them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from stack import ROOT

Resource = dict[str, Any]
TEMPLATE = "template.yaml"
ARCHIVE = "templates/archive.yaml"
CENTRAL = "templates/central.yaml"
QUERIES = "templates/queries.yaml"


def text_of(template: str) -> str:
    """A template as it is written."""
    return (ROOT / template).read_text(encoding="utf-8")


def parsed(template: str) -> dict[str, Any]:
    """A template with its short forms (`!Ref`) written out."""
    return yaml_parse(text_of(template))


def resources_of(template: str) -> dict[str, Resource]:
    """A template's resources by name."""
    return parsed(template)["Resources"]


def of_type(resources: dict[str, Resource], kind: str) -> dict[str, Resource]:
    """The resources of one type; there is at least one."""
    found = {name: resource for name, resource in resources.items() if resource["Type"] == kind}
    assert found, f"expected a resource of type {kind}"
    return found


def retained(resources: dict[str, Resource]) -> set[str]:
    """The resources that stay when the stack is deleted."""
    return {name for name, resource in resources.items() if resource.get("DeletionPolicy", "").startswith("Retain")}


def statements(policy: object) -> Iterator[dict[str, Any]]:
    """Every statement of every policy document that is somewhere in `policy`."""
    if isinstance(policy, dict):
        if "Effect" in policy:
            yield policy
        for part in policy.values():
            yield from statements(part)
    elif isinstance(policy, list):
        for part in policy:
            yield from statements(part)


def listed(value: object) -> list[Any]:
    """What may be one or several, as several."""
    return value if isinstance(value, list) else [value]


def references(value: object) -> set[str]:
    """The names that `Ref`, `GetAtt` and `Sub` mention somewhere in `value`, without what follows a dot."""
    if isinstance(value, list):
        return set().union(*map(references, value))
    if not isinstance(value, dict):
        return set()
    found = references(list(value.values()))
    if "Ref" in value:
        found.add(value["Ref"])
    if "Fn::GetAtt" in value:
        found.add(listed(value["Fn::GetAtt"])[0].split(".")[0])
    for text in listed(value.get("Fn::Sub", [])):
        if isinstance(text, str):
            found |= {part.split("}")[0].split(".")[0] for part in text.split("${")[1:]}
    return found
