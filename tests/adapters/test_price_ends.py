"""A file of prices that was cut off in its last number is read, and that is not passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.folders import folder, opened
from trimtab.adapters.price_ends import cut_off
from trimtab.adapters.price_frames import read_prices

WHOLE = "date,SPY\n2024-01-02,54.7701\n2024-01-03,54.7801"


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (WHOLE[:-2], ["file-cut-off"]),
        (WHOLE, []),
        (WHOLE[:-2] + "\n", []),
        ("date,SPY\n2024-01-02,5", []),
    ],
)
def test_a_last_number_that_is_short_and_has_no_line_end_is_told(
    text: str, codes: list[str], tmp_path: Path
) -> None:
    """Neither a missing line end nor a short number alone looks like a file that was cut off."""
    (tmp_path / "spy.csv").write_text(text)

    found = read_prices(tmp_path / "spy.csv").findings

    assert [one.code for one in found] == codes
    assert all("('2024-01-03,54.78')" in one.message for one in found)


def test_a_file_that_is_not_there_is_not_cut_off(tmp_path: Path) -> None:
    """Whoever reads it says what is wrong with it."""
    assert cut_off([tmp_path / "none.csv", tmp_path / "some.parquet"]) == []


def test_a_portfolio_tells_that_its_prices_look_cut_off(tmp_path: Path) -> None:
    """What plans are made by is looked at as what backtests run over."""
    book = opened(folder(tmp_path))
    prices = book.portfolio.prices[0]
    prices.write_text(prices.read_text("utf-8").rstrip("\n")[:-1], encoding="utf-8")

    codes = {one.code for one in opened(tmp_path).findings()}

    assert "file-cut-off" in codes
