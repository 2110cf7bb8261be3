"""Constant-proportion portfolio insurance: a multiple of what is above a floor is at risk.

With worth V, floor F and multiplier m the risky part is m x (V - F), never below nothing and never
above what is allowed; the rest is safe (Black and Jones 1987, Perold 1986). While the risky part
falls by less than 1/m between two looks, and the safe part not below the floor's own path, V stays
above F: it falls by less than m x (V - F) / m.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal, Protocol

from trimtab.model.findings import Finding as Told
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import CASH
from trimtab.targets.moving.glide import days_by, straight
from trimtab.targets.moving.volatility import beside_safe, held_by, parts

if TYPE_CHECKING:
    from trimtab.model.policy import When

NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True)
class CppiRule:
    """What `[target.cppi]` says.

    Args:
        multiplier: How many times the cushion is at risk.
        floor: Money by day, oldest first, straight in between; one day: always that.
        safe: The sleeve that takes what the risky ones leave; money beside it stays as written.
        most: Of the whole, what the risky sleeves may be together.
    """

    multiplier: Fraction
    floor: tuple[tuple[date, Decimal | Fraction], ...]
    safe: str
    most: Fraction = Fraction(1)

    def floor_on(self, day: date) -> Fraction:
        """The floor of a day, in money."""
        return straight(self.floor, day)

    @property
    def words(self) -> str:
        """The rule in a few words, with its multiple and its floor.

        >>> CppiRule(Fraction(3), ((date.min, Decimal(350_000)),), "bonds").words
        'CPPI of 3 x the cushion above a floor of 350,000.00'
        """
        moneys = [float(money) for _, money in self.floor]
        floor = f"a floor of {moneys[0]:,.2f}"
        if len(moneys) > 1:
            floor = f"a floor from {moneys[0]:,.2f} to {moneys[-1]:,.2f} by date"
        return f"CPPI of {float(self.multiplier):g} x the cushion above {floor}"


@dataclass(frozen=True, slots=True)
class Exposure:
    """How much is at risk.

    Args:
        share: Of the worth.
        cushion: What is above the floor, in money; nothing where the floor is reached.
        stop: `floor`: it is reached; `most`: the multiple is more than is allowed; else empty.
    """

    share: Fraction
    cushion: Fraction
    stop: Literal["", "floor", "most"] = ""


def exposure(
    worth: Fraction, floor: Fraction, *, multiplier: Fraction, most: Fraction = Fraction(1)
) -> Exposure:
    """What is at risk of a worth above a floor, exactly.

    >>> exposure(Fraction(100), Fraction(80), multiplier=Fraction(4)).share
    Fraction(4, 5)
    >>> exposure(Fraction(100), Fraction(70), multiplier=Fraction(4)).stop
    'most'
    """
    if worth <= floor or worth <= 0:
        return Exposure(NOTHING, NOTHING, "floor")
    cushion = worth - floor
    share = multiplier * cushion / worth
    return Exposure(most, cushion, "most") if share > most else Exposure(share, cushion)


def told_of_floor(worth: Fraction, floor: Fraction) -> Told:
    """That the floor is reached."""
    message = (
        f"it is worth {float(worth):,.2f}, which is not above the floor of {float(floor):,.2f}: "
        "nothing risky is held until it is, or until the floor is lowered in [target.cppi]"
    )
    return Told("floor-reached", "target", message)


def told_of_bands(when: When, subject: str) -> tuple[Told, ...]:
    """That a band, or a limit of drift, does not look after a floor.

    Args:
        when: When a policy with a floor acts.
        subject: The policy, or policies, as their reader calls them.
    """
    if not (when.has_band or when.drift is not None):
        return ()
    message = (
        "bands and drift measure against the target last adopted, and a cushion that shrinks "
        "changes the target, not that: the floor may be broken with no trade. A policy that acts "
        "daily or weekly follows the cushion."
    )
    return (Told("floor-unwatched", subject, message),)


ROUNDING = 1e-6
"""Weights sum to 1 within this."""


class Worthy(Protocol):
    """A view of prices that knows what a policy is worth."""

    @property
    def last(self) -> date:
        """Its last session."""
        ...

    @property
    def worth(self) -> float:
        """The policy's worth at its close, in money."""
        ...


class Cppi:
    """A target in Python that insures a floor: a multiple of what is above it is at risk.

        tt.Policy(tt.Cppi({"SPY": 1.0}, 4, floor=80_000, safe="AGG"), when="daily")

    Args:
        weights: By symbol, summing to 1; or a target that gives them, such as `tt.Glide`.
        multiplier: How many times the cushion is at risk.
        floor: Money; or money by date, straight in between.
        safe: What takes the rest; `CASH` beside another safe symbol stays as it is.
        most: What the risky weights may sum to. Above 1 the safe symbol is borrowed, which
            `backtest` allows with `short=True`.

    Raises:
        ValueError: One of them makes no sense.
    """

    def __init__(
        self,
        weights: Mapping[str, float] | Callable[[Any], Mapping[str, float] | None],
        multiplier: float,
        *,
        floor: float | Mapping[date | str, float],
        safe: str = CASH,
        most: float = 1.0,
    ) -> None:
        if not (multiplier > 0.0 and isfinite(multiplier)):
            raise ValueError(f"multiplier {multiplier!r}: a number above zero, as 4")
        if not (most > 0.0 and isfinite(most)):
            raise ValueError(f"most {most!r}: what risky weights may sum to, as 1.0")
        by_day = days_by(floor) if isinstance(floor, Mapping) else {date.min: floor}
        if not by_day or not all(isfinite(one) and one >= 0.0 for one in by_day.values()):
            raise ValueError(f"floor {floor!r}: money, or money by date, not below zero")
        if isinstance(weights, Mapping) and not abs(sum(weights.values()) - 1.0) <= ROUNDING:
            raise ValueError(
                f"weights {dict(weights)!r}: they sum to 1, as fractions; write 0.10 for 10%, and "
                "most=1.2 for more than the whole at risk"
            )
        self.weights = weights
        self.multiplier = Fraction(multiplier)
        self.floor = tuple((day, Fraction(money)) for day, money in by_day.items())
        self.safe = safe
        self.most = Fraction(most)

    @property
    def insured(self) -> CppiRule:
        """Its floor and multiple, for whoever runs it."""
        return CppiRule(self.multiplier, self.floor, self.safe, self.most)

    @property
    def holds(self) -> tuple[str, ...] | None:
        """All that it may hold; None where its weights are made by something else."""
        return held_by(self.weights, self.safe)

    def __call__(self, view: Worthy) -> dict[str, float] | None:
        """The weights by what a policy is worth at the close of a view."""
        written = self.weights(view) if callable(self.weights) else self.weights
        if written is None:
            return None
        risky, money = parts(written, self.safe)
        if not risky:
            return dict(written)
        most = min(self.most, max(Fraction(1), self.most) - Fraction(money))
        found = exposure(
            Fraction(view.worth),
            straight(self.floor, view.last),
            multiplier=self.multiplier,
            most=most,
        )
        factor = float(found.share) / sum(risky.values())
        return beside_safe(risky, factor, self.safe, money)
