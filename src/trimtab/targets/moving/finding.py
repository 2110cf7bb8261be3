"""What a rule found on one day: a tree with exact shares, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal
from typing import TYPE_CHECKING

from trimtab.model import findings as told
from trimtab.model.found import Estimates
from trimtab.model.frozen import dataclass
from trimtab.model.outlook import Outlook
from trimtab.model.sleeves import Sleeve

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.objectives.asked import Optimised

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found on one day.

    Args:
        tree: The tree with exact shares; None where there is none.
        failure: Then, why, in a sentence.
        estimates: What it was found from.
        returns, volatilities: A year's, expected of each leaf.
        limits: Which limit a leaf is at, in words.
        findings: What else is to be said.
        why: In a sentence, why the shares are what they are, where a rule scales them.
        outlook: The estimates themselves, for triggers that weigh them.
        best: What an optimiser found, with the exact shares of leaves that are not money, and with
            figures of the whole portfolio; None where none was asked.
    """

    tree: Sleeve | None
    failure: str = ""
    estimates: Estimates | None = None
    returns: Mapping[str, Decimal | None] = field(default_factory=dict)
    volatilities: Mapping[str, Decimal | None] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[told.Finding, ...] = ()
    why: str = ""
    outlook: Outlook | None = None
    best: Optimised | None = None
