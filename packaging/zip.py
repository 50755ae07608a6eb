"""Zips the folders of packaged functions: `make package` calls it.

The same files give the same bytes, whenever and wherever they are zipped with the same Python. A zip above the budget
is an error: what Lambda loads at every cold start grows by accident, a dependency's default feature suffices.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

BUDGET = 8_000_000
"""Bytes of a zip."""

THE_BEGINNING = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can tell; a file's own would differ from build to build."""


def zipped(folder: Path) -> Path:
    """Zips the files under `folder` to a file beside it, all readable and executable, as Lambda needs them."""
    target = folder.with_suffix(".zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), THE_BEGINNING)
            entry.external_attr = 0o100755 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes(), compresslevel=9)
    return target


def main(*folders: str) -> int:
    """Zips each of `folders` and prints the sizes; returns the exit status."""
    status = 0
    for folder in map(Path, folders):
        size, program = zipped(folder).stat().st_size, (folder / "bootstrap").stat().st_size
        print(f"{folder}.zip: {size / 1e6:.2f} MB (program {program / 1e6:.2f} MB)")
        if size > BUDGET:
            print(f"{folder}.zip: expected at most {BUDGET / 1e6:.0f} MB", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
