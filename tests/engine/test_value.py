"""Which prices are believed, and what happens to what has none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.households import CALENDAR, DAY, account, lot, mandate, market, state, tree
from trimtab.engine.decide import decide
from trimtab.engine.jumps import doubtful, is_calm
from trimtab.engine.mandate import Request
from trimtab.engine.value import Valuation, valuation
from trimtab.model.errors import RefusedError
from trimtab.model.instruments import Instrument
from trimtab.model.market import Market, Quote, Split, Step
from trimtab.model.numbers import Price
from trimtab.model.plan import Plan
from trimtab.model.state import AcceptedPrice, Memory, State

BEFORE = date(2026, 3, 30)


def price(text: str) -> Price:
    """A price from decimal text."""
    return Price.of(Decimal(text))


def plan_with(quote: Quote | None, *, lots: int = 10, memory: Memory | None = None) -> Plan:
    """A plan of 60/40 in which BND has that quote and is 8% of what is held."""
    quotes = {"US": Quote(price("100"), DAY)}
    if quote is not None:
        quotes["BND"] = quote
    state_ = state(
        [lot("brokerage", "US", 92, "9000"), lot("brokerage", "BND", lots, "800")],
        memory,
        brokerage="1000",
    )
    return decide(state_, mandate(tree({"US": 60, "BND": 40})), Market(DAY, CALENDAR, quotes), DAY)


@pytest.mark.parametrize(
    ("quote", "code"),
    [
        (Quote(None, DAY, price("80"), BEFORE, raw="0"), "invalid-price"),
        (Quote(None, DAY, price("80"), BEFORE, raw="NaN"), "invalid-price"),
        (Quote(None, DAY, price("80"), BEFORE, raw="1e999"), "invalid-price"),
        (Quote(price("800"), DAY, price("80"), BEFORE), "price-jump"),
        (Quote(price("8"), DAY, price("80"), BEFORE), "price-jump"),
        (Quote(price("80"), date(2026, 3, 27)), "stale-price"),
    ],
)
def test_a_price_that_cannot_be_believed_freezes_its_instrument(quote: Quote, code: str) -> None:
    """Zero, NaN, infinite, tenfold or old: nothing is traded in it, it is counted at the last
    good price, and the plan says so; it never becomes a target of zero.
    """
    plan = plan_with(quote)

    assert code in {finding.code for finding in plan.findings}
    assert "BND" not in {trade.instrument for trade in plan.trades}
    row = next(row for row in plan.sleeves if row.sleeve == "BND")
    assert row.value_before == 80_000


def test_a_split_that_is_announced_is_no_jump() -> None:
    """A price a tenth of the day before with a ten for one split is believed."""
    quote = Quote(price("8"), DAY, price("80"), BEFORE, split_since_previous=Fraction(10))

    plan = plan_with(quote, lots=100)

    assert "price-jump" not in {finding.code for finding in plan.findings}


@pytest.mark.parametrize(
    ("now", "before", "code"),
    [
        ("799.2", "80", "price-jump"),  # a slipped point on a day that fell a little
        ("8.08", "80", "price-jump"),
        ("240", "80", "price-jump"),
        ("40.5", "80", "split-missing"),
        ("161", "80", "split-missing"),
        ("230", "80", None),
        ("50", "80", None),
    ],
)
def test_what_moves_too_far_is_not_believed(now: str, before: str, code: str | None) -> None:
    """Three times or a third, or what looks like an untold split, freezes; less does not."""
    plan = plan_with(Quote(price(now), DAY, price(before), BEFORE))

    codes = {finding.code for finding in plan.findings}
    assert codes & {"price-jump", "split-missing"} == ({code} if code else set())
    assert (code is None) or "BND" not in {trade.instrument for trade in plan.trades}


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("40.5", "if BND was split 2 for 1, write 2 into"),
        ("161", "if BND was split 1 for 2, write 1:2 into"),
        ("19.8", "if BND was split 4 for 1, write 4 into"),
        ("8.08", "if BND was split 10 for 1, write 10 into"),
        ("9.3", ""),
    ],
)
def test_what_looks_like_a_split_names_the_split_to_write(now: str, told: str) -> None:
    """Instrument, factor, day and the text of the column; nothing where no whole factor is near."""
    plan = plan_with(Quote(price(now), DAY, price("80"), BEFORE))

    codes = ("price-jump", "split-missing")
    (message,) = [f.message for f in plan.findings if f.code in codes and f.severity != "info"]
    assert "80" in message
    assert told in message if told else "was split" not in message


def test_a_disbelieved_price_does_not_become_the_measure() -> None:
    """What a plan accepted last is what a price is compared with, not the bad row before it."""
    memory = Memory(accepted={"BND": AcceptedPrice(price("80"), date(2026, 3, 27))})

    bad = plan_with(Quote(price("795"), DAY, price("800"), BEFORE), memory=memory)
    good = plan_with(Quote(price("81"), DAY, price("800"), BEFORE), memory=memory)

    assert "price-jump" in {finding.code for finding in bad.findings}
    assert "price-jump" not in {finding.code for finding in good.findings}


def test_a_typed_price_is_believed() -> None:
    """A person who typed the price for the day has confirmed it; a slip of theirs is pointed at."""
    plan = plan_with(Quote(price("8"), DAY, price("80"), BEFORE, confirmed=True))
    usual = plan_with(Quote(price("81"), DAY, price("80"), BEFORE, confirmed=True))

    assert "price-jump" not in {finding.code for finding in plan.findings}
    assert "typed-price-jump" in {finding.code for finding in plan.findings}
    assert "typed-price-jump" not in {finding.code for finding in usual.findings}
    assert "BND" in {trade.instrument for trade in plan.trades}


def test_a_split_that_the_price_did_not_follow_freezes() -> None:
    """A split told on a day on which the price stayed: one of the two is wrong."""
    quote = Quote(price("79"), DAY, price("80"), BEFORE, split_since_previous=Fraction(2))

    plan = plan_with(quote, lots=20)

    assert "split-out-of-phase" in {finding.code for finding in plan.findings}
    row = next(row for row in plan.sleeves if row.sleeve == "BND")
    assert row.value_before == 80_000


def test_a_price_of_an_earlier_day_is_traded_with_a_remark() -> None:
    """Young enough is traded; that it is not of the day is said, with symbols and day."""
    yesterday = plan_with(Quote(price("80"), BEFORE))
    today = plan_with(Quote(price("80"), DAY))

    (said,) = [one for one in yesterday.findings if one.code == "earlier-price"]
    assert (said.subject, said.severity) == ("BND", "info")
    assert str(BEFORE) in said.message
    assert "BND" in {trade.instrument for trade in yesterday.trades}
    assert "earlier-price" not in {one.code for one in today.findings}


def test_prices_of_one_earlier_day_are_one_remark() -> None:
    """A file that ends yesterday is said once, not once an instrument; typed prices may be old."""
    fund = Instrument("FUND", price_source="manual")
    mandate_ = mandate(tree({"US": 60, "BND": 20, "FUND": 20}), instruments=[fund])
    late = market({"US": "100", "BND": "80", "FUND": "10"}, quoted=BEFORE)

    plan = decide(state([], brokerage="1000"), mandate_, late, DAY)

    said = [one.subject for one in plan.findings if one.code == "earlier-price"]
    assert said == ["BND, US"]


def test_no_price_at_all_plans_nothing() -> None:
    """What is held and was never priced cannot be valued: the household plans nothing."""
    plan = plan_with(None)

    assert plan.trades == ()
    assert {"missing-price", "prices-refused"} <= {finding.code for finding in plan.findings}


def test_a_missing_price_counts_at_the_last_accepted() -> None:
    """An accepted price from the record stands in for a quote that is gone."""
    memory = Memory(accepted={"BND": AcceptedPrice(price("80"), BEFORE)})

    plan = plan_with(None, memory=memory)

    row = next(row for row in plan.sleeves if row.sleeve == "BND")
    assert row.value_before == 80_000
    assert not any(finding.code == "prices-refused" for finding in plan.findings)


def test_what_is_beyond_counting_is_refused_by_name() -> None:
    """A quantity that makes a household worth more than a record can hold is named."""
    with pytest.raises(RefusedError, match="BND in brokerage"):
        plan_with(Quote(price("80"), DAY), lots=2**50)


def test_too_much_frozen_plans_nothing() -> None:
    """Above a tenth of the whole in frozen instruments, the household plans nothing."""
    plan = plan_with(Quote(None, DAY, price("80"), BEFORE, raw=""), lots=20)

    assert plan.trades == ()
    assert [one.subject for one in plan.findings if one.code == "prices-refused"] == ["BND"]


def test_frozen_too_long_plans_nothing() -> None:
    """Beyond five sessions without a good price a held instrument stops the household."""
    fifth = plan_with(Quote(price("80"), date(2026, 3, 24)))
    sixth = plan_with(Quote(price("80"), date(2026, 3, 23)))

    assert "prices-refused" not in {finding.code for finding in fifth.findings}
    assert "stale-price" in {finding.code for finding in fifth.findings}
    assert sixth.trades == ()
    (refused,) = [one for one in sixth.findings if one.code == "prices-refused"]
    assert "raise limits.frozen_sessions to 6 or more" in refused.message
    assert refused.subject == "BND"


def test_every_holding_that_stops_the_household_is_named() -> None:
    """Whoever mends prices learns at once which: all without one, all that were long without."""
    names = ("A", "B", "C", "D", "E")
    old, older = date(2026, 3, 20), date(2026, 3, 10)
    quotes = {
        "A": Quote(price("80"), old), "B": Quote(price("80"), older),
        "C": Quote(price("80"), old), "E": Quote(price("80"), DAY),
    }  # fmt: skip
    book = state([lot("main", name, 10) for name in names if name != "D"], main="0")
    target = tree(dict.fromkeys(names, 20))
    shown = Market(DAY, CALENDAR, quotes)

    def refusal(held: State) -> str:
        plan = decide(held, mandate(target, accounts=[account("main")]), shown, DAY)
        return next(one.message for one in plan.findings if one.code == "prices-refused")

    long = refusal(book)
    unpriced = refusal(replace(book, lots=(*book.lots, lot("main", "D", 10))))

    assert "B is held and has been without a good price for 15 sessions; A, C are held and" in long
    assert "If they really are halted, raise limits.frozen_sessions to 15" in long
    assert "D is held and has no price that can be believed; B is held" in unpriced
    assert "limits.frozen_sessions" not in unpriced


def test_a_typed_price_may_be_a_month_old() -> None:
    """A manual price is good for 35 days, by days and not by sessions."""
    fund = Instrument("FUND", price_source="manual")
    mandate_ = mandate(tree({"FUND": 100}), instruments=[fund])
    cash = state([], brokerage="1000")

    on_time = decide(cash, mandate_, market({"FUND": "10"}, quoted=date(2026, 2, 24)), DAY)
    late = decide(cash, mandate_, market({"FUND": "10"}, quoted=date(2026, 2, 23)), DAY)

    assert len(on_time.trades) == 1
    assert late.trades == ()


def test_a_foreign_currency_is_not_traded_blindly() -> None:
    """An instrument in another currency has no value here without an exchange rate."""
    foreign = Instrument("EUR-FUND", currency="EUR")
    mandate_ = mandate(tree({"EUR-FUND": 100}), instruments=[foreign])

    plan = decide(state([], brokerage="1000"), mandate_, market({"EUR-FUND": "10"}), DAY)

    assert plan.trades == ()
    assert "foreign-currency" in {finding.code for finding in plan.findings}


def test_deposits_count_as_cash_and_withdrawals_stay_until_paid() -> None:
    """The valuation shows what comes in; what goes out is taken off the base later."""
    mandate_ = mandate(tree({"US": 100}), accounts=[account("a")])
    request = Request(deposits={"a": 500}, withdrawals={"a": 200})

    value = valuation(State((), {"a": 1000}), mandate_, market({"US": "1"}), request)

    assert value.cash == {"a": 1500}


def stepped(before: str, after: str, *, told: int = 1, on: date = date(2026, 1, 9)) -> Step:
    """A step of BND weeks ago that nothing explains."""
    told_ = Fraction(told)
    before_on = BEFORE if on == DAY else date(2026, 1, 8)
    return Step(price(before), before_on, price(after), on, told_, told_, "p.csv:7")


def valued(quote: Quote, step: Step | None, *, bonds: int = 10) -> Valuation:
    """The valuation of a household that holds BND, whose steps were all looked at."""
    state_ = state([lot("brokerage", "BND", bonds, "800")], brokerage="100000")
    market_ = Market(DAY, CALENDAR, {"BND": quote}, looked={"BND": step})
    return valuation(state_, mandate(tree({"BND": 100})), market_, Request())


def test_a_step_that_nothing_explains_is_doubted_however_old_it_is() -> None:
    """The price of today is near the one before, and at half of the last that is believed."""
    value = valued(Quote(price("41"), DAY, price("41.2"), BEFORE), stepped("80", "40.1"))

    (message,) = [f.message for f in value.findings if f.code == "split-missing"]
    assert value.prices["BND"] == price("80")
    assert "write 2 into the column split" in message
    assert "2026-01-09" in message


def test_a_price_whose_every_step_was_looked_at_may_have_moved_far() -> None:
    """Half of what a plan accepted, in small steps, is a price that moved."""
    memory = Memory(accepted={"BND": AcceptedPrice(price("80"), date(2026, 3, 24))})
    state_ = state([lot("brokerage", "BND", 10, "800")], memory, brokerage="100")
    quotes = {"BND": Quote(price("40"), DAY, price("41"), BEFORE)}
    mandate_ = mandate(tree({"BND": 100}))

    looked = valuation(state_, mandate_, Market(DAY, CALENDAR, quotes, looked={"BND": None}),
                       Request())  # fmt: skip
    unknown = valuation(state_, mandate_, Market(DAY, CALENDAR, quotes), Request())

    assert not looked.frozen
    assert unknown.frozen == {"BND"}


def test_a_split_that_is_in_the_book_is_not_counted_twice() -> None:
    """The accepted price changed its units with the count: beside it the new price is no jump."""
    split = Split("BND", DAY, Fraction(2))
    memory = Memory(
        accepted={"BND": AcceptedPrice(price("40"), date(2026, 3, 27))}, actions_through=DAY
    )
    state_ = state([lot("brokerage", "BND", 20, "800")], memory, brokerage="100")
    quote = Quote(price("40.2"), DAY, price("80"), BEFORE, Fraction(2))

    value = valuation(
        state_, mandate(tree({"BND": 100})), Market(DAY, CALENDAR, {"BND": quote}, (split,)),
        Request(),
    )  # fmt: skip

    assert value.prices["BND"] == price("40.2")
    assert not value.frozen


def test_a_split_that_contradicts_the_prices_names_the_one_they_look_like() -> None:
    """364 to 181 with a split of 3 told: it looks like 2."""
    value = valued(Quote(price("181.49"), DAY), stepped("364.36", "181.49", told=3, on=DAY))

    (message,) = [f.message for f in value.findings if f.code == "split-out-of-phase"]
    assert "look like one of 2 for 1" in message
    assert value.frozen == {"BND"}


@pytest.mark.parametrize(("low", "high"), [("10", "100"), ("100", "10")])
def test_the_limit_of_doubtful_value_holds_at_either_price(low: str, high: str) -> None:
    """What is frozen is measured at the higher of the two: neither may be beyond the limit."""
    quote = Quote(price(high), DAY, price(low), BEFORE)
    few = valued(quote, stepped(low, high, on=DAY), bonds=100)
    many = valued(quote, stepped(low, high, on=DAY), bonds=130)

    assert few.refused == ""
    assert "in instruments without a good price" in many.refused


def test_an_unreadable_price_counts_at_the_last_good_row() -> None:
    """Not at what a plan accepted long ago, when there are good prices since."""
    memory = Memory(accepted={"BND": AcceptedPrice(price("60"), date(2025, 12, 31))})

    plan = plan_with(Quote(None, DAY, price("80"), BEFORE, raw="n/a"), memory=memory)

    row = next(row for row in plan.sleeves if row.sleeve == "BND")
    assert row.value_before == 80_000
    assert "prices-refused" not in {finding.code for finding in plan.findings}


def test_a_split_that_the_record_lacks_is_no_wrong_row() -> None:
    """The remedy is to book the split, not to correct a price that may be right."""
    quotes = {"BND": Quote(None, DAY, price("80"), BEFORE, raw="at the new count")}
    state_ = state([lot("brokerage", "BND", 10, "800")], brokerage="100000")
    market_ = Market(DAY, CALENDAR, quotes, unbooked={"BND": date(2026, 3, 20)})

    value = valuation(state_, mandate(tree({"BND": 100})), market_, Request())

    (message,) = [f.message for f in value.findings if f.code == "invalid-price"]
    assert "2026-03-20" in message
    assert "trimtab import" in message
    assert "Correct that row" not in message


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.integers(-6, 0), st.booleans())
def test_a_calm_price_is_never_a_doubtful_one(now: int, before: int, tens: int, long: bool) -> None:
    """What is passed by its nearness alone would have been believed by the whole rule too."""
    price, earlier = Price(now, tens), Price(before, tens)
    ratio = Fraction(price.decimal) / Fraction(earlier.decimal)

    calm = is_calm(price, earlier)

    assert not (calm and doubtful(ratio, is_long=long))
    assert calm or not Fraction(3, 4) < ratio < Fraction(4, 3)
