"""`[target.tilt]` in a portfolio folder: planned, explained, and backtested alike."""

from __future__ import annotations

import json
import shutil
from datetime import date
from decimal import Decimal
from fractions import Fraction
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from trimtab.adapters.plan_files import load_plan
from trimtab.adapters.portfolio_folder import read_portfolio
from trimtab.adapters.portfolio_prices import mover_of, portfolio_prices, portfolio_series
from trimtab.cli.main import main
from trimtab.live.book import open_book
from trimtab.live.history import account_runs
from trimtab.model.errors import InputError, RefusedError
from trimtab.model.policy import Policy, parse_policy
from trimtab.simulate.research.found_aim import FoundAim

DAY = date(2012, 9, 28)
RULE = """
[target.tilt]
max_percent = 12
[target.tilt.fear]
series = "vix.csv"
above  = 30
shift  = { growth = -10, bonds = 10 }
[target.tilt.way]
trend = "value"
below = 0
shift = { value = -5, cash = 5 }
"""
VIX = "DATE,CLOSE\n2012-08-30,32\n2012-09-26,35.5\n2012-09-27,.\n2012-09-28,12\n"


def tilted_folder(path: Path, *, rule: str = RULE, vix: str | None = VIX) -> Path:
    """The demo household with limits of growth, a tilt, and the series that it follows."""
    packaged = Path(str(files("trimtab.data") / "demo"))
    shutil.copytree(packaged / "portfolio", path, dirs_exist_ok=True)
    shutil.copyfile(packaged / "prices.csv", path / "prices.csv")
    toml = (path / "portfolio.toml").read_text()
    toml = toml.replace("percent = 35\n", "percent = 35\nmin_percent = 28\n", 1)
    rule = rule.replace('"vix.csv"\n', '"vix.csv"\ncolumn = "close"\n')
    (path / "portfolio.toml").write_text(toml + rule)
    if vix is not None:
        (path / "vix.csv").write_text(vix)
    return path


def test_a_plan_trades_to_tilted_shares_and_says_why(tmp_path: Path) -> None:
    """35.5 of 26 September is the newest value that was known: growth is to give 10 points and
    may give 7, so bonds get 7. The plan says so and remembers it.
    """
    plan = open_book(tilted_folder(tmp_path)).plan(DAY)
    reread = load_plan(plan.save()).plan

    assert plan.found is not None
    shares = {one.sleeve: one.weight for one in plan.found.sleeves}
    assert shares == {
        "growth": Fraction(28, 100),
        "value": Fraction(25, 100),
        "bonds": Fraction(42, 100),
        "cash": Fraction(5, 100),
    }
    assert {row.sleeve: row.weight for row in plan.sleeves} == shares
    fear, way, held = plan.found.why.splitlines()
    assert fear == "fear 35.5 on 2012-09-26 is 30 or more: growth -10pp, bonds +10pp"
    assert way.endswith("is not below 0%: no shift")
    assert held == "limits of sleeves let 7pp move, of 10pp"
    assert reread.found == plan.found


def test_a_series_that_changed_makes_a_plan_stale(tmp_path: Path) -> None:
    """What is applied is what was planned: another value, another target, another plan."""
    folder = tilted_folder(tmp_path)
    saved = open_book(folder).plan(DAY).save()
    (folder / "vix.csv").write_text(VIX.replace("35.5", "29"))

    with pytest.raises(RefusedError, match="stale"):
        open_book(folder).apply(saved)


@pytest.mark.parametrize(
    ("vix", "word"),
    [
        (None, "vix.csv: there is no such file"),
        ("date,close\n2012-09-12,31\n", "stale"),
        ("date,close\n2012-13-12,31\n", "vix.csv:2: date"),
        ("date,close\n2012-10-01,31\n", "begins on 2012-10-01"),
    ],
)
def test_without_a_value_the_target_last_adopted_is_kept(
    tmp_path: Path, vix: str | None, word: str
) -> None:
    """Missing, stale, broken or yet to come: the finding says which, and nothing else moves."""
    adopted = {"growth": Fraction(3, 10), "value": Fraction(3, 10), "bonds": Fraction(3, 10),
               "cash": Fraction(1, 10)}  # fmt: skip

    tree, found = mover_of(read_portfolio(tilted_folder(tmp_path, vix=vix))).at(DAY, adopted)

    assert tree is not None
    assert {leaf.name: leaf.weight for leaf in tree.leaves()} == adopted
    assert [one.code for one in found.findings] == ["target-kept"]
    assert word in found.kept


def test_values_to_come_change_nothing(tmp_path: Path) -> None:
    """A series with wild later rows gives the same target on every day until then."""
    portfolio = read_portfolio(tilted_folder(tmp_path / "a"))
    later = "".join(f"2012-{month}-01,99999\n" for month in (10, 11, 12))
    poisoned = read_portfolio(tilted_folder(tmp_path / "b", vix=VIX + later))

    calm, wild = mover_of(portfolio), mover_of(poisoned)

    for day in (date(2012, 9, 4), DAY, date(2012, 10, 1)):
        assert calm.at(day, None) == wild.at(day, None)


def test_a_backtest_of_accounts_and_of_research_follow_what_is_planned(tmp_path: Path) -> None:
    """The last target of a run to a day, in either mode, is that of the plan of that day."""
    book = open_book(tilted_folder(tmp_path))
    plan = book.plan(DAY)
    prices, mover = portfolio_prices(book.portfolio), book.mover()

    run = account_runs(
        book,
        [Policy(None, *parse_policy("monthly"))],
        start=date(2012, 8, 31),
        end=DAY,
        cash=Decimal(300000),
    )[0]
    aim = FoundAim(mover.target, mover.stands_for, mover.calendar, portfolio_series(book.portfolio))
    weights = aim(prices.until(int(np.searchsorted(prices.dates, np.datetime64(DAY)))))

    wanted = {row.sleeve: float(row.weight) for row in plan.sleeves}
    assert run.aims == wanted
    assert weights == {
        {"growth": "AAPL", "value": "IBM", "bonds": "BOND10", "cash": "CASH"}[name]: share
        for name, share in wanted.items()
    }


def test_research_refuses_a_broken_series_with_its_line(tmp_path: Path) -> None:
    """A backtest has nothing to fall back on, so it names all that is wrong."""
    portfolio = read_portfolio(
        tilted_folder(tmp_path, vix="date,close\n2012-09-03,1e9\n\n2012-09-03,4\n")
    )

    with pytest.raises(InputError) as caught:
        portfolio_series(portfolio)

    assert [(one.file, one.line) for one in caught.value.problems] == [
        ("vix.csv", 2),
        ("vix.csv", 4),
    ]


def test_status_and_backtest_tell_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each signal stands with its figures in `status`, and `backtest` runs it."""
    monkeypatch.chdir(tilted_folder(tmp_path))

    assert main(["backtest", "--json", "--policy", "monthly", "--start", "2012-08-31"]) == 0
    runs = json.loads(capsys.readouterr().out)["policies"]
    assert main(["status", "--as-of", "2012-09-28"]) == 0
    said = " ".join(capsys.readouterr().out.split())

    assert runs[0]["name"] == "this portfolio"
    assert "Target tilt by fear, way, monthly, as of 2012-09-28. fear 35.5 on 2012-09-26" in said
