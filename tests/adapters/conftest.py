"""What every test of reading files may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adapters.example import LOTS, PRICES, SALES, TOML, Make
from tests.folders import written


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a portfolio folder; what is not given is as in the example, None leaves it out."""

    def folder(
        toml: str | bytes = TOML,
        lots: str | bytes | None = LOTS,
        sales: str | bytes | None = SALES,
        **others: str | bytes | None,
    ) -> Path:
        files = {"portfolio.toml": toml, "lots.csv": lots, "sales.csv": sales}
        return written(tmp_path, {**files, "prices.csv": PRICES, **others})

    return folder
