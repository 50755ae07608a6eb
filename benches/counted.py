"""Instructions of a path, counted by callgrind: they repeat, where times do not."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "target/bench"
PROGRAM = ROOT / "target/release/flow-paths"
RUN = "flow_paths::path::Path::run"
"""What is counted: nothing that is done before or after it."""


def scene(name: str) -> Path:
    """The file of a scene, made anew: what it holds may have changed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.scene"
    with path.open("wb") as file:
        subprocess.run([PROGRAM, "scene", name], stdout=file, check=True)
    return path


def out_of(path: str, name: str) -> Path:
    """Where callgrind writes what it counted of a path over a scene."""
    return FOLDER / f"{path}-{name}.callgrind"


def short(function: str) -> str:
    """A function's name without the modules that it lies in, its parameters of type, and its copies."""
    name = re.sub(r"'\d+$", "", function)
    while "<" in (shorter := re.sub(r"<[^<>]*>", "", name)) and shorter != name:
        name = shorter
    return "::".join(re.sub(r"<[^<>]*>", "", name).strip(":").split("::")[-3:])


def hottest(path: str, name: str, number: int = 10) -> list[tuple[str, float]]:
    """The functions that took most of what was [counted](counted), without what they call, with their shares."""
    command = ["callgrind_annotate", "--threshold=100", out_of(path, name)]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    shares: dict[str, float] = {}
    for instructions, function in re.findall(r"^ *([\d,]+) \([^)]*\) +\S*?:(.+?)(?: \[.*)?$", listed, re.MULTILINE):
        shares[short(function)] = shares.get(short(function), 0) + int(instructions.replace(",", ""))
    total = sum(shares.values())
    first = sorted(shares.items(), key=lambda each: -each[1])[:number]
    return [(function, instructions / total) for function, instructions in first]


def counted(path: str, name: str) -> dict[str, int] | None:
    """How many instructions one run over the scene takes, and what it is to be divided by; none if nothing was counted."""
    options = ["--tool=callgrind", "--collect-atstart=no", f"--toggle-collect={RUN}", f"--callgrind-out-file={out_of(path, name)}"]
    command = ["valgrind", *options, PROGRAM, "run", path, FOLDER / f"{name}.scene", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if not found or not int(found[1]):
        return None
    ran = json.loads(done.stdout)
    return {"instructions": int(found[1]), "record": ran["records"], "event": ran["events"], "item": ran["last"], "start": 1}
