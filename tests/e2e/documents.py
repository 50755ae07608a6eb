"""The project's documents, as text."""

from __future__ import annotations

from stack import ROOT


def read(document: str) -> str:
    """A document of the project."""
    return (ROOT / document).read_text(encoding="utf-8")


def section(document: str, heading: str) -> str:
    """What stands under a heading of the second level."""
    return read(document).split(f"\n## {heading}\n")[1].split("\n## ")[0]
