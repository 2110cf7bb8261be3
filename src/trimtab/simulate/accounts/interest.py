"""Interest on the cash of simulated accounts: earned every day, booked at each month's end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from trimtab.ledger import events
from trimtab.ledger.chain import Draft
from trimtab.simulate.measures.metrics import DAYS_A_YEAR
from trimtab.simulate.prices.calendar import period_ends


@dataclass
class Interest:
    """What cash earns: actual/365.25, compounding, as `cash_rate` of research mode.

    Args:
        rate: A year's, as 0.03.
        places: Sessions at which it is booked: the last of each month and of the run.
        since: The day up to which it has been counted.
        paid: What was booked in all, minor units.
    """

    rate: float
    places: tuple[int, ...]
    since: date
    paid: int = 0
    _owed: dict[str, float] = field(default_factory=dict)

    @classmethod
    def over(cls, days: Sequence[date], rate: float) -> Interest | None:
        """Interest over the sessions of a run; None where cash earns nothing."""
        import numpy as np

        if not rate:
            return None
        ends = period_ends(np.array(days, dtype="datetime64[D]"), "monthly")
        ends[0], ends[-1] = False, True
        return cls(rate, tuple(np.flatnonzero(ends).tolist()), days[0])

    def next_from(self, place: int) -> list[int]:
        """The next session, from one on, at which it is booked; none where there is none."""
        return [one for one in self.places if one >= place][:1]

    def earn(self, cash: Mapping[str, int], until: date) -> None:
        """Count what cash has earned, where it was the same since the day counted last."""
        by = (1.0 + self.rate) ** ((until - self.since).days / DAYS_A_YEAR)
        for account, minor in cash.items():
            owed = self._owed.get(account, 0.0)
            self._owed[account] = owed * by + max(minor, 0) * (by - 1.0)
        self.since = until

    def book(self, on: date, *, at: str) -> list[Draft]:
        """What is to be written for what was earned; parts of a minor unit wait for the next."""
        drafts = []
        for account, owed in self._owed.items():
            whole = int(owed)
            if whole:
                self._owed[account] = owed - whole
                self.paid += whole
                drafts.append(
                    events.interest_paid(account, whole, on=on, ref=f"interest-{on}", at=at)
                )
        return drafts
