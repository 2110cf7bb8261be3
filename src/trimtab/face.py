"""What `import trimtab as tt` offers beyond the names it only passes on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any

from trimtab.adapters.price_frames import read_mixed_prices
from trimtab.simulate.research.backtest import backtest as _of_history

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trimtab.costs import Costs
    from trimtab.live.book import OpenBook
    from trimtab.model.policy import Policy
    from trimtab.simulate.choosing.advice import Advice
    from trimtab.simulate.choosing.sweep import Sweep
    from trimtab.simulate.prices.history import PriceHistory
    from trimtab.simulate.research.results import Backtest
    from trimtab.simulate.uncertainty.outcomes import Outcomes
    from trimtab.simulate.uncertainty.stress import Stress


@wraps(_of_history)
def backtest(prices: object, policies: Policy | Sequence[Policy], **options: Any) -> Backtest:
    """What policies would have done over history; prices may be a frame or a file as well."""
    history = _priced(prices, options.get("costs"))
    return replace(_of_history(history, policies, **options), plotter=_drawn, pager=_shown)


def _shown(result: Backtest) -> str:
    from trimtab.reports.notebook import notebook_html

    return notebook_html(result)


def _priced(prices: object, costs: object) -> PriceHistory:
    """The prices, after a look whether costs of single instruments are of some among them."""
    from trimtab.costs import Costs
    from trimtab.model.errors import InputError, Problem
    from trimtab.model.instruments import CASH
    from trimtab.simulate.prices.history import nearest

    history = read_mixed_prices(prices)
    given = costs.values() if isinstance(costs, Mapping) else costs
    every = given if isinstance(given, Iterable) else [given]
    named = dict.fromkeys(
        symbol for one in every if isinstance(one, Costs) for symbol in one.by_instrument
    )
    problems = [
        Problem("costs", None, f"by_instrument {symbol}", "has no prices", nearest(symbol, known))
        for known in [history.symbols]
        for symbol in named
        if symbol not in (*known, CASH)
    ]
    if problems:
        raise InputError(problems)
    return history


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
        options: As `trimtab.simulate.choosing.sweep.sweep` takes them: cash, trade_at, start, ...
    """
    from trimtab.adapters.machine import processors
    from trimtab.reports.notebook_chosen import sweep_notebook
    from trimtab.simulate.choosing.grid import grid
    from trimtab.simulate.choosing.sweep import sweep as run

    policies = grid(base, when=when, to=to, target=target, costs=costs, sample=sample, seed=seed)
    most = processors() if threads is None else threads
    found = run(_priced(prices, costs), policies, threads=most, **options)
    return replace(found, pager=sweep_notebook)


def advise(prices: object, own: Policy, **options: Any) -> Advice:
    """Whether to keep a policy, or which other one to take.

    Options as of `trimtab.simulate.choosing.advice.advise`: costs, tax_of_turnover, ...
    """
    from trimtab.cli.patience import counting
    from trimtab.cli.screen import progress
    from trimtab.reports.notebook_chosen import advice_notebook
    from trimtab.simulate.choosing.advice import PATHS
    from trimtab.simulate.choosing.advice import advise as run

    history = _priced(prices, options.get("costs"))
    # A target that is made from prices is made anew on every history: that may take minutes.
    told = counting(options.get("paths", PATHS), "shuffled histories")
    try:
        found = run(history, own, **{"on_progress": told, **options})
        return replace(found, pager=advice_notebook)
    finally:
        progress("")


def monte_carlo(prices: object, policies: Policy | Sequence[Policy], **options: Any) -> Outcomes:
    """What policies come to over futures that a model of history draws.

    Options as of `trimtab.simulate.uncertainty.monte_carlo.monte_carlo`: model, years, paths, ...
    """
    from trimtab.simulate.uncertainty.monte_carlo import monte_carlo as run

    return run(_priced(prices, options.get("costs")), policies, **options)


def stress(prices: object, policies: Policy | Sequence[Policy], **options: Any) -> Stress:
    """Policies in crises as they were, and in history made worse.

    Options as of `trimtab.simulate.uncertainty.stress.stress`: costs, halted, gap, windows, ...
    """
    from trimtab.simulate.uncertainty.stress import stress as run

    return run(_priced(prices, options.get("costs")), policies, **options)


def open(folder: object = ".") -> OpenBook:
    """Open a portfolio folder, a path: `tt.open("my-portfolio").plan()`. Nothing is written."""
    from trimtab.live.book import open_book

    return open_book(str(folder))
