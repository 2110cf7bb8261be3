"""Riskless rates a year."""

from __future__ import annotations

import pytest

from trimtab.model.numbers import NumberError
from trimtab.model.yearly import check_yearly, yearly_rate


@pytest.mark.parametrize(("rate", "meant"), [(0.31, "0.0031"), (2.0, "0.02"), (-3.0, "-0.03")])
def test_a_number_is_refused_where_the_same_text_is(rate: float, meant: str) -> None:
    """Percent that lost their sign are refused in Python as in options and files, with what was
    probably meant.
    """
    with pytest.raises(NumberError):
        yearly_rate(f"{rate:g}")
    with pytest.raises(ValueError, match=f"write {meant} for {rate:g}%"):
        check_yearly("risk_free", rate)


@pytest.mark.parametrize("rate", [0.3, 0.0, -0.3])
def test_up_to_the_same_rate_both_take_it(rate: float) -> None:
    """Thirty percent is the most that either takes without a sign."""
    check_yearly("risk_free", rate)

    assert float(yearly_rate(f"{rate:g}")) == rate
