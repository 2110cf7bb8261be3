"""Constant-proportion insurance: the closed form, and a floor that holds while moves are small."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trimtab as tt
from trimtab.targets.moving.cppi import CppiRule, exposure

FIRST = date(2020, 1, 1)


@pytest.mark.parametrize(
    ("worth", "floor", "multiplier", "most", "share", "stop"),
    [
        (100, 80, 4, 1, "4/5", ""),
        (110, 80, 2, 1, "6/11", ""),
        (100, 75, 4, 1, "1", ""),
        (100, 70, 4, 1, "1", "most"),
        (100, 90, 4, "1/4", "1/4", "most"),
        (80, 80, 4, 1, "0", "floor"),
        (79, 80, 4, 1, "0", "floor"),
        (0, 0, 4, 1, "0", "floor"),
    ],
)
def test_the_multiple_of_the_cushion_by_hand(
    worth: int, floor: int, multiplier: int, most: Any, share: str, stop: str
) -> None:
    """m x (V - F) / V, no less than nothing and no more than is allowed, exactly."""
    found = exposure(
        Fraction(worth), Fraction(floor), multiplier=Fraction(multiplier), most=Fraction(most)
    )

    assert (found.share, found.stop) == (Fraction(share), stop)


def test_a_floor_runs_straight_between_its_days() -> None:
    """Before the first day and after the last it stays."""
    path = ((date(2025, 1, 1), Decimal(80_000)), (date(2025, 1, 11), Decimal(81_000)))
    rule = CppiRule(Fraction(4), path, "bonds")

    found = [rule.floor_on(date(2025, 1, day)) for day in (1, 4, 11, 31)]

    assert found == [80_000, 80_300, 81_000, 81_000]


def worth_of(steps: list[float], multiplier: float, floor: float, most: float = 1.0) -> Any:
    """What 100 become in daily looks at the close, the rest in cash, at no cost."""
    pandas = pytest.importorskip("pandas")
    days = pandas.DatetimeIndex([FIRST + timedelta(one) for one in range(len(steps) + 2)])
    close = 50.0 * np.cumprod([1.0, *[1.0 + step for step in steps], 1.0])
    prices = pandas.DataFrame({"RISKY": close}, index=days)
    policy = tt.Policy(tt.Cppi({"RISKY": 1.0}, multiplier, floor=floor, most=most), when="daily")
    result = tt.backtest(prices, [policy], cash=100.0, trade_at="close", short=most > 1.0)
    return np.asarray(result.policies[0].value)


def test_the_cushion_grows_by_the_multiple() -> None:
    """Between looks the cushion grows by m times the return: C = C0 x (1 + m r1) (1 + m r2) ..."""
    steps = [0.01, -0.02, 0.015, -0.03, 0.005]

    worth = worth_of(steps, 3.0, 80.0)

    cushions = 20.0 * np.cumprod([1.0, *[1.0 + 3.0 * step for step in steps]])
    assert worth[:-1] == pytest.approx(80.0 + cushions, rel=1e-12)


def test_many_small_steps_are_the_closed_form() -> None:
    """Black and Perold (1992): V(T) = F + C0 (S(T)/S(0))^m exp(-m (m-1) s^2 T / 2) without
    interest, with s^2 T the variance that there was.
    """
    rng = np.random.default_rng(5)
    logs = rng.normal(0.0, 0.0015, 3000)
    multiplier, floor = 3.0, 60.0

    worth = worth_of(list(np.expm1(logs)), multiplier, floor, most=50.0)

    variance = float((logs**2).sum())
    growth = np.exp(multiplier * logs.sum() - 0.5 * multiplier * (multiplier - 1.0) * variance)
    assert worth[-1] == pytest.approx(floor + 40.0 * growth, rel=1e-4)


@given(
    seed=st.integers(0, 10_000),
    multiplier=st.sampled_from([1.5, 3.0, 5.0]),
    floor=st.floats(10.0, 99.0),
)
@settings(max_examples=8, deadline=None)
def test_moves_below_one_over_m_never_break_the_floor(
    seed: int, multiplier: float, floor: float
) -> None:
    """However long it falls, daily moves of less than 1/m leave the worth above the floor."""
    rng = np.random.default_rng(seed)
    steps = np.clip(rng.normal(-0.02, 0.15, 60), -0.999 / multiplier, 0.5)

    worth = worth_of(list(steps), multiplier, floor)

    assert worth.min() >= floor * (1.0 - 1e-12)


def test_one_move_above_one_over_m_breaks_it() -> None:
    """The gap risk that the rule is known for: a fall of 30% at a multiple of 4 loses the floor."""
    worth = worth_of([-0.30], 4.0, 80.0)

    assert worth[1] == pytest.approx(100.0 - 0.8 * 30.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"multiplier": 0.0},
        {"multiplier": float("nan")},
        {"floor": -1.0},
        {"floor": {}},
        {"most": 0.0},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    """Each argument says what it takes."""
    said = {"multiplier": 4.0, "floor": 80.0, **wrong}

    with pytest.raises(ValueError, match=next(iter(wrong))):
        tt.Cppi({"RISKY": 1.0}, said.pop("multiplier"), **said)


def test_the_safe_symbol_takes_the_rest_and_cash_stays() -> None:
    """Beside another safe symbol cash stays as written; the risky ones keep their proportion."""

    class View:
        last = date(2025, 1, 6)
        worth = 100.0

    target = tt.Cppi(
        {"A": 0.4, "B": 0.2, "SAFE": 0.3, "CASH": 0.1},
        2,
        floor={"2025-01-01": 80.0, "2025-01-11": 90.0},
        safe="SAFE",
    )

    found = target(View())

    assert found == pytest.approx({"A": 0.2, "B": 0.1, "SAFE": 0.6, "CASH": 0.1})


def _prices(days: int = 60) -> Any:
    """Three instruments, of which the last one is listed half way."""
    pandas = pytest.importorskip("pandas")
    index = pandas.date_range("2020-01-01", periods=days, name="date")
    late = [float("nan")] * (days // 2) + [50.0] * (days - days // 2)
    rising = [100.0 + place for place in range(days)]
    return pandas.DataFrame({"RISKY": rising, "SAFE": 100.0, "LATE": late}, index=index)


INSURED = tt.Cppi({"RISKY": 1.0}, 4, floor=80_000, safe="SAFE")


@pytest.mark.parametrize("floor", [100_000.0, {"2020-01-01": 120_000.0, "2021-01-01": 50_000.0}])
def test_a_run_that_begins_at_its_floor_is_refused(floor: Any) -> None:
    """There is no cushion on the first day: the sum and the floor are both named."""
    policy = tt.Policy(tt.Cppi({"RISKY": 1.0}, 4, floor=floor), when="daily", name="insured")

    with pytest.raises(tt.InputError, match=r"with 100,000\.00, and its floor is") as caught:
        tt.backtest(_prices(), policy, cash=100_000.0)

    assert caught.value.problems[0].file == 'policy "insured"'


@pytest.mark.parametrize(
    "target",
    [
        INSURED,
        tt.Cppi(tt.Glide({"2020-01-01": {"RISKY": 1.0}, "2021-01-01": {"SAFE": 1.0}}), 4, floor=1),
        tt.Glide({"2020-01-01": {"RISKY": 1.0}, "2021-01-01": {"SAFE": 1.0}}),
        tt.VolatilityTarget({"RISKY": 1.0}, 0.1, safe="SAFE", sessions=5),
    ],
    ids=["cppi", "cppi of a path", "path", "volatility"],
)
def test_sessions_count_by_what_may_be_held(target: Any) -> None:
    """An instrument that is listed later shortens no run that never holds it."""
    with_late = tt.backtest(_prices(), tt.Policy(target, when="weekly"))
    without = tt.backtest(_prices()[["RISKY", "SAFE"]], tt.Policy(target, when="weekly"))

    assert with_late.policies[0].first == without.policies[0].first
    assert with_late.policies[0].final_value == without.policies[0].final_value
    assert with_late.policies[0].first < date(2020, 1, 15)


def test_a_band_with_a_floor_is_told_once_for_all_policies() -> None:
    """Policies whose bands do not look after the floor are named in one finding."""
    names = {"monthly": "monthly", "band:5pp": "band", "drift:5pp": "drift"}
    policies = [tt.Policy(INSURED, when=when, name=name) for when, name in names.items()]

    result = tt.backtest(_prices(), policies)

    (told,) = [one for one in result.findings if one.code == "floor-unwatched"]
    assert told.subject == "band, drift"


def test_many_policies_at_once_refuse_a_floor_by_its_rule() -> None:
    """What sweeps and advice cannot do is said in words of the rule, with what does it."""
    policy = tt.Policy(INSURED, when="daily")
    words = "CPPI of 4 x the cushion above a floor of 80,000.00"

    with pytest.raises(tt.InputError, match=words):
        tt.sweep(_prices(), policy, when=["daily", "weekly"])
    with pytest.raises(tt.InputError, match=r"tt\.backtest"):
        tt.advise(_prices(), policy)
