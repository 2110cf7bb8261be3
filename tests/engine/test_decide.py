"""The decision as a whole: what a plan may never do, and what it must."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.generated import executed, generated
from tests.engine.households import (
    DAY,
    account,
    lot,
    mandate,
    market,
    state,
    tree,
)
from trimtab.costs import Costs
from trimtab.engine.decide import decide, plan_hash, wants_plan
from trimtab.engine.mandate import Request
from trimtab.model.accounts import Relief
from trimtab.model.instruments import Instrument
from trimtab.model.plan import Plan
from trimtab.model.state import Memory

some = given(st.randoms(use_true_random=False))
"""Each property is tried on a hundred generated households."""
PRICES = {"US": "100", "BND": "80"}


def codes(plan: Plan) -> set[str]:
    """The codes of a plan's findings."""
    return {finding.code for finding in plan.findings}


def cash_only(plan: Plan) -> bool:
    """Whether nothing but new cash, or cash to raise, was a reason to trade."""
    cash = {"deposit", "withdrawal", "cash-floor", "cashflow"}
    return not any(r.fired and r.trigger not in cash for r in plan.readings)


def summary(plan: Plan) -> list[tuple[str, str, str, int]]:
    """Trades as (account, side, instrument, steps)."""
    return [(t.account, t.side, t.instrument, t.quantity) for t in plan.trades]


@some
def test_a_plan_keeps_the_books(r: random.Random) -> None:
    """No overspending, no overselling, nothing restricted, no lot twice, sells before buys."""
    case = generated(r)

    plan = decide(*case.arguments)

    case.assert_sound(plan)


@some
def test_the_order_of_the_rows_does_not_matter(r: random.Random) -> None:
    """Shuffled lots and accounts give the same trades."""
    case = generated(r)
    state_, mandate_, market_, day, request = case.arguments
    lots = list(state_.lots)
    random.Random(1).shuffle(lots)

    plan = decide(*case.arguments)
    shuffled = decide(replace(state_, lots=tuple(lots)), mandate_, market_, day, request)

    assert plan.trades == shuffled.trades


@some
def test_replanning_after_execution_plans_nothing(r: random.Random) -> None:
    """At unchanged prices, once everything was traded as planned, nothing is left to trade."""
    case = generated(r)
    plan = decide(*case.arguments)
    _, mandate_, market_, day, request = case.arguments

    asked = Request(no_sells=request.no_sells)
    again = decide(executed(case, plan), mandate_, market_, day, asked)

    # A withdrawal that was refused is not paid, so there is nothing to compare.
    assert again.trades == () or "cash-short" in codes(plan)


@some
def test_a_later_session_at_unchanged_prices_plans_nothing(r: random.Random) -> None:
    """Due again with not a price moved, what was rebalanced stays as it is."""
    case = generated(r)
    plan = decide(*case.arguments)
    _, mandate_, market_, _, request = case.arguments
    later = DAY + timedelta(days=30)
    same = {id_: replace(quote, on=later) for id_, quote in market_.quotes.items()}

    asked = Request(no_sells=request.no_sells)
    again = decide(executed(case, plan), mandate_, replace(market_, as_of=later, quotes=same),
                   later, asked)  # fmt: skip

    assert again.trades == () or not plan.trades or "cash-short" in codes(plan) or cash_only(plan)


@pytest.mark.parametrize("seed", [2429, 3907, 4030, 4182, 4386])
def test_a_household_too_large_to_prove_is_rebalanced_all_the_same(seed: int) -> None:
    """Where the search ends before it has proved anything, it still has an answer, and a gap."""
    case = generated(random.Random(seed))

    plan = decide(*case.arguments)

    assert len(plan.trades) > 3
    assert plan.gap > 0
    assert plan.drift_after["household"] < plan.drift_before["household"] / 2


