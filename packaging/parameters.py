"""Writes docs/parameters.md from the template: `make docs` calls it with the Python of a virtual environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs/parameters.md"

HEAD = """# Parameters

Written from template.yaml by `make docs`; a test compares the two. `sam deploy --guided` asks for them, and
`--parameter-overrides Name=value` sets them; what is not named keeps the value that the stack has. A value with spaces needs
quotes inside of the shell's: `--parameter-overrides 'LogFormat="${version} ${interface-id} ${srcaddr}"' Language=ja`.
"""
RULES = """
## What belongs together

CloudFormation refuses, before it makes anything:

"""


def cell(text: object) -> str:
    """A text as it stands in a table."""
    return str(text).replace("|", "\\|").strip()


def takes(parameter: dict[str, Any]) -> str:
    """What a parameter may be, in a few words."""
    if "AllowedValues" in parameter:
        return ", ".join(f"`{value}`" if value != "" else "nothing" for value in parameter["AllowedValues"])
    if "MaxValue" in parameter:
        return f"{parameter['MinValue']} to {parameter['MaxValue']}"
    if parameter["Type"] == "CommaDelimitedList":
        return "texts between commas"
    return f"text of at most {parameter['MaxLength']} characters" if "MaxLength" in parameter else "text"


def default(parameter: dict[str, Any]) -> str:
    """Its default, as it would be written."""
    if "Default" not in parameter:
        return "none"
    return f"`{parameter['Default']}`" if parameter["Default"] != "" else "empty"


def document() -> str:
    """The whole document."""
    template = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    text = HEAD
    for group in template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]:
        text += f"\n## {group['Label']['default']}\n\n| parameter | default | takes | meaning |\n|---|---|---|---|\n"
        for name in group["Parameters"]:
            parameter = template["Parameters"][name]
            columns = (f"`{name}`", default(parameter), takes(parameter), parameter["Description"])
            text += f"| {' | '.join(map(cell, columns))} |\n"
    text += RULES
    for rule in template["Rules"].values():
        text += "".join(f"- {assertion['AssertDescription']}\n" for assertion in rule["Assertions"])
    return text


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
