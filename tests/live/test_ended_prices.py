"""Account mode where the prices of something end: paid out, or refused, and never held for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

import trimtab as tt
from tests.live.folders import folder, opened
from trimtab.adapters.calendars import calendar
from trimtab.cli.screen import option
from trimtab.live.history import account_paths, account_runs
from trimtab.model.errors import InputError, RefusedError
from trimtab.model.policy import Policy
from trimtab.reports.backtest_text import accounts_text
from trimtab.reports.layout import FULL
from trimtab.simulate.accounts.run import AccountRun
from trimtab.simulate.accounts.terms import AccountTerms
from trimtab.simulate.research.backtest import backtest

DAYS = calendar("XNYS").sessions(date(2020, 1, 2), date(2020, 6, 30))
LAST = DAYS[70]
GONE = DAYS[71]
MONTHLY = Policy(None, when="monthly")


def over(path: Path, *, names: str = "VTI", second: bool = False, listed: date = DAYS[0]) -> Path:
    """A folder whose named prices end at LAST; ITOT, listed on a day, may fill VTI's sleeve."""
    folder(path)
    toml = (path / "portfolio.toml").read_text()
    if second:
        toml = toml.replace('hold = ["VTI"]', 'hold = ["VTI", "ITOT"]')
        (path / "portfolio.toml").write_text(toml)
    rows = ["date,symbol,close"]
    for name in ("VTI", "BND", "ITOT"):
        for place, day in enumerate(DAYS):
            if name == "ITOT" and day < listed:
                continue
            if day <= LAST or name not in names.split(","):
                rows.append(f"{day},{name},{100 + place % 7}")
    (path / "prices.csv").write_text("".join(f"{row}\n" for row in rows))
    return path


def run_of(path: Path, price: str | None, **more: object) -> AccountRun:
    """A run of the folder, with what became of VTI."""
    paid = {"VTI": None if price is None else Decimal(price)}
    (run,) = account_runs(
        opened(path), [MONTHLY], terms=AccountTerms(delisted=paid), **more  # type: ignore[arg-type]
    )  # fmt: skip
    return run


def test_prices_that_end_are_refused_until_somebody_says_what_became_of_them(
    tmp_path: Path,
) -> None:
    """As in research mode: the instrument, the day, how many sessions early, and what to say."""
    book = opened(over(tmp_path))

    with pytest.raises(InputError, match=f"VTI: prices end on {LAST}, .*`delisted=VTI`"):
        account_runs(book, [MONTHLY])


def test_a_run_that_ends_with_the_prices_needs_no_word(tmp_path: Path) -> None:
    """Up to five sessions before the last the end of prices is no end of the instrument."""
    (run,) = account_runs(opened(over(tmp_path)), [MONTHLY], end=DAYS[75])

    assert LAST <= run.dates[-1] <= DAYS[75]


@pytest.mark.parametrize(("price", "part"), [(None, 1), ("26.5", 0), ("0", 0)])
def test_what_is_gone_is_paid_out_on_the_next_session(
    tmp_path: Path, price: str | None, part: int
) -> None:
    """Every share becomes cash at the price that was given, or the last one, at no cost."""
    run = run_of(over(tmp_path), price)

    plan = next(plan for plan in run.plans if plan.as_of == GONE)
    paid = Decimal(price) if price else (Decimal(100 + 70 % 7) if part else Decimal(0))
    shares = sum(trade.units for trade in plan.trades)
    assert {(one.instrument, one.side, one.reason) for one in plan.trades} == {
        ("VTI", "sell", "paid-out")
    }
    assert sum(trade.value for trade in plan.trades) == shares * paid * 100
    assert plan.cost == 0
    assert plan.id in run.beside_policy
    assert not any(lot.instrument == "VTI" for lot in run.folded.lots.values())
    assert "delisted" in {one.code for one in run.findings}


def test_what_is_left_takes_its_part_of_the_target(tmp_path: Path) -> None:
    """Its target is spread over the others, decisions go on, and nothing of it is held."""
    run = run_of(over(tmp_path), None)

    later = [plan for plan in run.plans if plan.as_of > GONE]
    assert later
    assert run.final_weights["bonds"] > 0.95
    assert run.worth["us"][-1] == 0
    assert "prices-refused" not in {one.code for one in run.findings}