@some
def test_drift_never_grows_without_need(r: random.Random) -> None:
    """Unless cash has to be raised, a plan leaves no target further off than before."""
    case = generated(r)

    plan = decide(*case.arguments)

    short = sum(case.state.cash.values()) < case.mandate.cash_buffer
    if not case.request.withdrawals and not case.request.deposits and not short:
        for name, before in plan.drift_before.items():
            assert plan.drift_after[name] <= before or "cash-short" in codes(plan)


def test_the_same_arguments_give_the_same_plan() -> None:
    """A decision is pure: its hash does not change from one call to the next."""
    case = generated(random.Random(3))

    assert plan_hash(decide(*case.arguments)) == plan_hash(decide(*case.arguments))


def test_one_account_ends_on_target() -> None:
    """Fractional steps reach the target but for costs; the dearest tax is not paid."""
    target = tree({"US": 60, "BND": 40})
    mandate_ = mandate(target)
    state_ = state(
        [
            lot("brokerage", "US", 300, "15000", date(2017, 3, 6), "old"),
            lot("brokerage", "US", 200, "22000", date(2026, 1, 5), "new"),
            lot("brokerage", "BND", 200, "16000"),
        ],
        brokerage="500",
    )

    plan = decide(state_, mandate_, market(PRICES), DAY)

    assert summary(plan) == [("brokerage", "sell", "US", 101), ("brokerage", "buy", "BND", 132)]
    assert [sale.lot for sale in plan.trades[0].lots] == ["new"]
    assert plan.tax == 0
    assert plan.gap == 0


def test_gains_are_realised_where_they_cost_no_tax() -> None:
    """With a shared target the sheltered account trades and the taxable gain is left alone."""
    accounts = [account("taxed"), account("ira", "traditional")]
    mandate_ = mandate(tree({"US": 50, "BND": 50}), accounts=accounts)
    state_ = state([lot("taxed", "US", 300, "9000"), lot("ira", "US", 300)], taxed="0", ira="0")

    plan = decide(state_, mandate_, market(PRICES), DAY)

    assert summary(plan) == [("ira", "sell", "US", 300), ("ira", "buy", "BND", 375)]
    assert [(note.account, note.reason) for note in plan.left_alone] == [("taxed", "tax")]


def test_location_decides_between_accounts_that_cost_the_same() -> None:
    """Bonds are bought where the sleeve prefers to lie."""
    accounts = [account("a", "roth"), account("b", "roth"), account("c", "roth")]
    lots = [lot(id_, "US", 100) for id_ in "abc"]
    cash = {"a": "0", "b": "0", "c": "0"}

    for first in "abc":
        location = {"BND": [first, *sorted({"a", "b", "c"} - {first})]}
        mandate_ = mandate(tree({"US": 75, "BND": 25}, location=location), accounts=accounts)
        plan = decide(state(lots, **cash), mandate_, market(PRICES), DAY)

        assert {trade.account for trade in plan.trades} == {first}


def test_the_menu_limits_what_an_account_buys() -> None:
    """An account buys the first of the hold list that is on its menu; all are kept."""
    accounts = [account("k401", "traditional", menu=("INST", "BND"))]
    target = tree({"US": (60, ["US", "INST"]), "BND": 40})
    mandate_ = mandate(target, accounts=accounts)
    prices = {**PRICES, "INST": "10"}

    plan = decide(state([], k401="10000"), mandate_, market(prices), DAY)

    assert {trade.instrument for trade in plan.trades} == {"INST", "BND"}


def test_restrictions_hold() -> None:
    """What may not be sold is not sold, and what is kept stays; the plan says what bound it."""
    accounts = [account("a", do_not_sell=frozenset({"US"})), account("b", keep={"US": 90})]
    mandate_ = mandate(tree({"US": 10, "BND": 90}), accounts=accounts)
    state_ = state([lot("a", "US", 100, "5000"), lot("b", "US", 100, "5000")], a="0", b="0")

    plan = decide(state_, mandate_, market(PRICES), DAY)

    assert summary(plan) == [("b", "sell", "US", 10), ("b", "buy", "BND", 12)]


