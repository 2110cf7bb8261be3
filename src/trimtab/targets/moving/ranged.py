"""A target whose shares are found: what each sleeve may weigh, and shares made exact within it.

Shares are whole hundredths of a percent (units), so that they can be written down, compared and
divided without a remainder. From what an optimiser found, each level of the tree is rounded from
the top: every sleeve gets the whole units below its share, and the units that are left go one each
to the largest remainders, the first written among equals, never past a limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor

from trimtab.model.frozen import dataclass
from trimtab.model.instruments import CASH
from trimtab.model.sleeves import Sleeve
from trimtab.targets.tree import (
    RawSleeve,
    TreeProblem,
    check_hold,
    check_one_leaf_each,
    joined,
    percent_text,
)

UNITS = 10_000
"""A whole portfolio: hundredths of a percent."""

_NEARLY = 1e-6
"""So near below a whole unit a share is that unit: solvers stop that near."""


@dataclass(frozen=True, slots=True)
class Range:
    """What a sleeve may weigh.

    Args:
        name: Dotted path from the root; empty for the root.
        least, most: Units, with what is below it taken into account.
        is_fixed: Whether its share is written down.
        is_limited: Whether it has limits of its own, or is fixed.
        hold, location: As of `Sleeve`.
        children: Those that divide it; empty for a leaf.
    """

    name: str
    least: int
    most: int
    is_fixed: bool
    is_limited: bool
    hold: tuple[str, ...] = ()
    location: tuple[str, ...] = ()
    children: tuple[Range, ...] = ()

    @property
    def is_cash(self) -> bool:
        """Whether it is held as money."""
        return CASH in self.hold

    def walk(self) -> Iterator[Range]:
        """This sleeve and all below it, parents before children, in the order written."""
        yield self
        for child in self.children:
            yield from child.walk()

    def leaves(self) -> tuple[Range, ...]:
        """Those that hold instruments, in the order written."""
        return tuple(one for one in self.walk() if not one.children)


def ranged_tree(
    sleeves: Sequence[RawSleeve], *, least: Decimal, most: Decimal
) -> tuple[Range | None, tuple[TreeProblem, ...]]:
    """What each sleeve may weigh, or everything that is wrong with what is written.

    Args:
        sleeves: At the top, in the order written.
        least, most: Percent of every leaf whose share is found and that says no other.

    >>> root, problems = ranged_tree([
    ...     RawSleeve("stocks", hold=("VTI",), most_percent=Decimal(60)),
    ...     RawSleeve("bonds", hold=("BND",)),
    ...     RawSleeve("cash", percent=Decimal(5), hold=("CASH",))],
    ...     least=Decimal(0), most=Decimal(100))
    >>> [(leaf.name, leaf.least, leaf.most) for leaf in root.leaves()]
    [('stocks', 0, 6000), ('bonds', 0, 10000), ('cash', 500, 500)]
    """
    problems: list[TreeProblem] = []
    usual = (_units(least), _units(most))
    children = tuple(_range("", UNITS, raw, usual, problems) for raw in sleeves)
    check_one_leaf_each(sleeves, problems)
    root = Range("", UNITS, UNITS, is_fixed=True, is_limited=True, children=children)
    if not problems:
        root = narrowed(root, problems)
    if not problems and all(leaf.is_fixed for leaf in root.leaves()):
        wrong = "every sleeve has a percent, so there is nothing to find"
        problems.append(TreeProblem("", "optimize", wrong, "take percent from some of them"))
    return (None if problems else root), tuple(problems)


def exact_tree(root: Range, shares: Mapping[str, float]) -> Sleeve:
    """The tree with exact shares, nearest to those that were found.

    Args:
        root: What every sleeve may weigh.
        shares: Of the whole portfolio by leaf; those of fixed leaves may be absent.
    """
    wanted = {
        leaf.name: shares.get(leaf.name, leaf.least / UNITS) * UNITS for leaf in root.leaves()
    }
    return _exact(root, UNITS, wanted)


def _exact(node: Range, units: int, wanted: Mapping[str, float]) -> Sleeve:
    own = [sum(wanted[leaf.name] for leaf in child.leaves()) for child in node.children]
    parts = _divided(units, own, node.children)
    children = tuple(
        _exact(child, part, wanted) for child, part in zip(node.children, parts, strict=True)
    )
    return Sleeve(node.name, Fraction(units, UNITS), node.hold, node.location, children)


def _divided(units: int, wanted: Sequence[float], parts: Sequence[Range]) -> list[int]:
    """So many units among sleeves, within their limits, nearest to what is wanted."""
    if not parts:
        return []
    pairs = list(zip(wanted, parts, strict=True))
    given = [min(max(floor(w + _NEARLY), part.least), part.most) for w, part in pairs]
    while (left := units - sum(given)) != 0:
        step = 1 if left > 0 else -1
        room = [
            i
            for i, part in enumerate(parts)
            if (given[i] < part.most if step > 0 else given[i] > part.least)
        ]
        assert room, "the limits of a parent are those of its parts together"
        # The one that is furthest below what is wanted, or furthest above.
        best = max(room, key=lambda i: (step * (wanted[i] - given[i]), -i))
        given[best] += step
    return given


def _range(
    parent: str,
    whole: int | None,
    raw: RawSleeve,
    usual: tuple[int, int],
    problems: list[TreeProblem],
) -> Range:
    """One sleeve as it is written; `whole` is its parent's share where that is written."""
    name = joined(parent, raw.name)
    check_hold(name, raw, problems)
    fixed = _fixed(name, whole, raw, problems)
    below, above = raw.least_percent, raw.most_percent
    if fixed is not None:
        least = most = fixed
    else:
        first, last = usual if not raw.children else (0, UNITS)
        least = first if below is None else _checked(name, "min_percent", below, problems)
        most = last if above is None else _checked(name, "max_percent", above, problems)
        if below is None and least > most:
            least = most
        if above is None and most < least:
            most = least
    if least > most:
        wrong = f"min_percent {_text(least)} is above max_percent {_text(most)}"
        problems.append(TreeProblem(name, "min_percent", wrong, "swap the two"))
    if fixed is None and CASH in (raw.hold or ()):
        wrong = "how much cash to keep cannot be found from prices"
        problems.append(TreeProblem(name, "percent", wrong, "write its share, as percent = 5"))
    return Range(
        name=name,
        least=least,
        most=most,
        is_fixed=fixed is not None,
        is_limited=fixed is not None or below is not None or above is not None or not raw.children,
        hold=raw.hold or (),
        location=raw.location,
        children=tuple(_range(name, fixed, one, usual, problems) for one in raw.children),
    )


