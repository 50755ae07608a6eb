"""Draws docs/scaling/*.svg from the tables beside them: `make bench-scaling`. The same table gives the same picture."""

from __future__ import annotations

import csv
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

FOLDER = Path(__file__).resolve().parent.parent / "docs/scaling"
LOGARITHMIC = ("batch", "groups")


def draw(path: Path) -> None:
    """Times over the first column; memory, where there is some, on an axis of its own."""
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    across = [float(row[0]) for row in rows]
    figure, times = plt.subplots(figsize=(7, 4), layout="constrained")
    for place, name in enumerate(head[1:], 1):
        is_memory = "MiB" in name
        axis = times.twinx() if is_memory else times
        style = {"color": "grey", "linestyle": "--"} if is_memory else {"color": f"C{place - 1}"}
        axis.plot(across, [float(row[place]) for row in rows], marker="o", markersize=4, label=name, **style)
        if is_memory:
            axis.set_ylabel(name)
    # Once all is drawn: a limit that is set ends the search for the others.
    for axis in figure.axes:
        axis.set_ylim(bottom=0)
    times.set_xlabel(head[0])
    times.set_ylabel("CPU time")
    times.grid(alpha=0.3)
    if path.stem in LOGARITHMIC:
        times.set_xscale("log")
    figure.legend(loc="outside upper center", ncols=4, frameon=False, fontsize="small")
    figure.savefig(path.with_suffix(".svg"), metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    """All of them."""
    plt.rcParams["svg.hashsalt"] = "flowgauge"
    for path in sorted(FOLDER.glob("*.csv")):
        draw(path)


if __name__ == "__main__":
    main()
