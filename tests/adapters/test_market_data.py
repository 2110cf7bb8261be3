"""The contract of the port `MarketData`, held by the fake in memory and by price files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from tests.engine.households import CALENDAR
from trimtab.adapters.prices_file import PriceFile
from trimtab.model.instruments import Instrument
from trimtab.model.market import Dividend, Quote, Split
from trimtab.model.memory_market import MemoryMarket, PriceRow
from trimtab.model.numbers import Price
from trimtab.model.ports import MarketData

Make = Callable[[Sequence[PriceRow]], MarketData]
NAMES = ("BND", "VTI")


def in_memory(path: Path, rows: Sequence[PriceRow]) -> MarketData:
    """The fake."""
    return MemoryMarket(rows, CALENDAR)


def in_csv(path: Path, rows: Sequence[PriceRow]) -> MarketData:
    """A long CSV file."""
    lines = ["date,symbol,close,split,dividend"]
    for row in rows:
        close = row.raw if row.price is None else row.price
        split = "" if row.split == 1 else f"{row.split.numerator}:{row.split.denominator}"
        lines.append(f"{row.on},{row.instrument},{close},{split},{row.dividend or ''}")
    (path / "prices.csv").write_text("".join(f"{line}\n" for line in lines))
    instruments = {name: Instrument(name) for name in NAMES}
    return PriceFile([path / "prices.csv"], instruments=instruments, calendar=CALENDAR)


@pytest.fixture(params=[in_memory, in_csv], ids=["memory", "file"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Market data from rows, by each implementation."""
    return lambda rows: request.param(tmp_path, rows)


def row(day: int, name: str, price: str, split: str = "1", dividend: str = "") -> PriceRow:
    """A row of March 2026; what is no number is what stands there instead of a price."""
    number = None if price == "n/a" else Price.of(Decimal(price))
    paid = Price.of(Decimal(dividend)) if dividend else None
    raw = price if number is None else ""
    return PriceRow(date(2026, 3, day), name, number, Fraction(split), paid, raw)


def day(number: int) -> date:
    """A day of March 2026."""
    return date(2026, 3, number)


def test_nothing_of_a_later_day_is_known(make: Make) -> None:
    """Rows to come change no snapshot: prices, splits and dividends end with its day."""
    past = [row(2, "VTI", "100.00"), row(3, "VTI", "101.00")]
    future = [row(4, "VTI", "51.00", split="2", dividend="0.50"), row(4, "BND", "70.00")]

    known = make([*past, *future]).snapshot(day(3), NAMES)

    assert known == make(past).snapshot(day(3), NAMES)
    assert known.as_of == day(3)
    assert known.quotes == {"VTI": Quote(Price(10100, -2), day(3), Price(10000, -2), day(2))}
    assert (known.splits, known.dividends) == ((), ())


def test_a_quote_is_of_the_newest_row_with_its_own_day(make: Make) -> None:
    """A day without a row has the price of the last one, and says of which day it is."""
    market = make([row(2, "VTI", "100.00"), row(3, "VTI", "101.00"), row(2, "BND", "70.00")])

    shown = market.snapshot(day(5), NAMES)

    assert shown.quotes["VTI"].on == day(3)
    assert shown.quotes["BND"] == Quote(Price(7000, -2), day(2))


def test_only_what_is_asked_for_is_shown(make: Make) -> None:
    """Neither quotes nor splits nor dividends of others; what has no row has no quote."""
    market = make(
        [row(2, "VTI", "100.00"), row(3, "VTI", "50.00", split="2"), row(3, "BND", "70.00",
         dividend="0.20")]
    )  # fmt: skip

    shown = market.snapshot(day(3), ["BND"])

    assert set(shown.quotes) == {"BND"}
    assert shown.splits == ()
    assert shown.dividends == (Dividend("BND", day(3), Price(20, -2)),)
    assert make([row(2, "VTI", "100.00")]).snapshot(day(3), ["BND"]).quotes == {}


def test_splits_and_dividends_come_oldest_first_on_their_days(make: Make) -> None:
    """All up to the day, with exact ratios, whatever the order in which they are written."""
    market = make(
        [
            row(4, "VTI", "75.00", split="2/3"), row(2, "VTI", "100.00", dividend="0.40"),
            row(3, "VTI", "50.00", split="2", dividend="0.30"),
        ]
    )  # fmt: skip

    shown = market.snapshot(day(5), NAMES)

    assert shown.splits == (
        Split("VTI", day(3), Fraction(2)), Split("VTI", day(4), Fraction(2, 3)),
    )  # fmt: skip
    assert [one.on for one in shown.dividends] == [day(2), day(3)]


def test_the_price_before_comes_with_the_splits_since(make: Make) -> None:
    """What one old unit has become between the two days."""
    rows = [row(2, "VTI", "100.00"), row(3, "VTI", "n/a", split="2"), row(4, "VTI", "51.00")]

    quote = make(rows).snapshot(day(4), NAMES).quotes["VTI"]

    assert (quote.previous, quote.previous_on) == (Price(10000, -2), day(2))
    assert quote.split_since_previous == 2


def test_a_row_without_a_usable_price_is_shown_as_that(make: Make) -> None:
    """It does not vanish behind the day before: it has no price, and what was written is there."""
    rows = [row(2, "VTI", "100.00"), row(3, "VTI", "n/a")]

    quote = make(rows).snapshot(day(3), NAMES).quotes["VTI"]

    assert quote.price is None
    assert quote.on == day(3)
    assert "n/a" in quote.raw
    assert quote.previous == Price(10000, -2)


def test_a_snapshot_does_not_depend_on_those_taken_before(make: Make) -> None:
    """Later and earlier days may be asked about in any order, again and again."""
    rows = [row(2, "VTI", "100.00"), row(3, "VTI", "50.00", split="2"), row(4, "VTI", "51.00")]
    market = make(rows)
    first = [market.snapshot(day(n), NAMES) for n in (4, 2, 3)]

    assert [market.snapshot(day(n), NAMES) for n in (2, 3, 4)] == [first[1], first[2], first[0]]
