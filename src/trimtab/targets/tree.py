"""The target tree: from the percentages that people write to exact shares of the portfolio."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from trimtab.model.frozen import dataclass
from trimtab.model.numbers import meant_in_percent
from trimtab.model.sleeves import Sleeve

WHOLE = Fraction(100)


@dataclass(frozen=True, slots=True)
class RawSleeve:
    """A sleeve as it is written: its share is said in one of two ways, or is missing.

    Args:
        name: Its own name, without its parents'.
        percent: Per cent of the whole portfolio.
        percent_of_parent: Per cent of the sleeve above; at the top that is the whole portfolio.
        hold: What may fill it; None where the key is absent.
        location: Account ids in the order in which it prefers to lie.
        children: The sleeves that divide it, in the order written.
        path: Per cent of the whole by day, oldest first, in place of `percent`; empty where it does
            not change.
        least_percent, most_percent: Limits of a share that is found; per cent of the whole.
    """

    name: str
    percent: Decimal | Fraction | None = None
    percent_of_parent: Decimal | None = None
    hold: tuple[str, ...] | None = None
    location: tuple[str, ...] = ()
    children: tuple[RawSleeve, ...] = ()
    least_percent: Decimal | None = None
    most_percent: Decimal | None = None
    path: tuple[tuple[date, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class TreeProblem:
    """One thing wrong with a target: at which sleeve (empty: the whole), at which of its keys."""

    sleeve: str
    key: str
    wrong: str
    remedy: str


def target_tree(sleeves: Sequence[RawSleeve]) -> tuple[Sleeve | None, tuple[TreeProblem, ...]]:
    """The target with the exact share of the whole portfolio that every sleeve is to have.

    The shares of the sleeves below one parent must add up to the parent's, and those at the top
    to 100 per cent: exactly, nothing is rounded or scaled to fit.

    Args:
        sleeves: The sleeves at the top, in the order written.

    Returns:
        The root, and no problems; or None, and everything that is wrong.

    >>> root, problems = target_tree([
    ...     RawSleeve("stocks", percent=Decimal(80), children=(
    ...         RawSleeve("us", percent_of_parent=Decimal("67.5"), hold=("VTI",)),
    ...         RawSleeve("intl", percent=Decimal(26), hold=("VXUS",)))),
    ...     RawSleeve("bonds", percent=Decimal(20), hold=("BND",))])
    >>> [(leaf.name, str(leaf.weight)) for leaf in root.leaves()]
    [('stocks.us', '27/50'), ('stocks.intl', '13/50'), ('bonds', '1/5')]
    """
    problems: list[TreeProblem] = []
    if not sleeves:
        problems.append(
            TreeProblem("", "", "it has no sleeve", "name at least one, with percent and hold")
        )
    children = _level("", Fraction(1), sleeves, problems)
    check_one_leaf_each(sleeves, problems)
    if problems:
        return None, tuple(problems)
    return Sleeve(name="", weight=Fraction(1), children=children), ()


def _level(
    parent: str, whole: Fraction | None, raws: Sequence[RawSleeve], problems: list[TreeProblem]
) -> tuple[Sleeve, ...]:
    """The sleeves below one parent, whose share is `whole`; None where that is not known."""
    shares = [_share(parent, whole, raw, problems) for raw in raws]
    _check_sum(parent, whole, raws, shares, problems)
    return tuple(
        _sleeve(parent, share, raw, problems) for raw, share in zip(raws, shares, strict=True)
    )


def _sleeve(
    parent: str, share: Fraction | None, raw: RawSleeve, problems: list[TreeProblem]
) -> Sleeve:
    name = joined(parent, raw.name)
    check_hold(name, raw, problems)
    check_no_limits(name, raw, problems)
    return Sleeve(
        name=name,
        weight=share if share is not None else Fraction(0),
        hold=raw.hold or (),
        location=raw.location,
        children=_level(name, share, raw.children, problems),
    )


def check_no_limits(name: str, raw: RawSleeve, problems: list[TreeProblem]) -> None:
    """A share that is written down has no limits beside it."""
    for key, limit in (("min_percent", raw.least_percent), ("max_percent", raw.most_percent)):
        if limit is not None:
            wrong = "it limits a share that is found, and nothing is found here"
            remedy = "write percent, or let the table optimize of this target find it"
            problems.append(TreeProblem(name, key, wrong, remedy))


def check_hold(name: str, raw: RawSleeve, problems: list[TreeProblem]) -> None:
    """A leaf says what may fill it, and no other sleeve does."""
    if raw.children and raw.hold is not None:
        problems.append(
            TreeProblem(
                name,
                "hold",
                "it has sleeves below it and a hold list of its own",
                "move the list into one of them",
            )
        )
    if not raw.children and not raw.hold:
        wrong = "nothing fills it" if raw.hold is None else "its hold list is empty"
        problems.append(TreeProblem(name, "hold", wrong, 'say what may fill it, as hold = ["VTI"]'))


def _share(
    parent: str, whole: Fraction | None, raw: RawSleeve, problems: list[TreeProblem]
) -> Fraction | None:
    """A sleeve's share of the whole portfolio, or None where it cannot be known."""
    name = joined(parent, raw.name)
    if raw.percent is not None and raw.percent_of_parent is not None:
        problems.append(
            TreeProblem(
                name,
                "percent_of_parent",
                "it has both percent and percent_of_parent",
                "keep one of them",
            )
        )
        return None
    if raw.percent is not None:
        return Fraction(raw.percent) / WHOLE
    if raw.percent_of_parent is None:
        problems.append(
            TreeProblem(
                name,
                "percent",
                "its share is missing",
                "say percent (of the whole portfolio) or percent_of_parent",
            )
        )
        return None
    return None if whole is None else whole * Fraction(raw.percent_of_parent) / WHOLE


