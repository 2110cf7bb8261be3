"""`[target.cppi]`: what it says, and everything that can be wrong with it at once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from tests.adapters.example import TOML, Make, places_of
from trimtab.adapters.portfolio_folder import read_portfolio

RULE = '[target.cppi]\nmultiplier = 4\nfloor = 80000\nsafe = "bonds"\n'


def test_every_key_is_read(make: Make) -> None:
    """A floor is money, or money by day or by age."""
    toml = TOML + RULE.replace("80000", '{ "2026-01-01" = 80000, "age 50" = 100000.5 }')
    born = "[household]\nborn = 1980-06-30\n"

    plain = read_portfolio(make(TOML + RULE + "max_percent = 75\n")).moving
    path = read_portfolio(make(toml.replace("[policy]", born + "[policy]"))).moving

    assert plain is not None
    assert plain.cppi is not None
    assert (plain.every, plain.cppi.multiplier, plain.cppi.safe) == ("daily", 4, "bonds")
    assert plain.cppi.most == Fraction(3, 4)
    assert plain.cppi.floor_on(date(2026, 3, 31)) == 80000
    assert path is not None
    assert path.cppi is not None
    assert path.cppi.floor == (
        (date(2026, 1, 1), Decimal(80000)),
        (date(2030, 6, 30), Decimal("100000.5")),
    )


@pytest.mark.parametrize(
    ("before", "after", "keys"),
    [
        ("multiplier = 4\n", "", ["target.cppi.multiplier"]),
        ("multiplier = 4", "multiplier = 0", ["target.cppi.multiplier"]),
        ("floor = 80000\n", "", ["target.cppi.floor"]),
        ("floor = 80000", "floor = -1", ["target.cppi.floor"]),
        ("floor = 80000", "floor = {}", ["target.cppi.floor"]),
        ("floor = 80000", 'floor = { "2026" = 1 }', ["target.cppi.floor.2026"]),
        ("floor = 80000", 'floor = { "age 50" = 1 }', ['target.cppi.floor."age 50"']),
        ('safe = "bonds"\n', "", ["target.cppi.safe"]),
        ('safe = "bonds"', 'safe = "bond"', ["target.cppi.safe"]),
        ('safe = "bonds"\n', 'safe = "bonds"\nmax_percent = 0\n', ["target.cppi.max_percent"]),
        ('safe = "bonds"\n', 'safe = "bonds"\nevery = "daily"\n', ["target.cppi.every"]),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(
    make: Make, before: str, after: str, keys: list[str]
) -> None:
    """Each problem with the line and the key that it is of."""
    assert before in RULE

    places = places_of(make(TOML + RULE.replace(before, after)))

    assert [key for _, line, key in places if line is not None] == keys
