"""Files that a script makes: written, or compared with what stands there."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path


def write_or_check(folder: Path, made: Mapping[str, str], what: str) -> int:
    """Write files, or with `--check` on the command line say which are out of date.

    Args:
        folder: Where they stand.
        made: Texts by name.
        what: What they are, in words.

    Returns:
        The exit code: 1 where `--check` found something.
    """
    stale = [
        name
        for name, text in made.items()
        if not (folder / name).is_file() or (folder / name).read_bytes() != text.encode()
    ]
    if "--check" in sys.argv[1:]:
        print(f"out of date: {', '.join(stale)}" if stale else f"{what}: up to date")
        return 1 if stale else 0
    folder.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (folder / name).write_bytes(made[name].encode())
    print(f"{what}: wrote {len(stale)} changed files")
    return 0
