"""A target that moves: found anew at the end of every period, from what prices were until then.

Between two findings the last one holds, and it follows from the rule and the prices alone: whoever
asks on any day of a period gets the same weights, in a plan, a backtest or a batch. What cannot be
found leaves the target that was last adopted in force, and says why; weights that nobody asked for,
as equal ones, never take its place (docs/decisions/0015).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

from trimtab.model.breaks import Break
from trimtab.model.findings import Finding
from trimtab.model.found import HOUSEHOLD, Found, FoundSleeve, target_key
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import CASH, Instrument
from trimtab.model.sessions import Calendar
from trimtab.model.sleeves import Sleeve
from trimtab.targets.moving.breaking import HALF_LIFE, Breaks, by_what_is_recent, learns_anew
from trimtab.targets.moving.held import NOTHING_HELD, Held
from trimtab.targets.moving.moving import MovingTarget, shown
from trimtab.targets.moving.ranged import Range
from trimtab.targets.moving.signals import KnownSeries
from trimtab.targets.prices import Prices

if TYPE_CHECKING:
    from trimtab.targets.moving.finding import Finding as Learned
    from trimtab.targets.moving.learned import Prepared


NO_WORTH = Fraction(0)
"""Before there is anything, it is worth nothing."""


WORTH_SAYING = Fraction(1, 1000)
"""What moved by less is not told why."""


def stand_ins(
    tree: Range, instruments: Mapping[str, Instrument], symbols: tuple[str, ...]
) -> dict[str, str]:
    """Whose prices stand for each leaf: of the first in its hold list that has any.

    What an instrument names as its `history` goes before its own prices, which may be young.

    Args:
        tree: The leaves; those held as money need none.
        instruments: By id.
        symbols: What has prices.
    """
    found = {}
    for leaf in tree.leaves():
        for id_ in leaf.hold:
            known = instruments.get(id_)
            names = (known.history if known is not None else None, id_)
            symbol = next((one for one in names if one and one in symbols and one != CASH), None)
            if symbol is not None:
                found[leaf.name] = symbol
                break
    return found


@dataclass
class Mover:
    """A moving target with the prices that it learns from; each finding is made once.

    Args:
        target: The rule.
        prices: All prices there are; only those up to a finding's day enter it. None where they
            cannot be read.
        stands_for: The symbol of each leaf, as of `stand_ins`.
        calendar: Whose periods count.
        unreadable: Why there are no prices, in a sentence.
        series: By signal what is known of its series, or why it cannot be read, in a sentence.
        breaks: What judges whether correlations broke, where the policy asks for `breakdown`: then
            the target is found anew at once, by what is recent.
        owner: `household`, or the account whose own target it is; then all that is said names it.
    """

    target: MovingTarget
    prices: Prices | None
    stands_for: Mapping[str, str]
    calendar: Calendar
    unreadable: str = ""
    series: Mapping[str, KnownSeries | str] = field(default_factory=dict)
    breaks: Breaks | None = None
    owner: str = HOUSEHOLD
    _known: dict[tuple[date, bool], Learned] = field(default_factory=dict, repr=False)
    _prepared: dict[tuple[date, bool], Prepared | Learned] = field(default_factory=dict, repr=False)
    _broken: dict[date, tuple[Finding, ...]] = field(default_factory=dict, repr=False)

    def found_on(self, as_of: date) -> date:
        """The session whose finding holds on a day."""
        if self.breaks is not None and learns_anew(self.target):
            struck = self.broke(as_of).on
            if struck is not None:
                return struck
        return self.calendar.last_period_end(self.target.every, as_of)

    def broke(self, as_of: date) -> Break:
        """Whether correlations broke since the newest period ended before a day."""
        if self.breaks is None or self.prices is None:
            return Break("", lacking=self.unreadable or "nobody asked")
        begin = self.calendar.last_period_end(self.target.every, as_of)
        symbols = tuple(self.stands_for.values())
        return self.breaks.struck(self.prices, symbols, begin, as_of)

    def _is_anew(self, on: date) -> bool:
        """Whether a day's finding is by what is recent, since correlations broke."""
        if self.breaks is None or not learns_anew(self.target):
            return False
        return self.broke(on).on == on

    def learned(self, on: date, worth: Fraction = NO_WORTH, held: Held = NOTHING_HELD) -> Learned:
        """What was found on the last session of a period, or why nothing was.

        Args:
            on: The session.
            worth: What the percentages divide, in money, where the target depends on it.
            held: What is held, where it depends on that.
        """
        from trimtab.targets.moving.finding import Finding as Nothing
        from trimtab.targets.moving.learned import learned

        if self.target.is_dated and self.target.glide is not None:
            return Nothing(self.target.glide.tree_on(on))
        if self.prices is None and self.target.needs_prices:
            return Nothing(None, self.unreadable)
        if self.target.cppi is not None:
            from trimtab.targets.moving.insured import insured

            return insured(self.target, on, worth)
        anew = self._is_anew(on)
        if self.target.of_one_book:
            return self._of_one_book(on, anew, worth, held)
        if (on, anew) in self._known:
            return self._known[on, anew]
        if self.target.tilt is not None:
            from trimtab.targets.moving.tilted import tilted

            found = tilted(self.target, self.prices, self.stands_for, self.series, on)
        else:
            assert self.prices is not None, "what is learned is learned from prices"
            target = by_what_is_recent(self.target) if anew else self.target
            found = learned(target, self.prices, self.stands_for, on=on, calendar=self.calendar)
        self._known[on, anew] = found
        return found

    def _of_one_book(self, on: date, anew: bool, worth: Fraction, held: Held) -> Learned:
        """What depends on a book: the estimates are made once, and the weights for each."""
        from trimtab.targets.moving.finding import Finding as Nothing
        from trimtab.targets.moving.learned import found_from, prepared

        target = by_what_is_recent(self.target) if anew else self.target
        if (on, anew) not in self._prepared:
            assert self.prices is not None, "what is learned is learned from prices"
            self._prepared[on, anew] = prepared(
                target, self.prices, self.stands_for, on=on, calendar=self.calendar
            )
        known = self._prepared[on, anew]
        if isinstance(known, Nothing):
            return known
        if held != NOTHING_HELD or worth:
            return found_from(target, known, held=held, worth=worth)
        # What is the same for every book is asked again with each of many.
        if (on, anew) not in self._known:
            self._known[on, anew] = found_from(target, known)
        return self._known[on, anew]

    def at(
        self,
        as_of: date,
        adopted: Mapping[str, Fraction] | None,
        worth: Fraction = NO_WORTH,
        held: Held = NOTHING_HELD,
    ) -> tuple[Sleeve | None, Found]:
        """The target that holds on a day, and what explains it.

        Args:
            as_of: A session.
            adopted: Weights by leaf that were last adopted: kept where nothing can be found.
            worth: What the percentages divide then, in money, where the target depends on it.
            held: What is held then, where it depends on that.

        Returns:
            The tree; None where nothing can be found and nothing was ever adopted.
        """
        tree, found = self._at(self.found_on(as_of), adopted, worth, held)
        return tree, found if self.owner == HOUSEHOLD else _of_account(found, self.owner)

    def _at(
        self, on: date, adopted: Mapping[str, Fraction] | None, worth: Fraction, held: Held
    ) -> tuple[Sleeve | None, Found]:
        """The same by the finding of a day, in the words of the household's target."""
        now = self.learned(on, worth, held)
        if now.tree is None:
            return self._kept(now, on, adopted)
        before_on = self.found_on(self.calendar.session_on_or_before(_day_before(on)))
        # What was held then, and what it was worth, is not known here.
        then = None if self.target.of_one_book else self.learned(before_on)
        before = then.tree if then is not None else None
        was = {leaf.name: leaf.weight for leaf in before.leaves()} if before else {}
        sleeves = tuple(
            FoundSleeve(
                leaf.name,
                self.stands_for.get(leaf.name, ""),
                leaf.weight,
                was.get(leaf.name),
                now.returns.get(leaf.name),
                now.volatilities.get(leaf.name),
                now.limits.get(leaf.name, ""),
            )
            for leaf in now.tree.leaves()
        )
        previous = before_on if before is not None else None
        found = Found(
            self.target.words,
            on,
            sleeves,
            previous,
            now.estimates,
            findings=(*now.findings, *self._told_of(on)),
            why="\n".join(filter(None, (now.why, _moved_most(sleeves, then) if then else ""))),
        )
        return now.tree, found

    def _told_of(self, on: date) -> tuple[Finding, ...]:
        """That a target was found anew since correlations broke, or that they have."""
        return self.found_anew(on) or self.broken(on)

    def found_anew(self, on: date) -> tuple[Finding, ...]:
        """That a day's target was found anew since correlations broke; nothing where it was not."""
        if not self._is_anew(on):
            return ()
        found = self.broke(on)
        message = (
            f"correlations broke away from their past: {found.told}. So the target was found anew "
            f"on {on}, from a covariance in which a return counts half after {HALF_LIFE} sessions; "
            "it holds until the period ends"
        )
        return (Finding("target-found-anew", "target", message),)

    def broken(self, on: date) -> tuple[Finding, ...]:
        """That correlations have left those of the estimates, where the target is found by them."""
        from trimtab.targets.moving.broken import broken

        if self.prices is None or self.target.cppi is not None:
            return ()
        estimates = self.learned(on).estimates
        if estimates is None:
            return ()
        if on not in self._broken:
            self._broken[on] = broken(self.prices, estimates, on)
        return self._broken[on]

    def kept(self, now: Learned) -> Finding:
        """That nothing could be found, so that the target adopted last stays."""
        message = (
            f"no new target could be found ({self.target.words}): {now.failure} The one that was "
            "adopted last is kept"
        )
        return Finding("target-kept", "target", message)

    def _kept(
        self, now: Learned, on: date, adopted: Mapping[str, Fraction] | None
    ) -> tuple[Sleeve | None, Found]:
        """The target last adopted, where there is one for the very same sleeves."""
        leaves = [leaf.name for leaf in self.target.tree.leaves()]
        if adopted is None or set(adopted) != set(leaves):
            message = (
                f"no target could be found ({self.target.words}): {now.failure} Nothing was "
                "adopted before that could be kept, so nothing is planned"
            )
            told = Finding("target-not-found", "target", message, "error")
            return None, Found(
                self.target.words, on, (), kept=now.failure, findings=(*now.findings, told)
            )
        told = self.kept(now)
        sleeves = tuple(
            FoundSleeve(name, self.stands_for.get(name, ""), adopted[name]) for name in leaves
        )
        found = Found(
            self.target.words, on, sleeves, kept=now.failure, findings=(*now.findings, told)
        )
        return _weighing(self.target.tree, adopted), found


