"""Tax in account mode: paid when it is due out of the account that sold, never more, never less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.households import CALENDAR, account, lot, mandate, tree
from tests.simulate.test_account import StillClock, demo_folder, holdings, told
from trimtab.costs import Costs
from trimtab.engine.mandate import Mandate
from trimtab.execution.opening import Opening
from trimtab.live.book import open_book
from trimtab.model.accounts import Lot
from trimtab.model.market import Market, Quote
from trimtab.model.numbers import Price, StepPrice
from trimtab.model.orders import Order
from trimtab.model.plan import LotSale
from trimtab.simulate.accounts.backtest import backtest_accounts
from trimtab.simulate.accounts.drags import account_drags
from trimtab.simulate.accounts.run import AccountRun
from trimtab.simulate.accounts.tax import tax_of_selling
from trimtab.simulate.choosing.checked import tax_of_turnover

FIRST = date(2024, 3, 1)
DAYS = (
    FIRST,
    date(2024, 12, 31),
    date(2025, 4, 14),
    date(2025, 4, 15),
    date(2025, 12, 31),
    date(2026, 4, 14),
    date(2026, 4, 15),
    date(2026, 4, 16),
)


def tape(prices: Mapping[str, Sequence[str]], days: Sequence[date] = DAYS) -> list[Market]:
    """Markets on those days; an empty price is one that cannot be read."""
    markets = []
    for i, day in enumerate(days):
        quotes = {}
        for id_, column in prices.items():
            price = Price.of(Decimal(column[i])) if column[i] else None
            quotes[id_] = Quote(price, day, raw=column[i])
        markets.append(Market(day, CALENDAR, quotes))
    return markets


def opening(lots: Sequence[Lot], **cash: int) -> Opening:
    """An opening statement of the first day."""
    return Opening("Example", "USD", FIRST, tuple(lots), cash, (), "0" * 64)


def two_years(*, pay_tax: bool = True, **more: str) -> AccountRun:
    """Half shares, half bonds, once a year: shares double, 25 of them are sold for 250 of gain."""
    mandate_ = mandate(tree({"US": 50, "BND": 50}), when="annual", **more)
    lots = [lot("brokerage", "US", 100, "1000"), lot("brokerage", "BND", 100, "1000")]
    prices = {"US": ["10"] + ["20"] * 6 + ["25"], "BND": ["10"] * 7 + ["9"]}
    return backtest_accounts(mandate_, opening(lots, brokerage=0), tape(prices), pay_tax=pay_tax)


def test_two_years_by_hand() -> None:
    """31 December 2024: 25 shares at 20 that cost 10 are sold: 15% of 250.00 is 37.50. It leaves on
    15 April 2025, for which one share (tax 1.50) and two bonds go: 40.00. The 1.50 leaves a year
    later out of the 2.50 that were left. So 74 shares, 148 bonds and 1.00 remain; selling them at
    25 and 9 gains 74 x 15 in shares, of which 166.50 is tax, and a loss that earns nothing.
    """
    run = two_years()

    assert [(p.year, p.on, p.amount) for p in run.payments] == [
        (2024, date(2025, 4, 15), 3750),
        (2025, date(2026, 4, 15), 150),
    ]
    assert [(y.year, y.short_gain, y.long_gain, y.tax, y.paid) for y in run.tax_by_year] == [
        (2024, 0, 25_000, 3750, 3750),
        (2025, 0, 1_000, 150, 150),
    ]
    assert run.folded.positions == {("brokerage", "US"): 74, ("brokerage", "BND"): 148}
    assert run.value == (200_000, 300_000, 300_000, 296_250, 296_250, 296_250, 296_100, 318_300)
    assert (run.tax_caused, run.tax_paid, run.tax_owed) == (3900, 3900, 0)
    assert run.after_tax == 318_300
    assert run.liquidation_after_tax == 318_300 - 16_650
    assert (len(run.plans), run.rebalances) == (2, 1)


def test_drags_of_tax_that_was_paid() -> None:
    """The run's growth had each payment been handed back as it left, less its growth after tax."""
    run = two_years()

    cost, tax = account_drags(run)

    years = (DAYS[-1] - FIRST).days / 365.25
    kept = (1 - 37.50 / 3000) * (1 - 1.50 / 2962.50)
    whole = (3183 / kept / 2000) ** (1 / years)
    assert cost == pytest.approx(0.0)
    assert tax == pytest.approx(whole - (3183 / 2000) ** (1 / years))
    assert run.to_dict()["tax_drag"] == tax


