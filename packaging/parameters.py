"""Writes docs/parameters.md from the templates: `make docs` calls it with the Python of a virtual environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs/parameters.md"

HEAD = """# Parameters

Written from the templates by `make docs`; a test compares the two. `sam deploy --guided` asks for them, and
`--parameter-overrides Name=value` sets them; what is not named keeps the value that the stack has, unless `samconfig.toml` has one. A value
with spaces needs quotes inside of the shell's: `--parameter-overrides 'LogFormat="${version} ${interface-id} ${srcaddr}"' Language=ja`.
"""
TEMPLATES = {
    "template.yaml": "Detection.",
    "templates/archive.yaml": "The archive: see [firehose.md](firehose.md).",
    "templates/central.yaml": "Topics of many accounts: see [accounts.md](accounts.md).",
    "templates/queries.yaml": "Saved queries: see [operate.md](operate.md#saved-queries).",
}


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


def tables(template: dict[str, Any]) -> str:
    """A template's parameters by group."""
    text = ""
    for group in template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]:
        text += f"\n### {group['Label']['default']}\n\n| parameter | default | takes | meaning |\n|---|---|---|---|\n"
        for name in group["Parameters"]:
            parameter = template["Parameters"][name]
            columns = (f"`{name}`", default(parameter), takes(parameter), parameter["Description"])
            text += f"| {' | '.join(map(cell, columns))} |\n"
    return text


def rules(template: dict[str, Any]) -> str:
    """What a template refuses, if anything."""
    described = [one["AssertDescription"] for rule in template.get("Rules", {}).values() for one in rule["Assertions"]]
    if not described:
        return ""
    return "\n### What belongs together\n\nCloudFormation refuses all else, before it makes anything:\n\n" + "".join(
        f"- {text}\n" for text in described
    )


def document() -> str:
    """The whole document."""
    text = HEAD
    for name, meaning in TEMPLATES.items():
        template = yaml_parse((ROOT / name).read_text(encoding="utf-8"))
        text += f"\n## {name}\n\n{meaning}\n{tables(template)}{rules(template)}"
    return text


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
