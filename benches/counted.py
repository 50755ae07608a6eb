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


def counted(path: str, name: str) -> dict[str, int] | None:
    """How many instructions one run over the scene takes, and what it is to be divided by; none if nothing was counted."""
    out = FOLDER / f"{path}-{name}.callgrind"
    options = ["--tool=callgrind", "--collect-atstart=no", f"--toggle-collect={RUN}", f"--callgrind-out-file={out}"]
    command = ["valgrind", *options, PROGRAM, "run", path, FOLDER / f"{name}.scene", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if not found or not int(found[1]):
        return None
    ran = json.loads(done.stdout)
    return {"instructions": int(found[1]), "record": ran["records"], "event": ran["events"], "item": ran["last"], "start": 1}
