"""`[target.cppi]` in a portfolio folder: planned, explained, and backtested alike."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trimtab.adapters.portfolio_folder import read_portfolio
from trimtab.adapters.portfolio_prices import movers_of, portfolio_prices
from trimtab.batch.run import _with_targets
from trimtab.cli.main import main
from trimtab.live.book import open_book
from trimtab.live.history import account_runs
from trimtab.model.errors import InputError
from trimtab.model.found import Found
from trimtab.model.policy import Policy, parse_policy
from trimtab.simulate.research.found_aim import FoundAim
from trimtab.targets.moving.insured import insured

DAY = date(2012, 9, 28)
FLOOR = 350_000
RULE = f'[target.cppi]\nmultiplier = 3\nfloor = {FLOOR}\nsafe = "bonds"\nmax_percent = 80\n'


def insured_folder(path: Path, rule: str = RULE) -> Path:
    """The demo household, whose shares are written, with a floor."""
    packaged = Path(str(files("trimtab.data") / "demo"))
    shutil.copytree(packaged / "portfolio", path, dirs_exist_ok=True)
    shutil.copyfile(packaged / "prices.csv", path / "prices.csv")
    toml = (path / "portfolio.toml").read_text()
    before = 'when      = "monthly+band:5pp/25%"'
    assert before in toml
    (path / "portfolio.toml").write_text(toml.replace(before, 'when = "weekly"') + rule)
    return path


def shares(found: Found | None) -> dict[str, Fraction]:
    """Of the leaves."""
    assert found is not None
    return {one.sleeve: one.weight for one in found.sleeves}


def risky_part(worth: Decimal, floor: int = FLOOR) -> Fraction:
    """By hand: three times the cushion, rounded down to hundredths of a percent."""
    return Fraction(int(3 * (worth - floor) / worth * 10_000), 10_000)


def test_a_plan_holds_a_multiple_of_the_cushion_and_says_why(tmp_path: Path) -> None:
    """429,135.64 less 350,000, three times over the worth: 55.32%, 35 to 25 among the risky."""
    plan = open_book(insured_folder(tmp_path)).plan(DAY)

    found = shares(plan.found)
    assert found["growth"] + found["value"] == risky_part(Decimal("429135.64"))
    assert found["growth"] + found["value"] == Fraction(5532, 10_000)
    assert found["cash"] == Fraction(5, 100)
    assert float(found["growth"] / found["value"]) == pytest.approx(35 / 25, abs=1e-3)
    assert {row.sleeve: row.weight for row in plan.sleeves} == found
    assert plan.found is not None
    assert plan.found.why == (
        "worth 429,135.64 on 2012-09-28, floor 350,000.00: 3 x the cushion of 79,135.64 is "
        "237,406.92, so 55.32% is risky"
    )


def test_what_comes_goes_and_is_typed_counts(tmp_path: Path) -> None:
    """A deposit widens the cushion, a withdrawal narrows it, a typed price values what is held."""
    book = open_book(insured_folder(tmp_path))

    more = book.plan(DAY, deposits={"roth": Decimal(10_000)})
    less = book.plan(DAY, withdrawals={"brokerage": Decimal(10_000)})
    typed = book.plan(DAY, prices={"BOND10": Decimal(280)})

    risky = [shares(one.found)["growth"] + shares(one.found)["value"] for one in (more, less)]
    assert risky == [risky_part(Decimal("439135.64")), risky_part(Decimal("419135.64"))]
    assert shares(typed.found)["growth"] > shares(book.plan(DAY).found)["growth"]
    assert typed.found is not None
    assert "worth 429,135.64" not in typed.found.why


def test_after_it_is_carried_out_nothing_is_left_to_do(tmp_path: Path) -> None:
    """The plan that was saved is the one that is applied; then the week has been looked at."""
    book = open_book(insured_folder(tmp_path))
    saved = book.plan(DAY).save()

    open_book(insured_folder(tmp_path)).apply(saved)

    assert open_book(tmp_path).plan(DAY).trades == ()


def test_at_the_floor_nothing_is_risky(tmp_path: Path) -> None:
    """A floor above the worth: all safe, with a finding; a multiple above the most stops there."""
    low = insured_folder(tmp_path / "low", RULE.replace(str(FLOOR), "430000"))
    high = insured_folder(tmp_path / "high", RULE.replace(str(FLOOR), "100000"))

    plan, most = open_book(low).plan(DAY), open_book(high).plan(DAY)

    assert shares(plan.found) == {
        "growth": 0, "value": 0, "bonds": Fraction(95, 100), "cash": Fraction(5, 100)
    }  # fmt: skip
    assert "floor-reached" in [one.code for one in plan.findings]
    assert shares(most.found)["bonds"] == Fraction(15, 100)
    assert most.found is not None
    assert "more than the 80% that may be risky" in most.found.why


def test_a_floor_may_rise_by_the_calendar(tmp_path: Path) -> None:
    """Half way between its days it is half way."""
    path = '{ "2012-09-18" = 340000, "2012-10-08" = 360000 }'
    folder = insured_folder(tmp_path, RULE.replace(str(FLOOR), path))

    plan = open_book(folder).plan(DAY)

    assert plan.found is not None
    assert "floor 350,000.00" in plan.found.why


def test_accounts_over_history_hold_it_by_their_own_worth(tmp_path: Path) -> None:
    """In account mode the worth is that of the run at each look: by hand from its values."""
    book = open_book(insured_folder(tmp_path))

    run = account_runs(
        book,
        [Policy(None, *parse_policy("weekly"))],
        start=date(2012, 8, 1),
        end=date(2012, 9, 14),
        cash=Decimal(400_000),
    )[0]

    assert len(run.plans) > 3
    for plan in run.plans:
        assert plan.found is not None
        told = Decimal(plan.found.why.split()[1].replace(",", ""))
        closed = Decimal(run.value[run.dates.index(plan.as_of)] + plan.cost) / 100
        found = shares(plan.found)
        assert abs(told - closed) <= Decimal("0.05")
        assert found["growth"] + found["value"] == risky_part(told)


def test_research_holds_it_by_the_worth_that_a_view_tells(tmp_path: Path) -> None:
    """The same share as of a plan, for the same worth on the same day."""
    book = open_book(insured_folder(tmp_path))
    mover, prices = book.mover(), portfolio_prices(book.portfolio)
    stands_for = {"growth": "AAPL", "value": "IBM", "bonds": "BOND10"}
    view = prices.until(int(np.searchsorted(prices.dates, np.datetime64(DAY))))

    aim = FoundAim(mover.target, stands_for, mover.calendar)

    assert aim(replace(view, worth=429135.64)) == {
        stands_for.get(name, "CASH"): float(share)
        for name, share in shares(book.plan(DAY).found).items()
    }
    assert aim(replace(view, worth=300000.0)) == {
        "AAPL": 0.0, "IBM": 0.0, "BOND10": 0.95, "CASH": 0.05
    }  # fmt: skip


def test_a_backtest_begins_above_its_floor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It starts with what the portfolio is worth, a sum below the floor is refused."""
    folder = insured_folder(tmp_path)
    monkeypatch.chdir(folder)
    span = ["--policy", "weekly", "--start", "2012-06-01"]

    assert main(["backtest", *span, "--cash", "350000"]) == 1
    refused = capsys.readouterr()
    assert main(["backtest", *span, "--json"]) == 0
    run = json.loads(capsys.readouterr().out)

    book = open_book(folder)
    assert "with 350,000.00, and its floor is 350,000.00" in refused.out + refused.err
    assert run["rebalances"] > 10
    assert run["final_value"] > FLOOR
    assert run["assumed"]["cash"] == float(book.worth(book.as_of()))
    assert run["assumed"]["insured"]["this portfolio"]["floor"] == FLOOR
    assert run["assumed"]["insured"]["this portfolio"]["multiplier"] == 3


