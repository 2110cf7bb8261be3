"""Days that callers name: every form of one runs alike."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trimtab as tt
from tests.simulate.markets import lively
from trimtab.simulate.research.flows import Flows
from trimtab.simulate.uncertainty.stress import Window

PRICES = lively("AB", 300)
BASE = tt.Policy({"A": 0.6, "B": 0.4}, when="monthly")
FIRST, LAST = date(2024, 3, 1), date(2024, 12, 2)
FORMS: tuple[Any, ...] = (
    str,
    pd.Timestamp,
    np.datetime64,
    lambda day: pd.Timestamp(day).to_pydatetime(),
)
CALLS: dict[str, Any] = {
    "backtest": lambda **days: tt.backtest(PRICES, BASE, **days).to_dict(),
    "sweep": lambda **days: tt.sweep(PRICES, BASE, when=["monthly"], threads=1, **days).summary(),
    "advise": lambda **days: tt.advise(PRICES, BASE, paths=20, **days).to_dict(),
    "stress": lambda **days: tt.stress(
        PRICES,
        BASE,
        windows=[Window("x", *days.values())],
        halt_from=days["end"],
        start=days["start"],
    ).summary(),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_run_takes_days_in_every_form(call: str) -> None:
    """Text, Timestamps, numpy's days and moments name the same days as dates do."""
    expected = CALLS[call](start=FIRST, end=LAST)
    forms = FORMS if call == "backtest" else [pd.Timestamp]

    found = [CALLS[call](start=form(FIRST), end=form(LAST)) for form in forms]

    assert [str(one) for one in found] == [str(expected)] * len(forms)


@pytest.mark.parametrize("call", CALLS)
def test_what_is_no_day_is_refused_by_name(call: str) -> None:
    """A start that is no day is refused in words, and not by whatever stumbles over it."""
    with pytest.raises(tt.InputError, match=r"'4\.3\.2024' is no day: pass a date, or text"):
        CALLS[call](start="4.3.2024", end=LAST)


def test_flows_take_days_in_every_form_once() -> None:
    """Money comes on the day that any form names; two forms of one day are refused."""
    forms = [Flows({form(FIRST): 50.0}) for form in FORMS]

    assert [one.dated for one in forms] == [{FIRST: 50.0}] * len(FORMS)
    with pytest.raises(tt.InputError, match="a day stands twice"):
        Flows({FIRST: 1.0, str(FIRST): 2.0})
