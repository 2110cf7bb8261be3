"""Ranges in the words of policies: `band:{1..10}pp` stands for ten bands."""

from __future__ import annotations

import re
from decimal import Decimal

from trimtab.model.policy import PolicyError

MOST = 1_000_000
"""Policies that one sweep takes."""

_NUMBER = r"(\d{1,6}(?:\.\d{1,6})?)"
_LONG = re.compile(r"\{\d+(?:\.\d+)?\.\.\d+(?:\.\d+)?(?:/\d+(?:\.\d+)?)?\}", re.ASCII)
"""A range whose numbers may be too long."""


def ranged(words: str) -> list[str]:
    """What words with ranges stand for; both ends are in a range, its step stands behind a slash.

    Raises:
        PolicyError: Braces that are no range, or a range that does not go upwards.

    >>> ranged("band:{1..3}pp"), ranged("drift:{1..2/0.5}pp")
    (['band:1pp', 'band:2pp', 'band:3pp'], ['drift:1pp', 'drift:1.5pp', 'drift:2pp'])
    """
    if "{" not in words and "}" not in words:  # as most of the thousands of a sweep are
        return [words]
    found = re.search(
        r"\{" + _NUMBER + r"\.\." + _NUMBER + "(?:/" + _NUMBER + r")?\}", words, re.ASCII
    )
    if found is None and _LONG.search(words):
        raise PolicyError(
            f"{words}: numbers of a range have at most six digits before the point, and six "
            "behind it"
        )
    if found is None:
        raise PolicyError(
            f"{words}: a range is written {{1..10}} or {{1..10/0.5}}, as band:{{1..10}}pp"
        )
    low, high, step = Decimal(found[1]), Decimal(found[2]), Decimal(found[3] or 1)
    if high < low or step <= 0:
        raise PolicyError(f"{words}: a range goes upwards, in steps above zero")
    if (high - low) / step >= MOST:
        raise PolicyError(f"{words}: a range has at most {MOST:,} values: take larger steps")
    made = []
    for k in range(int((high - low) / step) + 1):
        number = format(low + k * step, "f")
        number = number.rstrip("0").rstrip(".") if "." in number else number
        made += ranged(words[: found.start()] + number + words[found.end() :])
    return made
