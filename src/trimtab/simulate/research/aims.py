"""What a policy aims at over history: given weights, dated weights, or weights made from data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import field
from datetime import date
from fractions import Fraction
from functools import cached_property, lru_cache
from inspect import signature
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from trimtab.model.days import plain_day
from trimtab.model.errors import InputError, Problem, TrimtabError
from trimtab.model.frozen import dataclass
from trimtab.model.sleeves import Sleeve
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.said_on_the_way import Said, said_by
from trimtab.targets.estimators.parameters import asks_held

if TYPE_CHECKING:
    from trimtab.simulate.frames import Floats
    from trimtab.targets.moving.cppi import CppiRule

GIVEN_TOLERANCE = 1e-9
"""How far given weights may be from summing to 1; they are used as they are."""
MADE_TOLERANCE = 1e-6
"""The same for weights that were computed, by solvers that stop near; they are scaled to 1."""
WARMUP = 252
"""Sessions that an estimator sees before its first target, unless told otherwise."""

Weights: TypeAlias = dict[str, float]


@dataclass(frozen=True)
class GivenTarget:
    """Weights known in advance.

    Args:
        symbols: What they are of.
        rows: Weights in the order of `symbols`, one row a date.
        dates: From when each row holds, ascending; None for one row that always holds. Of what is
            made, the first two may be the same day: a run begins with the first, and finds the
            second when it looks at that day's close.
        branches: Inner sleeves, whose bands count as well: ones for the symbols that are in them.
        is_made: Whether they were made from prices, once for several policies.
        source: What they were made from, whose correlations may break; None where they are given.
    """

    symbols: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]
    dates: tuple[date, ...] | None = None
    branches: tuple[tuple[int, ...], ...] = ()
    is_made: bool = False
    source: object = field(default=None, compare=False, repr=False)

    @cached_property
    def table(self) -> Floats:
        """The rows as a table that nobody writes to, shape (rows, n)."""
        import numpy as np

        # Not marked so: machine code is made anew for columns that are read-only.
        return np.array(self.rows, dtype=np.float64)

    def opening(self, current: int, first: date) -> int:
        """Which row a run is invested at that begins on a day on which this one is current."""
        if self.is_made and current == 1 and self.dates is not None and self.dates[1] == first:
            return 0
        return current


@dataclass(frozen=True)
class MadeTarget:
    """Weights made from what was known at a date.

    Args:
        make: From a view of prices to weights by symbol, or None while it is too early.
        warmup: Sessions that a view must have before it is asked.
        may_wait: Whether it may give None for as long as it is too early: a function may.
        found_on: From a session to that whose weights hold on it, where it is not made anew at
            each look.
        holds: All that it may hold, where that is known beforehand: no other prices are needed.
        insured: The floor that it insures by what a policy is worth, if it does.
        said: What is said of the weights as they are made.
    """

    make: Callable[[PriceHistory], Weights | None]
    warmup: int
    may_wait: bool = False
    found_on: Callable[[date], date] | None = None
    holds: tuple[str, ...] | None = None
    insured: CppiRule | None = None
    said: Said = field(default_factory=Said, compare=False, repr=False)


def read_target(target: object, policy: str, *, short: bool = False) -> GivenTarget | MadeTarget:
    """What a policy's target means.

    Args:
        target: Weights by symbol; a tree of sleeves whose leaves each hold one symbol; a mapping
            of dates to weights, or a wide frame with dates; an estimator with `fit` and
            `weights_`; or a function of a view.
        policy: The policy's label, for messages.
        short: Whether weights may be below zero: short positions, and of CASH a loan.

    Raises:
        InputError: It is none of these, or its weights are no weights.
    """
    if isinstance(target, (GivenTarget, MadeTarget)):
        return target
    if isinstance(target, Sleeve):
        return _tree(target, policy)
    if isinstance(target, Mapping):
        given = _given(target)
        if given is not None:
            return given
        if not target or any(isinstance(row, Mapping) for row in target.values()):
            return _dated(target.items(), policy, short)
        weights = checked(target, policy, "", GIVEN_TOLERANCE, short=short)
        return GivenTarget(tuple(weights), (tuple(weights.values()),))
    if hasattr(target, "to_dicts") or (hasattr(target, "to_dict") and hasattr(target, "index")):
        return _dated(_frame_rows(target), policy, short)
    if hasattr(target, "fit"):
        said = Said()
        return MadeTarget(_fitted(target, policy, short, said), WARMUP, said=said)
    if callable(target):
        said = Said()
        return MadeTarget(
            _called(target, policy, short, said), 1, may_wait=True, said=said,
            found_on=getattr(target, "found_on", None),
            holds=getattr(target, "holds", None),
            insured=getattr(target, "insured", None),
        )  # fmt: skip
    raise _wrong(policy, "", "no target", "give weights, as {'SPY': 0.6, 'AGG': 0.4}")


def refuse_insured(aim: GivenTarget | MadeTarget, name: str, doing: str) -> None:
    """Refuse a target with a floor where many policies share one target.

    Args:
        aim: The target.
        name: Of its policy, or its own.
        doing: What was called.

    Raises:
        InputError: What it is depends on what each policy is worth.
    """
    if isinstance(aim, MadeTarget) and aim.insured is not None:
        wrong = (
            f"{doing} makes a target once for all policies, and a {aim.insured.words} depends on "
            "what each of them is worth"
        )
        remedy = "compare them by tt.backtest(prices, [policy, another, ...])"
        raise InputError([Problem(name, None, "target", wrong, remedy)])


def _given(weights: Mapping[Any, Any]) -> GivenTarget | None:
    """One row of plain weights as a target; None where they are not, or something is wrong."""
    try:
        return _weighted(tuple(weights), tuple(weights.values()))
    except TypeError:  # what cannot be looked up, as a row of dated weights, is no plain weight
        return None


@lru_cache(maxsize=256)
def _weighted(symbols: tuple[Any, ...], weights: tuple[Any, ...]) -> GivenTarget | None:
    """Looked at and made once for equal ones, so that the target's table is as well."""
    found = _plain(dict(zip(symbols, weights, strict=True)), GIVEN_TOLERANCE)
    return None if found is None else GivenTarget(tuple(found), (tuple(found.values()),))