def _fixed(name: str, whole: int | None, raw: RawSleeve, problems: list[TreeProblem]) -> int | None:
    """The share that is written down, in units; None where it is to be found."""
    if raw.percent is None and raw.percent_of_parent is None:
        return None
    key = "percent_of_parent" if raw.percent is None else "percent"
    if raw.percent is not None and raw.percent_of_parent is not None:
        wrong = "it has both percent and percent_of_parent"
        problems.append(TreeProblem(name, "percent_of_parent", wrong, "keep one of them"))
    elif raw.least_percent is not None or raw.most_percent is not None:
        limit = "max_percent" if raw.least_percent is None else "min_percent"
        wrong = f"it has {key}, which fixes its share, and a limit of it"
        problems.append(TreeProblem(name, limit, wrong, "keep one of them"))
    if raw.percent is not None:
        return _checked(name, "percent", raw.percent, problems)
    if whole is None:
        wrong = "the share of the sleeve above is not written but found"
        remedy = "write percent, of the whole portfolio, or limits: min_percent, max_percent"
        problems.append(TreeProblem(name, "percent_of_parent", wrong, remedy))
        return 0
    assert raw.percent_of_parent is not None
    share = Decimal(whole) * raw.percent_of_parent / UNITS
    return _checked(name, "percent_of_parent", share, problems)


def _checked(name: str, key: str, percent: Decimal | Fraction, problems: list[TreeProblem]) -> int:
    """Percent as units; beside shares that are found all are whole hundredths of a percent."""
    if percent * 100 != int(percent * 100):
        wrong = f"{percent_text(Fraction(percent))} percent has more than two decimals"
        problems.append(TreeProblem(name, key, wrong, "shares are found to two decimals: round it"))
    return _units(percent)


def narrowed(node: Range, problems: list[TreeProblem]) -> Range:
    """The same with limits that follow from those of the sleeves below."""
    from dataclasses import replace

    if not node.children:
        return node
    children = tuple(narrowed(child, problems) for child in node.children)
    low, high = sum(one.least for one in children), sum(one.most for one in children)
    who = f"the sleeves of {node.name}" if node.name else "the sleeves"
    whole = _text(node.most)
    if low > node.most:
        wrong = f"{who} have to hold at least {_text(low)} percent together, of {whole}"
        remedy = "lower percent or min_percent of some of them"
        problems.append(TreeProblem(node.name, "", wrong, remedy))
    elif high < node.least:
        wrong = f"{who} may hold {_text(high)} percent together at most, of {_text(node.least)}"
        remedy = "raise percent or max_percent of some of them"
        problems.append(TreeProblem(node.name, "", wrong, remedy))
    return replace(node, least=max(node.least, low), most=min(node.most, high), children=children)


def _units(percent: Decimal | Fraction) -> int:
    return int(percent * 100)


def _text(units: int) -> str:
    return percent_text(Fraction(units, 100))
