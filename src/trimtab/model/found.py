"""A target that was found, not written down: what it is, by what it was found, how it moved."""

from __future__ import annotations

from dataclasses import field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from trimtab.model.findings import Finding
from trimtab.model.frozen import LATER, dataclass

HOUSEHOLD = "household"
"""The name of the target that all accounts without one of their own share."""


@dataclass(frozen=True, slots=True)
class FoundSleeve:
    """A leaf of a target that moves.

    Args:
        sleeve: Its name.
        symbol: Whose price history stands for it; empty where none was needed.
        weight: Its share of the whole portfolio now.
        previous: Its share by the finding of the period before; None where there was none.
        expected_return, volatility: A year's, by the estimates; None where none were made.
        limit: Which limit it is at, in words; empty where it is at none.
    """

    sleeve: str
    symbol: str
    weight: Fraction
    previous: Fraction | None = None
    expected_return: Decimal | None = None
    volatility: Decimal | None = None
    limit: str = ""


@dataclass(frozen=True, slots=True)
class Estimates:
    """What a target was found from, and how sure it is.

    Args:
        first, last: Days of the first and the last price that were used.
        sessions: How many there are, both included.
        symbols: What `correlations` are of.
        correlations: Of the returns, a row a symbol.
        expected_return, volatility, sharpe: A year's, of the weights that were found.
        objective_value: What was minimised or maximised, in its own unit.
        solver: What found the weights, and its status.
        gap: How much better any others within the limits can be than these before they were
            rounded, at most, as `1e-12`; empty: no bound is known.
        gap_in: What that is a gap in, in words, of what is invested.
    """

    first: date
    last: date
    sessions: int
    symbols: tuple[str, ...]
    correlations: tuple[tuple[Decimal, ...], ...]
    expected_return: Decimal | None
    volatility: Decimal | None
    sharpe: Decimal | None
    objective_value: Decimal | None
    solver: str
    gap: str
    gap_in: str = field(default="", metadata={LATER: True})


@dataclass(frozen=True, slots=True)
class Found:
    """The target of a day, where it moves.

    Args:
        rule: By what it moves, in the words of the folder: `min-volatility, found monthly`.
        on: The session that it was found on: later prices did not enter.
        sleeves: Its leaves, in the order written; empty where there is no target at all.
        previous_on: The session of the finding before.
        estimates: What it was found from; None where it follows from a rule alone.
        kept: Why it could not be found, so that the target last adopted is kept; else empty.
        findings: What else is to be said of it.
        why: In a sentence, why its shares are what they are, where a rule scales written ones.
        target: `household`, or the account whose own target it is.
    """

    rule: str
    on: date
    sleeves: tuple[FoundSleeve, ...]
    previous_on: date | None = None
    estimates: Estimates | None = None
    kept: str = ""
    findings: tuple[Finding, ...] = ()
    why: str = field(default="", metadata={LATER: True})
    target: str = field(default=HOUSEHOLD, metadata={LATER: True})


def target_key(owner: str) -> str:
    """Under which key of portfolio.toml a target stands.

    >>> target_key("household"), target_key("roth")
    ('target', 'accounts.roth.target')
    """
    return "target" if owner == HOUSEHOLD else f"accounts.{owner}.target"


def founds(household: Found | None, own: tuple[Found, ...]) -> tuple[Found, ...]:
    """How each target was found that moves, the household's first.

    Args:
        household: The household's; None where it is written down, or there is none.
        own: Those of accounts that have their own.
    """
    return own if household is None else (household, *own)
