"""`--risk-free` and `--bounds`: which numbers are fractions, which percent, which refused."""

from __future__ import annotations

from argparse import ArgumentTypeError

import pytest

from trimtab.cli.units import bounds, risk_free, understood


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