def _tree(root: Sleeve, policy: str) -> GivenTarget:
    shares: dict[str, Fraction] = {}
    for leaf in root.leaves():
        assert len(leaf.hold) == 1, f"{leaf.name} stands for one symbol in research"
        shares[leaf.hold[0]] = shares.get(leaf.hold[0], Fraction(0)) + leaf.weight
    weights = checked(shares, policy, "", GIVEN_TOLERANCE)
    symbols = tuple(weights)
    branches = []
    for sleeve in root.walk():
        own = {leaf.hold[0] for leaf in sleeve.leaves()}
        whole = sum((shares[symbol] for symbol in own), Fraction(0)) == sleeve.weight
        # A symbol that stands for sleeves of two branches cannot tell them apart.
        if sleeve is not root and not sleeve.is_leaf and whole:
            branches.append(tuple(int(symbol in own) for symbol in symbols))
    return GivenTarget(symbols, (tuple(weights.values()),), branches=tuple(branches))


def _plain(weights: Mapping[Any, Any], tolerance: float) -> Weights | None:
    """What `checked` gives where all are floats by name and nothing is wrong, seen at a glance."""
    if set(map(type, weights)) != {str} or set(map(type, weights.values())) != {float}:
        return None
    # Of what is no number, no comparison is true.
    found = abs(sum(weights.values()) - 1.0) <= tolerance and min(weights.values()) >= 0.0
    return dict(weights) if found else None


def checked(
    weights: Mapping[Any, Any], policy: str, where: str, tolerance: float, *, short: bool = False
) -> Weights:
    """Weights as floats, when they are weights: finite, not below zero, summing to 1.

    Args:
        weights: By symbol.
        policy: The policy's label, for messages.
        where: The date they belong to, or nothing.
        tolerance: How far their sum may be from 1.
        short: Whether they may be below zero.

    Raises:
        InputError: They are not.
    """
    found: Weights = {}
    for symbol, weight in weights.items():
        try:
            number = float(weight)
        except (TypeError, ValueError):
            wrong = f"{symbol} has weight {weight!r}"
            raise _wrong(policy, where, wrong, "weights are shares from 0 to 1") from None
        if not isfinite(number) or (number < -tolerance and not short):
            wrong = f"{symbol} has weight {number!r}"
            remedy = "weights are shares from 0 to 1"
            if isfinite(number):
                remedy += "; short positions and loans are allowed by `short=True`"
            raise _wrong(policy, where, wrong, remedy)
        found[str(symbol)] = number if short else max(number, 0.0)
    total = sum(found.values())
    if abs(total - 1.0) > tolerance:
        remedy = "shares must sum to 1; what is not invested is CASH"
        if abs(total - 100.0) <= 100.0 * tolerance:
            remedy = "these are percent: divide them by 100"
        raise _wrong(policy, where, f"the weights sum to {total:.10g}", remedy)
    return found


