"""What a record begins with, and how the bodies of entries are read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.ledger.facts import (
    DAY,
    OTHER,
    changed,
    refused,
    without,
)
from tests.ledger.histories import AT, FIRST, STEPS, folded_after, opening, opening_lots
from trimtab.ledger import events
from trimtab.ledger.canonical import Json
from trimtab.ledger.chain import sealed
from trimtab.ledger.errors import FoldError
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import NOTHING
from trimtab.model.accounts import Lot


def test_the_opening_is_the_book() -> None:
    """Lots, cash, sales and steps of the statement are what is known after it."""
    folded = folded_after()

    assert tuple(folded.lots.values()) == tuple(opening_lots())
    assert folded.cash == {"brokerage": 260_000, "roth": 5_000_000, "k401": 0}
    assert folded.steps == STEPS
    assert [b.sale.proceeds for b in folded.sales] == [90_000]
    assert (folded.household, folded.currency, folded.opened_on) == ("Example", "USD", FIRST)
    assert folded.actions_through == FIRST


def test_a_large_opening_takes_several_entries() -> None:
    """More lots than one line should hold are split, and fold to one book."""
    lots = [Lot(f"L{n}", "roth", "VTI", 1 + n, date(2020, 1, 1), n) for n in range(4500)]

    drafts = opening(lots=lots)
    folded = fold(sealed(drafts, NOTHING.head))

    assert len(drafts) == 3
    assert tuple(folded.lots.values()) == tuple(lots)
    assert folded.cash["roth"] == 5_000_000


def test_a_record_opens_first_and_once() -> None:
    """Nothing happens before the opening, and there is only one."""
    second = refused(*opening())
    deposit = events.deposited("roth", 1, on=DAY, at=AT)
    late_part = changed(opening()[0], part=1)
    gap = changed(opening()[0], part=2)

    with pytest.raises(FoldError) as before:
        fold(sealed([deposit], NOTHING.head))

    assert before.value.code == "not-opened"
    assert second.code == "opened-twice"
    assert refused(deposit, gap).code == "opened-twice"
    assert refused(changed(late_part, lots_sha256=OTHER)).code == "opened-twice"


def test_a_newer_format_is_refused() -> None:
    """A record of a format that this program does not know is not guessed at."""
    with pytest.raises(FoldError) as caught:
        fold(sealed([changed(opening()[0], format=2)], NOTHING.head))

    assert caught.value.code == "format-unknown"


def test_lots_need_an_instrument_whose_step_is_known() -> None:
    """Nobody can count an instrument that was not declared."""
    with pytest.raises(FoldError) as caught:
        fold(sealed(opening(steps={"VTI": Decimal(1)}, sales=[]), NOTHING.head))

    assert caught.value.code == "instrument-not-declared"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("amount", "5"),
        ("amount", "5.0"),
        ("amount", "5.000"),
        ("amount", "+5.00"),
        ("amount", "05.00"),
        ("amount", "-5.00"),
        ("amount", "0.00"),
        ("amount", "1e3"),
        ("amount", "NaN"),
        ("amount", "٥.00"),
        ("amount", 500),
        ("amount", None),
        ("amount", "99999999999999999999.00"),
        ("account", ""),
        ("account", "a\nb"),
        ("account", 7),
        ("account", "x" * 300),
        ("on", "2026-3-31"),
        ("on", "2026-02-30"),
        ("on", "20260331"),
        ("on", None),
        ("ref", ""),
    ],
)
def test_a_member_has_one_spelling(member: str, value: Json) -> None:
    """Money, names and days that are spelled otherwise are refused, not read leniently."""
    deposit = events.deposited("roth", 500, on=DAY, at=AT)

    assert refused(changed(deposit, **{member: value})).code == "malformed"


def test_every_member_is_there_and_none_is_unknown() -> None:
    """A missing member is an error, and so is one that only a newer version understands."""
    deposit = events.deposited("roth", 500, on=DAY, at=AT)

    for member in deposit.body:
        assert refused(without(deposit, member)).code == "malformed"
    assert refused(changed(deposit, surprise="x")).code == "malformed"
    assert refused(replace(deposit, kind="dreamed")).code == "kind-unknown"
