"""What this machine offers."""

from __future__ import annotations

import os


def processors() -> int:
    """How many threads can run at the same time."""
    return os.cpu_count() or 1
