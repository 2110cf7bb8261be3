"""The target as a tree: sleeves that divide the portfolio, leaves that name what fills them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from trimtab.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Sleeve:
    """A named part of the target.

    Args:
        name: Dotted path from the root, such as `stocks.us`; the root's name is empty.
        weight: Effective share of the whole portfolio, exact.
        hold: For a leaf: what may fill it, in order of preference. The first allowed one is
            bought; all are kept and counted.
        location: Account ids in the order in which the sleeve prefers to lie.
        children: Sleeves that divide this one; empty for a leaf.
    """

    name: str
    weight: Fraction
    hold: tuple[str, ...] = ()
    location: tuple[str, ...] = ()
    children: tuple[Sleeve, ...] = ()

    @property
    def is_leaf(self) -> bool:
        """Whether it names instruments rather than smaller sleeves."""
        return not self.children

    def walk(self) -> Iterator[Sleeve]:
        """This sleeve and all below it, parents before children, in the order written."""
        yield self
        for child in self.children:
            yield from child.walk()

    def leaves(self) -> tuple[Sleeve, ...]:
        """The sleeves that hold instruments, in the order written."""
        return tuple(sleeve for sleeve in self.walk() if sleeve.is_leaf)