def test_no_sells_spends_new_cash_only() -> None:
    """With --no-sells the most underweight are bought and nothing is sold."""
    mandate_ = mandate(tree({"US": 60, "BND": 40}))
    state_ = state([lot("brokerage", "US", 90, "5000")], brokerage="0")
    request = Request(deposits={"brokerage": 200_000}, no_sells=True)

    plan = decide(state_, mandate_, market(PRICES), DAY, request)

    assert summary(plan) == [("brokerage", "buy", "BND", 25)]


def test_a_withdrawal_is_raised_from_the_most_overweight() -> None:
    """A withdrawal sells what is over its target and leaves the cash in the account."""
    mandate_ = mandate(tree({"US": 60, "BND": 40}), when="never")
    state_ = state(
        [lot("brokerage", "US", 80, "8000"), lot("brokerage", "BND", 25, "2000")],
        brokerage="0",
    )
    request = Request(withdrawals={"brokerage": 150_000})

    plan = decide(state_, mandate_, market(PRICES), DAY, request)

    assert summary(plan) == [("brokerage", "sell", "US", 15)]
    assert plan.cash_after == {"brokerage": 0}


def test_a_withdrawal_that_cannot_be_met_is_said() -> None:
    """Selling all that may be sold is not enough: the plan says how much is missing."""
    mandate_ = mandate(tree({"US": 60, "BND": 40}), when="never")
    state_ = state([lot("brokerage", "US", 10, "800")], brokerage="0")

    plan = decide(
        state_, mandate_, market(PRICES), DAY, Request(withdrawals={"brokerage": 200_000})
    )

    assert [one.subject for one in plan.findings if one.code == "cash-short"] == ["brokerage"]
    assert plan.trades == ()
    assert plan.periods == {}


def test_trades_below_the_minimum_are_not_made() -> None:
    """Every trade is worth at least the minimum; what is left out is explained."""
    mandate_ = mandate(tree({"US": 60, "BND": 30, "X": 10}), min_trade=50_000)
    state_ = state(
        [
            lot("brokerage", "US", 70, "7000"),
            lot("brokerage", "BND", 26, "2000"),
            lot("brokerage", "X", 96, "960"),
        ],
        brokerage="0",
    )

    plan = decide(state_, mandate_, market({**PRICES, "X": "10"}), DAY)

    assert all(trade.value >= 50_000 for trade in plan.trades)
    assert "minimum" in {note.reason for note in plan.left_alone}


def test_only_sales_that_raise_missing_cash_may_be_below_the_minimum() -> None:
    """An account short of cash sells however little; the others keep to the minimum."""
    accounts = [account("poor", "roth"), account("rich", "roth")]
    mandate_ = mandate(tree({"US": 40, "BND": 40, "GLD": 20}), accounts=accounts, min_trade=50_000)
    even = market({"US": "100", "BND": "100", "GLD": "100"})
    raised = 0

    for seed in range(60):
        r = random.Random(seed)
        lots = [lot("poor", "US", r.randint(10, 40)), lot("rich", "US", r.randint(20, 80))]
        lots += [lot("rich", "BND", r.randint(20, 90)), lot("rich", "GLD", r.randint(10, 50))]
        asked = Request(withdrawals={"poor": r.randint(1, 9) * 10_000})
        plan = decide(state(lots, poor="0", rich="0"), mandate_, even, DAY, asked)
        small = [trade for trade in plan.trades if trade.value < 50_000]
        raised += bool(small)

        assert {trade.account for trade in small} <= {"poor"}, seed
        assert plan.cash_after["poor"] >= 0, seed
    assert raised > 5


def test_a_sale_for_the_buffer_may_be_below_the_minimum() -> None:
    """Where the buffer is short, who sells more than is bought fills it, however little it is."""
    accounts = [account("one", "roth"), account("two", "roth", do_not_sell=frozenset({"BND"}))]
    mandate_ = mandate(
        tree({"US": 50, "BND": 50}), accounts=accounts, min_trade=50_000, cash_buffer=30_000
    )
    even = market({"US": "100", "BND": "100"})
    lots = [lot("one", "US", 50), lot("one", "BND", 50), lot("two", "US", 2), lot("two", "BND", 1)]

    plan = decide(state(lots, one="0", two="0"), mandate_, even, DAY)

    assert sum(plan.cash_after.values()) == 30_000
    assert {trade.side for trade in plan.trades} == {"sell"}


