"""What is the same for every policy of one backtest: costs, cash, dates, when it is traded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING, Literal, TypeAlias

from trimtab.costs import Costs
from trimtab.kernels.research_trades import COST_FROM_LAST, COST_IN_ORDER, COST_ONCE, COST_SOLVED
from trimtab.model.days import Day, day_asked
from trimtab.model.errors import OptionError
from trimtab.model.frozen import dataclass
from trimtab.simulate.prices.gaps import Delisted, Gaps, Late, read_gaps
from trimtab.simulate.research.flows import Flows, read_flows

if TYPE_CHECKING:
    from trimtab.simulate.frames import FrameKind

TradeAt: TypeAlias = Literal["close", "next-open", "next-close"]
CostRule: TypeAlias = Literal["once", "solved", "in-order", "from-last"]
DividendUse: TypeAlias = Literal["reinvest", "hold", "towards-target"]

DIVIDEND_USES: tuple[DividendUse, ...] = ("reinvest", "hold", "towards-target")

RULES: dict[str, int] = {
    "once": COST_ONCE,
    "solved": COST_SOLVED,
    "in-order": COST_IN_ORDER,
    "from-last": COST_FROM_LAST,
}


@dataclass(frozen=True)
class Rules:
    """What is the same for every policy of one call."""

    costs: Costs
    cash: float
    trade_at: TradeAt | None
    start: date | None
    end: date | None
    cash_rate: float
    cost_rule: int
    compiled: bool
    warmup: int | None
    frames: FrameKind
    accept_jumps: bool
    flows: Flows | None = None
    fee: float = 0.0
    participation: float | None = None
    gaps: Gaps | None = None
    short: bool = False
    loan_rate: float | None = None
    dividends: DividendUse = "reinvest"
    breaks: bool = False

    @cached_property
    def has_conditions(self) -> bool:
        """Whether money comes or goes, is lent, or orders cost or wait by what only days tell; or
        a policy acts when correlations break (`breaks`)."""
        asked = self.flows is not None or self.fee > 0.0 or self.participation is not None
        return asked or self.breaks or self.short or self.pays_dividends or not self.costs.is_plain

    @property
    def is_daily(self) -> bool:
        """Whether policies run session by session, for what the fast loop does not know."""
        return self.gaps is not None or self.has_conditions

    @property
    def pays_dividends(self) -> bool:
        """Whether dividends are paid in cash, and not reinvested as total returns are."""
        return self.dividends != "reinvest"

    def check_plain(self) -> None:
        """Make sure that nothing asked for needs a run session by session.

        Raises:
            OptionError: It does.
        """
        if self.is_daily:
            raise OptionError(
                "a halt is only known to plain runs: leave out impact, schedules, participation, "
                "flows, fee, short positions, dividends, breakdown, and what is said of missing "
                "prices"
            )

    @property
    def needs_volume(self) -> bool:
        """Whether orders cost or wait by the volume of their day."""
        return self.participation is not None or self.costs.needs_volume


def read_rules(
    *,
    costs: Costs,
    cash: float,
    trade_at: TradeAt | None,
    start: Day | None,
    end: Day | None,
    cash_rate: float,
    cost_rule: CostRule,
    compiled: bool,
    warmup: int | None,
    frames: FrameKind,
    accept_jumps: bool,
    flows: Flows | Mapping[Day, float] | float | None,
    fee: float,
    participation: float | None,
    missing: str,
    late: Late,
    delisted: Delisted | None,
    short: bool,
    loan_rate: float | None,
    dividends: DividendUse,
) -> Rules:
    """What the keywords of `backtest`, and of `sweep`, mean together.

    Args:
        costs: What trading costs, exchange included.
        compiled: Whether the compiled form of the kernels runs.
        frames: What results come as.
        cash, trade_at, start, end, cash_rate, cost_rule, warmup, accept_jumps, flows, fee,
            participation, missing, late, delisted, short, loan_rate, dividends: As for
            `backtest`.

    Raises:
        OptionError: One of them makes no sense.
    """
    amounts = {"cash": cash, "cash_rate": cash_rate, "fee": fee, "participation": participation}
    for name, amount in {**amounts, "loan_rate": loan_rate}.items():
        if isinstance(amount, str):
            raise OptionError(f"{name} {amount!r}: a number, without quotes")
    if not 0 < cash < float("inf"):
        raise OptionError(f"cash {cash!r}: must be above zero and finite")
    if cost_rule not in RULES:
        raise OptionError(f"cost_rule {cost_rule!r}: one of {', '.join(RULES)}")
    _check_yearly("cash_rate", cash_rate, "0.03")
    rules = Rules(
        costs=costs,
        cash=float(cash),
        trade_at=trade_at,
        start=read_day("start", start),
        end=read_day("end", end),
        cash_rate=cash_rate,
        cost_rule=RULES[cost_rule],
        compiled=compiled,
        warmup=warmup,
        frames=frames,
        accept_jumps=accept_jumps,
        flows=read_flows(flows),
        fee=float(fee),
        participation=participation,
        gaps=read_gaps(missing, late, delisted),
        short=short,
        loan_rate=loan_rate,
        dividends=dividends,
    )
    _check_daily(rules)
    return rules


def read_day(option: str, given: Day | None) -> date | None:
    """A day that an option names; None where it names none.

    Raises:
        OptionError: It is no day.
    """
    return day_asked(given, lambda wrong: OptionError(f"{option} {wrong}"))


def _check_daily(rules: Rules) -> None:
    """Make sure that fees, volume limits, short positions and loans make sense.

    Raises:
        OptionError: One of them does not.
    """
    if not 0.0 <= rules.fee < 1.0:
        raise OptionError(f"fee {rules.fee!r}: a fraction a year, as 0.005")
    if rules.participation is not None and not 0.0 < rules.participation <= 1.0:
        raise OptionError(f"participation {rules.participation!r}: a share of the volume, as 0.05")
    if rules.dividends not in DIVIDEND_USES:
        raise OptionError(f"dividends {rules.dividends!r}: one of {', '.join(DIVIDEND_USES)}")
    check_short(rules.short, rules.loan_rate, rules.flows, rules.dividends)


def _check_yearly(name: str, rate: float, usual: str) -> None:
    """Make sure that a rate a year is a fraction: 5 is 500%, where 5% was meant."""
    if not -1.0 < rate < 1.0:
        meant = f"; {rate:g} would be {rate:.0%}" if isfinite(rate) else ""
        raise OptionError(f"{name} {rate!r}: a fraction a year, as {usual}{meant}")


def check_short(
    short: bool, loan_rate: float | None, flows: Flows | None, dividends: str = "reinvest"
) -> None:
    """Make sure that what is said of short positions and loans goes together.

    Raises:
        OptionError: It does not.
    """
    if loan_rate is not None and not short:
        raise OptionError("loan_rate: there are no loans unless `short=True` allows them")
    if loan_rate is not None:
        _check_yearly("loan_rate", loan_rate, "0.06")
    if short and flows is not None and flows.invest != "hold":
        raise OptionError(
            "flows: beside short positions money comes to CASH and goes from it, by a loan where "
            "there is none, until the policy trades: say so with `invest=hold`"
        )
    if short and dividends == "towards-target":
        raise OptionError(
            "dividends: beside short positions they stay in CASH until the policy trades: say so "
            "with `dividends=hold`"
        )
