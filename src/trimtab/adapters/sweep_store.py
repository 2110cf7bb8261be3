"""Portions of a sweep on disk, so that one that was stopped goes on where it was.

A folder holds the portions of one sweep; its name is a hash of all that the figures depend on, so
another grid, other prices or other costs never meet them. A portion is written whole or not at all.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class SweepStore:
    """The portions of one sweep.

    Args:
        folder: Where sweeps are kept.
        fingerprint: Of all that the figures depend on.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self.place = folder / f".sweep-{fingerprint[:16]}"

    def known(self) -> dict[int, Any]:
        """The portions that are there, by their first policy; a damaged one is left out."""
        import numpy as np

        found: dict[int, Any] = {}
        for path in sorted(self.place.glob("*.npy")):
            try:
                found[int(path.stem)] = np.load(path, allow_pickle=False)
            except (ValueError, OSError, EOFError):
                path.unlink(missing_ok=True)
        return found

    def keep(self, portions: Mapping[int, Any]) -> None:
        """Write portions that were just finished."""
        import numpy as np

        self.place.mkdir(parents=True, exist_ok=True)
        for first, rows in portions.items():
            part = self.place / f"{first}.part"
            with part.open("wb") as file:
                np.save(file, rows, allow_pickle=False)
            os.replace(part, self.place / f"{first}.npy")

    def clear(self) -> None:
        """Take the portions away, once their result is written."""
        for path in self.place.glob("*"):
            path.unlink(missing_ok=True)
        if self.place.exists():
            self.place.rmdir()
