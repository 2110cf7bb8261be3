"""Splits and dividends: booked once, in the order of their days, exactly."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.households import CALENDAR, account, lot, mandate, state, tree
from tests.execution.desks import AT, opening_of
from trimtab.execution.corporate import actions_due
from trimtab.execution.opening import opening_drafts
from trimtab.ledger.chain import sealed
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import NOTHING, Folded
from trimtab.model.instruments import Instrument
from trimtab.model.market import Dividend, Market, Quote, Split
from trimtab.model.numbers import Price

OPENED = date(2026, 3, 2)
TODAY = date(2026, 3, 31)


def book(*lots, step: str = "1") -> Folded:  # type: ignore[no-untyped-def]
    """A record that was opened on 2 March with these lots."""
    mandate_ = mandate(
        tree({"VTI": 60, "BND": 40}),
        accounts=[account("a"), account("b", "roth")],
        instruments=[Instrument("VTI", step=Decimal(step)), Instrument("BND")],
    )
    held = state(lots, a="0.00", b="0.00")
    drafts = opening_drafts(
        opening_of(held, mandate_, on=OPENED), mandate_.household.instruments, AT
    )
    return fold(sealed(drafts, NOTHING.head))


def market(*actions: Split | Dividend, vti: str = "100.00") -> Market:
    """The market of 31 March, with what happened up to then."""
    quotes = {"VTI": Quote(Price.of(Decimal(vti)), TODAY), "BND": Quote(Price(50, 0), TODAY)}
    return Market(
        TODAY,
        CALENDAR,
        quotes,
        tuple(one for one in actions if isinstance(one, Split)),
        tuple(one for one in actions if isinstance(one, Dividend)),
    )


def dividend(day: int, amount: str, instrument: str = "VTI") -> Dividend:
    """A dividend in March."""
    return Dividend(instrument, date(2026, 3, day), Price.of(Decimal(amount)))


def split(day: int, ratio: str) -> Split:
    """A split of VTI in March."""
    return Split("VTI", date(2026, 3, day), Fraction(ratio))


def test_what_was_before_the_opening_is_in_it() -> None:
    """Actions up to the day of the statement are not booked again."""
    due = actions_due(
        book(lot("a", "VTI", 10)), market(dividend(2, "1.00"), split(2, "2")), paper={"a"}, at=AT
    )

    assert [draft.kind for draft in due.drafts] == ["actions_booked"]


def test_a_dividend_is_position_times_amount_half_to_even() -> None:
    """3 x 0.375 = 1.125 becomes 1.12, 5 x 0.375 = 1.875 becomes 1.88."""
    folded = book(lot("a", "VTI", 3), lot("b", "VTI", 5))

    due = actions_due(folded, market(dividend(10, "0.375")), paper={"a", "b"}, at=AT)

    assert due.folded.cash == {"a": 112, "b": 188}
    assert due.folded.new_cash == {"a": 112, "b": 188}


def test_dividends_count_the_shares_of_their_day() -> None:
    """Before the split on the old count, after it on the new one."""
    folded = book(lot("a", "VTI", 10))
    actions = (dividend(5, "1.00"), split(10, "3"), dividend(20, "1.00"))

    due = actions_due(folded, market(*actions), paper={"a"}, at=AT)

    assert due.folded.cash["a"] == 1_000 + 3_000
    assert due.folded.positions["a", "VTI"] == 30


def test_a_split_that_is_booked_is_told() -> None:
    """One line in the run that books it, and none once it is in the record."""
    shown = market(split(10, "4"))
    first = actions_due(book(lot("a", "VTI", 10)), shown, paper={"a"}, at=AT)

    again = actions_due(first.folded, shown, paper={"a"}, at=AT)

    assert [(one.code, one.subject) for one in first.findings] == [("split-due", "VTI")]
    assert "4 for 1" in first.findings[0].message
    assert again.findings == ()


def test_a_real_broker_pays_its_own_dividends() -> None:
    """Not booked where somebody else pays; what to expect is said, all of it in one line."""
    folded = book(lot("a", "VTI", 10), lot("b", "VTI", 7))

    due = actions_due(folded, market(dividend(5, "1.00"), dividend(20, "0.50")), paper={"b"}, at=AT)

    assert due.folded.cash == {"a": 0, "b": 1_050}
    (finding,) = due.findings
    assert finding.code == "dividend-expected"
    assert "15.00" in finding.message


def test_what_is_booked_is_not_due_again() -> None:
    """Asked again after booking, nothing is due; interrupted within, only the rest is."""
    folded = book(lot("a", "VTI", 10))
    shown = market(dividend(5, "1.00"), split(10, "2"), dividend(20, "1.00"))
    whole = actions_due(folded, shown, paper={"a"}, at=AT)
    assert actions_due(whole.folded, shown, paper={"a"}, at=AT).drafts == ()

    for kept in range(len(whole.drafts)):
        torn = fold(sealed(whole.drafts[:kept], folded.head), folded)
        rest = actions_due(torn, shown, paper={"a"}, at=AT)
        assert rest.folded.positions == whole.folded.positions
        assert rest.folded.cash == whole.folded.cash
        assert rest.folded.actions_through == TODAY


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 500), min_size=1, max_size=4),
    st.sampled_from(["2", "3", "3/2", "1/2", "1/10", "7/3"]),
)
def test_a_split_keeps_basis_and_total(quantities: list[int], ratio: str) -> None:
    """The whole position is multiplied exactly; parts of a step become cash; basis stays but for
    what those parts take.
    """
    lots = [lot("a", "VTI", q, "1000.00", id_=str(i)) for i, q in enumerate(quantities)]
    folded = book(*lots)

    due = actions_due(folded, market(split(10, ratio)), paper={"a"}, at=AT)

    exact = sum(quantities) * Fraction(ratio)
    assert due.folded.positions.get(("a", "VTI"), 0) == exact.__floor__()
    rough = {finding.code for finding in due.findings}
    assert ("cash-in-lieu-estimated" in rough) == (exact.denominator > 1)
    assert due.folded.cash["a"] == round((exact - exact.__floor__()) * 10_000)


def test_a_split_that_appears_late_is_shouted_about() -> None:
    """Prices that grow a split in a time that is booked: the record would be wrong by that much."""
    folded = book(lot("a", "VTI", 10))
    done = actions_due(folded, market(), paper={"a"}, at=AT).folded

    late = actions_due(done, market(split(10, "2")), paper={"a"}, at=AT)

    assert late.drafts == ()
    assert [(finding.code, finding.severity) for finding in late.findings] == [
        ("split-not-booked", "error")
    ]


def test_actions_of_what_nobody_declared_are_passed_over() -> None:
    """An instrument that no account can hold has no splits to book."""
    other = replace(split(10, "2"), instrument="GLD")

    due = actions_due(book(lot("a", "VTI", 10)), market(other), paper={"a"}, at=AT)

    assert [draft.kind for draft in due.drafts] == ["actions_booked"]
