"""Whether a file of prices ends where it should, or was cut off on its way."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from trimtab.adapters.toml_table import shown
from trimtab.model.findings import Finding

TAIL = 8192
"""Bytes at the end of a file that are looked at."""

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?", re.ASCII)


def cut_off(paths: Iterable[Path], *, folder: Path | None = None) -> list[Finding]:
    """Files whose last line has no end, and a last number of fewer digits than the one above.

    Many programs write no end of the last line; it is the shorter number that makes it look as if
    the rest of the file were missing.

    Args:
        paths: Files; others than CSV are passed over, and those that cannot be read.
        folder: Names are told from here; by default the file's name alone.
    """
    found = []
    for path in paths:
        line = _shortened(path)
        if line:
            name = path.name if folder is None else os.path.relpath(path, folder)
            message = (
                f"{name}: its last line ({shown(line)}) has no line end, and its last number fewer "
                "digits than the one above: if the file was cut off on its way, fetch it again; if "
                "it is whole, end it with a new line"
            )
            found.append(Finding("file-cut-off", name, message, "info"))
    return found


def _shortened(path: Path) -> str:
    """The last line of a file that looks cut off; empty where it does not."""
    if path.suffix.lower() != ".csv":
        return ""
    try:
        with path.open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - TAIL, 0))
            tail = file.read()
    except OSError:
        return ""
    lines = tail.decode("utf-8", "replace").splitlines()[-2:]
    if tail.endswith((b"\n", b"\r")) or len(lines) < 2:
        return ""
    above, last = (line.rpartition(",")[2].strip() for line in lines)
    is_shorter = len(last) < len(above) and _NUMBER.fullmatch(above) is not None
    return lines[1] if is_shorter else ""
