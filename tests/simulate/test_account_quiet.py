"""Sessions that are passed over in account mode: nothing would have happened on any of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.households import CALENDAR, account, lot, mandate, tree
from trimtab.costs import Costs
from trimtab.engine.mandate import Mandate
from trimtab.execution.opening import Opening
from trimtab.model.market import Dividend, Market, Quote, Split
from trimtab.model.numbers import Price
from trimtab.model.policy import parse_policy
from trimtab.simulate.accounts import session as account_session
from trimtab.simulate.accounts.backtest import backtest_accounts
from trimtab.simulate.accounts.quiet import NONE, Quiet
from trimtab.simulate.accounts.run import AccountRun

DAYS = CALENDAR.sessions(date(2024, 10, 1), date(2025, 5, 30))
POLICIES = (
    "never",
    "monthly",
    "quarterly+band:3pp",
    "weekly+drift:2pp",
    "band:3pp",
    "band:20% to half",
    "band:5pp/25% to edge",
    "drift:3pp",
    "cashflow:500",
)


def markets(
    prices: Mapping[str, Sequence[float]],
    splits: Sequence[Split] = (),
    dividends: Sequence[Dividend] = (),
) -> list[Market]:
    """Snapshots with those prices; a price below zero is a row that is missing on that day."""
    made: list[Market] = []
    quotes: dict[str, Quote] = {}
    for i, day in enumerate(DAYS[: len(next(iter(prices.values())))]):
        for id_, column in prices.items():
            if column[i] < 0:
                continue
            last = quotes.get(id_)
            ratio = next((s.ratio for s in splits if (s.instrument, s.on) == (id_, day)), 1)
            quotes[id_] = Quote(
                Price.of(Decimal(f"{column[i]:.2f}")),
                day,
                last.price if last else None,
                last.on if last else None,
                Fraction(ratio),
            )
        known = tuple(s for s in splits if s.on <= day)
        paid = tuple(d for d in dividends if d.on <= day)
        made.append(Market(day, CALENDAR, dict(quotes), known, paid))
    return made


def opening(**cash: int) -> Opening:
    """Shares from the year before and cash, on the first day."""
    lots = (
        lot("a", "US", 60, "3000", date(2023, 5, 2)),
        lot("a", "US", 40, "4500", date(2024, 8, 1)),
        lot("b", "BND", 90),
    )
    return Opening("Example", "USD", DAYS[0], lots, cash, (), "0" * 64)


def household(words: str) -> Mandate:
    """Two accounts that share a target, and a policy."""
    when, to = parse_policy(words)
    two = mandate(
        tree({"US": 55, "BND": 40, "money": (5, ["CASH"])}),
        accounts=[account("a"), account("b", "roth")],
        costs=Costs(bps=10, per_share="0.01"),
    )
    return replace(two, when=when, to=to)


def session_by_session(patch: pytest.MonkeyPatch, mandate_: Mandate, tape: object) -> AccountRun:
    """The same run with every session asked."""
    with patch.context() as only:
        only.setattr(account_session, "quiet_worth", lambda *_, **__: NONE)
        return backtest_accounts(mandate_, opening(a=50_000, b=20_000), tape)  # type: ignore[arg-type]


def told(run: AccountRun) -> tuple[object, ...]:
    """All that a run says, with the hash of its record."""
    return (
        run.dates,
        run.value,
        run.plans,
        run.orders,
        run.payments,
        run.findings,
        run.folded,
        run.worth,
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Market]:
    """Prices that wander, jump, are missing; a split and a dividend may be among them."""
    count = draw(st.integers(30, 60))
    moves = st.sampled_from((0.0, 0.01, -0.01, 0.03, -0.03, 0.06, -0.05, 0.3, -0.35))
    rare = st.integers(0, 40)
    prices: dict[str, list[float]] = {}
    split_at = draw(st.integers(1, count - 1) | st.none())
    for id_ in ("US", "BND"):
        price, column = 50.0, []
        for i in range(count):
            price = max(price * (1.0 + draw(moves)), 1.0)
            if id_ == "US" and i == split_at:
                price /= 2
            column.append(-1.0 if i and draw(rare) == 0 else price)
        prices[id_] = column
    splits = [] if split_at is None else [Split("US", DAYS[split_at], Fraction(2))]
    paid_at = draw(st.integers(1, count - 1) | st.none())
    paid = [] if paid_at is None else [Dividend("BND", DAYS[paid_at], Price.of(Decimal("0.77")))]
    return markets(prices, splits, paid)


@given(histories(), st.sampled_from(POLICIES))
@settings(max_examples=25)
def test_passing_over_sessions_changes_nothing(tape: list[Market], words: str) -> None:
    """Whatever prices do, a run is the same, to the last byte of its record, as when every session
    is asked.
    """
    run = backtest_accounts(household(words), opening(a=50_000, b=20_000), tape)

    assert told(run) == told(session_by_session(pytest.MonkeyPatch(), household(words), tape))


@pytest.mark.parametrize("words", POLICIES)
def test_most_sessions_are_passed_over(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In months of calm prices few sessions are looked at one by one, whatever the policy."""
    up = [50 + 0.05 * i for i in range(150)]
    tape = markets({"US": up, "BND": [50.0] * 150})
    looked = []
    quiet_worth = account_session.quiet_worth

    def counted(*args: object, **more: object) -> Quiet:
        looked.append(args)
        return quiet_worth(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(account_session, "quiet_worth", counted)
    mandate_ = replace(household(words), target=tree({"US": 55, "BND": 45}))

    run = backtest_accounts(mandate_, opening(a=0, b=0), tape)

    assert len(run.dates) == 150
    assert 0 < len(looked) < 40


def test_a_band_that_is_met_exactly_is_not_passed_over() -> None:
    """At 60% against 55% with a band of 5 points the policy acts, as the decision says: >=."""
    mandate_ = replace(household("band:5pp"), target=tree({"US": 55, "BND": 45}))
    prices = {"US": [50.0] * 20 + [54.0] * 3, "BND": [50.0] * 20 + [40.0] * 3}

    run = backtest_accounts(mandate_, opening(a=0, b=0), markets(prices))

    assert [plan.as_of for plan in run.plans] == [DAYS[20]]
    assert "60.0% against 55.0%" in run.plans[0].readings[0].why
