"""The engine's stages up to the trade, run on a tiny household."""

from __future__ import annotations

from tests.engine.oracles.money import Money
from tests.engine.oracles.tiny import Tiny
from trimtab.engine.aim import Aim, aims
from trimtab.engine.destination import destination
from trimtab.engine.problem import Problem, problem
from trimtab.engine.trade import Changes, changes
from trimtab.engine.value import valuation


def written(tiny: Tiny) -> tuple[Problem, Aim]:
    """The trade problem of a household that is to go to its target, and its aim."""
    state, mandate, market, day, request = tiny.case.arguments
    value = valuation(state, mandate, market, request)
    [aim] = aims(mandate, value, request)
    goals = destination(aim, "full", mandate, state, request)
    written_ = problem(
        aim, goals, mandate=mandate, value=value, state=state, request=request, as_of=day
    )
    return written_, aim


def in_money(tiny: Tiny) -> tuple[Money, Changes]:
    """What the engine would trade before whole steps, with all that it says about it."""
    problem_, aim = written(tiny)
    found = changes(problem_, tiny.case.mandate, aim)
    money = {
        (holding.account_id, holding.instrument): change
        for holding, change in zip(problem_.holdings, found.money, strict=True)
    }
    return money, found
