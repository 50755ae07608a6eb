"""Zips the folders of packaged functions: `make package` calls it.

The same files give the same bytes, whenever and wherever they are zipped with the same libdeflate, which looks longer for
what repeats than the zlib of Python does: 3 % less for Lambda to load. A zip above the budget is an error: what Lambda
loads at every cold start grows by accident, a dependency's default feature suffices.
"""

from __future__ import annotations

import os
import sys
import zipfile
import zlib
from pathlib import Path

import deflate

BUDGET = 4_000_000
"""Bytes of a zip."""

THE_BEGINNING = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can tell; a file's own would differ from build to build."""

HARDEST = 12
"""How hard libdeflate tries at most: some seconds for a program."""


def zipped(folder: Path) -> Path:
    """Zips the files under `folder` to a file beside it, all readable and executable, as Lambda needs them."""
    target = folder.with_suffix(".zip")
    with target.open("wb") as file, zipfile.ZipFile(file, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), THE_BEGINNING)
            entry.external_attr = 0o100755 << 16
            content = path.read_bytes()
            archive.writestr(entry, deflate.deflate_compress(content, HARDEST))
            # `zipfile` took the bytes as they are: both its headers are told what they stand for.
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.file_size, entry.CRC = len(content), zlib.crc32(content)
            file.seek(entry.header_offset)
            file.write(entry.FileHeader())
            file.seek(0, os.SEEK_END)
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
