"""What a picture of the frontier shows, whatever draws it: names, curves, layers, places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trimtab.model.frozen import dataclass
from trimtab.reports.frontier_text import marked_points

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.objectives.front import Front, Point

    Floats = NDArray[np.float64]

LAYERS = 8
"""Names that the picture of the weights tells apart, the others together as the last of them."""

LABELS = 24
"""Instruments whose names stand beside their dots; of more only those that are held anywhere."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """The numbers of a picture.

    Args:
        returns, volatilities: Of the points of the frontier, by rising return.
        layers: Name and weights along the frontier, the largest first; none is below zero.
        marks: Named points, in the order in which they are drawn.
        labelled: The instruments whose names are shown.
        left, right, bottom, top: What is in the picture: volatilities and returns.
    """

    returns: Floats
    volatilities: Floats
    layers: tuple[tuple[str, Floats], ...]
    marks: tuple[tuple[str, Point], ...]
    labelled: frozenset[str]
    left: float
    right: float
    bottom: float
    top: float


def drawing(front: Front) -> Drawing:
    """The numbers of a picture of a frontier."""
    import numpy as np

    returns = np.array([one.expected_return for one in front.points])
    volatilities = np.array([one.volatility for one in front.points])
    weights = np.array([one.weights for one in front.points])
    held = weights.mean(axis=0)
    order = [int(i) for i in np.argsort(-held, kind="stable") if held[i] > 1e-6]
    shown = order if len(order) <= LAYERS else order[: LAYERS - 1]
    layers = [(front.symbols[i], np.maximum(weights[:, i], 0.0)) for i in shown]
    if len(order) > len(shown):
        rest = np.maximum(weights[:, order[len(shown) :]], 0.0).sum(axis=1)
        layers.append((f"{len(order) - len(shown)} others", rest))
    marks = [("least volatility", front.least_volatility), *marked_points(front)]
    everyone = front.symbols if len(front.symbols) <= LABELS else [front.symbols[i] for i in order]
    across = [*volatilities, *front.volatility, *(one.volatility for _, one in marks)]
    upward = [*returns, *front.expected, *(one.expected_return for _, one in marks)]
    low, high = min(upward), max(upward)
    wide, tall = max(across) - min(across), high - low
    return Drawing(
        returns,
        volatilities,
        tuple(layers),
        tuple(marks),
        frozenset(everyone[:LABELS]),
        max(min(across) - 0.14 * wide, 0.0),  # room for the name of the calmest point
        max(across) + 0.08 * wide,
        low - 0.06 * tall,
        high + 0.06 * tall,
    )