def test_tax_that_is_still_owed_counts_in_the_drag_and_after_tax() -> None:
    """A run that ends before the tax is due owes it: worth and growth after tax are less by it."""
    mandate_ = mandate(tree({"US": 50, "BND": 50}), when="annual")
    lots = [lot("brokerage", "US", 100, "1000"), lot("brokerage", "BND", 100, "1000")]
    prices = {"US": ["10", "20", "20"], "BND": ["10"] * 3}

    run = backtest_accounts(mandate_, opening(lots, brokerage=0), tape(prices, DAYS[:3]))

    assert (run.tax_paid, run.tax_owed, run.after_tax) == (0, 3750, 296_250)
    years = (DAYS[2] - FIRST).days / 365.25
    growth = 1.5 ** (1 / years) - (2962.5 / 2000) ** (1 / years)
    assert account_drags(run)[1] == pytest.approx(growth)


def test_tax_that_is_only_counted_stays_in_the_accounts() -> None:
    """The same sales, nothing paid, all of it owed, and no sale for it."""
    run = two_years(pay_tax=False)

    assert (run.tax_caused, run.tax_paid, run.tax_owed) == (3750, 0, 3750)
    assert run.value[:7] == (200_000, *[300_000] * 6)
    assert run.payments == ()
    assert run.to_dict()["tax"] == "counted"


def test_losses_are_told_and_earn_no_credit() -> None:
    """What is sold at a loss stands in its year by term; the year's tax is that of the gains."""
    mandate_ = mandate(tree({"US": 50, "BND": 50}), when="annual")
    lots = [
        lot("brokerage", "US", 100, "3000"),
        lot("brokerage", "BND", 100, "1000", date(2024, 2, 28)),
    ]
    prices = {"US": ["10"] + ["20"] * 3, "BND": ["10"] * 4}

    run = backtest_accounts(mandate_, opening(lots, brokerage=0), tape(prices, DAYS[:4]))

    [year] = run.tax_by_year
    assert (year.long_loss, year.short_loss, year.tax) == (25_000, 0, 0)
    assert run.to_dict()["tax_by_year"][0]["long_loss"] == 250.0
    assert run.payments == ()


def test_prices_that_are_refused_put_the_payment_off_and_one_finding_tells_it() -> None:
    """What cannot be raised on 15 April stays owed, and is paid once there are prices again."""
    days = (*DAYS[:4], *(date(2025, 4, day) for day in (16, 17, 21)))
    mandate_ = mandate(tree({"US": 50, "BND": 50}), when="annual")
    lots = [lot("brokerage", "US", 100, "1000"), lot("brokerage", "BND", 100, "1000")]
    prices = {
        "US": ["10", "20", "20", "", "", "20", "20"],
        "BND": ["10", "10", "10", "", "", "10", "10"],
    }

    run = backtest_accounts(mandate_, opening(lots, brokerage=0), tape(prices, days))

    assert [(p.on, p.amount) for p in run.payments] == [(date(2025, 4, 17), 3750)]
    assert [finding.subject for finding in run.findings if finding.code == "tax-unpaid"] == [
        "brokerage"
    ]


def test_a_thin_market_puts_the_payment_off_until_enough_is_sold() -> None:
    """Where only one unit a day is filled on 15 April, the tax is raised a session later, in one
    sum; what was sold on the way for it alone is no rebalance.
    """
    days = (*DAYS[:4], date(2025, 4, 16), date(2025, 4, 17))
    mandate_ = mandate(tree({"US": 50, "BND": 50}), when="annual")
    lots = [lot("brokerage", "US", 100, "1000"), lot("brokerage", "BND", 100, "1000")]
    prices = {"US": ["10"] + ["20"] * 5, "BND": ["10"] * 6}

    run = backtest_accounts(
        mandate_,
        opening(lots, brokerage=0),
        tape(prices, days),
        participation=Fraction(1, 10),
        volumes=lambda day: dict.fromkeys(prices, Fraction(10 if day.month == 4 else 10_000)),
    )

    assert [(p.on, p.amount) for p in run.payments] == [(date(2025, 4, 17), 3750)]
    assert run.value[-1] == 300_000 - 3750
    assert (len(run.plans), run.rebalances) == (3, 1)


