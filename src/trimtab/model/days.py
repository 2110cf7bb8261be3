"""Days in every form in which Python code states them, as plain dates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np

Day: TypeAlias = "date | str | np.datetime64"
"""A date, a moment (a pandas Timestamp is one), text such as `2026-03-31`, or of numpy."""


def plain_day(given: Day) -> date:
    """A day as a plain date; of a moment its own day, as it is written.

    >>> plain_day("2026-03-31"), plain_day(datetime(2026, 3, 31, 16, 0))
    (datetime.date(2026, 3, 31), datetime.date(2026, 3, 31))

    Raises:
        ValueError: It is no day; the message says what one is.
    """
    day: object = given
    try:
        if isinstance(day, str):
            day = datetime.fromisoformat(day)
        elif type(day).__name__ == "datetime64" and hasattr(day, "astype"):
            day = day.astype("datetime64[D]").item()
        if isinstance(day, datetime):
            day = day.date()
        if isinstance(day, date) and day == day:  # what pandas has for no day is not itself
            return day
    except ValueError:
        pass
    raise ValueError(f"{given!r} is no day: pass a date, or text such as 2026-03-31")


def day_asked(given: Day | None, refused: Callable[[str], Exception]) -> date | None:
    """A day that an option or a caller names; None where none is named.

    Args:
        given: The day.
        refused: What to raise with the words of why it is no day.
    """
    if given is None:
        return None
    try:
        return plain_day(given)
    except ValueError as wrong:
        raise refused(str(wrong)) from None