def test_its_sleeve_goes_on_by_what_else_may_fill_it(tmp_path: Path) -> None:
    """The next of `hold` is bought for the sleeve, which keeps its target."""
    run = run_of(over(tmp_path, second=True), None)

    bought = {one.instrument for plan in run.plans if plan.as_of > GONE for one in plan.trades}
    assert bought >= {"ITOT"}
    assert run.final_weights["us"] == pytest.approx(0.6, abs=0.02)
    (said,) = [one.message for one in run.findings if one.code == "delisted"]
    assert "goes on by ITOT" in said


def test_the_run_is_that_of_research_mode(tmp_path: Path) -> None:
    """Paid out at a quarter of its price: what is left is as in research."""
    path = over(tmp_path)
    run = run_of(path, "26.5", cash=Decimal(10_000_000))

    found = backtest(
        tt.read_prices(path / "prices.csv"),
        Policy({"VTI": 0.6, "BND": 0.4}, when="monthly"),
        delisted={"VTI": 26.5},
        costs=opened(path).portfolio.mandate.costs[""],
    ).policies[0]
    grown = run.value[-1] / run.value[0]
    assert grown == pytest.approx(found.final_value / found.value[0], rel=2e-3)


def test_a_loss_of_all_is_taxed_as_a_sale_for_nothing(tmp_path: Path) -> None:
    """In a taxable account the whole basis is lost, in the year in which it was paid out."""
    run = run_of(over(tmp_path), "0")

    sold = [one for one in run.sold_lots if one.on == GONE and one.account == "taxed"]
    assert sold
    assert all(one.proceeds == 0 and one.gain == -(one.basis or 0) for one in sold)


def test_what_was_gone_before_the_start_is_never_held(tmp_path: Path) -> None:
    """Its lots start as cash, and its sleeve is spread from the first session on."""
    run = run_of(over(tmp_path), None, start=DAYS[80], start_from="lots")

    assert run.dates[0] == DAYS[80]
    assert not any(one.instrument == "VTI" for plan in run.plans for one in plan.trades)
    assert run.final_weights["bonds"] > 0.9


def test_shuffled_histories_know_nothing_that_ends(tmp_path: Path) -> None:
    """They are refused with the remedy, not run without it."""
    terms = AccountTerms(delisted={"VTI": None})

    with pytest.raises(RefusedError, match="`end`"):
        account_paths(opened(over(tmp_path)), [MONTHLY, Policy(None, "never")], terms=terms)


def test_sessions_without_a_decision_are_counted(tmp_path: Path) -> None:
    """Where too much has no good price, one finding says from when on and for how many sessions."""
    path = over(tmp_path)
    toml = (path / "portfolio.toml").read_text()
    (path / "portfolio.toml").write_text(toml + "\n[limits]\nfrozen_sessions = 70\n")

    (run,) = account_runs(opened(path), [MONTHLY])

    (said,) = [one for one in run.findings if one.code == "prices-refused"]
    asked = DAYS[72:]
    assert said.message.startswith(
        f"no decision from {asked[0]} on, on {len(asked)} of {len(DAYS)} sessions: "
    )


def test_a_word_on_what_is_no_instrument_is_refused(tmp_path: Path) -> None:
    """The names that there are stand in the message."""
    with pytest.raises(RefusedError, match="known are BND"):
        account_runs(opened(over(tmp_path)), [MONTHLY], terms=AccountTerms(delisted={"X": None}))


def test_what_is_listed_later_is_no_error(tmp_path: Path) -> None:
    """One note says from when on it has a price; nobody is told to mend the prices or type one."""
    path = over(tmp_path, names="", second=True, listed=DAYS[40])

    (run,) = account_runs(opened(path), [MONTHLY])

    (said,) = [one for one in run.findings if one.subject == "ITOT"]
    assert (said.code, said.severity) == ("listed-late", "info")
    assert str(DAYS[40]) in said.message
    assert "--price" not in accounts_text([run], look=replace(FULL, ask=option))


def test_no_backtest_asks_for_a_typed_price(tmp_path: Path) -> None:
    """What is stale in history cannot be typed in: the way to mend a plan is not told."""
    path = over(tmp_path)
    toml = (path / "portfolio.toml").read_text()
    (path / "portfolio.toml").write_text(toml + "\n[limits]\nfrozen_sessions = 70\n")

    (run,) = account_runs(opened(path), [MONTHLY])

    assert "stale-price" in {one.code for one in run.findings}
    assert "--price" not in accounts_text([run], look=replace(FULL, ask=option))
