"""Holds instruction counts to benches/budgets.toml: `make bench-check`.

Fails when a path takes more than its budget and the slack, or can't be counted. Says too when one takes so much less that its
budget should be lowered, so that what was won is kept.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import counted

BUDGETS = Path(__file__).with_name("budgets.toml")


def verdict(budget: int, found: float | None, slack: float, room: float) -> tuple[str, bool]:
    """What is to be said of a count, and whether it passes."""
    if found is None:
        return "not counted: is the symbol gone?", False
    if found > budget * (1 + slack):
        return "ABOVE: make it cheaper, or raise the budget and say why", False
    if found < budget * (1 - room):
        return f"well below: lower the budget to {found:.0f}", True
    return "within", True


def judged(budgets: dict, counts: dict[tuple[str, str], dict[str, int] | None]) -> tuple[list[str], bool]:
    """A line for each budget, and whether all pass."""
    lines, all_pass = [f"{'path':15} {'scene':18} {'per':7} {'budget':>9} {'counted':>9} {'':>7}"], True
    for entry in budgets["budget"]:
        path, scene, per, budget = (entry[key] for key in ("path", "scene", "per", "instructions"))
        count = counts.get((path, scene))
        found = count["instructions"] / count[per] if count else None
        said, passes = verdict(budget, found, budgets["slack"], budgets["room"])
        shown = f"{found:9.0f} {found / budget - 1:+7.1%}" if found is not None else f"{'-':>9} {'':>7}"
        lines.append(f"{path:15} {scene:18} {per:7} {budget:9} {shown}  {said}")
        all_pass &= passes
    return lines, all_pass


def main() -> int:
    """Counts all that has a budget."""
    budgets = tomllib.loads(BUDGETS.read_text(encoding="utf-8"))
    wanted = [(entry["path"], entry["scene"]) for entry in budgets["budget"]]
    for name in dict.fromkeys(scene for _, scene in wanted):
        counted.scene(name)
    lines, all_pass = judged(budgets, {key: counted.counted(*key) for key in wanted})
    print("\n".join(lines))
    return 0 if all_pass else 1


if __name__ == "__main__":
    sys.exit(main())
