"""Compile the large kernels before a whole run of the tests, each once and two at a time.

`python -m tests.compile_kernels`. The first tests that need one would compile it in each worker,
all at once; what is compiled here the workers find on disk.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context


def of_decisions() -> None:
    """What decides the accounts of a batch."""
    from tests.kernels.test_account import decided, generated_case

    decided(generated_case(random.Random(0)))


def of_choices() -> None:
    """The solver of quadratic programmes, and the search for few names around it."""
    import numpy as np

    from tests.targets.test_cardinality import any_choice
    from trimtab.targets.objectives.cardinality import proved
    from trimtab.targets.solvers.limits import within
    from trimtab.targets.solvers.quadratic import INTERPRETED_UP_TO, solve

    n = INTERPRETED_UP_TO + 1
    solve(within(n).programme(np.eye(n), np.zeros(n)))
    proved(*any_choice(0))


def of_runs() -> None:
    """The loops of backtests and of sweeps."""
    from tests.simulate.markets import lively
    from trimtab.model.policy import Policy
    from trimtab.simulate.choosing.grid import grid
    from trimtab.simulate.choosing.sweep import sweep
    from trimtab.simulate.research.backtest import backtest
    from trimtab.simulate.research.flows import Flows

    prices, policy = lively("AB", 60), Policy({"A": 0.5, "B": 0.5}, "monthly")
    backtest(prices, policy, form="compiled", flows=Flows())
    backtest(prices, policy, form="compiled")
    sweep(prices, grid(policy))


ALL: tuple[Callable[[], None], ...] = (of_choices, of_runs, of_decisions)
"""The one that takes longest first."""


def main() -> None:
    """Compile them all; nothing is printed where it goes well."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for done in [pool.submit(one) for one in ALL]:
            done.result()


if __name__ == "__main__":
    main()
