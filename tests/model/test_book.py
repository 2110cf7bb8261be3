"""Columns and values are two views of one book."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from trimtab.model.accounts import Lot
from trimtab.model.book import Book

DAYS = st.one_of(st.none(), st.just("inherited"), st.dates(date(1990, 1, 1), date(2030, 1, 1)))
BASES = st.one_of(st.none(), st.integers(0, 10**12))
ROWS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("XYZ"), st.integers(1, 10**9), DAYS, BASES),
    max_size=12,
)


@given(ROWS, st.randoms(use_true_random=False))
def test_a_book_comes_back_from_its_columns(rows, random_) -> None:  # type: ignore[no-untyped-def]
    """Nothing is lost on the way to columns and back, and the order of the rows does not matter."""
    lots = [Lot(f"l{i}", *row) for i, row in enumerate(rows)]
    shuffled = list(lots)
    random_.shuffle(shuffled)
    cash = {"a": 5, "b": -7, "empty": 0}

    book = Book.of(lots, cash)

    assert sorted(book.lots(), key=lambda lot: lot.id) == sorted(lots, key=lambda lot: lot.id)
    assert book.cash_by_account() == cash
    assert book == Book.of(shuffled, cash)
    assert list(book.first_lot)[-1] == len(lots)
