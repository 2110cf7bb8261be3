"""What a target that moves is made of: the rule, and the prices that it may learn from."""

from __future__ import annotations

from dataclasses import field
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from trimtab.model.frozen import dataclass
from trimtab.model.sessions import Period
from trimtab.targets.moving.cppi import CppiRule
from trimtab.targets.moving.glide import GlidePath
from trimtab.targets.moving.kept_to import KeptTo
from trimtab.targets.moving.ranged import Range
from trimtab.targets.moving.signals import Signal
from trimtab.targets.moving.theirs import Estimator
from trimtab.targets.moving.volatility import VolatilityRule
from trimtab.targets.objectives.asked import Asked
from trimtab.targets.objectives.estimated import HALF_LIFE, Covariance
from trimtab.targets.objectives.foreseen import Expectation
from trimtab.targets.tree import percent_text

if TYPE_CHECKING:
    from trimtab.estimates.history import Missing
    from trimtab.targets.objectives.tolerance import Kind


@dataclass(frozen=True, slots=True)
class TiltRule:
    """What `[target.tilt]` says.

    Args:
        signals: What shifts shares, in the order written.
        most: Of the whole, what all shifts together may move, one way.
    """

    signals: tuple[Signal, ...]
    most: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class MovingTarget:
    """What `[target.optimize]` and the sleeves beside it say.

    Args:
        tree: What every sleeve may weigh.
        asked: What is best.
        covariance, expected: How returns are estimated; views and given returns are by leaf.
        every: How often it is found anew.
        months: How much of the past is used.
        least_sessions: The fewest prices to learn from.
        glide: Shares as they are written, or as a path by date: nothing is optimised.
        volatility: By what those shares are scaled; None: they stay, and no prices are needed.
        tilt: By what those shares are shifted, within what `tree` says; None: by nothing.
        cppi: By what floor those shares are insured; None: by none. Its finding needs the worth.
        estimator: Somebody else's, which finds the shares in place of what is asked; None: none.
        half_life: Of the covariance `ewm`: after so many sessions a return counts half.
        kept: What is kept to beside the limits of sleeves.
        missing: What is learned from where instruments begin on different days.
    """

    tree: Range
    asked: Asked = field(default_factory=Asked)
    covariance: Covariance = "sample"
    expected: Expectation = "compounded"
    every: Period = "monthly"
    months: int = 36
    least_sessions: int = 378
    glide: GlidePath | None = None
    volatility: VolatilityRule | None = None
    tilt: TiltRule | None = None
    cppi: CppiRule | None = None
    estimator: Estimator | None = None
    half_life: int = HALF_LIFE
    kept: KeptTo = field(default_factory=KeptTo)
    missing: Missing = "common"

    @property
    def words(self) -> str:
        """By what it moves, in a few words."""
        if self.volatility is not None:
            return f"volatility target of {self.volatility.wanted * 100:.4g}%, {self.every}"
        if self.tilt is not None:
            names = ", ".join(signal.name for signal in self.tilt.signals)
            return f"tilt by {names}, {self.every}"
        if self.cppi is not None:
            return f"CPPI of {float(self.cppi.multiplier):g} x the cushion"
        if self.glide is not None:
            return f"glide path, {self.every}"
        by = in_words(self.asked) if self.estimator is None else self.estimator.name
        if self.kept.tolerance is not None:
            by = tolerance_in_words(*self.kept.tolerance)
        if self.kept.leaving is not None:
            by = f"{by} at the cost of getting there"
        return f"{by}, found {self.every}"

    @property
    def needs_held(self) -> bool:
        """Whether its finding depends on what is held."""
        return self.kept.needs_held

    @property
    def needs_worth(self) -> bool:
        """Whether its finding depends on what the portfolio is worth."""
        return self.cppi is not None or self.kept.needs_worth

    @property
    def of_one_book(self) -> bool:
        """Whether its finding is not the same for whoever asks on a day."""
        return self.needs_held or self.needs_worth

    @property
    def book_key(self) -> str:
        """The key by which its finding depends on one book; empty where it does not."""
        return self.kept.of_its_day[0] if self.kept.of_its_day and self.of_one_book else ""

    @property
    def needs_prices(self) -> bool:
        """Whether its finding learns from prices, and not from the day alone."""
        if self.tilt is not None:
            return any(signal.source != "series" for signal in self.tilt.signals)
        return self.glide is None or self.volatility is not None

    @property
    def is_dated(self) -> bool:
        """Whether its shares follow from the day alone."""
        rules = (self.volatility, self.tilt, self.cppi)
        return self.glide is not None and all(rule is None for rule in rules)

    @property
    def is_optimised(self) -> bool:
        """Whether its shares are found from estimates, and not written down."""
        return self.glide is None and self.cppi is None

    @property
    def hold(self) -> tuple[str, ...]:
        """All that may be held."""
        return tuple(symbol for leaf in self.tree.leaves() for symbol in leaf.hold)


def in_words(asked: Asked) -> str:
    """What is best, in words.

    >>> in_words(Asked("target-return", wanted=0.07))
    'least volatility for 7% a year'
    """
    percent = f"{asked.wanted * 100:.4g}%"
    return {
        "min-volatility": "least volatility",
        "max-sharpe": "best Sharpe ratio",
        "utility": f"most utility at a risk aversion of {asked.risk_aversion:g}",
        "robust-utility": f"most utility at the worst returns within {asked.kappa:g} errors",
        "target-return": f"least volatility for {percent} a year",
        "target-volatility": f"most return at {percent} volatility",
        "max-diversification": "most diversification",
        "risk-parity": "given shares of risk" if asked.budgets else "equal shares of risk",
        "hrp": "hierarchical risk parity",
        "min-cvar": f"mildest worst {(1 - asked.confidence) * 100:.4g}% of sessions",
        "min-cdar": f"mildest worst {(1 - asked.confidence) * 100:.4g}% of drawdowns",
    }[asked.objective]


def tolerance_in_words(kind: Kind, amount: float) -> str:
    """The most risk, in words.

    >>> tolerance_in_words("loss", 0.15)
    'most return at a loss of 15% at most'
    """
    return {
        "score": f"most return at a risk score of {amount:g}",
        "loss": f"most return at a loss of {amount * 100:.4g}% at most",
        "volatility": f"most return at {amount * 100:.4g}% volatility at most",
    }[kind]


def shown(weight: Fraction) -> str:
    """A weight in percent, without needless zeros.

    >>> shown(Fraction(231, 1000)), shown(Fraction(1, 20))
    ('23.1%', '5%')
    """
    return f"{percent_text(weight * 100)}%"


def decimal_of(value: float) -> Decimal | None:
    """A figure for people and files, rounded; None for what is no number."""
    if value != value or value in (float("inf"), float("-inf")):
        return None
    return Decimal(f"{value:.6f}")
