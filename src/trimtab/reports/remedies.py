"""What a reader can ask for next, in the words in which they ask: Python's, or a command line's.

Rooms below say what happened and what to mend; by which keyword or option something is asked for,
only the caller knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

Ask = Callable[[str, str], str]
"""From the keyword of a call and what it is about to the reader's own words for it."""

_BY_CODE: Final[Mapping[str, tuple[str, str]]] = {
    "missing-price": ("prices", "Or give one with {}."),
    "stale-price": ("prices", "Or give one with {}."),
    "invalid-price": ("prices", "Or give one with {}."),
    "price-jump": ("prices", "If it is right, give it with {}."),
    "split-missing": ("prices", "If it is right, give it with {}."),
    "split-out-of-phase": ("prices", "If it is right, give it with {}."),
    "target-moved": ("now", "{} plans for the new one."),
    "session": ("now", "{} plans once more all the same."),
}
"""By the code of a finding, or the trigger of a reading: the keyword, and what it does."""


def in_python(keyword: str, subject: str = "") -> str:
    """How Python asks.

    >>> in_python("prices", "FUND"), in_python("now")
    ("prices={'FUND': P}", 'now=True')
    """
    if keyword == "prices":
        return f"prices={{{subject!r}: P}}"
    return "explain()" if keyword == "explain" else f"{keyword}=True"


def in_history(keyword: str, subject: str = "") -> str:
    """Nobody asks of the past: no price is typed in, and nothing is planned once more.

    >>> remedy("stale-price", "FUND", in_history)
    ''
    """
    return ""


def remedy(code: str, subject: str, ask: Ask) -> str:
    """What to ask for next, as a sentence with a space before it; empty where there is nothing.

    >>> remedy("price-jump", "FUND", in_python)
    " If it is right, give it with prices={'FUND': P}."
    """
    if code not in _BY_CODE:
        return ""
    keyword, does = _BY_CODE[code]
    asked = ask(keyword, subject)
    return f" {does.format(asked)}" if asked else ""