def test_an_account_that_cannot_pay_keeps_no_other_from_paying() -> None:
    """Two accounts of one target: where one has nothing that may be sold, the other pays alone;
    each pays when its own sale has settled.
    """
    days = (*DAYS[:4], date(2025, 4, 16), date(2025, 4, 17))
    names = ("US", "OLD", "BND", "G")
    accounts = [account("a", menu=names[:2]), account("b", menu=names[2:])]
    mandate_ = mandate(tree(dict.fromkeys(names, 25)), accounts=accounts, when="annual")
    patient = replace(mandate_.household, frozen_share=Decimal(1), frozen_sessions=99)
    mandate_ = replace(mandate_, household=patient)
    lots = [lot("a" if id_ in names[:2] else "b", id_, 100, "1000") for id_ in names]
    rises, stays = ["10", *["16"] * 5], ["10"] * 6
    prices = {
        "US": [*rises[:3], "", "16", "16"],
        "OLD": [*stays[:3], "", "10", "10"],
        "BND": rises,
        "G": stays,
    }

    run = backtest_accounts(mandate_, opening(lots, a=0, b=0), tape(prices, days))

    assert [(p.account, p.on) for p in run.payments] == [("b", days[4]), ("a", days[5])]
    assert run.tax_paid == sum(year.tax for year in run.tax_by_year if year.year == 2024)


def test_a_sale_for_tax_counts_by_its_tax_in_what_turnover_costs() -> None:
    """Advice asks what a policy's own turnover costs: 500 turned over caused 37.50 and the 1.50."""
    assert tax_of_turnover(two_years()) == pytest.approx(39.0 / 500)
    assert tax_of_turnover(two_years(pay_tax=False)) == pytest.approx(37.5 / 500)


def test_selling_all_takes_each_lot_at_its_own_term() -> None:
    """Rates go by lot: a year and a day is long; sheltered accounts and losses are not taxed."""
    mandate_ = mandate(tree({"US": 100}), accounts=[account("a"), account("r", "roth")])
    lots = [
        lot("a", "US", 10, "100", date(2024, 4, 14)),
        lot("a", "US", 10, "100", date(2025, 4, 14)),
        lot("a", "US", 10, "900", date(2020, 4, 14)),
        lot("r", "US", 10),
    ]
    prices = {"US": StepPrice.of(Price.of(Decimal(20)), Decimal(1))}

    tax = tax_of_selling(lots, household=mandate_.household, prices=prices, on=date(2025, 4, 15))

    assert tax == 1500 + 2400


# -- oracles --------------------------------------------------------------------------------------


