"""How often whole-share plans miss the best there is, and would trade again: tables.

python -m tests.engine.oracles.study [households] [accounts] [nearest|priced]
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from tests.engine.generated import executed
from tests.engine.households import DAY, market
from tests.engine.oracles.tiny import Tiny, household, outcome, traded
from tests.engine.oracles.whole import TooManyError, Weighing, best
from trimtab.engine.decide import decide
from trimtab.engine.mandate import Request
from trimtab.model.market import Market
from trimtab.model.plan import Plan
from trimtab.model.state import State

DUST = 3
"""Cents that rounding each goal to whole cents may cost."""

SIZES = (Fraction(1, 1000), Fraction(1, 200), Fraction(1, 100), Fraction(1, 20))
SESSIONS = 6


@dataclass(frozen=True)
class Row:
    """One household: how far its plan is from the best, as shares of its base.

    Args:
        miss: By which the sum of deviations and cost is larger than the least there is.
        miss_taxed: The same with tax counted, against the least of that.
        shares: The miss in shares of the dearest instrument.
        again: What further looks at unchanged prices would trade, look by look.
        gap: Whether the plan states a gap.
        wider: What the best trades differ in: other instruments, other directions, or neither.
        idle: Whether the plan trades nothing.
    """

    seed: int
    miss: Fraction
    miss_taxed: Fraction
    shares: Fraction
    again: tuple[Fraction, ...]
    gap: bool
    wider: str
    idle: bool


def rows(number: int, accounts: int, *, priced: bool, most: int = 5) -> Iterator[Row]:
    """One row for each of so many random households that can be tried in full."""
    seed = -1
    while number > 0:
        seed += 1
        tiny = household(random.Random(seed), accounts=accounts, most=most, fees=seed % 3 == 0)
        price = tiny.drift_price or Fraction(1, 10) if priced else None
        tiny = replace(tiny, drift_price=price)
        if tiny.base <= 0:
            continue
        try:
            row = _row(seed, tiny)
        except TooManyError:
            continue
        number -= 1
        yield row


def _row(seed: int, tiny: Tiny) -> Row:
    price = tiny.price_of_drift
    nearest = best(tiny, Weighing(price, tax=0))
    cheapest = best(tiny, Weighing(price))
    plan = decide(*tiny.case.arguments)
    mine = outcome(tiny, traded(plan))
    miss = mine.objective(price) - mine.tax - nearest.objective
    miss_taxed = mine.objective(price) - cheapest.objective
    dearest = max(tiny.prices.values())
    base = tiny.base
    return Row(
        seed,
        Fraction(miss) / base if miss > DUST else Fraction(0),
        Fraction(miss_taxed) / base if miss_taxed > DUST else Fraction(0),
        Fraction(miss) / dearest if miss > DUST else Fraction(0),
        tuple(again(tiny, plan)),
        plan.gap != 0,
        _wider(traded(plan), nearest.trades),
        not plan.trades,
    )


def again(tiny: Tiny, plan: Plan) -> Iterator[Fraction]:
    """Turnover of further looks at unchanged prices, a session each, until one trades nothing.

    Asked for with `--now`: by itself a policy leaves alone what nobody touched since.
    """
    case = tiny.case
    day = DAY
    for _ in range(SESSIONS):
        state = executed(case, plan)
        day += timedelta(days=1)
        plan = decide(state, case.mandate, _market(tiny, day), day, Request(now=True))
        if not plan.trades:
            return
        yield Fraction(sum(trade.value for trade in plan.trades), tiny.base)
        case = replace(case, state=State(state.lots, state.cash, state.memory))


def _market(tiny: Tiny, day: object) -> Market:
    prices = {name: str(Decimal(cents) / 100) for name, cents in tiny.prices.items()}
    return market(prices, on=day)  # type: ignore[arg-type]


def _wider(mine: dict[tuple[str, str], int], theirs: object) -> str:
    assert isinstance(theirs, dict)
    signs = {key: shares > 0 for key, shares in mine.items()}
    if any(key in signs and signs[key] != (shares > 0) for key, shares in theirs.items()):
        return "direction"
    return "instruments" if set(theirs) - set(signs) else "neither"


def table(found: Sequence[Row]) -> str:
    """What the rows come to."""
    n = len(found)

    def line(name: str, sizes: Sequence[Fraction]) -> str:
        hits = [size for size in sizes if size > 0]
        above = "  ".join(f"{sum(s > limit for s in hits) / n:6.1%}" for limit in SIZES)
        worst = max(hits, default=Fraction(0))
        mean = float(sum(hits) / len(hits)) if hits else 0.0
        return f"{name:34} {len(hits) / n:6.1%}  {above}  {mean:6.2%}  {float(worst):6.2%}"

    head = "  ".join(f">{float(limit):5.1%}" for limit in SIZES)
    next_day = [row.again[0] if row.again else Fraction(0) for row in found]
    proved = [row.miss for row in found if not row.gap]
    shares = sorted(float(row.shares) for row in found if row.miss)
    wider = Counter(row.wider for row in found if row.miss)
    sessions = Counter(len(row.again) for row in found)
    lines = [
        f"{n} households",
        f"trade nothing: {sum(row.idle for row in found) / n:.1%}",
        f"state a gap: {sum(row.gap for row in found) / n:.1%}",
        f"{'':34}    any  {head}    mean   worst   (of the base)",
        line("further from target than the best", [row.miss for row in found]),
        line("  of those that state no gap", proved),
        line("the same with tax counted", [row.miss_taxed for row in found]),
        line("trades again when asked once more", next_day),
        f"looks that trade again: {dict(sorted(sessions.items()))}",
        f"where it misses, the best needs: {dict(sorted(wider.items()))}",
        "misses in shares of the dearest: "
        + ", ".join(f"{q}% {_at(shares, q):.2f}" for q in (50, 90, 99, 100)),
        f"misses and trades again: {sum(bool(r.miss and r.again) for r in found) / n:.1%}",
        f"best and trades again: {sum(bool(not r.miss and r.again) for r in found) / n:.1%}",
    ]
    return "\n".join(lines) + "\n"


def _at(sizes: Sequence[float], percent: int) -> float:
    return sizes[min(len(sizes) * percent // 100, len(sizes) - 1)] if sizes else 0.0


if __name__ == "__main__":
    number_ = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    accounts_ = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    priced_ = sys.argv[3:] == ["priced"]
    sys.stdout.write(table(list(rows(number_, accounts_, priced=priced_))))
