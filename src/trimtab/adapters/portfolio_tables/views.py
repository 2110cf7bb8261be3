"""What `[target.optimize]` says of expected returns: a word, one's own, the market's and views."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from trimtab.adapters.toml_table import Table, near
from trimtab.model.numbers import fraction_for_percent
from trimtab.targets.moving.ranged import Range
from trimtab.targets.objectives.estimated import EXPECTED
from trimtab.targets.objectives.foreseen import BlackLitterman, Expectation, View

EQUILIBRIUM, VIEWS, GIVEN = "equilibrium", "black-litterman", "given"

GOES_WITH: dict[str, tuple[str, ...]] = {
    "market": (EQUILIBRIUM, VIEWS),
    "market_risk_aversion": (EQUILIBRIUM, VIEWS),
    "tau": (VIEWS,),
    "views": (VIEWS,),
    "returns": (GIVEN,),
}
"""Keys, and the words of `expected` with which they have an effect."""

MUST_HAVE = {
    EQUILIBRIUM: ("market",),
    VIEWS: ("market", "views"),
    GIVEN: ("returns",),
}
EXAMPLES = {
    "market": "market = { us = 60, bonds = 40 }",
    "views": 'views = [{ sleeve = "us", percent = 7, confidence = 60 }]',
    "returns": "returns = { us = 7, bonds = 3 }",
}


def expectation_in(table: Table) -> Callable[[Range], Expectation | None]:
    """What returns are expected, once the sleeves are known; None with problems noted.

    Args:
        table: `[target.optimize]`.
    """
    word = table.choice("expected", (*EXPECTED, EQUILIBRIUM, VIEWS, GIVEN), "compounded")
    before = len(table.problems)
    for key, words in GOES_WITH.items():
        if key in table and word not in words:
            table.value(key)
            wrong = f'it has no effect with expected = "{word}"'
            table.problem(key, wrong, f'remove it, or write expected = "{words[-1]}"')
    lacking = [key for key in MUST_HAVE.get(word, ()) if key not in table]
    if lacking:
        remedy = "write " + " and ".join(EXAMPLES[key] for key in lacking)
        table.problem("expected", f"{word} needs {' and '.join(lacking)}", remedy)
    if word in EXPECTED or len(table.problems) > before:
        table.known.extend(GOES_WITH)
        return lambda tree: word if word in EXPECTED else None
    if word == GIVEN:
        given = table.table("returns")
        returns = {name: _signed(given, name, "7") for name in given.values}
        return lambda tree: _given(given, returns, tree)
    market = table.table("market")
    sizes = {name: market.number(name, "60") for name in market.values}
    aversion = table.number("market_risk_aversion", "2.5", above_zero=True)
    tau = table.number("tau", "0.05", above_zero=True) if word == VIEWS else None
    views = [] if word == EQUILIBRIUM else [_view(one) for one in table.tables("views")]

    def resolved(tree: Range) -> Expectation | None:
        counted = _by_leaf(market, sizes, tree)
        if not sum(counted.values()) > 0.0:
            table.problem("market", "it weighs nothing", f"write {EXAMPLES['market']}")
        found = [one for make in views if (one := make(tree)) is not None]
        if len(table.problems) > before:
            return None
        usual = BlackLitterman()
        return BlackLitterman(
            tuple(found),
            counted,
            usual.risk_aversion if aversion is None else float(aversion),
            usual.tau if tau is None else float(tau),
        )

    return resolved


def _view(table: Table) -> Callable[[Range], View | None]:
    """One view, once the sleeves are known."""
    before = len(table.problems)
    better = table.texts("sleeve", "us")
    worse = table.texts("over", "bonds")
    percent = _signed(table, "percent", "7")
    sure = table.percent("confidence", "60")
    doubt = table.number("doubt_percent", "2")
    for key, is_there in (("sleeve", bool(better)), ("percent", percent is not None)):
        if not is_there and not any(one.key.endswith(key) for one in table.problems[before:]):
            table.problem("", f"it has no {key}", 'write { sleeve = "us", percent = 7 }')
    if sure is not None and doubt is not None:
        table.problem("doubt_percent", "there is a confidence as well", "keep one of them")
    if sure == 0:
        table.problem("confidence", "0 is no view", "remove the view, or be sure of some of it")
    elif sure is not None and (meant := fraction_for_percent(sure)):
        table.problem(
            "confidence", f"{sure} percent is next to none", f"write confidence = {meant}"
        )
    table.finish()
    right = len(table.problems) == before

    def resolved(tree: Range) -> View | None:
        sides = [_leaves(table, key, side, tree) for key, side in
                 (("sleeve", better), ("over", worse))]  # fmt: skip
        names = [*sides[0], *sides[1]]
        if len(set(names)) < len(names):
            wrong = "a sleeve stands twice in this view"
            table.problem("sleeve", wrong, "compare it with another, or leave `over` out")
            return None
        if not right or percent is None or not sides[0]:
            return None
        return View(
            tuple(sides[0]),
            float(percent / 100),
            tuple(sides[1]),
            None if sure is None else float(sure / 100),
            None if doubt is None else float(doubt / 100),
        )

    return resolved


def _leaves(table: Table, key: str, sleeves: tuple[str, ...], tree: Range) -> list[str]:
    """The leaves of some sleeves, cash left out."""
    nodes = {node.name: node for node in tree.walk() if node.name}
    found: list[str] = []
    for name in sleeves:
        node = nodes.get(name)
        leaves = [] if node is None else [leaf.name for leaf in node.leaves() if not leaf.is_cash]
        if not leaves:
            wrong = f"there is no sleeve {name}" if node is None else f"{name} is cash"
            table.problem(key, wrong, near(name, list(nodes)))
        found += leaves
    return found


def _by_leaf(table: Table, sizes: Mapping[str, Decimal | None], tree: Range) -> dict[str, float]:
    """Sizes of leaves; what is said of a leaf that is not there is a problem."""
    leaves = [leaf.name for leaf in tree.leaves() if not leaf.is_cash]
    for name in sizes:
        if name not in leaves:
            wrong = f"there is no sleeve {name} of which returns are estimated"
            table.problem(name, wrong, near(name, leaves))
    return {name: float(size) for name, size in sizes.items() if size is not None}


def _given(
    table: Table, returns: Mapping[str, Decimal | None], tree: Range
) -> dict[str, float] | None:
    """A return for each leaf."""
    found = {name: percent / 100 for name, percent in _by_leaf(table, returns, tree).items()}
    lacking = [leaf.name for leaf in tree.leaves() if not leaf.is_cash and leaf.name not in returns]
    if lacking:
        wrong = f"there is no return for {', '.join(lacking)}"
        table.problem("", wrong, f"write {EXAMPLES['returns']}, one for each sleeve but cash")
    return None if lacking or len(found) < len(returns) else found


def _signed(table: Table, key: str, example: str) -> Decimal | None:
    """Percent a year, which may be below zero."""
    value = table.value(key)
    if value is None:
        return None
    below = isinstance(value, (int, Decimal)) and not isinstance(value, bool) and value < 0
    size = table.as_number((key,), -value if below else value, example, most=Decimal(1000))
    return size if size is None or not below else -size