def _of_account(found: Found, account: str) -> Found:
    """What was found for an account's own target: findings name it, and the tables under it."""

    def told(text: str) -> str:
        return text.replace("[target.", f"[{target_key(account)}.")

    findings = tuple(
        replace(
            one,
            subject=account if one.subject == "target" else one.subject,
            message=f"target of {account}: {told(one.message)}",
        )
        for one in found.findings
    )
    return replace(found, target=account, kept=told(found.kept), findings=findings)


def _weighing(node: Range, weights: Mapping[str, Fraction]) -> Sleeve:
    """The tree with given weights of its leaves."""
    if not node.children:
        return Sleeve(node.name, weights[node.name], node.hold, node.location)
    children = tuple(_weighing(child, weights) for child in node.children)
    total = sum((child.weight for child in children), Fraction(0))
    return Sleeve(node.name, total, (), node.location, children)


def _moved_most(sleeves: Sequence[FoundSleeve], then: Learned) -> str:
    """Of the sleeve that moved most, what was expected of it before and is now, in a sentence."""
    moved = [
        (abs(one.weight - one.previous), one)
        for one in sleeves
        if one.previous is not None and one.volatility is not None
    ]
    if not moved:
        return ""
    by, one = max(moved, key=lambda pair: pair[0])
    volatility, returns = then.volatilities.get(one.sleeve), then.returns.get(one.sleeve)
    if by < WORTH_SAYING or volatility is None or one.volatility is None:
        return ""
    told = f"volatility {volatility:.1%} before and {one.volatility:.1%} now"
    if returns is not None and one.expected_return is not None:
        told += f", return {returns:.1%} and {one.expected_return:.1%}"
    return f"what moved most is {one.sleeve}: by the estimates {told}"


def _day_before(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)


def in_a_line(found: Found) -> str:
    """A found target in a sentence: by what, as of when, and how it moved."""
    if not found.sleeves and not found.kept:
        return f"{found.rule}, on {found.on}: for each account by itself"
    parts = []
    for one in found.sleeves:
        was = one.previous
        moved = "" if was is None or was == one.weight else f" (was {shown(was)})"
        parts.append(f"{one.sleeve} {shown(one.weight)}{moved}")
    return f"{found.rule}, on {found.on}: {', '.join(parts)}"
