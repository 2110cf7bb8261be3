"""Account mode over prices that come seldom, or not on every session."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from tests.live.folders import folder, opened
from trimtab import backtest
from trimtab.adapters.calendars import calendar
from trimtab.live.history import account_runs
from trimtab.model.policy import Policy
from trimtab.simulate.accounts.priced_days import priced_days
from trimtab.simulate.accounts.run import AccountRun
from trimtab.simulate.accounts.terms import AccountTerms

XNYS = calendar("XNYS")
ENDS = [date(2020 + m // 12, m % 12 + 1, 1) - timedelta(days=1) for m in range(1, 25)]
"""Ends of 24 months: on Saturdays, Sundays and holidays too."""


def runs_over(path: Path, days: dict[str, Sequence[date]], *words: str) -> list[AccountRun]:
    """Policies over prices of which VTI's swings by a fifth from day to day."""
    folder(path)
    rows = ["date,symbol,close"]
    for name, own in days.items():
        rows += [
            f"{day},{name},{120 if name == 'VTI' and place % 2 else 100}"
            for place, day in enumerate(own)
        ]
    (path / "prices.csv").write_text("".join(f"{row}\n" for row in rows))
    return account_runs(opened(path), [Policy(None, when=when) for when in words])


def said(run: AccountRun) -> dict[str, str]:
    """What a run says, by its code."""
    return {one.code: one.message for one in run.findings}


def test_monthly_prices_are_traded_on_their_own_days(tmp_path: Path) -> None:
    """Every month's end with a price is a session, weekend or not, and no other day is one."""
    daily, monthly = runs_over(tmp_path, {"VTI": ENDS, "BND": ENDS}, "daily", "monthly")

    assert daily.dates == tuple(ENDS)
    assert {plan.as_of for plan in daily.plans} == set(ENDS)
    assert {plan.as_of for plan in monthly.plans} == set(ENDS)
    assert "24 days only, of 485 sessions of XNYS" in said(daily)["sessions-of-prices"]
    assert not {"stale-price", "prices-refused", "earlier-price"} & set(said(daily))


def test_a_monthly_fund_beside_daily_prices_is_waited_for(tmp_path: Path) -> None:
    """Where one that is bought has a price a month, the run looks when all have one."""
    sessions = XNYS.sessions(ENDS[0], ENDS[-1])
    last = [max(day for day in sessions if day <= end) for end in ENDS]

    (run,) = runs_over(tmp_path, {"VTI": sessions, "BND": last}, "monthly")

    assert run.dates == tuple(last)
    assert len(run.plans) > 12


def test_a_session_without_any_price_is_left_out_and_told(tmp_path: Path) -> None:
    """Nobody trades at yesterday's prices on a day on which nothing was priced."""
    sessions = XNYS.sessions(date(2020, 3, 3), date(2020, 4, 30))
    gap = date(2020, 3, 31)
    kept = [day for day in sessions if day != gap]

    (run,) = runs_over(tmp_path, {"VTI": kept, "BND": kept}, "monthly")

    assert run.dates == tuple(kept)
    assert date(2020, 3, 30) in {plan.as_of for plan in run.plans}
    assert "2020-03-31" in said(run)["session-dropped"]


def test_weeks_without_any_price_are_told_as_in_research_mode(tmp_path: Path) -> None:
    """From when to when, and how many days: not by the names of three of the sessions."""
    sessions = XNYS.sessions(date(2020, 3, 2), date(2020, 7, 31))
    kept = [*sessions[:20], *sessions[53:70], *sessions[71:]]

    (run,) = runs_over(tmp_path, {"VTI": kept, "BND": kept}, "monthly")
    halves = Policy({"VTI": 0.5, "BND": 0.5})
    research = backtest(str(tmp_path / "prices.csv"), halves, accept_jumps=True).findings

    told = said(run)["gap-in-all"]
    assert told == next(one.message for one in research if one.code == "gap-in-all")
    days = (sessions[53] - sessions[19]).days
    assert f"nothing has a price from {sessions[19]} to {sessions[53]} ({days} days)" in told
    assert f"no price of anything on {sessions[70]}, sessions" in said(run)["session-dropped"]


def test_what_starts_at_an_older_price_is_worth_that(tmp_path: Path) -> None:
    """A first session without a price of its own values what it bought at the one before."""
    sessions = XNYS.sessions(date(2020, 3, 2), date(2020, 3, 31))
    folder(tmp_path)
    rows = [f"{day},VTI,100" for day in sessions if day != date(2020, 3, 3)]
    rows += [f"{day},BND,100" for day in sessions]
    (tmp_path / "prices.csv").write_text("\n".join(["date,symbol,close", *rows, ""]))

    (run,) = account_runs(
        opened(tmp_path), [Policy(None, "never")], start=date(2020, 3, 3), terms=AccountTerms()
    )

    assert run.dates[0] == date(2020, 3, 3)
    assert run.value[0] == run.value[-1]


def test_a_dividend_of_more_than_half_the_price_is_doubted(tmp_path: Path) -> None:
    """Account mode books it as it stands, and says which it is."""
    folder(tmp_path)
    days = XNYS.sessions(date(2020, 3, 2), date(2020, 3, 31))
    rows = [f"{day},{name},100,{paid}" for day in days for name, paid in (("VTI", ""), ("BND", 1))]
    rows[20] = f"{days[10]},VTI,100,51"
    (tmp_path / "prices.csv").write_text("\n".join(["date,symbol,close,dividend", *rows, ""]))

    (run,) = account_runs(opened(tmp_path), [Policy(None, "never")])

    assert [one.subject for one in run.findings if one.code == "large-dividend"] == ["VTI"]
    assert f"51 a unit on {days[10]}" in said(run)["large-dividend"]


def test_full_prices_leave_the_calendar_as_it_is() -> None:
    """Where every session has prices, the exchange's own calendar counts, and nothing is said."""
    days = XNYS.sessions(date(2024, 1, 2), date(2024, 3, 28))

    found = priced_days(XNYS, {"VTI": days, "BND": days[3:]})

    assert found.calendar is XNYS
    assert (found.days, found.findings) == (days[3:], ())


def test_typed_prices_are_no_reason_to_look_seldom() -> None:
    """A fund whose price is typed in each month holds it until the next."""
    days = XNYS.sessions(date(2024, 1, 2), date(2024, 6, 28))

    beside = priced_days(XNYS, {"VTI": days, "FUND": days[::21]}, typed=["FUND"])
    alone = priced_days(XNYS, {"FUND": days[::21]}, typed=["FUND"])

    assert (beside.days, beside.findings) == (days, ())
    assert (alone.days[:2], alone.findings) == (days[:2], ())