def test_the_cash_buffer_is_never_spent() -> None:
    """The buffer stays in cash and outside the base."""
    mandate_ = mandate(tree({"US": 60, "BND": 40}), cash_buffer=100_000)

    plan = decide(state([], brokerage="11000"), mandate_, market(PRICES), DAY)

    assert summary(plan) == [("brokerage", "buy", "US", 60), ("brokerage", "buy", "BND", 50)]
    assert plan.cash_after == {"brokerage": 100_000}


def test_cash_as_a_leaf_is_held() -> None:
    """CASH is an ordinary leaf of a target."""
    target = tree({"US": 60, "BND": 30, "money": (10, ["CASH"])})

    plan = decide(state([], brokerage="10000"), mandate(target), market(PRICES), DAY)

    assert plan.cash_after["brokerage"] == pytest.approx(100_000, abs=8_000)
    assert {row.sleeve for row in plan.sleeves} == {"US", "BND", "money"}


@pytest.mark.parametrize("drift_price", ["1", "2", "100"])
def test_no_price_of_drift_is_a_reason_to_pay_costs_for_nothing(drift_price: str) -> None:
    """What may only be sold into idle cash stays, however dear drift is: costs are no progress.

    What a cost takes is missing in the end. Where drift counts for more than money, paying it would
    look like progress.
    """
    place = account("main", do_not_buy=frozenset({"BND"}))
    target = tree({"US": 60, "BND": 40})
    book = state([lot("main", "US", 70), lot("main", "BND", 30)], main="0")
    costs = Costs(bps=100, commission=1)
    dear = mandate(target, accounts=[place], costs=costs, drift_price=Decimal(drift_price))

    plan = decide(book, dear, market({"US": "100", "BND": "100"}), DAY)

    assert plan.trades == ()


def test_drift_price_leaves_gains_that_cost_more_than_they_gain() -> None:
    """With a price on drift a heavily taxed sale is not made; without one it is."""
    lots = [
        lot("brokerage", "US", 70, "100", date(2026, 1, 5)),
        lot("brokerage", "BND", 37, "3000"),
    ]
    target = tree({"US": 60, "BND": 40})

    cheap = mandate(target, drift_price=Decimal("0.02"), short="0.35")
    plan_cheap = decide(state(lots, brokerage="40"), cheap, market(PRICES), DAY)
    plan_dear = decide(state(lots, brokerage="40"), mandate(target), market(PRICES), DAY)

    assert plan_cheap.trades == ()
    assert plan_dear.tax > 0


def test_fifo_takes_the_oldest_lot() -> None:
    """The account's order of relief decides which lot goes, not the tax."""
    accounts = [account("brokerage", relief=Relief.FIFO)]
    lots = [
        lot("brokerage", "US", 50, "1000", date(2015, 1, 5), "old"),
        lot("brokerage", "US", 50, "6000", date(2026, 1, 5), "new"),
    ]

    plan = decide(
        state(lots, brokerage="0"),
        mandate(tree({"US": 60, "BND": 40}), accounts=accounts),
        market(PRICES),
        DAY,
    )

    assert [sale.lot for sale in plan.trades[0].lots] == ["old"]


def test_fees_an_order_are_weighed() -> None:
    """With a fixed fee an order, a tiny imbalance is not worth an order."""
    accounts = [account("a", "roth"), account("b", "roth")]
    costs = Costs(commission=45)
    mandate_ = mandate(tree({"US": 60, "BND": 40}), accounts=accounts, costs=costs)
    lots = [lot("a", "US", 61), lot("b", "BND", 49)]

    plan = decide(state(lots, a="0", b="0"), mandate_, market(PRICES), DAY)

    assert plan.trades == ()


