"""Policies that share a target made from prices, over shuffled histories: made anew on each.

What was best in history in another order is not what was best in history, so on every path the
target is found walk-forward, once for all policies, and they then run as with weights by date.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from trimtab.costs import Costs
from trimtab.model.policy import Policy, parse_policy
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.research.dated import dated_by
from trimtab.simulate.research.policy_run import over
from trimtab.simulate.research.results import Backtest
from trimtab.simulate.research.rules import Rules
from trimtab.simulate.research.settings import Ready
from trimtab.simulate.uncertainty.bootstrap import bootstrap_paths
from trimtab.simulate.uncertainty.outcomes import Outcomes
from trimtab.simulate.uncertainty.paths import PathSource, figures_of, run_paths

if TYPE_CHECKING:
    from trimtab.simulate.frames import Floats


def found_outcomes(
    prices: PriceHistory,
    policies: Sequence[Policy],
    *,
    costs: Costs,
    paths: int,
    seed: int,
    on_progress: Callable[[int], None] | None = None,
    **options: Any,
) -> tuple[Outcomes, dict[str, Any]]:
    """The figures of policies with one made target over shuffled histories.

    Args:
        prices: All prices; those before the first target are shuffled with the rest.
        policies: They; when and how far each trades is all in which they differ.
        costs: What trading costs.
        paths: How many shuffled histories.
        seed: Names the chance.
        on_progress: Told how many paths are done.
        options: Of `backtest`.

    Returns:
        The figures, and what the runs were told, as `Backtest.assumed`.

    Raises:
        ValueError: An option makes no sense, or history is too short to be shuffled.
        InputError: Prices cannot be used, or the target depends on what a policy holds.
    """
    never = Policy(policies[0].target, parse_policy("never")[0], name=policies[0].label)
    probe = backtest(prices, never, costs=costs, **options)
    assert probe.ready is not None
    rules = replace(probe.ready.rules, trade_at=probe.ready.settings[0].trade_at)
    source, length = bootstrap_paths(probe, seed=seed)
    observed = _run(prices, policies, rules)
    assert observed.ready is not None

    def anew(ready: Ready, source: PathSource, path: int) -> Floats:
        own = replace(ready.rules, accept_jumps=True)
        found = _run(source.path(path), ready.policies, own)
        assert found.ready is not None
        return figures_of(found.ready, found.policies)

    ready = replace(probe.ready, policies=tuple(policies), rules=rules)
    table = run_paths(ready, source, paths=paths, on_progress=on_progress, anew=anew)
    first, last = observed.policies[0].first, observed.policies[0].last
    template = source.template
    how = (
        f"{paths:,} paths of {len(template):,} sessions, {template.first} to {template.last} "
        f"shuffled in blocks of {length:.3g} sessions on average, seed {seed}; on each the target "
        "is found anew"
    )
    outcomes = Outcomes(
        names=tuple(policy.label for policy in policies),
        table=table,
        observed=figures_of(observed.ready, observed.policies),
        cash=rules.cash,
        years=(last - first).days / 365.25,
        how=how,
        frames=rules.frames,
        findings=tuple(dict.fromkeys((*probe.findings, *observed.findings))),
    )
    return outcomes, probe.assumed


def _run(prices: PriceHistory, policies: Sequence[Policy], rules: Rules) -> Backtest:
    """The policies over prices, with the target made once for all of them."""
    own = policies[0]
    whens = [policy.when for policy in policies]
    given = dated_by(prices, own.target, own.label, whens=whens, rules=rules)
    shared = [replace(policy, target=given[policy.when.breakdown]) for policy in policies]
    return over(prices, shared, rules)
