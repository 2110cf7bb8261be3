"""The efficient frontier as text for a terminal, and for programs."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from trimtab.reports.findings_text import findings_text
from trimtab.reports.foreseen_text import foreseen_blocks
from trimtab.reports.layout import FULL, Column, Look, headline, paragraph, stacked, table
from trimtab.reports.plan_json import findings_json
from trimtab.reports.words import counted
from trimtab.targets.objectives.foreseen import foreseen_dict

if TYPE_CHECKING:
    from trimtab.simulate.prices.history import PriceHistory
    from trimtab.targets.objectives.front import Front, Point

ROWS = 9
"""Points of the frontier that are told; the JSON has all."""

NAMED = 5
"""Weights that a row names before it counts the rest."""

LEAST_SHOWN = 0.0005

MIND = (
    "The frontier fits the past, errors of the estimates included: what lies on it was best, and "
    "is not what will be. docs/optimise.md says how to test it."
)


def frontier_text(
    front: Front,
    prices: PriceHistory,
    *,
    understood: str = "",
    width: int = 100,
    look: Look = FULL,
) -> str:
    """Points along the frontier, those that matter named, and where the portfolio stands.

    `understood` says how the numbers that were asked for were read.
    """
    head = headline(
        (
            "Efficient frontier",
            counted(len(front.instruments), "instrument"),
            f"{prices.dates[0]} to {prices.dates[-1]}",
        ),
        width=width,
        look=look,
    )
    columns = (
        Column("point", room="name"),
        Column("return", align="right"),
        Column("volatility", align="right"),
        Column("sharpe", align="right"),
        Column("weights", room="text"),
    )
    rows = [
        (
            name,
            f"{one.expected_return:.2%}",
            f"{one.volatility:.2%}",
            f"{one.sharpe:.2f}",
            weights_words(front, one),
        )
        for name, one in named_points(front)
    ]
    read = [paragraph("Read as", [understood], width=width, look=look)] if understood else []
    blocks = [head, *read, table(columns, rows, width=width, look=look)]
    stands = standing(front)
    if stands:
        blocks.append(paragraph("Now", [stands], width=width, look=look))
    if front.tolerated is not None:
        point, how = front.tolerated
        told = f"{how} That is {weights_words(front, point)}."
        blocks.append(paragraph("Tolerance", [told], width=width, look=look))
    if front.foreseen is not None:
        blocks += foreseen_blocks(front.foreseen, width=width, look=look)
    blocks.append(paragraph("Mind", [MIND], width=width, look=look))
    blocks.append(findings_text(front.findings, width=width, look=look, explain=True))
    return stacked(blocks)


def standing(front: Front) -> str:
    """Where the portfolio stands beside the frontier, in a sentence; empty where that is unknown.

    Under limits it may stand above the frontier, being outside them.
    """
    now, calm, rich = front.current, front.as_calm, front.as_rich
    if now is None or calm is None:
        return ""
    told = (
        f"The portfolio is expected to return {now.expected_return:.2%} a year at "
        f"{now.volatility:.2%} volatility."
    )
    more = calm.expected_return - now.expected_return
    less = 1.0 if rich is None else now.volatility - rich.volatility
    if calm.volatility > now.volatility + 1e-6:
        told += (
            " It is calmer than anything within the limits: "
            f"the least volatility there is {calm.volatility:.2%}."
        )
    elif more < -1e-6:
        told += " That is more than anything within the limits returns at that volatility."
    elif more < 1e-4 and less < 1e-4:
        told += " That is on the frontier."
    else:
        told += f" At that volatility the frontier returns {calm.expected_return:.2%}"
        if rich is None:
            least = front.least_volatility
            told += (
                f". The portfolio returns less than the least-volatility point, which returns "
                f"{least.expected_return:.2%} at {least.volatility:.2%} volatility"
            )
        elif rich.expected_return >= now.expected_return - 1e-6:
            told += f"; at that return it has {rich.volatility:.2%} volatility"
        told += "."
    return told


def weights_words(front: Front, point: Point) -> str:
    """The largest weights of a point, as `AGG 61%, SPY 39%`."""
    pairs = zip(front.symbols, point.weights.tolist(), strict=True)
    held = sorted(
        ((symbol, weight) for symbol, weight in pairs if abs(weight) >= LEAST_SHOWN),
        key=lambda pair: (-pair[1], pair[0]),
    )
    told = [f"{symbol} {weight:.1%}" for symbol, weight in held[:NAMED]]
    if len(held) > NAMED:
        rest = sum(weight for _, weight in held[NAMED:])
        told.append(f"{len(held) - NAMED} more {rest:.1%}")
    return ", ".join(told)


def named_points(front: Front) -> list[tuple[str, Point]]:
    """Points with their names, by rising return."""
    last = len(front.points) - 1
    places = sorted({round(k * last / (ROWS - 1)) for k in range(ROWS)})
    told = [("", front.points[place]) for place in places]
    told[0] = ("least volatility", front.least_volatility)
    if last > 0:
        told[-1] = ("most return", front.points[-1])
    told.extend(marked_points(front))
    return sorted(told, key=lambda one: (one[1].expected_return, one[0] == ""))


def frontier_json(front: Front, prices: PriceHistory, *, understood: str = "") -> dict[str, Any]:
    """The frontier for programs: everything, as fractions."""

    def told(point: Point | None) -> dict[str, Any] | None:
        if point is None:
            return None
        weights = dict(zip(front.symbols, map(float, point.weights), strict=True))
        return {
            "expected_return": point.expected_return,
            "volatility": point.volatility,
            "sharpe": _number(point.sharpe),
            "weights": weights,
            "status": point.status,
            "gap": _number(point.gap),
            "solver": point.solver or None,
            "attempts": [
                {"solver": one.solver, "status": one.status, "gap": _number(one.gap)}
                for one in point.attempts
            ],
        }

    alone = zip(front.symbols, front.expected.tolist(), front.volatility.tolist(), strict=True)
    return {
        "points": [told(one) for one in front.points],
        "min_volatility": told(front.least_volatility),
        "max_sharpe": told(front.best_sharpe),
        "current": told(front.current),
        "target": told(front.target),
        "at_current_volatility": told(front.as_calm),
        "at_current_return": told(front.as_rich),
        "tolerated": None
        if front.tolerated is None
        else {**(told(front.tolerated[0]) or {}), "how": front.tolerated[1]},
        "instruments": {
            symbol: {"expected_return": gained, "volatility": volatility}
            for symbol, gained, volatility in alone
        },
        "risk_free": front.risk_free,
        "understood": understood,
        "foreseen": None if front.foreseen is None else foreseen_dict(front.foreseen),
        "first": str(prices.dates[0]),
        "last": str(prices.dates[-1]),
        "sessions": len(prices.dates),
        "findings": findings_json(front.findings),
    }


def _number(value: float) -> float | None:
    return value if isfinite(value) else None


def marked_points(front: Front) -> list[tuple[str, Point]]:
    """The points that a reader looks for besides the ends, each with its name."""
    points = (
        ("best Sharpe", front.best_sharpe),
        ("now", front.current),
        ("target", front.target),
        ("tolerated", None if front.tolerated is None else front.tolerated[0]),
        ("found", front.found),
    )
    return [(name, point) for name, point in points if point is not None]
