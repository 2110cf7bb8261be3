"""From where on the steps of a price are looked at: the accepted price, or what was bought."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from tests.live.folders import LAST, TOML, folder, opened
from trimtab.adapters.price_steps import Since
from trimtab.adapters.prices_file import LOOKED_BACK
from trimtab.execution.correcting.task import Change
from trimtab.ledger import events
from trimtab.ledger.record import record
from trimtab.live.book import OpenBook
from trimtab.live.corrections import correct
from trimtab.model.accounts import Lot
from trimtab.model.numbers import Price
from trimtab.model.state import AcceptedPrice

AT = "2024-03-28T21:00:00Z"
WINDOW = LAST - timedelta(days=LOOKED_BACK * 7 // 5)


def since(book: OpenBook, name: str = "VTI", day: date = LAST) -> Since | None:
    """From where on a price is looked at, on a day."""
    return book._since(day, [name]).get(name)


def accepted(path: Path, price: str, on: date) -> OpenBook:
    """A record with an accepted price of VTI."""
    book = opened(folder(path))
    book.deposit("roth", "1", on=LAST)
    known = {"VTI": AcceptedPrice(Price.of(Decimal(price)), on)}
    record(book.store, book.folded(), [events.prices_accepted(known, at=AT)])
    return book


@pytest.mark.parametrize(
    ("toml_day", "expected"),
    [
        pytest.param("2024-03-20", WINDOW, id="the window is further back"),
        pytest.param("2023-06-01", date(2023, 6, 1), id="back to the opening"),
    ],
)
def test_without_an_accepted_price_it_is_the_window_or_the_opening(
    tmp_path: Path, toml_day: str, expected: date
) -> None:
    """What was held then is what was counted on the opening day: steps since are its own."""
    toml = TOML.format(roth="paper", taxed="paper").replace("2024-03-20", toml_day)
    book = opened(folder(tmp_path, portfolio_toml=toml))

    assert since(book) == Since(expected)


def test_a_lot_that_came_after_the_opening_is_as_far_as_is_looked(tmp_path: Path) -> None:
    """It is at the count of its day; steps before that day are none of its own."""
    toml = TOML.format(roth="paper", taxed="paper").replace("2024-03-20", "2023-06-01")
    book = opened(folder(tmp_path, portfolio_toml=toml))
    book.deposit("roth", "1", on=LAST)
    lot = Lot("in", "roth", "VTI", 5, date(2023, 9, 5), 1000_00)
    record(book.store, book.folded(), [events.received("roth", [lot], on=LAST, at=AT)])

    assert since(book) == Since(date(2023, 9, 5))


def test_what_is_not_held_is_left_to_the_window(tmp_path: Path) -> None:
    """Nothing is known of it: the price file decides how far it looks back."""
    lots = "account,symbol,quantity,acquired,cost_basis\ntaxed,BND,20,2020-01-02,1100.00\n"
    book = opened(folder(tmp_path, lots=lots))

    assert since(book) is None


def test_it_is_the_price_that_a_plan_accepted_last(tmp_path: Path) -> None:
    """With its own digits, however long ago."""
    book = accepted(tmp_path, "259.50", date(2024, 3, 21))

    assert since(book) == Since(date(2024, 3, 21), Price(25950, -2))


def test_an_accepted_price_of_a_later_day_is_not_known_yet(tmp_path: Path) -> None:
    """Who looks at a day before it is compared with what was known then."""
    book = accepted(tmp_path, "259.50", LAST)

    found = since(book, day=date(2024, 3, 27))

    assert found is not None
    assert found.price is None


@pytest.mark.parametrize(("new", "old", "price"), [(2, 1, "130"), (1, 4, "1040"), (3, 1, None)])
def test_a_split_that_is_booked_brings_the_accepted_price_to_its_count(
    tmp_path: Path, new: int, old: int, price: str | None
) -> None:
    """From the split's day on at the new count: the rows after it are compared with that."""
    book = accepted(tmp_path, "260", date(2024, 3, 21))
    on = date(2024, 3, 25)
    cash = {"roth": 0, "taxed": 0} if old == 4 else {}
    split = events.split("VTI", new=new, old=old, on=on, cash_in_lieu=cash, at=AT)
    record(book.store, book.folded(), [split])

    found = since(book)

    assert found is not None
    assert found.on == on
    assert found.price is not None
    exact = Fraction(260) * old / new
    assert abs(Fraction(found.price.decimal) - exact) < Fraction(1, 10**8)
    assert price is None or found.price.decimal == Decimal(price)


def test_an_accepted_price_of_the_split_day_is_at_the_new_count_already(tmp_path: Path) -> None:
    """A plan of that day counted it so: it is not divided once more."""
    on = date(2024, 3, 25)
    book = accepted(tmp_path, "130", on)
    split = events.split("VTI", new=2, old=1, on=on, cash_in_lieu={}, at=AT)
    record(book.store, book.folded(), [split])

    assert since(book) == Since(on, Price(130, 0))


def test_a_split_that_never_was_gives_the_accepted_price_back(tmp_path: Path) -> None:
    """Voided, the price before it is what later rows are compared with again."""
    book = accepted(tmp_path, "260", date(2024, 3, 21))
    split = events.split("VTI", new=2, old=1, on=date(2024, 3, 25), cash_in_lieu={}, at=AT)
    record(book.store, book.folded(), [split])
    entry = book.folded().head.seq

    correct(book, entry, Change(void=True), reason="none")

    found = since(book)
    assert found is not None
    assert found.price is not None
    assert found.price.decimal == 260
    assert not book.market(LAST).looked["VTI"]
