"""A sweep under conditions that the fast loop does not know: each policy session by session.

Each policy runs exactly as `backtest` runs it; what is kept is the same row of figures as of the
fast loop, so memory does not grow with curves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from trimtab.costs import Costs
from trimtab.kernels.compile import compiled
from trimtab.kernels.sweep import FALL, FIGURES, FINAL, LANE_SUMS, PAID, TURNED, measure
from trimtab.model.findings import Finding
from trimtab.model.policy import Policy
from trimtab.simulate.choosing.grid import Grid
from trimtab.simulate.measures.metrics import target_returns
from trimtab.simulate.prices.gaps import listing_of
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.aims import GivenTarget
from trimtab.simulate.research.panel import shared_history
from trimtab.simulate.research.policy_run import conditions_by, run_policy, watched
from trimtab.simulate.research.portions import run_portions
from trimtab.simulate.research.rules import Rules
from trimtab.simulate.research.settings import Setting, made_ready

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.simulate.frames import Floats
    from trimtab.simulate.research.policy_result import PolicyResult

AT_ONCE = 16
"""Policies that a thread takes at a time: fewer than of the fast loop, for they take longer."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """What the policies of a grid have in common.

    Args:
        panel: The sessions that all of them run over.
        settings: By costs, and target of the grid with whether correlations count that broke: made
            ready, for any when and to.
        rules: By costs.
        held: By target: returns of holding it exactly and at no cost; the first is 0.
        findings: What the reader should know.
    """

    panel: PriceHistory
    settings: tuple[dict[tuple[int, bool], Setting], ...]
    rules: tuple[Rules, ...]
    held: Floats
    findings: list[Finding]


def prepared(
    prices: PriceHistory,
    policies: Grid,
    targets: Sequence[Mapping[bool, GivenTarget]],
    rules: Rules,
) -> Prepared:
    """Everything made ready that does not depend on when and how far a policy trades.

    Args:
        prices: All prices.
        policies: The grid.
        targets: Its targets, for who acts on broken correlations and who does not.
        rules: What is the same for all; its costs are replaced by each of the grid's.

    Raises:
        InputError: Prices or targets cannot be used, with everything that is wrong.
    """
    import numpy as np

    each = [replace(rules, costs=costs) for costs in policies.costs.values()]
    kept = {(k, breaks): own[breaks] for k, own in enumerate(targets) for breaks in own}
    panel, findings = shared_history(
        prices, [*kept.values()], start=rules.start, end=rules.end, cash_rate=rules.cash_rate,
        accept_jumps=rules.accept_jumps, gaps=rules.gaps,
        cash_column=any(replace(one, gaps=None).is_daily for one in each),
    )  # fmt: skip
    if panel.status is None:
        each = [replace(one, gaps=None) for one in each]
    whens = [when for when in policies.whens if when.cashflow is not None] or policies.whens[:1]
    own = [Policy(target, whens[0], "target", name) for name, target in policies.targets.items()]
    named = [own[k] for k, _ in kept]
    settings = []
    for one in each:
        made = made_ready(named, [*kept.values()], panel, one, findings)
        if one.is_daily:
            ready = []
            for setting in made:
                conditions, said = conditions_by(setting.history, prices, one)
                findings += said
                ready.append(replace(setting, conditions=conditions))
            made = ready
        settings.append(
            {
                key: watched(setting, prices) if key[1] else setting
                for key, setting in zip(kept, made, strict=True)
            }
        )
    first = {k: setting for (k, _), setting in settings[0].items()}
    held = np.array([_held(first[k]) for k in range(len(targets))])
    return Prepared(first[0].history, tuple(settings), tuple(each), held, findings)


def run_all(
    ready: Prepared,
    policies: Grid,
    cuts: NDArray[np.int64],
    known: dict[int, Any],
    on_progress: Callable[[int, Mapping[int, Any]], None] | None,
    threads: int,
) -> None:
    """The raw rows of all policies, by the first policy of each portion, into `known`.

    Each as of the fast loop, then the value that was left at the end, then the rebalances. `FINAL`
    is what the start would have grown to without the money that came and went.

    Args:
        ready: What they have in common.
        policies: They.
        cuts: Where the parts of the run begin, and where the last ends.
        known: Portions that are done already; in and out.
        on_progress: As for `sweep`.
        threads: How many run at the same time; the rows do not depend on it.
    """
    import numpy as np

    said: dict[int, tuple[Finding, ...]] = {}

    def run(first: int, last: int) -> Any:
        rows = np.zeros((last - first, FIGURES + 2 * (len(cuts) - 1) + 2))
        for place, row in enumerate(rows, start=first):
            policy, _ = policies.policy(place)
            target, cost = int(policies.rows[place, 2]), int(policies.rows[place, 3])
            made = ready.settings[cost][target, policy.when.breakdown]
            found = run_policy(replace(made, policy=policy), ready.rules[cost])
            _fill(row, found, cuts)
            said[place] = found.findings
        return rows

    run_portions(
        run, len(policies), at_once=AT_ONCE, threads=threads, known=known, on_progress=on_progress
    )
    told: dict[str, list[Finding]] = {}
    for place in sorted(said):
        for finding in said[place]:
            told.setdefault(finding.code, []).append(finding)
    ready.findings.extend(first_of_each(told))


def first_of_each(told: Mapping[str, Sequence[Finding]], among: str = "") -> list[Finding]:
    """The first finding of each kind, and of how many more policies it is true."""
    found = []
    for own in told.values():
        more = f" (and {len(own) - 1:,} more policies{among})" if len(own) > 1 else ""
        found.append(replace(own[0], message=own[0].message + more))
    return found


def _fill(row: Floats, run: PolicyResult, cuts: NDArray[np.int64]) -> None:
    """Write the figures of one policy."""
    import numpy as np

    growth = np.array(run.growth)
    held = np.append(0.0, target_returns(run.targets, run.history))
    kernel: Any = compiled(measure)
    kernel(growth, held, cuts, np.zeros(len(growth)), np.zeros(LANE_SUMS), row)
    row[TURNED], row[PAID] = run.turnover_one_way, run.cost_paid
    row[-2], row[-1] = run.final_value, run.rebalances
    assert row[FALL] <= 0.0 <= row[FINAL]


def _held(setting: Setting) -> Floats:
    """Returns of holding a target exactly at every session and at no cost; the first is 0."""
    import numpy as np

    listed = listing_of(setting.history)
    if setting.history.status is None:
        aims = setting.rows[setting.row_at]
    else:
        aims = listed.rows_by_session(setting.rows, setting.row_at)
    earned: Floats = np.append(0.0, target_returns(aims, setting.history.close))
    return earned


def with_costs(policies: Grid, charged: Callable[[Costs], Costs]) -> Grid:
    """The same policies at other costs."""
    costs = {name: charged(own) for name, own in policies.costs.items()}
    return replace(policies, costs=costs)