def test_a_backtest_tells_floor_and_multiplier(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text says by what rule the target was found, and what the run started with."""
    monkeypatch.chdir(insured_folder(tmp_path))

    assert main(["backtest", "--policy", "weekly", "--start", "2012-09-03"]) == 0
    told = " ".join(capsys.readouterr().out.split())

    assert "Target: CPPI of 3 x the cushion above a floor of 350,000.00." in told
    assert "It starts with 384,444.55, what the portfolio is worth now" in told


def test_a_floor_behind_a_band_is_told(tmp_path: Path) -> None:
    """A band asks after the target last adopted, which a shrinking cushion does not change."""
    weekly = insured_folder(tmp_path / "weekly")
    banded = insured_folder(tmp_path / "banded")
    toml = banded / "portfolio.toml"
    toml.write_text(toml.read_text().replace('when = "weekly"', 'when = "band:5pp"'))

    told = {one.code for one in open_book(banded).plan(DAY).findings}

    assert "floor-unwatched" in told
    assert "floor-unwatched" in {one.code for one in open_book(banded).status(DAY).findings}
    assert "floor-unwatched" not in {one.code for one in open_book(weekly).plan(DAY).findings}


def test_a_batch_has_no_floor(tmp_path: Path) -> None:
    """One target for many accounts cannot insure the money of each, so it is refused."""
    portfolio = read_portfolio(insured_folder(tmp_path))

    with pytest.raises(InputError) as caught:
        _with_targets(portfolio, movers_of(portfolio), DAY)

    assert caught.value.problems[0].key == "target.cppi"


def test_a_floor_is_asked_only_when_the_policy_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between looks it changes nothing: the run is the same as with a look at every session, and
    policies that seldom look decide on few.
    """
    book = open_book(insured_folder(tmp_path))
    policies = [Policy(None, *parse_policy(words), words) for words in ("never", "quarterly")]
    sessions: list[date] = []
    span = {"start": date(2011, 1, 3), "end": date(2011, 6, 30)}

    def asked(target: Any, on: date, worth: Fraction) -> Any:
        sessions.append(on)
        return insured(target, on, worth)

    monkeypatch.setattr("trimtab.targets.moving.insured.insured", asked)
    seldom = account_runs(book, policies, **span)  # type: ignore[arg-type]
    few = len(sessions)
    monkeypatch.setattr("trimtab.simulate.accounts.session._is_asked_when_it_looks", lambda *_: 0)
    often = account_runs(book, policies, **span)  # type: ignore[arg-type]

    assert seldom == often
    assert few * 10 < len(sessions) - few
