"""Carrying out plans: to the cent, exactly once, from wherever an earlier run was killed."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.engine.generated import generated
from tests.execution.desks import room_of

PROPERTY = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
households = st.integers(0, 2**32).map(lambda seed: generated(random.Random(seed)))


@PROPERTY
@given(households)
def test_paper_fills_leave_what_the_plan_said(case) -> None:
    """When everything is filled, the record holds the cash and the steps that the plan showed."""
    room = room_of(case)
    plan = room.plan(case.request)
    result = room.apply(plan, case.request)

    assert result.status == "done"
    held = dict(room.state().cash)
    if plan.trades:
        for account, cash in plan.cash_after.items():
            assert held[account] == cash or any(
                f.code == "withdrawal-short" for f in result.findings
            )


@PROPERTY
@given(households)
def test_replanning_plans_nothing(case) -> None:
    """Invariant 14."""
    room = room_of(case)
    plan = room.plan(case.request)
    room.apply(plan, case.request)
    assert room.plan().trades == ()
