"""What `import trimtab as tt` offers beyond the names it only passes on."""

from __future__ import annotations

from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any

from trimtab.adapters.price_frames import read_prices
from trimtab.simulate.backtest import backtest as _of_history

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trimtab.costs import Costs
    from trimtab.live.book import OpenBook
    from trimtab.model.policy import Policy
    from trimtab.simulate.advice import Advice
    from trimtab.simulate.outcomes import Outcomes
    from trimtab.simulate.results import Backtest
    from trimtab.simulate.stress import Stress
    from trimtab.simulate.sweep import Sweep


@wraps(_of_history)
def backtest(prices: object, policies: Policy | Sequence[Policy], **options: Any) -> Backtest:
    """What policies would have done over history; prices may be a frame or a file as well."""
    return replace(_of_history(read_prices(prices), policies, **options), plotter=_drawn)


def _drawn(result: Backtest) -> Any:
    from trimtab.reports.figures_png import overview

    return overview(result)


def sweep(
    prices: object,
    base: Policy,
    *,
    when: Sequence[str] | None = None,
    to: Sequence[str] | None = None,
    target: Mapping[str, Any] | Sequence[Any] | None = None,
    costs: Costs | Sequence[Costs] | Mapping[str, Costs] | None = None,
    sample: int | None = None,
    seed: int = 0,
    threads: int | None = None,
    **options: Any,
) -> Sweep:
    """Every combination of when, how far, what to hold and what it costs, over history.

    Args:
        prices: A frame, a file, or what `read_prices` gives.
        base: The policy that is varied: what is not given is as in it.
        when: When to act, in words; likewise `to`, how far to trade.
        to: How far to trade, in words.
        target: Several targets, by name or not.
        costs: What trading costs: one, several, or several by name.
        sample: So many of the combinations at random; all by default.
        seed: Of that choice.
        threads: How many run at the same time, by default one a processor; the result is the same.
        options: As `trimtab.simulate.sweep.sweep` takes them: cash, trade_at, start, end, ...
    """
    from trimtab.adapters.machine import processors
    from trimtab.simulate.grid import grid
    from trimtab.simulate.sweep import sweep as run

    policies = grid(base, when=when, to=to, target=target, costs=costs, sample=sample, seed=seed)
    return run(read_prices(prices), policies, threads=threads or processors(), **options)


def advise(prices: object, own: Policy, **options: Any) -> Advice:
    """Whether to keep a policy, or which other one to take.

    Options as of `trimtab.simulate.advice.advise`: costs, tax_of_turnover, risk_aversion, ...
    """
    from trimtab.simulate.advice import advise as run

    return run(read_prices(prices), own, **options)


def monte_carlo(prices: object, policies: Policy | Sequence[Policy], **options: Any) -> Outcomes:
    """What policies come to over futures that a model of history draws.

    Options as of `trimtab.simulate.monte_carlo.monte_carlo`: model, years, paths, seed, costs, ...
    """
    from trimtab.simulate.monte_carlo import monte_carlo as run

    return run(read_prices(prices), policies, **options)


def stress(prices: object, policies: Policy | Sequence[Policy], **options: Any) -> Stress:
    """Policies in crises as they were, and in history made worse.

    Options as of `trimtab.simulate.stress.stress`: costs, halted, gap, windows, ...
    """
    from trimtab.simulate.stress import stress as run

    return run(read_prices(prices), policies, **options)


def open(folder: object = ".") -> OpenBook:
    """Open a portfolio folder, a path: `tt.open("my-portfolio").plan()`. Nothing is written."""
    from trimtab.live.book import open_book

    return open_book(str(folder))
