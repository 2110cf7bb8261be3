"""A moving target in research mode: the same finding as of a plan, from a view of prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from trimtab.model.findings import Finding
from trimtab.model.instruments import CASH
from trimtab.model.outlook import Outlook
from trimtab.model.sessions import Calendar
from trimtab.model.sleeves import Sleeve
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.aims import Weights
from trimtab.targets.moving.breaking import Breaks
from trimtab.targets.moving.cppi import CppiRule
from trimtab.targets.moving.held import NOTHING_HELD, Held
from trimtab.targets.moving.mover import NO_WORTH, Mover
from trimtab.targets.moving.moving import MovingTarget
from trimtab.targets.moving.ranged import UNITS, exact_tree
from trimtab.targets.moving.signals import KnownSeries
from trimtab.targets.moving.watch import Watch

OWN = "household"
"""Whose target it is."""

Shares = tuple[tuple[tuple[str, Fraction], ...], tuple[tuple[str, float], ...]]
"""What is held by leaf, as something to look up by."""

Made = tuple[Weights | None, tuple[Finding, ...]]
"""Weights by symbol, and what is said of them."""

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
        breaks: Whether it is found anew when correlations break, as `breakdown` asks.
    """

    target: MovingTarget
    stands_for: Mapping[str, str]
    calendar: Calendar
    series: Mapping[str, KnownSeries] = field(default_factory=dict)
    breaks: bool = False
    _known: dict[tuple[date, int, Fraction, bool, Shares], Made] = field(
        default_factory=dict, compare=False, repr=False
    )
    _judged: Breaks = field(default_factory=Breaks, compare=False, repr=False)
    _on: dict[date, date] = field(default_factory=dict, compare=False, repr=False)

    @property
    def insured(self) -> CppiRule | None:
        """The floor that it insures, if it does."""
        return self.target.cppi

    @property
    def learns(self) -> bool:
        """Whether it is found from estimates."""
        rule = self.target
        return rule.volatility is not None or (rule.is_optimised and rule.tilt is None)

    @property
    def judged(self) -> tuple[str, ...]:
        """Whose correlations may break."""
        return tuple(self.stands_for.values())

    def found_on(self, day: date) -> date:
        """The session whose finding holds on a session."""
        if day not in self._on:
            self._on[day] = self.calendar.last_period_end(self.target.every, day)
        return self._on[day]

    def __call__(self, view: PriceHistory) -> Weights | None:
        """Weights by symbol as of the view's last session; None where nothing can be found."""
        return self.with_findings(view)[0]

    def with_findings(self, view: PriceHistory) -> Made:
        """The same, and what a plan of that day would say of how they were found."""
        import numpy as np

        worth, held, mover = self._worth(view), self._held(view), self._mover(view)
        on = mover.found_on(view.last)
        # Several policies look, on several days of a period, at the same prices until it began,
        # unless they were shuffled.
        until = int(np.searchsorted(view.dates, np.datetime64(on, "D"), side="right"))
        shares = tuple(sorted(held.shares.items())), tuple(sorted(held.prices.items()))
        key = on, hash(view.close[:until].tobytes()), worth, self.breaks, shares
        if key not in self._known:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[key] = self._found(mover, on, worth, held)
        return self._known[key]

    def _found(self, mover: Mover, on: date, worth: Fraction, held: Held) -> Made:
        now = mover.learned(on, worth, held)
        if now.tree is None:
            return None, (*now.findings, mover.kept(now))
        return by_symbol(now.tree, self.stands_for), (*now.findings, *mover.found_anew(on))

    def outlook(self, view: PriceHistory) -> tuple[Outlook, Mapping[str, str]]:
        """What is expected of its leaves as of the view's last session, and whose prices they are.

        For triggers that weigh it: the estimates of a plan of that day.
        """
        mover = self._mover(view)
        tree = mover.learned(mover.found_on(view.last), self._worth(view), self._held(view)).tree
        if tree is None:
            return Outlook(OWN, lacking="no target can be found"), self.stands_for
        leaves = tuple(
            leaf if CASH in leaf.hold else replace(leaf, hold=(self.stands_for[leaf.name],))
            for leaf in tree.leaves()
        )
        root = replace(tree, children=leaves)
        watch = Watch(view, {}, self.calendar)
        return watch.outlook(OWN, root, view.last, mover=mover), self.stands_for

    def _worth(self, view: PriceHistory) -> Fraction:
        """What the policy is worth, where its target depends on that."""
        return Fraction(view.worth) if self.target.needs_worth else NO_WORTH

    def _held(self, view: PriceHistory) -> Held:
        """What the policy holds, where its target depends on that: what one symbol stands for in
        several leaves, in equal parts.
        """
        if not self.target.needs_held:
            return NOTHING_HELD
        symbols = list(self.stands_for.values())
        last = dict(zip(view.symbols, view.close[-1].tolist(), strict=True))
        return Held(
            {
                leaf: Fraction(view.held.get(symbol, 0.0)) / symbols.count(symbol)
                for leaf, symbol in self.stands_for.items()
            },
            prices={
                leaf: last[symbol] for leaf, symbol in self.stands_for.items() if last[symbol] > 0.0
            },
        )

    def _mover(self, view: PriceHistory) -> Mover:
        breaks = self._judged if self.breaks else None
        return Mover(
            self.target, view, self.stands_for, self.calendar, series=dict(self.series),
            breaks=breaks,
        )  # fmt: skip


def for_breakdown(target: object) -> object:
    """The target that a policy with `breakdown` has: found anew when correlations break."""
    return replace(target, breaks=True) if isinstance(target, FoundAim) else target


@dataclass(frozen=True)
class WrittenAim:
    """A written target as a function of a view, for a policy that weighs what is expected of it.

    Args:
        root: Its tree; each leaf holds one symbol.
        calendar: At the end of whose months the estimates are made anew.
    """

    root: Sleeve
    calendar: Calendar

    @property
    def judged(self) -> tuple[str, ...]:
        """Whose correlations may break."""
        return tuple(self._symbols().values())

    def __call__(self, view: PriceHistory) -> Weights:
        """Weights by symbol, the same on every day."""
        return by_symbol(self.root, self._symbols())

    def outlook(self, view: PriceHistory) -> tuple[Outlook, Mapping[str, str]]:
        """As of `FoundAim.outlook`."""
        found = Watch(view, {}, self.calendar).outlook(OWN, self.root, view.last)
        return found, self._symbols()

    def _symbols(self) -> dict[str, str]:
        return {leaf.name: leaf.hold[0] for leaf in self.root.leaves() if leaf.hold[0] != CASH}


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
