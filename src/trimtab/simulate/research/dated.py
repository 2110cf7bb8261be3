"""Targets made from prices, made once for all who share them: weights by the day they hold from.

A sweep runs many policies with the same target, and what it is on a day follows from the prices
until then, whoever asks. So it is made on every session at which one of them looks, from a view of
what was known at its close, and each policy then runs as with weights that are given by date.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from trimtab.model.errors import InputError, Problem
from trimtab.model.instruments import CASH
from trimtab.model.policy import When
from trimtab.simulate.prices.history import PriceHistory, day_of
from trimtab.simulate.prices.views import Views
from trimtab.simulate.research.aims import GivenTarget, MadeTarget, read_target
from trimtab.simulate.research.broken import struck
from trimtab.simulate.research.found_aim import for_breakdown
from trimtab.simulate.research.panel import shared_history
from trimtab.simulate.research.rules import Rules
from trimtab.simulate.research.run_columns import looks_of
from trimtab.simulate.research.settings import chosen

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.simulate.frames import Floats


def dated(
    prices: PriceHistory,
    target: MadeTarget,
    name: str,
    *,
    source: object,
    whens: Sequence[When],
    rules: Rules,
    on_found: Callable[[int, int], None] | None = None,
) -> GivenTarget:
    """The target as weights by date, from the first session at which it can be carried out.

    Args:
        prices: All prices; each making sees those until its session.
        target: What makes it.
        name: What it is called, for messages.
        source: The same as the policies were given it.
        whens: When the policies look that share it: it is made then, and with `breakdown` on the
            days on which correlations broke.
        rules: What is the same for all of them; of `trade_at` and `start`.
        on_found: Called after each making with how many sessions are done, and of how many.

    Raises:
        InputError: It can never be made, or depends on what a policy holds.
    """
    import numpy as np

    panel, _ = shared_history(
        prices, [target], start=None, end=rules.end, cash_rate=rules.cash_rate,
        accept_jumps=rules.accept_jumps, gaps=rules.gaps,
    )  # fmt: skip
    risky = tuple(symbol for symbol in panel.symbols if symbol != CASH)
    known, columns = chosen(panel, risky), (*risky, CASH)
    lag = 0 if rules.trade_at == "close" else 1
    decide = max(target.warmup if rules.warmup is None else rules.warmup, 1) - 1
    if rules.start is not None:
        opening = int(np.searchsorted(panel.dates, np.datetime64(rules.start, "D")))
        decide = max(decide, opening - lag)
    views, weights = Views(known), None
    while decide + lag < len(panel) - 1:
        weights = target.make(_unheld(views.at(decide), name))
        if weights is not None:
            break
        decide += 1
    if weights is None:
        wrong = f"it could be made on none of {len(panel)} sessions"
        raise InputError([_problem(name, wrong, "give more prices")])
    rows: list[Floats] = [_row(weights, columns, name)]
    days = [day_of(panel.dates[decide + lag])]
    looks = _looks(whens, panel, every=rules.flows is not None)
    breaks = np.zeros(len(panel), dtype=np.bool_)
    if any(when.breakdown for when in whens):
        found = struck(source, known.symbols, prices, panel.dates)
        # On the first session of each: who has acted since acts no more.
        breaks = (found.at >= 0) & (np.diff(found.at, prepend=-1) != 0)
    sessions = [int(s) for s in np.flatnonzero(looks | breaks) if s > decide]
    made_on = None
    for done, session in enumerate(sessions, start=1):
        if on_found is not None:
            on_found(done, len(sessions))
        if target.found_on is not None:
            on = target.found_on(day_of(panel.dates[session]))
            # The same until the next one is found, whoever looks.
            if on == made_on and not breaks[session]:
                continue
            made_on = on
        weights = target.make(_unheld(views.at(session), name))
        # What knows nothing new keeps the target that it gave last.
        if weights is None:
            continue
        row = _row(weights, columns, name)
        if not np.array_equal(row, rows[-1]):
            rows.append(row)
            days.append(day_of(panel.dates[session]))
    table = np.array(rows)
    kept = len(columns) if table[:, -1].any() else len(risky)
    shares = tuple(map(tuple, table[:, :kept].tolist()))
    return GivenTarget(columns[:kept], shares, tuple(days), is_made=True, source=source)


def dated_by(
    prices: PriceHistory,
    target: object,
    name: str,
    *,
    whens: Sequence[When],
    rules: Rules,
    on_found: Callable[[int, int], None] | None = None,
) -> dict[bool, GivenTarget]:
    """What the policies hold that share a target: who acts on broken correlations, and who not.

    Args:
        prices, name, on_found: As for `dated`.
        target: As the policies were given it.
        whens: When each looks.
        rules: What is the same for all of them.

    Raises:
        InputError: As for `dated`.
    """
    found = {}
    for breaks in {when.breakdown for when in whens}:
        source = for_breakdown(target) if breaks else target
        aim = read_target(source, name, short=rules.short)
        if isinstance(aim, MadeTarget):
            own = [when for when in whens if when.breakdown == breaks]
            aim = dated(prices, aim, name, source=source, whens=own, rules=rules, on_found=on_found)
        found[breaks] = aim
    return found


def _looks(whens: Sequence[When], panel: PriceHistory, *, every: bool) -> NDArray[np.bool_]:
    """The sessions at which any of them looks; all where money comes and goes."""
    import numpy as np

    if every:
        return np.ones(len(panel), dtype=np.bool_)
    found: NDArray[np.bool_] = np.logical_or.reduce([looks_of(when, panel)[0] for when in whens])
    return found


def _row(weights: Mapping[str, float], columns: Sequence[str], name: str) -> Floats:
    import numpy as np

    unknown = [symbol for symbol in weights if symbol not in columns]
    if unknown:
        wrong = f"it names {unknown[0]}, which has no prices"
        raise InputError([_problem(name, wrong, "name symbols that have prices, or CASH")])
    return np.array([weights.get(symbol, 0.0) for symbol in columns])


def _unheld(view: PriceHistory, name: str) -> PriceHistory:
    from dataclasses import replace

    return replace(view, held=_Unheld(name), worth=_Unvalued(name))


def _depends(name: str) -> InputError:
    wrong = "it depends on what is held, which differs between the policies that share it"
    return InputError([_problem(name, wrong, "run them by `backtest`, one after the other")])


class _Unvalued(float):
    """What a policy is worth, where several share a target: no number, refused as a fraction."""

    name: str

    def __new__(cls, name: str) -> _Unvalued:
        made = super().__new__(cls, "nan")
        made.name = name
        return made

    def as_integer_ratio(self) -> tuple[int, int]:
        raise _depends(self.name)


class _Unheld(Mapping[str, float]):
    """What is held, where policies share a target and hold different things."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __getitem__(self, symbol: str) -> float:
        raise _depends(self.name)

    def __iter__(self) -> Iterator[str]:
        raise _depends(self.name)

    def __len__(self) -> int:
        raise _depends(self.name)


def _problem(name: str, wrong: str, remedy: str) -> Problem:
    return Problem(f'policy "{name}"', None, "target", wrong, remedy)