def generated(steps: Sequence[tuple[int, int]]) -> tuple[Mandate, Opening, list[Market]]:
    """Two taxable accounts and one that is not over sessions through three years."""
    sessions = CALENDAR.sessions(FIRST, date(2026, 12, 31))
    days = sessions[:: max(len(sessions) // len(steps), 1)][: len(steps)]
    us, bnd = Decimal(50), Decimal(40)
    columns: dict[str, list[str]] = {"US": [], "BND": []}
    for up, other in steps:
        us, bnd = us * (100 + up) / 100, bnd * (100 + other) / 100
        us, bnd = us.quantize(Decimal("0.01")), bnd.quantize(Decimal("0.01"))
        columns["US"].append(f"{us}")
        columns["BND"].append(f"{bnd}")
    mandate_ = mandate(
        tree({"US": 60, "BND": 40}),
        accounts=[account("a"), account("b"), account("r", "roth")],
        when="band:3pp",
        costs=Costs(bps=5),
    )
    lots = [lot("a", "US", 70, "2100"), lot("b", "BND", 50, "2100", date(2024, 2, 1))]
    lots += [lot("r", "US", 20), lot("b", "US", 30, "1500", date(2024, 1, 2))]
    return mandate_, opening(lots, a=5_000, b=70_000, r=1_000), tape(columns, days)


moves = st.lists(st.tuples(st.integers(-25, 30), st.integers(-15, 15)), min_size=8, max_size=16)


def term(sale: LotSale, sold: date) -> str:
    """By the calendar: long from the day after the same day a year later."""
    bought = sale.acquired
    assert isinstance(bought, date)
    if (bought.month, bought.day) == (2, 29):
        return "long" if sold >= date(bought.year + 1, 3, 1) else "short"
    return "long" if sold > bought.replace(year=bought.year + 1) else "short"


@settings(max_examples=12, deadline=None)
@given(moves)
def test_money_is_conserved_and_years_add_up(steps: list[tuple[int, int]]) -> None:
    """Trades, costs and payments replayed by hand leave the record's cash and shares; each year's
    gains, losses and tax are those of the lots that its trades took; what leaves is what was paid.
    """
    mandate_, begin, markets = generated(steps)

    run = backtest_accounts(mandate_, begin, markets)

    cash = dict(begin.cash)
    held: dict[tuple[str, str], int] = {}
    for one in begin.lots:
        held[one.account, one.instrument] = held.get((one.account, one.instrument), 0) + (
            one.quantity
        )
    years: dict[int, dict[str, int]] = {}
    for plan in run.plans:
        for trade in plan.trades:
            sign = 1 if trade.side == "buy" else -1
            cash[trade.account] -= sign * trade.value + trade.cost
            place = trade.account, trade.instrument
            held[place] = held.get(place, 0) + sign * trade.quantity
            cents = int(trade.price.decimal * 100)
            for sale in trade.lots if trade.account != "r" else ():
                assert sale.basis is not None
                gain = sale.quantity * cents - sale.basis
                kind = term(sale, plan.as_of)
                rate = Decimal("0.15") if kind == "long" else Decimal("0.24")
                of = years.setdefault(plan.as_of.year, {})
                key = f"{kind}_{'gain' if gain > 0 else 'loss'}"
                of[key] = of.get(key, 0) + abs(gain)
                tax = (max(gain, 0) * rate).quantize(Decimal(1), ROUND_HALF_EVEN)
                of["tax"] = of.get("tax", 0) + int(tax)
    for payment in run.payments:
        cash[payment.account] -= payment.amount
    assert cash == dict(run.folded.cash)
    assert {place: n for place, n in held.items() if n} == dict(run.folded.positions)
    found = {
        year.year: {
            name: getattr(year, name)
            for name in ("short_gain", "short_loss", "long_gain", "long_loss", "tax")
            if getattr(year, name)
        }
        for year in run.tax_by_year
    }
    assert found == {
        year: {name: minor for name, minor in of.items() if minor} for year, of in years.items()
    }
    due = {year for year in years if date(year + 1, 4, 15) <= run.dates[-1]}
    assert run.tax_paid == sum(years[year].get("tax", 0) for year in due)


@settings(max_examples=8, deadline=None)
@given(moves)
def test_without_rates_paid_counted_and_untaxed_are_one_run(steps: list[tuple[int, int]]) -> None:
    """Where gains cost nothing, whether tax is paid or counted makes no difference at all."""
    mandate_, begin, markets = generated(steps)
    no_rates = replace(mandate_.household.tax, long_rate=Decimal(0), short_rate=Decimal(0))
    free = replace(mandate_, household=replace(mandate_.household, tax=no_rates))

    paid = backtest_accounts(free, begin, markets)
    counted = backtest_accounts(free, begin, markets, pay_tax=False)

    assert replace(paid, pays_tax=False, assumed=counted.assumed) == counted
    assert paid.tax_caused == 0


def test_a_person_who_types_the_payments_gets_the_same_orders(tmp_path: Path) -> None:
    """Day by day through plan and apply, with the tax of last year withdrawn on 15 April by hand:
    the orders, lots and cash of the backtest that pays its tax.
    """
    first, last = date(2010, 10, 1), date(2011, 4, 29)
    folder = demo_folder(tmp_path, "monthly", "target")
    file = folder / "portfolio.toml"
    file.write_text(file.read_text().replace("opened   = 2012-09-28", f"opened   = {first}"))
    (folder / "lots.csv").write_text(
        "account,symbol,quantity,acquired,cost_basis\n"
        "brokerage,AAPL,400,2009-03-02,36000.00\n"
        "brokerage,IBM,300,2010-06-01,37500.00\n"
        "roth,USD,50000.00,,\nk401,USD,60000.00,,\n"
    )
    (folder / "sales.csv").unlink(missing_ok=True)
    clock = StillClock()
    book = open_book(folder, clock=clock)
    orders: list[Order] = []
    owed: dict[str, Decimal] = {}
    typed = 0
    for day in book.portfolio.calendar.sessions(first, last):
        clock.day = day
        withdrawals = owed if day >= date(2011, 4, 15) else {}
        plan = book.plan(day, withdrawals=withdrawals)
        if not (plan.trades or plan.periods or withdrawals):
            continue
        applied = book.apply(plan)
        orders.extend(record.order for record in applied.orders)
        typed += len(withdrawals)
        owed = {} if withdrawals else owed
        for trade in plan.trades if day.year == 2010 else ():
            if trade.tax:
                owed[trade.account] = owed.get(trade.account, Decimal(0)) + trade.tax / Decimal(100)
    begin = book.opening
    assert begin is not None
    mandate_ = book.mandate()
    markets = book._price_file({}).snapshots(first, last, sorted(mandate_.household.instruments))

    run = backtest_accounts(mandate_, begin, markets)

    assert typed == len(run.payments) == 1
    assert run.for_tax
    assert told(run.orders) == told(orders)
    assert holdings(run.folded) == holdings(book.prepared(last).folded)
