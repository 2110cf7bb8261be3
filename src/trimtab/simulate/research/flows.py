"""Money that comes and goes while a policy runs: deposits, withdrawals, a fee on assets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from trimtab.kernels.daily_columns import HOLD, TOWARDS_TARGET
from trimtab.model.days import Day, plain_day
from trimtab.model.errors import OptionError
from trimtab.model.findings import Finding
from trimtab.model.policy import CALENDARS, Calendar
from trimtab.simulate.measures.metrics import DAYS_A_YEAR
from trimtab.simulate.prices.calendar import period_ends

if TYPE_CHECKING:
    from trimtab.simulate.frames import Days, Floats

Invest: TypeAlias = Literal["towards-target", "hold"]

LEAST_YEARLY, MOST_YEARLY = -1.0, 10.0
"""Shares of the value that can go and come in a year."""

INVEST_CODES: dict[str, int] = {"hold": HOLD, "towards-target": TOWARDS_TARGET}


@dataclass(frozen=True)
class Flows:
    """Deposits and, below zero, withdrawals.

    Args:
        dated: Money by date, a date or text. A date without a session counts at the next one.
        yearly: A share of the value a year, as -0.04; taken at each period's last session for
            the days since the last one, actual/365.25, of the value then.
        every: The period of `yearly`.
        invest: `towards-target` buys what is furthest below its target, and sells for a
            withdrawal what is furthest above it; `hold` keeps deposits as cash until the policy
            trades, and takes withdrawals out of cash first, then out of everything alike.
        regular: Money by period, as {"monthly": 500.0}: comes at its last session.

    Raises:
        OptionError: An amount is no finite number, or an option is unknown.
    """

    dated: Mapping[Any, float] = field(default_factory=dict)
    yearly: float = 0.0
    every: Calendar = "monthly"
    invest: Invest = "towards-target"
    regular: Mapping[Calendar, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        try:
            dated = {plain_day(day): money for day, money in self.dated.items()}
        except ValueError as wrong:
            raise OptionError(f"flows: {wrong}") from None
        if len(dated) < len(self.dated):
            raise OptionError("flows: a day stands twice, in two forms")
        object.__setattr__(self, "dated", dated)
        for day, money in dated.items():
            if not isfinite(money):
                raise OptionError(f"flows: {money!r} on {day} is no amount of money")
        if not (isfinite(self.yearly) and LEAST_YEARLY <= self.yearly <= MOST_YEARLY):
            raise OptionError(f"flows: yearly {self.yearly!r}: a share of the value, as -0.04")
        for period, money in self.regular.items():
            if period not in CALENDARS or not isfinite(money):
                raise OptionError(f"flows: regular {period!r}: {money!r}, as {{'monthly': 500.0}}")
        if self.every not in CALENDARS:
            raise OptionError(f"flows: every {self.every!r}: one of {', '.join(CALENDARS)}")
        if self.invest not in INVEST_CODES:
            raise OptionError(f"flows: invest {self.invest!r}: one of {', '.join(INVEST_CODES)}")


def read_flows(flows: Flows | Mapping[Day, float] | float | None) -> Flows | None:
    """What the keyword `flows` means: money by date, a share a year, or both.

    >>> read_flows(-0.04)
    Flows(dated={}, yearly=-0.04, every='monthly', invest='towards-target', regular={})
    """
    if flows is None or isinstance(flows, Flows):
        return flows
    return Flows(dict(flows)) if isinstance(flows, Mapping) else Flows(yearly=float(flows))


def flow_columns(flows: Flows | None, dates: Days) -> tuple[Floats, Floats, list[Finding]]:
    """Money by session, and the share of the value by session, each of shape (sessions,).

    The first session is where the run starts with its cash, and the last never trades: what
    falls on or before the one, or on or after the other, is left out, with a finding.
    """
    import numpy as np

    money, share = np.zeros(len(dates)), np.zeros(len(dates))
    findings: list[Finding] = []
    if flows is None:
        return money, share, findings
    for period, amount in flows.regular.items():
        ends = period_ends(dates, period)
        ends[0] = False
        money[ends] += amount
    outside = []
    for day, amount in sorted(flows.dated.items()):
        at = int(np.searchsorted(dates, np.datetime64(day, "D")))
        if 0 < at < len(dates) - 1:
            money[at] += amount
        else:
            outside.append(f"{amount:,.2f} on {day}")
    if outside:
        more = f" and {len(outside) - 5} more" if len(outside) > 5 else ""
        message = (
            f"left out: {', '.join(outside[:5])}{more}; money comes and goes after {dates[0]}, "
            f"where the run starts with its cash, and before {dates[-1]}, which never trades."
        )
        findings.append(Finding("flow-outside", "flows", message, "warning"))
    if flows.yearly:
        share = flows.yearly * _years_since(dates, flows.every)
        share[-1] = 0.0
    return money, share, findings


def fee_column(fee: float, dates: Days) -> Floats:
    """The share of the value that a yearly fee takes at each session's close, shape (sessions,).

    At the last session of each month and of the run, for the days since the last time.
    """
    return fee * _years_since(dates, "monthly", last=True)


def _years_since(dates: Days, every: Calendar, *, last: bool = False) -> Floats:
    """At each period's last session, the years since the last one or the start; zero elsewhere."""
    import numpy as np

    ends = period_ends(dates, every)
    ends[0] = False
    ends[-1] = last
    at = np.flatnonzero(ends)
    days = (dates - dates[0]).astype("timedelta64[D]").astype(np.float64)
    years = np.zeros(len(dates))
    years[at] = np.diff(days[at], prepend=0.0) / DAYS_A_YEAR
    return years
