"""Prices under a name that nothing has: a mistyped column or symbol of a price file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.folders import folder, opened
from trimtab.model.errors import RefusedError

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


LOTS_OF_VTI = "account,symbol,quantity,acquired,cost_basis\nroth,VTI,90,2020-01-02,5000.00\n"


@pytest.mark.parametrize(("held", "meant"), [("BDN", "BND"), ("VTII", "VTI")])
def test_a_mistyped_name_in_a_hold_list_is_told_with_its_key(
    tmp_path: Path, held: str, meant: str
) -> None:
    """Of a name that nobody owns and nothing prices: what was meant, not to type in a price."""
    path = folder(tmp_path, lots=LOTS_OF_VTI, prices_csv=WIDE.format(bond="BND"))
    toml = path / "portfolio.toml"
    toml.write_text(toml.read_text().replace('hold = ["BND"]', f'hold = ["{held}"]'))

    findings = opened(path).plan().findings

    about = [one for one in findings if one.subject in (held, meant)]
    assert [(one.code, one.subject) for one in about] == [("unknown-symbol", held)]
    assert about[0].message == (
        f"target.bonds.hold names {held}, which nobody owns and no price file has. Did you mean "
        f"{meant}? Correct it there; or if it is right, add prices of {held}."
    )


def test_a_held_name_without_prices_and_near_to_none_is_told_as_before(tmp_path: Path) -> None:
    """What has no price and is near to nothing known needs a price, and no other name."""
    path = folder(tmp_path, lots=LOTS_OF_VTI, prices_csv=WIDE.format(bond="BND"))
    toml = path / "portfolio.toml"
    toml.write_text(toml.read_text().replace('hold = ["BND"]', 'hold = ["QQQX"]'))

    codes = {one.code for one in opened(path).plan().findings if one.subject == "QQQX"}

    assert codes == {"missing-price"}


@pytest.mark.parametrize(
    ("hold", "more", "severity"),
    [
        ('["ITNL"]', "", "error"),  # near to nothing
        ('["BDN"]', "", "error"),  # near to BND
        ('["ITNL", "BND"]', "", "warning"),
        ('["ITNL"]', "[instruments.ITNL]\nstep = 0.001\n", "warning"),
    ],
)
def test_a_sleeve_of_nothing_that_is_known_is_an_error(
    tmp_path: Path, hold: str, more: str, severity: str
) -> None:
    """A name that no price, lot or table has, alone in its sleeve: no plan can reach that target.

    Beside one that is known, or with a table of its own, it may yet be bought: a warning.
    """
    path = folder(tmp_path, lots=LOTS_OF_VTI, prices_csv=WIDE.format(bond="BND"))
    toml = path / "portfolio.toml"
    toml.write_text(toml.read_text().replace('hold = ["BND"]', f"hold = {hold}") + more)

    findings = opened(path).plan().findings

    about = [one for one in findings if one.subject in hold and "price" in one.message]
    assert [one.severity for one in about] == [severity]


def test_a_backtest_of_a_mistyped_name_says_what_was_meant(tmp_path: Path) -> None:
    """Account mode names what has no price at all, and the nearest that has one."""
    path = folder(tmp_path, lots=LOTS_OF_VTI, prices_csv=WIDE.format(bond="BND"))
    toml = path / "portfolio.toml"
    toml.write_text(toml.read_text().replace('hold = ["BND"]', 'hold = ["BDN"]'))

    with pytest.raises(RefusedError, match=r"has no price: BDN \(did you mean BND\?\); correct"):
        opened(path).backtest()
