"""The figures of a sweep's curve against the same worked out the long way."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from trimtab.kernels.compile import compiled
from trimtab.kernels.sweep import (
    APART_MEAN,
    APART_VARIANCE,
    DOWNSIDE,
    FALL,
    FIGURES,
    FOURTH,
    LANE_SUMS,
    MEAN,
    THIRD,
    VARIANCE,
    measure,
)

CUTS = np.array([1, 40, 41, 300])


def _curve(seed: int, *, ends: bool) -> tuple[Any, Any]:
    """A curve of 300 sessions and the returns of another; `ends` with nothing left."""
    draw = np.random.default_rng(seed)
    equity = 100.0 * np.exp(np.cumsum(draw.normal(0.0, 0.02, 300)))
    if ends:
        equity[250:] = 0.0
    return equity, np.append(0.0, draw.normal(0.0, 0.02, 299))


def _measured(equity: Any, held: Any, *, as_machine_code: bool) -> Any:
    form = (lambda c: c.copy()) if as_machine_code else (lambda c: c.tolist())
    row = form(np.zeros(FIGURES + 2 * (len(CUTS) - 1)))
    kernel: Any = compiled(measure) if as_machine_code else measure
    work = form(np.zeros(len(equity))), form(np.zeros(LANE_SUMS))
    kernel(form(equity), form(held), form(CUTS), *work, row)
    return np.array(row)


@pytest.mark.parametrize("ends", [False, True])
def test_figures_are_those_of_the_long_way(ends: bool) -> None:
    """Moments, parts and losses are those of numpy, also where nothing is left and earned."""
    equity, held = _curve(1, ends=ends)
    earned = np.zeros(299)
    np.divide(equity[1:], equity[:-1], out=earned, where=equity[:-1] > 0.0)
    earned = np.where(equity[:-1] > 0.0, earned - 1.0, 0.0)
    away, apart = earned - earned.mean(), earned - held[1:]

    row = _measured(equity, held, as_machine_code=False)

    wanted = {
        MEAN: earned.mean(),
        VARIANCE: earned.var(ddof=1),
        THIRD: (away**3).mean(),
        FOURTH: (away**4).mean(),
        DOWNSIDE: (np.minimum(earned, 0.0) ** 2).mean(),
        APART_MEAN: apart.mean(),
        APART_VARIANCE: apart.var(ddof=1),
    }
    for place, figure in wanted.items():
        assert row[place] == pytest.approx(figure, rel=1e-12), place
    for part, (first, last) in enumerate(pairwise(CUTS)):
        own = earned[first - 1 : last - 1]
        assert row[FIGURES + 2 * part] == pytest.approx(own.sum(), rel=1e-12, abs=1e-15)
        assert row[FIGURES + 2 * part + 1] == pytest.approx((own**2).sum(), rel=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_the_deepest_fall_is_that_of_every_session(seed: int) -> None:
    """Sessions that are passed over at a glance are none on which the fall was deeper."""
    equity, held = _curve(seed, ends=seed == 7)

    row = _measured(equity, held, as_machine_code=False)

    assert row[FALL] == (equity / np.maximum.accumulate(equity) - 1.0).min()


@pytest.mark.parametrize("ends", [False, True])
def test_both_forms_leave_the_same_bits(ends: bool) -> None:
    """Machine code adds in the same order as the interpreter."""
    equity, held = _curve(2, ends=ends)

    plain = _measured(equity, held, as_machine_code=False)
    fast = _measured(equity, held, as_machine_code=True)

    assert plain.tobytes() == fast.tobytes()