def test_fewest_trades_touches_as_little_as_it_can() -> None:
    """The mode for the fewest trades ends inside every half band, with fewer trades than without.

    US is 6 points over, X is 5 under, and BND is 1 under: inside half its band, it is not touched.
    """
    target = tree({"US": 40, "BND": 30, "X": 30})
    lots = [lot("a", "US", 46), lot("a", "BND", 29), lot("a", "X", 250)]
    prices = market({**PRICES, "US": "100", "BND": "100", "X": "10"})
    usual = mandate(target, accounts=[account("a", "roth")], when="band:5pp")
    fewest = replace(usual, fewest_trades=True)
    state_ = state(lots, a="0")

    plan_usual = decide(state_, usual, prices, DAY)
    plan_fewest = decide(state_, fewest, prices, DAY)

    assert {trade.instrument for trade in plan_usual.trades} == {"US", "BND", "X"}
    assert {trade.instrument for trade in plan_fewest.trades} == {"US", "X"}
    for row in plan_fewest.sleeves:
        assert abs(row.after - row.weight) <= Fraction(25, 1000)


def test_orders_in_money_for_funds() -> None:
    """A fund that is bought by amount gets an order in money."""
    fund = Instrument("FUND", order_in="money", step=Decimal("0.001"))
    mandate_ = mandate(tree({"FUND": 100}), instruments=[fund])

    plan = decide(state([], brokerage="1000"), mandate_, market({"FUND": "33.33"}), DAY)

    assert [trade.amount for trade in plan.trades] == [100_000]


def test_what_is_in_no_sleeve_is_left_alone_and_said() -> None:
    """An instrument without a sleeve is counted, never sold, and reported."""
    mandate_ = mandate(tree({"US": 60, "BND": 40}), instruments=[Instrument("GME")])
    state_ = state([lot("brokerage", "GME", 10, "100")], brokerage="9000")

    plan = decide(state_, mandate_, market({**PRICES, "GME": "100"}), DAY)

    assert "unassigned" in codes(plan)
    assert "GME" not in {trade.instrument for trade in plan.trades}


def test_open_orders_stop_new_plans() -> None:
    """While orders are open nothing new is planned for their accounts."""
    from trimtab.model.orders import Order

    order = Order("x" * 64, "brokerage", "US", "buy", 1, None, None, "p")
    memory = Memory(open_orders=(order,))

    plan = decide(
        state([], memory, brokerage="9000"),
        mandate(tree({"US": 60, "BND": 40})),
        market(PRICES),
        DAY,
    )

    assert plan.trades == ()
    assert "open-orders" in codes(plan)


def test_open_orders_are_named_as_a_person_names_them() -> None:
    """Side, quantity, instrument and account, in money where the order is; never an id."""
    from trimtab.model.orders import Order

    buy = Order("x" * 64, "brokerage", "US", "buy", 12, None, None, "p")
    sums = Order("y" * 64, "brokerage", "BND", "buy", None, 250_000, None, "p")
    gone = Order("z" * 64, "brokerage", "GONE", "buy", 12, None, None, "p")
    told = {}
    for orders in ((buy,), (buy, sums, gone, buy)):
        memory = Memory(open_orders=orders)
        plan = decide(
            state([], memory, brokerage="9000"),
            mandate(tree({"US": 60, "BND": 40})),
            market(PRICES),
            DAY,
        )
        told[len(orders)] = next(f.message for f in plan.findings if f.code == "open-orders")

    assert told[1].startswith("1 order is still open: buy 12 US in brokerage.")
    assert "xxx" not in told[4]
    assert told[4].startswith(
        "4 orders are still open: buy 12 US in brokerage, buy BND for 2500.00 in brokerage, "
        "buy GONE in brokerage and 1 more."
    )


