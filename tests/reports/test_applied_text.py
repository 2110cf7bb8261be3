"""What became of a plan, for its reader: the headline, tickets, and lots on a narrow terminal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.live.folders import folder, opened
from trimtab.adapters.plan_files import load_plan
from trimtab.cli.rehearsal import rehearsed
from trimtab.execution.apply import Applied
from trimtab.model.orders import OrderState
from trimtab.model.plan import Plan
from trimtab.reports.applied_text import applied_json, applied_text, rehearsal_text

LOTS = """\
account,symbol,quantity,acquired,cost_basis,lot
roth,VTI,90,2020-01-02,5000.00,roth-VTI-2020-01-02-that-came-by-transfer
roth,USD,1000.00,,,
taxed,VTI,50,2020-01-02,4000.00,
taxed,BND,20,2020-01-02,1100.00,
taxed,USD,500.00,,,
"""


@pytest.fixture
def waiting(tmp_path: Path) -> tuple[Applied, Plan]:
    """A plan whose tickets wait to be traded."""
    book = opened(folder(tmp_path, roth="manual", taxed="manual", lots=LOTS))
    plan = book.plan(book.as_of())
    return book.apply(plan, by="me"), plan.value


def ended(applied: Applied, *states: OrderState, filled: int = 0) -> Applied:
    """The same plan once its orders ended like that."""
    orders = tuple(
        replace(record, state=state, filled=filled if state is OrderState.CANCELLED else 0)
        for record, state in zip(applied.orders, states, strict=True)
    )
    return replace(applied, status="done", orders=orders, tickets=())


def test_carried_out_is_said_of_a_plan_that_was(waiting: tuple[Applied, Plan]) -> None:
    """A headline does not call a plan carried out whose orders were rejected or cancelled."""
    applied, plan = waiting
    full, none, over = OrderState.FILLED, OrderState.REJECTED, OrderState.CANCELLED
    assert len(applied.orders) == 3

    whole = applied_text(ended(applied, full, full, full), plan, width=200).split("\n")[0]
    short = applied_text(ended(applied, full, none, over), plan, width=200).split("\n")[0]
    partly = applied_text(ended(applied, full, full, over, filled=1), plan, width=200).split("\n")[
        0
    ]

    assert "carried out" in whole
    assert "not all of it was traded" in short
    assert "1 of 3 orders filled  ·  1 rejected  ·  1 cancelled" in short
    assert "carried out" not in short
    assert "1 cancelled after a part of it" in partly


def test_what_is_filled_in_part_so_far_is_counted(waiting: tuple[Applied, Plan]) -> None:
    """A headline says of how many orders one is filled, and how many others are begun."""
    applied, plan = waiting
    begun = [replace(record, filled=1) for record in applied.orders[1:]]
    first = replace(applied.orders[0], state=OrderState.FILLED)

    text = applied_text(replace(applied, orders=(first, *begun)), plan, width=200)

    assert "1 of 3 orders filled so far  ·  2 filled in part" in text.split("\n")[0]


def test_a_ticket_names_the_planned_price_beside_its_limit(waiting: tuple[Applied, Plan]) -> None:
    """Whoever trades by hand sees at what price it was planned, with cents; so does a program."""
    applied, plan = waiting

    text = applied_text(applied, plan)
    rows = [line.split() for line in text.split("\n") if line.split()[:2] == ["sell", "VTI"]]
    told = applied_json(applied, plan)["orders"]

    assert "planned at" in text
    assert rows[0][4] == "260.00"
    assert {row["planned_price"] for row in told if row["instrument"] == "VTI"} == {"260.00"}


@pytest.mark.parametrize("width", [60, 80])
def test_lot_ids_are_whole_on_a_narrow_terminal(tmp_path: Path, width: int) -> None:
    """Where a column has no room for it, an id stands below in one piece."""
    path = folder(tmp_path, roth="manual", taxed="manual", lots=LOTS)
    book = opened(path)
    saved = load_plan(book.plan(book.as_of()).save())

    text = rehearsal_text(rehearsed(book, saved), saved.plan, width=width)

    assert "roth-VTI-2020-01-02-that-came-by-transfer" in text
    assert max(len(line) for line in text.split("\n")) <= width
