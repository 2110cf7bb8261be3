"""Frozen values as plain JSON values: what is written can be read."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from trimtab.model.plain import from_plain, to_plain


@given(st.integers(1, 10**12), st.integers(-12, 0))
def test_every_step_that_can_be_set_is_read_back(digits: int, exponent: int) -> None:
    """A decimal is written without an exponent, however small, and comes back exactly."""
    step = Decimal(digits).scaleb(exponent)

    assert from_plain(Decimal, to_plain(step)) == step