def test_an_account_with_its_own_target_stands_alone() -> None:
    """Its trades follow its own tree; the others share the household's."""
    own = tree({"US": 20, "BND": 80})
    accounts = [account("a", "roth"), account("b", "roth", target=own)]
    mandate_ = mandate(tree({"US": 80, "BND": 20}), accounts=accounts)

    plan = decide(state([], a="10000", b="10000"), mandate_, market(PRICES), DAY)

    assert summary(plan) == [
        ("a", "buy", "US", 80),
        ("a", "buy", "BND", 25),
        ("b", "buy", "BND", 100),
        ("b", "buy", "US", 20),
    ]
    assert set(plan.drift_after) == {"household", "b"}


def test_edge_trades_no_further_than_the_band() -> None:
    """To edge: the breached sleeve ends at its band, not at its target."""
    mandate_ = mandate(tree({"US": 60, "BND": 40}), when="band:5pp", to="edge")
    state_ = state(
        [lot("brokerage", "US", 700, "70000"), lot("brokerage", "BND", 375, "30000")],
        brokerage="0",
    )

    plan = decide(state_, mandate_, market(PRICES), DAY)

    row = next(row for row in plan.sleeves if row.sleeve == "US")
    assert float(row.after) == pytest.approx(0.65, abs=0.002)


def test_inside_the_band_nothing_is_due() -> None:
    """A band that is not reached trades nothing, and says how far away it is."""
    mandate_ = mandate(tree({"US": 60, "BND": 40}), when="band:5pp")
    state_ = state(
        [lot("brokerage", "US", 640, "64000"), lot("brokerage", "BND", 450, "36000")],
        brokerage="0",
    )

    plan = decide(state_, mandate_, market(PRICES), DAY)

    assert not plan.due
    assert plan.trades == ()
    assert any("4.0pp over" in reading.why for reading in plan.readings)


@some
def test_asking_first_agrees_with_planning(r: random.Random) -> None:
    """`wants_plan` is False only where a plan would trade nothing and remember nothing."""
    case = generated(r)

    plan = decide(*case.arguments)

    if not wants_plan(*case.arguments):
        assert not plan.due
        assert plan.trades == ()
        assert plan.periods == {}


def test_new_cash_goes_to_the_furthest_behind_where_it_came_in() -> None:
    """A deposit is spent in its own account, on what is missing most; nothing is sold."""
    accounts = [account("a"), account("b", "roth")]
    mandate_ = mandate(tree({"US": 40, "BND": 30, "X": 30}), accounts=accounts, when="band:5pp")
    lots = [lot("a", "US", 80, "8000"), lot("a", "X", 100, "1000")]
    request = Request(deposits={"b": 100_000}, no_sells=True)
    prices = market({**PRICES, "X": "10"})

    plan = decide(state(lots, a="50", b="0"), mandate_, prices, DAY, request)

    assert summary(plan) == [("b", "buy", "BND", 12), ("b", "buy", "X", 3)]


def test_weights_are_shown_as_they_are_now() -> None:
    """A withdrawal does not show sleeves above the whole: shares are of what is there."""
    mandate_ = mandate(tree({"US": 60, "BND": 40}), when="never")
    lots = [lot("brokerage", "US", 80, "8000"), lot("brokerage", "BND", 25, "2000")]
    request = Request(withdrawals={"brokerage": 500_000})

    plan = decide(state(lots, brokerage="0"), mandate_, market(PRICES), DAY, request)

    assert {row.sleeve: row.now for row in plan.sleeves} == {
        "US": Fraction(8, 10),
        "BND": Fraction(2, 10),
    }


def test_a_loss_that_may_be_washed_is_said() -> None:
    """Selling at a loss what the same plan buys elsewhere is remarked on."""
    accounts = [account("a"), account("b", "roth")]
    mandate_ = mandate(tree({"US": 50, "BND": 50}), accounts=accounts)
    lots = [lot("a", "US", 100, "20000")]
    request = Request(withdrawals={"a": 500_000})

    plan = decide(state(lots, a="0", b="5000"), mandate_, market(PRICES), DAY, request)

    sold = {t.instrument for t in plan.trades if t.side == "sell"}
    bought = {t.instrument for t in plan.trades if t.side == "buy"}
    assert ("wash-sale-possible" in codes(plan)) is bool(sold & bought)


