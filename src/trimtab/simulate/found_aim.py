"""A moving target in research mode: the same finding as of a plan, from a view of prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from trimtab.model.instruments import CASH
from trimtab.model.sessions import Calendar
from trimtab.model.sleeves import Sleeve
from trimtab.simulate.aims import Weights
from trimtab.simulate.history import PriceHistory
from trimtab.targets.mover import Mover
from trimtab.targets.moving import MovingTarget
from trimtab.targets.ranged import UNITS, exact_tree
from trimtab.targets.signals import KnownSeries

MOST_KNOWN = 10_000
"""So many findings are kept."""


@dataclass(frozen=True)
class FoundAim:
    """A moving target as a function of a view, for a policy in research.

    Args:
        target: The rule.
        stands_for: The symbol of each leaf that is not held as money.
        calendar: Whose periods count.
        series: By signal what is known of its series.
    """

    target: MovingTarget
    stands_for: Mapping[str, str]
    calendar: Calendar
    series: Mapping[str, KnownSeries] = field(default_factory=dict)
    _known: dict[tuple[date, int], Weights | None] = field(
        default_factory=dict, compare=False, repr=False
    )

    def __call__(self, view: PriceHistory) -> Weights | None:
        """Weights by symbol as of the view's last session; None where nothing can be found."""
        # Several policies look on the same day, at the same prices unless they were shuffled.
        key = view.last, hash(view.close.tobytes())
        if key not in self._known:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            mover = Mover(
                self.target, view, self.stands_for, self.calendar, series=dict(self.series)
            )
            tree = mover.learned(mover.found_on(view.last)).tree
            self._known[key] = None if tree is None else by_symbol(tree, self.stands_for)
        return self._known[key]


def by_symbol(tree: Sleeve, stands_for: Mapping[str, str]) -> Weights:
    """The weights of a tree by the symbols that stand for its leaves."""
    weights: Weights = {}
    for leaf in tree.leaves():
        symbol = CASH if CASH in leaf.hold else stands_for[leaf.name]
        weights[symbol] = weights.get(symbol, 0.0) + float(leaf.weight)
    return weights


def equal_shares(target: MovingTarget) -> Sleeve:
    """What is fixed as it is, and the rest in equal parts as far as limits allow.

    What a found target has to be worth more than: it needs no prices.
    """
    leaves = target.tree.leaves()
    free = [leaf for leaf in leaves if not leaf.is_fixed]
    rest = UNITS - sum(leaf.least for leaf in leaves if leaf.is_fixed)
    return exact_tree(target.tree, {leaf.name: rest / UNITS / len(free) for leaf in free})
