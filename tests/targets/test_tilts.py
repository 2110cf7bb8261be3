"""Tilts in Python: the same readings and the same limits as of a portfolio folder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

import trimtab as tt

WEIGHTS = {"UP": 0.6, "FLAT": 0.4}
SHIFT = {"UP": -0.1, "FLAT": 0.1}
VIX = {"2023-02-27": 20.0, date(2023, 2, 28): 31.0, "2023-03-01": float("nan")}


@dataclass(frozen=True)
class View:
    """Prices in memory."""

    dates: Any
    symbols: tuple[str, ...]
    close: Any

    @property
    def last(self) -> date:
        """Its last day."""
        day: date = self.dates[-1].item()
        return day


def view(days: int = 424) -> View:
    """UP gains one each day from 100 on, to 1 March 2023; FLAT stays at 50."""
    first = date(2022, 1, 2)
    dates = np.array([first + timedelta(one) for one in range(days)], dtype="datetime64[D]")
    return View(dates, ("UP", "FLAT"), np.array([[100.0 + one, 50.0] for one in range(days)]))


@pytest.mark.parametrize(
    ("tilt", "up"),
    [
        (tt.Tilt(SHIFT, series=VIX, above=30), 0.5),
        (tt.Tilt(SHIFT, series=VIX, above=30, lag_days=2), 0.6),
        (tt.Tilt(SHIFT, series=VIX, below=30), 0.6),
        (tt.Tilt(SHIFT, momentum="UP", above=0), 0.5),
        (tt.Tilt(SHIFT, momentum="FLAT", over="UP", below=0), 0.5),
        (tt.Tilt(SHIFT, trend="UP", below=0), 0.6),
    ],
)
def test_one_tilt_by_hand(tilt: tt.Tilt, up: float) -> None:
    """On 1 March the 31 of the day before is known, at a lag of two days the 20; UP has risen."""
    found = tt.Tilts(WEIGHTS, [tilt])(view())

    assert found == {"UP": up, "FLAT": 1.0 - up}


def test_shifts_add_up_inside_limits() -> None:
    """Two tilts want 20 points; the limit of UP leaves 15, and the most of all 12."""
    tilts = [tt.Tilt(SHIFT, series=VIX, above=30), tt.Tilt(SHIFT, momentum="UP", above=0)]

    limited = tt.Tilts(WEIGHTS, tilts, limits={"UP": (0.45, 0.7)})(view())
    both = tt.Tilts(WEIGHTS, tilts, limits={"UP": (0.45, 0.7)}, most=0.12)(view())

    assert limited == {"UP": 0.45, "FLAT": 0.55}
    assert both == {"UP": 0.48, "FLAT": 0.52}


def test_too_little_known_is_no_target() -> None:
    """A stale series and too short a history give none, so the last one holds."""
    stale = tt.Tilts(WEIGHTS, [tt.Tilt(SHIFT, series={"2023-01-02": 5.0}, above=30)])
    young = tt.Tilts(WEIGHTS, [tt.Tilt(SHIFT, momentum="UP", above=0)])

    assert stale(view()) is None
    assert young(view(300)) is None


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"momentum": "UP"}, "series"),
        ({"series": None}, "series"),
        ({"below": 1.0}, "above"),
        ({"above": None, "deviations": 0.0}, "deviations"),
        ({"shift": {"UP": 0.1}}, "shift"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any], word: str) -> None:
    """One source, one rule, and shifts that add up to nothing."""
    with pytest.raises(ValueError, match=word):
        replace(tt.Tilt(SHIFT, series=VIX, above=30), **wrong)
