"""A target of one account that moves: planned, applied, backtested and batched as its own."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from tests.batch.books import read, write
from tests.moving import OPTIMIZE, OWN, OWN_OPTIMIZE, account_folder, replace_price
from tests.simulate.test_account import StillClock as MovedClock
from tests.simulate.test_account import holdings, told
from trimtab.adapters.clock import StillClock
from trimtab.adapters.plan_files import load_plan
from trimtab.adapters.portfolio_folder import read_portfolio
from trimtab.batch.run import run_batch
from trimtab.cli.main import main
from trimtab.live.book import OpenBook, open_book
from trimtab.live.history import account_paths, account_runs
from trimtab.model.errors import InputError, RefusedError
from trimtab.model.found import Found
from trimtab.model.orders import Order
from trimtab.model.policy import Policy, parse_policy
from trimtab.reports.plan_json import plan_json
from trimtab.simulate.accounts.backtest import backtest_accounts

DAY, END = date(2012, 9, 28), date(2012, 11, 30)
GLIDE = OWN.replace(
    "max_percent = 70\n[accounts.roth.target.bonds]\n",
    'percent = { "2010-01-01" = 75, "2014-01-01" = 35 }\n[accounts.roth.target.bonds]\n'
    'percent = { "2010-01-01" = 20, "2014-01-01" = 60 }\n',
)
WRITTEN = OWN.replace("max_percent = 70", "percent = 60").replace(
    'hold = ["BOND10"]', 'hold = ["BOND10"]\npercent = 35'
)
STEADY = WRITTEN + '[accounts.roth.target.volatility]\nwanted = 8\nsafe = "bonds"\n'
FLOOR = WRITTEN + ('[accounts.roth.target.cppi]\nmultiplier = 3\nfloor = 40000\nsafe = "bonds"\n')


def book_of(path: Path, day: date = DAY) -> OpenBook:
    """The folder, opened after the close of a day."""
    return open_book(path, clock=StillClock(datetime(day.year, day.month, day.day, 21, tzinfo=UTC)))


def own_of(founds: tuple[Found, ...]) -> dict[str, Fraction]:
    """The leaves that were found for the account."""
    (one,) = founds
    assert one.target == "roth"
    return {leaf.sleeve: leaf.weight for leaf in one.sleeves}


@pytest.mark.parametrize(
    ("optimize", "own"),
    [
        ("", OWN + OWN_OPTIMIZE),
        (OPTIMIZE, OWN + OWN_OPTIMIZE),
        ("", GLIDE),
        ("", STEADY),
        ("", OWN + OWN_OPTIMIZE + "turnover = 30\n"),
        ("", FLOOR),
    ],
    ids=["beside-written", "both-found", "glide", "volatility", "from-holdings", "floor"],
)
def test_a_plan_a_run_and_a_batch_find_the_same(tmp_path: Path, optimize: str, own: str) -> None:
    """Of an account beside a household that is written or found: what `plan` trades is what the
    first decision of account mode trades, and what a batch trades for the kind of that account.
    """
    folder = account_folder(tmp_path / "model", own=own, optimize=optimize)
    book = book_of(folder)

    plan = book.plan(DAY)
    opening, source = book.opening, book._price_file({})
    assert opening is not None
    markets = source.snapshots(DAY, DAY, sorted(book.household().instruments))
    run = backtest_accounts(book.mandate(DAY), opening, markets, movers=book.movers())

    shares = {row.sleeve: row.weight for row in plan.sleeves if row.target == "roth"}
    trades = {
        (one.instrument, one.side, one.quantity) for one in plan.trades if one.account == "roth"
    }
    assert shares == own_of(plan.found_own)
    assert (plan.found is None) == (optimize == "")
    assert trades
    assert run.plans[0].trades == plan.trades
    assert run.plans[0].founds == plan.founds
    if own != FLOOR:
        assert batch_trades(folder, tmp_path) == trades


def batch_trades(folder: Path, path: Path) -> set[tuple[str, str, int]]:
    """What a batch trades for an account that holds what `roth` holds, of that kind."""
    columns = ("account", "kind", "symbol", "quantity", "acquired", "cost_basis")
    lots = [line.split(",") for line in (folder / "lots.csv").read_text().splitlines()[1:]]
    rows = [
        ("roth", "roth", symbol, count, on or None, cost or None)
        for account, symbol, count, on, cost in lots
        if account == "roth"
    ]
    book = write(path / "book.parquet", rows, dict.fromkeys(columns, "VARCHAR"))
    portfolio = read_portfolio(folder)
    summary = run_batch(book, path / "out", portfolio=portfolio, as_of=DAY)
    told = json.loads((path / "out" / "summary.json").read_text())
    assert list(told["found_own"]) == ["roth"]
    assert [one.rule for one in summary.founds] == [
        one.rule for one in open_book(folder).mandate(DAY).founds
    ]
    return {
        (row["symbol"], row["side"], int(row["quantity"]))
        for row in read(path / "out" / "trades.parquet")
    }


def test_a_backtest_orders_what_plan_and_apply_order(tmp_path: Path) -> None:
    """Day by day through plan and apply, and through account mode, with both targets found: the
    same orders, and in the end the same lots and cash.
    """
    folder = account_folder(tmp_path, optimize=OPTIMIZE)
    clock = MovedClock()
    book = open_book(folder, clock=clock)
    orders: list[Order] = []
    days = book.portfolio.calendar.sessions(DAY, END)
    for day in [days[0], *(day for day in days if day.day > 27 or day.day < 4)]:
        clock.day = day
        plan = book.plan(day)
        if plan.trades or plan.periods:
            orders.extend(record.order for record in book.apply(plan).orders)
    opening = book.opening
    assert opening is not None

    markets = book._price_file({}).snapshots(DAY, END, sorted(book.household().instruments))
    run = backtest_accounts(book.mandate(END), opening, markets, movers=book.movers())

    assert {one.account for one in orders} >= {"roth", "brokerage"}
    assert told(run.orders) == told(orders)
    assert holdings(run.folded) == holdings(book.prepared(END).folded)
    assert len({found.on for plan in run.plans for found in plan.found_own}) > 1


def test_what_an_account_is_found_from_is_explained_saved_and_adopted(tmp_path: Path) -> None:
    """The estimates are those of the account's own sleeves and rule, in the plan and its file; and
    what was found is adopted under its name.
    """
    book = book_of(account_folder(tmp_path, optimize=OPTIMIZE))
    plan = book.plan(DAY)
    path = plan.save()

    applied = book.apply(path)

    (own,) = plan.found_own
    assert plan.found is not None
    assert own.estimates.symbols == ("IBM", "BOND10")
    assert own.estimates.sessions < plan.found.estimates.sessions
    assert "Of roth alone: least volatility, found monthly" in plan.explain()
    assert plan_json(plan.value)["found_own"]["roth"]["rule"] == own.rule
    assert load_plan(path).plan == plan.value
    assert applied.status == "done"
    assert book.folded().adopted["roth"] == own_of(plan.found_own)


def test_an_account_keeps_what_it_adopted_and_is_named(tmp_path: Path) -> None:
    """Where nothing can be found its own target last adopted stays, and the finding names it."""
    folder = account_folder(tmp_path, when="monthly+band:5pp")
    book = book_of(folder)
    book.apply(book.plan(DAY))
    adopted = book.folded().adopted["roth"]
    replace_price(folder / "prices.csv", "2012-03-15", "IBM", "20000")

    plan = book_of(folder, date(2012, 10, 31)).plan(date(2012, 10, 31))

    assert own_of(plan.found_own) == adopted
    (kept,) = (one for one in plan.findings if one.code == "target-kept")
    assert kept.subject == "roth"
    assert kept.message.startswith("target of roth: no new target could be found")


def test_an_account_without_a_target_leaves_the_household_planned(tmp_path: Path) -> None:
    """Where none was ever found the account trades nothing and an error names it; the household's
    own plan stays what it is.
    """
    short = OWN_OPTIMIZE + "least_sessions = 4000\n"
    plan = book_of(account_folder(tmp_path, own=OWN + short)).plan(DAY)

    (error,) = (one for one in plan.findings if one.severity == "error")
    assert (error.code, error.subject) == ("target-not-found", "roth")
    assert set(plan.drift_before) == {"household"}
    assert plan.trades
    assert "roth" not in {one.account for one in plan.trades}


def test_a_floor_of_an_account_is_below_its_own_worth(tmp_path: Path) -> None:
    """The cushion is what the account alone is worth above the floor, by hand: 52,409.70."""
    book = book_of(account_folder(tmp_path, own=FLOOR))

    (own,) = book.plan(DAY).found_own

    assert own.why.startswith("worth 52,409.70 on 2012-09-28, floor 40,000.00")


def test_a_run_begins_where_every_target_can_be_found(tmp_path: Path) -> None:
    """Sessions before an account has enough history are left out, and one that never has it is
    named; shuffled histories find both targets anew.
    """
    policies = [Policy(None, *parse_policy(words)) for words in ("monthly", "annual")]
    folder = account_folder(tmp_path / "a", own=OWN + OWN_OPTIMIZE + "least_sessions = 200\n")
    end = date(2012, 9, 28)

    (run,) = account_runs(open_book(folder), policies[:1], start=date(2012, 8, 1), end=end)
    paths = account_paths(open_book(folder), policies, start=date(2012, 8, 1), end=end, paths=2)
    never = account_folder(tmp_path / "b", own=OWN + OWN_OPTIMIZE + "least_sessions = 4000\n")
    with pytest.raises(RefusedError, match="the target of roth cannot be found"):
        account_runs(open_book(never), policies[:1], end=end)

    assert run.assumed["target"] == "by account"
    assert "found anew" in paths.how


@pytest.mark.parametrize(
    ("own", "key"),
    [
        (STEADY + OWN_OPTIMIZE, "accounts.roth.target.volatility"),
        (
            OWN + OWN_OPTIMIZE + "least_sessions = 5\n",
            "accounts.roth.target.optimize.least_sessions",
        ),
        (
            OWN + '[accounts.roth.target.optimize]\nhold = ["IBM"]\n',
            "accounts.roth.target.optimize.hold",
        ),
        (
            OWN.replace("70", "20") + OWN_OPTIMIZE.replace("min-", "max-"),
            "accounts.roth.target.optimize.objective",
        ),
    ],
)
def test_a_rule_of_an_account_is_refused_in_its_own_place(
    tmp_path: Path, own: str, key: str
) -> None:
    """What is wrong is told with file, line and remedy, under the account's own table."""
    with pytest.raises(InputError) as error:
        read_portfolio(account_folder(tmp_path, own=own))

    problem = next(one for one in error.value.problems if one.key == key)
    lines = (tmp_path / "portfolio.toml").read_text().splitlines()
    assert problem.line is not None
    assert key.rsplit(".", 1)[1] in lines[problem.line - 1]
    assert problem.remedy
    assert "[target." not in problem.remedy


def test_a_batch_has_no_floor_of_an_account(tmp_path: Path) -> None:
    """One target for many accounts of a kind cannot insure the money of each."""
    folder = account_folder(tmp_path / "model", own=FLOOR)

    with pytest.raises(InputError) as error:
        batch_trades(folder, tmp_path)

    assert [one.key for one in error.value.problems] == ["accounts.roth.target.cppi"]


@pytest.mark.parametrize("command", ["optimize", "frontier"])
def test_weights_of_a_folder_are_those_that_accounts_share(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    """`optimize` and `frontier` keep to the household's target, and say whose is left out."""
    monkeypatch.chdir(account_folder(tmp_path, optimize=OPTIMIZE))

    assert main([command, "--json", "--end", "2012-09-28"]) == 0

    told = json.loads(capsys.readouterr().out)
    apart = [one for one in told["findings"] if one["code"] == "accounts-apart"]
    assert len(apart) == 1
    assert "roth" in apart[0]["message"]
