"""What is expected of a target's leaves: the estimates that `tracking` and `worth` weigh by.

Of a target that is optimised they are those that it was found from. Of any other, the sample
covariance of the last three years, made anew at the end of every month; so that like a finding it
follows from prices and the day alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from datetime import date
from typing import TYPE_CHECKING

from trimtab.model.breaks import Break
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import CASH, Instrument
from trimtab.model.outlook import Outlook
from trimtab.model.policy import When
from trimtab.model.sessions import Calendar, Period
from trimtab.model.sleeves import Sleeve
from trimtab.targets.moving.breaking import Breaks
from trimtab.targets.moving.mover import Mover, stand_ins
from trimtab.targets.moving.moving import MovingTarget
from trimtab.targets.moving.ranged import UNITS, Range
from trimtab.targets.prices import Prices

if TYPE_CHECKING:
    from trimtab.targets.moving.finding import Finding as Learned

EVERY: Period = "monthly"
"""How often the covariance of a target that is not found from prices is made anew; and since when
correlations are looked at that may break."""


@dataclass
class Watch:
    """What estimates risk, with the prices that it learns from; each estimate is made once.

    Args:
        prices: All prices there are; only those up to an estimate's day enter it. None where they
            cannot be read.
        instruments: By id: whose `history` stands for them.
        calendar: Whose periods count.
        unreadable: Why there are no prices, in a sentence.
    """

    prices: Prices | None
    instruments: Mapping[str, Instrument]
    calendar: Calendar
    unreadable: str = ""
    _known: dict[tuple[str, tuple[tuple[str, ...], ...], date], Outlook] = field(
        default_factory=dict, repr=False
    )
    _breaks: Breaks = field(default_factory=Breaks, repr=False)

    def broke(self, target: str, root: Sleeve, as_of: date, *, mover: Mover | None = None) -> Break:
        """Whether correlations of a target's leaves broke since it was last found, or looked at.

        Args:
            target: `household`, or the account whose own target it is.
            root: The target.
            as_of: A session.
            mover: What finds this target, where it moves.
        """
        if mover is not None and mover.breaks is not None and mover.prices is not None:
            return replace(mover.broke(as_of), target=target)
        if self.prices is None:
            return Break(target, lacking=self.unreadable)
        leaves = tuple(Range(one.name, 0, UNITS, False, False, one.hold) for one in root.leaves())
        tree = Range("", UNITS, UNITS, True, True, children=leaves)
        known = stand_ins(tree, self.instruments, self.prices.symbols)
        begin = self.calendar.last_period_end(EVERY, as_of)
        found = self._breaks.struck(self.prices, tuple(known.values()), begin, as_of)
        return replace(found, target=target)

    def outlook(
        self, target: str, root: Sleeve, as_of: date, *, mover: Mover | None = None
    ) -> Outlook:
        """What is expected of a target's leaves on a day, or why nothing is known.

        Args:
            target: `household`, or the account whose own target it is.
            root: The target.
            as_of: A session.
            mover: What finds this target, where it moves.
        """
        if mover is not None and mover.target.is_optimised:
            found = mover.learned(mover.found_on(as_of))
            return replace(
                found.outlook or Outlook("", lacking=found.failure or "nothing was estimated"),
                target=target,
            )
        on = self.calendar.last_period_end(EVERY, as_of)
        key = target, tuple(leaf.hold for leaf in root.leaves()), on
        if key not in self._known:
            self._known[key] = replace(self._estimated(root, on), target=target)
        return self._known[key]

    def _estimated(self, root: Sleeve, on: date) -> Outlook:
        from trimtab.targets.moving.learned import estimated

        if self.prices is None:
            return Outlook("", lacking=self.unreadable)
        leaves = tuple(Range(one.name, 0, UNITS, False, False, one.hold) for one in root.leaves())
        tree = Range("", UNITS, UNITS, True, True, children=leaves)
        known = stand_ins(tree, self.instruments, self.prices.symbols)
        if all(CASH in leaf.hold for leaf in leaves):
            return Outlook("", lacking="the target is all money")
        found: Learned = estimated(
            MovingTarget(tree), self.prices, known, on=on, calendar=self.calendar
        )
        return found.outlook or Outlook("", lacking=found.failure or "nothing was estimated")


def why_not_weighed(when: When, rules: Iterable[MovingTarget | None]) -> str:
    """Why a target says nothing of what a policy weighs, in a sentence; or nothing.

    Args:
        when: When the policy acts.
        rules: How each target is found; None where it is written down.
    """
    has_utility = any(
        rule is not None and rule.is_optimised and rule.asked.objective == "utility"
        for rule in rules
    )
    if when.worth is None or has_utility:
        return ""
    return (
        f"when {when}: worth weighs expected utility against cost, and no target here maximises "
        'it; write objective = "utility" under [target.optimize], or use tracking, a band or '
        "drift"
    )
