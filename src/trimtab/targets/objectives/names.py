"""Names of what an optimised target may be best by, without the optimiser: help is quick."""

from __future__ import annotations

from typing import Literal, get_args

Objective = Literal[
    "min-volatility",
    "max-sharpe",
    "utility",
    "target-return",
    "target-volatility",
    "max-diversification",
    "risk-parity",
    "hrp",
    "min-cvar",
    "min-cdar",
    "robust-utility",
]
OBJECTIVES: tuple[str, ...] = get_args(Objective)

ONLY_FOR: dict[str, tuple[str, ...]] = {
    "risk_aversion": ("utility", "robust-utility"),
    "kappa": ("robust-utility",),
    "uncertainty": ("robust-utility",),
    "wanted": ("target-return", "target-volatility"),
    "confidence": ("min-cvar", "min-cdar"),
}
"""Keys that have an effect with some objectives only."""
