"""What stands under the sleeves of status and plan: with it the money adds up to all there is."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from tests.engine.households import DAY, lot, mandate, market, state, tree
from trimtab.engine.decide import decide
from trimtab.engine.mandate import Request
from trimtab.model.instruments import Instrument
from trimtab.reports.plan_text import plan_text
from trimtab.reports.status import status_of
from trimtab.reports.status_text import status_text

PRICES = market({"US": "100", "BND": "80", "OLD": "7"})
LOTS = [lot("brokerage", "US", 80), lot("brokerage", "BND", 25), lot("brokerage", "OLD", 100)]
MONEY = re.compile(r"-?[\d,]+\.\d\d(?!\S)")


def amounts(text: str, head: str) -> list[list[Decimal]]:
    """The amounts of money in each row of the table of sleeves."""
    lines = text.split("\n")
    start = next(i for i, line in enumerate(lines) if line.strip().startswith(head))
    table = lines[start + 1 : lines.index("", start)]
    return [[Decimal(found.replace(",", "")) for found in MONEY.findall(row)] for row in table]


@pytest.mark.parametrize("weights", [{"US": 60, "BND": 40}, {"US": 55, "BND": 40, "CASH": 5}])
@pytest.mark.parametrize("buffer", [0, 50_000, 500_000])
def test_sleeves_cash_and_buffer_add_up(weights: dict[str, int], buffer: int) -> None:
    """Cash without a sleeve, what no sleeve names, and the buffer, which no percentage counts."""
    book = state(LOTS, brokerage="1234.56")
    policy = mandate(
        tree(weights), instruments=[Instrument("OLD")], when="monthly", cash_buffer=buffer
    )
    plan = decide(book, policy, PRICES, DAY)
    status = status_of(plan, state=book, mandate=policy, market=PRICES)

    text = status_text(status)

    rows = amounts(text, "sleeve")
    assert sum(row[-1] for row in rows) == Decimal("11934.56")
    assert sum(one.value for of in status.beside.values() for one in of) > 0
    assert ("(cash buffer)" in text) is (buffer > 0)
    assert ("(cash) " in text) is ("CASH" not in weights)
    assert "(in no sleeve)" in text


@pytest.mark.parametrize("flow", [Request(), Request(deposits={"brokerage": 70_000})])
def test_the_sleeves_of_a_plan_add_up_before_and_after(flow: Request) -> None:
    """All cash stands below them, the buffer in it; costs and flows are all that is missing."""
    book = state(LOTS[:2], brokerage="1234.56")
    policy = mandate(tree({"US": 60, "BND": 40}), when="monthly", cash_buffer=50_000)
    plan = decide(book, policy, PRICES, DAY, flow)

    rows = amounts(plan_text(plan, explain=True), "sleeve")

    before, after = (sum(row[place] for row in rows) for place in (0, 1))
    came = Decimal(sum(plan.flows.values()) - plan.cost).scaleb(-2)
    assert before == Decimal("11234.56")
    assert after == before + came
