"""Compiling takes long and is silent: who asked for it can be told before it begins."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trimtab.kernels.compile import before_compiling, compiled, kernel


@kernel
def summed(column: npt.NDArray[np.float64]) -> float:
    """The sum of a column."""
    total = 0.0
    for value in column:
        total += value
    return total


def test_it_is_told_once_before_a_kernel_is_compiled_and_not_when_it_is_there() -> None:
    """The first call with new types tells; a call of what is compiled tells nothing."""
    told: list[str] = []
    column = np.array([1.0, 2.0])

    before_compiling(lambda: told.append("first"))
    total = compiled(summed)(column)
    before_compiling(lambda: told.append("again"))
    compiled(summed)(column)

    assert total == summed(column)
    assert told == ["first"]
