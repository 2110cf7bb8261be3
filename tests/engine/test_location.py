"""What the preference for an account costs in nearness to the target."""

from __future__ import annotations

import random
from decimal import Decimal

from tests.engine.households import DAY, account, lot, mandate, market, state, tree
from trimtab.engine.decide import decide
from trimtab.model.instruments import Instrument

LOCATIONS = (None, ["whole"], ["fine"])


def away(seed: int, location: list[str] | None) -> tuple[float, int]:
    """How far a household ends from its target, in cents, and the dearest share's price.

    One account buys whole shares, the other thousandths of funds for the same two sleeves.
    """
    r = random.Random(seed)
    cents = {name: r.randint(2_000, 60_000) for name in ("A-ETF", "B-ETF")}
    cents |= {name: r.randint(1_000, 3_000) for name in ("A-FUND", "B-FUND")}
    steps = {name: Decimal("0.001" if name.endswith("FUND") else "1") for name in cents}
    accounts = [account("whole", "roth", menu=("A-ETF", "B-ETF")),
                account("fine", "traditional", menu=("A-FUND", "B-FUND"))]  # fmt: skip
    lots = [
        lot(place.id, name, r.randint(1, 60) * int(1 / steps[name]))
        for place in accounts
        for name in place.menu or ()
    ]
    cash = {place.id: str(r.randint(0, 20_000)) for place in accounts}
    percent = r.randint(20, 80)
    leaves = {"A": (percent, ["A-ETF", "A-FUND"]), "B": (100 - percent, ["B-ETF", "B-FUND"])}
    places = {} if location is None else dict.fromkeys(leaves, location)
    mandate_ = mandate(
        tree(leaves, location=places),
        accounts=accounts,
        instruments=[Instrument(name, step=step) for name, step in steps.items()],
    )
    prices = market({name: str(Decimal(price) / 100) for name, price in cents.items()})
    plan = decide(state(lots, **cash), mandate_, prices, DAY)
    base = sum(row.value_after for row in plan.sleeves) + sum(plan.cash_after.values())
    return float(plan.drift_after["household"] * base), max(cents.values())


def test_where_a_sleeve_prefers_to_lie_costs_less_than_a_share() -> None:
    """Another account might end nearer by its finer steps, but never by a whole share."""
    for seed in range(40):
        ends = [away(seed, location) for location in LOCATIONS]

        assert max(end for end, _ in ends) - min(end for end, _ in ends) < ends[0][1], seed
