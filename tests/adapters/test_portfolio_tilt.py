"""`[target.tilt]`: what it says, and everything that can be wrong with it at once."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from tests.adapters.example import TOML, Make, places_of
from trimtab.adapters.portfolio_folder import read_portfolio
from trimtab.adapters.series_file import read_series
from trimtab.model.errors import InputError

TILT = TOML.replace("percent = 54\n", "percent = 54\nmin_percent = 45\nmax_percent = 60\n") + (
    "[target.tilt]\nmax_percent = 8\n"
    '[target.tilt.curve]\nseries = "spread.csv"\nbelow = -0.25\nlag_days = 3\n'
    "shift = { us = -5, intl = -2.5, bonds = 7.5 }\n"
    '[target.tilt.pace]\nmomentum = "us"\nover = "bonds"\nhistory = "6m"\nbelow = 0\n'
    "shift = { us = -3, bonds = 3 }\n"
)


def test_every_key_is_read(make: Make) -> None:
    """Points become fractions, limits those of the tree, and a file lies beside its table."""
    folder = make(TILT)

    portfolio = read_portfolio(folder)

    moving = portfolio.moving
    assert moving is not None
    assert moving.tilt is not None
    curve, pace = moving.tilt.signals
    assert (moving.every, moving.tilt.most) == ("monthly", Fraction(8, 100))
    assert (curve.rule, curve.level, curve.lag_days, curve.max_age_days) == (
        "below",
        Decimal("-0.25"),
        3,
        10,
    )
    assert curve.shifts == (
        ("us", Fraction(-5, 100)),
        ("intl", Fraction(-25, 1000)),
        ("bonds", Fraction(75, 1000)),
    )
    assert (pace.source, pace.of, pace.over, pace.months) == ("momentum", "us", "bonds", 6)
    assert [(leaf.name, leaf.least, leaf.most) for leaf in moving.tree.leaves()] == [
        ("us", 4500, 6000),
        ("intl", 0, 10000),
        ("bonds", 0, 10000),
    ]
    assert portfolio.targets["household"].series == {"curve": (folder / "spread.csv", "value")}
    assert not moving.is_dated


@pytest.mark.parametrize(
    ("before", "after", "keys"),
    [
        ("bonds = 7.5 }", "bonds = 7 }", ["target.tilt.curve.shift"]),
        ("{ us = -3,", "{ usa = -3,", ["target.tilt.pace.shift.usa"]),
        ("below = -0.25", "", ["target.tilt.curve"]),
        ("below = 0\n", "below = 0\nabove = 1\n", ["target.tilt.pace.below"]),
        ("below = 0\n", "deviations = 2\n", ["target.tilt.pace.deviations"]),
        ('series = "spread.csv"\n', "", ["target.tilt.curve"]),
        ("lag_days = 3\n", "lag_days = 3\nmax_age_days = 2\n", ["target.tilt.curve.max_age_days"]),
        ("lag_days = 3\n", "sessions = 3\n", ["target.tilt.curve.sessions"]),
        ('momentum = "us"', 'momentum = "u"', ["target.tilt.pace.momentum"]),
        ('over = "bonds"', 'over = "bond"', ["target.tilt.pace.over"]),
        ("min_percent = 45", "min_percent = 55", ["target.us.min_percent"]),
        ("max_percent = 60", "max_percent = 50.005", ["target.us.max_percent"]),
        ("[target.tilt]\n", '[target.tilt]\nevery = "yearly"\n', ["target.tilt.every"]),
        ("[target.tilt]\n", "[target.volatility]\n[target.tilt]\n", ["target.tilt"]),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(
    make: Make, before: str, after: str, keys: list[str]
) -> None:
    """Each problem with the line and the key that it is of."""
    assert before in TILT

    places = places_of(make(TILT.replace(before, after, 1)))

    told = [key for _, line, key in places if line is not None]
    assert [key for key in told if not key.startswith("target.volatility")] == keys


def test_a_tilt_without_a_signal_tilts_nothing(make: Make) -> None:
    """The table alone says nothing."""
    places = places_of(make(TOML + "[target.tilt]\n"))

    assert [key for _, _, key in places] == ["target.tilt"]


def test_a_path_keeps_inside_the_limits_on_each_of_its_days(make: Make) -> None:
    """Strategic shares may follow a path; a limit that one of its days breaks is named with it."""
    toml = TILT.replace(
        "percent = 54\n", 'percent = { "2020-01-01" = 54, "2030-01-01" = 40 }\n'
    ).replace("percent  = 20\n", 'percent = { "2020-01-01" = 20, "2030-01-01" = 34 }\n')

    places = places_of(make(toml))
    fit = read_portfolio(make(toml.replace("min_percent = 45", "min_percent = 35")))

    assert [key for _, _, key in places] == ["target.us.min_percent"]
    assert fit.moving is not None


def test_limits_of_a_model_stay_where_only_a_share_is_said_anew(make: Make) -> None:
    """Beside a tilt a share and its limits say two things: one does not take back the other."""
    model = TILT.split("[policy]")[0].split("[target.us]")[1]
    rest = TILT.split("[target.us]")[0] + "[policy]" + TILT.split("[policy]")[1]
    mine = rest + "[target.us]\npercent = 50\n[target.intl]\npercent = 30\n"
    folder = make("extends = 'model.toml'\n" + mine, **{"model.toml": "[target.us]" + model})

    moving = read_portfolio(folder).moving

    assert moving is not None
    assert (moving.tree.leaves()[0].least, moving.tree.leaves()[0].most) == (4500, 6000)


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("", None, ""),
        ("date;value\n2024-01-02;13,5\n", 1, ""),
        ("day,value\n2024-01-02,13\n", 1, ""),
        ("date,close\n2024-01-02,13\n", 1, ""),
        ("date,value\n2024-01-02\n", 2, ""),
        ("date,value\n02/01/2024,13\n", 2, "date"),
        ('date,value\n2024-01-02,"13,5"\n', 2, "value"),
        ("date,value\n2024-01-02,=1+1\n", 2, "value"),
        ("date,value\n2024-01-02,13\n2024-01-02,14\n", 3, "date"),
        ("date,value\n2024-01-02,.\n", None, ""),
    ],
)
def test_a_series_is_checked_row_by_row(make: Make, text: str, line: int | None, key: str) -> None:
    """Each thing wrong with its line, and what would be right."""
    folder = make(**{"vix.csv": text})

    with pytest.raises(InputError) as caught:
        read_series(folder / "vix.csv", "vix.csv")

    (problem,) = caught.value.problems
    assert (problem.line, problem.key) == (line, key)
    assert problem.remedy


def test_a_series_may_be_in_any_order_with_gaps_and_other_columns(make: Make) -> None:
    """As published: newest first, a point where there is none, more columns, capitals."""
    text = "DATE,OPEN,VIXCLS\n2024-01-04,1,14.1\n2024-01-03,1,.\n2024-01-02,1,-0.5\n"
    folder = make(**{"vix.csv": text})

    found = read_series(folder / "vix.csv", "vix.csv", "vixcls")

    assert [day.day for day in found.days] == [2, 4]
    assert found.values == (Decimal("-0.5"), Decimal("14.1"))
