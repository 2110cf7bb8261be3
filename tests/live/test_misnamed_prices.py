"""Prices under a name that nothing has: a mistyped column or symbol of a price file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.folders import folder, opened

WIDE = "date,VTI,{bond}\n2024-03-27,259.50,72.40\n2024-03-28,260.00,72.50\n"
LONG = (
    "date,symbol,close\n2024-03-27,VTI,259.50\n2024-03-27,{bond},72.40\n"
    "2024-03-28,VTI,260.00\n2024-03-28,{bond},72.50\n"
)


def told(path: Path, prices: str) -> list[str]:
    """What `status` says of names that nothing knows."""
    plan = opened(folder(path, prices_csv=prices)).status()
    return [one.message for one in plan.findings if one.code == "unknown-symbol"]


@pytest.mark.parametrize("prices", [WIDE, LONG])
def test_a_mistyped_name_of_prices_is_told_with_its_file(tmp_path: Path, prices: str) -> None:
    """What has no price, and a name near to it that nothing has: the file, and what was meant."""
    (message,) = told(tmp_path, prices.format(bond="BNDX"))

    assert message == (
        "prices.csv has prices of BNDX, which nothing holds or lists, and none of BND. Did you "
        "mean BND? Correct the name there."
    )


@pytest.mark.parametrize("bond", ["BND", "BND,BNDX", "GOOG"])
def test_names_that_may_well_be_right_are_not_told(tmp_path: Path, bond: str) -> None:
    """Prices of others beside those that are needed are no slip, nor is a name that is not near."""
    wide = WIDE.format(bond=bond)
    if "," in bond:
        wide = wide.replace("72.40", "72.40,50").replace("72.50", "72.50,51")

    assert told(tmp_path, wide) == []
