"""A portfolio that holds what is quoted in another currency: plan, record and account mode."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from tests.cli.console import Session
from tests.folders import NO_SALES, written
from trimtab.adapters.calendars import calendar
from trimtab.adapters.clock import StillClock
from trimtab.adapters.prices_file import PriceFile
from trimtab.live.book import OpenBook, open_book
from trimtab.model.errors import InputError, RefusedError
from trimtab.model.findings import Finding
from trimtab.simulate.accounts.shuffled_markets import ShuffledMarkets

TOML = """\
currency = "USD"
{fx}
opened = 2024-01-02
[accounts.main]
tax = "{tax}"
[target.us]
percent = {us}
hold = ["SPY"]
[target.europe]
percent = {europe}
hold = ["DAX"]
[instruments.SPY]
step = {step}
[instruments.DAX]
step = {step}
[policy]
when = "{when}"
[costs]
fx_bps = {bps}
[tax]
long_percent = 15
short_percent = 30
"""
FX = 'fx = "fx.csv"'
PRICES = """\
date,symbol,close,currency
2024-01-02,SPY,100,
2024-01-02,DAX,50,EUR
2024-01-03,SPY,100,
2024-01-03,DAX,50,EUR
"""
RATES = "date,symbol,close\n2024-01-02,EURUSD,1.10\n2024-01-03,EURUSD,1.20\n"
LOTS = """\
account,symbol,quantity,acquired,cost_basis
main,DAX,100,2022-01-04,5500.00
main,USD,0.00,,
"""
CASH = "account,symbol,quantity,acquired,cost_basis\nmain,USD,{},,\n"


def folder(
    path: Path,
    *,
    fx: str = FX,
    tax: str = "taxable",
    europe: int = 50,
    step: str = "1",
    when: str = "band:1pp",
    bps: str = "0",
    lots: str = LOTS,
    prices: str = PRICES,
    rates: str = RATES,
) -> Path:
    """A folder with one sleeve in dollars and one in euros."""
    toml = TOML.format(
        fx=fx, tax=tax, us=100 - europe, europe=europe, step=step, when=when, bps=bps
    )
    files = {"portfolio.toml": toml, "lots.csv": lots, "sales.csv": NO_SALES}
    return written(path, {**files, "prices.csv": prices, "fx.csv": rates})


def opened(path: Path) -> OpenBook:
    """The folder, opened on the evening of 4 January 2024."""
    return open_book(path, clock=StillClock(datetime(2024, 1, 4, 22, 0, tzinfo=UTC)))


def of(findings: tuple[Finding, ...], code: str) -> list[Finding]:
    """The findings of a kind."""
    return [one for one in findings if one.code == code]


def test_a_plan_values_trades_and_taxes_in_the_portfolio_s_currency(tmp_path: Path) -> None:
    """100 units at 50 euros are 6,000 dollars at 1.20; the currency's gain alone is taxed.

    3,000 are to be in each sleeve: 50 units are sold, with a basis of 2,750: gain 250, tax 37.50.
    """
    plan = opened(folder(tmp_path)).plan()

    sale, bought = plan.trades
    assert (sale.instrument, sale.side, sale.quantity, sale.value) == ("DAX", "sell", 50, 3_000_00)
    assert (sale.lots[0].gain, plan.tax) == (250_00, 37_50)
    assert (bought.instrument, bought.quantity, bought.value) == ("SPY", 30, 3_000_00)
    assert str(sale.price) == "60.000000"
    assert of(plan.findings, "converted")[0].severity == "info"


def test_exchange_costs_a_half_spread_on_what_is_foreign_alone(tmp_path: Path) -> None:
    """10 basis points of what is sold of DAX, in dollars, and nothing of what is bought of SPY."""
    plan = opened(folder(tmp_path, bps="10")).plan()

    sale, bought = plan.trades
    assert sale.instrument == "DAX"
    assert 1000 * sale.cost == sale.value
    assert bought.cost == 0


def test_a_rate_that_changes_makes_a_plan_stale(tmp_path: Path) -> None:
    """A plan is carried out at the rate that it was made at, or not at all."""
    book = opened(folder(tmp_path))
    saved = book.plan().save()
    (tmp_path / "fx.csv").write_text(RATES.replace("1.20", "1.30"))

    with pytest.raises(RefusedError, match="prices"):
        opened(tmp_path).apply(saved, by="me")


def test_fills_by_hand_are_booked_at_the_rate_of_their_exchange(tmp_path: Path) -> None:
    """50 sold at 50.10 euros at 1.19 are 2,980.95 dollars; what is bought is in dollars."""
    book = opened(folder(tmp_path))
    file = tmp_path / "fills.csv"
    file.write_text(
        "account,symbol,side,quantity,price,currency,rate\n"
        "main,DAX,sell,50,50.10,EUR,1.19\nmain,SPY,buy,30,99,,\n"
    )

    done = book.record(book.plan().save(), file, by="me")

    assert done.status == "done"
    assert done.folded.cash == {"main": 2_980_95 - 2_970_00}


def test_limits_of_tickets_are_told_in_the_currency_of_their_exchange(tmp_path: Path) -> None:
    """A sale at 60 dollars has the limit 59.40: 49.50 euros at 1.20, to be typed there."""
    book = opened(folder(tmp_path))

    waiting = book.apply(book.plan().save(), by="me")

    (told,) = of(waiting.findings, "limit-abroad")
    assert told.subject == "DAX"
    assert "59.4 USD is 49.5 EUR, at EURUSD 1.20 of 2024-01-03" in told.message


def test_a_rate_with_a_slipped_point_freezes_what_it_prices(tmp_path: Path) -> None:
    """As a price with one does, and the finding shows the rate beside the price."""
    rates = RATES.replace("1.20", "12.0")

    plan = opened(folder(tmp_path, rates=rates)).plan()

    assert plan.trades == ()
    (told,) = of(plan.findings, "price-jump")
    assert "50 EUR at EURUSD 12.0 of 2024-01-03" in told.message


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ("50.10,EUR,", "rate"),
        ("50.10,EUR,0", "rate"),
        ("50.10,euros,1.19", "currency"),
        ("60,,1.19", "rate"),
        ("60,USD,1.19", "rate"),
    ],
)
def test_a_fill_in_another_currency_needs_its_rate(tmp_path: Path, row: str, key: str) -> None:
    """Nothing is guessed: the line, the field and what to write."""
    book = opened(folder(tmp_path))
    file = tmp_path / "fills.csv"
    file.write_text(f"account,symbol,side,quantity,price,currency,rate\nmain,DAX,sell,50,{row}\n")

    with pytest.raises(InputError) as caught:
        book.record(book.plan().save(), file, by="me")

    assert [(one.line, one.key) for one in caught.value.problems] == [(2, key)]


def test_without_a_rate_instrument_sleeve_days_and_remedy_are_told(tmp_path: Path) -> None:
    """Nothing is traded in it, and no row of a file is named in place of the reason."""
    book = opened(folder(tmp_path, fx="", lots=CASH.format("1000.00")))

    plan = book.plan()

    (told,) = of(plan.findings, "foreign-currency")
    assert told.subject == "DAX"
    for part in ("europe", "EUR", "2024-01-02 to 2024-01-03", "EURUSD", "fx ="):
        assert part in told.message
    assert "prices.csv" not in told.message
    assert "DAX" not in {one.instrument for one in plan.trades}


def test_what_is_held_without_a_rate_stops_the_plan(tmp_path: Path) -> None:
    """A holding that cannot be valued is never counted at nothing."""
    plan = opened(folder(tmp_path, fx="")).plan()

    assert plan.trades == ()
    assert of(plan.findings, "foreign-currency")[0].severity == "error"
    assert of(plan.findings, "prices-refused")


def test_a_file_of_rates_that_is_not_there_is_told(tmp_path: Path) -> None:
    """With the line of the key."""
    folder(tmp_path)
    (tmp_path / "fx.csv").unlink()

    with pytest.raises(InputError) as caught:
        opened(tmp_path)

    assert [(one.file, one.line, one.key) for one in caught.value.problems] == [
        ("portfolio.toml", 2, "fx")
    ]


def test_a_broken_file_of_rates_is_told_with_its_line(tmp_path: Path) -> None:
    """As a price file is; nothing is decided on what is left of it."""
    book = opened(folder(tmp_path, rates=RATES + "2024-13-44,EURUSD,1.1\n"))

    with pytest.raises(InputError) as caught:
        book.plan()

    assert [(one.file, one.line, one.key) for one in caught.value.problems] == [
        ("fx.csv", 4, "date")
    ]


@pytest.mark.parametrize(("bps", "said"), [("0", "no cost"), ("2.5", "2.5 basis points")])
def test_what_exchange_costs_is_said(tmp_path: Path, bps: str, said: str) -> None:
    """Also where nobody said that it costs anything."""
    plan = opened(folder(tmp_path, bps=bps)).plan()

    assert said in of(plan.findings, "converted")[0].message


# -- account mode ---------------------------------------------------------------------------------

DAYS = calendar("XNYS").sessions(date(2023, 1, 3), date(2023, 4, 28))


def history(path: Path, *, gap: tuple[int, int] = (0, 0), **more: str) -> Path:
    """The folder with four months of prices, and rates but for some of the sessions."""
    draw = np.random.default_rng(3)
    spy, dax, rate = np.exp(np.cumsum(draw.normal(0, 0.01, (3, len(DAYS))), axis=1))
    prices, rates = ["date,symbol,close,currency"], ["date,symbol,close"]
    for k, day in enumerate(DAYS):
        prices += [f"{day},SPY,{400 * spy[k]:.2f},USD", f"{day},DAX,{100 * dax[k]:.2f},EUR"]
        if not gap[0] <= k < gap[1] and k % 7 != 3:
            rates.append(f"{day},EURUSD,{1.1 * rate[k]:.4f}")
    return folder(
        path,
        prices="\n".join(prices) + "\n",
        rates="\n".join(rates) + "\n",
        lots=CASH.format("100000.00"),
        **more,  # type: ignore[arg-type]
    )


def finals(path: Path, options: str) -> dict[str, float]:
    """What policies end with, by name, as the command line says."""
    import json

    shown = Session(path).run(f"trimtab backtest --policy annual {options} --json")
    told = json.loads(shown)
    return {one["name"]: float(one["final_value"]) for one in told["policies"]}


def test_account_mode_ends_with_what_research_mode_ends_with(tmp_path: Path) -> None:
    """Where steps are tiny, nothing is taxed and nothing costs: to the cent, days without a rate
    included."""
    history(tmp_path, tax="exempt", step="0.000001", when="monthly")

    in_accounts, in_research = (finals(tmp_path, mode) for mode in ("--account-mode", ""))

    assert in_accounts["this portfolio"] != in_accounts["annual"]
    assert in_accounts == pytest.approx(in_research, abs=0.02)


def test_account_mode_takes_rates_and_their_cost_as_options(tmp_path: Path) -> None:
    """`--fx` and `--fx-bps` go before portfolio.toml: half a percent is paid where 0 was."""
    history(tmp_path, fx="", tax="exempt", step="0.000001", when="never")

    free = finals(tmp_path, "--account-mode --fx fx.csv")
    dear = finals(tmp_path, "--account-mode --fx fx.csv --fx-bps 50")

    # 40,000 or so of DAX are bought at the start, at 0.5%, and never sold.
    assert free["this portfolio"] - dear["this portfolio"] == pytest.approx(250, rel=0.1)


def test_research_mode_pays_what_portfolio_toml_says_of_exchange(tmp_path: Path) -> None:
    """`costs.fx_bps` is the default of `--fx-bps`, and that goes before it."""
    history(tmp_path, tax="exempt", when="monthly", bps="50")

    usual, same, free = (finals(tmp_path, more) for more in ("", "--fx-bps 50", "--fx-bps 0"))

    assert usual == same
    assert usual["this portfolio"] < free["this portfolio"]


def test_shuffled_histories_are_in_the_portfolio_s_currency(tmp_path: Path) -> None:
    """They are made of prices that were brought over, and say so: nothing is frozen in them."""
    portfolio = opened(history(tmp_path)).portfolio
    source = PriceFile(
        portfolio.prices,
        instruments=portfolio.household.instruments,
        calendar=portfolio.calendar,
        exchange=portfolio.exchange,
    )
    markets = list(source.snapshots(DAYS[0], DAYS[-1], ["DAX", "SPY"]))

    first = ShuffledMarkets.of(markets).path(0).market(0)

    assert first.currency == "USD"
    price, before = first.quotes["DAX"].price, markets[0].quotes["DAX"].price
    assert price is not None
    assert before is not None
    assert float(price) == pytest.approx(float(before), abs=0.01)


def test_account_mode_without_any_rate_is_refused_with_the_reason(tmp_path: Path) -> None:
    """Not run for months with a sleeve that it can never buy."""
    book = opened(history(tmp_path, fx=""))

    with pytest.raises(RefusedError) as caught:
        book.backtest([])

    for part in ("DAX (sleeve europe)", f"{DAYS[0]} to {DAYS[-1]}", "EURUSD", "`fx=FILE`"):
        assert part in str(caught.value)


def test_account_mode_says_from_when_to_when_it_had_no_rate(tmp_path: Path) -> None:
    """Rates that are missing in between are one finding; the last five sessions' still serve."""
    run = opened(history(tmp_path, gap=(20, 40))).backtest([])["this portfolio"]

    (told,) = of(run.findings, "foreign-currency")
    assert f"from {DAYS[25]} to {DAYS[39]}" in told.message
    assert "europe" in told.message
    assert of(run.findings, "rate-held")


