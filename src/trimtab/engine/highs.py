"""HiGHS on a programme of several goals, one after the other; and what it could not do, said.

A later goal gives up a hair of an earlier one at most. HiGHS may stop at its limit, and may end
without an answer, for numbers that it cannot handle or for another reason: that is told, not
raised, so that the decision can go another way.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from math import ceil, floor, isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    from highspy import _core

ENDLESS = 1e12
"""More units of money than can be spent."""

NODE_LIMIT = 2_000
"""Nodes of a search at most, for any goal: a count and not a time, the same everywhere."""

FIRST_WORK = 500_000
LATER_WORK = 120_000
"""Nodes times the square of the yes-or-no columns: what a search for the usual goals, and for a
choice among its answers, may take. It is a few tenths of a second; few columns end long before."""

FEWEST_NODES = 40
"""Nodes that a search for the usual goals has at least, however many columns there are."""

CENT = 0.004
"""Units of money by which an answer may miss the best without a word: less than half a cent."""

TOLERANCE = 1e-9
"""Units of money by which a row may be missed; more where floats hold no more digits."""

EXACT = 1e-6
"""The same where the unit is not money, as HiGHS has it."""

PART = 1e-6
"""The part of a yes that is none."""

DIGITS = 1e-15
"""What that is, at least, as a share of the largest amount."""

SLACK = 1e-8
"""How much of an earlier goal a later one may give up, relative and at least in units of money."""

PLAIN = {
    "mip_heuristic_effort": 0.0,
    "mip_heuristic_run_root_reduced_cost": False,
    "mip_heuristic_run_rens": False,
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_feasibility_jump": False,
    "mip_pscost_minreliable": 1,
    "mip_allow_restart": False,
}
"""How to search from an answer that is known: what looks for a first one is left out."""

BETTERED = {"mip_heuristic_run_rins": True, "mip_heuristic_effort": 0.05}
"""What betters a rough start, by searches around it."""

GOALS = ("fewest", "first", "second", "third")
"""The names of goals in their order; a programme need not have all of them."""

NEEDED = ("fewest", "first")
"""Goals whose failure is told: the others only choose among answers of equal worth."""


@dataclass
class Programme:
    """Columns and rows as they grow; one list a property.

    `last` are columns whose yes wants all of something else: a part of it is a no. Of two `rivals`
    one is a no.
    """

    costs: dict[str, list[float]] = field(default_factory=dict)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    rows: list[tuple[float, float, list[int], list[float]]] = field(default_factory=list)
    last: set[int] = field(default_factory=set)
    rivals: list[tuple[int, int]] = field(default_factory=list)

    def column(
        self, low: float, high: float, costs: Mapping[str, float], *, whole: bool = False
    ) -> int:
        """Add a variable with its price in each goal; returns its number."""
        self.low.append(low)
        self.high.append(high)
        self.whole.append(whole)
        number = len(self.low) - 1
        for goal, cost in costs.items():
            self.costs.setdefault(goal, []).extend(
                [0.0] * (number - len(self.costs.setdefault(goal, [])))
            )
            self.costs[goal].append(cost)
        return number

    def row(self, low: float, high: float, cells: Sequence[tuple[int, float]]) -> None:
        """Add a constraint low <= sum of cells <= high."""
        self.rows.append((low, high, [c for c, _ in cells], [f for _, f in cells]))

    @property
    def largest(self) -> float:
        """The largest amount of money in a row."""
        bounds = (abs(bound) for low, high, _, _ in self.rows for bound in (low, high))
        limits = (high for high in self.high if high < ENDLESS)
        return max((x for x in (*bounds, *limits) if x < ENDLESS), default=0.0)

    def prices(self, goal: str) -> list[float]:
        """The price of every variable in one goal."""
        known = self.costs.get(goal, [])
        return known + [0.0] * (len(self.low) - len(known))


@dataclass(frozen=True, slots=True)
class Answer:
    """What HiGHS found.

    Args:
        values: By column; empty where it found nothing at all.
        gaps: By goal that was solved: how far it may be from the best, in the goal's own unit.
        trouble: By goal that ended without an answer: how.
    """

    values: list[float]
    gaps: dict[str, float]
    trouble: dict[str, str]


def lexicographic(programme: Programme) -> Answer:
    """Solve goal after goal, each within a hair of the ones before and from where it ended."""
    found = Answer([], {}, {})
    try:
        highs = load_highs()
        solver = _solver(highs, max(TOLERANCE, DIGITS * programme.largest))
    except (ImportError, OSError, RuntimeError) as error:
        found.trouble["first"] = _said(error)
        return found
    for goal in GOALS:
        prices = programme.prices(goal)
        if goal != "first" and not any(prices):
            continue
        try:
            whole = sum(programme.whole)
            solver.setOptionValue("mip_max_nodes", _nodes(goal, whole))
            solver.setOptionValue("mip_abs_gap", CENT if goal == "first" else EXACT)
            start, options = found.values, PLAIN
            if goal == "first" and whole and not start:
                start, options = _rough(highs, solver, programme, prices), {**PLAIN, **BETTERED}
            solution, gap = _solve(highs, solver, programme, prices, start, options)
        except (_NoAnswer, RuntimeError, ValueError, TypeError) as error:
            # A later goal may fail by a rounding, and is left.
            if goal in NEEDED:
                found.trouble[goal] = _said(error)
            break
        found.values[:] = solution
        found.gaps[goal] = gap if any(programme.whole) else 0.0
        _keep(programme, prices, solution, counts=goal == "fewest")
    return found


def _nodes(goal: str, whole: int) -> int:
    """How many nodes the search for a goal may take, with so many yes or no."""
    if goal == "fewest":
        return NODE_LIMIT
    work = FIRST_WORK if goal == "first" else LATER_WORK
    return min(max(work // max(whole * whole, 1), FEWEST_NODES), NODE_LIMIT)


def _rough(
    highs: ModuleType, solver: _core._Highs, programme: Programme, prices: Sequence[float]
) -> list[float]:
    """An answer to start from: one with parts of a yes, each made a whole one or a no.

    HiGHS works out the amounts to it anew. Nothing where there is none.
    """
    parts = replace(programme, whole=[False] * len(prices))
    _pass(highs, solver, parts, prices)
    solver.run()
    if solver.getModelStatus() != highs.HighsModelStatus.kOptimal:
        return []
    found = list(solver.getSolution().col_value)
    for one, other in programme.rivals:
        found[one if found[one] < found[other] else other] = 0.0
    for column, is_whole in enumerate(programme.whole):
        if is_whole:
            part = found[column]
            found[column] = float(
                floor(part + PART) if column in programme.last else ceil(part - PART)
            )
    return found


def _keep(
    programme: Programme, prices: Sequence[float], solution: Sequence[float], *, counts: bool
) -> None:
    """A row by which later goals give up no more than a hair of what this one reached.

    Where it counts and nothing but the count is left of it, it is kept as a whole number, and
    nothing of the rest may come back: the search cuts deeper with whole numbers.
    """
    cells = [(c, p) for c, p in enumerate(prices) if p]
    rest = [c for c, _ in cells if not programme.whole[c]]
    reached = sum(p * solution[c] for c, p in cells)
    most = reached + SLACK * max(1.0, abs(reached))
    if counts and all(solution[c] <= TOLERANCE for c in rest):
        for c in rest:
            programme.high[c] = max(solution[c], 0.0)
        cells = [(c, p) for c, p in cells if programme.whole[c]]
        most = float(round(sum(p * solution[c] for c, p in cells)))
    programme.row(-float("inf"), most, cells)


class _NoAnswer(Exception):
    """HiGHS ended without an answer; the message is the status that it gives."""


def _said(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _solve(
    highs: ModuleType,
    solver: _core._Highs,
    programme: Programme,
    prices: Sequence[float],
    known: Sequence[float],
    options: Mapping[str, float | bool],
) -> tuple[list[float], float]:
    """The values of one goal, and how far they may be from its best; from what is known, if any."""
    if not known:
        _pass(highs, solver, programme, prices)
    elif any(programme.whole):
        _pass(highs, solver, programme, prices)
        start = highs.HighsSolution()
        start.col_value = list(known)
        solver.setSolution(start)
        for option, value in options.items():
            solver.setOptionValue(option, value)
    else:
        basis = solver.getBasis()
        _pass(highs, solver, programme, prices)
        if basis.valid:
            basis.row_status = [*basis.row_status, highs.HighsBasisStatus.kBasic]
            solver.setBasis(basis)
        # Started from a basis, HiGHS takes the programme as it is written.
        solver.setOptionValue("simplex_scale_strategy", 0)
    solver.run()
    status, info = solver.getModelStatus(), solver.getInfo()
    solution = list(solver.getSolution().col_value)
    usable = status == highs.HighsModelStatus.kOptimal or (
        status == highs.HighsModelStatus.kSolutionLimit
        and info.primal_solution_status == int(highs.SolutionStatus.kSolutionStatusFeasible)
    )
    if not usable:
        raise _NoAnswer(str(status).rpartition(".k")[2])
    if len(solution) != len(prices) or not all(map(isfinite, solution)):
        raise _NoAnswer("no finite numbers")
    bound = info.mip_dual_bound
    if min(prices) >= 0.0:  # what is not known yet of the best: it is no less than nothing
        bound = max(bound, 0.0)
    return solution, max(info.objective_function_value - bound, 0.0)


def _solver(highs: ModuleType, tolerance: float) -> _core._Highs:
    """HiGHS with one thread and a limit in nodes, not in time: the same answer everywhere."""
    solver: _core._Highs = highs._Highs()
    for option, value in (
        ("output_flag", False),
        ("threads", 1),
        ("random_seed", 1),
        ("mip_max_nodes", NODE_LIMIT),
        ("mip_rel_gap", 1e-9),
        ("mip_feasibility_tolerance", tolerance),
        ("primal_feasibility_tolerance", tolerance),
        ("dual_feasibility_tolerance", tolerance),
    ):
        solver.setOptionValue(option, value)
    return solver


def _pass(
    highs: ModuleType, solver: _core._Highs, programme: Programme, prices: Sequence[float]
) -> None:
    """Hand over the programme with the prices of one goal.

    Rows come first, empty, then columns and cells one by one: what takes arrays needs numpy.
    """
    frame = highs.HighsLp()
    frame.num_row_ = frame.a_matrix_.num_row_ = len(programme.rows)
    frame.row_lower_ = [low for low, _, _, _ in programme.rows]
    frame.row_upper_ = [high for _, high, _, _ in programme.rows]
    solver.passModel(frame)
    cells: list[list[tuple[int, float]]] = [[] for _ in prices]
    for row, (_, _, columns, factors) in enumerate(programme.rows):
        for column, factor in zip(columns, factors, strict=True):
            cells[column].append((row, factor))
    for column, price in enumerate(prices):
        solver.addVar(programme.low[column], programme.high[column])
        if price:
            solver.changeColCost(column, price)
        if programme.whole[column]:
            solver.changeColIntegrality(column, highs.HighsVarType.kInteger)
        for row, factor in cells[column]:
            solver.changeCoeff(row, column, factor)


def load_highs() -> ModuleType:
    """HiGHS without its package, which brings numpy in: that takes longer than all of a plan."""
    name = "highspy._core"
    if name not in sys.modules:
        package = PathFinder.find_spec("highspy")
        if package is None:
            raise ImportError("highspy is not installed")
        spec = PathFinder.find_spec(name, package.submodule_search_locations)
        if spec is None or spec.loader is None:
            raise ImportError(f"{name} is missing")
        module = module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]
