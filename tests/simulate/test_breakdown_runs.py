"""Policies that act when correlations break: what was tested is what trades."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.crisis import STANDS, STRUCK, SYMBOLS, crisis_folder
from tests.simulate.markets import history
from tests.simulate.test_account import holdings, told
from tests.simulate.test_weighed_runs import carried_out
from trimtab.adapters.portfolio_prices import portfolio_prices
from trimtab.adapters.price_frames import read_prices
from trimtab.costs import Costs
from trimtab.live.book import open_book
from trimtab.live.history import account_paths, account_runs
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding
from trimtab.model.policy import Policy, parse_policy
from trimtab.simulate.accounts.backtest import backtest_accounts
from trimtab.simulate.choosing.found import found_outcomes
from trimtab.simulate.choosing.grid import grid
from trimtab.simulate.choosing.sweep import sweep
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.backtest import Form, backtest
from trimtab.simulate.research.flows import Flows
from trimtab.simulate.research.found_aim import FoundAim, WrittenAim, for_breakdown
from trimtab.simulate.uncertainty.bootstrap import bootstrap
from trimtab.targets.estimators.cost_aware import CostAware
from trimtab.targets.estimators.optimiser import Optimiser

START, END = date(2020, 3, 4), date(2020, 3, 19)
EQUAL = dict.fromkeys(SYMBOLS, 0.25)
LEAST = '[target.optimize]\nhistory = "2y"\n'


def fired(findings: Iterable[Finding]) -> list[date]:
    """The days that a finding lists."""
    said = [one.message for one in findings if one.code == "breakdown-fired"]
    listed = [text.partition(": ")[2].partition(".")[0] for text in said]
    return [date.fromisoformat(day) for days in listed for day in days.split(", ")]


@pytest.mark.parametrize(("optimize", "when"), [(LEAST, "monthly+breakdown"), ("", "breakdown")])
def test_a_backtest_orders_what_plan_and_apply_order(
    tmp_path: Path, shared: Path, optimize: str, when: str
) -> None:
    """March 2020, day by day through plan and apply, and through account mode: the same readings,
    the same orders, the same lots and cash; and both act on the day on which the test rejects.
    """
    folder = crisis_folder(tmp_path, shared, when=when, optimize=optimize)
    book, orders, readings = carried_out(folder, START, END)
    opening = book.opening
    assert opening is not None

    mandate = book.mandate(END)
    markets = book._price_file({}).snapshots(START, END, sorted(mandate.household.instruments))
    movers = {} if not optimize else book.movers()
    run = backtest_accounts(mandate, opening, markets, movers=movers, watch=book.watch())

    assert told(run.orders) == told(orders)
    assert [(plan.as_of, plan.readings) for plan in run.plans] == readings
    assert holdings(run.folded) == holdings(book.prepared(END).folded)
    fired = [
        day for day, seen in readings for one in seen if one.fired and one.trigger == "breakdown"
    ]
    assert fired[0] == STRUCK


def test_the_target_is_found_anew_on_the_day_and_says_why(tmp_path: Path, shared: Path) -> None:
    """Until the day it is that of the month's end; from then on by what is recent, until the next
    month's end; and the pairs that moved are named.
    """
    book = open_book(crisis_folder(tmp_path, shared, when="monthly+breakdown", optimize=LEAST))

    before, struck, after = (book.mandate(date(2020, 3, day)).found for day in (6, 9, 26))

    assert before is not None
    assert struck is not None
    assert after is not None
    assert before.on == date(2020, 2, 28)
    assert struck.on == after.on == STRUCK
    assert [one.previous for one in struck.sleeves] == [one.weight for one in before.sleeves]
    assert struck.sleeves != before.sleeves
    (finding,) = [one for one in struck.findings if one.code == "target-found-anew"]
    assert " from " in finding.message


def test_a_volatility_target_is_scaled_anew_until_correlations_are_usual_again(
    tmp_path: Path, shared: Path
) -> None:
    """On the day, and at the end of March, while the test still rejects; in April as ever."""
    folder = crisis_folder(tmp_path, shared, when="monthly+breakdown")
    toml = folder / "portfolio.toml"
    toml.write_text(toml.read_text() + '[target.volatility]\nwanted = 8\nsafe = "bonds"\n')
    book = open_book(folder)
    days = [date(2020, 3, 6), date(2020, 3, 20), date(2020, 4, 15), date(2020, 4, 30)]

    mandates = [book.mandate(day) for day in days]

    found = [one.found for one in mandates if one.found is not None]
    assert [one.on for one in found] == [date(2020, 2, 28), STRUCK, date(2020, 3, 31), days[3]]
    bonds = [one.sleeves[-1].weight for one in found]
    assert bonds[0] < bonds[1] < bonds[2]
    assert [one.breaks[0].since for one in mandates] == [None, STRUCK, STRUCK, None]


def test_another_policy_finds_it_at_the_end_of_months_alone(tmp_path: Path, shared: Path) -> None:
    """Who does not ask for it gets the finding of the month's end, with its warning."""
    book = open_book(crisis_folder(tmp_path, shared, when="monthly", optimize=LEAST))

    found = book.mandate(STRUCK).found

    assert found is not None
    assert found.on == date(2020, 2, 28)