@pytest.mark.parametrize("identical", [(), (frozenset({"US", "BND"}),)])
def test_a_plan_that_washes_its_own_loss_says_what_to_leave_out(
    identical: tuple[frozenset[str], ...],
) -> None:
    """The purchase and the sale are named with the lines that leave them out of the next plan."""
    accounts = [account("a"), account("b", "roth")]
    holds = {"US": 50, "BND": 50}
    own = mandate(tree(holds), accounts=accounts, when="never")
    tax = replace(own.household.tax, identical=identical)
    own = replace(own, household=replace(own.household, tax=tax))
    lots = [lot("a", "US", 100, "20000"), lot("b", "BND", 1, "100")]
    request = Request(withdrawals={"a": 500_000}, deposits={"b": 900_000})

    plan = decide(state(lots, a="0", b="0"), own, market(PRICES), DAY, request)

    assert {("a", "US", "sell"), ("b", "US", "buy"), ("b", "BND", "buy")} <= {
        (t.account, t.instrument, t.side) for t in plan.trades
    }
    (found,) = [f for f in plan.findings if f.code == "wash-sale-possible"]
    assert 'do_not_buy = ["US"] under [accounts.b]' in found.message
    assert 'do_not_sell = ["US"] under [accounts.a]' in found.message
    assert ('do_not_buy = ["BND"] under [accounts.b]' in found.message) is bool(identical)


def test_a_trade_worth_no_money_is_not_made() -> None:
    """Of a fund in thousandths at 1.00 less than half a cent is not bought, nor sold."""
    steps = [Instrument("F", step=Decimal("0.001")), Instrument("US", step=Decimal("0.001"))]
    for cents in range(1, 40):
        mandate_ = mandate(tree({"F": 3, "US": 97}), instruments=steps)
        prices = market({"F": "1", "US": "1"})

        plan = decide(state([], brokerage=f"0.{cents:02}"), mandate_, prices, DAY)

        assert all(trade.value > 0 for trade in plan.trades), cents


def test_tax_of_a_share_outweighs_cents_of_nearness() -> None:
    """A share that would come a little nearer is kept where its tax is more than that is worth."""
    lots = [lot("brokerage", "US", 15, "15")]
    halves = mandate(tree({"US": 50, "BND": 50}), when="daily")
    prices = market({"US": "1000", "BND": "10"})

    plan = decide(state(lots, brokerage="0"), halves, prices, DAY)

    # Seven and eight sold are equally near to 7,500; the eighth would cost tax.
    assert summary(plan)[0] == ("brokerage", "sell", "US", 7)


def test_new_cash_that_was_spent_is_no_longer_new() -> None:
    """A plan that invests new cash adopts the target, so the trigger does not fire again."""
    mandate_ = mandate(tree({"US": 60, "BND": 40}), when="cashflow:500")
    memory = Memory(new_cash={"brokerage": 60_000})
    lots = [lot("brokerage", "US", 60, "1"), lot("brokerage", "BND", 50, "1")]

    plan = decide(state(lots, memory, brokerage="600"), mandate_, market(PRICES), DAY)

    assert plan.trades
    assert set(plan.adopted) == {"household"}


def test_what_got_there_is_not_left_alone() -> None:
    """Only a sleeve that ends off its target is told of, measured after all flows."""
    mandate_ = mandate(tree({"US": 60, "BND": 40}), when="never")
    lots = [lot("brokerage", "US", 800, "8000"), lot("brokerage", "BND", 250, "2000")]
    request = Request(withdrawals={"brokerage": 3_000_000}, now=True)

    plan = decide(state(lots, brokerage="0"), mandate_, market(PRICES), DAY, request)

    assert float(plan.drift_after["household"]) < 0.002
    assert plan.left_alone == ()
