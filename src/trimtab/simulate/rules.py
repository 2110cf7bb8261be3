"""What is the same for every policy of one backtest: costs, cash, dates, when it is traded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from trimtab.costs import Costs
from trimtab.kernels.research import COST_FROM_LAST, COST_IN_ORDER, COST_ONCE, COST_SOLVED
from trimtab.simulate.flows import Flows
from trimtab.simulate.gaps import Gaps

if TYPE_CHECKING:
    from trimtab.simulate.frames import FrameKind

TradeAt: TypeAlias = Literal["close", "next-open", "next-close"]
CostRule: TypeAlias = Literal["once", "solved", "in-order", "from-last"]

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

    @cached_property
    def is_daily(self) -> bool:
        """Whether policies run session by session, for what the fast loop does not know."""
        asked = self.flows is not None or self.fee > 0.0 or self.participation is not None
        return asked or self.gaps is not None or not self.costs.is_plain

    def check_plain(self) -> None:
        """Make sure that nothing asked for needs a run session by session.

        Raises:
            ValueError: It does.
        """
        if self.is_daily:
            raise ValueError(
                "a halt is only known to plain runs: leave out impact, schedules, participation, "
                "flows, fee, and what is said of missing prices"
            )

    def check_whole(self) -> None:
        """Make sure that no instrument is without a price anywhere.

        Raises:
            ValueError: One is: other prices have no such gaps.
        """
        if self.gaps is not None:
            raise ValueError(
                "other prices have no gaps of their own: leave out missing prices, late listings "
                "and delistings to run over them"
            )

    @property
    def needs_volume(self) -> bool:
        """Whether orders cost or wait by the volume of their day."""
        scales = [one.impact for one in (self.costs, *self.costs.by_instrument.values())]
        return self.participation is not None or any(scales)