def test_a_quiet_year_does_not_fire(tmp_path: Path, shared: Path) -> None:
    """Before February 2020 a policy by breakdown alone does nothing after its first investment."""
    book = open_book(crisis_folder(tmp_path, shared, when="never"))
    policies = [Policy(None, *parse_policy(words)) for words in ("breakdown", "never")]
    span = {"start": date(2019, 11, 1), "end": date(2020, 2, 28)}

    breakdown, never = account_runs(book, policies, start=span["start"], end=span["end"])

    assert told(breakdown.orders) == told(never.orders)


def test_research_finds_what_a_plan_finds(tmp_path: Path, shared: Path) -> None:
    """The weights of the day on which correlations broke, and a finding with its reason."""
    book = open_book(crisis_folder(tmp_path, shared, when="monthly+breakdown", optimize=LEAST))
    portfolio, mover = book.portfolio, book.mover()
    assert portfolio.moving is not None
    aim = FoundAim(portfolio.moving, mover.stands_for, portfolio.calendar, breaks=True)
    chosen = portfolio_prices(portfolio).select(list(mover.stands_for.values()))
    policy = Policy(aim, "quarterly+breakdown", name="own")

    run = backtest(chosen, policy, start=date(2020, 1, 2), end=date(2020, 3, 27))["own"]

    (finding,) = [one for one in run.findings if one.code == "breakdown-fired"]
    assert finding.on == STRUCK
    assert "correlations broke away from their past on 2020-03-09: " in finding.message
    target = book.mandate(STRUCK).target
    assert target is not None
    shares = [float(leaf.weight) for leaf in target.leaves()]
    last = np.asarray(run.targets)[-1]
    assert sorted(last) == pytest.approx(sorted(shares))


def test_what_is_said_of_a_found_target_is_told_once_a_kind(tmp_path: Path, shared: Path) -> None:
    """That it was found anew, as a plan says it, with the policy, the days and the first of them;
    who did not look then says nothing of it.
    """
    book = open_book(crisis_folder(tmp_path, shared, when="monthly+breakdown", optimize=LEAST))
    portfolio, mover = book.portfolio, book.mover()
    assert portfolio.moving is not None
    aim = FoundAim(portfolio.moving, mover.stands_for, portfolio.calendar, breaks=True)
    chosen = portfolio_prices(portfolio).select(list(mover.stands_for.values()))
    policies = [Policy(aim, words, name=words) for words in ("monthly+breakdown", "annual")]

    run = backtest(chosen, policies, start=date(2020, 1, 2), end=date(2020, 4, 15))

    (anew,) = [one for one in run["monthly+breakdown"].findings if one.code == "target-found-anew"]
    assert (anew.subject, anew.severity) == ("monthly+breakdown", "warning")
    assert f"found anew on {STRUCK}" in anew.message
    assert f"first on {STRUCK}" in anew.message
    assert not [one for one in run["annual"].findings if one.code == "target-found-anew"]


def test_research_of_a_written_target_acts_on_the_day(tmp_path: Path, shared: Path) -> None:
    """Once, when correlations broke, and not again while they stay broken."""
    portfolio = open_book(crisis_folder(tmp_path, shared, when="breakdown")).portfolio
    root = portfolio.mandate.target
    assert root is not None
    chosen = portfolio_prices(portfolio).select(list(STANDS.values()))
    aim = WrittenAim(root, portfolio.calendar)

    policies = [Policy(aim, "breakdown", name="own"), Policy(EQUAL, "breakdown", name="given")]
    run = backtest(chosen, policies, start=date(2020, 1, 2), end=date(2020, 4, 30))

    for one in run.policies:
        assert fired(one.findings) == [STRUCK]
        assert one.rebalances == 1


