"""What an investor asks of weights, by the names of instruments; turned into limits of weights.

rules = tt.Constraints(
    groups=[tt.Group("bonds", ["AGG", "TLT"], low=0.2)], exclude=["GLD"],
    held={"SPY": 0.6, "AGG": 0.4}, turnover=0.1,
)
tt.Optimiser("max-sharpe", constraints=rules)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from math import isfinite
from typing import TYPE_CHECKING

from trimtab.model.frozen import dataclass
from trimtab.targets.solvers.limits import (
    Limits,
    Names,
    Search,
    Tracking,
    Turnover,
    leverage,
    within,
)
from trimtab.targets.solvers.programme import Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Group:
    """Instruments whose weights together have limits: a sector, a region, an issuer.

    Args:
        name: What messages call it.
        symbols: Its instruments; each may be in several groups.
        low, high: Of the sum of their weights; None for none.
    """

    name: str
    symbols: Sequence[str]
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """A score of instruments whose weighted average has limits: ESG, carbon, a factor's exposure.

    Args:
        name: What messages call it.
        of: The score of each instrument.
        low, high: Of the average; None for none.
    """

    name: str
    of: Mapping[str, float]
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Constraints:
    """What weights must keep to, besides summing to 1.

    Args:
        low, high: Of every weight.
        own: Limits of single instruments, instead of those.
        groups, scores: Limits of sums, and of averages.
        exclude: Instruments that must not be held.
        most: The most of single instruments, whatever else is said: see `days_of_volume`.
        held: The weights now: what `turnover` counts from; what is not named is not held. Without
            it what `fit` is told is held; in a policy what that holds on the day.
        turnover: The most that may move, one way, as a share of the portfolio.
        benchmark: Its weights; what is not named is not in it.
        tracking_error: The most volatility, a year, of the difference from the benchmark.
        max_names, min_names: How many may be held; None for any number, and for one.
        smallest: A name that is held has at least this weight.
        search: How far to look for the best; `tt.time_limit` ends it by the clock.
        leverage: The most that is held, long and short together: 1.6 lets 1.3 be long and 0.3
            short; with a `low` below 0.
    """

    low: float = 0.0
    high: float = 1.0
    own: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    groups: Sequence[Group] = ()
    scores: Sequence[Score] = ()
    exclude: Sequence[str] = ()
    most: Mapping[str, float] = field(default_factory=dict)
    held: Mapping[str, float] = field(default_factory=dict)
    turnover: float | None = None
    benchmark: Mapping[str, float] = field(default_factory=dict)
    tracking_error: float | None = None
    max_names: int | None = None
    min_names: int | None = None
    smallest: float = 0.0
    search: Search = Search()
    leverage: float | None = None

    def limits(self, names: Sequence[str]) -> Limits:
        """The same for weights in the order of `names`.

        Raises:
            ValueError: A name is not among them, a score is missing, or limits are upside down.
        """
        import numpy as np

        self._check(names)
        low, high = np.full(len(names), float(self.low)), np.full(len(names), float(self.high))
        place = {name: i for i, name in enumerate(names)}
        for name, (least, most) in self.own.items():
            low[place[name]], high[place[name]] = least, most
        for name, most in self.most.items():
            high[place[name]] = min(high[place[name]], most)
            low[place[name]] = min(low[place[name]], high[place[name]])
        for name in self.exclude:
            low[place[name]] = high[place[name]] = 0.0
        rows = [
            Row(group.name, spread(dict.fromkeys(group.symbols, 1.0), place), group.low, group.high)
            for group in self.groups
        ]
        rows += [
            Row(score.name, spread(score.of, place), score.low, score.high) for score in self.scores
        ]
        turnover = tracking = None
        if self.turnover is not None:
            turnover = Turnover(spread(self.held, place), self.turnover)
        elif self.leverage is not None:
            turnover = leverage(len(names), self.leverage)
        if self.tracking_error is not None:
            tracking = Tracking(spread(self.benchmark, place), self.tracking_error)
        names_held = None
        if self.max_names is not None or self.min_names is not None or self.smallest > 0.0:
            most = len(names) if self.max_names is None else min(self.max_names, len(names))
            names_held = Names(most, max(self.min_names or 1, 1), self.smallest)
        return Limits(low, high, tuple(rows), turnover, tracking, names_held, self.search)

    @property
    def counts_from_held(self) -> bool:
        """Whether the limit on turnover counts from what is held when somebody asks."""
        return self.turnover is not None and not self.held

    def counted_from(self, held: ArrayLike, names: Sequence[str]) -> Constraints:
        """The same, its turnover counted from these weights; all zero: nothing limits it yet.

        Raises:
            ValueError: There is not one weight for each name.
        """
        import numpy as np

        now = np.asarray(held, dtype=np.float64)
        if now.shape != (len(names),):
            raise ValueError(f"held has the shape {now.shape}: one weight for each instrument")
        if not now.any():
            return replace(self, turnover=None)
        return replace(self, held=dict(zip(names, now.tolist(), strict=True)))

    def _check(self, names: Sequence[str]) -> None:
        """Be sure that it makes sense for these instruments."""
        known = set(names)
        named: list[tuple[str, Iterable[str]]] = [
            ("own", self.own), ("exclude", self.exclude), ("most", self.most)
        ]  # fmt: skip
        named += [(f"group {group.name}", group.symbols) for group in self.groups]
        if self.turnover is not None:
            named.append(("held", self.held))
        if self.tracking_error is not None:
            named.append(("benchmark", self.benchmark))
        for what, symbols in named:
            for symbol in symbols:
                if symbol not in known:
                    raise ValueError(f"{what}: {symbol!r} is not among the instruments")
        ranges: list[tuple[str, float | None, float | None]] = [
            ("every weight", self.low, self.high)
        ]
        ranges += [(name, low, high) for name, (low, high) in self.own.items()]
        ranges += [(group.name, group.low, group.high) for group in self.groups]
        ranges += [(score.name, score.low, score.high) for score in self.scores]
        for name, low, high in ranges:
            if low is not None and high is not None and not low <= high:
                raise ValueError(f"{name}: low {low!r} is above high {high!r}")
        if self.max_names is not None and not self.max_names >= max(self.min_names or 1, 1):
            raise ValueError(f"max_names {self.max_names!r}: min_names, and 1, at least")
        if not 0.0 <= self.smallest < 1.0:
            raise ValueError(f"smallest {self.smallest!r}: from 0 to below 1")
        self._check_leverage()
        left_out = set(self.exclude)
        for score in self.scores:
            missing = [name for name in names if name not in score.of and name not in left_out]
            if missing:
                raise ValueError(f"score {score.name}: none for {', '.join(missing[:5])}")
            for name in names:
                if name not in left_out and not isfinite(score.of[name]):
                    raise ValueError(
                        f"score {score.name}: that of {name} is {score.of[name]}, no number; give "
                        "one, or exclude it"
                    )
        for what, weights, most in (
            ("turnover", self.held, self.turnover),
            ("tracking_error", self.benchmark, self.tracking_error),
        ):
            if most is None:
                continue
            if not most >= 0.0:
                raise ValueError(f"{what} {most!r}: zero or more")
            total = sum(weights.values())
            if not abs(total - 1.0) <= 1e-6:
                of = "held" if what == "turnover" else "benchmark"
                raise ValueError(f"{what} needs {of}, summing to 1, not to {total:.6g}")

    def _check_leverage(self) -> None:
        if self.leverage is None:
            return
        if not self.leverage >= 1.0:
            raise ValueError(
                f"leverage {self.leverage!r}: 1 or more, as weights sum to 1; 1.6 is 130/30"
            )
        if self.turnover is not None:
            raise ValueError("a limit on leverage goes with no limit on turnover: keep one")


def limits_by(
    names: Sequence[str],
    low: float,
    high: float,
    limits: Limits | None,
    constraints: Constraints | None,
) -> Limits:
    """The limits of an estimator, which are told in one of three ways.

    Args:
        names: Of the weights.
        low, high: Of every weight; 0 and 1: nobody said anything.
        limits: By position.
        constraints: By name.

    Raises:
        ValueError: They are told in two ways, or the constraints make no sense.
    """
    if limits is not None and constraints is not None:
        raise ValueError("limits and constraints: give one of them")
    if limits is None and constraints is None:
        return within(len(names), low, high)
    for name, value, usual in (("low", low, 0.0), ("high", high, 1.0)):
        if value != usual and constraints is not None:
            raise ValueError(
                f"{name} {value!r} beside constraints: write it there, as "
                f"tt.Constraints({name}={value!r})"
            )
        if value != usual:
            raise ValueError(f"{name} {value!r} beside limits: they hold it for each weight")
    if constraints is not None:
        return constraints.limits(names)
    assert limits is not None, "told above"
    return limits


def spread(values: Mapping[str, float], place: Mapping[str, int]) -> Floats:
    """Values in the order of the instruments, 0 where there is none."""
    import numpy as np

    found = np.zeros(len(place))
    for name, value in values.items():
        if name in place:
            found[place[name]] = value
    return found


def days_of_volume(
    daily_volume: Mapping[str, float], *, value: float, days: float, participation: float = 0.1
) -> dict[str, float]:
    """The most of each instrument that could be sold in so many days: for `Constraints.most`.

    Args:
        daily_volume: What is traded of each a day, in money.
        value: Of the whole portfolio.
        days: In which a holding must be sellable.
        participation: The share of a day's volume that may be ours.

    >>> days_of_volume({"A": 1_000_000}, value=2_000_000, days=5)
    {'A': 0.25}
    """
    if not (value > 0.0 and days > 0.0 and 0.0 < participation <= 1.0):
        raise ValueError(
            f"value {value!r}, days {days!r}, participation {participation!r}: above 0"
        )
    most = value / (days * participation)
    return {symbol: volume / most for symbol, volume in daily_volume.items()}
