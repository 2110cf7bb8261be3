"""What the record makes of cash that moves."""

from __future__ import annotations

import pytest

from tests.ledger.facts import (
    DAY,
    codes,
    refused,
)
from tests.ledger.histories import AT, folded_after
from trimtab.ledger import events
from trimtab.ledger.chain import Draft


@pytest.mark.parametrize(
    ("draft", "added"),
    [
        (events.deposited("roth", 500, on=DAY, at=AT), 500),
        (events.withdrawn("roth", 500, on=DAY, at=AT), -500),
        (events.interest_paid("roth", 500, on=DAY, at=AT), 500),
        (events.fee_charged("roth", 500, on=DAY, at=AT), -500),
        (events.dividend_paid("roth", "VTI", 500, withheld=75, on=DAY, at=AT), 425),
    ],
)
def test_cash_that_moves_is_cash_and_new_cash(draft: Draft, added: int) -> None:
    """What comes in is there to invest; what goes out is not."""
    folded = folded_after(draft)

    assert folded.cash["roth"] == 5_000_000 + added
    assert folded.new_cash == {"roth": added}


def test_the_same_reference_is_the_same_fact() -> None:
    """A movement that the broker tells twice is booked once; another account may use its id."""
    deposit = events.deposited("roth", 500, on=DAY, ref="tx-1", at=AT)
    elsewhere = events.deposited("k401", 500, on=DAY, ref="tx-1", at=AT)

    folded = folded_after(deposit, elsewhere, deposit)

    assert folded.cash["roth"] == 5_000_500
    assert folded.cash["k401"] == 500
    assert codes(folded) == ["repeated-ref"]


def test_cash_below_zero_is_booked_and_said() -> None:
    """A fact is recorded even when it should not have been possible."""
    folded = folded_after(events.withdrawn("k401", 1, on=DAY, at=AT))

    assert folded.cash["k401"] == -1
    assert codes(folded) == ["cash-negative"]


def test_more_cannot_be_withheld_than_was_paid() -> None:
    """Tax withheld is a part of the dividend."""
    draft = events.dividend_paid("roth", "VTI", 500, withheld=501, on=DAY, at=AT)

    assert refused(draft).code == "withheld-too-much"
