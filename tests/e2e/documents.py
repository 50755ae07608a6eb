"""The project's documents, as text."""

from __future__ import annotations

import re

from stack import ROOT


def read(document: str) -> str:
    """A document of the project."""
    return (ROOT / document).read_text(encoding="utf-8")


def section(document: str, heading: str) -> str:
    """What stands under a heading of the second level."""
    return read(document).split(f"\n## {heading}\n")[1].split("\n## ")[0]


def names(document: str, heading: str) -> set[str]:
    """The names in backticks in the first column of the tables of a section."""
    cells = re.findall(r"^\| ([^|]+) \|", section(document, heading), re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
