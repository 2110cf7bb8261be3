"""What was found stands below every result that is printed, in text and in notebooks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import trimtab as tt
from tests.simulate.markets import lively
from trimtab.model.findings import Finding
from trimtab.simulate.said import findings_listed, with_findings

FOUND = Finding("late", "prices", "something <odd> was noticed.", "warning")
HALVES = {"A": 0.5, "B": 0.5}


def _sweep() -> Any:
    return tt.sweep(lively("AB", 300), tt.Policy(HALVES), when=["monthly", "never"])


def _advice() -> Any:
    return tt.advise(lively("AB", 300), tt.Policy(HALVES, when="monthly"), paths=20)


def _outcomes() -> Any:
    return tt.bootstrap(tt.backtest(lively("AB", 300), tt.Policy(HALVES)), paths=20)


@pytest.mark.parametrize("made", [_sweep, _advice, _outcomes])
def test_a_printed_result_says_what_was_found(made: Any) -> None:
    """`print`, `.summary()` and a notebook show findings, the gravest with its word."""
    result = replace(made(), findings=(FOUND,))

    assert f"1 finding:\nwarning: prices: {FOUND.message}" in str(result)
    assert str(result) == result.summary()
    assert "prices: something &lt;odd&gt; was noticed.</li>" in result._repr_html_()
    assert "finding" not in replace(result, findings=()).summary()


def test_advice_says_what_its_marks_stand_for() -> None:
    """The star in the table of advice is explained below it, wherever it is shown."""
    advice = _advice()

    assert " *" in advice.summary()
    assert "* your policy" in advice.summary()
    assert "* your policy" in advice._repr_html_()


def test_what_a_finding_is_about_is_named_once() -> None:
    """A message that begins with its symbol does not have it a second time before it."""
    twice = Finding("wash-sale", "VXUS", "VXUS is sold at a loss.")

    assert with_findings("", [twice]).endswith("warning: VXUS is sold at a loss.")
    assert "<li>warning: VXUS is sold" in findings_listed([twice])
