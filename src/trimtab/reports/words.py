"""How figures and sentences are written for a reader: commas, signs and percent in one place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from trimtab.model.numbers import money_text

_MONEY = re.compile(r"(?<![\w.,=])([0-9]{4,})(\.[0-9]{2})(?![\w]|\.[0-9])")


def clean(text: str) -> str:
    r"""Text that cannot move the cursor, change colours or hide: what does is shown as its code.

    >>> clean("VTI\x1b[31m")
    'VTI\\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def money(minor: int, *, sign: bool = False) -> str:
    """Money with thousands marked.

    >>> money(-123456789), money(5, sign=True)
    ('-1,234,567.89', '+0.05')
    """
    text = money_text(abs(minor))
    whole, _, rest = text.partition(".")
    mark = "-" if minor < 0 else "+" if sign else ""
    return f"{mark}{int(whole):,}.{rest}"


def quantity(text: str) -> str:
    """A quantity, given as plain decimal text, with thousands marked.

    >>> quantity("12345.678")
    '12,345.678'
    """
    whole, point, rest = text.partition(".")
    return f"{int(whole):,}{point}{rest}"


def percent(share: Fraction | float) -> str:
    """A share as percent with one decimal, half to even, exactly.

    >>> percent(Fraction(1, 3))
    '33.3%'
    """
    return f"{_tenths(share)}%"


def points(share: Fraction | float, *, sign: bool = False) -> str:
    """A difference of shares in percentage points.

    >>> points(Fraction(-1, 20), sign=True)
    '-5.0pp'
    """
    text = _tenths(share)
    return f"{'+' if sign and share > 0 and text != '0.0' else ''}{text}pp"


def _tenths(share: Fraction | float) -> str:
    tenths = round(Fraction(share) * 1000)
    mark = "-" if tenths < 0 else ""
    return f"{mark}{abs(tenths) // 10}.{abs(tenths) % 10}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun.

    >>> counted(1, "trade"), counted(0, "trade")
    ('1 trade', 'no trades')
    """
    if number == 1:
        return f"1 {noun}"
    return f"{number or 'no'} {plural or noun + 's'}"


def listed(names: Sequence[str]) -> str:
    """Names as a person lists them.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def sentence(text: str) -> str:
    """Text with a full stop at its end and thousands marked in its money, not in its commands.

    >>> sentence("a gain of 27001.72 (long-term)")
    'a gain of 27,001.72 (long-term).'
    >>> sentence("give it with --price FUND=3183.10.")
    'give it with --price FUND=3183.10.'
    """
    marked = _MONEY.sub(lambda found: f"{int(found[1]):,}{found[2]}", text)
    return marked if marked.endswith((".", "!", "?", ":")) else f"{marked}."