def test_autumn_2008_fires_on_the_history_of_etfs(tmp_path: Path, shared: Path) -> None:
    """Beside bands and calendars, for weights as they are given and for those of an estimator; the
    warm years before hold still, and what was known before the run begins counts.
    """
    for symbol in SYMBOLS:
        (tmp_path / f"{symbol}.csv").symlink_to(shared / "data/etf_daily_yahoo" / f"{symbol}.csv")
    policies = [
        Policy(EQUAL, "band:20pp+breakdown", name="given"),
        Policy(Optimiser("min-volatility"), "annual+breakdown", name="made"),
    ]

    run = backtest(read_prices(tmp_path), policies, start=date(2008, 1, 2), end=date(2009, 3, 31))

    for one in run.policies:
        assert fired(one.findings) == [date(2008, 10, 6)]
    assert not [one for one in run.findings if one.code == "correlation-history-short"]


def stormy(sessions: int = 900, storm: int = 700) -> PriceHistory:
    """Four walks of their own until a storm, in which they fall and rise together."""
    draw = np.random.default_rng(8)
    steps = draw.normal(0.0003, 0.01, (sessions, 4))
    steps[storm : storm + 30] = draw.normal(0.0, 0.04, (30, 1)) + draw.normal(0, 0.004, (30, 4))
    walks = 50.0 * np.exp(np.cumsum(steps, axis=0))
    return history(dict(zip("ABCD", walks.T, strict=True)), first="2018-01-01")


@pytest.mark.parametrize(
    ("when", "form"),
    [("never", "auto"), ("band:90pp", "auto"), ("band:90pp", "compiled"), ("drift:90pp", "auto")],
)
def test_a_storm_in_which_all_move_together_fires_once(when: str, form: Form) -> None:
    """Beside a trigger that never fires it trades once, within the storm, and tells the day; where
    history is too short to judge by, that is told as well.
    """
    prices, target = stormy(), dict.fromkeys("ABCD", 0.25)
    words = "breakdown" if when == "never" else f"{when}+breakdown"

    run = backtest(prices, [Policy(target, words, name="own"), Policy(target, when)], form=form)

    own, other = run.policies
    (day,) = fired(own.findings)
    assert prices.dates[700] <= np.datetime64(day) <= prices.dates[721]
    assert own.rebalances == other.rebalances + 1
    assert own.dates[own.log.sessions[0]] == np.datetime64(day)
    assert "correlation-history-short" in {one.code for one in own.findings}
    assert not other.findings


def test_a_storm_before_the_run_begins_is_known_to_it() -> None:
    """Who begins in the storm begins at target, and does not act on what was there before."""
    prices, target = stormy(), dict.fromkeys("ABCD", 0.25)
    first = prices.dates[715].astype(object)

    run = backtest(prices, Policy(target, "breakdown", name="own"), start=first)

    assert fired(run["own"].findings) == []


def test_two_triggers_that_weigh_and_new_cash_end() -> None:
    """New cash is acted on whatever tracking says of the day, and the run goes on."""
    prices = stormy(400, 350)
    policy = Policy(CostAware(risk_aversion=3), "tracking:90%+cashflow:500", name="own")
    flows = {prices.dates[300].astype(object): 1_000.0}

    run = backtest(prices, policy, flows=Flows(dated=flows, invest="hold"))["own"]

    assert run.rebalances == 1


def test_what_has_no_past_refuses_it_by_name(tmp_path: Path, shared: Path) -> None:
    """Shuffled histories in account mode."""
    folder = crisis_folder(tmp_path, shared, when="breakdown")
    policies = [Policy(None, *parse_policy(words)) for words in ("breakdown", "never")]

    with pytest.raises(RefusedError, match="breakdown"):
        account_paths(open_book(folder), policies)