def _dated(rows: Iterable[tuple[Any, Mapping[Any, Any]]], policy: str, short: bool) -> GivenTarget:
    dated: dict[date, Weights] = {}
    for key, weights in rows:
        day = _day(key, policy)
        if day in dated:
            raise _wrong(policy, str(day), "the date stands twice", "keep one of them")
        present = {s: w for s, w in weights.items() if w is not None and w == w}
        dated[day] = checked(present, policy, str(day), GIVEN_TOLERANCE, short=short)
    if not dated:
        raise _wrong(policy, "", "no target", "give weights, as {'SPY': 0.6, 'AGG': 0.4}")
    symbols = tuple(dict.fromkeys(symbol for row in dated.values() for symbol in row))
    days = tuple(sorted(dated))
    table = tuple(tuple(dated[day].get(symbol, 0.0) for symbol in symbols) for day in days)
    return GivenTarget(symbols, table, days)


def _frame_rows(frame: Any) -> list[tuple[Any, Mapping[Any, Any]]]:
    if hasattr(frame, "to_dicts"):  # polars: the dates are a column
        head = frame.columns[0]
        return [(row.pop(head), row) for row in frame.to_dicts()]
    if "date" in frame.columns:
        frame = frame.set_index("date")
    # One row after the other: pandas' own dict refuses a date that stands twice.
    return list(zip(frame.index, frame.to_dict("records"), strict=True))


def _day(key: Any, policy: str) -> date:
    try:
        return plain_day(key)
    except ValueError:
        raise _wrong(policy, str(key), "not a date", "write it as 2017-03-06") from None


def _called(
    make: Callable[[PriceHistory], Any], policy: str, short: bool, said: Said
) -> Callable[..., Weights | None]:
    telling, begun = getattr(make, "with_findings", None), False

    def made(view: PriceHistory) -> Weights | None:
        nonlocal begun
        try:
            if telling is None:
                weights = make(view)
            else:
                weights, found = telling(view)
                # Before the first there is none to keep: that is waiting for enough history.
                begun = begun or weights is not None
                if begun:
                    said.note(found, view.last)
        except TrimtabError:
            raise
        except Exception as error:
            wrong = f"its function failed: {type(error).__name__}: {error}"
            remedy = "mend it; where it failed stands in the traceback above"
            raise _wrong(policy, str(view.last), wrong, remedy) from error
        return _made(weights, view, policy, short)

    return made


def _fitted(estimator: Any, policy: str, short: bool, said: Said) -> Callable[..., Weights | None]:
    asked, counts_from = signature(estimator.fit).parameters, asks_held(estimator)
    rules = getattr(estimator, "constraints", None)
    if getattr(rules, "turnover", None) is not None and getattr(rules, "held", None):
        wrong = "its limit on turnover counts from the same `held` on every day"
        remedy = "leave `held` out of the constraints: then it counts from what the policy holds"
        raise _wrong(policy, "", wrong, remedy)

    def made(view: PriceHistory) -> Weights | None:
        # A fresh copy each time, so that no date learns from another.
        fresh = deepcopy(estimator)
        returns: Any = view.returns
        if view.frames == "pandas":
            import pandas as pd

            returns = pd.DataFrame(returns, index=view.dates[1:], columns=list(view.symbols))
        told: dict[str, Any] = {"names": list(view.symbols)} if "names" in asked else {}
        if counts_from and view.held:
            told["held"] = held_of(view)
        elif counts_from and hasattr(fresh, "counts_from_held"):
            told["held"] = [0.0] * len(view.symbols)
        fitted = fresh.fit(returns, **told)
        found = fresh if fitted is None else fitted
        said.note(said_by(found), view.last)
        return _made(found.weights_, view, policy, short)

    return made


def held_of(view: PriceHistory) -> list[float]:
    """What is held of a view's symbols, as shares of what is not cash; equal ones where all is."""
    held = [view.held.get(symbol, 0.0) for symbol in view.symbols]
    whole = sum(held)
    return [part / whole if whole > 0.0 else 1.0 / len(held) for part in held]


def _made(weights: Any, view: PriceHistory, policy: str, short: bool) -> Weights | None:
    if weights is None:
        return None
    where = str(view.last)
    if hasattr(weights, "items"):
        named = dict(weights.items())
    else:
        values = [float(weight) for weight in cast("Iterable[Any]", weights)]
        if len(values) != len(view.symbols):
            wrong = f"{len(values)} weights for {len(view.symbols)} symbols"
            raise _wrong(policy, where, wrong, "give one a symbol, in the view's order")
        named = dict(zip(view.symbols, values, strict=True))
    found = _plain(named, MADE_TOLERANCE) or checked(
        named, policy, where, MADE_TOLERANCE, short=short
    )
    total = sum(found.values())
    return {symbol: weight / total for symbol, weight in found.items()}


def _wrong(policy: str, where: str, wrong: str, remedy: str) -> InputError:
    return InputError([Problem(f'policy "{policy}"', None, where or "target", wrong, remedy)])
