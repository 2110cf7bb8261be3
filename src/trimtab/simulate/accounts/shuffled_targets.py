"""A target that moves, over shuffled histories: found anew on each, from that history's own prices.

What was best in history is not what was best in another order of it. What a target learns from
before the first session is drawn as the sessions themselves are, so that nothing of a path is
history's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trimtab.model.errors import OptionError
from trimtab.model.sessions import Calendar
from trimtab.simulate.accounts.shuffled_markets import CENTS, ShuffledMarkets
from trimtab.simulate.accounts.tape import Tape
from trimtab.simulate.prices.history import PriceHistory
from trimtab.targets.moving.mover import Mover, stand_ins
from trimtab.targets.moving.moving import MovingTarget

if TYPE_CHECKING:
    from trimtab.simulate.frames import Days as DayColumn


@dataclass(frozen=True, eq=False)
class ShuffledTarget:
    """The rule of a target, to be followed on every path.

    Args:
        target: The rule.
        owner: `household`, or the account whose own target it is.
        calendar: Whose periods count.
        before: Days before the first session that there is something to learn from.
    """

    target: MovingTarget
    owner: str
    calendar: Calendar
    before: DayColumn = field(repr=False)

    @classmethod
    def of(cls, mover: Mover, shuffled: ShuffledMarkets) -> ShuffledTarget:
        """Ready to be found anew.

        Raises:
            OptionError: It goes by what no path has: volumes, a series of history's own days, or
                prices of what is on no path.
        """
        import numpy as np

        if mover.target.kept.liquidity is not None:
            raise OptionError("its target goes by volumes (within_days), which no path has")
        if mover.series:
            names = ", ".join(sorted(mover.series))
            raise OptionError(f"its target goes by a series of history's own days ({names})")
        if lacking := mover.stands_for.keys() - stand_ins(mover.target.tree, {}, shuffled.names):
            raise OptionError(
                f"nothing of {', '.join(sorted(lacking))} has a price on every session, and the "
                "target is found from them"
            )
        first = np.datetime64(shuffled.sessions.days[0], "D")
        days = np.zeros(0, "datetime64[D]") if mover.prices is None else mover.prices.dates
        return cls(mover.target, mover.owner, mover.calendar, days[days < first])

    def on(self, shuffled: ShuffledMarkets, number: int, tape: Tape) -> Mover:
        """What finds the target on one path.

        Args:
            shuffled: The paths.
            number: Which.
            tape: Its sessions.

        Raises:
            OptionError: There is none to begin with.
        """
        import numpy as np

        prices = None
        if self.target.needs_prices:
            own = tape.mantissas / 10.0**CENTS
            close = np.vstack([shuffled.closes_before(number, len(self.before)), own])
            days = np.concatenate([self.before, np.array(tape.days, dtype="datetime64[D]")])
            prices = PriceHistory(days, tape.names, close)
        names = stand_ins(self.target.tree, {}, tape.names)
        mover = Mover(self.target, prices, names, self.calendar, owner=self.owner)
        tree, found = mover.at(tape.days[0], None)
        if tree is None:
            raise OptionError(
                f"on number {number + 1} no target can be found to begin with: {found.kept}"
            )
        return mover