@pytest.mark.parametrize("made", [False, True], ids=["given", "found"])
def test_a_sweep_and_advice_act_on_what_a_backtest_acts_on(
    tmp_path: Path, shared: Path, made: bool
) -> None:
    """Every figure of a policy with `breakdown`, and of one beside it without, is that of its own
    backtest; the day on which it acted is told.
    """
    folder = crisis_folder(tmp_path, shared, when="breakdown", optimize=LEAST if made else "")
    portfolio = open_book(folder).portfolio
    prices = portfolio_prices(portfolio)
    target: object = EQUAL
    if made:
        assert portfolio.moving is not None
        target = FoundAim(portfolio.moving, STANDS, portfolio.calendar)
    own, span = Policy(target, "breakdown"), {"start": date(2019, 12, 2), "end": date(2020, 5, 15)}
    whens = ["monthly", "breakdown", "quarterly+breakdown"]

    swept = sweep(prices, grid(own, when=whens), **span)  # type: ignore[arg-type]

    for row, when in enumerate(whens):
        aim = for_breakdown(target) if "breakdown" in when else target
        alone = backtest(prices, Policy(aim, when, name="own"), **span)["own"]  # type: ignore[arg-type]
        figures = alone.measures.figures() | {"downside": alone.measures.downside_deviation}
        for figure, values in swept.figures.items():
            expected = figures[figure] if figure in figures else getattr(alone, figure)
            assert values[row] == pytest.approx(expected, rel=1e-9), (when, figure)
    assert swept.figures["rebalances"][1] >= 1
    (told,) = [one for one in swept.findings if one.code == "breakdown-fired"]
    assert told.on == STRUCK


def test_advice_weighs_what_a_shuffled_backtest_does(tmp_path: Path, shared: Path) -> None:
    """The same figures over the same shuffled history, with `breakdown` and without."""
    book = open_book(crisis_folder(tmp_path, shared, when="breakdown", optimize=LEAST))
    assert book.portfolio.moving is not None
    prices = portfolio_prices(book.portfolio)
    target = FoundAim(book.portfolio.moving, STANDS, book.portfolio.calendar)
    whens = ("quarterly", "quarterly+breakdown")
    policies = [Policy(target, when, name=when) for when in whens]

    weighed, _ = found_outcomes(prices, policies, costs=Costs(), paths=1, seed=2)

    aims = [target, for_breakdown(target)]
    each = [replace(one, target=aim) for one, aim in zip(policies, aims, strict=True)]
    alone = bootstrap(backtest(prices, each), paths=1, seed=2)
    assert not np.array_equal(alone.observed[0], alone.observed[1])
    np.testing.assert_allclose(weighed.observed, alone.observed, rtol=1e-9)
    np.testing.assert_allclose(weighed.table, alone.table, rtol=1e-9)


def test_a_backtest_tells_of_crises_unasked(shared: Path) -> None:
    """Four ETFs from 2007 to 2025: the days in October 2008 and March 2020 among a few, once for
    all policies with that target; nothing for weights as they are given.
    """
    folder = shared / "data" / "etf_daily_yahoo"
    prices = read_prices(folder).select(SYMBOLS)
    least = Optimiser("min-volatility")
    policies = [Policy(least, when, name=when) for when in ("annual", "never")]

    run = backtest(prices, [*policies, Policy(EQUAL, "annual", name="equal")])

    (told,) = [one for one in run.findings if one.code == "correlation-breakdown"]
    assert told.subject == "annual, never"
    assert "2008-10-06" in told.message
    assert "2020-03-09" in told.message
    assert told.on is not None
    assert told.message.count("20") < 30


@pytest.mark.parametrize("when", ["never", "breakdown"])
def test_only_who_estimates_and_does_not_act_is_told(
    tmp_path: Path, shared: Path, when: str
) -> None:
    """A target found from estimates is told of March 2020; who acts on it is told of acting."""
    book = open_book(crisis_folder(tmp_path, shared, when=when, optimize=LEAST))
    assert book.portfolio.moving is not None
    aim = FoundAim(book.portfolio.moving, STANDS, book.portfolio.calendar)
    prices, own = portfolio_prices(book.portfolio), Policy(for_breakdown(aim), when, name="own")

    def plain(view: PriceHistory) -> dict[str, float]:
        return EQUAL

    run = backtest(prices, [own, Policy(plain, "annual", name="plain")], start=date(2020, 1, 2))

    told = [one for one in run.findings if one.code == "correlation-breakdown"]
    assert [(one.subject, one.on) for one in told] == ([("own", STRUCK)] if when == "never" else [])
