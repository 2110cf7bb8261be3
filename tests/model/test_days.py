"""Days as Python code states them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from trimtab.model.days import plain_day

DAY = date(2010, 1, 4)
FORMS = [
    DAY,
    datetime(2010, 1, 4, 16, 30, tzinfo=UTC),
    "2010-01-04",
    "2010-01-04 00:00:00",
    pd.Timestamp("2010-01-04"),
    pd.Timestamp("2010-01-04 23:00", tz="America/New_York"),
    np.datetime64("2010-01-04"),
    np.datetime64("2010-01-04T16:00", "ns"),
]


@pytest.mark.parametrize("given", FORMS, ids=lambda one: f"{type(one).__name__} {one}")
def test_a_day_in_any_form_is_the_same_plain_date(given: object) -> None:
    """Every usual form of a day gives one date, and of no other type."""
    found = plain_day(given)  # type: ignore[arg-type]

    assert (type(found), found) == (date, DAY)


@pytest.mark.parametrize(
    "given", ["4.1.2010", "", 20100104, 2010.0, np.int64(7), pd.NaT, np.datetime64("NaT"), None]
)
def test_what_is_no_day_is_refused_in_words(given: object) -> None:
    """A value that is no day is never taken for one, and the message says what a day is."""
    with pytest.raises(ValueError, match=r"is no day: pass a date, or text such as 2026-03-31"):
        plain_day(given)  # type: ignore[arg-type]
