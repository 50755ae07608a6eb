"""Writes a packaged template without SAM's macro, which stack sets with service-managed permissions refuse.

`make stackset` calls it with the Python of a virtual environment: `stackset.py PACKAGED WRITTEN`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from boto3 import Session
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

# SAM wants to know one, and writes it nowhere: a test sees to that.
REGION = "us-east-1"


def expanded(template: dict[str, Any]) -> dict[str, Any]:
    """A template as CloudFormation's macro would make it, with all of its parameters."""
    return Translator(None, Parser(), boto_session=Session(region_name=REGION)).translate(template, {})


def main(packaged: Path, written: Path) -> None:
    """Expands the file `packaged` into the file `written`."""
    template = expanded(yaml_parse(packaged.read_text(encoding="utf-8")))
    written.write_text(json.dumps(template, separators=(",", ":")), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
