"""What a plan says of the trades that it does not make, and of cash that stays."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.engine.households import DAY, account, lot, mandate, market, state, tree
from trimtab.costs import Costs
from trimtab.engine.decide import decide
from trimtab.engine.mandate import Request
from trimtab.model.instruments import Instrument
from trimtab.model.plan import LeftAlone, Plan
from trimtab.model.policy import parse_when
from trimtab.triggers.deviation import band_reading, drift_reading

PRICES = {"US": "100", "BND": "100"}


def with_deposit(
    amount: int,
    *,
    bonds: int,
    menu: tuple[str, ...] = ("BND",),
    target: dict[str, int] | None = None,
    to_account: str = "plan",
) -> Plan:
    """A deposit, to be invested without sales, into a plan that may buy only what is on its menu.

    Beside it lies an account with 500 US, and so many bonds.
    """
    accounts = [account("plan", "traditional", menu=menu), account("free")]
    lots = [lot("free", "US", 500, "30000"), lot("free", "BND", bonds, "20000")]
    request = Request(deposits={to_account: amount}, no_sells=True)
    mandate_ = mandate(tree(target or {"US": 60, "BND": 40}), accounts=accounts)
    return decide(state(lots, plan="0", free="0"), mandate_, market(PRICES), DAY, request)


def idle(plan: Plan) -> list[LeftAlone]:
    """What is said of cash that stays."""
    return [note for note in plan.left_alone if note.reason == "idle-cash"]


def test_a_deposit_that_nothing_may_be_bought_for_is_named() -> None:
    """How much stays as cash, where and why: what may be bought there is at its target already."""
    plan = with_deposit(500_000, bonds=450)

    (note,) = idle(plan)
    assert plan.trades == ()
    assert note.account == "plan"
    assert "5000.00 of the deposit of 5000.00" in note.why
    assert "(BND) is at its target or above" in note.why
    assert "US is what is missing, which plan cannot buy" in note.why


def test_the_part_of_a_deposit_that_stays_is_named() -> None:
    """What can be bought is bought, and the rest is what the note speaks of."""
    plan = with_deposit(1_000_000, bonds=350)

    (note,) = idle(plan)
    bought = sum(trade.value for trade in plan.trades)
    assert 0 < bought < 1_000_000
    assert f"{(1_000_000 - bought) // 100}.00 of the deposit of 10000.00" in note.why


def test_what_was_bought_with_a_deposit_does_not_stay_of_it() -> None:
    """Beside other cash that stays as well: the trades say that they are from the deposit."""
    accounts = [account("plan", "traditional", menu=("BND",)), account("free")]
    lots = [lot("free", "US", 500, "30000"), lot("free", "BND", 350, "20000")]
    mandate_ = mandate(tree({"US": 60, "BND": 40}), accounts=accounts)
    request = Request(deposits={"plan": 1_000_000}, no_sells=True)

    plan = decide(state(lots, plan="9000", free="0"), mandate_, market(PRICES), DAY, request)

    (note,) = idle(plan)
    (bought,) = plan.trades
    assert "from the deposit of 10000.00" in bought.why
    assert f"{(1_000_000 - bought.value) // 100}.00 of the deposit of 10000.00" in note.why


def test_what_is_over_its_target_is_sold_for_the_buffer_where_nothing_is_bought() -> None:
    """No trigger fires: it is sold since cash is short, not since it is over its target."""
    accounts = [account("one", "roth"), account("two", "roth")]
    mandate_ = mandate(
        tree({"US": 60, "BND": 40}), accounts=accounts, when="never", cash_buffer=200_000
    )
    lots = [lot("two", "US", 70), lot("two", "BND", 30)]
    request = Request(withdrawals={"one": 100_000})

    plan = decide(state(lots, one="1500", two="0"), mandate_, market(PRICES), DAY, request)

    assert [trade.reason for trade in plan.trades] == ["raise-cash"]
    assert "short of the buffer of 2000.00" in plan.trades[0].why


@pytest.mark.parametrize(
    ("menu", "why"),
    [(("GLD",), "nothing of the target can be bought in plan"), (("US",), "less than one step")],
)
def test_why_a_deposit_stays_is_its_own_reason(menu: tuple[str, ...], why: str) -> None:
    """A menu without anything of the target, and money for less than one share."""
    plan = with_deposit(500_000 if menu == ("GLD",) else 9_900, bonds=450, menu=menu)

    (note,) = idle(plan)
    assert why in note.why


def test_a_little_cash_that_leads_away_from_the_target_is_named() -> None:
    """Half a share of a deposit stays: too little to speak of, but why drift is more than none."""
    lots = [lot("brokerage", "US", 600, "1"), lot("brokerage", "BND", 400, "1")]
    mandate_ = mandate(tree({"US": 60, "BND": 40}))
    request = Request(deposits={"brokerage": 5_000})

    plan = decide(state(lots, brokerage="0"), mandate_, market(PRICES), DAY, request)

    assert plan.drift_after["household"] > plan.drift_before["household"] == 0
    (note,) = idle(plan)
    assert "50.00 of the deposit of 50.00 stays as cash" in note.why


def test_cash_that_the_target_wants_is_not_called_idle() -> None:
    """Neither what fills a sleeve of cash, nor a deposit that is spent, is a matter."""
    wanted = with_deposit(500_000, bonds=450, target={"US": 50, "BND": 45, "CASH": 5})
    spent = with_deposit(500_000, bonds=450, to_account="free")

    assert idle(wanted) == []
    assert idle(spent) == []


def test_a_purchase_of_what_is_not_under_its_target_does_not_say_that_it_is() -> None:
    """Bonds are bought with the deposit so that the other account can make room for stocks."""
    accounts = [account("plan", "traditional", menu=("BND",)), account("free")]
    lots = [lot("free", "US", 500, "30000"), lot("free", "BND", 450, "45000")]
    request = Request(deposits={"plan": 500_000})
    mandate_ = mandate(tree({"US": 60, "BND": 40}), accounts=accounts)

    plan = decide(state(lots, plan="0", free="0"), mandate_, market(PRICES), DAY, request)

    (bought,) = [trade for trade in plan.trades if trade.account == "plan"]
    assert (bought.instrument, bought.reason) == ("BND", "new-cash")
    assert "is not under its target" in bought.why


def drifted(when: str, to: str, **more: object) -> Plan:
    """700 US and 300 BND at 100 under a target of 60/40, asked to act now."""
    lots = [lot("brokerage", "US", 700, "1"), lot("brokerage", "BND", 300, "1")]
    mandate_ = mandate(tree({"US": 60, "BND": 40}), when=when, to=to, **more)  # type: ignore[arg-type]
    return decide(state(lots, brokerage="0"), mandate_, market(PRICES), DAY, Request(now=True))


@pytest.mark.parametrize(
    ("when", "to", "place"),
    [
        ("band:5pp", "edge", "at the edge of its band of 5.0pp, where the policy stops"),
        ("band:5pp", "half", "at half its band of 5.0pp, where the policy stops"),
        ("band:5pp", "within:6pp", "6.0pp from its target, where the policy stops"),
        ("monthly", "within:1pp", "1.0pp from its target, where the policy stops"),
        ("band:5.01pp", "half", "at half its band of 5.01pp, where the policy stops, as near as"),
        ("band:5pp", "within:1.75pp", "1.75pp from its target, where the policy stops, as near as"),
    ],
)
def test_a_sleeve_that_arrived_stands_where_the_policy_stops(
    when: str, to: str, place: str
) -> None:
    """Neither cash nor room is missing where the policy asks for no more."""
    plan = drifted(when, to)

    assert plan.trades
    assert [note.instrument for note in plan.left_alone] == ["US", "BND"]
    for note in plan.left_alone:
        assert note.reason == "policy"
        assert place in note.why


def test_what_may_not_be_sold_did_not_stop_at_the_edge() -> None:
    """The policy asks for more than the account allows: that is the reason, on either side."""
    keeps = account("brokerage", do_not_sell=frozenset({"US"}))

    banded = drifted("band:5pp", "edge", accounts=[keeps])
    unbanded = drifted("monthly", "within:1pp", accounts=[keeps])

    for plan in (banded, unbanded):
        assert [note.reason for note in plan.left_alone] == ["restricted", "no-cash"]


def test_keep_that_binds_partly_is_named() -> None:
    """20 of 300 are sold, as keep allows; that the other 280 stay is the doing of keep."""
    keeps = account("brokerage", "roth", keep={"US": 280})
    mandate_ = mandate(tree({"US": 60, "BND": 40}), accounts=[keeps])
    lots = [lot("brokerage", "US", 300, "1"), lot("brokerage", "BND", 50, "1")]

    plan = decide(state(lots, brokerage="0"), mandate_, market(PRICES), DAY)

    assert [t.quantity for t in plan.trades if t.side == "sell"] == [20]
    over = next(note for note in plan.left_alone if note.instrument == "US")
    assert over.reason == "restricted"
    assert over.why.endswith("no more of it may be sold: keep holds 280 US in brokerage")


def apart(*, menu: tuple[str, ...], cash: str = "0") -> Plan:
    """50 US and 50 BND under 60/40: the account of US has this cash, the other may buy its menu.

    What is sold costs much more tax than a unit of drift is worth.
    """
    accounts = [account("stocks", "roth", menu=("US",)), account("bonds", menu=menu)]
    lots = [lot("stocks", "US", 50, "1"), lot("bonds", "BND", 50, "1")]
    mandate_ = mandate(
        tree({"US": 60, "BND": 40}), accounts=accounts, drift_price=Decimal("0.01"),
        costs=Costs(commission=Decimal(5)),
    )  # fmt: skip
    return decide(state(lots, stocks=cash, bonds="0"), mandate_, market(PRICES), DAY,
                  Request(now=True))  # fmt: skip


@pytest.mark.parametrize(
    ("menu", "cash", "reasons"),
    [
        (("BND",), "0", ["no-cash", "no-room"]),
        (("BND", "US"), "0", ["not-worth", "not-worth"]),
        (("BND",), "106", ["not-worth", "no-room"]),
        (("BND",), "99", ["no-cash", "no-room"]),
    ],
)
def test_what_cannot_be_traded_is_not_called_unworthy(
    menu: tuple[str, ...], cash: str, reasons: list[str]
) -> None:
    """With a price of drift too, cash that is missing is the reason, and so is room."""
    plan = apart(menu=menu, cash=cash)

    assert plan.trades == ()
    assert [note.reason for note in plan.left_alone] == reasons


@pytest.mark.parametrize("price", ["1", "50", "100"])
def test_a_deposit_below_the_minimum_says_so(price: str) -> None:
    """What is bought is under its target; only the least trade is larger than the deposit."""
    lots = [lot("brokerage", "US", 60, "1"), lot("brokerage", "BND", 40, "1")]
    mandate_ = mandate(tree({"US": 60, "BND": 40}), min_trade=50_000)
    prices = market({"US": price, "BND": price})
    request = Request(deposits={"brokerage": 13_877})

    plan = decide(state(lots, brokerage="0"), mandate_, prices, DAY, request)

    (note,) = idle(plan)
    assert plan.trades == ()
    assert "below the minimum of 500.00" in note.why
    assert "at its target" not in note.why


@pytest.mark.parametrize("seed", [195, 251, 277, 340, 377, 388, 489, 708, 775, 794, 874])
def test_the_minimum_is_no_reason_where_more_could_be_bought(seed: int) -> None:
    """What an account could still buy decides: only where that is below the minimum is it named.

    Whatever else kept the search from the trade, no figure of the plan may speak against its word.
    """
    r = random.Random(seed)
    accounts = [account("plan", "traditional", menu=("F", "G")), account("free")]
    accounts.append(account("roth", "roth"))
    target = tree(
        {"US": (50, ["US", "F"]), "I": 20, "B": (30, ["BND", "G"])},
        location={"B": ["plan", "roth", "free"]},
    )
    lots = [lot("free", "US", r.randint(150, 206), "20000")]
    lots += [lot("free", "I", r.randint(60, 136), "5000"), lot("plan", "F", r.randint(1, 300_000))]
    lots += [lot("plan", "G", r.randint(1, 2_000_000)), lot("roth", "BND", r.randint(1, 120))]
    lots.append(lot("roth", "I", r.randint(1, 90)))
    mandate_ = mandate(
        target,
        accounts=accounts,
        instruments=[Instrument(name, step=Decimal("0.001")) for name in ("F", "G")],
        min_trade=r.choice([10_000, 30_000]),
        cash_buffer=50_000,
        when="monthly+band:5pp/25%",
    )
    request = Request(deposits={"free": r.randint(20_000, 200_000)}, no_sells=r.random() < 0.3)
    cash = {name: str(r.randint(0, most)) for name, most in (("plan", 900), ("free", 900))}
    prices = market({"US": "348", "F": "71", "BND": "69", "G": "9.7", "I": "96"})
    state_ = state(lots, roth=str(r.randint(0, 300)), **cash)

    plan = decide(state_, mandate_, prices, DAY, request)

    rows = {row.sleeve: row for row in plan.sleeves}
    over = sum(plan.cash_after.values()) - mandate_.cash_buffer
    base = sum(row.value_after for row in plan.sleeves) + over
    for note in plan.left_alone:
        row = rows.get(note.instrument)
        if note.reason == "minimum" and row is not None and row.after < row.weight:
            lack = row.weight * base - row.value_after
            step = {"US": 71, "B": 10}.get(row.sleeve, over)
            could = min(lack, plan.cash_after["plan"], over)
            assert could < mandate_.min_trade + step, note.why


SHARES = st.fractions(0, 1, max_denominator=10**7)


def percent_in(text: str) -> Fraction:
    """A percentage, or points of it, as shown."""
    return Fraction(text.removesuffix("pp").removesuffix("%"))


@example(Fraction(1, 10), "10.01")
@example(Fraction(9_999_999, 10**8), "10")
@given(SHARES, st.decimals("0.01", 50, places=2).map(str))
def test_figures_of_drift_agree_with_the_verdict(drift: Fraction, limit: str) -> None:
    """Who compares what is printed comes to what is printed, and the limit is as written."""
    when = parse_when(f"drift:{limit}pp")
    assert when.drift is not None

    reading = drift_reading("household", drift=drift, limit=when.drift)

    shown, shown_limit = reading.why.split()[1].rstrip(","), reading.why.split()[-1]
    assert (percent_in(shown) >= percent_in(shown_limit)) is reading.fired
    assert percent_in(shown_limit) == Fraction(limit)


@example(Fraction(7, 10), "10.01")
@given(SHARES, st.decimals("0.01", 50, places=2).map(str))
def test_figures_of_a_band_agree_with_the_verdict(now: Fraction, band: str) -> None:
    """A sleeve that is inside its band is shown nearer than the band is wide."""
    when = parse_when(f"band:{band}pp")

    reading = band_reading("household", "US", now=now, weight=Fraction(3, 5), when=when)

    if now == Fraction(3, 5):
        return
    place, _, away = reading.why.partition("): ")
    shown_band = place.rpartition(" ")[2]
    assert (percent_in(away.split()[0]) >= percent_in(shown_band)) is reading.fired
    assert percent_in(shown_band) == Fraction(band)


def withdrawn(amount: int, *, cash: str, buffer: int = 0) -> Plan:
    """A withdrawal from an account of stocks, bonds and cash, beside one with bonds alone."""
    accounts = [account("taxed"), account("ira", "traditional")]
    lots = [lot("taxed", "US", 500, "50000"), lot("taxed", "BND", 100, "10000")]
    lots.append(lot("ira", "BND", 300, "30000"))
    mandate_ = mandate(tree({"US": 60, "BND": 40}), accounts=accounts, cash_buffer=buffer)
    request = Request(withdrawals={"taxed": amount})
    return decide(state(lots, taxed=cash, ira="0"), mandate_, market(PRICES), DAY, request)


def test_a_withdrawal_that_cash_covers_is_no_reason_to_sell() -> None:
    """What is sold beside it is sold for the target, and pays for what is bought."""
    plan = withdrawn(1_000_000, cash="16000")

    sold = [trade for trade in plan.trades if trade.side == "sell"]
    assert sold
    assert {trade.reason for trade in sold} <= {"overweight", "make-room"}
    assert not any("withdrawal" in trade.why for trade in plan.trades)


def test_sales_raise_what_cash_does_not_cover_and_no_more() -> None:
    """The reason names what is missing, and only so many sales have it as bring that in."""
    plan = withdrawn(2_500_000, cash="16000")

    raised = [trade for trade in plan.trades if trade.reason == "raise-cash"]
    assert raised
    for trade in raised:
        assert "cash in taxed is 9000.00 short of the withdrawal of 25000.00" in trade.why
    assert sum(trade.value for trade in raised) - min(trade.value for trade in raised) < 900_000


def test_a_sale_that_fills_the_buffer_says_so() -> None:
    """Cash covers the withdrawal, but then is less than the buffer."""
    plan = withdrawn(1_500_000, cash="16000", buffer=300_000)

    raised = [trade for trade in plan.trades if trade.reason == "raise-cash"]
    assert raised
    for trade in raised:
        assert trade.why.startswith("cash is 2000.00 short of the buffer of 3000.00 after flows")


@pytest.mark.parametrize("amount", [500_000, 4_000_000])
def test_shares_and_values_before_are_of_one_moment(amount: int) -> None:
    """Of every sleeve, cash too: value by share is the same whole, before the withdrawal."""
    lots = [lot("brokerage", "US", 500, "1"), lot("brokerage", "BND", 300, "1")]
    mandate_ = mandate(tree({"US": 60, "BND": 30, "CASH": 10}))
    request = Request(withdrawals={"brokerage": amount})

    plan = decide(state(lots, brokerage="6000"), mandate_, market(PRICES), DAY, request)

    assert sum(row.value_before for row in plan.sleeves) == 8_600_000
    for row in plan.sleeves:
        assert row.value_before == row.now * 8_600_000