def test_the_portfolio_s_currency_is_not_another_one_for_a_run(tmp_path: Path) -> None:
    """`--currency` is for any prices; the accounts' is that of portfolio.toml."""
    shown = Session(history(tmp_path)).run("trimtab backtest --account-mode --currency EUR")

    assert "--currency goes with --prices" in shown


def test_dividends_and_splits_of_what_is_foreign_in_account_mode(tmp_path: Path) -> None:
    """A dividend of 1 euro a unit comes at its day's rate; a split is no drift.

    10,000 dollars buy 100 units at 50 euros at 1.00 beside 50 of SPY: 100 x 1 x 1.20 are 120.
    """
    prices = "date,symbol,close,dividend,split,currency\n"
    for day, close, dividend, split in (
        ("2024-01-02", "50", "", ""), ("2024-01-03", "50", "1", ""), ("2024-01-04", "25", "", "2"),
    ):  # fmt: skip
        prices += f"{day},SPY,100,,,\n{day},DAX,{close},{dividend},{split},EUR\n"
    rates = "date,symbol,close\n2024-01-02,EURUSD,1\n2024-01-03,EURUSD,1.2\n2024-01-04,EURUSD,1\n"
    lots = CASH.format("10000.00")
    book = opened(folder(tmp_path, prices=prices, rates=rates, lots=lots, when="band:20pp"))

    run = book.backtest([], end="2024-01-04")["this portfolio"]

    assert run.dividends_paid == 120_00
    assert len(run.orders) == 2
    assert run.folded.positions == {("main", "DAX"): 200, ("main", "SPY"): 50}
    assert [int(value) for value in run.value] == [10_000_00, 11_120_00, 10_120_00]
