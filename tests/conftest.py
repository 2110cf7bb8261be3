"""What every test may ask for: the shared folder of real prices and published results."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# A loaded machine is no failure; a failing example is printed so that it can be run again.
settings.register_profile("trimtab", deadline=None, print_blob=True)
settings.load_profile("trimtab")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real prices and published numbers that lies beside a developer's clone."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "reference").is_dir():
        pytest.skip(
            "needs ../shared (real prices and published results), which is not beside this clone"
        )
    return folder