def _check_sum(
    parent: str,
    whole: Fraction | None,
    raws: Sequence[RawSleeve],
    shares: Sequence[Fraction | None],
    problems: list[TreeProblem],
) -> None:
    if not raws:
        return
    of_parent = [raw.percent_of_parent for raw in raws if raw.percent is None]
    written = [share for share in of_parent if share is not None]
    if parent and len(written) == len(raws):
        parts, due, key = [Fraction(share) for share in written], WHOLE, "percent_of_parent"
    else:
        known = [share for share in shares if share is not None]
        if whole is None or len(known) < len(raws):
            return
        parts, due, key = [share * WHOLE for share in known], whole * WHOLE, "percent"
    total = sum(parts, Fraction(0))
    if total == due:
        return
    off = f"{percent_text(abs(total - due))} too {'much' if total > due else 'little'}"
    listed = " + ".join(percent_text(part) for part in parts) if len(parts) <= 12 else "all"
    goal = "100" if not parent else f"its own {percent_text(due)}"
    if key == "percent_of_parent":
        goal = "100"
    by_name = {raw.name: part for raw, part in zip(raws, parts, strict=True)}
    remedy = meant_in_percent(by_name, due=due) or f"let {key} add up to exactly {goal}"
    where = "the sleeves" if not parent else f"the sleeves of {parent}"
    problems.append(
        TreeProblem(
            parent,
            "" if not parent else key,
            f"{where} add up to {percent_text(total)} ({listed}), which is {off}",
            remedy,
        )
    )


def check_one_leaf_each(sleeves: Sequence[RawSleeve], problems: list[TreeProblem]) -> None:
    """An instrument fills one sleeve: in two, nobody could say which of them it counts in."""
    first: dict[str, str] = {}
    stack = [("", raw) for raw in reversed(sleeves)]
    while stack:
        parent, raw = stack.pop()
        name = joined(parent, raw.name)
        for instrument in raw.hold or ():
            other = first.setdefault(instrument, name)
            if other != name:
                wrong = f"{instrument} also fills {other}"
                problems.append(TreeProblem(name, "hold", wrong, "keep it in one of the two"))
        if raw.hold is not None and len(set(raw.hold)) < len(raw.hold):
            twice = next(item for item in raw.hold if raw.hold.count(item) > 1)
            problems.append(
                TreeProblem(name, "hold", f"{twice} stands in it twice", "keep it once")
            )
        stack.extend((name, child) for child in reversed(raw.children))


def joined(parent: str, name: str) -> str:
    """The dotted path of a sleeve below another."""
    return f"{parent}.{name}" if parent else name


def percent_text(percent: Fraction) -> str:
    """A percentage as people write it: exact where its decimals end, else rounded with a tilde.

    >>> percent_text(Fraction(135, 2)), percent_text(Fraction(1, 3))
    ('67.5', '~0.333333')
    """
    for places in range(25):
        scaled = percent * 10**places
        if scaled.denominator == 1:
            digits = str(abs(scaled.numerator)).rjust(places + 1, "0")
            sign = "-" if scaled < 0 else ""
            return sign + (digits if places == 0 else f"{digits[:-places]}.{digits[-places:]}")
    return f"~{float(percent):.6f}"
