"""What is held on a day, by sleeve: for targets that count from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from fractions import Fraction

from trimtab.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Held:
    """What is held on a day, as shares of what the percentages divide.

    Args:
        shares: By sleeve; what is not named is not held.
        apart: In no sleeve, cash not counted.
        prices: Of a unit of the first instrument of each sleeve's hold list, in money; what is not
            named has none.
    """

    shares: Mapping[str, Fraction] = field(default_factory=dict)
    apart: Fraction = Fraction(0)
    prices: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_any(self) -> bool:
        """Whether anything is held but cash."""
        return self.apart > 0 or any(self.shares.values())


NOTHING_HELD = Held()
