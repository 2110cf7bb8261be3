"""Corrections: afterwards the record says what it would say had the right facts been booked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.ledger.histories import AT, FIRST, SHA, opening
from trimtab.execution.correcting.task import Change
from trimtab.execution.corrections import Correction, correction
from trimtab.execution.orders import lot_id, relief
from trimtab.ledger import events
from trimtab.ledger.chain import Draft, Entry, sealed
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import NOTHING, Folded, state_digest
from trimtab.model.accounts import Lot
from trimtab.model.errors import RefusedError
from trimtab.model.numbers import Price, StepPrice
from trimtab.model.orders import Fill, Order, OrderState

ACCOUNTS = ("brokerage", "roth")
DAY = FIRST + timedelta(days=40)


@dataclass(frozen=True)
class Fact:
    """A trade that happened: by a ticket, or outside of any."""

    side: str
    account: str
    steps: int
    cents: int
    fees: int
    ticket: bool


def booked(facts: Sequence[Fact]) -> tuple[list[Entry], list[int], Folded]:
    """A record of these trades; the entry of each; what they fold to."""
    lots = [Lot("L1", "brokerage", "VTI", 50, date(2017, 3, 6), 500_001)]
    entries = list(sealed(opening(lots=lots, sales=[]), NOTHING.head))
    folded = fold(entries)
    places = []
    for number, fact in enumerate(facts):
        drafts = trade(folded, fact, number)
        more = sealed(drafts, folded.head)
        folded = fold(more, folded)
        entries.extend(more)
        places.append(folded.head.seq)
    return entries, places, folded


def trade(folded: Folded, fact: Fact, number: int) -> list[Draft]:
    """A fact as `trimtab record` books it."""
    on = FIRST + timedelta(days=number)
    price = Price(fact.cents, -2)
    gross = StepPrice.of(price, Decimal(1)).value(fact.steps)
    order = f"o{number}" if fact.ticket else ""
    fill = Fill(f"f{number}", order, fact.steps, price, gross, fact.fees, on, on)
    parts = relief(folded, fact.account, "VTI", fact.steps) if fact.side == "sell" else ()
    if parts is None:
        assume(False)
    drafts = []
    if fact.ticket:
        taken = tuple((part.lot, part.steps) for part in parts or ())
        plan = f"p{number}"
        intended = Order(
            order, fact.account, "VTI", "buy" if fact.side == "buy" else "sell", fact.steps, None,
            price, plan, lots=taken,
        )  # fmt: skip
        drafts = [
            events.planned(plan, SHA, as_of=on, head="", at=AT),
            events.approved(plan, SHA, by="me", at=AT),
            events.order_intended(intended, at=AT),
            events.order_gated(order, SHA, at=AT),
        ]
    side: str = fact.side
    return [
        *drafts,
        events.filled(
            fill,
            account=fact.account,
            instrument="VTI",
            side="buy" if side == "buy" else "sell",
            relieved=parts or (),
            lot=lot_id(folded, fact.account, "VTI", fill) if side == "buy" else None,
            at=AT,
        ),
    ]


def corrected(
    entries: Sequence[Entry], folded: Folded, of: int, change: Change, *, again: bool = False
) -> Correction:
    """The correction of an entry, by hand in both accounts."""
    return correction(
        entries, folded, of, change, again=again, accounts=ACCOUNTS, reason="mistyped", on=DAY,
        at=AT, settles=lambda day: day + timedelta(days=1),
    )  # fmt: skip


def written(
    entries: Sequence[Entry], folded: Folded, of: int, change: Change, *, again: bool = False
) -> tuple[list[Entry], Folded]:
    """The record with a correction in it."""
    found = corrected(entries, folded, of, change, again=again)
    more = sealed(found.drafts, folded.head)
    return [*entries, *more], fold(more, folded)


def money(folded: Folded) -> object:
    """What a record says about money and holdings, whatever lots are called."""
    lots, sales = folded.lots.values(), [booked.sale for booked in folded.sales]
    return (
        {name: amount for name, amount in folded.cash.items() if amount},
        dict(folded.positions),
        sum(lot.basis or 0 for lot in lots) + sum(sale.basis for sale in sales),
        sum(sale.proceeds for sale in sales),
        _bought(folded),
    )


def _bought(folded: Folded) -> dict[object, tuple[int, int]]:
    """Steps and cost of all purchases of a day."""
    found: dict[object, tuple[int, int]] = {}
    for purchase in folded.purchases:
        lot = purchase.lot
        steps, cost = found.get(lot.acquired, (0, 0))
        found[lot.acquired] = (steps + lot.quantity, cost + (lot.basis or 0))
    return found


def everything(folded: Folded) -> object:
    """The same, and each lot and sale apart."""
    lots = Counter(
        (lot.account, lot.quantity, lot.acquired, lot.basis) for lot in folded.lots.values()
    )
    return money(folded), lots, Counter(booked.sale for booked in folded.sales)


FACTS = st.lists(
    st.builds(
        Fact,
        side=st.sampled_from(["buy", "sell", "sell"]),
        account=st.just("brokerage"),
        steps=st.integers(1, 40),
        cents=st.integers(1, 90_000),
        fees=st.integers(0, 900),
        ticket=st.booleans(),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=80, deadline=None)
@given(facts=FACTS, place=st.integers(0, 3), data=st.data())
def test_a_corrected_record_says_what_the_right_one_says(
    facts: list[Fact], place: int, data: st.DataObject
) -> None:
    """Cash, shares, basis, proceeds and purchases are those of the right facts; lots and sales one
    by one, too, wherever no later sale took of the same lots."""
    place %= len(facts)
    wrong = facts[place]
    name = data.draw(st.sampled_from(["cents", "fees", "steps", "void"]))
    entries, places, folded = booked(facts)
    if name == "void":  # the days of the others stay as they are
        right = [*facts[:place], replace(wrong, steps=0), *facts[place + 1 :]]
        change = Change(void=True)
    else:
        value = data.draw(st.integers(1, 60).filter(lambda v: v != getattr(wrong, name)))
        fact, change = {
            "cents": (replace(wrong, cents=value), Change(price=Price(value, -2))),
            "fees": (replace(wrong, fees=value), Change(fees=value)),
            "steps": (replace(wrong, steps=value), Change(quantity=Decimal(value))),
        }[name]
        right = [*facts[:place], fact, *facts[place + 1 :]]
    wanted = booked_as(right)

    try:
        after_entries, after = written(entries, folded, places[place], change)
    except RefusedError:
        assert wrong.side == "buy"
        assert any(fact.side == "sell" for fact in facts[place + 1 :])
        return

    assert money(after) == money(wanted)
    is_last = all(fact.side == "buy" for fact in facts[place + 1 :])
    # What goes beyond a ticket is a trade of its own, as `trimtab record` books it.
    is_one = not (wrong.ticket and right[place].steps > wrong.steps)
    if (is_last and is_one) or (wrong.side == "sell" and name in ("cents", "fees")):
        assert everything(after) == everything(wanted)
    if name in ("cents", "fees") and wrong.ticket:
        kept = after.orders[f"o{place}"]
        assert (kept.state, kept.filled) == (OrderState.FILLED, wrong.steps)
    assert all(record.state.is_final for record in after.orders.values())
    assert state_digest(fold(after_entries)) == state_digest(after)


def booked_as(facts: Sequence[Fact]) -> Folded:
    """What these trades fold to; one of no steps never happened."""
    lots = [Lot("L1", "brokerage", "VTI", 50, date(2017, 3, 6), 500_001)]
    folded = fold(sealed(opening(lots=lots, sales=[]), NOTHING.head))
    for number, fact in enumerate(facts):
        if not fact.steps:
            continue
        folded = fold(sealed(trade(folded, fact, number), folded.head), folded)
    return folded


BUY = Fact("buy", "brokerage", 30, 1_000, 100, True)
SELL = Fact("sell", "brokerage", 70, 2_000, 100, True)


def test_what_rests_on_a_purchase_is_taken_back_first_and_booked_again() -> None:
    """The refusal names the sale; void it, correct the purchase, book it again: all as it was."""
    entries, (bought, sold), folded = booked([BUY, SELL])
    _, _, wanted = booked([replace(BUY, cents=1_100), SELL])
    change = Change(price=Price(1_100, -2))

    with pytest.raises(RefusedError, match=f"ledger correct {sold} --void.*{sold} --again"):
        corrected(entries, folded, bought, change)
    entries, folded = written(entries, folded, sold, Change(void=True))
    entries, folded = written(entries, folded, bought, change)
    entries, folded = written(entries, folded, sold, Change(), again=True)

    assert everything(folded) == everything(wanted)
    assert folded.orders["o1"].filled == 70


def test_more_than_there_is_is_not_sold() -> None:
    """A correction that would sell more than the account had is refused, with what it had."""
    entries, (sold,), folded = booked([replace(SELL, steps=10)])

    with pytest.raises(RefusedError, match="had 50 VTI to sell"):
        corrected(entries, folded, sold, Change(quantity=Decimal(51)))


def test_cash_below_zero_at_the_end_is_told_and_half_way_is_not() -> None:
    """Taking back a sale may leave too little for a moment; only what stays is a warning."""
    start = Fact("buy", "brokerage", 2, 129_000, 0, True)
    entries, (_, sold), folded = booked([start, replace(SELL, steps=10)])

    between = corrected(entries, folded, sold, Change(fees=50))
    short = corrected(entries, folded, sold, Change(fees=30_000))

    assert between.findings == ()
    assert [(one.code, one.subject) for one in short.findings] == [("cash-negative", "brokerage")]


def test_a_trade_is_moved_to_the_account_in_which_it_happened() -> None:
    """Its ticket is over with nothing traded; the other account has cash, lot and purchase."""
    entries, (bought,), folded = booked([BUY])

    _, after = written(entries, folded, bought, Change(account="roth"))

    assert after.positions == {("brokerage", "VTI"): 50, ("roth", "VTI"): 30}
    assert after.cash["roth"] == 5_000_000 - 30_100
    assert after.cash["brokerage"] == 260_000
    assert (after.orders["o0"].state, after.orders["o0"].filled) == (OrderState.CANCELLED, 0)
    assert [p.lot.account for p in after.purchases if p.lot.acquired == FIRST] == ["roth"]


def test_a_corrected_entry_is_corrected_where_it_is_booked_anew() -> None:
    """A second mistake in it is put right at the new entry; the old one says which that is."""
    entries, (bought,), folded = booked([BUY])
    entries, folded = written(entries, folded, bought, Change(fees=200))
    anew = folded.head.seq

    with pytest.raises(RefusedError, match=f"booked anew as entry {anew}"):
        corrected(entries, folded, bought, Change(fees=300))
    _, after = written(entries, folded, anew, Change(fees=300))

    assert after.cash["brokerage"] == 260_000 - 30_000 - 300


def test_cash_is_moved_by_the_difference_once_and_again() -> None:
    """Amount, account, then never happened: each time from what the entry comes to by then."""
    wrong = events.deposited("roth", 1_000, on=FIRST, ref="r", at=AT)
    start = list(sealed([*opening(), wrong], NOTHING.head))
    folded = fold(start)
    of = folded.head.seq

    entries, more = written(start, folded, of, Change(amount=100))
    entries, moved = written(entries, more, of, Change(account="brokerage"))
    _, gone = written(entries, moved, of, Change(void=True))

    assert (more.cash["roth"], more.new_cash["roth"]) == (5_000_100, 100)
    assert (moved.cash["roth"], moved.cash["brokerage"]) == (5_000_000, 260_100)
    assert gone.cash == fold(start[:-1]).cash
    assert not any(gone.new_cash.values())


def test_new_cash_that_a_rebalance_counted_is_not_counted_again() -> None:
    """After a target was adopted new cash counts from zero: a correction before it adds none."""
    drafts = [
        events.deposited("roth", 1_000, on=FIRST, at=AT),
        events.target_adopted("household", {"us": Fraction(1)}, accounts=["roth"], on=DAY, at=AT),
    ]
    entries = list(sealed([*opening(), *drafts], NOTHING.head))
    folded = fold(entries)

    _, after = written(entries, folded, folded.head.seq - 1, Change(amount=5_000))

    assert after.cash["roth"] == 5_005_000
    assert after.new_cash.get("roth", 0) == 0


def test_a_lot_that_came_in_gets_its_basis_and_day() -> None:
    """What an import did not know can be told later; a second time, too; and it can be voided."""
    lot = Lot("roth-VXUS-in", "roth", "VXUS", 500, FIRST)
    entries = list(
        sealed([*opening(), events.received("roth", [lot], on=FIRST, at=AT)], NOTHING.head)
    )
    folded = fold(entries)
    of = folded.head.seq

    entries, once = written(entries, folded, of, Change(basis=30_000, acquired=date(2020, 1, 2)))
    entries, twice = written(entries, once, of, Change(quantity=Decimal("4")))
    _, gone = written(entries, twice, of, Change(void=True))

    (known,) = [lot for lot in once.lots.values() if lot.instrument == "VXUS"]
    assert (known.basis, known.acquired, known.quantity) == (30_000, date(2020, 1, 2), 500)
    assert twice.positions["roth", "VXUS"] == 400
    assert ("roth", "VXUS") not in gone.positions


def test_what_a_statement_took_out_by_mistake_comes_back() -> None:
    """A lot that left by an import returns with its day and its basis."""
    lot = Lot("L1", "brokerage", "VTI", 50, date(2017, 3, 6), 500_001)
    start = list(sealed(opening(lots=[lot], sales=[]), NOTHING.head))
    out = events.transferred(
        "brokerage", None, [(events.relieved_part(lot, 20), "")], on=FIRST, at=AT
    )
    entries = [*start, *sealed([out], fold(start).head)]

    _, after = written(entries, fold(entries), len(entries), Change(void=True))

    assert money(after) == money(fold(start))
    assert {lot.acquired for lot in after.lots.values()} == {lot.acquired}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (Change(), "say what was different"),
        (Change(fees=100), "nothing would change"),
        (Change(basis=5), "has no basis"),
        (Change(void=True, fees=5), "stands alone"),
        (Change(account="k401"), "traded by hand"),
        (Change(quantity=Decimal(0)), "above zero"),
        (Change(quantity=Decimal("0.5")), "cannot be"),
        (Change(on=date(2020, 1, 1)), "before the record begins"),
    ],
)
def test_what_is_no_correction_is_refused(change: Change, why: str) -> None:
    """Nothing named, nothing changed, a fact that a trade does not have: said as it is."""
    entries, (bought,), folded = booked([BUY])

    with pytest.raises(RefusedError, match=why):
        corrected(entries, folded, bought, change)


def test_entries_that_are_no_movement_are_not_corrected() -> None:
    """The opening statement, a plan, and what is not there are refused by their names."""
    entries, (bought,), folded = booked([BUY])

    for of, why in (
        (1, "cannot be void"),
        (bought - 1, "`order_gated`"),
        (99, "there is no entry 99"),
    ):
        with pytest.raises(RefusedError, match=why):
            corrected(entries, folded, of, Change(void=True))
    with pytest.raises(RefusedError, match="broker"):
        correction(
            entries, folded, bought, Change(fees=1), accounts=(), reason="x", on=DAY, at=AT,
            settles=lambda day: day,
        )  # fmt: skip


def test_after_a_split_a_trade_is_counted_otherwise() -> None:
    """What was traded before a split cannot be booked after it; the statement puts it right."""
    entries, (bought,), folded = booked([BUY])
    more = sealed([events.split("VTI", new=2, old=1, on=DAY, at=AT)], folded.head)

    with pytest.raises(RefusedError, match="counted anew"):
        corrected([*entries, *more], fold(more, folded), bought, Change(fees=5))


def test_the_moment_between_taken_back_and_booked_anew_is_not_judged() -> None:
    """A sale whose money was spent since gets another day: nobody ever had less than nothing; a
    sale that is taken back for good leaves less, and that is told.
    """
    entries, (sold,), folded = booked([Fact("sell", "brokerage", 10, 10_000, 0, ticket=False)])
    spent = events.withdrawn("brokerage", folded.cash["brokerage"], on=DAY, at=AT)
    more = sealed([spent], folded.head)
    entries, folded = [*entries, *more], fold(more, folded)

    _, redated = written(entries, folded, sold, Change(on=DAY))
    _, undone = written(entries, folded, sold, Change(void=True))

    assert "cash-negative" not in {one.code for one in redated.findings}
    assert "cash-negative" in {one.code for one in undone.findings}
