"""Period ends and the figures of an equity curve, against published numbers and by hand."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from trimtab.model.policy import Calendar
from trimtab.simulate.measures.metrics import cagr, max_drawdown, volatility
from trimtab.simulate.prices.calendar import period_ends


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("daily", [True] * 7 + [False]),
        ("weekly", [False, True, False, True, False, True, True, False]),
        ("monthly", [False, False, False, True, False, False, True, False]),
        ("quarterly", [False, False, False, True, False, False, False, False]),
        ("annual", [False, False, False, True, False, False, False, False]),
    ],
)
def test_period_ends(period: Calendar, expected: list[bool]) -> None:
    """A period ends at its last session that is there; the sample's last session ends none."""
    days = [
        "2023-12-21",
        "2023-12-22",  # Friday
        "2023-12-27",
        "2023-12-28",  # the week's and year's last session: Friday is missing
        "2024-01-02",
        "2024-01-05",
        "2024-01-31",
        "2024-02-29",
    ]

    ends = period_ends(np.array(days, dtype="datetime64[D]"), period)

    assert ends.tolist() == expected


def test_period_ends_before_1970() -> None:
    """Weeks and months are the calendar's before 1970 as after it."""
    days = np.array(["1929-10-25", "1929-10-28", "1929-10-31", "1929-11-01"], dtype="datetime64[D]")

    assert period_ends(days, "weekly").tolist() == [True, False, False, False]
    assert period_ends(days, "monthly").tolist() == [False, False, True, False]


def test_figures_match_published_ones(shared: Path) -> None:
    """Volatility and worst fall of empyrical's own test series."""
    known = json.loads((shared / "reference" / "empyrical_metrics.json").read_text())
    returns = [r / 100 for r in known["mixed_returns_pct"] if r is not None]
    equity = np.cumprod([1.0, *(1.0 + r for r in returns)])

    assert volatility(equity) == pytest.approx(known["annual_volatility"]["daily"], rel=1e-9)
    assert max_drawdown(equity) == pytest.approx(known["max_drawdown"], rel=1e-12)


def test_growth_a_year_counts_real_days() -> None:
    """Twice the money in ten years of real days is 7.18% a year."""
    growth = cagr(100.0, 200.0, date(2010, 1, 1), date(2020, 1, 1))

    assert growth == pytest.approx(2 ** (365.25 / 3652) - 1, rel=1e-12)


def test_one_return_has_no_volatility() -> None:
    """A spread of one number is not zero but unknown."""
    assert np.isnan(volatility(np.array([1.0, 1.1])))
