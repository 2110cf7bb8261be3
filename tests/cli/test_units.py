"""`--risk-free` and `--bounds`: which numbers are fractions, which percent, which refused."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable

import pytest

from trimtab.cli.units import bounds, confidence, limits_read, percent, risk_free, understood


@pytest.mark.parametrize(
    ("text", "meant"),
    [("0.02", 0.02), (".02", 0.02), ("2%", 0.02), ("0", 0.0), ("0.3", 0.3), ("-0.5 %", -0.005)],
)
def test_a_bare_rate_is_a_fraction(text: str, meant: float) -> None:
    """0.02 is two percent a year, and so is 2%."""
    assert risk_free(text) == pytest.approx(meant, abs=1e-15)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2", "2 would be 200% a year: write 0.02 or 2%"),
        ("0.5", "0.5 would be 50% a year: write 0.005 or 0.5%"),
        ("250", "250 would be 25000% a year: write 0.02 or 2%"),
        ("250%", "a rate is from -99% to 99%"),
        ("two", "not a plain decimal"),
        ("%", "not a plain decimal"),
    ],
)
def test_percent_that_lost_its_sign_is_refused(text: str, words: str) -> None:
    """What would be hundreds of percent a year is told with what to write."""
    with pytest.raises(ArgumentTypeError, match=words.replace(".", r"\.")):
        risk_free(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("0,1", (0.0, 1.0)),
        ("0,0.3", (0.0, 0.3)),
        ("-0.3,1", (-0.3, 1.0)),
        ("0,30", (0.0, 0.3)),
        ("0.5,30", (0.005, 0.3)),
        ("-30,100", (-0.3, 1.0)),
        ("0%,1%", (0.0, 0.01)),
        ("0,1%", (0.0, 0.01)),
        ("-30%,130%", (-0.3, 1.3)),
    ],
)
def test_bounds_within_one_are_fractions(text: str, meant: tuple[float, float]) -> None:
    """Both within -1 to 1 are fractions, one beyond makes both percent, and a sign decides."""
    assert bounds(text) == pytest.approx(meant, abs=1e-15)


@pytest.mark.parametrize("text", ["0.3,0", "0.3", "0,1,2", "0.1,30%", "0,many", "0,100000"])
def test_bounds_that_are_none_are_refused(text: str) -> None:
    """The lower one first, two of them, in one unit, within reason."""
    with pytest.raises(ArgumentTypeError):
        bounds(text)


def test_what_was_understood_is_told() -> None:
    """In percent, whatever was typed."""
    told = understood(risk_free("0.02"), bounds("0,1"))

    assert told == "Risk-free 2% a year, every weight from 0% to 100%."
    told = understood(0.02, None, 0.0003)
    assert told == "Risk-free 2% a year, wanted 0.03% a year, every weight from 0% to 100%."


@pytest.mark.parametrize(("text", "meant"), [("15", 0.15), ("0.5%", 0.005), ("0", 0.0)])
def test_a_share_in_percent_below_one_needs_its_sign(text: str, meant: float) -> None:
    """15 is 15 percent, and half a percent is written with its sign."""
    assert percent(text) == pytest.approx(meant, abs=1e-15)


@pytest.mark.parametrize(
    ("text", "parse", "words"),
    [
        ("0.2", percent, "did you mean 20? Write 0.2% if it is that little"),
        ("0.95", confidence, "did you mean 95?"),
        ("120", confidence, "in percent, above 0 and below 100, as 95"),
        ("0", confidence, "in percent, above 0 and below 100, as 95"),
    ],
)
def test_a_fraction_where_percent_belongs_is_asked_about(
    text: str, parse: Callable[[str], float], words: str
) -> None:
    """What would be a tiny percent is never taken in silence."""
    with pytest.raises(ArgumentTypeError) as raised:
        parse(text)

    assert words in str(raised.value)


def test_every_limit_is_read_back() -> None:
    """All that was typed is told in percent."""
    given = Namespace(
        leverage=None, turnover=0.2, tracking_error=0.04, min_position=0.02, max_names=5,
        min_names=None,
    )  # fmt: skip

    told = understood(0.02, None, limits=limits_read(given))

    assert told.endswith(
        "100%, turnover at most 20% one way, tracking error at most 4% a year, what is held at "
        "least 2%, at most 5 names."
    )
